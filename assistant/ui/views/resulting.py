"""The result: stage overall and by dimension with bounds and coverage, the charts, downloads."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from assistant.charts import coverage_bars, heat_map, spider
from assistant.display import percent
from assistant.errors import AssistantError
from assistant.models import Assessment, Framework, GroupRating
from assistant.ui import components, parts, state
from assistant.ui.here import Here
from assistant.ui.markup import esc
from assistant.ui.services import assessing, library
from assistant.ui.services.assessing import Kind
from assistant.ui.state import AssessmentView

WIDE, WEB, HALF, PHONE = 1000, 520, 460, 350
"""Widths in pixels that charts are drawn for."""
SENSITIVE = 6
"""Elements that are named as one decision away from another headline."""
MIME: dict[Kind, str] = {"html": "text/html", "md": "text/markdown", "json": "application/json"}
NAMES: dict[Kind, str] = {"html": "HTML", "md": "Markdown", "json": "JSON"}


def draw(here: Here, assessment: Assessment) -> None:
    """The part of the page."""
    whole(here, assessment, "live", open_trace)


def whole(here: Here, assessment: Assessment, key: str, on_go: Callable[[str], None]) -> None:
    """An assessment, live or frozen: ``key`` begins the keys of its parts, ``on_go`` gets the element that was clicked."""
    st.html(headline(here.framework, assessment))
    left, right = st.columns([1, 1])
    framework = here.framework
    with left:
        web, small = (spider(framework, assessment.dimensions, width=w, uid=f"{key}-web-{w}") for w in (WEB, PHONE))
        components.pane(parts.both(web, small, half=True), key=f"{key}-spider")
    with right:
        st.html(groups(framework, assessment))
        bars, small = (coverage_bars(framework, assessment, width=w, uid=f"{key}-cover-{w}") for w in (HALF, PHONE))
        components.pane(parts.both(bars, small, half=True), key=f"{key}-coverage")
    if assessment.sensitivity:
        components.pane(_sensitive(framework, assessment), key=f"{key}-sensitive", on_go=on_go)
    st.html("<h3 class='tight'>Where each element stands</h3><p class='muted small'>Click a row for its trace to the quotes.</p>")
    links = {e.id: f"#go:{e.id}" for e in framework.elements}
    heat, small = (heat_map(framework, assessment, width=w, links=links, uid=f"{key}-heat-{w}") for w in (WIDE, PHONE))
    components.pane(parts.both(heat, small), key=f"{key}-heat", on_go=on_go)
    downloads(here, assessment, key)


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
    words = parts.extent(framework, overall)
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
    return (
        f'<div class="group"><b>{esc(name)}</b><div>{stage} <span class="muted small">{esc(parts.extent(framework, g))}</span></div></div>'
    )


CHANGES = {"withdraw": "taking one confirmation back", "confirm": "confirming one proposal", "settle": "settling its conflict"}


def _sensitive(framework: Framework, assessment: Assessment) -> str:
    """Single decisions that would move the headline, each a way to its trace."""
    found: dict[str, str] = {}
    for s in assessment.sensitivity:
        to = framework.stage_name(s.stage) if s.stage is not None else "no stage"
        found.setdefault(s.element, f"{CHANGES[s.change]} would make it {to}")
    lines = "".join(
        f"<li><a href='#go:{esc(e)}'>{esc(framework.element(e).name)}</a>: {esc(words)}</li>"
        for e, words in list(found.items())[:SENSITIVE]
    )
    more = f"<li>and {len(found) - SENSITIVE} more elements</li>" if len(found) > SENSITIVE else ""
    return f"<p class='tight'><b>One decision would move the headline</b></p><ul class='small'>{lines}{more}</ul>"


def downloads(here: Here, assessment: Assessment, key: str) -> None:
    """The report in three formats; written when asked for."""
    with st.container(horizontal=True, key=f"downloads-{key}"):
        for kind in NAMES:

            def write(kind: Kind = kind) -> str:
                file = assessing.with_transcripts(here.user, here.store, here.where, assessment)
                companies = library.benchmark(here.user, here.framework.id)
                return assessing.report(here.user, file, here.framework, kind, companies=companies)

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
