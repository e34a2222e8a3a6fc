"""What every coding engine offers, and what all of them share: from a coded span to a grounded `Evidence`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from assistant.errors import GroundingError
from assistant.models import CodingResult, CodingTask, Element, Evidence, Polarity, Role, Status, Transcript, Turn, canonical_json


class Engine(Protocol):
    """Codes one transcript at a time; equal tasks give equal results."""

    name: str
    """E.g. ``local``."""
    version: str
    """Of code and trained parts together; a new version means new runs."""

    def code(self, task: CodingTask) -> CodingResult:
        """Evidence of one transcript. Raises EngineError where the engine cannot work."""


@dataclass(frozen=True)
class Coding:
    """One coded span before it becomes evidence."""

    element: str
    start: int
    end: int
    status: Status = Status.CURRENT
    polarity: Polarity = Polarity.PRESENT
    stage_low: int = 1
    stage_high: int = 1
    codes: tuple[str, ...] = ()
    confidence: float = 1.0
    rationale: str = ""
    statement: str | None = field(default=None)


def only_statement(element: Element, low: int, high: int) -> str | None:
    """Id of the statement where exactly one fits ``low..high``, else None."""
    fitting = element.statements_in(low, high)
    return fitting[0].id if len(fitting) == 1 else None


def to_evidence(transcript: Transcript, framework: str, element: Element, turn: Turn, coding: Coding, engine: str) -> Evidence:
    """Evidence from a coding; the quote is the transcript's own slice.

    Raises:
        GroundingError: the span leaves the turn, or the turn is an interviewer's.
    """
    if not (turn.start <= coding.start < coding.end <= turn.end) or turn.role is Role.INTERVIEWER:
        raise GroundingError(f"span {coding.start}-{coding.end} is not inside a respondent's turn of {transcript.name}")
    low, high = (1, 1) if coding.polarity is Polarity.ABSENT else (coding.stage_low, coding.stage_high)
    rest = canonical_json([coding.status, coding.polarity, low, high, sorted(coding.codes)])
    return Evidence(
        id=Evidence.make_id(
            transcript=transcript.id,
            framework=framework,
            engine=engine,
            element=coding.element,
            start=coding.start,
            end=coding.end,
            coding=rest,
        ),
        transcript=transcript.id,
        framework=framework,
        element=coding.element,
        quote=transcript.text[coding.start : coding.end],
        start=coding.start,
        end=coding.end,
        speaker=turn.speaker,
        turn=turn.index,
        time=turn.time_at(coding.start),
        polarity=coding.polarity,
        status=coding.status,
        stage_low=low,
        stage_high=high,
        statement=coding.statement or only_statement(element, low, high),
        codes=coding.codes,
        confidence=round(coding.confidence, 4),
        engine=engine,
        rationale=coding.rationale,
    )


def in_order(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Evidence by position, then element; exact doubles once."""
    unique = {e.id: e for e in evidence}
    return tuple(sorted(unique.values(), key=lambda e: (e.start, e.end, e.element, e.id)))
