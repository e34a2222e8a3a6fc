"""Lines of plain text -> marks: where a speaker may be named or a time be given, before anything is decided.

Every pattern is anchored, bounded and tried once per line, so that hostile lines cost no more than honest ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from assistant.transcripts.labels import Form, Shape, shape
from assistant.transcripts.times import CLOCK, seconds

MAX_LABEL: Final = 120
"""Characters before the colon, at most."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What the head of a line may be. Offsets count from the start of the line."""

    label: str
    """Possible name of a speaker; empty for a mere time."""
    form: Form
    body: int
    """Where the spoken text begins; the line's length if it begins on the next line."""
    time: float | None = None
    """Seconds."""
    time_end: float | None = None
    """Seconds."""


_GAP = "[ \t\u00a0\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]{0,40}"
_STAMP = rf"\\?[\[(]?(?P<time>{CLOCK})(?:{_GAP}(?:-->|--?|–|—|to){_GAP}(?P<until>{CLOCK}))?\\?[\])]?"
_LEAD: Final = re.compile(rf"{_GAP}{_STAMP}(?![\d:%])")
_ONLY_TIME: Final = re.compile(rf"{_GAP}{_STAMP}{_GAP}\Z")
_CHAT: Final = re.compile(rf"{_GAP}\[?(?P<time>{CLOCK})\]?\t{_GAP}(?:From\s)?(?P<label>[^\t]{{1,{MAX_LABEL}}}?)\s?:(?=\t|\Z)\t?")
_FROM: Final = re.compile(rf"{_GAP}(?P<time>{CLOCK})\s{{1,4}}From\s{{1,4}}(?P<label>[^:\t]{{1,{MAX_LABEL}}}?)\s?:\s?(?=\s|\Z|\S)")
_BRACKET: Final = re.compile(rf"{_GAP}\[(?P<label>[^\[\]]{{1,{MAX_LABEL}}})\]\s{{1,4}}{_STAMP}{_GAP}\Z")
_MOMENT: Final = re.compile(rf"[\[(]?(?P<time>{CLOCK})(?:\s?[–-]\s?(?P<until>{CLOCK}))?[\])]?(?P<colon>\s?[:：])?(?=\s|\Z)")
_COLON: Final = re.compile(rf"{_GAP}(?P<label>[^:：\t\n]{{1,{MAX_LABEL}}})(?::(?=[\s\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]|\Z)|：)")
_BOLD: Final = re.compile(
    rf"{_GAP}(?:#{{1,6}}\s{{1,4}})?(?P<fence>\*\*|__|\*)(?P<label>[^*\n]{{1,{MAX_LABEL}}}?)(?P<in>\s?[:：])?\s?(?P=fence)(?P<out>\s?[:：])?"
)
_HEADING: Final = re.compile(rf"#{{1,6}}\s{{1,4}}(?P<label>[^\n#*]{{1,{MAX_LABEL}}}?)\s{{0,4}}#{{0,6}}\Z")
_TO: Final = re.compile(r"\s{1,4}(?:\(?to|an|à)\s{1,4}[^:]{1,80}\Z", re.IGNORECASE)
_TIMED_LABEL: Final = re.compile(rf"(?P<label>.{{1,80}}?)[\s,|–-]{{0,8}}[\[(]?(?P<time>{CLOCK})[\])]?\Z")


def _time(text: str | None) -> float | None:
    return None if text is None else seconds(text)


def _skip(line: str, at: int) -> int:
    """The first character from ``at`` on that is not blank."""
    return at + len(line[at:]) - len(line[at:].lstrip())


def _fields(line: str) -> Mark | None:
    """Formats with a field for the speaker: Zoom's chat (two kinds) and its saved captions."""
    for pattern in (_CHAT, _FROM, _BRACKET):
        found = pattern.match(line)
        if found:
            label = _TO.sub("", found["label"]).strip()
            return Mark(label, Form.EXPLICIT, _skip(line, found.end()), _time(found["time"])) if label else None
    return None


def _bold(line: str) -> Mark | None:
    """``**Name:** text``, ``**Name**: text``, ``**Name** 00:12``, ``**Name**`` alone, ``### Name``."""
    heading = _HEADING.match(line)
    if heading:
        timed = _TIMED_LABEL.match(heading["label"])
        if timed:
            return Mark(timed["label"].strip(), Form.TIMED, len(line), _time(timed["time"]))
        return Mark(heading["label"].strip(), Form.ALONE, len(line))
    found = _BOLD.match(line)
    if not found:
        return None
    label, after = found["label"].strip(), found.end()
    timed = _TIMED_LABEL.match(label)
    moment = _time(timed["time"]) if timed else None
    label = timed["label"].strip(" \t:：") if timed else label
    if found["in"] or found["out"]:
        return Mark(label, Form.TIMED if timed else Form.BOLD, _skip(line, after), moment)
    stamp = _LEAD.match(line, after)
    if stamp and not line[stamp.end() :].strip(" \t:*"):
        return Mark(label, Form.TIMED, len(line), _time(stamp["time"]), _time(stamp["until"]))
    if not line[after:].strip():
        return Mark(label, Form.TIMED if timed else Form.ALONE, len(line), moment)
    return None


def _led_by_time(line: str) -> Mark | None:
    """``[00:12:33] Name: text``, or a stamp in front of a paragraph."""
    lead = _LEAD.match(line)
    if not lead:
        return None
    moment, until, rest = _time(lead["time"]), _time(lead["until"]), lead.end()
    bold = _bold(line[rest:].lstrip())
    if bold and bold.form is Form.BOLD:
        return Mark(bold.label, Form.TIMED, _skip(line, rest) + bold.body, moment, until)
    found = _COLON.match(line, _skip(line, rest))
    label = found["label"].strip(" \t-–—|*_") if found else ""
    if found and label:
        return Mark(label, Form.TIMED, _skip(line, found.end()), moment, until)
    name = line[rest:].strip(" \t-–—|")
    if len(name) <= 60 and shape(name) >= Shape.SINGLE:
        # '[00:00:12] - Anna' over her text (Happy Scribe, Sonix), or one word said: the whole file decides.
        return Mark(name, Form.STAMPED, len(line), moment, until)
    bracketed = line[: lead.end()].strip()[:1] in "[(\\"
    return Mark("", Form.COLON, _skip(line, rest), moment, until) if bracketed or not line[rest:].strip() else None


def _named(line: str) -> Mark | None:
    """``Name  00:12`` as a line of its own, ``Name (00:12): text``, ``Name [00:12]``, ``Name, 00:12 - 00:45``."""
    found = _MOMENT.search(line, 0, MAX_LABEL + 20)
    if not found or not (found["colon"] or not line[found.end() :].strip()):
        return None
    head = line[: found.start()]
    label = head.rstrip(" \t\u00a0,|–-")
    if not label.strip() or ":" in label or (len(label) == len(head) and found.group()[0] not in "[("):
        return None
    return Mark(label.strip(), Form.TIMED, _skip(line, found.end()), _time(found["time"]), _time(found["until"]))


def find_mark(line: str) -> Mark | None:
    """The mark at the head of ``line`` (without its newline), or None."""
    if not line or line.isspace():
        return None
    mark = _fields(line) or _bold(line) or _led_by_time(line)
    if mark is not None:
        return mark
    named = _named(line)
    if named is not None:
        return named
    colon = _COLON.match(line)
    if colon:
        return Mark(colon["label"].strip(), Form.COLON, _skip(line, colon.end()))
    return None


def leading_time(line: str) -> float | None:
    """Seconds of a bracketed stamp with which ``line`` begins; None without one."""
    lead = _LEAD.match(line)
    return _time(lead["time"]) if lead and line[: lead.end()].strip()[:1] in "[(\\" else None


def range_only(line: str) -> tuple[float | None, float | None] | None:
    """Times of a line that holds nothing but ``0:0:0.0 --> 0:0:2.450`` (older Teams documents); None for other lines."""
    found = _ONLY_TIME.match(line)
    if not found or found["until"] is None or "-->" not in line:
        return None
    return _time(found["time"]), _time(found["until"])
