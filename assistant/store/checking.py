"""Does the database still say what was put into it? For ``assistant doctor`` and after restoring a backup."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from pydantic import ValidationError
from sqlalchemy import Connection, select, text

from assistant import review
from assistant.models import EvidenceState, Framework, content_hash
from assistant.store.assessing import content_sha256
from assistant.store.erasing import Erasing
from assistant.store.migrations import initial_guards
from assistant.store.records import Finding, ReviewMode
from assistant.store.rows import COMMON
from assistant.store.schema import assessments, audit, decisions, evidence, evidence_states, frameworks, transcripts, use_cases


class Checking(Erasing):
    """Part of `Store`."""

    def check(self) -> tuple[Finding, ...]:
        """Everything found wrong: missing guards, content that does not fit its hash, states that do not follow from the decisions."""
        with self._read() as c:
            return (*_guards(c), *_transcripts(c), *_frameworks(c), *_assessments(c), *self._states(c))

    def _states(self, c: Connection) -> Iterator[Finding]:
        t = evidence_states.c
        for use_case, mode in c.execute(select(use_cases.c.id, use_cases.c.review)).all():
            taken = self._decisions(c, decisions.c.use_case == use_case)
            ids = c.execute(select(evidence.c.id).where(evidence.c.use_case == use_case)).scalars().all()
            found = (review.blind_states if mode == ReviewMode.BLIND else review.states)(ids, taken)
            rows = c.execute(select(t.evidence, t.state).where(t.use_case == use_case, t.reviewer == COMMON)).all()
            stored = {row[0]: EvidenceState(row[1]) for row in rows}
            for e in ids:
                if stored.get(e) is not found[e]:
                    yield Finding(problem="stale state", subject=e, remedy=f"rebuild_states('{use_case}')")


def _guards(c: Connection) -> Iterator[Finding]:
    dialect = c.dialect.name
    wanted = {
        statement.split()[2] for statement in initial_guards.statements(dialect) if statement.startswith("CREATE TRIGGER ")
    }  # fmt: skip
    if dialect == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    present = set(c.execute(text(query)).scalars())
    for name in sorted(wanted - present):
        yield Finding(problem="missing trigger", subject=name, remedy="restore the database from a backup: somebody removed a guard")


def _transcripts(c: Connection) -> Iterator[Finding]:
    keys = c.execute(select(transcripts.c.use_case, transcripts.c.id, transcripts.c.sha256)).all()
    for use_case, transcript, sha256 in keys:
        where = (transcripts.c.use_case == use_case, transcripts.c.id == transcript)
        original = c.execute(select(transcripts.c.original).where(*where)).scalar_one()
        if hashlib.sha256(original).hexdigest() != sha256:
            yield Finding(problem="altered transcript", subject=transcript, remedy="restore the database from a backup")


def _frameworks(c: Connection) -> Iterator[Finding]:
    for expected, content in c.execute(select(frameworks.c.hash, frameworks.c.content)).all():
        # Fields that a later version adds have defaults and change the hash; the plain content must fit then.
        try:
            same = expected in (content_hash(content), Framework.model_validate(content).hash)
        except ValidationError:
            same = False
        if not same:
            yield Finding(problem="altered framework", subject=expected, remedy="restore the database from a backup")


def _assessments(c: Connection) -> Iterator[Finding]:
    entries = select(audit.c.subject, audit.c.details).where(audit.c.kind == "assessment.blacked_out").order_by(audit.c.id)
    redacted = {row[0]: row[1]["content_sha256"] for row in c.execute(entries)}
    columns = (assessments.c.id, assessments.c.content_sha256, assessments.c.content)
    for assessment, expected, content in c.execute(select(*columns)).all():
        if content_sha256(content) != expected or redacted.get(assessment, expected) != expected:
            yield Finding(problem="altered assessment", subject=assessment, remedy="restore the database from a backup")
