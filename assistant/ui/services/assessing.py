"""Assessments: live and frozen, their trace, comparison, what-if, and reports to download."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from assistant import __version__
from assistant.errors import AssistantError, InputError, StaleEditError
from assistant.models import (
    Assessment,
    AssessmentFile,
    Benchmark,
    Decision,
    Element,
    ElementRating,
    Evidence,
    Framework,
    PolicyResult,
    RatingStatus,
    TranscriptRef,
)
from assistant.pipeline import Accept, accepted
from assistant.report import render_html, render_json, render_markdown
from assistant.scoring import counts, score, verify, what_if
from assistant.store import FrozenAssessment, Store
from assistant.ui.access import READ, WORK, User, call
from assistant.ui.services import queries
from assistant.ui.services.queries import FrozenLine

Kind = Literal["html", "md", "json"]
RENDER = {"html": render_html, "md": render_markdown, "json": render_json}


@call(READ)
def assess(user: User, store: Store, use_case: str, framework: Framework, accept: Accept, policy: str | None = None) -> Assessment:
    """The assessment as it stands, without the texts (60 of them take longer than the scoring). Raises EvidenceError, NotFoundError."""
    refs = [TranscriptRef(id=t.id, name=t.name, sha256=t.sha256) for t in store.transcripts(use_case)]
    evidence = accepted(store.current_evidence(use_case, framework=framework.id), accept)
    decisions = store.element_decisions(use_case, framework.id)
    return score(framework, evidence, transcripts=refs, element_decisions=decisions, policy=policy, draft=accept == "all")


@call(READ)
def simulate(user: User, framework: Framework, assessment: Assessment, statements: Mapping[str, str]) -> PolicyResult:
    """Result if these elements stood on these statements. Raises EvidenceError."""
    return what_if(framework, assessment.elements, framework.policy(assessment.policy), statements)


@call(WORK)
def freeze(user: User, store: Store, use_case: str, framework: Framework, assessment: Assessment, label: str) -> FrozenAssessment:
    """Keeps an assessment for good, as it was seen.

    Raises InputError without a label, or for a draft nobody reviewed; StaleEditError where it is another by now.
    """
    if not label.strip():
        raise InputError("the frozen assessment has no name", remedy="give it one, e.g. the month and the occasion")
    if assessment.draft:
        raise InputError("a draft that nobody reviewed cannot be frozen", remedy="review the evidence, then freeze what is confirmed")
    with store.unit():
        present = assess(user, store, use_case, framework, "confirmed", assessment.policy)
        if present.hash != assessment.hash:
            raise StaleEditError(
                "somebody decided on evidence since this result was drawn, so it was not frozen",
                current=present, attempted=assessment, remedy="look at the result as it is now, then freeze it",
            )  # fmt: skip
        return store.freeze_assessment(use_case, assessment, framework, by=user.name, label=label.strip())


@call(READ)
def frozen(user: User, store: Store, use_case: str) -> tuple[FrozenLine, ...]:
    """Frozen assessments, newest first."""
    return queries.frozen(store, use_case)


@call(READ)
def open_frozen(user: User, store: Store, assessment: str) -> tuple[FrozenAssessment, Framework, bool]:
    """A frozen assessment, the framework that it was made with, and whether it recomputes to the byte. Raises NotFoundError."""
    found = store.assessment(assessment)
    framework = store.framework(found.assessment.framework_hash)
    return found, framework, found.redacted or verify(framework, found.assessment)


@call(READ)
def with_transcripts(user: User, store: Store, use_case: str, assessment: Assessment) -> AssessmentFile:
    """An assessment with the texts that its quotes point into. Raises NotFoundError where one was erased."""
    texts = tuple(store.transcript(use_case, ref.id) for ref in assessment.transcripts)
    return AssessmentFile(assessment=assessment, transcripts=texts, rejections=tuple(store.rejections(use_case)), software=__version__)


@call(READ)
def report(
    user: User, file: AssessmentFile, framework: Framework, kind: Kind, *, companies: Benchmark | None = None, names: bool = False
) -> str:
    """A report as text; a reader never gets names. Raises GroundingError, EvidenceError."""
    return RENDER[kind](file, framework, companies=companies, names=names and user.role in WORK)


# ---------------------------------------------------------------- what is unknown


@dataclass(frozen=True)
class Open:
    """An element that is not settled, and what to ask."""

    element: Element
    rating: ElementRating
    question: str
    waiting: int
    """Evidence that waits for a decision: looking at it may settle it without asking."""
    moves: bool
    """Whether one decision on it would move the headline."""


def unknowns(framework: Framework, assessment: Assessment) -> tuple[Open, ...]:
    """Unknown and unplaced elements: first those whose evidence waits, then in framework order."""
    moving = {s.element for s in assessment.sensitivity}
    waiting: dict[str, int] = {}
    for e in assessment.evidence:
        if e.state in ("proposed", "unsure") and e.status == "current":
            waiting[e.element] = waiting.get(e.element, 0) + 1
    found = []
    for element in framework.elements:
        rating = assessment.rating(element.id)
        if rating.status not in (RatingStatus.UNKNOWN, RatingStatus.UNPLACED):
            continue
        seeks = ("practice",) if rating.status is RatingStatus.UNKNOWN else ("automation", "frequency", "example")
        probe = next((p for p in element.probes if p.seeks in seeks), element.probes[0] if element.probes else None)
        question = probe.text if probe else f"How do you handle {element.name.lower()} today?"
        found.append(Open(element, rating, question, waiting.get(element.id, 0), element.id in moving))
    return tuple(sorted(found, key=lambda o: (not o.moves, -bool(o.waiting))))


# ---------------------------------------------------------------- comparing two


@dataclass(frozen=True)
class Cause:
    """One reason for a change."""

    what: str
    """In our own words."""
    quote: str = ""
    """What was said, if it is about evidence."""
    evidence: str = ""
    """``Evidence.id``."""
    by: str = ""
    """Who decided, if somebody did."""


@dataclass(frozen=True)
class Change:
    """An element whose rating differs between two assessments."""

    element: str
    before: ElementRating
    after: ElementRating
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class Comparison:
    """Two assessments side by side."""

    before: Assessment
    after: Assessment
    changes: tuple[Change, ...]
    general: tuple[str, ...]
    """What else differs: framework, policy, transcripts."""


@call(READ)
def compare(user: User, store: Store, use_case: str, before: Assessment, after: Assessment) -> Comparison:
    """Every rating that changed, with the evidence and the decisions behind it. Raises AssistantError for two of different frameworks."""
    if before.framework != after.framework:
        raise AssistantError("these two are of different frameworks", remedy="compare two of one framework")
    old = {e.id: e for e in before.evidence if counts(e)}
    new = {e.id: e for e in after.evidence if counts(e)}
    touched = set(old) ^ set(new)
    decisions: dict[str, list[Decision]] = {}
    for decision in store.decisions(use_case) if touched else ():
        for about in {decision.evidence, str((decision.after or {}).get("id", ""))} & touched:
            decisions.setdefault(about, []).append(decision)
    ratings = {r.element: r for r in before.elements}
    changes = []
    for rating in after.elements:
        was = ratings.get(rating.element)
        if was is None or (was.status, was.stage, was.low, was.high, was.statement) == (
            rating.status, rating.stage, rating.low, rating.high, rating.statement,
        ):  # fmt: skip
            continue
        causes = (*_evidence_causes(rating.element, old, new, before, after, decisions), *_element_causes(rating.element, before, after))
        changes.append(Change(rating.element, was, rating, causes))
    return Comparison(before, after, tuple(changes), tuple(_general(before, after)))


def _evidence_causes(
    element: str,
    old: Mapping[str, Evidence],
    new: Mapping[str, Evidence],
    before: Assessment,
    after: Assessment,
    decisions: Mapping[str, list[Decision]],
) -> Iterable[Cause]:
    known_before = {e.id: e for e in before.evidence}
    states_after = {e.id: e.state.value for e in after.evidence}
    for e in new.values():
        if e.element == element and e.id not in old:
            last = decisions.get(e.id, [])[-1:]
            how = "new evidence" if e.id not in known_before else "evidence that had not counted"
            yield Cause(f"{how}, {_done(last, 'confirmed')}", e.quote, e.id, last[0].reviewer if last else "")
    for e in old.values():
        if e.element == element and e.id not in new:
            last = decisions.get(e.id, [])[-1:]
            state = states_after.get(e.id)
            yield Cause(
                f"evidence no longer counts: {_done(last, state or 'not there any more')}", e.quote, e.id, last[0].reviewer if last else ""
            )


_WORDS = {"confirm": "confirmed", "reject": "rejected", "unsure": "set to unsure", "reopen": "decision taken back", "edit": "edited"}


def _done(last: list[Decision], otherwise: str) -> str:
    if not last:
        return otherwise
    reason = f" ({last[0].reason})" if last[0].reason else ""
    return f"{_WORDS[last[0].action]}{reason}"


def _element_causes(element: str, before: Assessment, after: Assessment) -> Iterable[Cause]:
    was = next((d for d in before.element_decisions if d.element == element), None)
    now = next((d for d in after.element_decisions if d.element == element), None)
    if was != now:
        if was is not None:
            yield Cause(f"decision on the element lifted: {was.action.replace('_', ' ')} ({was.reason})", by=was.reviewer)
        if now is not None:
            yield Cause(f"decision on the element: {now.action.replace('_', ' ')} ({now.reason})", by=now.reviewer)


def _general(before: Assessment, after: Assessment) -> Iterable[str]:
    if before.framework_hash != after.framework_hash and before.framework_version == after.framework_version:
        yield f"The texts of {after.framework} {after.framework_version} were corrected between the two."
    elif before.framework_hash != after.framework_hash:
        yield f"The framework differs: {before.framework} {before.framework_version} and {after.framework} {after.framework_version}."
    if before.policy != after.policy:
        yield f"The headline policy differs: {before.policy} and {after.policy}."
    old, new = {t.id: t.name for t in before.transcripts}, {t.id: t.name for t in after.transcripts}
    for added in sorted(set(new) - set(old)):
        yield f"Transcript added: {new[added]}"
    for gone in sorted(set(old) - set(new)):
        yield f"Transcript no longer there: {old[gone]}"
