"""The interviews of a use case together: what each role was asked, what is known, who contradicts whom, what to ask whom next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import Field

from assistant.interview.details import does_not_know
from assistant.interview.events import Finding, Offered
from assistant.interview.ledger import ElementStatus, Ledger
from assistant.models import Framework, Model

_AREAS: Final[Mapping[str, tuple[str, ...]]] = {
    "data": ("data", "steward", "privacy", "governance", "analytics engineer"),
    "model": ("scientist", "researcher", "model", "statistic", "machine learning", "ml "),
    "deployment": ("engineer", "devops", "mlops", "software", "release", "developer", "platform"),
    "operations": ("operations", "mlops", "devops", "platform", "infrastructure", "sre", "reliability", "engineer"),
    "organisation": ("lead", "manager", "head", "director", "product", "owner", "business", "chief", "officer"),
}
"""Words of a role's name that speak for knowing a dimension; a hint for whom to ask, nothing else depends on it."""


class Voice(Model):
    """One respondent's view of one element."""

    interview: str
    """``Interview.id``."""
    respondent: str
    """Speaker label."""
    role: str
    """Function, as given."""
    status: ElementStatus
    """What their interview leaves known."""
    asked: int = Field(ge=0)
    """Questions and probes toward it."""
    refused: bool = False
    """They do not want to speak of it."""
    statements: tuple[str, ...] = ()
    """Statements that their words fit."""
    stages: tuple[int, int] | None = None
    """Lowest and highest stage that their current words fit."""
    quote: str = ""
    """The words that say most."""


class Merged(Model):
    """One element across interviews."""

    element: str
    """``Element.id``."""
    status: ElementStatus
    """Best of what the interviews leave known; conflict where statements differ within or between them."""
    voices: tuple[Voice, ...]
    """Everybody who was asked or said something."""
    contradicts: bool = False
    """Respondents differ from each other."""


class AskNext(Model):
    """What to ask whom."""

    element: str
    """What is open."""
    why: str
    """Unknown, unplaced or contradicting, in words."""
    whom: tuple[str, ...]
    """Respondents of this use case who seem to know, best first; empty: somebody new."""
    role: str
    """Name of the dimension whose people would know."""
    question: str
    """A question of the guide toward it that nobody was asked yet; empty: all were."""


class Asked(Model):
    """What one respondent was asked."""

    interview: str
    """``Interview.id``."""
    respondent: str
    """Speaker label."""
    role: str
    """Function."""
    items: tuple[str, ...]
    """Questions of the guide, by ``Item.key``."""
    questions: tuple[str, ...] = ()
    """The same as they are worded."""
    answered: int = Field(ge=0)
    """Of all shown, those with an answer."""
    unknowing: int = Field(ge=0)
    """Answers that say they do not know."""
    minutes: float = Field(ge=0)
    """Active minutes."""


class Across(Model):
    """The use case as its interviews leave it."""

    asked: tuple[Asked, ...]
    """One an interview."""
    elements: tuple[Merged, ...]
    """In the order of the framework."""
    next: tuple[AskNext, ...]
    """What is open, contradictions first."""

    @property
    def focus(self) -> tuple[str, ...]:
        """Elements that a follow-up interview is to settle (``Setup.focus``)."""
        return tuple(n.element for n in self.next)


def across(ledgers: Mapping[str, Ledger], framework: Framework) -> Across:
    """What the interviews (by id) say together. Pure."""
    elements = tuple(_merged(e.id, ledgers) for e in framework.elements)
    by_id = {m.element: m for m in elements}
    asked = tuple(_asked(name, ledger) for name, ledger in ledgers.items())
    open_ = [m for m in elements if m.contradicts or m.status != "settled"]
    open_.sort(key=lambda m: (not m.contradicts, m.status == "conflict", m.status != "unplaced"))
    return Across(asked=asked, elements=elements, next=tuple(_next(by_id[m.element], ledgers, framework) for m in open_))


def _asked(name: str, ledger: Ledger) -> Asked:
    known = ledger.guide.by_key
    items = dict.fromkeys(x.body.item for x in ledger.exchanges if not isinstance(x.body, Offered) and x.body.item in known)
    replies = ledger.answers
    return Asked(
        interview=name, respondent=ledger.opened.respondent, role=ledger.opened.role, items=tuple(items), answered=len(replies),
        questions=tuple(known[i].text for i in items),
        unknowing=sum(does_not_know(r) for r in replies), minutes=round(ledger.minutes, 2),
    )  # fmt: skip


def _merged(element: str, ledgers: Mapping[str, Ledger]) -> Merged:
    voices = [v for name, ledger in ledgers.items() if (v := _voice(element, name, ledger)) is not None]
    known = {v.status for v in voices}
    placed = [frozenset(v.statements) for v in voices if v.statements]
    contradicts = any(not a & b for n, a in enumerate(placed) for b in placed[n + 1 :])
    order: Sequence[ElementStatus] = ("settled", "conflict", "unplaced", "mentioned", "unknown")
    status: ElementStatus = next((s for s in order if s in known), "unknown")
    return Merged(element=element, status="conflict" if contradicts else status, voices=tuple(voices), contradicts=contradicts)


def _voice(element: str, name: str, ledger: Ledger) -> Voice | None:
    c = ledger.coverage.get(element)
    if c is None or (not c.asked and not c.findings and c.status == "unknown"):
        return None
    strongest: Finding | None = max(c.findings, key=lambda f: (f.statement is not None, f.confidence), default=None)
    stages = (min(f.stage_low for f in c.findings), max(f.stage_high for f in c.findings)) if c.findings else None
    return Voice(
        interview=name, respondent=ledger.opened.respondent, role=ledger.opened.role, status=c.status, asked=c.asked, refused=c.refused,
        statements=c.statements, stages=stages, quote=strongest.quote if strongest else "",
    )  # fmt: skip


def _next(merged: Merged, ledgers: Mapping[str, Ledger], framework: Framework) -> AskNext:
    dimension = framework.dimension_of(merged.element)
    hints = _AREAS.get(dimension.id, ())
    willing = [v for v in merged.voices if not v.refused]
    # Who spoke of it first; then whoever's role sounds like it.
    ranked = sorted(willing, key=lambda v: (v.status in ("unknown", "mentioned"), not any(h in v.role.casefold() for h in hints)))
    spoken = [v.respondent for v in ranked if v.status not in ("unknown", "mentioned")]
    others = [led.opened.respondent for led in ledgers.values() if any(h in f"{led.opened.role.casefold()} " for h in hints)]
    whom = tuple(dict.fromkeys([*spoken, *others])) if merged.contradicts or spoken else tuple(dict.fromkeys(others))
    return AskNext(
        element=merged.element, why=_why(merged), whom=whom, role=dimension.name, question=_open_question(merged.element, ledgers)
    )


def _why(merged: Merged) -> str:
    if merged.contradicts:
        said = [f"{v.respondent}: “{v.quote}”" for v in merged.voices if v.statements]
        return "respondents differ: " + "; ".join(said)
    if merged.status == "conflict":
        return "one respondent's statements differ"
    if merged.status == "unplaced":
        return "there is a practice, but how it is carried out was not said"
    if any(v.refused for v in merged.voices):
        return "a respondent did not want to speak of it"
    return "asked, but nothing of present practice was said" if merged.voices else "nobody was asked"


def _open_question(element: str, ledgers: Mapping[str, Ledger]) -> str:
    """The first question of the guides toward it that no interview has reached."""
    for ledger in ledgers.values():
        for item in ledger.guide.items:
            if element in item.elements and not item.part.follows and all(_unreached(item.key, one) for one in ledgers.values()):
                return item.text
    return ""


def _unreached(item: str, ledger: Ledger) -> bool:
    entry = ledger.entries.get(item)
    return entry is None or entry.status == "not reached"
