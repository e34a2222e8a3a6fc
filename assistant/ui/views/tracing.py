"""From a stage to the words that it rests on: stage, rule, element, statement, evidence, quote, place."""

from __future__ import annotations

import streamlit as st

from assistant.display import clock
from assistant.models import Assessment, Element, ElementRating, Evidence, EvidenceState, GroupRating
from assistant.ui import parts, state
from assistant.ui.access import REVIEW
from assistant.ui.here import Here
from assistant.ui.markup import chip, esc, facts, quote, said, stage_chip, stages, statement_cell
from assistant.ui.services import projects

SHOWN = 40
"""Quotes that are drawn of one element."""


def draw(here: Here, assessment: Assessment) -> None:
    """The part of the page."""
    names = {e.id: f"{d.name}: {e.name}" for d in here.framework.dimensions for e in d.elements}
    if here.state.element not in names:
        here.state.element = next((r.element for r in assessment.elements if r.evidence), next(iter(names)))
    st.session_state["trace-element"] = here.state.element
    st.selectbox("Element", list(names), format_func=lambda i: _line(here, assessment, names, i), key="trace-element", on_change=_chosen)
    element = here.framework.element(here.state.element)
    rating = assessment.rating(element.id)
    st.html(f"<div class='chain'>{_above(here, assessment, element)}{_result(here, assessment, element, rating)}</div>")
    st.html(_row(here, element, rating))
    of_it = [e for e in assessment.evidence if e.element == element.id]
    used = set(rating.evidence)
    reviewed = not assessment.draft
    _quotes(here, "What it rests on", [e for e in of_it if e.id in used], reviewed)
    rest = [e for e in of_it if e.id not in used and e.state is not EvidenceState.SUPERSEDED]
    if rest:
        with st.expander(f"Evidence that did not count ({len(rest)})", key="trace-rest", on_change="rerun") as box:
            if box.open:
                _quotes(here, "", rest, reviewed)


def _line(here: Here, assessment: Assessment, names: dict[str, str], element: str) -> str:
    rating = assessment.rating(element)
    stage = here.framework.stage_name(rating.stage) if rating.stage is not None else rating.status.value
    return f"{names[element]}: {stage}"


def _chosen() -> None:
    state.current().element = st.session_state["trace-element"]


def _above(here: Here, assessment: Assessment, element: Element) -> str:
    """The stages that the element's rating goes into: overall and its dimension, each with the rule and who reaches it."""
    dimension = here.framework.dimension_of(element.id)
    group = next(g for g in assessment.dimensions if g.scope == dimension.id)
    return "".join(_step(here, name, g) for name, g in (("Overall", assessment.overall), (dimension.name, group)))


def _step(here: Here, name: str, g: GroupRating) -> str:
    stage = g.stage if g.sufficient else None
    counted = next((r for r in g.reach if r.stage == g.stage), None)
    reached = f"{counted.reached} of {g.rated} rated elements reach {here.framework.stage_name(counted.stage)}; " if counted else ""
    return (
        f"<div><b>{esc(name)}</b> {stage_chip(here.framework, stage)} <span class='small muted'>{esc(reached)}"
        f"{esc(parts.extent(here.framework, g))} · rule {esc(g.rule)}</span></div>"
    )


def _row(here: Here, element: Element, rating: ElementRating) -> str:
    """The element's row of the framework: where it stands, or could."""
    cells = []
    for s in element.statements:
        stands = s.id == rating.statement
        possible = rating.stage is None and s.stage_low <= rating.high and rating.low <= s.stage_high
        disputed = rating.conflict is not None and s.id in rating.conflict.statements
        note = "stands here" if stands else "disputed" if disputed else "possible" if possible else ""
        cells.append(statement_cell(here.framework, s, "proposed" if stands else "fits" if disputed else "", note))
    return f"<div class='row spans' style='--stages:{len(here.framework.stages)}'>{''.join(cells)}</div>"


def _result(here: Here, assessment: Assessment, element: Element, rating: ElementRating) -> str:
    """The element's rating with its rule, and what reviewers decided on it."""
    worst, best = stages(here.framework, rating.low, rating.low), stages(here.framework, rating.high, rating.high)
    bounds = "" if worst == best else chip(f"between {worst} and {best}")
    conflict = ""
    if rating.conflict is not None:
        conflict = chip("conflict, settled" if rating.conflict.settled else "evidence in conflict", "conflict")
        conflict += f" {said(rating.conflict.reason)}" if rating.conflict.reason else ""
    decided = [d for d in assessment.element_decisions if d.element == element.id]
    reasons = "".join(f"<p class='small'>{esc(d.action.replace('_', ' '))} by {said(d.reviewer)}: {said(d.reason)}</p>" for d in decided)
    stage = stage_chip(here.framework, rating.stage, rating.status.value)
    return (
        f"<div><b>{esc(element.name)}</b> {stage} {bounds}{conflict} <span class='small muted'>rule {esc(rating.rule)}</span>"
        f"<p>{said(rating.explanation)}</p>{reasons}</div>"
    )


def _quotes(here: Here, title: str, evidence: list[Evidence], reviewed: bool) -> None:
    """Quotes with their places; in a draft every state reads confirmed, so it is not shown."""
    if title:
        st.html(f"<h3 class='tight'>{esc(title)}</h3>")
    if not evidence:
        st.html("<p class='muted'>Nothing that counts yet.</p>")
        return
    speakers = projects.pseudonyms(here.user, here.store, here.where)
    for e in evidence[:SHOWN]:
        words, buttons = st.columns([6, 2], vertical_alignment="center")
        place = clock(e.time) if e.time is not None else f"turn {e.turn + 1}"
        who = speakers.get((e.transcript, e.speaker), "respondent")
        words.html(quote(e.quote, f"{esc(who)} · {place} · characters {e.start}-{e.end} {facts(e, here.framework, state=reviewed)}"))
        if here.may(REVIEW):
            with buttons.container(horizontal=True):
                st.button("Read", key=f"trace-read-{e.id}", on_click=_read, args=(e.transcript, e.id), help="In its transcript")
                st.button("Review", key=f"trace-review-{e.id}", on_click=_review, args=(e.id,))
    if len(evidence) > SHOWN:
        st.html(f"<p class='muted'>and {len(evidence) - SHOWN} more: the report lists all of them</p>")


def _read(transcript: str, evidence: str) -> None:
    state.current().read(transcript, evidence)
    state.go_to("transcripts")


def _review(evidence: str) -> None:
    state.current().review(evidence)
    state.go_to("review")
