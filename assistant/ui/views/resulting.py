"""The result: stage overall and by dimension with bounds and coverage, the charts, downloads."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from assistant.charts import coverage_bars, heat_map, spider
from assistant.display import percent
from assistant.errors import AssistantError
from assistant.models import Assessment, Framework, GroupRating
from assistant.ui import components, state
from assistant.ui.here import Here
from assistant.ui.markup import esc, stages
from assistant.ui.services import assessing, library
from assistant.ui.services.assessing import Kind
from assistant.ui.state import AssessmentView

MIME: dict[Kind, str] = {"html": "text/html", "md": "text/markdown", "json": "application/json"}
NAMES: dict[Kind, str] = {"html": "HTML", "md": "Markdown", "json": "JSON"}


def draw(here: Here, assessment: Assessment) -> None:
    """The part of the page."""
    st.html(headline(here.framework, assessment))
    left, right = st.columns([1, 1])
    with left:
        components.pane(spider(here.framework, (assessment.overall, *assessment.dimensions)[1:], width=520, uid="web"), key="spider")
    with right:
        st.html(groups(here.framework, assessment))
        components.pane(coverage_bars(here.framework, assessment, width=460, uid="cover"), key="coverage")
    st.html("<h3>Where each element stands</h3><p class='muted small'>Click a row for its trace to the quotes.</p>")
    links = {e.id: f"#go:{e.id}" for e in here.framework.elements}
    components.pane(heat_map(here.framework, assessment, width=1000, links=links, uid="heat"), key="heat", on_go=open_trace)
    downloads(here, assessment, "live")


def open_trace(element: str) -> None:
    """Shows the trace of an element."""
    app = state.current()
    app.element, app.assessment_view, app.opened = element, AssessmentView.TRACE, ""


def headline(framework: Framework, assessment: Assessment) -> str:
    """The stage in a line, or that the evidence is insufficient, with its bounds."""
    overall = assessment.overall
    if overall.sufficient and overall.stage is not None:
        colours = f"background:var(--stage-{overall.stage});color:var(--stage-{overall.stage}-ink)"
        shown = f'<span class="stage" style="{colours}">{esc(framework.stage_name(overall.stage))}</span>'
    else:
        shown = '<span class="stage" style="border:2px dashed var(--muted)">Insufficient evidence</span>'
    # The explanation repeats the headline where the evidence is insufficient.
    words = overall.explanation.removeprefix("insufficient evidence ").strip("()")
    rated = f"{overall.rated} of {overall.total} elements rated ({percent(overall.coverage)})"
    return f'<div class="headline">{shown}<span>{esc(words)}</span></div><p class="muted small">{rated}</p>'


def groups(framework: Framework, assessment: Assessment) -> str:
    """A line a dimension."""
    names = {d.id: d.name for d in framework.dimensions}
    return "".join(_group(framework, names[g.scope], g) for g in assessment.dimensions)


def _group(framework: Framework, name: str, g: GroupRating) -> str:
    if g.sufficient and g.stage is not None:
        colours = f"background:var(--stage-{g.stage});color:var(--stage-{g.stage}-ink)"
        stage = f'<span class="chip" style="{colours}">{esc(framework.stage_name(g.stage))}</span>'
    else:
        stage = '<span class="chip unknown">insufficient evidence</span>'
    worst, best = stages(framework, g.low, g.low), stages(framework, g.high, g.high)
    bounds = f"between {worst} and {best}" if g.low != g.high else "all rated" if g.rated == g.total else "the rest cannot move it"
    bar = f'<div class="bar" title="{percent(g.coverage)} rated"><i style="width:{g.coverage * 100:.0f}%"></i></div>'
    return (
        f'<div class="group"><b>{esc(name)}</b><div>{stage} <span class="muted small">{esc(bounds)}, {g.rated} of {g.total} rated</span>'
        f"{bar}</div></div>"
    )


def downloads(here: Here, assessment: Assessment, key: str, framework: Framework | None = None) -> None:
    """The report in three formats; written when asked for."""
    chosen = framework or here.framework
    with st.container(horizontal=True, key=f"downloads-{key}"):
        for kind in NAMES:

            def write(kind: Kind = kind) -> str:
                file = assessing.with_transcripts(here.user, here.store, here.where, assessment)
                companies = library.benchmark(here.user, chosen.id)
                return assessing.report(here.user, file, chosen, kind, companies=companies)

            st.download_button(
                f"Download {NAMES[kind]}",
                _careful(write),
                file_name=f"assessment-{assessment.hash[:12]}.{kind}",
                mime=MIME[kind],
                key=f"download-{key}-{kind}",
                icon=":material/download:",
                on_click="ignore",
            )


def _careful(write: Callable[[], str]) -> Callable[[], str]:
    """A report that cannot be written says so in the file instead of breaking the download."""

    def text() -> str:
        try:
            return write()
        except AssistantError as error:
            return f"The report could not be written: {error}\n"

    return text
