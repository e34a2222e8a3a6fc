"""Transcripts: add files, code them, read them with their evidence, search across them."""

from __future__ import annotations

import streamlit as st

from assistant.ui import parts
from assistant.ui.here import now
from assistant.ui.markup import said
from assistant.ui.state import TranscriptsView
from assistant.ui.views import interviews, reading, searching, uploading


def draw() -> None:
    """The page."""
    here = now()
    st.title("Transcripts")
    if here.use_case is None:
        parts.choose_first("Create a use case on Home first; transcripts belong to one.")
        return
    st.html(f'<p class="lead">{said(here.use_case.name)}</p>')
    parts.view(list(TranscriptsView), "transcripts_view")
    match here.state.transcripts_view:
        case TranscriptsView.ADD:
            uploading.draw(here)
        case TranscriptsView.READ:
            reading.draw(here)
        case TranscriptsView.SEARCH:
            searching.draw(here)
        case TranscriptsView.CODE:
            interviews.draw(here)
