"""Confirmed evidence + framework -> assessment. Pure: no I/O, no clock, no model, no randomness.

The rules are DESIGN.md's "Scoring". The paper (John, Holmström Olsson, Bosch 2025) gives stages and statements but no
aggregation rule; the policies are ours, named and versioned in the framework's YAML, and say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from assistant.errors import EvidenceError
from assistant.models import (
    Assessment,
    Conflict,
    Dimension,
    Element,
    ElementDecision,
    ElementRating,
    Evidence,
    EvidenceState,
    Framework,
    GroupRating,
    Polarity,
    Policy,
    PolicyResult,
    PracticeRating,
    PracticeResult,
    PracticeRule,
    RatingStatus,
    Sensitivity,
    StageReach,
    Statement,
    Status,
    TranscriptRef,
    content_hash,
)

Grade = Literal["N", "P", "L", "F"]


@dataclass(frozen=True)
class Placement:
    """Where one piece of evidence puts its element: on one statement, or on several that it cannot tell apart."""

    evidence: Evidence
    statements: tuple[Statement, ...]
    stage: int | None
    """The stage it proves; None where it fits more than one statement."""


# ---------------------------------------------------------------- elements


def counts(evidence: Evidence) -> bool:
    """Whether the evidence may score: confirmed by a reviewer and about current practice."""
    return evidence.state is EvidenceState.CONFIRMED and evidence.status is Status.CURRENT


def place(element: Element, evidence: Evidence) -> Placement:
    """Where the evidence puts the element. ``absent`` is stage 1; one statement is its highest stage.

    Raises:
        EvidenceError: the evidence names a statement or stage that the element does not have.
    """
    if evidence.polarity is Polarity.ABSENT:
        return Placement(evidence, (element.statement_at(1),), 1)
    if evidence.statement is not None:
        statement = element.statement(evidence.statement)
        if statement is None:
            raise EvidenceError(
                f"evidence {evidence.id} names statement {evidence.statement}, which {element.id} does not have",
                remedy="score with the framework version that it was coded with, or edit the evidence",
            )
        return Placement(evidence, (statement,), statement.stage_high)
    fitting = element.statements_in(evidence.stage_low, evidence.stage_high)
    if not fitting:
        raise EvidenceError(
            f"evidence {evidence.id} has stages {evidence.stage_low}-{evidence.stage_high}, outside the framework",
            remedy="correct its stage_low and stage_high",
        )
    return Placement(evidence, fitting, fitting[0].stage_high if len(fitting) == 1 else None)


def _unrated(element: Element, top: int, status: RatingStatus, rule: str, explanation: str) -> ElementRating:
    return ElementRating(element=element.id, status=status, low=1, high=top, rule=rule, explanation=explanation)


def rate_element(element: Element, evidence: Sequence[Evidence], decision: ElementDecision | None, top: int) -> ElementRating:
    """Rate one element from its evidence (any state; only what `counts` is used) and the decision in force on it.

    ``top`` is the framework's highest stage. Raises EvidenceError, see `place`.
    """
    if decision is not None and decision.action == "not_applicable":
        return _unrated(element, top, RatingStatus.NOT_APPLICABLE, "element.not-applicable", f"Not applicable: {decision.reason}")
    placements = [place(element, e) for e in evidence if counts(e)]
    if not placements:
        return _unrated(element, top, RatingStatus.UNKNOWN, "element.unknown", "No confirmed evidence of current practice.")
    used = tuple(p.evidence.id for p in placements)
    placed = [p for p in placements if p.stage is not None]
    if not placed:
        return _unplaced(element, placements, used)
    by_statement = {p.statements[0].id: p.statements[0] for p in placed}
    disagreeing = any(all(s.id not in by_statement for s in p.statements) for p in placements if p.stage is None)
    # Evidence that cannot tell statements apart contradicts a placed one only where it excludes it.
    excluded = len(by_statement) == 1 and disagreeing
    if len(by_statement) == 1 and not excluded:
        stage = min(p.stage for p in placed if p.stage is not None)
        statement = placed[0].statements[0]
        absent = all(p.evidence.polarity is Polarity.ABSENT for p in placed)
        return ElementRating(
            element=element.id,
            status=RatingStatus.RATED,
            stage=stage,
            statement=statement.id,
            low=stage,
            high=stage,
            evidence=used,
            rule="element.absent" if absent else "element.one-statement",
            explanation="Said not to be in place." if absent else f"Evidence on one statement: {statement.text}",
        )
    return _conflicting(element, placements, placed, decision, used)


def _unplaced(element: Element, placements: Sequence[Placement], used: tuple[str, ...]) -> ElementRating:
    """Evidence proves a practice but not which statement: bounds only."""
    fits = [{s.stage_high for s in p.statements} for p in placements]
    # What all of it allows; where nothing does, what any of it allows: the order must not decide.
    shared = set.intersection(*fits) or set.union(*fits)
    return ElementRating(
        element=element.id,
        status=RatingStatus.UNPLACED,
        low=min(shared),
        high=max(shared),
        evidence=used,
        rule="element.unplaced",
        explanation="Evidence shows a practice, but not which statement holds: ask for the missing detail.",
    )


def _conflicting(
    element: Element, placements: Sequence[Placement], placed: Sequence[Placement], decision: ElementDecision | None, used: tuple[str, ...]
) -> ElementRating:
    """Evidence on different statements: the lowest counts until a reviewer settles it with a reason."""
    firm = {s.id for p in placed for s in p.statements}
    # Evidence that fits several statements takes part where it excludes all that are named, with the lowest that it admits.
    against = [p for p in placements if p.stage is None and not any(s.id in firm for s in p.statements)]
    named = {s.id: s for p in (*placed, *against) for s in p.statements}
    statements = tuple(sorted(named, key=lambda key: named[key].stage_low))
    allowed = {s.id for p in placements for s in p.statements}
    if decision is not None and decision.action == "settle" and decision.statement in allowed:
        statement = element.statement(decision.statement)
        assert statement is not None  # it is in `allowed`, which holds the element's own statements
        return ElementRating(
            element=element.id,
            status=RatingStatus.RATED,
            stage=statement.stage_high,
            statement=statement.id,
            low=statement.stage_high,
            high=statement.stage_high,
            evidence=used,
            rule="element.conflict-settled",
            conflict=Conflict(statements=statements, evidence=used, settled=True, reason=decision.reason),
            explanation=f"Conflict settled by a reviewer: {decision.reason}",
        )
    sides = [(p.stage or p.statements[0].stage_high, p.statements[0]) for p in (*placed, *against)]
    stage, lowest = min(sides, key=lambda side: (side[0], side[1].stage_low))
    return ElementRating(
        element=element.id,
        status=RatingStatus.RATED,
        stage=stage,
        statement=lowest.id,
        low=stage,
        high=stage,
        evidence=used,
        rule="element.conflict-lowest",
        conflict=Conflict(statements=statements, evidence=used),
        explanation="Evidence disagrees: the lowest counts until a reviewer settles it.",
    )


# ---------------------------------------------------------------- policies


def grade(reached: int, rated: int) -> Grade:
    """ISO/IEC 33020 grade of an achievement: N up to 15 %, P up to 50 %, L up to 85 %, F above. N where nothing is rated."""
    if rated == 0:
        return "N"
    # Integer arithmetic: the limits are exact.
    percent = 100 * reached
    if percent <= 15 * rated:
        return "N"
    if percent <= 50 * rated:
        return "P"
    return "L" if percent <= 85 * rated else "F"


def reach(stages: Iterable[int], top: int) -> tuple[StageReach, ...]:
    """For every stage from 2 to ``top`` how many of ``stages`` reach it."""
    known = list(stages)
    rows = ((s, sum(x >= s for x in known)) for s in range(2, top + 1))
    return tuple(StageReach(stage=s, reached=n, rated=len(known), grade=grade(n, len(known))) for s, n in rows)


def blocked(policy: Policy, stage: int, stages: Mapping[str, int], scope: Iterable[str]) -> tuple[str, ...]:
    """Prerequisite elements in ``scope`` that do not reach ``stage`` (unknown ones do not)."""
    inside = set(scope)
    needed = (e for p in policy.prerequisites if stage >= p.from_stage for e in p.elements)
    return tuple(dict.fromkeys(e for e in needed if e in inside and stages.get(e, 0) < stage))


def apply_policy(policy: Policy, stages: Mapping[str, int], scope: Sequence[str], top: int) -> tuple[int | None, tuple[str, ...]]:
    """Stage of the rated elements ``stages`` (id -> stage) under a policy, and the prerequisites that held it down.

    ``scope`` are the applicable elements of the dimension or the whole; a prerequisite outside it does not apply.
    None where nothing is rated.
    """
    if not stages:
        return None, ()
    if policy.kind == "minimum":
        return min(stages.values()), ()
    result: int = 1
    held: tuple[str, ...] = ()
    for row in reach(stages.values(), top):
        if policy.kind == "nplf":
            if row.grade in ("L", "F"):
                result = row.stage
            if row.grade != "F":
                break
            continue
        if row.reached <= Fraction(str(policy.threshold)) * row.rated:
            break
        missing = blocked(policy, row.stage, stages, scope)
        if missing:
            held = missing
            break
        result = row.stage
    return result, held


def rate_group(framework: Framework, policy: Policy, scope: str, ratings: Sequence[ElementRating]) -> GroupRating:
    """Result of a dimension (``scope`` its id) or of the whole (``overall``) from the ratings of its elements."""
    top = len(framework.stages)
    applicable = [r for r in ratings if r.status is not RatingStatus.NOT_APPLICABLE]
    ids = [r.element for r in applicable]
    known = {r.element: r.stage for r in applicable if r.stage is not None}
    stage, held = apply_policy(policy, known, ids, top)
    low, _ = apply_policy(policy, {r.element: r.low for r in applicable}, ids, top)
    high, _ = apply_policy(policy, {r.element: r.high for r in applicable}, ids, top)
    # What is known of unplaced elements can lie beyond what the rated ones give: the bounds then hold both.
    worst, best = min(low or 1, stage or top), max(high or top, stage or 1)
    coverage = round(len(known) / len(applicable), 6) if applicable else 0.0
    sufficient = bool(applicable) and len(known) >= Fraction(str(framework.min_coverage)) * len(applicable)
    group = GroupRating(
        scope=scope,
        stage=stage,
        low=worst,
        high=best,
        rated=len(known),
        total=len(applicable),
        coverage=coverage,
        sufficient=sufficient,
        reach=reach(known.values(), top),
        blocked_by=held,
        rule=f"policy.{policy.id}@{policy.version}",
        explanation="",
    )
    return group.model_copy(update={"explanation": _explain(framework, group)})


def _explain(framework: Framework, group: GroupRating) -> str:
    """E.g. ``Manual MLOps (between DataOps and Automated MLOps: 6 of 17 unknown)``, or ``.. (2 of 17 unknown, which cannot change it)``."""
    if not group.total:
        return "No element applies."
    low, high = framework.stage_name(group.low), framework.stage_name(group.high)
    bounds = low if group.low == group.high else f"between {low} and {high}"
    unknown = group.total - group.rated
    detail = f"{bounds}: {unknown} of {group.total} unknown" if unknown else f"all {group.total} elements rated"
    if not group.sufficient or group.stage is None:
        return f"insufficient evidence ({detail})"
    if unknown and group.low == group.high:
        detail = f"{unknown} of {group.total} unknown, which cannot change it"
    held = f"; held down by {', '.join(group.blocked_by)}" if group.blocked_by else ""
    return f"{framework.stage_name(group.stage)} ({detail}{held})"


def apply_all(framework: Framework, policy: Policy, ratings: Sequence[ElementRating]) -> PolicyResult:
    """Overall and dimension ratings under one policy."""
    by_id = {r.element: r for r in ratings}

    def group(dimension: Dimension) -> GroupRating:
        return rate_group(framework, policy, dimension.id, [by_id[e.id] for e in dimension.elements])

    return PolicyResult(
        policy=policy.id,
        version=policy.version,
        overall=rate_group(framework, policy, "overall", ratings),
        dimensions=tuple(group(d) for d in framework.dimensions),
    )


# ---------------------------------------------------------------- practice codes


def rate_practices(framework: Framework, evidence: Sequence[Evidence]) -> tuple[PracticeRating, ...]:
    """Present, absent or unknown for every code of the framework, from evidence that counts. Disagreement reads absent (the lowest)."""
    used = [e for e in evidence if counts(e)]
    rows = []
    for practice in framework.practices:
        shown = [e for e in used if practice.code in e.codes]
        denied = [e for e in used if f"!{practice.code}" in e.codes]
        status: Literal["present", "absent", "unknown"] = "absent" if denied else "present" if shown else "unknown"
        ids = tuple(e.id for e in used if practice.code in e.codes or f"!{practice.code}" in e.codes)
        rows.append(PracticeRating(code=practice.code, status=status, evidence=ids, conflict=bool(shown and denied)))
    return tuple(rows)


def practice_stage(framework: Framework, rule: PracticeRule, present: set[str]) -> int:
    """Highest step of the rule whose conditions hold when exactly the codes in ``present`` are present."""
    in_place = {d.id for d in framework.dimensions if _share(framework, d.id, present) > rule.threshold}
    result = rule.steps[0].stage
    for step in rule.steps:
        held = set(step.require_dimensions) <= in_place and len(in_place) >= step.min_dimensions and set(step.require_codes) <= present
        if held:
            result = max(result, step.stage)
    return result


def _share(framework: Framework, dimension: str, present: set[str]) -> float:
    codes = [p.code for p in framework.practices if p.dimension == dimension]
    return sum(c in present for c in codes) / len(codes) if codes else 0.0


def score_practices(framework: Framework, evidence: Sequence[Evidence]) -> PracticeResult | None:
    """Stage that the practice codes are consistent with; None where the framework has no practice rule."""
    rule = framework.practice_rule
    if rule is None:
        return None
    ratings = rate_practices(framework, evidence)
    present = {r.code for r in ratings if r.status == "present"}
    possible = present | {r.code for r in ratings if r.status == "unknown"}
    low, high = practice_stage(framework, rule, present), practice_stage(framework, rule, possible)
    in_place: dict[str, bool | None] = {}
    for d in framework.dimensions:
        worst = _share(framework, d.id, present) > rule.threshold
        best = _share(framework, d.id, possible) > rule.threshold
        in_place[d.id] = worst if worst == best else None
    stage = low if low == high else None
    unknown = len(possible) - len(present)
    text = (
        f"consistent with {framework.stage_name(low)}"
        if stage is not None
        else f"consistent with {framework.stage_name(low)} to {framework.stage_name(high)}: {unknown} of {len(ratings)} codes unknown"
    )
    return PracticeResult(
        rule=f"{rule.id}@{rule.version}", ratings=ratings, in_place=in_place, stage=stage, low=low, high=high, explanation=text
    )


# ---------------------------------------------------------------- sensitivity


def _one_decision_away(
    element: Element, evidence: Sequence[Evidence], decision: ElementDecision | None, top: int
) -> Iterable[tuple[Sensitivity, ElementRating]]:
    """Every single decision on this element, with the rating that it would give."""
    now = rate_element(element, evidence, decision, top)
    if now.status is RatingStatus.NOT_APPLICABLE:
        return
    seen: set[tuple[object, ...]] = set()
    for i, e in enumerate(evidence):
        if e.status is not Status.CURRENT or e.state in (EvidenceState.REJECTED, EvidenceState.SUPERSEDED):
            continue
        # Evidence that says the same moves the same: the first stands for all, and 300 pieces do not cost 300 x 300.
        same = (e.state is EvidenceState.CONFIRMED, e.polarity, e.statement, e.stage_low, e.stage_high)
        if same in seen:
            continue
        seen.add(same)
        taken = e.state is EvidenceState.CONFIRMED
        other = e.model_copy(update={"state": EvidenceState.PROPOSED if taken else EvidenceState.CONFIRMED})
        changed = rate_element(element, [*evidence[:i], other, *evidence[i + 1 :]], decision, top)
        change: Literal["withdraw", "confirm"] = "withdraw" if taken else "confirm"
        yield Sensitivity(element=element.id, evidence=e.id, change=change, stage=None), changed
    if now.conflict is not None and not now.conflict.settled:
        # Every statement: one that the evidence does not admit settles nothing and so changes nothing.
        for s in element.statements:
            settle = ElementDecision(id="what-if", element=element.id, reviewer="", action="settle", statement=s.id, reason="what if")
            yield (
                Sensitivity(element=element.id, change="settle", statement=s.id, stage=None),
                rate_element(element, evidence, settle, top),
            )


def sensitivity(
    framework: Framework,
    policy: Policy,
    ratings: Sequence[ElementRating],
    by_element: Mapping[str, Sequence[Evidence]],
    decisions: Mapping[str, ElementDecision],
) -> tuple[Sensitivity, ...]:
    """Single decisions that would move the headline stage; one a kind of change, element and result (the first evidence stands for all)."""
    top = len(framework.stages)
    headline = rate_group(framework, policy, "overall", ratings).stage
    found: dict[tuple[str, str, str | None, int | None], Sensitivity] = {}
    results: dict[tuple[str, int | None, int, int], int | None] = {}
    for position, element in enumerate(framework.elements):
        for what, changed in _one_decision_away(element, by_element.get(element.id, ()), decisions.get(element.id), top):
            key = (element.id, changed.stage, changed.low, changed.high)
            if key not in results:
                what_if = [*ratings[:position], changed, *ratings[position + 1 :]]
                results[key] = rate_group(framework, policy, "overall", what_if).stage
            if results[key] != headline:
                found.setdefault((element.id, what.change, what.statement, results[key]), what.model_copy(update={"stage": results[key]}))
    return tuple(found.values())


# ---------------------------------------------------------------- the whole


@dataclass(frozen=True)
class _Inputs:
    evidence: tuple[Evidence, ...]
    by_element: dict[str, tuple[Evidence, ...]]
    decisions: dict[str, ElementDecision]
    transcripts: tuple[TranscriptRef, ...]


def _prepare(
    framework: Framework, evidence: Iterable[Evidence], decisions: Iterable[ElementDecision], transcripts: Iterable[TranscriptRef]
) -> _Inputs:
    """Sort and check everything, so that the order in which it was given never shows in the result."""
    named = sorted(transcripts, key=lambda t: (t.name, t.sha256), reverse=True)
    refs = tuple(sorted({t.id: t for t in named}.values(), key=lambda t: (t.name, t.id)))  # of one text given twice, the first name
    position = {t.id: i for i, t in enumerate(refs)}
    unique: dict[str, Evidence] = {}
    elements = {e.id for e in framework.elements}
    for e in evidence:
        if unique.setdefault(e.id, e) != e:
            raise EvidenceError(f"two different pieces of evidence have the id {e.id}", remedy="code the transcript again")
        if e.framework != framework.id or e.element not in elements:
            raise EvidenceError(
                f"evidence {e.id} is of framework {e.framework}, element {e.element}, which "
                f"{framework.id} {framework.version} does not have",
                remedy="score with the framework that it was coded with",
            )
        if e.transcript not in position:
            raise EvidenceError(
                f"evidence {e.id} is of transcript {e.transcript}, which is not among those given", remedy="give its transcript"
            )
    ordered = tuple(sorted(unique.values(), key=lambda e: (position[e.transcript], e.start, e.end, e.element, e.id)))
    by_element = {key: tuple(e for e in ordered if e.element == key) for key in elements}
    standing: dict[str, list[ElementDecision]] = {}
    for d in decisions:
        if d.element not in elements:
            raise EvidenceError(f"decision {d.id} is on element {d.element}, which {framework.id} does not have")
        stack = standing.setdefault(d.element, [])
        if d.action != "reopen":
            stack.append(d)
        elif stack:
            stack.pop()
    # `missing_evidence` is a note to the coders; it neither sets nor lifts a result.
    setting = {k: [d for d in stack if d.action != "missing_evidence"] for k, stack in standing.items()}
    return _Inputs(ordered, by_element, {k: stack[-1] for k, stack in setting.items() if stack}, refs)


def score(
    framework: Framework,
    evidence: Iterable[Evidence],
    *,
    transcripts: Iterable[TranscriptRef],
    element_decisions: Iterable[ElementDecision] = (),
    policy: str | None = None,
    draft: bool = False,
) -> Assessment:
    """Score evidence (with its review state) against a framework.

    Args:
        framework: The version that the evidence was coded with.
        evidence: In any order; only confirmed, current evidence counts.
        transcripts: Those that were coded, also where nothing was found.
        element_decisions: In the order in which they were made; the last on an element is in force.
        policy: Id of the headline policy; the framework's first where None.
        draft: True where evidence was accepted without review.

    Returns:
        A hashed assessment: equal inputs give byte-identical JSON, whatever their order.

    Raises:
        EvidenceError: evidence that does not belong to the framework or the transcripts, or an unknown policy.
    """
    known = {p.id: p for p in framework.policies}
    chosen = known.get(policy) if policy is not None else framework.policies[0]
    if chosen is None:
        raise EvidenceError(f"framework {framework.id} has no policy {policy}", remedy=f"use one of {', '.join(known)}")
    inputs = _prepare(framework, evidence, element_decisions, transcripts)
    top = len(framework.stages)
    ratings = tuple(rate_element(e, inputs.by_element[e.id], inputs.decisions.get(e.id), top) for e in framework.elements)
    results = tuple(apply_all(framework, p, ratings) for p in framework.policies)
    headline = next(r for r in results if r.policy == chosen.id)
    assessment = Assessment(
        framework=framework.id,
        framework_version=framework.version,
        framework_hash=framework.hash,
        policy=chosen.id,
        draft=draft,
        overall=headline.overall,
        dimensions=headline.dimensions,
        policies=results,
        elements=ratings,
        practices=score_practices(framework, inputs.evidence),
        sensitivity=sensitivity(framework, chosen, ratings, inputs.by_element, inputs.decisions),
        evidence=inputs.evidence,
        element_decisions=tuple(inputs.decisions[e.id] for e in framework.elements if e.id in inputs.decisions),
        transcripts=inputs.transcripts,
    )
    return assessment.model_copy(update={"hash": content_hash(assessment)})


def verify(framework: Framework, assessment: Assessment) -> bool:
    """Whether scoring the assessment's own evidence and decisions again gives the same assessment, to the byte.

    Raises:
        EvidenceError: its evidence does not fit the framework (another version).
    """
    again = score(
        framework,
        assessment.evidence,
        transcripts=assessment.transcripts,
        element_decisions=assessment.element_decisions,
        policy=assessment.policy,
        draft=assessment.draft,
    )
    return again.hash == assessment.hash and content_hash(again) == content_hash(assessment)


def what_if(framework: Framework, ratings: Sequence[ElementRating], policy: Policy, statements: Mapping[str, str]) -> PolicyResult:
    """Result if the elements in ``statements`` (element id -> statement id) stood there, the others as rated.

    Raises:
        EvidenceError: an element or statement that the framework does not have.
    """
    changed = []
    unknown = set(statements) - {r.element for r in ratings}
    if unknown:
        raise EvidenceError(f"framework {framework.id} has no element {', '.join(sorted(unknown))}")
    for rating in ratings:
        wanted = statements.get(rating.element)
        if wanted is None:
            changed.append(rating)
            continue
        statement = framework.element(rating.element).statement(wanted)
        if statement is None:
            raise EvidenceError(f"element {rating.element} has no statement {wanted}")
        at = statement.stage_high
        update = {"status": RatingStatus.RATED, "stage": at, "statement": wanted, "low": at, "high": at, "rule": "what-if"}
        changed.append(rating.model_copy(update=update))
    return apply_all(framework, policy, changed)


__all__ = [
    "Placement",
    "apply_all",
    "apply_policy",
    "blocked",
    "counts",
    "grade",
    "place",
    "practice_stage",
    "rate_element",
    "rate_group",
    "rate_practices",
    "reach",
    "score",
    "score_practices",
    "sensitivity",
    "verify",
    "what_if",
]
