"""What the store takes and gives beside the nouns of ``models``: organisations, interviews, runs, pages, audit events."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import Field

from assistant.models import Assessment, Evidence, EvidenceState, Model, Polarity, Role, Status

UNCHECKED: Final = "*"
"""As ``expected_last_decision``: decide whatever others did meanwhile."""


class ReviewMode(StrEnum):
    """How several reviewers work on one use case."""

    SHARED = "shared"
    """One common state; the last decision counts."""
    BLIND = "blind"
    """Each reviewer has a state of their own; the common one is what they agree on, ``unsure`` where they differ."""


class RunState(StrEnum):
    """Where a coding run stands. ``done`` is final."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Organisation(Model):
    """Whose practice is assessed."""

    id: str
    """Unique; grows with time."""
    name: str
    """Unique among organisations."""
    archived: bool = False
    """Hidden from lists unless asked for."""
    created_at: datetime
    """UTC."""


class UseCase(Model):
    """One machine-learning effort of an organisation; interviews and assessments belong to it."""

    id: str
    """Unique; grows with time."""
    organisation: str
    """``Organisation.id``."""
    name: str
    """Unique within the organisation."""
    review: ReviewMode = ReviewMode.SHARED
    """How several reviewers work on it."""
    archived: bool = False
    """Hidden from lists unless asked for."""
    created_at: datetime
    """UTC."""


class Participant(Model):
    """A person who was interviewed."""

    id: str
    """Unique; grows with time."""
    use_case: str
    """``UseCase.id``."""
    pseudonym: str
    """``P1``, ``P2`` … within the use case; never given to anybody else."""
    name: str
    """As the assessor knows them; empty once erased."""
    role: str = ""
    """Their function, e.g. ``ML engineer``."""
    created_at: datetime
    """UTC."""


class InterviewInfo(Model):
    """What is known of an interview beside its words."""

    title: str = ""
    """For lists; the transcript's name where empty."""
    held_on: str = ""
    """Date as the assessor writes it, ISO 8601 advised."""
    notes: str = ""
    """Free text."""
    participants: dict[str, str] = Field(default_factory=dict)
    """Speaker label -> ``Participant.id`` where the person is known already."""


class Interview(Model):
    """One conversation."""

    id: str
    """Unique; grows with time."""
    use_case: str
    """``UseCase.id``."""
    title: str
    """For lists; empty once erased."""
    held_on: str = ""
    """Date as given."""
    notes: str = ""
    """Free text."""
    speakers: dict[str, str] = Field(default_factory=dict)
    """Speaker label -> ``Participant.id``."""
    erased: bool = False
    """Content removed for good; see its tombstone."""
    created_at: datetime
    """UTC."""


class TranscriptInfo(Model):
    """A stored transcript without its text."""

    id: str
    """``Transcript.id``."""
    use_case: str
    """``UseCase.id``."""
    interview: str
    """``Interview.id``."""
    name: str
    """``Transcript.name``."""
    format: str
    """``Transcript.format``."""
    sha256: str
    """Of the original bytes."""
    size: int
    """Of the original, in bytes."""
    characters: int
    """Of the canonical text."""
    turns: int
    """Number of turns."""
    created_at: datetime
    """UTC."""


class AddedTranscript(Model):
    """Outcome of an upload."""

    info: TranscriptInfo
    """What is stored."""
    created: bool
    """False where the use case had it already."""


class RoleOverride(Model):
    """A person's word on who a speaker, or the speaker of one turn, is. The last one counts, a turn's before a speaker's."""

    role: Role
    """Interviewer or respondent."""
    speaker: str | None = None
    """Speaker label, for all their turns."""
    turn: int | None = None
    """``Turn.index``, for one turn."""


class Run(Model):
    """One coding of one transcript by one engine with one framework and one set of settings."""

    id: str
    """Unique; grows with time."""
    use_case: str
    """``UseCase.id``."""
    interview: str
    """``Interview.id``."""
    transcript: str
    """``Transcript.id``."""
    key: str
    """``CodingTask.key``; unique within the use case."""
    engine: str
    """Engine name."""
    engine_version: str
    """Version of code and trained heads."""
    settings: dict[str, Any]
    """Settings that change the result."""
    framework: str
    """``Framework.id``."""
    framework_hash: str
    """``Framework.hash``; the content is stored under it."""
    state: RunState
    """Where it stands."""
    attempts: int
    """How often it was begun."""
    created_at: datetime
    """UTC."""
    started_at: datetime
    """Of the last attempt, UTC."""
    finished_at: datetime | None = None
    """UTC; None while running."""
    evidence: int = 0
    """Pieces of evidence found; 0 until done."""
    rejections: int = 0
    """Proposals refused; 0 until done."""
    error: str = ""
    """Why it failed."""


class EvidenceOrder(StrEnum):
    """Order of a listing; ties by position, so that every order is total."""

    POSITION = "position"
    """Interviews as added, then place in the text."""
    SURE_FIRST = "sure"
    """Highest confidence first."""
    UNSURE_FIRST = "unsure"
    """Lowest confidence first."""
    ELEMENT = "element"
    """By element id."""


class EvidenceFilter(Model):
    """Which evidence to list; everything that is set must hold."""

    elements: tuple[str, ...] = ()
    """Any of these; all where empty."""
    transcripts: tuple[str, ...] = ()
    """Any of these ``Transcript.id``; all where empty."""
    interviews: tuple[str, ...] = ()
    """Any of these; all where empty."""
    states: tuple[EvidenceState, ...] = ()
    """Any of these; all but ``superseded`` where empty."""
    engine: str | None = None
    """The engine's name (``local``) or its full label (``local/1.0``)."""
    framework: str | None = None
    """``Framework.id``."""
    status: Status | None = None
    """current, planned, past, general."""
    polarity: Polarity | None = None
    """present or absent."""
    min_confidence: float | None = None
    """At least."""
    max_confidence: float | None = None
    """At most."""
    text: str = ""
    """Found in the quote, whatever its case."""
    ids: tuple[str, ...] | None = None
    """Only these."""
    outdated: bool | None = False
    """False: without undecided proposals that a newer run of the same engine did not repeat; True: only those; None: both."""
    reviewer: str | None = None
    """State as this reviewer decided (and nothing that another person wrote); None: the common state."""


class EvidenceItem(Model):
    """Evidence as listed: with its state and what is needed to decide on it."""

    evidence: Evidence
    """With its state."""
    interview: str
    """``Interview.id``."""
    last_decision: str | None
    """Id of the last decision (the reviewer's own where the listing is one reviewer's); give it back when deciding."""
    outdated: bool
    """An undecided proposal that a newer run of the same engine did not repeat."""
    created_at: datetime
    """UTC."""


class EvidencePage(Model):
    """One page of a listing."""

    items: tuple[EvidenceItem, ...]
    """In the order asked for."""
    next: str | None
    """Cursor of the next page; None at the end."""


class EvidenceEdit(Model):
    """Changes to a piece of evidence; what is None stays."""

    start: int | None = None
    """New first character; the quote follows the span."""
    end: int | None = None
    """New end."""
    element: str | None = None
    """``Element.id``."""
    stage_low: int | None = None
    """Lowest stage."""
    stage_high: int | None = None
    """Highest stage."""
    statement: str | None = None
    """``Statement.id``; an empty string takes the statement away."""
    polarity: Polarity | None = None
    """present or absent."""
    status: Status | None = None
    """current, planned, past, general."""
    codes: tuple[str, ...] | None = None
    """Practice codes."""


class FrozenAssessment(Model):
    """An assessment as frozen."""

    id: str
    """Unique; grows with time."""
    use_case: str
    """``UseCase.id``."""
    label: str
    """Given by whoever froze it."""
    by: str
    """Who froze it."""
    at: datetime
    """UTC."""
    hash: str
    """``Assessment.hash`` at that time."""
    redacted: bool
    """True where quotes of an erased interview were blacked out since."""
    assessment: Assessment
    """The result."""


class AuditEvent(Model):
    """One entry of the audit trail: ids and figures, never what participants said or are called."""

    id: str
    """Unique; grows with time."""
    at: datetime
    """UTC."""
    actor: str
    """Who did it."""
    kind: str
    """E.g. ``transcript.added``."""
    use_case: str | None
    """``UseCase.id``, if it concerns one."""
    interview: str | None
    """``Interview.id``, if it concerns one."""
    subject: str
    """Id of what it was done to."""
    details: dict[str, Any]
    """More, by kind."""


class Tombstone(Model):
    """What is left of an erased interview."""

    interview: str
    """``Interview.id``."""
    use_case: str
    """``UseCase.id``."""
    by: str
    """Who erased it."""
    reason: str
    """Why; must not repeat what was erased."""
    at: datetime
    """UTC."""
    removed: dict[str, int]
    """Rows removed by kind."""
    audit: str
    """``AuditEvent.id``."""
    elsewhere: tuple[str, ...] = ()
    """Interviews of other use cases that hold the same original; they are not erased."""


Problem = Literal["missing trigger", "altered transcript", "altered framework", "altered assessment", "stale state"]
"""Kinds of finding of ``Store.check``."""


class Finding(Model):
    """One thing that ``Store.check`` found wrong."""

    problem: Problem
    """Kind."""
    subject: str
    """Id or name of what is wrong."""
    remedy: str
    """What to do."""
