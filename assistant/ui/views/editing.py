"""Editing a piece of evidence: its words, element, statement, status, polarity and codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from assistant.errors import GroundingError
from assistant.models import Evidence, Polarity, Transcript
from assistant.segments import trim
from assistant.store import EvidenceEdit, EvidenceItem
from assistant.ui.here import Here
from assistant.ui.services import reviewing
from assistant.ui.services.transcripts import Coding
from assistant.ui.views import fields, stale

PLACE: Final = "edit-place"
"""Where the words were selected, with the piece that they belong to."""


def span_of(transcript: Transcript, e: Evidence, words: str) -> tuple[int, int]:
    """Where these words stand in the turn of the evidence, nearest to where it was. Raises GroundingError where they do not."""
    wanted = words.strip()
    turn = transcript.turns[e.turn]
    text = transcript.text[turn.start : turn.end]
    places = []
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        places.append(turn.start + at)
        at = text.find(wanted, at + 1)
    if not places:
        raise GroundingError(
            "these words are not in the answer as they stand", remedy="copy them from the transcript beside, letter by letter"
        )
    start = min(places, key=lambda place: abs(place - e.start))
    return start, start + len(wanted)


def selected(transcript: Transcript, item: EvidenceItem) -> Callable[[int, int], None]:
    """What to do with words selected in the context: they become the words of the edit."""
    e = item.evidence

    def take(start: int, end: int) -> None:
        turn = transcript.turns[e.turn]
        start, end = trim(transcript.text, max(start, turn.start), min(end, turn.end))
        if start < end:
            st.session_state[f"edit-words-{e.id}"] = transcript.text[start:end]
            st.session_state[PLACE] = (e.id, start, end)

    return take


def draw(here: Here, item: EvidenceItem, transcript: Transcript, moved_on: Callable[[Here, EvidenceItem], None]) -> None:
    """The form below the piece. The keys of its fields are the piece's alone: they outlive a decision that somebody else took meanwhile."""
    e = item.evidence
    st.session_state.setdefault(f"edit-words-{e.id}", e.quote)
    with st.container(border=True, key="edit-box"):
        st.text_area(
            "Words of the answer that are the evidence: select them in the answer, or change them here",
            key=f"edit-words-{e.id}",
            height="content",
        )
        fields.coding(here.framework, key=f"edit-{e.id}", given=e)
        st.button(
            "Save the edit and accept",
            type="primary",
            key=f"edit-save-{e.id}-{item.last_decision}",
            shortcut="Ctrl+Enter",
            on_click=_save,
            args=(here, item, transcript, moved_on),
        )


def _span(transcript: Transcript, item: EvidenceItem, words: str) -> tuple[int, int]:
    """Where the words stand: where they were selected, else as `span_of` finds them."""
    evidence, start, end = st.session_state.get(PLACE, ("", 0, 0))
    if evidence == item.evidence.id and transcript.text[start:end] == words.strip():
        return start, end
    return span_of(transcript, item.evidence, words)


def _edit(here: Here, item: EvidenceItem, transcript: Transcript, words: str, coding: Coding) -> EvidenceEdit:
    e = item.evidence
    start, end = _span(transcript, item, words)
    statement, low, high = coding.span(here.framework)
    absent = coding.polarity is Polarity.ABSENT
    # The form has no stages where there is a statement or nothing is in place: what it could not show stays as it was.
    if (coding.element, coding.polarity) == (e.element, e.polarity) and (absent or (coding.statement and coding.statement == e.statement)):
        statement, low, high = e.statement, e.stage_low, e.stage_high
    return EvidenceEdit(
        start=start, end=end, element=coding.element, stage_low=low, stage_high=high, statement=statement or "",
        polarity=coding.polarity, status=coding.status, codes=coding.codes,
    )  # fmt: skip


def _save(here: Here, item: EvidenceItem, transcript: Transcript, moved_on: Callable[[Here, EvidenceItem], None]) -> None:
    """Reads the fields at the press: their last change may not have been drawn before it."""
    e = item.evidence
    words = str(st.session_state.get(f"edit-words-{e.id}", e.quote))
    coding = fields.read(here.framework, f"edit-{e.id}", e)

    def act() -> None:
        edit = _edit(here, item, transcript, words, coding)
        reviewing.decide(here.user, here.store, here.where, e.id, "edit", seen=item.last_decision, edit=edit)

    if stale.guarded(act):
        moved_on(here, item)
