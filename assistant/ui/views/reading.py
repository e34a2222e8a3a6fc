"""Reading a transcript with its evidence in the text, and adding evidence by selecting words."""

from __future__ import annotations

from typing import Final

import streamlit as st

from assistant.display import count
from assistant.errors import AssistantError
from assistant.models import EvidenceState, Transcript
from assistant.segments import trim
from assistant.store import EvidenceFilter, EvidenceItem
from assistant.ui import components, parts, shared, state
from assistant.ui.here import Here
from assistant.ui.markup import STATE_NAMES, esc, facts, label, quote, said
from assistant.ui.services import reviewing, transcripts
from assistant.ui.state import ReviewView
from assistant.ui.views import fields

SELECTED: Final = "reader-selected"
ANY: Final = ""


def draw(here: Here) -> None:
    """The part of the page."""
    lines = transcripts.listing(here.user, here.store, here.where)
    if not lines:
        parts.choose_first("No transcripts yet: add files first.")
        return
    names = {info.id: info.name for info, _ in lines}
    if here.state.transcript not in names:
        here.state.transcript = lines[0][0].id
    wanted = _filters(here, names)
    transcript = transcripts.read(here.user, here.store, here.where, here.state.transcript)
    items = transcripts.evidence_of(here.user, here.store, here.where, transcript.id, wanted)
    text, side = st.columns([3, 2])
    with text:
        st.html(_legend(len(items)))
        _pane(here, transcript, items)
    with side:
        _side(here, transcript, items)


def _filters(here: Here, names: dict[str, str]) -> EvidenceFilter:
    which, element, states = st.columns([3, 3, 3])
    st.session_state["reader-transcript"] = here.state.transcript
    which.selectbox("Transcript", list(names), format_func=lambda i: label(names[i]), key="reader-transcript", on_change=_chosen)
    elements = {e.id: e.name for e in here.framework.elements}
    only = element.selectbox("Element", [ANY, *elements], format_func=lambda i: elements.get(i, "all elements"), key="reader-element")
    shown = [EvidenceState.PROPOSED, EvidenceState.UNSURE, EvidenceState.CONFIRMED, EvidenceState.REJECTED]
    picked = states.multiselect(
        "State", shown, default=shown[:3], format_func=lambda s: STATE_NAMES[s], key="reader-states", placeholder="none"
    )
    return EvidenceFilter(
        framework=here.framework.id,
        elements=(only,) if only else (),
        states=tuple(picked),
        # Nothing chosen shows the bare text.
        ids=None if picked else (),
        reviewer=reviewing.own_view(here.user, here.use_case) if here.use_case else None,
    )


def _chosen() -> None:
    state.current().transcript = st.session_state["reader-transcript"]
    st.session_state.pop(SELECTED, None)


def _legend(number: int) -> str:
    marks = "".join(
        f'<span class="turn" style="margin:0"><mark class="s-{s.value}">{STATE_NAMES[s]}</mark></span>'
        for s in (EvidenceState.PROPOSED, EvidenceState.CONFIRMED, EvidenceState.UNSURE, EvidenceState.REJECTED)
    )
    pieces = count(number, "piece of evidence", "pieces of evidence")
    return f'<div class="legend"><span>{pieces}</span>{marks}<span>click a mark, or select words to add evidence</span></div>'


def _pane(here: Here, transcript: Transcript, items: tuple[EvidenceItem, ...]) -> None:
    app = here.state
    grouped = parts.by_turn(transcript, [i.evidence for i in items])
    turns = "".join(parts.turn_html(transcript, turn, grouped.get(turn.index, ()), app.evidence) for turn in transcript.turns)
    components.pane(
        f'<div class="reader">{turns}</div>',
        key=f"reader-{transcript.id}",
        focus=f"{transcript.id} {app.evidence}" if app.evidence else "",
        selectable=True,
        on_go=_show,
        on_select=_select,
    )


def _show(evidence: str) -> None:
    state.current().evidence = evidence
    st.session_state.pop(SELECTED, None)


def _select(start: int, end: int) -> None:
    st.session_state[SELECTED] = (state.current().transcript, start, end)


def _side(here: Here, transcript: Transcript, items: tuple[EvidenceItem, ...]) -> None:
    """What was selected, or the piece of evidence that was clicked."""
    selected = st.session_state.get(SELECTED)
    if selected is not None and selected[0] == transcript.id:
        start, end = trim(transcript.text, selected[1], selected[2])
        if start < end:
            _add(here, transcript, start, end)
            return
    chosen = next((i for i in items if i.evidence.id == here.state.evidence), None)
    if chosen is None:
        st.html('<p class="muted">Click a marked quote to see its coding. Select words of a respondent to add evidence by hand.</p>')
        notes = "".join(f"<li>{esc(n)}</li>" for n in transcript.notes)
        st.html(f'<ul class="small muted">{notes}</ul>' if notes else "<span></span>")
        return
    e = chosen.evidence
    element = here.framework.element(e.element)
    dimension = here.framework.dimension_of(e.element)
    st.html(
        f"<h3>{esc(element.name)}</h3><p class='muted small'>{esc(dimension.name)}</p>{quote(e.quote)}{facts(e, here.framework)}"
        f"<p class='small muted'>{said(e.rationale)} · {said(e.engine)} · {e.confidence:.0%}</p>"
    )
    st.button("Review it", icon=":material/rule:", key="reader-review", on_click=_review, args=(e.id,))


def _review(evidence: str) -> None:
    app = state.current()
    app.visit(evidence)
    app.review_view = ReviewView.ONE
    state.go_to("review")


def _add(here: Here, transcript: Transcript, start: int, end: int) -> None:
    """The form for new evidence."""
    st.html(f"<h3>New evidence</h3>{quote(transcript.text[start:end])}")
    with st.container(key="new-evidence"):
        coding = fields.coding(here.framework, key=f"new-{transcript.id}")
    cancel, save = st.columns(2)
    save.button("Add", type="primary", key="add-evidence", width="stretch", on_click=_save, args=(here, transcript.id, start, end, coding))
    cancel.button("Cancel", key="add-cancel", width="stretch", on_click=_forget)


def _forget() -> None:
    st.session_state.pop(SELECTED, None)


def _save(here: Here, transcript: str, start: int, end: int, coding: transcripts.Coding) -> None:
    try:
        added = transcripts.add_evidence(here.user, here.store, here.where, here.framework, transcript, start, end, coding)
    except AssistantError as error:
        shared.later(error)
        return
    _forget()
    state.current().evidence = added.evidence.id
    st.toast("Evidence added and confirmed", icon=":material/check:")
