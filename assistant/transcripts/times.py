"""Times as transcripts write them -> seconds."""

from __future__ import annotations

import re
from typing import Final

from assistant.transcripts.limits import MAX_TIME

CLOCK: Final = r"(?:\d{1,3}:)?\d{1,3}:\d{1,2}(?:[.,]\d{1,9})?"
"""Pattern of ``0:03``, ``12:33``, ``00:12:33``, ``00:12:33.120``, ``0:0:2.45``."""
_PARTS: Final = re.compile(r"(?:(\d{1,6}):)?(\d{1,6}):(\d{1,2})(?:[.,](\d{1,9}))?", re.ASCII)


def seconds(text: str) -> float | None:
    """Seconds of ``[hh:]mm:ss[.fraction]``; None if it is no such time, or beyond the limit.

    Minutes may exceed 59 only where no hours are given.
    """
    found = _PARTS.fullmatch(text.strip())
    if not found:
        return None
    hours, minutes, secs = (int(part or 0) for part in found.group(1, 2, 3))
    if secs > 59 or (found[1] is not None and minutes > 59):
        return None
    total = hours * 3600 + minutes * 60 + secs + (float(f"0.{found[4]}") if found[4] else 0.0)
    return total if total <= MAX_TIME else None
