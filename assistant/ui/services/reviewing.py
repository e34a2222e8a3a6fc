"""Review: one piece of evidence at a time, queues, decisions, undo, many at once, and whole elements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from assistant import review
from assistant.errors import InputError, NotFoundError, StaleEditError
from assistant.models import Decision, ElementDecision, EvidenceState, Framework
from assistant.store import UNCHECKED, EvidenceEdit, EvidenceFilter, EvidenceItem, EvidenceOrder, ReviewMode, Store, UseCase
from assistant.store.base import encode_cursor
from assistant.ui.access import READ, REVIEW, WORK, User, call
from assistant.ui.services import queries
from assistant.ui.services.queries import ElementCounts

BULK = 1000
"""Most decisions in one go."""


class Waiting(StrEnum):
    """Which states a queue shows."""

    UNDECIDED = "undecided"
    UNSURE = "unsure"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    ALL = "all"


STATES: Mapping[Waiting, tuple[EvidenceState, ...]] = {
    Waiting.UNDECIDED: (EvidenceState.PROPOSED, EvidenceState.UNSURE),
    Waiting.UNSURE: (EvidenceState.UNSURE,),
    Waiting.CONFIRMED: (EvidenceState.CONFIRMED,),
    Waiting.REJECTED: (EvidenceState.REJECTED,),
    Waiting.ALL: (EvidenceState.PROPOSED, EvidenceState.UNSURE, EvidenceState.CONFIRMED, EvidenceState.REJECTED),
}


@dataclass(frozen=True)
class Queue:
    """What to look at, and in which order."""

    waiting: Waiting = Waiting.UNDECIDED
    order: EvidenceOrder = EvidenceOrder.POSITION
    dimension: str | None = None
    element: str | None = None
    transcript: str | None = None
    engine: str | None = None
    min_confidence: float = 0.0
    max_confidence: float = 1.0
    conflicts: bool = False
    """Only elements whose evidence disagrees."""


@dataclass(frozen=True)
class Left:
    """How much a queue holds."""

    waiting: int
    """In the states that the queue shows."""
    total: int
    """In any state."""


def own_view(user: User, use_case: UseCase) -> str | None:
    """Whose states count: the reviewer's own where reviewers work blind."""
    return user.name if use_case.review is ReviewMode.BLIND else None


def _filter(user: User, store: Store, use_case: str, framework: Framework, queue: Queue) -> EvidenceFilter:
    elements: tuple[str, ...] = ()
    if queue.element:
        elements = (queue.element,)
    elif queue.dimension:
        elements = tuple(e.id for d in framework.dimensions if d.id == queue.dimension for e in d.elements)
    if queue.conflicts:
        counts = queries.element_counts(store, use_case, framework, own_view(user, store.use_case(use_case)))
        disputed = {e for e, n in counts.items() if n.conflict}
        elements = tuple(e for e in (elements or tuple(sorted(disputed))) if e in disputed) or ("",)
    return EvidenceFilter(
        framework=framework.id,
        elements=elements,
        states=STATES[queue.waiting],
        transcripts=(queue.transcript,) if queue.transcript else (),
        engine=queue.engine,
        min_confidence=queue.min_confidence if queue.min_confidence > 0 else None,
        max_confidence=queue.max_confidence if queue.max_confidence < 1 else None,
        reviewer=own_view(user, store.use_case(use_case)),
    )


def _place(item: EvidenceItem, order: EvidenceOrder) -> str:
    """Cursor of an item; the item itself may have left the queue by a decision."""
    e = item.evidence
    lead = {EvidenceOrder.POSITION: [], EvidenceOrder.ELEMENT: [e.element]}.get(order, [e.confidence])
    return encode_cursor([*lead, item.interview, e.start, e.end, e.id])


@call(REVIEW)
def left(user: User, store: Store, use_case: str, framework: Framework, queue: Queue) -> Left:
    """How much the queue holds."""
    counts = store.counts(use_case, _filter(user, store, use_case, framework, queue))
    total = sum(n for state, n in counts.items() if state is not EvidenceState.SUPERSEDED)
    return Left(sum(counts[state] for state in STATES[queue.waiting]), total)


@call(REVIEW)
def item(user: User, store: Store, use_case: str, evidence: str) -> EvidenceItem:
    """One piece in whatever state. Raises NotFoundError."""
    return store.evidence_item(use_case, evidence, reviewer=own_view(user, store.use_case(use_case)))


@call(REVIEW)
def following(
    user: User, store: Store, use_case: str, framework: Framework, queue: Queue, after: EvidenceItem | None
) -> EvidenceItem | None:
    """The next piece of the queue behind ``after``, from the beginning again at the end; None where the queue holds nothing else."""
    wanted = _filter(user, store, use_case, framework, queue)
    cursors = [_place(after, queue.order), None] if after is not None else [None]
    for cursor in cursors:
        page = store.evidence(use_case, wanted, order=queue.order, cursor=cursor, limit=1)
        if page.items:
            return None if after is not None and page.items[0].evidence.id == after.evidence.id else page.items[0]
    return None


@call(REVIEW)
def preceding(user: User, store: Store, use_case: str, framework: Framework, queue: Queue, before: EvidenceItem) -> EvidenceItem | None:
    """The piece of the queue before ``before``; None at the beginning."""
    wanted = _filter(user, store, use_case, framework, queue)
    page = store.evidence(use_case, wanted, order=queue.order, cursor=_place(before, queue.order), limit=1, backwards=True)
    return page.items[0] if page.items else None


# ---------------------------------------------------------------- deciding


@call(REVIEW)
def decide(
    user: User,
    store: Store,
    use_case: str,
    evidence: str,
    action: Literal["confirm", "reject", "unsure", "edit"],
    *,
    seen: str | None = UNCHECKED,
    reason: str = "",
    edit: EvidenceEdit | None = None,
) -> Decision:
    """Adds a decision; ``seen``: the last one that the reviewer saw. Raises StaleEditError, InputError, GroundingError, NotFoundError."""
    return store.decide(use_case, evidence, action, user.name, reason=reason, edit=edit, expected_last_decision=seen)


@call(REVIEW)
def last_decisions(user: User, store: Store, use_case: str, *, limit: int = 30) -> tuple[tuple[Decision, bool], ...]:
    """The reviewer's newest decisions, newest first, and whether each can be taken back: it stands, and nothing stands on top of it."""
    taken = store.last_decisions(use_case, reviewer=user.name, limit=limit)
    stacks = _standing(user, store, use_case, {d.evidence for d in taken})
    tops = {stack[-1].id for stack in stacks.values() if stack}
    return tuple((decision, decision.id in tops) for decision in taken)


def _standing(user: User, store: Store, use_case: str, evidence: Collection[str]) -> dict[str, tuple[Decision, ...]]:
    """By evidence: the decisions that stand, oldest first; all reviewers' or, where they work blind, the user's own."""
    own = own_view(user, store.use_case(use_case))
    return review.standing(store.decisions(use_case, evidence=evidence, reviewer=own))


@call(REVIEW)
def undo(user: User, store: Store, use_case: str, evidence: str | None = None, *, decision: str = "") -> str:
    """Takes the reviewer's decision on this evidence back, or their newest one that stands; gives the evidence.

    ``decision``: the one that the reviewer saw as the last. Nobody else's is ever taken back: raises StaleEditError where another
    reviewer decided on top, or where ``decision`` is not the last any more; NotFoundError where there is none; InputError.
    """
    target = evidence if evidence is not None else _newest(user, store, use_case)
    own = own_view(user, store.use_case(use_case))
    of_it = store.decisions(use_case, evidence=target, reviewer=own)
    stack = review.standing(of_it).get(target, ())
    if not stack:
        raise InputError("nothing is decided on this evidence", remedy="an edit is taken back on the evidence that was edited")
    if stack[-1].reviewer != user.name or decision not in ("", stack[-1].id):
        who = stack[-1].reviewer if stack[-1].reviewer != user.name else "you"
        raise StaleEditError(
            f"{who} decided on this evidence after that",
            current=store.evidence_item(use_case, target, reviewer=own),
            attempted={"evidence": target, "action": "reopen", "reviewer": user.name},
            remedy="look at the present version; to change it, decide on it again",
        )
    # Somebody may still be first between here and there.
    store.undo(use_case, target, user.name, expected_last_decision=of_it[-1].id)
    return target


def _newest(user: User, store: Store, use_case: str) -> str:
    """Evidence of the reviewer's newest decision that stands, however many after it were taken back. Raises NotFoundError."""
    limit = 50
    while True:
        taken = store.last_decisions(use_case, reviewer=user.name, limit=limit)
        stacks = _standing(user, store, use_case, {d.evidence for d in taken})
        standing = {d.id for stack in stacks.values() for d in stack}
        found = next((d.evidence for d in taken if d.id in standing), None)
        if found is not None:
            return found
        if len(taken) < limit:
            raise NotFoundError("there is nothing to take back", remedy="none of your decisions here stands")
        limit *= 4


@call(REVIEW)
def bulk_preview(
    user: User, store: Store, use_case: str, framework: Framework, queue: Queue, *, limit: int = BULK
) -> tuple[EvidenceItem, ...]:
    """What a decision on the whole queue would touch: exactly these."""
    return store.evidence(use_case, _filter(user, store, use_case, framework, queue), order=queue.order, limit=limit).items


@call(REVIEW)
def bulk_confirm(user: User, store: Store, use_case: str, seen: Mapping[str, str | None], *, reason: str = "") -> int:
    """Confirms all of them or, where somebody decided on one meanwhile, none. Raises StaleEditError."""
    return len(store.decide_many(use_case, seen, "confirm", user.name, reason=reason))


@call(REVIEW)
def history(user: User, store: Store, use_case: str, evidence: str) -> tuple[Decision, ...]:
    """All decisions on one piece; where reviewers work blind, only one's own."""
    own = own_view(user, store.use_case(use_case))
    return store.decisions(use_case, evidence=evidence, reviewer=own)


@call(REVIEW)
def coders(user: User, store: Store, use_case: str) -> tuple[str, ...]:
    """Labels of all coders."""
    return queries.engines(store, use_case)


# ---------------------------------------------------------------- whole elements


@dataclass(frozen=True)
class Side:
    """Evidence of an element that speaks for one statement, or for several that it cannot tell apart."""

    statements: tuple[str, ...]
    """``Statement.id``, lowest first."""
    items: tuple[EvidenceItem, ...]


@call(READ)
def element_counts(user: User, store: Store, use_case: str, framework: Framework) -> dict[str, ElementCounts]:
    """By element: what waits, what is confirmed, where the evidence stands; the common state, which assessments are made of."""
    return queries.element_counts(store, use_case, framework)


@call(REVIEW)
def own_counts(user: User, store: Store, use_case: str, framework: Framework) -> dict[str, ElementCounts]:
    """The same as the reviewer sees it: where reviewers work blind, without what others decided or wrote."""
    return queries.element_counts(store, use_case, framework, own_view(user, store.use_case(use_case)))


@call(REVIEW)
def sides(user: User, store: Store, use_case: str, framework: Framework, element: str, *, limit: int = 200) -> tuple[Side, ...]:
    """Current evidence of an element by the statement it speaks for, lowest stage first."""
    wanted = EvidenceFilter(
        framework=framework.id,
        elements=(element,),
        states=STATES[Waiting.UNDECIDED] + STATES[Waiting.CONFIRMED],
        reviewer=own_view(user, store.use_case(use_case)),
    )
    row = framework.element(element)
    grouped: dict[tuple[str, ...], list[EvidenceItem]] = {}
    for found in store.evidence(use_case, wanted, limit=limit).items:
        e = found.evidence
        if e.status == "current":
            grouped.setdefault(queries.fitting(row, e.polarity, e.statement, e.stage_low, e.stage_high), []).append(found)
    firm = {fits[0] for fits in grouped if len(fits) == 1}
    # Evidence that fits a statement which others are on takes no side.
    taken = [fits for fits in grouped if len(fits) == 1 or firm.isdisjoint(fits)]
    order = {s.id: n for n, s in enumerate(row.statements)}
    return tuple(Side(fits, tuple(grouped[fits])) for fits in sorted(taken, key=lambda f: (order.get(f[0], -1), len(f))))


@call(READ)
def in_force(user: User, store: Store, use_case: str, framework: Framework) -> dict[str, ElementDecision]:
    """By element: the decision on it that stands."""
    return {d.element: d for d in review.elements_in_force(store.element_decisions(use_case, framework.id))}


@call(REVIEW)
def newest_element_decision(user: User, store: Store, use_case: str, framework: Framework, element: str) -> str | None:
    """Id of the newest decision on an element, standing or not: give it back when deciding."""
    of_it = [d for d in store.element_decisions(use_case, framework.id) if d.element == element]
    return of_it[-1].id if of_it else None


@call(REVIEW)
def decide_element(
    user: User,
    store: Store,
    use_case: str,
    framework: Framework,
    element: str,
    action: Literal["settle", "not_applicable", "missing_evidence", "reopen"],
    *,
    reason: str,
    statement: str | None = None,
    seen: str | None = UNCHECKED,
) -> ElementDecision:
    """Settles a conflict, takes an element out, notes missing evidence, or takes the last back. Raises StaleEditError, InputError."""
    return store.decide_element(
        use_case, framework.id, element, action, user.name, reason=reason, statement=statement, expected_last_decision=seen
    )


@call(WORK)
def set_mode(user: User, store: Store, use_case: str, mode: ReviewMode) -> UseCase:
    """Lets reviewers share one state, or work blind to each other. Raises NotFoundError."""
    return store.set_review_mode(use_case, mode, by=user.name)
