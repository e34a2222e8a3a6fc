"""Which failures are tried again, and when: what the endpoint asks for comes before our own pace."""

from __future__ import annotations

import email.utils
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

BASE_DELAY: Final = 0.5
"""Seconds of the first pause; it doubles."""
MAX_DELAY: Final = 20.0
"""Seconds of the longest pause of our own choice."""
RETRIED: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""HTTP statuses worth another try."""
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(eq=False)
class Failure(Exception):
    """A call without a reply."""

    reason: str
    """For people; holds nothing of the request."""
    retryable: bool
    """Whether the same request may succeed later."""
    wait: float | None = None
    """Seconds that the endpoint asks for."""
    fatal: bool = False
    """Whether no other request can succeed either (key, model, address)."""

    def __str__(self) -> str:
        return self.reason


def asked_wait(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Seconds from ``retry-after-ms`` or ``Retry-After`` (seconds or a date); None where neither is there or readable."""
    lowered = {k.lower(): v for k, v in headers.items()}
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = lowered.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", value):
            return float(value) * scale
    try:
        at = email.utils.parsedate_to_datetime(lowered.get("retry-after", ""))
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())


def reset_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds until ``x-ratelimit-*`` allows the next request; None while something remains."""
    lowered = {k.lower(): v for k, v in headers.items()}
    waits = []
    for what in ("requests", "tokens"):
        if lowered.get(f"x-ratelimit-remaining-{what}", "").strip() == "0":
            wait = duration(lowered.get(f"x-ratelimit-reset-{what}", ""))
            if wait is not None:
                waits.append(wait)
    return max(waits) if waits else None


def duration(text: str) -> float | None:
    """Seconds of ``6m0s``, ``250ms`` or ``12``; None for anything else."""
    text = text.strip()
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", text):
        return float(text)
    parts = _PART.findall(text)
    if not parts or "".join(n + u for n, u in parts) != text:
        return None
    return sum(float(n) * _UNITS[u] for n, u in parts)


class Pacer:
    """One pause for all threads: where one is asked to wait, all do.

    Args:
        sleep: How to wait; ``clock``: monotonic seconds; ``rng``: for jitter.
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._rng = rng or random.Random()
        self._lock = threading.Lock()
        self._not_before = 0.0

    def hold(self, seconds: float) -> None:
        """Nobody sends for so long."""
        with self._lock:
            self._not_before = max(self._not_before, self._clock() + seconds)

    def turn(self) -> None:
        """Waits until sending is allowed; threads that waited do not all start at once."""
        waited = False
        while True:
            with self._lock:
                rest = self._not_before - self._clock()
            if rest <= 0:
                return
            self._sleep(rest + (0.0 if waited else self._rng.uniform(0, min(0.25, rest / 4))))
            waited = True

    def pause(self, attempt: int) -> None:
        """Our own pause after the ``attempt``-th failure (from 1): doubling, with full jitter."""
        self._sleep(self._rng.uniform(0.1, 1.0) * min(MAX_DELAY, BASE_DELAY * 2 ** (attempt - 1)))
