"""One piece of evidence at a time, by keys. A fragment: a key draws this part again, not the page.

The buttons' keys hold the piece and its last decision: a press that arrives after the next piece was drawn belongs to a button that is
gone, so nothing is ever decided that the reviewer has not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import streamlit as st

from assistant.errors import NotFoundError
from assistant.models import Element, Evidence, EvidenceState, Transcript
from assistant.store import EvidenceItem
from assistant.ui import components, parts, shared, state
from assistant.ui.here import Here, now
from assistant.ui.markup import DONE, chip, coder, esc, facts, md, quote, said, statement_cell
from assistant.ui.services import reviewing
from assistant.ui.views import editing, queues, stale

MODE: Final = "review-mode"
"""What is open below the piece: nothing, ``reject`` or ``edit``; with the piece that it belongs to."""
REASONS: Final = (
    "Not about this element",
    "Does not say so",
    "Not their own current practice",
    "Same as another piece",
    "Misheard or unclear",
)
AROUND: Final = 1
"""Turns shown before and after."""


@st.fragment
def draw() -> None:
    """The part of the page."""
    here = now()
    with shared.problems():
        queues.draw(here)
        item = _current(here)
        stale.show(here)
        if item is None:
            _empty(here)
        else:
            _piece(here, item)
    state.publish()


def _current(here: Here) -> EvidenceItem | None:
    """The piece in the state, or the first of the queue."""
    app = here.state
    if app.evidence:
        try:
            return reviewing.item(here.user, here.store, here.where, app.evidence)
        except NotFoundError:
            app.evidence = ""
    first = reviewing.following(here.user, here.store, here.where, here.framework, app.queue, None)
    app.evidence = first.evidence.id if first else ""
    return first


def _empty(here: Here) -> None:
    left = reviewing.left(here.user, here.store, here.where, here.framework, here.state.queue)
    if left.total == 0:
        st.info("There is no evidence here yet. Code the transcripts first, or widen the queue.", icon=":material/inbox:")
        st.page_link(parts.page("transcripts"), label="Go to the transcripts", icon=":material/arrow_forward:")
    else:
        st.success(f"Nothing is left in this queue: all {left.total} pieces are decided.", icon=":material/task_alt:")
        st.page_link(parts.page("assessment"), label="Read the assessment", icon=":material/arrow_forward:")
    st.button("Undo the last decision", key="undo-empty", shortcut="Z", on_click=_undo, args=(here,))


# ---------------------------------------------------------------- the piece


def _piece(here: Here, item: EvidenceItem) -> None:
    e = item.evidence
    element = next((x for x in here.framework.elements if x.id == e.element), None)
    if element is None:
        parts.choose_first(f"This piece was coded with another framework ({md(e.framework)}). Choose it under Frameworks.")
        st.button("Leave it", key=f"leave-{e.id}", icon=":material/arrow_forward:", on_click=_leave)
        return
    transcript = shared.transcript(here.user, here.where, e.transcript)
    # The keys stand above what varies in height: they do not jump from piece to piece.
    _buttons(here, item)
    mode, about = st.session_state.get(MODE, ("", ""))
    mode = mode if about == e.id else ""
    left, right = st.columns([6, 5])
    with left:
        context = _context(transcript, e)
        if mode == "edit":
            # While the words are edited they can be selected where they stand.
            components.pane(context, key=f"edit-pane-{e.id}", selectable=True, on_select=editing.selected(transcript, item))
        else:
            st.html(context)
    with right:
        # Beside the words, which stay where they are.
        if mode:
            components.show_here(f"{mode}-{e.id}-{item.last_decision}")
        if mode == "reject":
            _reject_form(here, item)
        if mode == "edit":
            editing.draw(here, item, transcript, _moved_on)
        else:
            st.html(_coding(here, item, element))
    st.html(_row(here, e, element))


def _context(transcript: Transcript, e: Evidence) -> str:
    """The turn with the quote marked, and its neighbours."""
    near = transcript.turns[max(0, e.turn - AROUND) : e.turn + AROUND + 1]
    turns = "".join(parts.turn_html(transcript, turn, (e,) if turn.index == e.turn else (), e.id) for turn in near)
    return f'<div class="context steady">{turns}</div><p class="small muted tight">{said(transcript.name)}</p>'


def _coding(here: Here, item: EvidenceItem, element: Element) -> str:
    """What the coder said of it."""
    e = item.evidence
    dimension = here.framework.dimension_of(element.id)
    outdated = chip("not found again by a newer run", "quiet") if item.outdated else ""
    return (
        f"<h3 class='tight' data-evidence='{esc(e.id)}'>{esc(element.name)}</h3><p class='small muted'>{esc(dimension.name)}</p>"
        f"{facts(e, here.framework)}{quote(e.quote)}"
        f"<p class='small muted'>{said(e.rationale) if e.rationale else 'no rationale given'}<br>{coder(e)} {outdated}</p>"
        f"{_decided(here, item)}"
    )


def _decided(here: Here, item: EvidenceItem) -> str:
    """Who decided last, and why."""
    if item.last_decision is None:
        return ""
    last = next((d for d in reviewing.history(here.user, here.store, here.where, item.evidence.id) if d.id == item.last_decision), None)
    if last is None:
        return ""
    reason = f": {said(last.reason)}" if last.reason else ""
    return f"<p class='small'>{chip(DONE[last.action], 'quiet')} by {said(last.reviewer)}, {last.at:%Y-%m-%d %H:%M} UTC{reason}</p>"


def _row(here: Here, e: Evidence, element: Element) -> str:
    """The element's row of the framework with the proposed statement marked."""
    cells = []
    for s in element.statements:
        proposed = s.id == e.statement
        fits = not e.statement and e.polarity == "present" and s.stage_low <= e.stage_high and e.stage_low <= s.stage_high
        kind, note = ("proposed", "proposed") if proposed else ("fits", "may fit") if fits else ("", "")
        cells.append(statement_cell(here.framework, s, kind, note))
    return f"<div class='row spans' style='--stages:{len(here.framework.stages)}'>{''.join(cells)}</div>"


def _buttons(here: Here, item: EvidenceItem) -> None:
    e = item.evidence
    mark = f"{e.id}-{item.last_decision}"
    gone = e.state is EvidenceState.SUPERSEDED
    with st.container(horizontal=True, key="review-buttons"):

        def button(label: str, key: str, name: str, act: Callable[..., None], *args: Any, off: bool = False, main: bool = False) -> None:
            kind: Literal["primary", "secondary"] = "primary" if main else "secondary"
            st.button(label, key=f"{name}-{mark}", shortcut=key, type=kind, disabled=off, on_click=act, args=args)

        button("Accept", "A", "accept", _decide, here, item, "confirm", off=gone, main=True)
        button("Reject", "X", "reject", _open, "reject", e.id, off=gone)
        button("Edit", "E", "edit", _open, "edit", e.id, off=gone)
        button("Unsure", "U", "unsure", _decide, here, item, "unsure", off=gone)
        button("Undo", "Z", "undo", _undo, here)
        button("Previous", "P", "previous", _previous, here, item)
        button("Next", "N", "next", _next, here, item)


# ---------------------------------------------------------------- what the buttons do


def _moved_on(here: Here, item: EvidenceItem) -> None:
    """Closes what is open and goes to the next piece of the queue."""
    st.session_state.pop(MODE, None)
    after = reviewing.following(here.user, here.store, here.where, here.framework, here.state.queue, item)
    app = state.current()
    app.visit(after.evidence.id if after else "")


def _decide(here: Here, item: EvidenceItem, action: Literal["confirm", "unsure", "reject"], reason: str = "") -> None:
    def act() -> None:
        reviewing.decide(here.user, here.store, here.where, item.evidence.id, action, seen=item.last_decision, reason=reason)

    if stale.guarded(act):
        _moved_on(here, item)


def _open(mode: str, evidence: str) -> None:
    is_open = st.session_state.get(MODE) == (mode, evidence)
    st.session_state[MODE] = ("", "") if is_open else (mode, evidence)


def _leave() -> None:
    """Back to the queue, which holds pieces of the framework in use alone."""
    state.current().evidence = ""


def _close() -> None:
    st.session_state.pop(MODE, None)


def _undo(here: Here) -> None:
    def act() -> None:
        state.current().visit(reviewing.undo(here.user, here.store, here.where))

    _close()
    stale.guarded(act)


def _next(here: Here, item: EvidenceItem) -> None:
    stale.guarded(lambda: _moved_on(here, item))


def _previous(here: Here, item: EvidenceItem) -> None:
    _close()
    app = state.current()
    if app.trail:
        app.evidence, app.trail = app.trail[-1], app.trail[:-1]
        return

    def act() -> None:
        before = reviewing.preceding(here.user, here.store, here.where, here.framework, app.queue, item)
        app.evidence = before.evidence.id if before else app.evidence

    stale.guarded(act)


# ---------------------------------------------------------------- rejecting


def _reject_form(here: Here, item: EvidenceItem) -> None:
    mark = f"{item.evidence.id}-{item.last_decision}"
    with st.container(border=True, key="reject-box"):
        st.html("<b>Why does it not count?</b> <span class='muted small'>choose one, or write a reason and press Enter</span>")
        with st.container(horizontal=True):
            for n, reason in enumerate(REASONS, 1):
                st.button(reason, key=f"reason-{n}-{mark}", shortcut=str(n), on_click=_decide, args=(here, item, "reject", reason))
            st.button("Close", key=f"close-{mark}", shortcut="Esc", type="tertiary", on_click=_close)
        key = f"reason-text-{item.evidence.id}"
        # A form: a field on its own would send half a reason as soon as the cursor leaves it.
        with st.form(f"reason-form-{mark}", border=False, enter_to_submit=True):
            st.text_input("Another reason", key=key, max_chars=500, label_visibility="collapsed", placeholder="another reason")
            st.form_submit_button("Reject", on_click=_typed, args=(here, item, key))


def _typed(here: Here, item: EvidenceItem, key: str) -> None:
    _decide(here, item, "reject", str(st.session_state.get(key) or "").strip())
