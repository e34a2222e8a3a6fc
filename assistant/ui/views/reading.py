"""Reading a transcript with its evidence in the text, and adding evidence by selecting words."""

from __future__ import annotations

from typing import Final

import streamlit as st

from assistant.display import count
from assistant.errors import AssistantError, GroundingError
from assistant.models import EvidenceState, Role, Transcript
from assistant.segments import trim, turn_at
from assistant.store import EvidenceFilter, EvidenceItem
from assistant.transcripts import remarks
from assistant.ui import components, parts, shared, state
from assistant.ui.here import Here
from assistant.ui.markup import STATE_NAMES, apart, coder, esc, facts, md, quote, said
from assistant.ui.services import reviewing, transcripts
from assistant.ui.views import fields

SELECTED: Final = "reader-selected"
FOUND: Final = "reader-found"
"""Place that a search led to: transcript, start, end."""
SHOW: Final = "reader-show"
"""What the side is to be scrolled to for, on a phone."""
NAMED: Final = "reader-named"
TYPED: Final = "reader-typed"
OVERLAPS: Final = 6
"""Other pieces in the same words that are offered."""
ANY: Final = ""
NONE: Final = "none"


def draw(here: Here) -> None:
    """The part of the page."""
    lines = transcripts.listing(here.user, here.store, here.where)
    if not lines:
        parts.choose_first("No transcripts yet: add files first.")
        return
    names = apart({info.id: info.name for info, _ in lines})
    if here.state.transcript not in names:
        here.state.transcript = lines[0][0].id
    wanted = _filters(here, names)
    transcript = transcripts.read(here.user, here.store, here.where, here.state.transcript)
    items, more = transcripts.evidence_of(here.user, here.store, here.where, transcript.id, wanted)
    text, side = st.columns([3, 2])
    with text:
        st.html(_legend(len(items), more))
        _pane(here, transcript, items)
    with side:
        if token := st.session_state.pop(SHOW, ""):
            components.show_here(token)
        _side(here, transcript, items)


def _filters(here: Here, names: dict[str, str]) -> EvidenceFilter:
    which, element = st.columns(2)
    st.session_state["reader-transcript"] = here.state.transcript
    which.selectbox("Transcript", list(names), format_func=lambda i: names[i], key="reader-transcript", on_change=_chosen)
    elements = {e.id: e.name for e in here.framework.elements}
    app = here.state
    st.session_state["reader-element"] = app.read_element if app.read_element in elements else ANY
    only = element.selectbox(
        "Element", [ANY, *elements], format_func=lambda i: elements.get(i, "all elements"), key="reader-element", on_change=_marked
    )
    shown = [EvidenceState.PROPOSED, EvidenceState.UNSURE, EvidenceState.CONFIRMED, EvidenceState.REJECTED]
    with st.container(horizontal=True, vertical_alignment="bottom", key="reader-marks"):
        st.session_state["reader-states"] = [s for s in shown if s.value in app.read_states.split()]
        picked = st.pills(
            "State", shown, selection_mode="multi", format_func=lambda s: STATE_NAMES[s], key="reader-states", on_change=_marked
        )
        st.toggle("Name the element of each mark", value=True, key=NAMED)
    return EvidenceFilter(
        framework=here.framework.id,
        elements=(only,) if only else (),
        states=tuple(picked),
        # Nothing chosen shows the bare text.
        ids=None if picked else (),
        reviewer=reviewing.own_view(here.user, here.use_case) if here.use_case else None,
    )


def _marked() -> None:
    app = state.current()
    app.read_element = st.session_state["reader-element"]
    # Nothing chosen is a choice too: it must not look like an address without one.
    app.read_states = " ".join(s.value for s in st.session_state["reader-states"]) or NONE


def _chosen() -> None:
    state.current().transcript = st.session_state["reader-transcript"]
    _forget()


def show(transcript: str, start: int, end: int) -> None:
    """Opens a transcript at a place that was found."""
    state.current().read(transcript)
    _forget()
    st.session_state[FOUND] = (transcript, start, end)


def _legend(number: int, more: int) -> str:
    marks = "".join(
        f'<span class="turn" style="margin:0"><mark class="s-{s.value}">{STATE_NAMES[s]}</mark></span>'
        for s in (EvidenceState.PROPOSED, EvidenceState.CONFIRMED, EvidenceState.UNSURE, EvidenceState.REJECTED)
    )
    pieces = count(number, "piece of evidence", "pieces of evidence")
    rest = f", and {more} more that are not marked: choose an element" if more else ""
    return f'<div class="legend"><span>{pieces}{rest}</span>{marks}<span>click a mark, or select words to add evidence</span></div>'


def _pane(here: Here, transcript: Transcript, items: tuple[EvidenceItem, ...]) -> None:
    app = here.state
    grouped = parts.by_turn(transcript, [i.evidence for i in items])
    names = {e.id: e.name for e in here.framework.elements}
    where = st.session_state.get(FOUND)
    span = where[1:] if where is not None and where[0] == transcript.id else None
    turns = "".join(
        parts.turn_html(
            transcript, turn, grouped.get(turn.index, ()), app.evidence, names=names,
            found=span if span and span[0] < turn.end and turn.start < span[1] else None,
        )
        for turn in transcript.turns
    )  # fmt: skip
    components.pane(
        f'<div class="reader{" named" if st.session_state.get(NAMED, True) else ""}">{turns}</div>',
        key=f"reader-{transcript.id}",
        focus=f"{transcript.id} {app.evidence} {span}" if app.evidence or span else "",
        selectable=True,
        on_go=_show,
        on_select=_select,
    )


def _show(evidence: str) -> None:
    state.current().evidence = evidence
    _forget()
    st.session_state[SHOW] = evidence


def _select(start: int, end: int) -> None:
    st.session_state[SELECTED] = (state.current().transcript, start, end)
    st.session_state[SHOW] = f"{start}-{end}"


def _side(here: Here, transcript: Transcript, items: tuple[EvidenceItem, ...]) -> None:
    """What was selected, or the piece of evidence that was clicked."""
    selected = st.session_state.get(SELECTED)
    if selected is not None and selected[0] == transcript.id:
        start, end = trim(transcript.text, selected[1], selected[2])
        if start < end:
            _selected(here, transcript, start, end)
            return
    chosen = next((i for i in items if i.evidence.id == here.state.evidence), None)
    if chosen is None:
        st.html('<p class="muted">Click a marked quote to see its coding. Select words of a respondent to add evidence by hand.</p>')
        st.text_input(
            "Or write the words of the answer here", key=TYPED, max_chars=2000, on_change=_typed, args=(transcript,),
            placeholder="letter by letter as they stand in the text",
        )  # fmt: skip
        notes = "".join(f"<li>{esc(n)}</li>" for n in remarks(transcript))
        st.html(f'<ul class="small muted">{notes}</ul>' if notes else "<span></span>")
        return
    e = chosen.evidence
    element = here.framework.element(e.element)
    dimension = here.framework.dimension_of(e.element)
    st.html(
        f"<h3>{esc(element.name)}</h3><p class='muted small'>{esc(dimension.name)}</p>{quote(e.quote)}{facts(e, here.framework)}"
        f"<p class='small muted'>{said(e.rationale) if e.rationale else 'no rationale given'}<br>{coder(e)}</p>"
    )
    st.button("Review it", icon=":material/rule:", key="reader-review", on_click=_review, args=(e.id,))
    others = [i.evidence for i in items if i.evidence.id != e.id and i.evidence.start < e.end and e.start < i.evidence.end]
    if others:
        st.html("<p class='small muted'>Also in these words</p>")
    for other in others[:OVERLAPS]:
        name = here.framework.element(other.element).name
        st.button(f"{md(name)}, {STATE_NAMES[other.state]}", key=f"reader-other-{other.id}", on_click=_show, args=(other.id,))


def _typed(transcript: Transcript) -> None:
    """Words written instead of selected: the same, for whoever has no mouse."""
    words = str(st.session_state[TYPED]).strip()
    turns = (turn for turn in transcript.respondent_turns() if words)
    place = next((turn.start + at for turn in turns if (at := transcript.text[turn.start : turn.end].find(words)) >= 0), None)
    if place is not None:
        _select(place, place + len(words))
    elif words:
        shared.later(GroundingError("no respondent says these words", remedy="copy them from an answer, letter by letter"))


def _review(evidence: str) -> None:
    state.current().review(evidence)
    state.go_to("review")


def _selected(here: Here, transcript: Transcript, start: int, end: int) -> None:
    """The form for the words, where they can be evidence."""
    turn = turn_at(transcript, start)
    if turn is None or turn.role is Role.INTERVIEWER or end > turn.end:
        st.warning(
            "These words are not one respondent's answer. Select words within a single answer; what the interviewer says is no evidence.",
            icon=":material/rule:",
        )
        st.button("Select others", key="add-cancel", on_click=_forget)
        return
    _add(here, transcript, start, end)


def _add(here: Here, transcript: Transcript, start: int, end: int) -> None:
    """The form for new evidence."""
    st.html(f"<h3>New evidence</h3>{quote(transcript.text[start:end])}")
    with st.container(key="new-evidence"):
        fields.coding(here.framework, key=f"new-{transcript.id}")
    cancel, save = st.columns(2)
    save.button("Add", type="primary", key="add-evidence", width="stretch", on_click=_save, args=(here, transcript.id, start, end))
    cancel.button("Cancel", key="add-cancel", width="stretch", on_click=_forget)


def _forget() -> None:
    for key in (SELECTED, FOUND):
        st.session_state.pop(key, None)


def _save(here: Here, transcript: str, start: int, end: int) -> None:
    coding = fields.read(here.framework, f"new-{transcript}")
    try:
        added = transcripts.add_evidence(here.user, here.store, here.where, here.framework, transcript, start, end, coding).evidence
    except AssistantError as error:
        shared.later(error)
        return
    _forget()
    app = state.current()
    app.evidence = added.id
    if added.state is EvidenceState.CONFIRMED:
        st.toast("Evidence added and confirmed", icon=":material/check:")
        return
    # The same was added before, and its decisions stand; it is opened, marked or not.
    app.read_element = ""
    if app.read_states == NONE or added.state.value not in app.read_states.split():
        app.read_states = f"{app.read_states.replace(NONE, '')} {added.state.value}".strip()
    st.toast(f"This is here already: {STATE_NAMES[added.state]}", icon=":material/info:")
