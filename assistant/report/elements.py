"""Elements, dimensions and policies as they are shown, and what to ask next."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from assistant.charts import short
from assistant.display import percent
from assistant.models import (
    Assessment,
    Element,
    ElementDecision,
    ElementRating,
    Evidence,
    Framework,
    GroupRating,
    PolicyResult,
    Probe,
    RatingStatus,
    Statement,
)
from assistant.report.names import People
from assistant.report.quotes import span_of_stages
from assistant.report.view import Ask, Cell, ElementView, GroupView, PolicyView, Quote, Side
from assistant.scoring import place

KINDS: Final = {
    "majority": "the highest stage that more than {threshold} of the rated elements reach",
    "minimum": "the stage of the lowest rated element",
    "nplf": "the highest stage graded L or F with all lower stages graded F (ISO/IEC 33020 scale)",
}

_DETAILS: Final = {
    "automation": r"\bautomat|\bmanual",
    "frequency": r"\bfrequen|\bregular|\binformal|\boften",
    "agreement": r"\bstandard|\bad ?hoc|\bstructured|\bdefined|\bbasic|\binitial|\blimited",
    "improvement": r"\bcontinuous|\bimprov|\boptimis|\biterative|\brefined",
    "owner": r"\brole|\bspeciali|\bresponsib",
}
"""Words in which statements differ -> the detail that tells them apart (`Probe.seeks`)."""


# ---------------------------------------------------------------- what to ask


def missing_details(statements: Sequence[Statement]) -> tuple[str, ...]:
    """Details (`Probe.seeks`) in which these statements differ: knowing them would tell which one holds."""
    texts = [s.text.lower() for s in statements]
    return tuple(name for name, words in _DETAILS.items() if len({frozenset(re.findall(words, t)) for t in texts}) > 1)


def choose_probes(element: Element, rating: ElementRating, *, limit: int = 3) -> tuple[Probe, ...]:
    """The prewritten questions that would bring what is missing, in the framework's order.

    Nothing known: what is done, the last time it was done, who or what does it. A practice without a stage, or a conflict: the
    details in which the possible statements differ, and an example.
    """
    if rating.status is RatingStatus.UNKNOWN:
        wanted = ["practice", "example", "automation", "agreement", "frequency"]
    else:
        disputed = rating.conflict.statements if rating.conflict else ()
        possible = [s for s in element.statements if s.id in disputed] or element.statements_in(rating.low, rating.high)
        wanted = [*missing_details(possible), "example", "practice"]
    chosen: list[Probe] = []
    for detail in wanted:
        found = next((p for p in element.probes if p.seeks == detail and p not in chosen), None)
        if found and len(chosen) < limit:
            chosen.append(found)
    # A framework may have probes of other kinds only: better one of those than none.
    chosen = chosen or list(element.probes[:limit])
    return tuple(p for p in element.probes if p in chosen)


def _ask(framework: Framework, element: Element, rating: ElementRating, anchor: str, moves: bool) -> Ask | None:
    if rating.status is RatingStatus.UNKNOWN:
        why = "Nothing confirmed of current practice."
    elif rating.status is RatingStatus.UNPLACED:
        possible = span_of_stages(framework, rating.low, rating.high)
        why = f"A practice is shown, but not which stage ({possible})."
    elif rating.conflict and not rating.conflict.settled:
        why = "The evidence disagrees."
    else:
        return None
    probes = tuple(p.text for p in choose_probes(element, rating))
    return Ask(element.name, anchor, framework.dimension_of(element.id).name, why, probes, moves)


# ---------------------------------------------------------------- elements


def _cells(framework: Framework, element: Element, rating: ElementRating) -> tuple[Cell, ...]:
    disputed = rating.conflict.statements if rating.conflict else ()
    narrowed = rating.status is RatingStatus.UNPLACED
    return tuple(
        Cell(
            low=s.stage_low,
            high=s.stage_high,
            text=s.text,
            stages=span_of_stages(framework, s.stage_low, s.stage_high),
            marked=rating.stage is not None and rating.statement == s.id,
            possible=narrowed and s.stage_low <= rating.high and rating.low <= s.stage_high,
            disputed=s.id in disputed,
        )
        for s in element.statements
    )


def _sides(
    framework: Framework, element: Element, rating: ElementRating, used: Sequence[Evidence], quotes: Mapping[str, Quote]
) -> tuple[Side, ...]:
    """Quotes by the statement that they stand for, lowest first, where they disagree; those that fit several come last."""
    if rating.conflict is None:
        statement = element.statement(rating.statement) if rating.statement else None
        everything = tuple(quotes[e.id] for e in used)
        return (Side(statement.text if statement else "", rating.stage, statement is not None, everything),) if everything else ()
    grouped: dict[str, list[Evidence]] = {}
    for e in used:
        fitting = place(element, e).statements
        grouped.setdefault(fitting[0].id if len(fitting) == 1 else "", []).append(e)
    sides = []
    for s in element.statements:
        if s.id in grouped:
            sides.append(Side(s.text, s.stage_high, s.id == rating.statement, tuple(quotes[e.id] for e in grouped[s.id])))
    if "" in grouped:
        low, high = min(e.stage_low for e in grouped[""]), max(e.stage_high for e in grouped[""])
        heading = f"A practice, without a stage of its own ({span_of_stages(framework, low, high)})"
        sides.append(Side(heading, None, False, tuple(quotes[e.id] for e in grouped[""])))
    return tuple(sides)


_STATUS: Final = {
    RatingStatus.UNPLACED: "Practice without a stage",
    RatingStatus.UNKNOWN: "Unknown",
    RatingStatus.NOT_APPLICABLE: "Not applicable",
    RatingStatus.RATED: "Rated",
}


class Elements:
    """Views of the elements of one assessment."""

    def __init__(self, framework: Framework, assessment: Assessment, quotes: Mapping[str, Quote], people: People) -> None:
        self.framework, self.assessment, self.quotes, self.people = framework, assessment, quotes, people
        self.anchors = anchors(framework)
        self._sensitive = {s.element for s in assessment.sensitivity}
        self._evidence: dict[str, list[Evidence]] = {e.id: [] for e in framework.elements}
        for e in assessment.evidence:
            self._evidence[e.element].append(e)

    def element(self, element: Element, number: str) -> ElementView:
        """One element."""
        r = self.assessment.rating(element.id)
        known = {e.id: e for e in self._evidence[element.id]}
        used = [known[i] for i in r.evidence if i in known]
        open_range = r.status is RatingStatus.UNPLACED
        anchor = self.anchors[element.id]
        return ElementView(
            number=number,
            anchor=anchor,
            name=element.name,
            status=str(r.status),
            stage=r.stage,
            stage_name=self.framework.stage_name(r.stage) if r.stage is not None else _STATUS[r.status],
            bounds=span_of_stages(self.framework, r.low, r.high) if open_range else "",
            explanation=self.people.runs(r.explanation),
            rule=r.rule,
            cells=_cells(self.framework, element, r),
            sides=_sides(self.framework, element, r, used, self.quotes),
            conflict="" if r.conflict is None else "settled" if r.conflict.settled else "open",
            conflict_reason=self.people.runs(r.conflict.reason) if r.conflict else (),
            aside=tuple(self.quotes[i] for i in known if not self.quotes[i].counted),
            ask=_ask(self.framework, element, r, anchor, element.id in self._sensitive),
        )

    def dimensions(self) -> tuple[GroupView, ...]:
        """All dimensions with their elements."""
        ratings = {g.scope: g for g in self.assessment.dimensions}
        views = []
        for i, d in enumerate(self.framework.dimensions, 1):
            rows = tuple(self.element(e, f"{i}.{j}") for j, e in enumerate(d.elements, 1))
            views.append(group_view(self.framework, ratings[d.id], d.name, f"d{i}", rows))
        return tuple(views)


def anchors(framework: Framework) -> dict[str, str]:
    """Element id -> anchor, made of numbers only."""
    return {e.id: f"e{i}-{j}" for i, d in enumerate(framework.dimensions, 1) for j, e in enumerate(d.elements, 1)}


# ---------------------------------------------------------------- groups and policies


def group_view(framework: Framework, g: GroupRating, name: str, anchor: str, elements: tuple[ElementView, ...] = ()) -> GroupView:
    """A dimension or the whole; its stage is withheld where the evidence is insufficient, the bounds are not."""
    stage = g.stage if g.sufficient else None
    headline = framework.stage_name(stage) if stage is not None else "Insufficient evidence" if g.total else "Not applicable"
    low, high = framework.stage_name(g.low), framework.stage_name(g.high)
    bounds = (
        "" if g.low == g.high == stage or not g.total else f"{low} at worst and at best" if g.low == g.high else f"between {low} and {high}"
    )
    held = ", ".join(framework.element(e).name for e in g.blocked_by)
    return GroupView(
        name=name,
        anchor=anchor,
        stage=stage,
        headline=headline,
        bounds=bounds,
        low=g.low,
        high=g.high,
        rated=g.rated,
        total=g.total,
        coverage=percent(g.coverage),
        held=held,
        elements=elements,
    )


def policy_views(framework: Framework, assessment: Assessment) -> tuple[PolicyView, ...]:
    """All policies side by side, in framework order."""
    return tuple(_policy(framework, result, assessment.policy) for result in assessment.policies)


def _policy(framework: Framework, result: PolicyResult, headline: str) -> PolicyView:
    policy = framework.policy(result.policy)
    names = {d.id: d.name for d in framework.dimensions}
    groups = [group_view(framework, result.overall, "Overall", "result")]
    groups += [group_view(framework, g, names[g.scope], f"d{i}") for i, g in enumerate(result.dimensions, 1)]
    stages = {s.number: short(s) for s in framework.stages}
    grades = (f" ({r.grade})" if policy.kind == "nplf" else "" for r in result.overall.reach)
    reach = ", ".join(f"{stages[r.stage]} {r.reached} of {r.rated}{g}" for r, g in zip(result.overall.reach, grades, strict=True))
    return PolicyView(
        name=f"{result.policy}@{result.version}",
        kind=KINDS[policy.kind].format(threshold=percent(policy.threshold)),
        description=policy.description,
        source=policy.source,
        headline=result.policy == headline,
        groups=tuple(groups),
        reach=reach,
    )


def differing(policies: Sequence[PolicyView]) -> tuple[tuple[str, str], ...]:
    """Scopes on which the policies disagree, with what each says."""
    rows = []
    for groups in zip(*(p.groups for p in policies), strict=True):
        if len({(g.headline, g.bounds) for g in groups}) > 1:
            said = "; ".join(
                f"{p.name} {g.headline}" + (f", {g.bounds}" if g.bounds else "") for p, g in zip(policies, groups, strict=True)
            )
            rows.append((groups[0].name, said))
    return tuple(rows)


def decision_words(decision: ElementDecision) -> str:
    """What a reviewer did with an element."""
    done = {
        "settle": "settled the conflict",
        "not_applicable": "took it out as not applicable",
        "missing_evidence": "said that evidence is missing",
    }
    when = f" on {decision.at.date().isoformat()}" if decision.at else ""
    return f"{decision.reviewer or 'A reviewer'} {done.get(decision.action, decision.action)}{when}: {decision.reason}"


__all__ = [
    "Elements",
    "anchors",
    "choose_probes",
    "decision_words",
    "differing",
    "group_view",
    "missing_details",
    "policy_views",
]
