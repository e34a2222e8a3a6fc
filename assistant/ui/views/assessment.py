"""Assessment: the result with its bounds, its trace to the quotes, policies, practice codes, what is unknown, what if, frozen ones."""

from __future__ import annotations

from typing import Final

import streamlit as st

from assistant.models import Assessment
from assistant.pipeline import Accept
from assistant.ui import parts, shared, state
from assistant.ui.here import Here, now
from assistant.ui.markup import said
from assistant.ui.services import reviewing
from assistant.ui.state import AssessmentView
from assistant.ui.views import freezing, practising, resulting, supposing, tracing

COUNTED: Final = {"confirmed": "confirmed evidence", "all": "all proposals too (a draft)"}


def draw() -> None:
    """The page."""
    here = now()
    st.title("Assessment")
    if here.use_case is None:
        parts.choose_first("Create a use case on Home and add interviews first.")
        return
    st.html(f'<p class="lead">{said(here.use_case.name)}</p>')
    parts.view(list(AssessmentView), "assessment_view")
    view = here.state.assessment_view
    if view is AssessmentView.FROZEN and here.state.opened:
        freezing.draw(here, None)
        return
    accept, policy = _choose(here)
    assessment = shared.assessment(here.user, here.where, here.revision(), here.framework, accept, policy)
    if not assessment.transcripts:
        st.info("There are no interviews yet: nothing can be assessed.", icon=":material/upload_file:")
        return
    _banner(here, assessment)
    match view:
        case AssessmentView.RESULT:
            resulting.draw(here, assessment)
        case AssessmentView.TRACE:
            tracing.draw(here, assessment)
        case AssessmentView.POLICIES:
            supposing.draw_policies(here, assessment)
        case AssessmentView.PRACTICES:
            practising.draw(here, assessment)
        case AssessmentView.UNKNOWN:
            supposing.draw_unknown(here, assessment)
        case AssessmentView.WHAT_IF:
            supposing.draw_what_if(here, assessment)
        case AssessmentView.FROZEN:
            freezing.draw(here, assessment)


def _choose(here: Here) -> tuple[Accept, str]:
    """What counts, and by which policy. Where nothing is confirmed yet the proposals are shown, as a draft."""
    app = here.state
    policies = {p.id: p for p in here.framework.policies}
    if app.policy not in policies:
        app.policy = here.framework.policies[0].id
    counts = reviewing.element_counts(here.user, here.store, here.where, here.framework)
    accept: Accept = "confirmed" if any(n.confirmed for n in counts.values()) else "all"
    if app.counted:
        accept = "all" if app.counted == "all" else "confirmed"
    st.session_state["counted"], st.session_state["policy"] = accept, app.policy
    with st.container(horizontal=True, vertical_alignment="bottom", key="assessment-choice"):
        st.selectbox("What counts", list(COUNTED), format_func=lambda a: COUNTED[a], key="counted", on_change=_counted, width=280)
        st.selectbox("Policy of the headline", list(policies), key="policy", on_change=_policy, width=220)
    return accept, app.policy


def _counted() -> None:
    state.current().counted = st.session_state["counted"]


def _policy() -> None:
    state.current().policy = st.session_state["policy"]


def _banner(here: Here, assessment: Assessment) -> None:
    if assessment.draft:
        st.warning("Draft: this counts proposals that nobody has reviewed. Only confirmed evidence can be frozen.", icon=":material/draft:")
    elif not any(r.evidence for r in assessment.elements):
        st.info("No evidence is confirmed yet, so nothing is rated: review the proposals first.", icon=":material/rule:")
        st.page_link(parts.page("review"), label="Go to the review", icon=":material/arrow_forward:")
