"""Whole elements: conflicts side by side, what does not apply, where evidence is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import streamlit as st

from assistant.display import count
from assistant.models import Element, ElementDecision
from assistant.ui import state
from assistant.ui.here import Here
from assistant.ui.markup import chip, esc, facts, quote, said, stages, statement_cell
from assistant.ui.services import reviewing
from assistant.ui.services.queries import ElementCounts
from assistant.ui.services.reviewing import Side
from assistant.ui.views import stale

Action = Literal["settle", "not_applicable", "missing_evidence", "reopen"]
SHOWN = 8
"""Quotes of one side."""
COUNTED = ("To review", "Confirmed", "Rejected")


def draw_conflicts(here: Here) -> None:
    """Elements whose current evidence speaks for different statements."""
    stale.show(here)
    counts = reviewing.own_counts(here.user, here.store, here.where, here.framework)
    in_force = reviewing.in_force(here.user, here.store, here.where, here.framework)
    disputed = [e for e in here.framework.elements if e.id in counts and counts[e.id].conflict]
    if not disputed:
        st.success("No conflicts: the evidence of every element speaks for one statement.", icon=":material/handshake:")
        return
    names = {e.id: f"{e.name}{' (settled)' if e.id in in_force else ''}" for e in disputed}
    if here.state.element not in names:
        here.state.element = disputed[0].id
    key = "conflict-element"
    st.session_state[key] = here.state.element
    st.selectbox("Element in conflict", list(names), format_func=lambda i: names.get(i, i), key=key, on_change=_choose, args=(key,))
    element = here.framework.element(here.state.element)
    sides = reviewing.sides(here.user, here.store, here.where, here.framework, element.id)
    for column, side in zip(st.columns(max(1, len(sides))), sides, strict=False):
        with column:
            _side(here, element, side)
    decision = in_force.get(element.id)
    if decision is not None:
        _standing(here, decision)
        return
    _settle(here, element, sides)


def _choose(key: str) -> None:
    state.current().element = st.session_state[key]


def _side(here: Here, element: Element, side: Side) -> None:
    statements = [s for s in element.statements if s.id in side.statements]
    several = len(statements) > 1
    cells = "".join(statement_cell(here.framework, s, "fits" if several else "proposed", "may fit" if several else "") for s in statements)
    quotes = "".join(quote(i.evidence.quote, facts(i.evidence, here.framework)) for i in side.items[:SHOWN])
    more = f"<p class='muted small'>and {len(side.items) - SHOWN} more</p>" if len(side.items) > SHOWN else ""
    st.html(f"<div class='cells'>{cells}</div>{quotes}{more}")
    words = "Review this piece" if len(side.items) == 1 else f"Review these {len(side.items)}"
    st.button(words, key=f"side-{element.id}-{'-'.join(side.statements)}", on_click=_review, args=(element.id, side.items[0].evidence.id))


def _review(element: str, evidence: str) -> None:
    state.current().review(evidence, reviewing.Queue(waiting=reviewing.Waiting.ALL, element=element))


def _queue(element: str) -> None:
    state.current().review("", reviewing.Queue(element=element))


def _settle(here: Here, element: Element, sides: tuple[Side, ...]) -> None:
    texts = {s.id: f"{stages(here.framework, s.stage_low, s.stage_high)}: {s.text}" for s in element.statements}
    named = {statement for side in sides for statement in side.statements}
    places = [s for s in texts if s in named]
    seen = reviewing.newest_element_decision(here.user, here.store, here.where, here.framework, element.id)
    with st.form(f"settle-{element.id}"):
        st.caption("Until it is settled, the lowest side counts.")
        st.selectbox("The statement that stands", places, format_func=lambda i: texts[i], key=f"settle-statement-{element.id}")
        st.text_input("Why", max_chars=1000, key=f"settle-why-{element.id}")
        st.form_submit_button("Settle", type="primary", on_click=_settled, args=(here, element.id, seen))


def _settled(here: Here, element: str, seen: str | None) -> None:
    _act(here, element, "settle", f"settle-why-{element}", seen, st.session_state.get(f"settle-statement-{element}"))


def _act(here: Here, element: str, action: Action, why: str, seen: str | None, statement: str | None = None) -> None:
    """Decides on an element. ``seen`` is what was there when the form was drawn; ``why``: key of the field with the reason."""
    reason = str(st.session_state.get(why) or "")

    def act() -> None:
        reviewing.decide_element(
            here.user, here.store, here.where, here.framework, element, action, reason=reason, statement=statement, seen=seen
        )

    stale.guarded(act)


def _standing(here: Here, decision: ElementDecision) -> None:
    what = chip(stale.ELEMENT_WORDS.get(decision.action, ""), "state-confirmed")
    st.html(f"<p>{what} by {said(decision.reviewer)}: {said(decision.reason)}</p>")
    # The newest, which may be a remark on top of the one that stands.
    seen = reviewing.newest_element_decision(here.user, here.store, here.where, here.framework, decision.element)
    st.button("Take this back", key=f"reopen-{decision.element}-{seen}", on_click=_reopen, args=(here, decision.element, seen))


def _reopen(here: Here, element: str, seen: str | None) -> None:
    def act() -> None:
        reviewing.decide_element(here.user, here.store, here.where, here.framework, element, "reopen", reason="taken back", seen=seen)

    stale.guarded(act)


def draw(here: Here) -> None:
    """All elements with their evidence and what was decided on them."""
    stale.show(here)
    counts = reviewing.own_counts(here.user, here.store, here.where, here.framework)
    in_force = reviewing.in_force(here.user, here.store, here.where, here.framework)
    rows = []
    for dimension in here.framework.dimensions:
        rows.append(f"<tr><th colspan='4' scope='colgroup'>{esc(dimension.name)}</th></tr>")
        for e in dimension.elements:
            n = counts.get(e.id)
            decision = in_force.get(e.id)
            mark = chip("conflict", "conflict") if n and n.conflict else ""
            decided = (
                f"<br>{chip(stale.ELEMENT_WORDS.get(decision.action, ''), 'state-confirmed')} {said(decision.reason)}" if decision else ""
            )
            values = (n.waiting, n.confirmed, n.rejected) if n else (0, 0, 0)
            numbers = "".join(f'<td class="num{"" if v else " muted"}">{v}</td>' for v in values)
            rows.append(f"<tr><td>{esc(e.name)} {mark}{decided}</td>{numbers}</tr>")
    counted = "".join(f"<th class='num'>{name}</th>" for name in COUNTED)
    head = f"<tr><th>Element</th>{counted}</tr>"
    _decide(here, counts)
    st.html(f'<div class="tablewrap"><table class="plain">{head}{"".join(rows)}</table></div>')


def _decide(here: Here, counts: Mapping[str, ElementCounts]) -> None:
    """Not applicable, evidence is missing, taken back: on any element, with a reason."""
    names = {e.id: f"{d.name}: {e.name}" for d in here.framework.dimensions for e in d.elements}
    in_force = reviewing.in_force(here.user, here.store, here.where, here.framework)
    element = st.selectbox(
        "Decide on an element", list(names), format_func=lambda i: names[i], key="element-choice", filter_mode="contains"
    )
    waiting = counts[element].waiting if element in counts else 0
    if waiting:
        words = f"Review its {count(waiting, 'undecided piece')}"
        st.button(words, icon=":material/rule:", key=f"element-review-{element}", on_click=_queue, args=(element,))
    if element in in_force:
        _standing(here, in_force[element])
        return
    seen = reviewing.newest_element_decision(here.user, here.store, here.where, here.framework, element)
    with st.form(f"element-{element}"):
        actions: dict[Action, str] = {"not_applicable": "It does not apply here", "missing_evidence": "Evidence is missing here"}
        st.radio("What", list(actions), format_func=lambda a: actions[a], horizontal=True, key=f"element-what-{element}")
        st.text_input("Why", max_chars=1000, key=f"element-why-{element}")
        st.form_submit_button("Save", type="primary", on_click=_noted, args=(here, element, seen))


def _noted(here: Here, element: str, seen: str | None) -> None:
    action: Action = st.session_state.get(f"element-what-{element}") or "missing_evidence"
    _act(here, element, action, f"element-why-{element}", seen)
