"""Confirming several at once after seeing them, and the last decisions to take back."""

from __future__ import annotations

import streamlit as st

from assistant.display import count
from assistant.errors import AssistantError, NotFoundError
from assistant.store import ReviewMode
from assistant.ui import shared, state
from assistant.ui.access import WORK
from assistant.ui.here import Here
from assistant.ui.markup import DONE, chip, esc, facts, quote, said
from assistant.ui.services import reviewing
from assistant.ui.services.reviewing import BULK, Queue, Waiting
from assistant.ui.views import stale

PREVIEW = 30
"""Quotes of the preview."""
FEW = 3
"""So many quotes are shown at their own height."""


def draw(here: Here) -> None:
    """Accept everything above a confidence, after seeing what that is."""
    st.html('<p class="muted">For what is plainly right. Everything can be taken back, one by one, under “Last decisions”.</p>')
    elements = {e.id: e.name for e in here.framework.elements}
    left, right = st.columns(2)
    least = left.slider("Confidence at least", 0.0, 1.0, 0.9, 0.01, key="bulk-confidence")
    only = right.selectbox("Element", ["", *elements], format_func=lambda i: elements.get(i, "all elements"), key="bulk-element")
    queue = Queue(waiting=Waiting.UNDECIDED, element=only or None, min_confidence=least)
    items = reviewing.bulk_preview(here.user, here.store, here.where, here.framework, queue)
    if not items:
        st.info("Nothing undecided is that sure. Lower the confidence.", icon=":material/inbox:")
        return
    more = " (the first thousand)" if len(items) == BULK else ""
    st.html(f"<b>{count(len(items), 'piece', 'pieces')} of evidence would be accepted{more}:</b>")
    seen = {i.evidence.id: i.last_decision for i in items}
    shown = "".join(
        quote(i.evidence.quote, f"{esc(elements.get(i.evidence.element, i.evidence.element))} {facts(i.evidence, here.framework)}")
        for i in items[:PREVIEW]
    )
    rest = f"<p class='muted'>and {len(items) - PREVIEW} more</p>" if len(items) > PREVIEW else ""
    with st.container(height=460 if len(items) > FEW else "content", border=True):
        st.html(shown + rest)
    words = f"Accept these {len(items)} pieces" if len(items) > 1 else "Accept this piece"
    st.button(words, type="primary", key="bulk-accept", icon=":material/done_all:", on_click=_accept, args=(here, seen))


def _accept(here: Here, seen: dict[str, str | None]) -> None:
    try:
        done = reviewing.bulk_confirm(here.user, here.store, here.where, seen)
    except AssistantError as error:
        shared.later(error)
        return
    state.current().evidence = ""
    st.toast(f"{count(done, 'piece', 'pieces')} accepted", icon=":material/done_all:")


def draw_last(here: Here) -> None:
    """The reviewer's own newest decisions; who reviews blind to whom."""
    stale.show(here)
    _how(here)
    taken = reviewing.last_decisions(here.user, here.store, here.where)
    names = {e.id: e.name for e in here.framework.elements}
    if not taken:
        st.info("You have not decided on anything in this use case yet.", icon=":material/history:")
    for decision, stands in taken:
        try:
            e = reviewing.item(here.user, here.store, here.where, decision.evidence).evidence
        except NotFoundError:
            continue
        words, button = st.columns([6, 1], vertical_alignment="center")
        at = f"{decision.at:%Y-%m-%d %H:%M} UTC"
        reason = f": {said(decision.reason)}" if decision.reason else ""
        head = f"{chip(DONE[decision.action], '' if stands else 'quiet')} <b class='small'>{esc(names.get(e.element, e.element))}</b>"
        words.html(f"{head} <span class='muted small'>{at}{reason}</span>{quote(e.quote)}")
        if stands:
            button.button("Undo", key=f"undo-{decision.id}", on_click=_undo, args=(here, decision.evidence, decision.id))


def _how(here: Here) -> None:
    """Whether reviewers see each other's decisions."""
    if here.may(WORK) and here.use_case is not None:
        key = "review-mode-choice"
        st.session_state[key] = here.use_case.review
        st.radio(
            "How several reviewers work",
            list(ReviewMode),
            format_func=lambda m: {"shared": "one common state", "blind": "blind to each other"}[m.value],
            horizontal=True,
            key=key,
            on_change=_mode,
            args=(here, key),
        )


def _undo(here: Here, evidence: str, decision: str) -> None:
    stale.guarded(lambda: reviewing.undo(here.user, here.store, here.where, evidence, decision=decision))


def _mode(here: Here, key: str) -> None:
    try:
        reviewing.set_mode(here.user, here.store, here.where, st.session_state[key])
    except AssistantError as error:
        shared.later(error)
