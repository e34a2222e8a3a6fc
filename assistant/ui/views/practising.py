"""Practice codes here, beside the published companies."""

from __future__ import annotations

from typing import Final

import streamlit as st

from assistant.charts import practice_matrix
from assistant.models import Assessment, PracticeResult
from assistant.scoring import practice_stage
from assistant.ui import components, parts
from assistant.ui.here import Here
from assistant.ui.markup import chip, esc, facts, quote
from assistant.ui.services import library
from assistant.ui.views import resulting

CODE: Final = "practice-code"
"""Code whose quotes are open."""
SHOW: Final = "practice-show"
"""Set for the run in which the quotes were opened: the page comes to them once."""


def draw(here: Here, assessment: Assessment) -> None:
    """The part of the page."""
    result, rule = assessment.practices, here.framework.practice_rule
    if result is None or rule is None:
        st.info("This framework has no practice codes.", icon=":material/info:")
        return
    benchmark = library.benchmark(here.user, here.framework.id)
    companies = benchmark.companies if benchmark else ()
    consistent = {c.company: practice_stage(here.framework, rule, {code for code, has in c.practices.items() if has}) for c in companies}
    st.html(f"<p><b>{esc(result.explanation[:1].upper() + result.explanation[1:])}</b></p><p class='muted small'>{esc(rule.note)}</p>")
    links = {r.code: f"#go:{r.code}" for r in result.ratings if r.evidence}
    st.html("<p class='muted small tight'>Click a code that is known here for the quotes that show it.</p>")
    wide, narrow = (
        practice_matrix(here.framework, result, companies, consistent=consistent, links=links, width=width, uid=f"codes-{width}")
        for width in (resulting.WIDE, resulting.PHONE)
    )
    components.pane(parts.both(wide, narrow), key="practices-matrix", on_go=_open)
    _shown_by(here, assessment, result)
    if benchmark is not None:
        with st.expander("Where the source contradicts itself, and how that was settled"):
            rows = "".join(f"<li>{esc(d.place)}: “{esc(d.quote)}” {esc(d.settled)}</li>" for d in benchmark.discrepancies)
            st.html(f"<ul class='small'>{rows}</ul><p class='small muted'>{esc(benchmark.citation)}</p>")


def _open(code: str) -> None:
    st.session_state[CODE] = code
    st.session_state[SHOW] = True


def _shown_by(here: Here, assessment: Assessment, result: PracticeResult) -> None:
    """The quotes behind the code that was clicked."""
    rating = next((r for r in result.ratings if r.code == st.session_state.get(CODE)), None)
    if rating is None or not rating.evidence:
        return
    if st.session_state.pop(SHOW, False):
        components.show_here(rating.code, wide=True)
    practice = next(p for p in here.framework.practices if p.code == rating.code)
    ids = set(rating.evidence)
    quotes = "".join(quote(e.quote, facts(e, here.framework, state=not assessment.draft)) for e in assessment.evidence if e.id in ids)
    conflict = chip("evidence in conflict", "conflict") if rating.conflict else ""
    st.html(f"<h3 class='tight'>{esc(practice.code)} {esc(practice.description)}</h3><p>{chip(rating.status)}{conflict}</p>{quotes}")
