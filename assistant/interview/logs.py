"""Where an interview's log lives: the database, or memory (simulations). Appending is optimistic: a stale number is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from pydantic import ValidationError

from assistant.errors import StaleEditError, StoreError
from assistant.interview.events import BODY, Body, Event
from assistant.store import Store
from assistant.store.clock import utc_now
from assistant.store.interview_events import InterviewEvents, StoredEvent


class EventLog(Protocol):
    """One interview's events."""

    def read(self, after: int = 0) -> tuple[Event, ...]:
        """Events after number ``after``."""

    def append(self, body: Body, *, expected: int, by: str) -> Event:
        """Adds one, committed when this returns. Raises StaleEditError where the last number is not ``expected``."""


class MemoryLog:
    """A log that ends with the process."""

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._events: list[Event] = []
        self._lock = threading.Lock()

    def read(self, after: int = 0) -> tuple[Event, ...]:
        """See `EventLog.read`."""
        return tuple(self._events[after:])

    def append(self, body: Body, *, expected: int, by: str) -> Event:
        """See `EventLog.append`."""
        with self._lock:
            if len(self._events) != expected:
                raise StaleEditError(
                    "the interview has gone on since this was shown", current=len(self._events), attempted=expected,
                    remedy="go on from the question shown now",
                )  # fmt: skip
            event = Event(seq=expected + 1, at=self._clock(), by=by, body=body)
            self._events.append(event)
            return event


class StoreLog:
    """A log in the database."""

    def __init__(self, store: Store, interview: str) -> None:
        self._table = InterviewEvents(store)
        self.interview = interview
        """``Interview.id``."""

    def read(self, after: int = 0) -> tuple[Event, ...]:
        """See `EventLog.read`. Raises StoreError for an event of a newer version of the program."""
        return tuple(_event(row) for row in self._table.read(self.interview, after=after))

    def append(self, body: Body, *, expected: int, by: str) -> Event:
        """See `EventLog.append`. Raises StoreError where the interview was erased."""
        return _event(self._table.append(self.interview, body.model_dump(mode="json"), expected=expected, by=by))


def _event(row: StoredEvent) -> Event:
    try:
        return Event(seq=row.seq, at=row.at, by=row.by, body=BODY.validate_python(row.body))
    except ValidationError as error:
        kind = row.body.get("kind", "?")
        raise StoreError(
            f"event {row.seq} of the interview ({kind}) cannot be read", remedy="upgrade the assistant, or restore a backup"
        ) from error
