"""Policies side by side, what is unknown and which question would settle it, and what if."""

from __future__ import annotations

from typing import Final

import streamlit as st

from assistant.models import Assessment, Element, GroupRating
from assistant.ui import parts, shared, state
from assistant.ui.access import REVIEW
from assistant.ui.here import Here
from assistant.ui.markup import chip, esc, md, stage_chip, stages
from assistant.ui.services import assessing, reviewing
from assistant.ui.services.assessing import Open

AS_RATED: Final = ""


def draw_policies(here: Here, assessment: Assessment) -> None:
    """Every policy's result, and where they differ."""
    names = {d.id: d.name for d in here.framework.dimensions} | {"overall": "Overall"}
    head = "".join(f"<th>{esc(p.policy)}<br><span class='small'>version {p.version}</span></th>" for p in assessment.policies)
    rows = []
    for scope in ("overall", *(d.scope for d in assessment.dimensions)):
        results = [p.overall if scope == "overall" else next(d for d in p.dimensions if d.scope == scope) for p in assessment.policies]
        differ = len({r.stage if r.sufficient else None for r in results}) > 1
        cells = "".join(
            f'<td data-label="{esc(p.policy)}"><div>{_cell(here, r)}</div></td>' for p, r in zip(assessment.policies, results, strict=True)
        )
        name = f"<b>{esc(names[scope])}</b>" if scope == "overall" else esc(names[scope])
        rows.append(f"<tr><td>{name} {chip('they differ', 'conflict') if differ else ''}</td>{cells}</tr>")
    st.html(f'<div class="tablewrap"><table class="plain fw-table stack"><tr><th></th>{head}</tr>{"".join(rows)}</table></div>')
    for policy in here.framework.policies:
        st.html(f"<p class='small'><b>{esc(policy.id)}</b>: {esc(policy.description)} <span class='muted'>{esc(policy.source)}</span></p>")


def _cell(here: Here, r: GroupRating) -> str:
    shown = stage_chip(here.framework, r.stage if r.sufficient else None)
    return f"{shown}<br><span class='small muted'>{esc(parts.extent(here.framework, r))}</span>"


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
    low, high = one.rating.low, one.rating.high
    marks = [chip(one.rating.status.value, "unknown")]
    marks += [chip(stages(here.framework, low, high), "quiet")] if one.rating.status == "unplaced" else []
    marks += [chip("would move the headline", "conflict")] if one.moves else []
    marks += [chip(f"{one.waiting} waiting for review")] if one.waiting else []
    words.html(
        f"<div class='chips'><b>{esc(one.element.name)}</b> <span class='muted small'>{esc(dimension.name)}</span>{''.join(marks)}</div>"
        f"<blockquote class='quote'><p><span class='muted small'>Ask:</span> {esc(one.question)}</p></blockquote>"
    )
    if one.waiting and here.may(REVIEW):
        button.button("Review what waits", key=f"unknown-{one.element.id}", on_click=_review, args=(one.element.id,))


def _review(element: str) -> None:
    state.current().review("", reviewing.Queue(element=element))
    state.go_to("review")


# ---------------------------------------------------------------- what if


SUPPOSED: Final = "suppose-"
"""Keys of the choices begin so; use case, framework and element follow."""


def _prefix(here: Here) -> str:
    """What the keys of a use case's choices begin with."""
    return f"{SUPPOSED}{here.where}-{here.framework.id}-"


def _clear(prefix: str) -> None:
    for key in [str(k) for k in st.session_state if str(k).startswith(prefix)]:
        del st.session_state[key]


def draw_what_if(here: Here, assessment: Assessment) -> None:
    """Tick statements and see the stage."""
    st.html("<p class='muted'>Suppose elements stood elsewhere: tick statements and see what follows. Nothing is saved.</p>")
    result = st.container(key="what-if-result")
    chosen: dict[str, str] = {}
    for dimension in here.framework.dimensions:
        with st.expander(md(dimension.name), key=f"what-if-{dimension.id}", expanded=dimension is here.framework.dimensions[0]):
            for element in dimension.elements:
                if picked := _suppose(here, assessment, element):
                    chosen[element.id] = picked
    with result, shared.problems():
        supposed = assessing.simulate(here.user, here.framework, assessment, chosen)
        now = f"with {len(chosen)} supposed" if chosen else "nothing is supposed yet"
        sides = (("as rated", assessment.overall), (now, supposed.overall))
        cells = "".join(f"<div><span class='muted small'>{words}</span><br>{_cell(here, group)}</div>" for words, group in sides)
        st.html(f"<div class='two'>{cells}</div>")
    st.button("Start again", key="what-if-clear", disabled=not chosen, on_click=_clear, args=(_prefix(here),))


def _suppose(here: Here, assessment: Assessment, element: Element) -> str:
    """The statement ticked for an element; empty where it stays as it is rated."""
    rating = assessment.rating(element.id)
    now = here.framework.stage_name(rating.stage) if rating.stage else rating.status.value
    texts = {AS_RATED: f"as rated: {md(now)}"} | {
        s.id: f"**{md(stages(here.framework, s.stage_low, s.stage_high))}** {md(s.text)}" for s in element.statements
    }
    key = f"{_prefix(here)}{element.id}"
    return st.radio(md(element.name), list(texts), format_func=lambda i: texts[i], key=key) or AS_RATED
