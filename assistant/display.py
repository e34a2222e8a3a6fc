"""Untrusted text and numbers made fit to be shown: nothing here escapes markup, that is the renderer's work.

Escaping keeps markup from acting; it does not keep a text from turning the line round (U+202E) or from breaking the file that
holds it (control characters, lone surrogates). These functions do.
"""

from __future__ import annotations

import re
from typing import Final

_OVERRIDES: Final = {0x202D: "[U+202D]", 0x202E: "[U+202E]"}
"""They write what follows backwards. Embeddings, isolates and marks stay: right-to-left text needs them, and the page isolates them."""
_CONTROLS: Final = {code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)}
_OTHERS: Final = {0x7F: "\u2421"} | {code: f"[U+{code:04X}]" for code in range(0x80, 0xA0)}
_BROKEN: Final = dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd")
_TABLE: Final = _OVERRIDES | _CONTROLS | _OTHERS | _BROKEN
# Almost all text has none of them: one scan instead of a table look-up a character.
_UNFIT: Final = re.compile("[\u202d\u202e\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """The text with control characters and direction overrides written out, so that it is valid and honest wherever it is shown."""
    return text.translate(_TABLE) if _UNFIT.search(text) else text


def clock(seconds: float) -> str:
    """Seconds from the start as ``m:ss`` or ``h:mm:ss``."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def percent(share: float) -> str:
    """``0.647`` -> ``65 %``."""
    return f"{share * 100:.0f} %"


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 quote``, ``2 quotes``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


__all__ = ["clock", "count", "percent", "printable"]
