"""Review: one piece at a time by keys, conflicts, whole elements, several at once, the last decisions."""

from __future__ import annotations

import streamlit as st

from assistant.ui import parts
from assistant.ui.here import now
from assistant.ui.markup import said
from assistant.ui.state import ReviewView
from assistant.ui.views import deciding, elements, many


def draw() -> None:
    """The page."""
    here = now()
    st.title("Review")
    if here.use_case is None:
        parts.choose_first("Create a use case on Home and add interviews first.")
        return
    st.html(f'<p class="lead">{said(here.use_case.name)}</p>')
    parts.view(list(ReviewView), "review_view")
    match here.state.review_view:
        case ReviewView.ONE:
            deciding.draw()
        case ReviewView.CONFLICTS:
            elements.draw_conflicts(here)
        case ReviewView.ELEMENTS:
            elements.draw(here)
        case ReviewView.BULK:
            many.draw(here)
        case ReviewView.LAST:
            many.draw_last(here)
