"""The right to withdraw: the content of one interview removed for good, with a tombstone in the audit trail.

The order matters: audit entry, tombstone (which needs the entry), then the rows (whose guards need the tombstone).
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, func, select, text

from assistant.errors import NotFoundError, StoreError
from assistant.store.assessing import Assessing
from assistant.store.base import required
from assistant.store.llm_calls import of_interview
from assistant.store.records import Tombstone
from assistant.store.schema import (
    decisions,
    evidence,
    evidence_states,
    interview_events,
    interviews,
    llm_calls,
    participants,
    rejections,
    run_evidence,
    runs,
    tombstones,
    transcript_roles,
    transcripts,
)

CONTENT: Final = (decisions, evidence_states, run_evidence, rejections, evidence, transcript_roles, transcripts, interview_events)
"""Tables whose rows belong to an interview, in the order in which they can be deleted. New tables with content are added here."""


class Erasing(Assessing):
    """Part of `Store`."""

    def erase_interview(self, interview: str, by: str, reason: str) -> Tombstone:
        """Removes original, text, turns, evidence, decisions, refused proposals and names of one interview; blacks its quotes out in
        frozen assessments. What stays: ids, counts, hashes, the runs' dates and settings, the audit trail.

        Erased already: gives the tombstone. A second upload of the same file to the use case is refused. Other use cases that hold
        the same original are named in ``elsewhere``, not touched. Raises NotFoundError, InputError without a name or reason.
        """
        by, reason = required(by, "who erases it"), required(reason, "the reason")
        with self._write() as c:
            use_case = c.execute(select(interviews.c.use_case).where(interviews.c.id == interview)).scalar_one_or_none()
            if use_case is None:
                raise NotFoundError(f"there is no interview {interview}", remedy="list them with `assistant project`")
            self._lock_use_case(c, use_case)
            known = self._tombstone(c, interview)
            if known is not None:
                return known
            self._bury(c, str(use_case), interview, by, reason)
            # Requests to a model hold the participants' words, and are kept by transcript: other use cases lose no more than a cache.
            spoken = select(transcripts.c.id).where(transcripts.c.interview == interview)
            live = llm_calls.c.transcript == of_interview(interview)
            c.execute(llm_calls.delete().where(llm_calls.c.transcript.in_(spoken) | live))
            for table in CONTENT:
                c.execute(table.delete().where(table.c.interview == interview))
            self._forget_names(c, str(use_case), interview)
            for assessment, sha256 in self._black_out(c, interview).items():
                self._log(c, "assessment.blacked_out", by, assessment, use_case=use_case, interview=interview, content_sha256=sha256)
            found = self._tombstone(c, interview)
        if self._open.get() is None:
            self._scrub()
        if found is None:
            raise StoreError(f"interview {interview} could not be erased", remedy="try again")
        return found

    def tombstone(self, interview: str) -> Tombstone | None:
        """What is left of an erased interview; None for one that is not erased."""
        with self._read() as c:
            return self._tombstone(c, interview)

    def _tombstone(self, c: Connection, interview: str) -> Tombstone | None:
        row = c.execute(select(tombstones).where(tombstones.c.interview == interview)).mappings().one_or_none()
        if row is None:
            return None
        same = select(transcripts.c.interview).where(transcripts.c.sha256.in_(row["originals"]), transcripts.c.interview != interview)
        elsewhere = tuple(c.execute(same.order_by(transcripts.c.interview)).scalars())
        plain = {name: value for name, value in row.items() if name != "originals"}
        return Tombstone.model_validate(plain | {"elsewhere": elsewhere})

    def _bury(self, c: Connection, use_case: str, interview: str, by: str, reason: str) -> None:
        """The entry in the audit trail, and the tombstone that refers to it."""
        removed = {
            table.name: c.execute(select(func.count()).select_from(table).where(table.c.interview == interview)).scalar_one()
            for table in CONTENT
            if table is not evidence_states
        }
        rows = c.execute(select(transcripts.c.sha256, transcripts.c.id).where(transcripts.c.interview == interview)).all()
        entry = self._log(c, "interview.erased", by, interview, use_case=use_case, interview=interview, reason=reason, removed=removed)
        values: dict[str, Any] = {"by": by, "reason": reason, "at": self._now(), "removed": removed, "audit": entry}
        originals = sorted({value for row in rows for value in row})
        c.execute(tombstones.insert().values(**values, interview=interview, use_case=use_case, originals=originals))

    def _forget_names(self, c: Connection, use_case: str, interview: str) -> None:
        """Names of people who gave no other interview, the interview's title and notes, and what failed runs may have quoted."""
        kept = select(interviews.c.id, interviews.c.speakers).where(interviews.c.use_case == use_case)
        speakers = {row.id: set(row.speakers.values()) for row in c.execute(kept)}
        mine = speakers.pop(interview, set())
        alone = sorted(mine - set().union(*speakers.values()))
        c.execute(participants.update().where(participants.c.id.in_(alone)).values(name="", role=""))
        c.execute(interviews.update().where(interviews.c.id == interview).values(title="", held_on="", notes="", speakers={}))
        c.execute(runs.update().where(runs.c.interview == interview, runs.c.state != "done").values(error=""))

    def _scrub(self) -> None:
        """Takes the erased words out of the database's files as far as a program can: backups are the owner's to delete."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if connection.dialect.name == "sqlite":
                # secure_delete has overwritten the pages; older copies of them are still in the write-ahead log.
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            else:
                for table in (*CONTENT, llm_calls, interviews, participants):
                    connection.execute(text(f"VACUUM {table.name}"))
