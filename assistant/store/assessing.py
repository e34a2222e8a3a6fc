"""Frozen assessments, and the audit trail."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from assistant.errors import InputError, NotFoundError
from assistant.models import Assessment, Framework, canonical_json
from assistant.store.base import decode_cursor, encode_cursor, required
from assistant.store.deciding import Deciding
from assistant.store.records import AuditEvent, FrozenAssessment
from assistant.store.schema import assessment_transcripts, assessments, audit


class Assessing(Deciding):
    """Part of `Store`."""

    def freeze_assessment(
        self, use_case: str, assessment: Assessment, framework: Framework, *, by: str, label: str = ""
    ) -> FrozenAssessment:  # fmt: skip
        """Keeps an assessment for good, with the framework that it can be recomputed from. The same one is kept once.

        Raises NotFoundError where the use case or a transcript is not there; InputError for an assessment without hash, or of another
        framework.
        """
        by = required(by, "who freezes it")
        required(assessment.hash, "the assessment's hash")
        if assessment.framework_hash != framework.hash:
            raise InputError("the assessment was made with another framework", remedy="give the framework that it names")
        with self._write() as c:
            self._lock_use_case(c, use_case)
            known = select(assessments).where(assessments.c.use_case == use_case, assessments.c.hash == assessment.hash)
            row = c.execute(known).mappings().one_or_none()
            if row is not None:
                return _frozen(row)
            content = assessment.model_dump(mode="json")
            values: dict[str, Any] = {
                "id": self._new_id(), "use_case": use_case, "label": label, "by": by, "at": self._now(), "hash": assessment.hash,
                "framework_hash": self._put_framework(c, framework), "redacted": False, "content_sha256": content_sha256(content),
                "content": content,
            }  # fmt: skip
            c.execute(assessments.insert().values(**values))
            used = {ref.id for ref in assessment.transcripts} | {e.transcript for e in assessment.evidence}
            for transcript in sorted(used):
                link = {"assessment": values["id"], "transcript": transcript, "use_case": use_case}
                c.execute(assessment_transcripts.insert().values(**link, interview=self._interview_of(c, use_case, transcript)))
            self._log(c, "assessment.frozen", by, values["id"], use_case=use_case, hash=assessment.hash, framework=framework.hash)
            return _frozen(values)

    def assessments(self, use_case: str) -> tuple[FrozenAssessment, ...]:
        """Frozen assessments, oldest first."""
        with self._read() as c:
            rows = c.execute(select(assessments).where(assessments.c.use_case == use_case).order_by(assessments.c.id)).mappings()
            return tuple(_frozen(row) for row in rows)

    def assessment(self, assessment: str) -> FrozenAssessment:
        """One frozen assessment. Raises NotFoundError."""
        with self._read() as c:
            row = c.execute(select(assessments).where(assessments.c.id == assessment)).mappings().one_or_none()
        if row is None:
            raise NotFoundError(f"there is no assessment {assessment}", remedy="list them with `assistant project`")
        return _frozen(row)

    def audit(
        self,
        *,
        use_case: str | None = None,
        interview: str | None = None,
        kind: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> tuple[tuple[AuditEvent, ...], str | None]:
        """The newest entries of the audit trail first, and the cursor of the next page (None at the end).

        Raises InputError for a damaged cursor or a limit outside 1..1000.
        """
        if not 1 <= limit <= 1000:
            raise InputError(f"a page of {limit} entries", remedy="ask for 1 to 1000")
        query = select(audit).order_by(audit.c.id.desc()).limit(limit + 1)
        for column, value in ((audit.c.use_case, use_case), (audit.c.interview, interview), (audit.c.kind, kind)):
            if value is not None:
                query = query.where(column == value)
        if cursor is not None:
            query = query.where(audit.c.id < decode_cursor(cursor, (str,))[0])
        with self._read() as c:
            rows = c.execute(query).mappings().all()
        events = tuple(AuditEvent.model_validate(dict(row)) for row in rows[:limit])
        return events, encode_cursor([events[-1].id]) if len(rows) > limit else None

    def _black_out(self, c: Connection, interview: str) -> dict[str, str]:
        """Replaces the words of an interview in frozen assessments, and gives the new hashes of their content by id."""
        joined = assessments.join(assessment_transcripts, assessment_transcripts.c.assessment == assessments.c.id)
        wanted = (assessments.c.id, assessments.c.content, assessment_transcripts.c.transcript)
        rows = c.execute(select(*wanted).select_from(joined).where(assessment_transcripts.c.interview == interview)).all()
        gone: dict[str, tuple[dict[str, Any], set[str]]] = {}
        for assessment, content, transcript in rows:
            gone.setdefault(assessment, (content, set()))[1].add(transcript)
        changed: dict[str, str] = {}
        for assessment, (content, erased) in gone.items():
            plain = blacked_out(content, erased)
            changed[assessment] = content_sha256(plain)
            values = {"content": plain, "content_sha256": changed[assessment], "redacted": True}
            c.execute(assessments.update().where(assessments.c.id == assessment).values(**values))
        return changed


def content_sha256(content: Mapping[str, Any]) -> str:
    """Hash of what is stored of an assessment, independent of how the assessment computes its own."""
    return hashlib.sha256(canonical_json(content).encode("utf-8", "surrogatepass")).hexdigest()


def blacked_out(content: Mapping[str, Any], erased: set[str]) -> dict[str, Any]:
    """An assessment's content without the words, speakers and names of these transcripts; offsets, codings and results stay."""
    hidden = [e["quote"] for e in content["evidence"] if e["transcript"] in erased]
    evidence = [
        e | {"quote": "█" * len(e["quote"]), "speaker": "", "rationale": ""} if e["transcript"] in erased else e
        for e in content["evidence"]
    ]
    references = [ref | {"name": "erased"} if ref["id"] in erased else ref for ref in content["transcripts"]]
    rest = {name: value for name, value in content.items() if name not in ("evidence", "transcripts")}
    return {**_without(rest, sorted(hidden, key=len, reverse=True)), "evidence": evidence, "transcripts": references}


def _without(value: Any, hidden: list[str]) -> Any:
    """Plain data with every hidden quote blacked out wherever a sentence repeats it; short ones could be anybody's words."""
    if isinstance(value, str):
        for quote in hidden:
            if len(quote) >= 12:
                value = value.replace(quote, "█" * len(quote))
        return value
    if isinstance(value, list):
        return [_without(item, hidden) for item in value]
    if isinstance(value, dict):
        return {name: _without(item, hidden) for name, item in value.items()}
    return value


def _frozen(row: Mapping[Any, Any]) -> FrozenAssessment:
    plain = {name: row[name] for name in ("id", "use_case", "label", "by", "at", "hash", "redacted")}
    return FrozenAssessment.model_validate(plain | {"assessment": row["content"]})
