"""The product's nouns as frozen pydantic models. Words: DESIGN.md; evidence fields: the codebook.

All character offsets are 0-based, half-open and count Unicode code points of ``Transcript.text``.
All times are seconds from the start of the recording. All stages are numbers from 1 (lowest) to the framework's highest.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Model(BaseModel):
    """Base of every noun: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, ser_json_inf_nan="strings")


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def content_hash(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON of ``value`` (a model or plain data)."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return hashlib.sha256(canonical_json(plain).encode("utf-8")).hexdigest()


# ---------------------------------------------------------------- vocabulary


class Role(StrEnum):
    """Who a speaker is in the interview."""

    INTERVIEWER = "interviewer"
    RESPONDENT = "respondent"
    UNKNOWN = "unknown"


class Polarity(StrEnum):
    """Whether the quote says that the practice exists (at some stage) or that it does not."""

    PRESENT = "present"
    ABSENT = "absent"


class Status(StrEnum):
    """Whose time and practice the quote speaks of; only ``current`` counts toward a stage."""

    CURRENT = "current"
    PLANNED = "planned"
    PAST = "past"
    GENERAL = "general"


class EvidenceState(StrEnum):
    """What review has made of a piece of evidence; only ``confirmed`` counts toward a stage."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNSURE = "unsure"
    SUPERSEDED = "superseded"
    """Replaced by an edit, or the outcome of an edit that was taken back: history only."""


class RatingStatus(StrEnum):
    """What is known of an element."""

    RATED = "rated"
    UNPLACED = "unplaced"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"


# ---------------------------------------------------------------- transcript


class TimedSpan(Model):
    """A stretch of text with the times at which it was said (one cue of a subtitle file)."""

    start: int = Field(ge=0)
    """First character, offset in the canonical text."""
    end: int = Field(ge=0)
    """One past the last character."""
    time_start: float | None = None
    """Seconds from the start of the recording; None where the file gives no time."""
    time_end: float | None = None
    """Seconds; None where the file gives no end."""


class Turn(Model):
    """What one speaker said without interruption. The span excludes the speaker label."""

    index: int = Field(ge=0)
    """Position in the transcript, from 0."""
    speaker: str
    """Name as the file gives it; empty where the file names nobody (no speaker is invented)."""
    role: Role = Role.UNKNOWN
    """Interviewer or respondent; guessed from the questions unless overridden."""
    start: int = Field(ge=0)
    """First character of the spoken text, offset in the canonical text."""
    end: int = Field(ge=0)
    """One past the last character."""
    spans: tuple[TimedSpan, ...] = ()
    """The cues the turn was joined from, in order, with their times; empty where the file has no times."""

    def time_at(self, offset: int) -> float | None:
        """Seconds at which the character at ``offset`` was said: the start of its cue, None where unknown."""
        found: float | None = None
        for span in self.spans:
            if span.start > offset:
                break
            found = span.time_start
        return found


class Transcript(Model):
    """One conversation with one canonical text that every span refers to."""

    id: str
    """``t-`` and the first 16 hex digits of the SHA-256 of format-independent content (text and turns)."""
    name: str
    """Stem of the file it came from, as shown to people."""
    format: str
    """Reader that produced it: vtt, srt, docx, txt, md, pdf, json, interview."""
    text: str
    """The canonical text: decoded as given (no Unicode normalisation), newlines as ``\\n``."""
    turns: tuple[Turn, ...]
    """All turns in order; their spans do not overlap."""
    sha256: str
    """SHA-256 (hex) of the original bytes."""
    size: int = Field(ge=0)
    """Length of the original in bytes."""
    encoding: str = "utf-8"
    """Encoding the original was decoded with."""
    notes: tuple[str, ...] = ()
    """What the reader had to guess or repair, one sentence each, shown to the user."""

    @property
    def speakers(self) -> tuple[str, ...]:
        """Distinct speakers in order of first appearance."""
        return tuple(dict.fromkeys(turn.speaker for turn in self.turns))

    def respondent_turns(self) -> tuple[Turn, ...]:
        """Turns that may hold evidence: everybody who is not an interviewer."""
        return tuple(turn for turn in self.turns if turn.role is not Role.INTERVIEWER)


class Segment(Model):
    """One sentence of one turn."""

    index: int = Field(ge=0)
    """Position among all segments of the transcript, from 0."""
    turn: int = Field(ge=0)
    """``Turn.index`` it belongs to."""
    start: int = Field(ge=0)
    """First character, offset in the canonical text."""
    end: int = Field(ge=0)
    """One past the last character."""
    text: str
    """The slice of the canonical text."""


# ---------------------------------------------------------------- framework


class Stage(Model):
    """One column of the framework."""

    number: int = Field(ge=1)
    """1 is the lowest."""
    name: str
    """As the source writes it, e.g. ``Manual MLOps``."""
    short: str = ""
    """For narrow columns, e.g. ``Manual``; the name where empty."""
    description: str = ""
    """What the stage means, in our own words."""


class Statement(Model):
    """The text of one cell and the run of stages it stands for (equal neighbouring cells are one statement)."""

    id: str
    """``<element>#<stage_low>-<stage_high>``, e.g. ``data.versioning#2-4``."""
    text: str
    """To the letter of the source table."""
    stage_low: int = Field(ge=1)
    """Lowest stage whose cell holds this text."""
    stage_high: int = Field(ge=1)
    """Highest stage whose cell holds this text."""
    spellings: tuple[str, ...] = ()
    """The cell of each stage of the run to the letter, lowest first, where the source spells one text in several ways
    (``Adhoc``, ``Ad hoc``); empty where the cells are equal."""
    examples: tuple[str, ...] = ()
    """Those of ``Element.examples`` that speak of this statement."""


class Practice(Model):
    """A practice code of the source (Table 5)."""

    code: str
    """E.g. ``DY1``."""
    description: str
    """To the letter of the source table."""
    dimension: str
    """Id of the dimension it belongs to."""


class Probe(Model):
    """A prewritten follow-up question."""

    id: str
    """Unique within the element."""
    type: Literal["descriptive", "idiographic", "clarifying", "explanatory"]
    """Kind of probe (semi-structured interviewing)."""
    text: str
    """One neutral, open question; no stage names."""
    seeks: Literal["practice", "automation", "frequency", "tool", "owner", "since", "example", "agreement", "improvement"] = "practice"
    """The detail that an answer would add."""


class Element(Model):
    """One row of the framework."""

    id: str
    """E.g. ``deployment.process``."""
    name: str
    """Short display name."""
    description: str
    """What passages about it speak of, in our own words; used for retrieval."""
    synonyms: tuple[str, ...] = ()
    """Words and phrases that practitioners use for it."""
    tools: tuple[str, ...] = ()
    """Named tools that hint at it."""
    examples: tuple[str, ...] = ()
    """Example phrasings of our own, as spoken; used for retrieval."""
    codes: tuple[str, ...] = ()
    """Practice codes that evidence of this element may show."""
    statements: tuple[Statement, ...]
    """In stage order; they cover every stage exactly once."""
    probes: tuple[Probe, ...] = ()
    """In the order in which they are asked."""

    def statement(self, statement_id: str) -> Statement | None:
        """The statement with this id, or None."""
        return next((s for s in self.statements if s.id == statement_id), None)

    def statement_at(self, stage: int) -> Statement:
        """The statement that holds for ``stage``. Raises KeyError for a stage outside the framework."""
        for s in self.statements:
            if s.stage_low <= stage <= s.stage_high:
                return s
        raise KeyError(stage)

    def cell(self, stage: int) -> str:
        """The cell of the source table, to the letter. Raises KeyError for a stage outside the framework."""
        s = self.statement_at(stage)
        return s.spellings[stage - s.stage_low] if s.spellings else s.text

    def statements_in(self, low: int, high: int) -> tuple[Statement, ...]:
        """Statements whose run overlaps ``low..high``."""
        return tuple(s for s in self.statements if s.stage_low <= high and low <= s.stage_high)


class Dimension(Model):
    """A group of elements."""

    id: str
    """E.g. ``operations``."""
    name: str
    """As the source writes it, e.g. ``Operations and Infrastructure``."""
    elements: tuple[Element, ...]
    """In the order of the source table."""


class Prerequisite(Model):
    """Elements that must themselves reach a stage before the whole may (policy data)."""

    from_stage: int = Field(ge=1)
    """Applies to this stage and above."""
    elements: tuple[str, ...]
    """Each must be rated and reach the stage in question."""


class Policy(Model):
    """A named, versioned way from element ratings to a stage."""

    id: str
    """E.g. ``majority``."""
    version: int = Field(ge=1)
    """Raised whenever its meaning changes."""
    kind: Literal["majority", "minimum", "nplf"]
    """majority: highest stage that strictly more than ``threshold`` of the rated elements reach; minimum: the lowest rated element;
    nplf: ISO/IEC 33020 scale, stage reached when L or F and all lower stages F."""
    threshold: float = Field(default=0.5, ge=0, le=1)
    """Share of rated elements, exclusive; used by ``majority``."""
    prerequisites: tuple[Prerequisite, ...] = ()
    """Extra conditions on the overall stage."""
    description: str = ""
    """One sentence for the report."""
    source: str = ""
    """Where the rule comes from; ours where the paper states none."""


class PracticeStep(Model):
    """Conditions under which the practice codes are consistent with a stage."""

    stage: int = Field(ge=1)
    """The stage."""
    require_dimensions: tuple[str, ...] = ()
    """Dimensions that must be in place."""
    min_dimensions: int = Field(default=0, ge=0)
    """At least so many dimensions in place."""
    require_codes: tuple[str, ...] = ()
    """Codes that must be present."""


class PracticeRule(Model):
    """Stage rule over practice codes: the highest step whose conditions hold."""

    id: str
    """Name of the rule."""
    version: int = Field(ge=1)
    """Raised whenever its meaning changes."""
    threshold: float = Field(ge=0, le=1)
    """A dimension is in place when strictly more than this share of its codes is present."""
    steps: tuple[PracticeStep, ...]
    """From the lowest stage up; the first has no conditions."""
    note: str = ""
    """What may be said of it, e.g. that it is consistent with the paper but not the paper's rule."""


class Framework(Model):
    """A maturity framework: dimensions x stages, with its policies and citation."""

    id: str
    """E.g. ``john-2025``."""
    version: str
    """Of our file, e.g. ``1.0.0``."""
    title: str
    """Display title."""
    citation: str
    """Full reference of the source."""
    url: str = ""
    """DOI or page of the source."""
    licence: str = ""
    """What is known of the source's licence."""
    stages: tuple[Stage, ...]
    """From 1 up, without gaps."""
    dimensions: tuple[Dimension, ...]
    """In the order of the source."""
    practices: tuple[Practice, ...] = ()
    """Practice codes, if the framework has any."""
    policies: tuple[Policy, ...]
    """The first is the default."""
    practice_rule: PracticeRule | None = None
    """Stage rule over practice codes, if any."""
    min_coverage: float = Field(default=0.6, ge=0, le=1)
    """Below this share of rated elements the result reads ``insufficient evidence``."""
    notes: tuple[str, ...] = ()
    """Contradictions in the source and how they were settled."""

    @property
    def elements(self) -> tuple[Element, ...]:
        """All elements in order."""
        return tuple(e for d in self.dimensions for e in d.elements)

    def element(self, element_id: str) -> Element:
        """The element with this id. Raises KeyError."""
        for e in self.elements:
            if e.id == element_id:
                return e
        raise KeyError(element_id)

    def dimension_of(self, element_id: str) -> Dimension:
        """The dimension that holds the element. Raises KeyError."""
        for d in self.dimensions:
            if any(e.id == element_id for e in d.elements):
                return d
        raise KeyError(element_id)

    def stage_name(self, number: int) -> str:
        """Name of a stage. Raises KeyError."""
        for s in self.stages:
            if s.number == number:
                return s.name
        raise KeyError(number)

    def policy(self, policy_id: str) -> Policy:
        """The policy with this id. Raises KeyError."""
        for p in self.policies:
            if p.id == policy_id:
                return p
        raise KeyError(policy_id)

    @property
    def hash(self) -> str:
        """SHA-256 over the whole content: changes when any word of the framework changes."""
        return content_hash(self)


# ---------------------------------------------------------------- evidence


class Evidence(Model):
    """One verbatim quote and the one element it speaks of, as one coder proposed it."""

    id: str
    """``e-`` and 16 hex digits, derived from transcript, framework, coder, element, span and coding: the same coding has the same id."""
    transcript: str
    """``Transcript.id``."""
    framework: str
    """``Framework.id``."""
    element: str
    """``Element.id``."""
    quote: str = Field(min_length=1)
    """Equal to ``Transcript.text[start:end]``."""
    start: int = Field(ge=0)
    """First character."""
    end: int = Field(gt=0)
    """One past the last character."""
    speaker: str = ""
    """Speaker of the turn as the file names them."""
    turn: int = Field(default=0, ge=0)
    """``Turn.index``."""
    time: float | None = None
    """Seconds into the recording; None where the file has no times."""
    polarity: Polarity = Polarity.PRESENT
    """present or absent."""
    status: Status = Status.CURRENT
    """current, planned, past or general."""
    stage_low: int = Field(ge=1)
    """Lowest stage whose statement the quote fits."""
    stage_high: int = Field(ge=1)
    """Highest stage whose statement the quote fits."""
    statement: str | None = None
    """``Statement.id`` where exactly one statement fits; None: a practice, not a stage."""
    codes: tuple[str, ...] = ()
    """Practice codes shown present (``D2``) or absent (``!D2``)."""
    confidence: float = Field(default=1.0, ge=0, le=1)
    """Probability, as estimated by the coder, that a careful coder would code this."""
    engine: str
    """Coder: ``local/<version>``, ``llm/<model>``, or ``person/<name>``."""
    rationale: str = ""
    """One line naming the cue."""
    state: EvidenceState = EvidenceState.PROPOSED
    """What review has made of it, derived from the decisions."""

    @model_validator(mode="after")
    def _consistent(self) -> Evidence:
        if self.end - self.start != len(self.quote):
            raise ValueError(f"evidence {self.id}: the quote has {len(self.quote)} characters but the span {self.end - self.start}")
        if self.stage_low > self.stage_high:
            raise ValueError(f"evidence {self.id}: stage_low {self.stage_low} is above stage_high {self.stage_high}")
        return self

    @staticmethod
    def make_id(*, transcript: str, framework: str, engine: str, element: str, start: int, end: int, coding: str) -> str:
        """Content-derived id; ``coding`` is any stable text of the remaining fields."""
        key = "\x1f".join((transcript, framework, engine, element, str(start), str(end), coding))
        return "e-" + hashlib.sha256(key.encode("utf-8")).hexdigest()[:16]


class Rejection(Model):
    """A proposal that did not become evidence, kept and shown with its reason."""

    quote: str
    """What was proposed."""
    element: str
    """Element it was proposed for."""
    reason: str
    """Why it was refused."""
    engine: str
    """Who proposed it."""


class CodingTask(Model):
    """One self-contained, picklable unit of work: code one transcript with one engine."""

    transcript: Transcript
    """The text and turns (identified by its id)."""
    framework: Framework
    """Identified by its hash."""
    engine: str
    """Engine name, e.g. ``local``."""
    engine_version: str
    """Of code and trained heads together."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Engine settings that change the result."""

    @property
    def key(self) -> str:
        """SHA-256 over everything that the result depends on: equal keys give equal evidence."""
        return content_hash(
            [
                self.transcript.id,
                self.transcript.name,
                content_hash([t.model_dump(mode="json") for t in self.transcript.turns]),
                self.framework.id,
                self.framework.hash,
                self.engine,
                self.engine_version,
                self.settings,
            ]
        )


class CodingResult(Model):
    """What a coding task gives back."""

    key: str
    """``CodingTask.key``."""
    evidence: tuple[Evidence, ...]
    """In order of position, then element."""
    rejections: tuple[Rejection, ...] = ()
    """Proposals that were refused."""


# ---------------------------------------------------------------- decisions


class Decision(Model):
    """What a reviewer did with a piece of evidence. Decisions are only ever added."""

    id: str
    """Unique; grows with time."""
    evidence: str
    """``Evidence.id`` it speaks of."""
    reviewer: str
    """Who decided."""
    action: Literal["confirm", "reject", "unsure", "reopen", "edit"]
    """``edit`` replaces the evidence by ``after`` and confirms that; ``reopen`` takes the last decision back."""
    reason: str = ""
    """Why; required for reject."""
    before: dict[str, Any] | None = None
    """Fields before an edit."""
    after: dict[str, Any] | None = None
    """Fields after an edit."""
    at: datetime
    """When, UTC."""


class ElementDecision(Model):
    """What a reviewer decided on a whole element."""

    id: str
    """Unique; grows with time."""
    element: str
    """``Element.id``."""
    reviewer: str
    """Who decided."""
    action: Literal["settle", "not_applicable", "missing_evidence", "reopen"]
    """``settle`` names the statement that stands in a conflict; the last decision on an element counts."""
    statement: str | None = None
    """For ``settle``: the statement that stands."""
    reason: str = Field(min_length=1)
    """Why."""
    at: datetime | None = None
    """When, UTC."""


# ---------------------------------------------------------------- assessment


class Conflict(Model):
    """Confirmed, current evidence of one element that fits no single statement."""

    statements: tuple[str, ...]
    """Statements that the evidence is placed on, lowest first."""
    evidence: tuple[str, ...]
    """Evidence ids on each side, all together."""
    settled: bool = False
    """Whether a reviewer settled it."""
    reason: str = ""
    """The reviewer's reason."""


class ElementRating(Model):
    """The result of one element."""

    element: str
    """``Element.id``."""
    status: RatingStatus
    """rated, unplaced, unknown, or not applicable."""
    stage: int | None = None
    """Where it stands; None unless rated."""
    statement: str | None = None
    """Statement that gives the stage."""
    low: int
    """Worst stage that what is known allows."""
    high: int
    """Best stage that what is known allows."""
    evidence: tuple[str, ...] = ()
    """Confirmed, current evidence used, in order of transcript position."""
    conflict: Conflict | None = None
    """Set where evidence disagrees."""
    rule: str
    """Id of the rule that gave the result, e.g. ``element.one-statement``."""
    explanation: str
    """One sentence for a reader."""


class StageReach(Model):
    """How many rated elements reach a stage."""

    stage: int
    """The stage."""
    reached: int
    """Rated elements at this stage or above."""
    rated: int
    """All rated elements."""
    grade: Literal["N", "P", "L", "F"]
    """ISO/IEC 33020 grade of reached/rated."""


class Sensitivity(Model):
    """A single change of one element that would move the result."""

    element: str
    """Element that would change."""
    evidence: str = ""
    """Evidence whose confirmation would be taken back or given; empty for a settlement."""
    change: Literal["withdraw", "confirm", "settle"]
    """The one decision: take a confirmation back, confirm a proposal, settle a conflict."""
    statement: str | None = None
    """For ``settle``: the statement that would stand."""
    stage: int | None
    """Headline stage after the decision."""


class GroupRating(Model):
    """Result of a dimension or of the whole under one policy."""

    scope: str
    """Dimension id, or ``overall``."""
    stage: int | None
    """None where nothing is rated."""
    low: int
    """Stage with every unknown at its worst."""
    high: int
    """Stage with every unknown at its best."""
    rated: int
    """Rated elements."""
    total: int
    """Applicable elements."""
    coverage: float
    """rated / total, 0..1; 0 where nothing applies."""
    sufficient: bool
    """Whether coverage reaches the framework's minimum."""
    reach: tuple[StageReach, ...]
    """For every stage from 2 up."""
    blocked_by: tuple[str, ...] = ()
    """Prerequisite elements that held the stage down."""
    rule: str
    """Id of the rule, e.g. ``policy.majority@1``."""
    explanation: str
    """One sentence for a reader, e.g. ``Manual (between DataOps and Automated: 6 of 17 unknown)``."""


class PolicyResult(Model):
    """All group ratings under one policy."""

    policy: str
    """``Policy.id``."""
    version: int
    """``Policy.version``."""
    overall: GroupRating
    """The whole framework."""
    dimensions: tuple[GroupRating, ...]
    """One a dimension, in framework order."""


class PracticeRating(Model):
    """What is known of one practice code."""

    code: str
    """E.g. ``DY1``."""
    status: Literal["present", "absent", "unknown"]
    """absent where evidence disagrees (the lowest counts)."""
    evidence: tuple[str, ...] = ()
    """Evidence that shows it."""
    conflict: bool = False
    """Evidence for both."""


class PracticeResult(Model):
    """Stage that the practice codes are consistent with."""

    rule: str
    """``<id>@<version>`` of the rule."""
    ratings: tuple[PracticeRating, ...]
    """One a code, in source order."""
    in_place: dict[str, bool | None]
    """By dimension; None where unknown codes decide."""
    stage: int | None
    """None where unknown codes decide."""
    low: int
    """With unknown codes absent."""
    high: int
    """With unknown codes present."""
    explanation: str
    """One sentence; says ``consistent with``."""


class TranscriptRef(Model):
    """Which transcript an assessment used."""

    id: str
    """``Transcript.id``."""
    name: str
    """``Transcript.name``."""
    sha256: str
    """Of the original bytes."""


class Assessment(Model):
    """A frozen, hashed result: recomputable from the evidence and the framework it names."""

    schema_version: int = 1
    """Of this structure."""
    framework: str
    """``Framework.id``."""
    framework_version: str
    """``Framework.version``."""
    framework_hash: str
    """``Framework.hash``."""
    policy: str
    """Policy whose result is the headline."""
    draft: bool
    """True where evidence was accepted without anybody's review."""
    overall: GroupRating
    """Headline under ``policy``."""
    dimensions: tuple[GroupRating, ...]
    """By dimension under ``policy``."""
    policies: tuple[PolicyResult, ...]
    """All policies side by side, in framework order."""
    elements: tuple[ElementRating, ...]
    """In framework order."""
    practices: PracticeResult | None
    """None where the framework has no practice rule."""
    sensitivity: tuple[Sensitivity, ...] = ()
    """Single-element changes that would move the headline."""
    evidence: tuple[Evidence, ...]
    """All evidence given, used or not, in order of transcript and position."""
    element_decisions: tuple[ElementDecision, ...] = ()
    """Decisions on whole elements that were applied."""
    transcripts: tuple[TranscriptRef, ...]
    """What was coded."""
    hash: str = ""
    """SHA-256 over everything above."""

    def rating(self, element_id: str) -> ElementRating:
        """The rating of an element. Raises KeyError."""
        for r in self.elements:
            if r.element == element_id:
                return r
        raise KeyError(element_id)


class AssessmentFile(Model):
    """What ``assistant score`` writes: the assessment and the transcripts its quotes point into."""

    assessment: Assessment
    """The pure result."""
    transcripts: tuple[Transcript, ...]
    """Full texts, so that a report can show every quote in its place."""
    rejections: tuple[Rejection, ...] = ()
    """Proposals that did not become evidence."""
    software: str = ""
    """Version that wrote the file."""


# ---------------------------------------------------------------- benchmarks


class Practitioner(Model):
    """Somebody interviewed in a published study."""

    id: str
    """As the source writes it, e.g. ``P1``."""
    role: str
    """To the letter of the source."""
    date: str = ""
    """Day of the interview, ISO 8601; empty where the source gives none."""


class CompanyBenchmark(Model):
    """What a published study says of one company: facts only."""

    company: str
    """As the source names it, e.g. ``A``."""
    domain: str
    """Line of business, to the letter of the source."""
    use_case: str
    """The use case studied, in our own words."""
    use_case_label: str = ""
    """Short label, to the letter of the source."""
    practitioners: tuple[Practitioner, ...] = ()
    """Who was interviewed."""
    practices: dict[str, bool]
    """Practice code -> present, for every code of the framework."""
    actual_stage: int | None
    """Stage that the source states for its practice; None where its text states none."""
    desired_stage: int | None
    """Stage that the source states as desired; None where its text states none."""
    stage_note: str = ""
    """Where and how the stages are stated."""
    reasons: tuple[str, ...] = ()
    """Reasons the source gives for the distance between the two, paraphrased."""


class Discrepancy(Model):
    """A place where the source's text and its table of practices do not agree."""

    place: str
    """Where in the source."""
    kind: Literal["contradiction", "tension"]
    """contradiction: the text says the opposite of the table; tension: both can hold, but not at face value."""
    companies: tuple[str, ...]
    """Companies concerned."""
    codes: tuple[str, ...]
    """Practice codes concerned."""
    quote: str
    """The text of the source, to the letter."""
    text_says: bool | None
    """What the text says of these codes at these companies (present or not); None where it says so only indirectly."""
    settled: str
    """Which of the two stands, and why."""


class Benchmark(Model):
    """Published practice profiles of several companies, to set an assessment beside."""

    id: str
    """E.g. ``john-2025-companies``."""
    version: str
    """Of our file."""
    framework: str
    """``Framework.id`` whose practice codes and stages are used."""
    title: str
    """Display title."""
    citation: str
    """Full reference of the source, with tables and sections."""
    url: str = ""
    """DOI or page of the source."""
    licence: str = ""
    """What is known of the source's licence."""
    companies: tuple[CompanyBenchmark, ...]
    """In the order of the source."""
    discrepancies: tuple[Discrepancy, ...] = ()
    """Where the source contradicts itself, place by place."""
    notes: tuple[str, ...] = ()
    """What else a reader must know."""

    def company(self, name: str) -> CompanyBenchmark:
        """The company with this name. Raises KeyError."""
        for c in self.companies:
            if c.company == name:
                return c
        raise KeyError(name)

    def concerning(self, company: str, code: str) -> tuple[Discrepancy, ...]:
        """Discrepancies that concern one cell of the table."""
        return tuple(d for d in self.discrepancies if company in d.companies and code in d.codes)
