"""Time and ids as the store uses them; both can be replaced in tests."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present as an aware time."""
IdFactory = Callable[[], str]
"""Gives a new unique id; later ids sort behind earlier ones."""


def utc_now() -> datetime:
    """The present in UTC."""
    return datetime.now(UTC)


class Uuid7:
    """Ids after RFC 9562 version 7: milliseconds, then random bits; strictly growing within one process, safe for threads."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._last = 0
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """The next id."""
        milliseconds = int(self._clock().timestamp() * 1000) & ((1 << 48) - 1)
        with self._lock:
            fresh = (milliseconds << 74) | secrets.randbits(74)
            # Two ids of one millisecond, or a clock set back: go on counting from the last one.
            self._last = fresh if fresh > self._last else self._last + 1
            return _layout(self._last)


def _layout(number: int) -> str:
    """122 bits as a UUID with version 7 and the RFC's variant."""
    high, rand_a, rand_b = number >> 74, (number >> 62) & 0xFFF, number & ((1 << 62) - 1)
    return str(uuid.UUID(int=(high << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b))


def id_after(new: str, last: str | None) -> str:
    """``new``, or where it does not sort behind ``last`` (another machine's clock is ahead) an id that does."""
    if last is None or new > last:
        return new
    try:
        # Within the lowest 62 bits, so that version and variant stay.
        return str(uuid.UUID(int=uuid.UUID(last).int + 1))
    except ValueError:
        return last + "0"
