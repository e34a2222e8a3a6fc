"""Interview: set interviews up, conduct them with the assistant at one's side, watch those under way, see all of a use case together."""

from __future__ import annotations

import streamlit as st

from assistant.interview.links import address, token_of
from assistant.ui import parts
from assistant.ui.access import REVIEW
from assistant.ui.here import now
from assistant.ui.markup import said
from assistant.ui.state import InterviewView
from assistant.ui.views import conducting, guides, inviting, together


def draw() -> None:
    """The page."""
    here = now()
    st.title("Interview")
    if not here.may(REVIEW):
        _by_link()
        return
    if here.use_case is None:
        parts.choose_first("Create a use case on Home first; interviews belong to one.")
        return
    st.html(f'<p class="lead">{said(here.use_case.name)}</p>')
    parts.view(list(InterviewView), "interview_view")
    match here.state.interview_view:
        case InterviewView.TAKEN:
            inviting.draw(here)
        case InterviewView.CONDUCT:
            conducting.draw(here)
        case InterviewView.TOGETHER:
            together.draw(here)
        case InterviewView.GUIDE:
            guides.draw(here)


def _by_link() -> None:
    """Whoever is here to answer comes by the link that they were sent."""
    st.write("You answer by the link that you were sent. Open it, or paste it here.")
    pasted = st.text_input("Link", key="pasted-link", max_chars=500)
    if pasted.strip():
        st.link_button("Open my interview", address(inviting.base(), token_of(pasted)), icon=":material/arrow_forward:")
