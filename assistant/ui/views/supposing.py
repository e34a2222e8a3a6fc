"""Policies side by side, what is unknown and which question would settle it, and what if."""

from __future__ import annotations

from functools import partial
from typing import Final

import streamlit as st

from assistant.errors import AssistantError
from assistant.models import Assessment, GroupRating
from assistant.ui import shared, state
from assistant.ui.access import REVIEW
from assistant.ui.here import Here
from assistant.ui.markup import chip, esc, label, md, stage_chip, stages
from assistant.ui.services import assessing, reviewing
from assistant.ui.services.assessing import Open
from assistant.ui.state import ReviewView

AS_RATED: Final = ""


def draw_policies(here: Here, assessment: Assessment) -> None:
    """Every policy's result, and where they differ."""
    names = {d.id: d.name for d in here.framework.dimensions} | {"overall": "Overall"}
    head = "".join(f"<th>{esc(p.policy)}<br><span class='small'>version {p.version}</span></th>" for p in assessment.policies)
    rows = []
    for scope in ("overall", *(d.scope for d in assessment.dimensions)):
        results = [p.overall if scope == "overall" else next(d for d in p.dimensions if d.scope == scope) for p in assessment.policies]
        differ = len({r.stage for r in results}) > 1
        cells = "".join(f"<td>{_cell(here, r)}</td>" for r in results)
        rows.append(
            f"<tr><td>{'<b>' if scope == 'overall' else ''}{esc(names[scope])} {chip('they differ') if differ else ''}</td>{cells}</tr>"
        )
    st.html(f'<div class="tablewrap"><table class="plain fw-table"><tr><th></th>{head}</tr>{"".join(rows)}</table></div>')
    for policy in here.framework.policies:
        st.html(f"<p class='small'><b>{esc(policy.id)}</b>: {esc(policy.description)} <span class='muted'>{esc(policy.source)}</span></p>")


def _cell(here: Here, r: GroupRating) -> str:
    shown = stage_chip(here.framework, r.stage if r.sufficient else None)
    worst, best = stages(here.framework, r.low, r.low), stages(here.framework, r.high, r.high)
    bounds = "" if r.low == r.high else f"<br><span class='small muted'>{esc(worst)} … {esc(best)}</span>"
    held = f"<br><span class='small muted'>held by {esc(', '.join(r.blocked_by))}</span>" if r.blocked_by else ""
    return shown + bounds + held


# ---------------------------------------------------------------- unknown


def draw_unknown(here: Here, assessment: Assessment) -> None:
    """What is unknown, and the question that would settle each."""
    found = assessing.unknowns(here.framework, assessment)
    if not found:
        st.success("Nothing is unknown: every element is rated or does not apply.", icon=":material/task_alt:")
        return
    st.html("<p class='muted'>First what would move the headline, then what waiting evidence may settle without asking.</p>")
    for one in found:
        _open(here, one)


def _open(here: Here, one: Open) -> None:
    words, button = st.columns([6, 2], vertical_alignment="center")
    dimension = here.framework.dimension_of(one.element.id)
    marks = chip(one.rating.status.value, "unknown") + (chip("would move the headline") if one.moves else "")
    waiting = chip(f"{one.waiting} waiting for review") if one.waiting else ""
    words.html(
        f"<b>{esc(one.element.name)}</b> <span class='muted small'>{esc(dimension.name)}</span> {marks}{waiting}"
        f"<blockquote class='quote'><p>{esc(one.question)}</p><footer>ask this</footer></blockquote>"
    )
    if one.waiting and here.may(REVIEW):
        button.button("Review what waits", key=f"unknown-{one.element.id}", on_click=_review, args=(one.element.id,))


def _review(element: str) -> None:
    app = state.current()
    app.review_view, app.queue, app.evidence = ReviewView.ONE, reviewing.Queue(element=element), ""
    state.go_to("review")


# ---------------------------------------------------------------- what if


def _option(texts: dict[str, str], otherwise: str, statement: str) -> str:
    return texts.get(statement, otherwise)


def draw_what_if(here: Here, assessment: Assessment) -> None:
    """Tick statements and see the stage."""
    st.html("<p class='muted'>Suppose elements stood elsewhere: choose statements and see what follows. Nothing is saved.</p>")
    chosen: dict[str, str] = {}
    result = st.container()
    for dimension in here.framework.dimensions:
        with st.expander(dimension.name, key=f"what-if-{dimension.id}"):
            for element in dimension.elements:
                texts = {s.id: label(f"{stages(here.framework, s.stage_low, s.stage_high)}: {s.text}", 150) for s in element.statements}
                rating = assessment.rating(element.id)
                now = here.framework.stage_name(rating.stage) if rating.stage else rating.status.value
                picked = st.selectbox(
                    md(element.name),
                    [AS_RATED, *texts],
                    format_func=partial(_option, texts, f"as rated ({now})"),
                    key=f"suppose-{element.id}",
                )
                if picked:
                    chosen[element.id] = picked
    with result:
        try:
            supposed = assessing.simulate(here.user, here.framework, assessment, chosen)
        except AssistantError as error:
            shared.show_error(error)
            return
        was, would = assessment.overall, supposed.overall
        before, after = st.columns(2)
        before.html(f"<p class='muted small'>as rated</p>{_cell(here, was)}<p>{esc(was.explanation)}</p>")
        after.html(f"<p class='muted small'>with {len(chosen)} supposed</p>{_cell(here, would)}<p>{esc(would.explanation)}</p>")
