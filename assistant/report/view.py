"""What a report says, as plain frozen data: the templates only lay it out.

``Runs`` are texts of people (names masked, see `names`); ``str`` fields are ours or the framework's. Anchors are made of numbers only,
so that no text of a user ever becomes an id or a link.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.models import CompanyBenchmark, GroupRating
from assistant.report.names import Runs


@dataclass(frozen=True)
class Quote:
    """One piece of evidence as it is shown."""

    id: str
    """``Evidence.id``."""
    number: int
    """Its number in this report, in order of transcript and position, from 1."""
    element: str
    """Name of its element."""
    element_anchor: str
    dimension: str
    text: Runs
    who: str
    """``P1``."""
    role: str
    """respondent, interviewer or unknown."""
    when: str
    """``12:30``, or ``turn 14`` where the file has no times."""
    transcript: str
    """``T1``."""
    start: int
    end: int
    polarity: str
    status: str
    state: str
    fits: str
    """Stages that it fits."""
    codes: str
    confidence: str
    coder: Runs
    rationale: Runs
    counted: bool
    reason: str
    """Why it did not count; empty where it did."""

    @property
    def anchor(self) -> str:
        """Of the quote with its coding."""
        return f"q{self.number}"

    @property
    def place(self) -> str:
        """Of its first word in the transcript."""
        return f"w{self.number}"


@dataclass(frozen=True)
class Side:
    """Evidence of an element that says the same."""

    heading: str
    stage: int | None
    """Stage that it gives; None where it fits several."""
    stands: bool
    """Whether the rating is this one."""
    quotes: tuple[Quote, ...]


@dataclass(frozen=True)
class Cell:
    """A statement of an element's row."""

    low: int
    high: int
    text: str
    stages: str
    """``DataOps to Automated``."""
    marked: bool
    """The rating stands on it."""
    possible: bool
    """What is known leaves it open."""
    disputed: bool


@dataclass(frozen=True)
class Ask:
    """An element to ask about, and how."""

    element: str
    anchor: str
    dimension: str
    why: str
    probes: tuple[str, ...]
    moves: bool
    """Whether one decision on it would move the headline."""


@dataclass(frozen=True)
class ElementView:
    """One element with all that counts for it."""

    number: str
    """``2.1``."""
    anchor: str
    name: str
    status: str
    stage: int | None
    stage_name: str
    """Name of the stage, or of the status."""
    bounds: str
    """``between A and B`` where the element leaves several open; else empty."""
    explanation: Runs
    rule: str
    cells: tuple[Cell, ...]
    sides: tuple[Side, ...]
    """One, or several in a conflict."""
    conflict: str
    """``open``, ``settled`` or empty."""
    conflict_reason: Runs
    aside: tuple[Quote, ...]
    """Evidence that did not count."""
    ask: Ask | None

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """All quotes that count, in order."""
        return tuple(q for side in self.sides for q in side.quotes)


@dataclass(frozen=True)
class GroupView:
    """The result of a dimension or of the whole under one policy."""

    name: str
    anchor: str
    stage: int | None
    """None where the evidence is insufficient."""
    headline: str
    """Stage name, or ``Insufficient evidence``."""
    bounds: str
    low: int
    high: int
    rated: int
    total: int
    coverage: str
    held: str
    """Prerequisites that held it down; empty where none did."""
    elements: tuple[ElementView, ...] = ()


@dataclass(frozen=True)
class PolicyView:
    """One policy with its results."""

    name: str
    """``majority@1``."""
    kind: str
    description: str
    source: str
    headline: bool
    groups: tuple[GroupView, ...]
    """Overall first, then the dimensions."""
    reach: str
    """How many elements reach each stage."""


@dataclass(frozen=True)
class PracticeView:
    """One practice code."""

    code: str
    description: str
    status: str
    conflict: bool
    quotes: tuple[Quote, ...]
    companies: tuple[bool | None, ...]
    anchor: str


@dataclass(frozen=True)
class CompanyView:
    """One published company."""

    name: str
    domain: str
    use_case: str
    stated: str
    desired: str
    consistent: str
    consistent_stage: int
    note: str


@dataclass(frozen=True)
class PracticesView:
    """Practice codes beside the companies."""

    explanation: str
    rule: str
    rule_note: str
    rows: tuple[PracticeView, ...]
    companies: tuple[CompanyView, ...]
    benchmarks: tuple[CompanyBenchmark, ...]
    consistent: dict[str, int]
    citation: str
    notes: tuple[str, ...]
    in_place: tuple[tuple[str, str], ...]
    """Dimension, yes / no / unknown."""


@dataclass(frozen=True)
class SensitivityView:
    """One decision that would move the headline."""

    element: str
    anchor: str
    what: str
    quote: Quote | None
    result: str
    stage: int | None


@dataclass(frozen=True)
class RejectionView:
    """A proposal that is no quote."""

    text: Runs
    element: str
    reason: Runs
    engine: Runs


@dataclass(frozen=True)
class Piece:
    """A stretch of a turn under the same quotes."""

    runs: Runs
    quotes: tuple[Quote, ...] = ()
    starts: tuple[Quote, ...] = ()
    """Quotes whose first character is the first of this piece."""
    ends: tuple[Quote, ...] = ()
    """Quotes that end here: they get a link back."""

    @property
    def counted(self) -> bool:
        """Whether one of its quotes counts."""
        return any(q.counted for q in self.quotes)


@dataclass(frozen=True)
class TurnView:
    """One turn of a transcript."""

    anchor: str
    number: int
    who: str
    role: str
    when: str
    start: int
    end: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class TranscriptView:
    """One transcript with its quotes marked."""

    label: str
    """``T1``."""
    anchor: str
    id: str
    name: str
    format: str
    sha256: str
    size: int
    encoding: str
    characters: int
    notes: tuple[Runs, ...]
    people: tuple[tuple[str, str], ...]
    """Label, role."""
    turns: tuple[TurnView, ...]
    loose: tuple[Quote, ...]
    """Quotes that lie in no turn: shown on their own, so that every quote has a place."""
    quoted: int


@dataclass(frozen=True)
class Fact:
    """A line of the method or of the versions."""

    name: str
    value: str
    exact: bool = False
    """Whether it is to be compared character by character (a hash)."""


@dataclass(frozen=True)
class ReportView:
    """The whole report."""

    title: str
    framework: str
    stages: tuple[tuple[int, str, str, str], ...]
    """Number, name, short name, description."""
    draft: bool
    warnings: tuple[str, ...]
    summary: str
    overall: GroupView
    dimensions: tuple[GroupView, ...]
    policy: str
    policies: tuple[PolicyView, ...]
    differing: tuple[tuple[str, str], ...]
    """Scope, what each policy says; only where they differ."""
    practices: PracticesView | None
    aside: tuple[tuple[str, tuple[Quote, ...]], ...]
    """Reason, evidence that did not count for it."""
    asks: tuple[Ask, ...]
    sensitivity: tuple[SensitivityView, ...]
    rejections: tuple[RejectionView, ...]
    decisions: tuple[tuple[str, Runs], ...]
    """Element, what a reviewer decided on it."""
    transcripts: tuple[TranscriptView, ...]
    names: bool
    citation: str
    url: str
    licence: str
    notes: tuple[str, ...]
    facts: tuple[Fact, ...]
    recompute: str
    generated_at: str
    minimum: str
    """Least coverage."""
    ratings: dict[str, GroupRating] = field(default_factory=dict)
    """Scope -> rating, for the charts."""


__all__ = [
    "Ask",
    "Cell",
    "CompanyView",
    "ElementView",
    "Fact",
    "GroupView",
    "Piece",
    "PolicyView",
    "PracticeView",
    "PracticesView",
    "Quote",
    "RejectionView",
    "ReportView",
    "SensitivityView",
    "Side",
    "TranscriptView",
    "TurnView",
]
