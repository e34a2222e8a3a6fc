"""Calls to language models: a row before anything leaves, the reply committed before anybody parses it.

The table is the cache (by the hash of the request) and the log of what left the machine, when, and to whom.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import Field
from sqlalchemy import Connection, select

from assistant.errors import StoreError
from assistant.models import Model
from assistant.store.conversations import Conversations
from assistant.store.schema import interviews, llm_calls, tombstones, transcripts

CallState = Literal["exported", "sent", "answered", "unusable", "failed"]
"""exported to a file; sent, no answer yet (or its process died); answered; answered with something that is no coding; failed."""


LIVE: Final = "live-"
"""See `of_interview`."""


def of_interview(interview: str) -> str:
    """``Departure.transcript`` of what was sent while an interview was taken: its transcript does not exist yet."""
    return f"{LIVE}{interview}"


class Departure(Model):
    """What is about to leave."""

    request_hash: str
    """SHA-256 of the request's body."""
    transcript: str
    """``Transcript.id``."""
    window: int
    """Window of the transcript, from 0."""
    purpose: str
    """extract, repair or batch."""
    recipient: str
    """Base URL, or the file of a batch."""
    model: str
    """As asked for."""
    prompt_hash: str
    """Hash of the prompt file."""
    seed: int | None
    """As asked for."""
    request: dict[str, Any]
    """The body to the letter."""


class Arrival(Model):
    """What came back."""

    reply: str
    """The message's text to the letter; a refusal's text where the model refused."""
    finish_reason: str = ""
    """stop, length, content_filter, refusal."""
    model_answered: str = ""
    """Name that the endpoint gives."""
    input_tokens: int = Field(default=0, ge=0)
    """As reported."""
    cached_tokens: int = Field(default=0, ge=0)
    """Those of the input tokens that the provider had cached."""
    output_tokens: int = Field(default=0, ge=0)
    """As reported."""


class Call(Departure):
    """One row: an attempt and what became of it."""

    id: str
    """Grows with time."""
    sent_at: datetime
    """UTC."""
    state: CallState
    """What became of it."""
    finished_at: datetime | None
    """UTC."""
    reply: str | None
    """None until answered."""
    finish_reason: str
    """See `Arrival`."""
    model_answered: str
    """See `Arrival`."""
    input_tokens: int
    """See `Arrival`."""
    cached_tokens: int
    """See `Arrival`."""
    output_tokens: int
    """See `Arrival`."""
    error: str
    """Why it failed or is unusable."""

    @property
    def arrival(self) -> Arrival:
        """What came back."""
        return Arrival(
            reply=self.reply or "", finish_reason=self.finish_reason, model_answered=self.model_answered,
            input_tokens=self.input_tokens, cached_tokens=self.cached_tokens, output_tokens=self.output_tokens,
        )  # fmt: skip


class LLMCalls:
    """The table ``llm_calls`` of one store. Safe for threads; every write is a transaction of its own.

    Methods raise StoreError where the database refuses.
    """

    def __init__(self, store: Conversations) -> None:
        self._store = store
        # Threads of one run finish together; SQLite would let them poll for its lock with growing pauses, a queue does not.
        self._queue = threading.Lock()

    def depart(self, departure: Departure, *, exported: bool = False) -> str:
        """Notes what is about to leave and gives the row's id. Call it before sending.

        Raises StoreError where the interview that it is of was erased: nothing of it is sent any more, and no word of it is kept.
        """
        store = self._store
        row = departure.model_dump() | {
            "id": store._new_id(), "sent_at": store._now(), "state": "exported" if exported else "sent", "finished_at": None, "reply": None,
            "finish_reason": "", "model_answered": "", "input_tokens": 0, "cached_tokens": 0, "output_tokens": 0, "error": "",
        }  # fmt: skip
        with self._queue, store._write() as c:
            if _erased(c, departure.transcript):
                raise StoreError("this interview was withdrawn and erased", remedy="nothing of it is sent any more")
            c.execute(llm_calls.insert().values(**row))
        return str(row["id"])

    def arrive(self, call: str, arrival: Arrival) -> None:
        """Keeps a reply as it came."""
        self._settle(call, arrival.model_dump() | {"state": "answered", "finished_at": self._store._now()})

    def fail(self, call: str, error: str) -> None:
        """Notes that no reply came."""
        self._settle(call, {"state": "failed", "error": error, "finished_at": self._store._now()})

    def unusable(self, call: str, error: str) -> None:
        """Notes that a reply is no coding: it stays, but a later run asks again."""
        self._settle(call, {"state": "unusable", "error": error})

    def _settle(self, call: str, values: dict[str, Any]) -> None:
        with self._queue, self._store._write() as c:
            c.execute(llm_calls.update().where(llm_calls.c.id == call).values(**values))

    def replies(self, request_hash: str) -> tuple[Call, ...]:
        """Replies to this request, usable or not, oldest first."""
        query = select(llm_calls).where(llm_calls.c.request_hash == request_hash, llm_calls.c.reply.is_not(None)).order_by(llm_calls.c.id)
        return self._all(query)

    def of_request(self, prefix: str) -> tuple[Call, ...]:
        """All calls whose request hash begins with ``prefix`` (hex digits), oldest first."""
        query = select(llm_calls).where(llm_calls.c.request_hash.like(f"{prefix}%")).order_by(llm_calls.c.id)
        return self._all(query)

    def log(self, *, transcript: str | None = None, limit: int = 1000) -> tuple[Call, ...]:
        """What left the machine, newest first."""
        query = select(llm_calls).order_by(llm_calls.c.id.desc()).limit(limit)
        return self._all(query if transcript is None else query.where(llm_calls.c.transcript == transcript))

    def _all(self, query: Any) -> tuple[Call, ...]:
        with self._store._read() as c:
            return tuple(Call.model_validate(dict(row)) for row in c.execute(query).mappings())


def _erased(c: Connection, transcript: str) -> bool:
    """Whether the interview under way, or all interviews with this transcript, were erased; an erasure under way is waited for."""
    held = select(transcripts.c.interview).where(transcripts.c.id == transcript)
    living = select(interviews.c.id).where(interviews.c.id.in_(held) | (interviews.c.id == transcript.removeprefix(LIVE)))
    # On PostgreSQL this lock and the tombstone's reference to the interview exclude each other; SQLite has one writer anyway.
    found = c.execute(living.order_by(interviews.c.id).with_for_update()).scalars().all()
    buried = {row.interview: row.originals for row in c.execute(select(tombstones.c.interview, tombstones.c.originals))}
    if found:
        return all(interview in buried for interview in found)
    return any(transcript in originals for originals in buried.values())
