"""From what a reader found to a Transcript: canonical text, turns, id, limits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from assistant.models import Role, TimedSpan, Transcript, Turn, canonical_json
from assistant.segments import trim
from assistant.transcripts.limits import MAX_TURNS, check_length, fail

_PARAGRAPH: Final = "\n\n"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One cue or paragraph of a structured file."""

    speaker: str
    """As the file gives it; empty where it names nobody."""
    text: str
    """Without label, tags and surrounding whitespace."""
    start: float | None = None
    """Seconds."""
    end: float | None = None
    """Seconds."""
    role: Role | None = None
    """Where the file says it."""
    glue: str | None = " "
    """What stands between this and the utterance before if both are one turn; None: always a turn of its own."""
    spoken: bool = True
    """False for titles and the like: in the text, but in no turn."""


@dataclass(slots=True)
class Draft:
    """A turn in the making; offsets in the canonical text."""

    speaker: str
    start: int
    end: int
    spans: list[TimedSpan] = field(default_factory=list)
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader hands back."""

    format: str
    text: str
    turns: Sequence[Draft]
    encoding: str = "utf-8"
    notes: tuple[str, ...] = ()


def compose(utterances: Iterable[Utterance]) -> tuple[str, list[Draft]]:
    """Canonical text of a structured file: ``Name: text`` paragraphs with an empty line between, and the turns in it.

    Utterances of one speaker that follow each other are one turn. Empty utterances are left out.
    """
    pieces: list[str] = []
    drafts: list[Draft] = []
    length = 0
    open_turn: Draft | None = None
    for said in utterances:
        body = said.text.strip()
        if not body:
            continue
        joins = (
            open_turn is not None
            and said.spoken
            and said.glue is not None
            and (open_turn.speaker, open_turn.role) == (said.speaker, said.role)
        )
        lead = (said.glue or "") if joins else _PARAGRAPH if length else ""
        if said.spoken and said.speaker and not joins:
            lead += f"{said.speaker}: "
        pieces += [lead, body]
        start = length + len(lead)
        length = start + len(body)
        if not said.spoken:
            open_turn = None
            continue
        if joins and open_turn is not None:
            open_turn.end = length
        else:
            open_turn = Draft(said.speaker, start, length, role=said.role)
            drafts.append(open_turn)
        open_turn.spans.append(TimedSpan(start=start, end=length, time_start=said.start, time_end=said.end))
    for draft in drafts:
        if all(span.time_start is None and span.time_end is None for span in draft.spans):
            draft.spans.clear()
    return "".join(pieces), drafts


def transcript_id(text: str, turns: Iterable[Turn]) -> str:
    """``t-`` and 16 hex digits over text and turns (speaker, start, end): the same whatever the format and the roles."""
    plain = {"text": text, "turns": [[turn.speaker, turn.start, turn.end] for turn in turns]}
    return "t-" + hashlib.sha256(canonical_json(plain).encode("utf-8")).hexdigest()[:16]


def finish(reading: Reading, *, data: bytes, name: str, source: str, roles: Sequence[Role], notes: Sequence[str]) -> Transcript:
    """The Transcript of a reading; ``roles`` one per turn. Raises TranscriptError beyond a limit."""
    turns = tuple(
        Turn(index=index, speaker=draft.speaker, role=role, start=draft.start, end=draft.end, spans=tuple(draft.spans))
        for index, (draft, role) in enumerate(zip(reading.turns, roles, strict=True))
    )
    return Transcript(
        id=transcript_id(reading.text, turns),
        name=name,
        format=reading.format,
        text=reading.text,
        turns=turns,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        encoding=reading.encoding,
        notes=tuple(dict.fromkeys((*reading.notes, *notes))),
    )


def check(reading: Reading, source: str) -> None:
    """Raise TranscriptError if the reading has no turn, too many turns or too much text."""
    check_length(reading.text, source)
    if not any(trim(reading.text, d.start, d.end)[1] > d.start for d in reading.turns):
        fail(
            "there is no spoken text in this file",
            source=source,
            remedy="check that the right file was chosen and that the recording was transcribed",
        )
    if len(reading.turns) > MAX_TURNS:
        fail(
            f"there are {len(reading.turns):,} turns, more than the {MAX_TURNS:,} that can be read at once",
            source=source,
            remedy="split the file into one file per conversation",
        )
