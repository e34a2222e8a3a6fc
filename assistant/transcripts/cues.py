"""WebVTT and SRT -> Reading: one parser of our own for both.

Neither library reads what meeting products write. webvtt-py silently drops a cue whose timing line is damaged and gives a cue with two
``<v>`` to the first speaker; srt folds stray paragraphs into the cue before, and stops at the first irregular block. This parser keeps
every line of speech, gives each ``<v>`` its own speaker, and notes what it had to repair.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from assistant.transcripts.build import Reading, Utterance, compose
from assistant.transcripts.decoding import Decoded
from assistant.transcripts.labels import Form, Shape, Tally, clean, key, shape, speakers
from assistant.transcripts.limits import fail
from assistant.transcripts.marks import Mark, find_mark
from assistant.transcripts.times import seconds

_PAUSE: Final = 2.0
"""Seconds of silence after which unnamed speech begins a new turn."""


@dataclass(slots=True)
class Cue:
    """One cue: its line in the file, its times, its payload lines."""

    line: int
    start: float | None
    end: float | None
    payload: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Faults:
    """Repairs, each with the line where it was first needed."""

    times: list[int] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    stray: list[int] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)

    def notes(self) -> tuple[str, ...]:
        """One sentence per kind of repair."""
        kinds = (
            (self.times, "Times that cannot be read, whose text is kept without a time"),
            (self.order, "Cues that end before they begin, whose end was left out"),
            (self.stray, "Paragraphs without a time, each added to the cue before it"),
            (self.tags, "Voice tags that are cut off and were left out"),
        )
        return tuple(f"{what}: {len(lines)} (first in line {lines[0]})" for lines, what in kinds if lines)


_ARROW: Final = re.compile(r"[ \t]*([-\d:.,]{3,30})[ \t]*-{1,2}>[ \t]*([-\d:.,]{3,30})(?=[ \t]|\Z)")
_BROKEN: Final = re.compile(r"[ \t]*[-\d][^\s<>]{0,40}[ \t]{0,4}-->|[^<>]{0,40}-->[ \t]*-?\d{1,4}[:.]")
_ID: Final = re.compile(r"\d{1,9}\Z|[0-9a-fA-F]{8}-[0-9a-fA-F-]{10,40}(?:/\d{1,9}(?:-\d{1,9})?)?\Z")
_BLOCK: Final = re.compile(r"(?:NOTE|STYLE|REGION)(?=[ \t]|\Z)")
_TAG: Final = re.compile(
    r"</?(?:c|i|b|u|s|v|ruby|rt|lang|font|em|strong|span|br|p)(?:[.\s][^<>]*)?/?>|<\d[\d:.]{0,20}>|\{\\[^{}]{1,40}\}", re.IGNORECASE
)
_VOICE: Final = re.compile(r"<v(?:\.[^\s<>]*)?(?:\s([^<>]*))?>", re.IGNORECASE)
_VOICE_OPENS: Final = re.compile(r"<v[.\s>]", re.IGNORECASE)
_STUMP: Final = re.compile(r"</?v?(?:\.[^\s<>]{0,80})?(?:\s[^<>\n]*)?\Z", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def _entities(text: str) -> str:
    """HTML entities decoded; only whole ones, so that ``AT&T`` stays."""
    return _ENTITY.sub(lambda found: html.unescape(found.group()), text)


def _timing(line: str, number: int, faults: Faults) -> Cue | None:
    """The cue that ``line`` opens, or None if it is no timing line."""
    if "->" not in line:
        return None
    found = _ARROW.match(line)
    if not found:
        if not _BROKEN.match(line):
            return None
        faults.times.append(number)
        return Cue(number, None, None)
    start, end = seconds(found[1]), seconds(found[2])
    if start is None or end is None:
        faults.times.append(number)
        start = end = None
    elif end < start:
        faults.order.append(number)
        end = None
    return Cue(number, start, end)


def _header(lines: list[str]) -> int:
    """Number of lines of the WEBVTT header (up to the first empty line or timing line); 0 without one."""
    if not lines or not lines[0].lstrip("\ufeff").startswith("WEBVTT"):
        return 0
    for number, line in enumerate(lines[1:], 1):
        if not line.strip():
            return number
        if "-->" in line:
            return number - 1 if _ID.match(lines[number - 1].strip()) else number
    return len(lines)


def split_cues(text: str, faults: Faults) -> list[Cue]:
    """Cues in the order of the file. Line numbers count from 1."""
    lines = text.split("\n")
    cues: list[Cue] = []
    skipping = False
    fresh = True
    for index in range(_header(lines), len(lines)):
        line = lines[index]
        if not line.strip():
            skipping, fresh = False, True
            continue
        opened = _timing(line, index + 1, faults)
        if opened is not None:
            _drop_id(cues, lines, index)
            cues.append(opened)
            skipping = False
        elif fresh and _BLOCK.match(line):
            skipping = True
        elif not skipping and not _is_id(lines, index, fresh):
            if cues:
                if fresh and cues[-1].payload:
                    faults.stray.append(index + 1)
                cues[-1].payload.append(line)
            else:
                cues.append(Cue(index + 1, None, None, [line]))
                faults.stray.append(index + 1)
        fresh = False
    return cues


def _is_id(lines: list[str], index: int, fresh: bool) -> bool:
    """Whether a line is a cue's identifier: the line before a timing line that opens a block, or a lone number or GUID."""
    following = lines[index + 1] if index + 1 < len(lines) else ""
    if fresh and "-->" in following and _timing(following, 0, Faults()) is not None:
        return True
    return fresh and not following.strip() and bool(_ID.match(lines[index].strip()))


def _drop_id(cues: list[Cue], lines: list[str], index: int) -> None:
    """Take a number or GUID back out of the cue before where the empty line between two cues is missing."""
    before = lines[index - 1].strip() if index else ""
    if cues and cues[-1].payload and cues[-1].payload[-1].strip() == before and _ID.match(before):
        cues[-1].payload.pop()


def _plain(text: str) -> str:
    """Payload without tags, entities decoded, lines joined by a blank, otherwise as given."""
    bare = _entities(_TAG.sub("", text))
    return " ".join(piece.strip() for piece in bare.split("\n") if piece.strip())


def _voices(cue: Cue, faults: Faults) -> Iterator[Utterance]:
    """Utterances of a cue in a file with voice tags; text outside any tag is nobody's."""
    payload = "\n".join(cue.payload)
    stump = _STUMP.search(payload, payload.rfind("<")) if payload.rfind("<") > payload.rfind(">") else None
    if stump:
        faults.tags.append(cue.line)
        payload = payload[: stump.start()]
    speaker, at = "", 0
    for found in re.finditer(r"<v(?:\.[^\s<>]*)?(?:\s[^<>]*)?>|</v>", payload, re.IGNORECASE):
        yield Utterance(speaker, _plain(payload[at : found.start()]), cue.start, cue.end)
        voice = _VOICE.match(found.group())
        speaker = clean(_entities(voice[1] or "")) if voice else ""
        at = found.end()
    yield Utterance(speaker, _plain(payload[at:]), cue.start, cue.end)


def _labelled(cues: list[Cue]) -> Iterator[Utterance]:
    """Utterances of a file without voice tags: ``Name: text`` at the head of a line, if such labels are names."""
    heads: list[tuple[Cue, str, Mark | None, bool]] = []
    for cue in cues:
        text = _entities(_TAG.sub("", "\n".join(cue.payload)))
        heads += [(cue, line, find_mark(line), number == 0) for number, line in enumerate(text.split("\n")) if line.strip()]
    tallies: dict[str, Tally] = {}
    lowered: set[str] = set()
    first = marked = 0
    for _cue, line, mark, opens in heads:
        first += opens
        usable = mark is not None and mark.form is Form.COLON and bool(mark.label) and shape(mark.label) is not Shape.PHRASE
        body = line[mark.body :] if mark is not None and usable else line
        lowered.update(word for word in re.findall(r"[^\W\d_]{2,40}", body) if word.islower())
        if mark is not None and usable:
            marked += opens
            tally = tallies.setdefault(key(mark.label), Tally(shape=shape(mark.label)))
            tally.add(mark.label, mark.form, starts_paragraph=opens, worded=True)
    coverage = marked / max(1, first)
    names = speakers(tallies, coverage, lowered)
    yield from _attributed(heads, names, carry=coverage < 0.5)


def _attributed(heads: list[tuple[Cue, str, Mark | None, bool]], names: dict[str, str], *, carry: bool) -> Iterator[Utterance]:
    """Lines with their speakers. ``carry``: captions that name a speaker only where it changes; else a cue without a name is nobody's."""
    speaker = ""
    said: list[tuple[Cue, str, list[str]]] = []
    for cue, line, mark, opens in heads:
        name = names.get(key(mark.label)) if mark is not None and mark.form is Form.COLON else None
        if name is not None and mark is not None:
            speaker, line = name, line[mark.body :]
        elif opens and not carry:
            speaker = ""
        if said and said[-1][0] is cue and said[-1][1] == speaker:
            said[-1][2].append(line.strip())
        else:
            said.append((cue, speaker, [line.strip()]))
    for cue, who, lines in said:
        yield Utterance(who, " ".join(line for line in lines if line), cue.start, cue.end)


def _rolling(cues: list[Cue]) -> bool:
    """Take out lines that roll: recognisers' live captions repeat the last line of a cue as the first of the next. Whether any did."""
    repeats = 0
    shown: list[tuple[Cue, int]] = []
    last = ""
    for cue in cues:
        bare = [_plain(line) for line in cue.payload]
        for place, line in enumerate(bare):
            if place == 0 and line and line == last and len(line) > 12:
                shown.append((cue, place))
                repeats += 1
        last = next((line for line in reversed(bare) if line), last)
    if repeats * 3 < len(cues) or repeats < 3:
        return False
    for cue, place in shown:
        cue.payload[place] = ""
    return True


def _paused(said: list[Utterance]) -> Iterator[Utterance]:
    """Unnamed speech broken into turns at pauses, since nothing else tells turns apart."""
    end: float | None = None
    for one in said:
        pause = one.start is not None and end is not None and one.start - end >= _PAUSE
        yield one if one.speaker or not pause else Utterance(one.speaker, one.text, one.start, one.end, glue=None)
        end = one.end if one.end is not None else one.start


def read_cues(decoded: Decoded, source: str, *, format: str) -> Reading:
    """Reading of a WebVTT or SRT file. Raises TranscriptError for a file without a cue, or whose times are mostly damaged."""
    faults = Faults()
    cues = split_cues(decoded.text, faults)
    timed = sum(1 for cue in cues if cue.start is not None)
    if not timed:
        html_like = decoded.text[:2000].lstrip()[:200].lower().startswith(("<!doctype", "<html", "<?xml"))
        fail(
            "this is a web page, not a transcript" if html_like else "there is no cue with a readable time in this file",
            source=source,
            place=f"line {faults.times[0]}" if faults.times else "line 1",
            remedy="download the transcript again as .vtt or .srt; if it is plain text, name it .txt",
        )
    if len(faults.times) > timed:
        fail(
            f"{len(faults.times)} of {len(cues)} timing lines cannot be read",
            source=source,
            place=f"line {faults.times[0]}",
            remedy="timing lines read 00:00:01.000 --> 00:00:04.000; download the transcript again",
        )
    notes = list(decoded.notes)
    if _rolling(cues):
        notes.append("Repeated lines of rolling captions were taken out")
    tagged = any(_VOICE_OPENS.search(line) for cue in cues for line in cue.payload if "<" in line)
    said = [one for cue in cues for one in _voices(cue, faults)] if tagged else list(_labelled(cues))
    text, drafts = compose(_paused([one for one in said if one.text]))
    if not any(draft.speaker for draft in drafts):
        notes.append("No speaker names were found in the text")
    return Reading(format, text, drafts, decoded.encoding, (*notes, *faults.notes()))
