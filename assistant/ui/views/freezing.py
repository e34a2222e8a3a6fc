"""Frozen assessments: freeze, list, open, compare two with the evidence and decisions behind each change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from assistant.errors import AssistantError, NotFoundError
from assistant.models import Assessment, ElementRating, Framework
from assistant.ui import parts, shared, state
from assistant.ui.access import WORK
from assistant.ui.here import Here
from assistant.ui.markup import apart, chip, esc, md, quote, said, stage_chip, stages
from assistant.ui.services import assessing
from assistant.ui.services.assessing import Change, Comparison
from assistant.ui.services.queries import FrozenLine
from assistant.ui.views import resulting, tracing

LIVE = "live"
NAME = "freeze-name"
PART, RESULT, TRACE = "frozen-part", "Result", "Trace"


def draw(here: Here, assessment: Assessment | None) -> None:
    """The part of the page; ``assessment`` is the live one, None while a frozen one is open."""
    if assessment is None:
        _open(here)
        return
    if here.may(WORK):
        _freeze(here, assessment)
    lines = assessing.frozen(here.user, here.store, here.where)
    if not lines:
        st.info(
            "Nothing is frozen yet. Freezing keeps the result with its evidence, so that it can be recomputed.", icon=":material/ac_unit:"
        )
        return
    for line in lines:
        words, button = st.columns([6, 1], vertical_alignment="center")
        marks = chip("quotes erased since", "quiet") if line.redacted else ""
        words.html(
            f"<b>{said(line.label)}</b> {stage_chip(here.framework, line.stage) if _of_this(here, line) else ''}{marks}<br>"
            f"<span class='muted small'>{line.at:%Y-%m-%d %H:%M} UTC by {said(line.by)}<br>{esc(_words(here, line))}</span>"
        )
        button.button("Open", key=f"frozen-{line.id}", on_click=_show, args=(line.id,))
    _compare(here, assessment, lines)


def _of_this(here: Here, line: FrozenLine) -> bool:
    """Whether it was made with the framework of the page: a stage's number means another stage in another one."""
    return line.framework == here.framework.hash


def _words(here: Here, line: FrozenLine) -> str:
    if not _of_this(here, line):
        return f"with another framework: {line.explanation}"
    return parts.summary(here.framework.stage_name(line.stage) if line.stage is not None else "", line.explanation)


def _freeze(here: Here, assessment: Assessment) -> None:
    with st.form("freeze"):
        name, button = st.columns([5, 2], vertical_alignment="bottom")
        name.text_input("Freeze the present result as", placeholder="e.g. November, after the second round", max_chars=200, key=NAME)
        # What is frozen is what was drawn, not what it may have become since.
        button.form_submit_button(
            "Freeze", type="primary", icon=":material/ac_unit:", disabled=assessment.draft, width="stretch", on_click=_frozen,
            args=(here, assessment),
        )  # fmt: skip
    if assessment.draft:
        st.caption("A draft cannot be frozen: choose “confirmed evidence” above.")


def _frozen(here: Here, assessment: Assessment) -> None:
    try:
        frozen = assessing.freeze(here.user, here.store, here.where, here.framework, assessment, st.session_state[NAME])
    except AssistantError as error:
        shared.later(error)
        return
    st.session_state[NAME] = ""
    st.toast(f"Frozen as {md(frozen.label)}", icon=":material/ac_unit:")


def _show(assessment: str) -> None:
    app = state.current()
    app.opened = assessment
    st.session_state[PART] = RESULT


def _back() -> None:
    state.current().opened = ""


def _open(here: Here) -> None:
    """One frozen assessment."""
    st.button("Back to the list", icon=":material/arrow_back:", key="frozen-back", on_click=_back)
    try:
        found, framework, holds = assessing.open_frozen(here.user, here.store, here.state.opened)
    except NotFoundError as error:
        shared.show_error(error)
        return
    if found.use_case != here.where:
        shared.show_error(NotFoundError("this assessment belongs to another use case", remedy="choose that one on the left"))
        return
    check = chip("recomputes to the byte", "state-confirmed") if holds else chip("does not recompute: do not rely on it", "conflict")
    st.html(
        f"<h2>{said(found.label)}</h2><p class='muted small break'>frozen {found.at:%Y-%m-%d %H:%M} UTC by {said(found.by)} · SHA-256 "
        f"{esc(found.hash)}</p>{check}"
    )
    # A frozen assessment is read with the framework that it was made with.
    as_frozen = replace(here, framework=framework)
    st.session_state.setdefault(PART, RESULT)
    part = st.segmented_control("Part of the assessment", [RESULT, TRACE], key=PART, required=True, label_visibility="collapsed")
    if part == TRACE:
        tracing.draw(as_frozen, found.assessment)
    else:
        resulting.whole(as_frozen, found.assessment, "frozen", _trace)


def _trace(element: str) -> None:
    """Shows the trace of an element of the frozen assessment that is open."""
    state.current().element = element
    st.session_state[PART] = TRACE


# ---------------------------------------------------------------- comparing


def _compare(here: Here, assessment: Assessment, lines: Sequence[FrozenLine]) -> None:
    st.html("<h3 class='tight'>Compare two</h3>")
    present = "the present result (a draft)" if assessment.draft else "the present result"
    names = apart({line.id: f"{line.label} ({line.at:%Y-%m-%d %H:%M})" for line in reversed(lines)} | {LIVE: present})
    left, right = st.columns(2)
    first = left.selectbox("Before", list(names), format_func=lambda i: names[i], key="compare-before")
    second = right.selectbox("After", list(names), index=len(names) - 1, format_func=lambda i: names[i], key="compare-after")
    if first == second:
        st.caption("Choose two different ones.")
        return
    with shared.problems():
        (before, old), (after, new) = _chosen(here, assessment, first), _chosen(here, assessment, second)
        _changes(assessing.compare(here.user, here.store, here.where, before, after), old, new)


def _chosen(here: Here, live: Assessment, chosen: str) -> tuple[Assessment, Framework]:
    """One side, with the framework that it was made with."""
    if chosen == LIVE:
        return live, here.framework
    found, framework, _ = assessing.open_frozen(here.user, here.store, chosen)
    return found.assessment, framework


def _changes(found: Comparison, old: Framework, new: Framework) -> None:
    sides = ("before", found.before, old), ("after", found.after, new)
    st.html(
        "".join(
            f"<p class='tight'>{chip(name, 'quiet')} {stage_chip(framework, one.overall.stage if one.overall.sufficient else None)} "
            f"<span class='muted small'>{esc(parts.extent(framework, one.overall))}</span></p>"
            for name, one, framework in sides
        )
        + "".join(f"<p class='small'>{esc(line)}</p>" for line in found.general)
    )
    if not found.changes:
        st.info("No element's rating differs.", icon=":material/drag_handle:")
    for change in found.changes:
        st.html(_change(change, old, new))


def _change(change: Change, old: Framework, new: Framework) -> str:
    name = new.element(change.element).name
    causes = (
        "".join(f"<li>{esc(c.what)}{f' by {said(c.by)}' if c.by else ''}{quote(c.quote) if c.quote else ''}</li>" for c in change.causes)
        or "<li>the framework or the policy changed</li>"
    )
    return f"<p><b>{esc(name)}</b> {_where(old, change.before)} → {_where(new, change.after)}</p><ul class='small'>{causes}</ul>"


def _where(framework: Framework, rating: ElementRating) -> str:
    if rating.stage is not None:
        return stage_chip(framework, rating.stage)
    bounds = f" ({stages(framework, rating.low, rating.high)})" if rating.status == "unplaced" else ""
    return chip(f"{rating.status.value}{bounds}", "unknown")
