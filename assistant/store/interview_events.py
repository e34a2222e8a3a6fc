"""Logs of interviews that are taken here: one row an event, numbered without gaps, guarded by the database.

Two that write the same number (two tabs, two processes) cannot both succeed: one of them is told what the other wrote.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy import Connection, func, select

from assistant.errors import NotFoundError, StaleEditError, StoreError
from assistant.models import Model
from assistant.store.base import checked_name, required
from assistant.store.conversations import Conversations
from assistant.store.schema import interview_events, interviews, tombstones


class StoredEvent(Model):
    """One row; ``body`` is plain data, read by ``assistant.interview.events``."""

    interview: str
    """``Interview.id``."""
    seq: int = Field(ge=1)
    """From 1, without gaps."""
    at: datetime
    """UTC."""
    by: str
    """Who caused it."""
    body: dict[str, Any]
    """What happened; its ``kind`` is the row's."""


class InterviewEvents:
    """The table ``interview_events`` of one store. Safe for threads; every write is a transaction of its own, or part of a unit.

    Methods raise StoreError where the database refuses.
    """

    def __init__(self, store: Conversations) -> None:
        self._store = store

    def create(self, use_case: str, title: str, *, by: str = "local") -> str:
        """A new interview without a transcript, and its id. Raises NotFoundError, InputError for an unusable title."""
        store = self._store
        title = checked_name(title, "interview")
        with store._write() as c:
            store._lock_use_case(c, use_case)
            new = store._new_id()
            row = {"title": title, "held_on": "", "notes": "", "speakers": {}, "created_at": store._now()}
            c.execute(interviews.insert().values(id=new, use_case=use_case, **row))
            store._log(c, "interview.added", required(by, "who does it"), new, use_case=use_case, interview=new)
        return new

    def append(self, interview: str, body: dict[str, Any], *, expected: int, by: str) -> StoredEvent:
        """Adds the event after number ``expected`` (0: the first one), committed when this returns.

        Raises StaleEditError where the log has gone on since, with the number of its last event as ``current``; NotFoundError;
        StoreError where the interview was erased.
        """
        store = self._store
        with store._write() as c:
            use_case, last, at = self._end(c, interview)
            if last != expected:
                raise StaleEditError(
                    "the interview has gone on since this was shown",
                    current=last,
                    attempted=expected,
                    remedy="go on from the question shown now",
                )
            event = StoredEvent(interview=interview, seq=last + 1, at=store._now(at), by=required(by, "who does it"), body=body)
            row = event.model_dump() | {"use_case": use_case, "kind": str(body["kind"])}
            c.execute(interview_events.insert().values(**row))
        return event

    def _end(self, c: Connection, interview: str) -> tuple[str, int, datetime | None]:
        """Use case, number and time of the last event; writers of one interview wait for each other here."""
        use_case = c.execute(select(interviews.c.use_case).where(interviews.c.id == interview).with_for_update()).scalar_one_or_none()
        if use_case is None:
            raise NotFoundError(f"there is no interview {interview}", remedy="list them with `assistant interview list`")
        if c.execute(select(tombstones.c.interview).where(tombstones.c.interview == interview)).first():
            raise StoreError("this interview was withdrawn and erased", remedy="begin a new one")
        last = c.execute(
            select(interview_events.c.seq, interview_events.c.at)
            .where(interview_events.c.interview == interview)
            .order_by(interview_events.c.seq.desc())
            .limit(1)
        ).first()
        return (str(use_case), last.seq, last.at) if last else (str(use_case), 0, None)

    def read(self, interview: str, *, after: int = 0) -> tuple[StoredEvent, ...]:
        """The events after number ``after``, in order; none for an interview that was uploaded or erased."""
        query = select(interview_events).where(interview_events.c.interview == interview, interview_events.c.seq > after)
        wanted = ("interview", "seq", "at", "by", "body")
        with self._store._read() as c:
            rows = c.execute(query.order_by(interview_events.c.seq)).mappings()
            return tuple(StoredEvent.model_validate({name: row[name] for name in wanted}) for row in rows)

    def of_kind(self, kind: str, *, limit: int = 100) -> tuple[StoredEvent, ...]:
        """The newest events of one kind in all interviews that were not erased, newest first."""
        e = interview_events.c
        query = select(e.interview, e.seq, e.at, e.by, e.body).where(e.kind == kind)
        with self._store._read() as c:
            rows = c.execute(query.order_by(e.at.desc(), e.interview, e.seq.desc()).limit(limit)).mappings()
            return tuple(StoredEvent.model_validate(dict(row)) for row in rows)

    def ends(self, use_case: str) -> dict[str, int]:
        """Number of the last event of each interview of a use case that was taken here and not erased, in the order of set-up."""
        e = interview_events.c
        query = select(e.interview, func.max(e.seq)).where(e.use_case == use_case).group_by(e.interview).order_by(e.interview)
        with self._store._read() as c:
            return {str(interview): int(seq) for interview, seq in c.execute(query)}
