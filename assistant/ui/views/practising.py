"""Practice codes here, beside the published companies."""

from __future__ import annotations

import streamlit as st

from assistant.charts import practice_matrix
from assistant.models import Assessment
from assistant.scoring import practice_stage
from assistant.ui import components
from assistant.ui.here import Here
from assistant.ui.markup import esc
from assistant.ui.services import library


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
    components.pane(
        practice_matrix(here.framework, result, companies, consistent=consistent, width=1000, uid="codes"), key="practices-matrix"
    )
    if benchmark is not None:
        with st.expander("Where the source contradicts itself, and how that was settled"):
            rows = "".join(f"<li>{esc(d.place)}: “{esc(d.quote)}” {esc(d.settled)}</li>" for d in benchmark.discrepancies)
            st.html(f"<ul class='small'>{rows}</ul><p class='small muted'>{esc(benchmark.citation)}</p>")
