"""What review has made of evidence, and how far coders agree. Pure: no I/O, no clock.

Edge cases first:

- No decision: ``proposed``. Decisions apply in order of time (ties by id), whatever the order they are given in.
- ``reopen`` takes the last standing decision back; with nothing to take back it does nothing.
- An ``edit`` supersedes the evidence and confirms its product, as long as it is the last standing decision. The product may be
  given along with the evidence or not; taken back, it is ``superseded`` unless somebody decided on it directly.
- Decisions on evidence that is not given are ignored.
- Several blind reviewers: the common state is theirs where all who decided agree, else ``unsure``.
- Agreement that is not defined is None, never 0: F1 with nothing coded by either; kappa and alpha where nobody coded anything, or
  where all labels are equal (chance would agree always); stage IoU without matching pairs. F1 with one coder empty is 0.
- Text that nobody coded is no unit: two coders do not agree because both passed over the small talk.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import combinations
from typing import Any, Final, NamedTuple

from assistant.models import Decision, ElementDecision, Evidence, EvidenceState, Model, Status

OVERLAP: Final = 0.3
"""Two spans match when they share at least this part of the shorter one (the codebook's rule)."""

_STATE_OF: Final = {
    "confirm": EvidenceState.CONFIRMED,
    "reject": EvidenceState.REJECTED,
    "unsure": EvidenceState.UNSURE,
    "edit": EvidenceState.SUPERSEDED,
}

# ---------------------------------------------------------------- folding decisions


def in_order(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Decisions in the order in which they were taken."""
    return tuple(sorted(decisions, key=lambda d: (d.at, d.id)))


def standing(decisions: Iterable[Decision]) -> dict[str, tuple[Decision, ...]]:
    """By evidence id: the decisions that no ``reopen`` took back, oldest first; empty where all were."""
    stacks: dict[str, list[Decision]] = {}
    for decision in in_order(decisions):
        stack = stacks.setdefault(decision.evidence, [])
        if decision.action != "reopen":
            stack.append(decision)
        elif stack:
            stack.pop()
    return {evidence: tuple(stack) for evidence, stack in stacks.items()}


def product_of(decision: Decision) -> str | None:
    """Id of the evidence that an edit made; None for other actions."""
    return str(decision.after["id"]) if decision.action == "edit" and decision.after else None


def states(evidence: Iterable[str], decisions: Iterable[Decision]) -> dict[str, EvidenceState]:
    """State of each evidence id; all decisions count as one series."""
    decisions = tuple(decisions)
    stacks = standing(decisions)
    products = {product for d in decisions if (product := product_of(d))}
    incoming: dict[str, list[Decision]] = defaultdict(list)
    for stack in stacks.values():
        if stack and (product := product_of(stack[-1])):
            incoming[product].append(stack[-1])
    return {e: _state(e, stacks.get(e, ())[-1:], incoming[e], made=e in products) for e in evidence}


def _state(evidence: str, own: Sequence[Decision], incoming: Sequence[Decision], *, made: bool) -> EvidenceState:
    """State from the last standing decision on it and the standing edits that made it."""
    line = in_order((*own, *incoming))
    if line:
        last = line[-1]
        return EvidenceState.CONFIRMED if last.evidence != evidence else _STATE_OF[last.action]
    return EvidenceState.SUPERSEDED if made else EvidenceState.PROPOSED


def states_by_reviewer(evidence: Iterable[str], decisions: Iterable[Decision]) -> dict[str, dict[str, EvidenceState]]:
    """Reviewer -> state of each evidence id as that reviewer alone decided."""
    evidence = tuple(evidence)
    own: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        own[decision.reviewer].append(decision)
    return {reviewer: states(evidence, theirs) for reviewer, theirs in sorted(own.items())}


def blind_states(evidence: Iterable[str], decisions: Iterable[Decision]) -> dict[str, EvidenceState]:
    """Common state of each evidence id where reviewers work blind: what all who decided agree on, else ``unsure``.

    The product of an edit counts as confirmed only once the edit is undisputed.
    """
    evidence = tuple(evidence)
    decisions = tuple(decisions)
    every = tuple(dict.fromkeys((*evidence, *(d.evidence for d in decisions))))
    by_reviewer = states_by_reviewer(every, decisions)
    products = {product for d in decisions if (product := product_of(d))}
    common: dict[str, EvidenceState] = {}
    for e in every:
        found = {own[e] for own in by_reviewer.values()} - {EvidenceState.PROPOSED}
        if len(found) > 1 and e in products:
            found.discard(EvidenceState.SUPERSEDED)
        common[e] = found.pop() if len(found) == 1 else EvidenceState.UNSURE if found else EvidenceState.PROPOSED
    for d in decisions:
        product = product_of(d)
        disputed = common[d.evidence] is EvidenceState.UNSURE
        if product in common and disputed and common[product] is EvidenceState.CONFIRMED:
            common[product] = EvidenceState.UNSURE
    return {e: common[e] for e in evidence}


def fold(evidence: Iterable[Evidence], decisions: Iterable[Decision], *, blind: bool = False) -> tuple[Evidence, ...]:
    """The evidence as it stands: states set, products of standing edits added behind their originals where they were not given.

    ``blind`` combines the reviewers' own states instead of taking the last decision. Superseded evidence stays in the result.
    """
    decisions = tuple(decisions)
    given = {e.id: e for e in evidence}
    for decision in in_order(decisions):
        product = product_of(decision)
        original = given.get(decision.evidence)
        if product and product not in given and original is not None:
            given[product] = apply_edit(original, decision)
    found = (blind_states if blind else states)(given, decisions)
    ordered = sorted(given.values(), key=lambda e: (e.transcript, e.start, e.end, e.element, e.id))
    return tuple(e if e.state is found[e.id] else e.model_copy(update={"state": found[e.id]}) for e in ordered)


def apply_edit(original: Evidence, decision: Decision) -> Evidence:
    """What an edit made of ``original``. Raises pydantic's ValidationError where its fields do not fit together."""
    plain: dict[str, Any] = original.model_dump(mode="json") | (decision.after or {})
    return Evidence.model_validate(plain | {"state": EvidenceState.CONFIRMED})


def elements_in_force(decisions: Iterable[ElementDecision]) -> tuple[ElementDecision, ...]:
    """The decision in force on each element, in order of element; ``reopen`` takes the last one back.

    A remark that evidence is missing does not lift a decision made before it; it is in force where it stands alone.
    """
    stacks: dict[str, list[ElementDecision]] = defaultdict(list)
    # Decisions without a time (made in memory) keep the order in which they are given.
    for decision in sorted(decisions, key=lambda d: (d.at.timestamp(), d.id) if d.at else (0.0, "")):
        stack = stacks[decision.element]
        if decision.action != "reopen":
            stack.append(decision)
        elif stack:
            stack.pop()
    setting = {element: [d for d in stack if d.action != "missing_evidence"] or stack for element, stack in stacks.items()}
    return tuple(stack[-1] for _, stack in sorted(setting.items()) if stack)


# ---------------------------------------------------------------- what to look at next


class QueueOrder(StrEnum):
    """Order of a review queue."""

    POSITION = "position"
    """Transcript, then place in the text."""
    ELEMENT = "element"
    """Framework order, then place."""
    UNSURE_FIRST = "unsure first"
    """Lowest confidence first: where a look is worth most."""
    SURE_FIRST = "sure first"
    """Highest confidence first: quickest to work through."""
    CONFLICT = "conflict"
    """Elements whose evidence disagrees first."""


def conflicting(evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """Elements whose current evidence (proposed, unsure or confirmed) fits different statements, or both is and is not; sorted."""
    places: dict[str, set[str]] = defaultdict(set)
    out = (EvidenceState.REJECTED, EvidenceState.SUPERSEDED)
    for e in evidence:
        if e.status is Status.CURRENT and e.state not in out:
            place = "absent" if e.polarity == "absent" else e.statement
            if place:
                places[e.element].add(place)
    return tuple(sorted(element for element, found in places.items() if len(found) > 1))


def queue(
    evidence: Iterable[Evidence],
    *,
    order: QueueOrder = QueueOrder.POSITION,
    elements: Sequence[str] = (),
    wanted: Collection[EvidenceState] = (EvidenceState.PROPOSED, EvidenceState.UNSURE),
) -> tuple[Evidence, ...]:
    """Evidence that waits for a decision (state in ``wanted``), never decided before unsure, in ``order``; ties by place.

    ``elements`` gives the framework's order; elements that it lacks come last, by id.
    """
    given = tuple(evidence)
    rank = {element: place for place, element in enumerate(elements)}
    in_conflict = set(conflicting(given)) if order is QueueOrder.CONFLICT else set()

    def key(e: Evidence) -> tuple[Any, ...]:
        place = (e.transcript, e.start, e.end, e.id)
        element = (rank.get(e.element, len(rank)), e.element)
        first: tuple[Any, ...] = {
            QueueOrder.POSITION: (),
            QueueOrder.ELEMENT: element,
            QueueOrder.UNSURE_FIRST: (e.confidence,),
            QueueOrder.SURE_FIRST: (-e.confidence,),
            QueueOrder.CONFLICT: (e.element not in in_conflict, *element),
        }[order]
        return (e.state is not EvidenceState.PROPOSED, *first, *place)

    return tuple(sorted((e for e in given if e.state in wanted), key=key))


# ---------------------------------------------------------------- agreement between coders


class Unit(NamedTuple):
    """One sentence: the unit on which coders are compared."""

    transcript: str
    """``Transcript.id``."""
    start: int
    """First character."""
    end: int
    """One past the last."""


def share(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Part of the shorter span that both have in common, 0..1."""
    shorter = min(a[1] - a[0], b[1] - b[0])
    return max(0, min(a[1], b[1]) - max(a[0], b[0])) / shorter if shorter > 0 else 0.0


def matches(a: Evidence, b: Evidence) -> bool:
    """Same transcript, same element, and spans that share enough."""
    return a.transcript == b.transcript and a.element == b.element and share((a.start, a.end), (b.start, b.end)) >= OVERLAP


def pairs(a: Iterable[Evidence], b: Iterable[Evidence]) -> tuple[tuple[Evidence, Evidence], ...]:
    """All matching pairs of two codings."""
    there: dict[tuple[str, str], list[Evidence]] = defaultdict(list)
    for y in b:
        there[y.transcript, y.element].append(y)
    return tuple((x, y) for x in a for y in there.get((x.transcript, x.element), ()) if matches(x, y))


def f1(a: Collection[Evidence], b: Collection[Evidence]) -> float | None:
    """F1 of one coding against the other, on spans; None where both are empty."""
    if not a and not b:
        return None
    found = pairs(a, b)
    precision = len({x.id for x, _ in found}) / len(a) if a else 0.0
    recall = len({y.id for _, y in found}) / len(b) if b else 0.0
    return 2 * precision * recall / (precision + recall) if found else 0.0


def stage_iou(a: Iterable[Evidence], b: Iterable[Evidence]) -> float | None:
    """Mean over matching pairs of stages in both ranges / stages from the lowest to the highest; None without pairs."""
    found = pairs(a, b)
    return sum(_range_iou(x, y) for x, y in found) / len(found) if found else None


def _range_iou(x: Evidence, y: Evidence) -> float:
    shared = min(x.stage_high, y.stage_high) - max(x.stage_low, y.stage_low) + 1
    return max(shared, 0) / (max(x.stage_high, y.stage_high) - min(x.stage_low, y.stage_low) + 1)


def cohen_kappa(a: Sequence[Hashable], b: Sequence[Hashable]) -> float | None:
    """Agreement of two coders on the same units beyond chance; None without units or where chance would agree always.

    Raises ValueError for lists of different length.
    """
    if len(a) != len(b):
        raise ValueError(f"two coders must label the same units: {len(a)} and {len(b)} labels")
    n = len(a)
    left, right = Counter(a), Counter(b)
    chance = sum(left[label] * right[label] for label in left)
    if n == 0 or chance == n * n:
        return None
    observed = sum(x == y for x, y in zip(a, b, strict=True)) / n
    expected = chance / (n * n)
    return (observed - expected) / (1 - expected)


def krippendorff_alpha(units: Iterable[Sequence[Hashable | None]]) -> float | None:
    """Nominal alpha over units, each with one label a coder (None: not coded by that one).

    Units with fewer than two labels pair nothing and are left out; None where nothing is left, or all labels are equal.
    """
    disagreement = 0.0
    totals: Counter[Hashable] = Counter()
    for unit in units:
        labels = Counter(label for label in unit if label is not None)
        m = labels.total()
        if m < 2:
            continue
        totals.update(labels)
        disagreement += (m * m - sum(count * count for count in labels.values())) / (m - 1)
    n = totals.total()
    expected = n * n - sum(count * count for count in totals.values())
    return 1 - (n - 1) * disagreement / expected if expected else None


class PairAgreement(Model):
    """Two coders compared."""

    a: str
    """One coder."""
    b: str
    """The other."""
    f1: float | None
    """On spans, 0..1."""
    stage_iou: float | None
    """On stage ranges of matching spans, 0..1."""
    matched: int
    """Matching pairs of spans."""
    kappa: dict[str, float | None]
    """Cohen's kappa by element, on sentences, -1..1."""


class AgreementReport(Model):
    """All coders compared."""

    units: int
    """Sentences that at least one coder coded."""
    pairs: tuple[PairAgreement, ...]
    """Every two coders, in order of name."""
    alpha: dict[str, float | None]
    """Krippendorff's alpha by element over all coders, on sentences."""
    alpha_overall: float | None
    """Over sentences x elements that anybody coded."""


def agreement(
    codings: Mapping[str, Collection[Evidence]],
    units: Iterable[Unit],
    elements: Sequence[str],
    *,
    covered: Mapping[str, Collection[str]] | None = None,
) -> AgreementReport:
    """Compares coders on the transcripts that they share.

    ``units`` are the sentences of the transcripts; ``covered`` tells which transcripts a coder worked through (a coder who read one and
    found nothing is not one who never saw it); without it every coder is taken to have worked through every transcript.
    """
    coders = sorted(codings)
    units = tuple(units)
    everywhere = {unit.transcript for unit in units} | {e.transcript for coding in codings.values() for e in coding}
    seen = {coder: set(covered[coder]) if covered and coder in covered else everywhere for coder in coders}
    coded = {coder: _coded_units([e for e in codings[coder] if e.transcript in seen[coder]], units) for coder in coders}
    used = [unit for unit in units if any(unit in coded[coder] for coder in coders)]

    def labels(unit: Unit, element: str) -> list[bool | None]:
        return [element in coded[c].get(unit, ()) if unit.transcript in seen[c] else None for c in coders]

    by_element = {element: [labels(unit, element) for unit in used] for element in elements}
    anybody = [row for rows in by_element.values() for row in rows if any(row)]
    return AgreementReport(
        units=len(used),
        pairs=tuple(_compare(a, b, codings, coded, seen[a] & seen[b], elements) for a, b in combinations(coders, 2)),
        alpha={element: krippendorff_alpha(rows) for element, rows in by_element.items()},
        alpha_overall=krippendorff_alpha(anybody),
    )


def _coded_units(coding: Iterable[Evidence], units: Iterable[Unit]) -> dict[Unit, set[str]]:
    """Sentence -> elements that a coder found in it; sentences without any are left out."""
    by_transcript: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        by_transcript[unit.transcript].append(unit)
    coded: dict[Unit, set[str]] = defaultdict(set)
    for e in coding:
        for unit in by_transcript.get(e.transcript, ()):
            if share((e.start, e.end), (unit.start, unit.end)) >= OVERLAP:
                coded[unit].add(e.element)
    return dict(coded)


def _compare(
    a: str,
    b: str,
    codings: Mapping[str, Collection[Evidence]],
    coded: Mapping[str, Mapping[Unit, Collection[str]]],
    shared: Collection[str],
    elements: Sequence[str],
) -> PairAgreement:
    """Two coders on the transcripts that both worked through."""
    left = [e for e in codings[a] if e.transcript in shared]
    right = [e for e in codings[b] if e.transcript in shared]
    used = [unit for unit in dict.fromkeys((*coded[a], *coded[b])) if unit.transcript in shared]
    kappa = {
        element: cohen_kappa([element in coded[a].get(u, ()) for u in used], [element in coded[b].get(u, ()) for u in used])
        for element in elements
    }
    return PairAgreement(a=a, b=b, f1=f1(left, right), stage_iou=stage_iou(left, right), matched=len(pairs(left, right)), kappa=kappa)
