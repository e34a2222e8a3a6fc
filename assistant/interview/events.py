"""What happens in an interview, one frozen record each. The log of these is the only truth; everything else is derived from it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from assistant.models import Model, Polarity, Status

Mode = Literal["self-service", "copilot", "terminal"]
"""A respondent alone in the browser; a person interviews with the assistant beside them; a terminal or script."""
Seeks = Literal[
    "practice", "automation", "frequency", "tool", "owner", "since", "example", "agreement", "improvement", "language", "conflict"
]
"""What a probe is after; ``language`` and ``conflict`` are asked in the guide's own words."""
Purpose = Literal["wording", "reading", "recording"]
"""What a model is asked for: to word a question, to code an answer, to transcribe a recording."""


class Wording(Model):
    """Where a shown wording comes from."""

    source: Literal["guide", "model", "person"] = "guide"
    """The guide's (or framework's) own, a model's that passed the gate, or typed by the person who interviews."""
    model: str = ""
    """Model that worded it."""
    note: str = ""
    """Why the guide's own stands where a model was to word it."""


class Finding(Model):
    """What the engine read in an answer; its quote is in the answer, to the letter."""

    turn: int
    """``Turn.index`` of the answer in the transcript so far."""
    start: int
    """First character, counted from the beginning of the turn."""
    end: int
    """One past the last character."""
    quote: str
    """The slice."""
    element: str
    """``Element.id``."""
    statement: str | None
    """``Statement.id`` where exactly one fits."""
    stage_low: int
    """Lowest stage that fits."""
    stage_high: int
    """Highest stage that fits."""
    polarity: Polarity
    """present or absent."""
    status: Status
    """Only current practice counts."""
    codes: tuple[str, ...] = ()
    """Practice codes."""
    confidence: float
    """0..1."""

    @property
    def key(self) -> str:
        """The same for the same finding."""
        read = f"{self.element}:{self.polarity}:{self.status}:{self.stage_low}-{self.stage_high}:{','.join(self.codes)}"
        # The confidence belongs to it: what is said later in the conversation may change it.
        return f"{self.turn}:{self.start}-{self.end}:{read}:{self.confidence}"


class Opened(Model):
    """The interview was set up; it keeps the guide it began with."""

    kind: Literal["opened"] = "opened"
    guide: dict[str, Any]
    """The whole guide as it was."""
    framework: str
    """``Framework.id``."""
    framework_hash: str
    """``Framework.hash`` at the time."""
    mode: Mode
    """How it is conducted."""
    interviewer: str = "Interviewer"
    """Speaker label of the questions."""
    respondent: str = "Respondent"
    """Speaker label of the answers."""
    role: str = ""
    """The respondent's function, for comparing interviews."""
    budget_minutes: float
    """Time that it should take."""
    focus: tuple[str, ...] = ()
    """Elements that a follow-up is to settle; empty: all."""
    verbatim: bool = True
    """False: answers are a person's notes, not the respondent's words."""


class Consented(Model):
    """The respondent agreed, before the first question."""

    kind: Literal["consented"] = "consented"
    version: str
    """Of the consent text."""
    text: str
    """What was agreed to, to the letter."""
    recipient: str = ""
    """Endpoint that sees answers; empty: nothing leaves the machine."""
    model: str = ""
    """Model that sees answers, to word questions."""
    reading_recipient: str = ""
    """Endpoint that codes answers, as they come or later; empty: none may."""
    reading_model: str = ""
    """Model that codes answers."""
    speech_recipient: str = ""
    """Endpoint that hears recordings; empty: none may be made."""
    speech_model: str = ""
    """Model that hears recordings."""
    redacted: bool = True
    """Whether known names, addresses and numbers are replaced before anything is sent; where it is not on record: they must be."""


class Declined(Model):
    """The respondent did not agree: nothing is asked."""

    kind: Literal["declined"] = "declined"


class Asked(Model):
    """A question of the guide was shown."""

    kind: Literal["asked"] = "asked"
    item: str
    """``Item.key``; ``closing`` for the last question; ``own`` for one that the interviewer made up."""
    text: str
    """As shown."""
    wording: Wording = Wording()
    """Where the text comes from."""


class Probed(Model):
    """A follow-up question was shown."""

    kind: Literal["probed"] = "probed"
    item: str
    """Question it follows up."""
    element: str
    """Element whose detail is sought; empty for a language or general probe."""
    seeks: Seeks
    """The detail."""
    type: Literal["descriptive", "idiographic", "clarifying", "explanatory"]
    """Kind of probe."""
    probe: str
    """Which prewritten probe it stands for: never asked twice."""
    text: str
    """As shown."""
    wording: Wording = Wording()
    """Where the text comes from."""


class Offered(Model):
    """What was said in passing was offered for confirmation."""

    kind: Literal["offered"] = "offered"
    element: str
    """Element concerned."""
    text: str
    """As shown, with the respondent's own words."""
    quote: str
    """Those words."""


class Answered(Model):
    """What the respondent said, to the letter."""

    kind: Literal["answered"] = "answered"
    to: int
    """``seq`` of what was asked."""
    text: str
    """Never changed, escaped or trimmed."""


class Coded(Model):
    """What the engine now reads in the conversation, as a change to what it read before."""

    kind: Literal["coded"] = "coded"
    upto: int
    """``seq`` of the last answer taken in."""
    engine: str
    """Coder and version."""
    added: tuple[Finding, ...] = ()
    """New findings."""
    removed: tuple[str, ...] = ()
    """Keys of findings that no longer stand."""


class Confirmed(Model):
    """What came of an offer."""

    kind: Literal["confirmed"] = "confirmed"
    to: int
    """``seq`` of the offer."""
    element: str
    """Element concerned."""
    outcome: Literal["confirmed", "corrected"]
    """corrected: the answer says something else, which was coded like any answer."""


class Skipped(Model):
    """The respondent passed over the question; not a refusal, not a stop."""

    kind: Literal["skipped"] = "skipped"
    to: int
    """``seq`` of what was asked."""


class Refused(Model):
    """The respondent does not want to speak of this: it is not asked again in any form."""

    kind: Literal["refused"] = "refused"
    to: int
    """``seq`` of what was asked."""


class PutAside(Model):
    """The person who interviews chose another question; this one was not spoken."""

    kind: Literal["put_aside"] = "put_aside"
    to: int
    """``seq`` of what was shown."""


class Paused(Model):
    """The clock stands still."""

    kind: Literal["paused"] = "paused"


class Resumed(Model):
    """The clock goes on, at the pending question."""

    kind: Literal["resumed"] = "resumed"


class Stopped(Model):
    """The interview is over."""

    kind: Literal["stopped"] = "stopped"
    reason: Literal["finished", "respondent", "interviewer"]
    """finished: the closing question was reached; else who ended it."""


class Sent(Model):
    """Something is about to leave the machine."""

    kind: Literal["sent"] = "sent"
    purpose: Purpose = "wording"
    """What it is for."""
    recipient: str
    """Endpoint."""
    model: str
    """Model asked."""
    prompt: str
    """Hash of the prompt file."""
    text: str
    """What leaves, to the letter."""


class WordingRejected(Model):
    """A model's wording did not pass the gate and was never shown."""

    kind: Literal["wording_rejected"] = "wording_rejected"
    text: str
    """The wording, cut where it was too long."""
    reasons: tuple[str, ...]
    """What spoke against it."""


class ModelFailed(Model):
    """A model did not answer."""

    kind: Literal["model_failed"] = "model_failed"
    purpose: Purpose = "wording"
    """What it was asked for."""
    reason: str
    """Why, in a sentence."""


Body = Annotated[
    Opened | Consented | Declined | Asked | Probed | Offered | Answered | Coded | Confirmed | Skipped | Refused | PutAside | Paused
    | Resumed | Stopped | Sent | WordingRejected | ModelFailed,
    Field(discriminator="kind"),
]  # fmt: skip
"""Any of the above."""
BODY: TypeAdapter[Body] = TypeAdapter(Body)
"""Reads a stored body."""
SHOWN = (Asked, Probed, Offered)
"""What a respondent sees and answers."""


class Event(Model):
    """One entry of the log."""

    seq: int = Field(ge=1)
    """Position, from 1, without gaps."""
    at: datetime
    """UTC."""
    by: str
    """Who caused it: a name, ``respondent``, or ``assistant``."""
    body: Body
    """What happened."""
