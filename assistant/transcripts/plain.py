"""Lines of text -> turns: plain text and Markdown as they stand, and the text of DOCX and PDF on its way to canonical form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from assistant.models import TimedSpan
from assistant.segments import trim
from assistant.transcripts.build import Draft, Reading
from assistant.transcripts.labels import Form, Shape, Tally, clean, key, overlooked, shape, speakers
from assistant.transcripts.marks import Mark, find_mark, leading_time, range_only


@dataclass(slots=True)
class Part:
    """One paragraph of a block: offsets in the source text, times where given."""

    start: int
    end: int
    time: float | None = None
    time_end: float | None = None


@dataclass(slots=True)
class Block:
    """Paragraphs under one label; ``spoken`` is False for what stands before the first speaker, breaks and headings."""

    speaker: str
    spoken: bool = True
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the source text."""

    start: int
    text: str
    opens: bool
    """Whether it is the first of its paragraph."""
    mark: Mark | None


_LETTER: Final = re.compile(r"[^\W\d_]")
_RULE: Final = re.compile(r"\s*(?:[-*_=~]\s?){3,200}\Z")
_STARTED: Final = re.compile(r".{1,120}\s(?:started|stopped)\s(?:transcription|recording)\.?\Z", re.IGNORECASE)
_LOWER_WORD: Final = re.compile(r"(?<![\w'’])[^\W\d_A-Z][\w'’-]{0,40}")
_STAMPS: Final = re.compile(r"\\?[\[(]?\d{1,3}(?::\d{1,2}){1,2}(?:[.,]\d{1,3})?\\?[\])]?")


def _lines(text: str, hints: Mapping[int, Mark]) -> list[Line]:
    """Lines with their marks; ``hints`` gives marks by offset of the line, as a document's formatting shows them."""
    lines: list[Line] = []
    at, opens = 0, True
    waiting: tuple[float | None, float | None] | None = None
    for raw in text.split("\n"):
        # 'Anna Schmidt started transcription' is Teams speaking.
        mark = None if _STARTED.match(raw) else hints.get(at) or find_mark(raw)
        if waiting is not None and raw.strip():
            # Older Teams documents: the times on one line, the name on the next, then the text.
            if mark is None or mark.form <= Form.STAMPED:
                mark = Mark(raw.strip(), Form.EXPLICIT, len(raw), *waiting) if shape(raw) is not Shape.PHRASE else mark
            waiting = None
        between = range_only(raw)
        if between is not None:
            waiting = between
        if raw.strip():
            lines.append(Line(at, raw, opens, mark))
        opens = not raw.strip()
        at += len(raw) + 1
    return lines


def _tallies(lines: list[Line]) -> tuple[dict[str, Tally], frozenset[str]]:
    """Counts of every possible label, and the words that the text writes in lower case."""
    tallies: dict[str, Tally] = {}
    lowered: set[str] = set()
    worded = False
    # One turn a line without empty lines between: every line opens a paragraph.
    marked = sum(1 for line in lines if line.mark and line.mark.label and shape(line.mark.label) is not Shape.PHRASE)
    by_line = marked * 5 >= len(lines) * 3
    for line in reversed(lines):
        mark = line.mark
        body = line.text[mark.body :] if mark else line.text
        lowered.update(word.casefold() for word in _LOWER_WORD.findall(body) if word[0].islower())
        worded = worded or bool(_LETTER.search(_STAMPS.sub("", body)))
        if mark is None or not mark.label:
            continue
        kind = shape(mark.label)
        if kind is Shape.PHRASE and mark.form is not Form.EXPLICIT:
            lowered.update(word.casefold() for word in _LOWER_WORD.findall(mark.label) if word[0].islower())
            continue
        tally = tallies.setdefault(key(mark.label), Tally(shape=kind))
        tally.add(mark.label, mark.form, starts_paragraph=line.opens or by_line, worded=worded)
        worded = False
    return tallies, frozenset(lowered)


def _coverage(lines: list[Line], tallies: Mapping[str, Tally]) -> float:
    """Share of paragraphs, or of lines if that is more, that begin with a possible label."""
    marked = heads = paragraphs = 0
    waiting = False
    for line in lines:
        paragraphs += line.opens
        if line.mark and key(line.mark.label) in tallies:
            marked += 1
            heads += line.opens
            waiting = not line.text[line.mark.body :].strip()
        elif waiting:
            # The text under a name that has a paragraph or line of its own.
            marked += 1
            heads += line.opens
            waiting = False
    return max(heads / max(1, paragraphs), marked / max(1, len(lines)))


def _is_scene(line: Line, markdown: bool) -> bool:
    """Whether a line belongs to nobody: a break with a time, a mere time, a rule, a heading, Teams' 'started transcription'."""
    text, mark = line.text, line.mark
    if _RULE.match(text) or _STARTED.match(text) or range_only(text):
        return True
    if markdown and text.lstrip().startswith("#"):
        return True
    if mark is None or mark.form in (Form.ALONE, Form.STAMPED):
        return False
    body = text[mark.body :].strip()
    if not mark.label:
        return not body
    return bool(body) and not _LETTER.search(_STAMPS.sub("", body)) and bool(_STAMPS.search(body)) and mark.form in (Form.COLON, Form.BOLD)


def blocks(text: str, hints: Mapping[int, Mark] | None = None, *, markdown: bool = False) -> tuple[list[Block], tuple[str, ...]]:
    """(blocks, notes): paragraphs grouped by speaker, in order; without any speaker, every paragraph is a block that names nobody."""
    lines = _lines(text, hints or {})
    tallies, lowered = _tallies(lines)
    names = speakers(tallies, _coverage(lines, tallies), lowered)
    found: list[Block] = []
    current = Block("", spoken=not names)
    clock: tuple[float | None, float | None] = (None, None)
    for line in lines:
        mark = line.mark
        speaker = names.get(key(mark.label)) if mark and mark.label else None
        if mark is not None and speaker is not None:
            inner = leading_time(line.text[mark.body :])
            times = (mark.time, mark.time_end) if mark.time is not None else (inner, None) if inner is not None else clock
            current = Block(speaker)
            found.append(current)
            _extend(current, line, mark.body, times, new=True)
            if not line.text[mark.body :].strip():
                current.parts = [Part(line.start + len(line.text), line.start + len(line.text), *times)]
            clock = (None, None)
        elif _is_scene(line, markdown):
            found.append(Block("", spoken=False))
            _extend(found[-1], line, 0, (None, None), new=True)
            clock = (mark.time, mark.time_end) if mark and not mark.label and mark.time is not None else clock
            current = Block(current.speaker, spoken=current.spoken)
        else:
            current = _continue(found, current, line, bool(names), clock)
            clock = (None, None)
    found = [block for block in found if _tidy(block)]
    return found, _notes(found, text, overlooked(tallies, names))


def _continue(found: list[Block], current: Block, line: Line, named: bool, clock: tuple[float | None, float | None]) -> Block:
    """Add a line without a speaker's label to the block it belongs to; that block."""
    if not named and line.opens and current.parts:
        current = Block("")
    if not current.parts:
        found.append(current)
    mark = line.mark
    stamp = mark if mark is not None and (not mark.label or mark.form is Form.STAMPED) else None
    times = (stamp.time, stamp.time_end) if stamp else clock
    # The stamp stays in the turn (the text is the file's), so a sentence splitter may set it apart.
    _extend(current, line, 0, times, new=line.opens or stamp is not None)
    return current


def _extend(block: Block, line: Line, body: int, times: tuple[float | None, float | None], *, new: bool) -> None:
    """Add ``line.text[body:]`` to the block: as a new part, or to the last one."""
    start, end = line.start + body, line.start + len(line.text)
    last = block.parts[-1] if block.parts else None
    if last is not None and (not new or last.start == last.end):
        if last.start == last.end:
            last.start = start
        last.end = end
        if last.time is None:
            last.time, last.time_end = times
    else:
        block.parts.append(Part(start, end, *times))


def _tidy(block: Block) -> bool:
    """Drop empty parts; whether anything is left."""
    block.parts = [part for part in block.parts if part.start < part.end]
    return bool(block.parts)


def _spans(text: str, block: Block) -> list[TimedSpan]:
    """Cues of a block: paragraphs from one stamp to the next; none where the block has no times."""
    if all(part.time is None for part in block.parts):
        return []
    spans: list[TimedSpan] = []
    for part in block.parts:
        start, end = trim(text, part.start, part.end)
        if spans and part.time is None:
            spans[-1] = spans[-1].model_copy(update={"end": end})
        else:
            spans.append(TimedSpan(start=start, end=end, time_start=part.time, time_end=part.time_end))
    return spans


def _notes(found: list[Block], text: str, unsure: tuple[str, ...]) -> tuple[str, ...]:
    """What was left out of the turns, whether nobody is named, and what may be a name after all."""
    notes: list[str] = []
    if not any(block.speaker for block in found):
        notes.append("No speaker names were found in the text")
    else:
        first = next(i for i, block in enumerate(found) if block.spoken)
        if any(_LETTER.search(text, part.start, part.end) for block in found[:first] for part in block.parts):
            notes.append("The text before the first speaker is kept but belongs to no turn")
        if unsure:
            more = ", ..." if len(unsure) > 5 else ""
            notes.append(f"Not taken for speakers, though they stand where names stand: {', '.join(unsure[:5])}{more}")
    return tuple(notes)


def read_plain(text: str, *, markdown: bool, encoding: str = "utf-8") -> Reading:
    """Turns of plain text or Markdown; the canonical text is ``text`` itself."""
    found, notes = blocks(text, markdown=markdown)
    drafts: list[Draft] = []
    for block in found:
        if not block.spoken:
            continue
        start = trim(text, block.parts[0].start, block.parts[0].end)[0]
        end = trim(text, block.parts[-1].start, block.parts[-1].end)[1]
        if start < end:
            drafts.append(Draft(clean(block.speaker), start, end, _spans(text, block)))
    return Reading("md" if markdown else "txt", text, drafts, encoding, notes)
