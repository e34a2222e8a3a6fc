"""Frameworks: dimensions, elements, statements, codes, citation; search by meaning."""

from __future__ import annotations

import streamlit as st

from assistant.display import count
from assistant.models import Dimension, Element, Framework
from assistant.ui import shared, state
from assistant.ui.here import Here, now
from assistant.ui.markup import apart, chip, esc, md, statement_cell
from assistant.ui.services import library
from assistant.ui.services.reviewing import Queue


def draw() -> None:
    """The page."""
    here = now()
    st.title("Frameworks")
    st.html("<p class='lead'>What an assessment is measured against: its elements, statements and codes, each as published.</p>")
    ids = library.frameworks(here.user)
    titles = apart({i: library.framework(here.user, i).title for i in ids})
    st.session_state["framework"] = here.framework.id
    st.selectbox(
        "Framework", ids, format_func=lambda i: titles[str(i)], key="framework", on_change=_chosen,
        help="Coding, review and assessment use the one chosen here.",
    )  # fmt: skip
    framework = here.framework
    st.html(
        f"<p>{esc(framework.citation)}</p><p class='small muted'>{_link(framework.url)}{esc(framework.id)} {esc(framework.version)} · "
        f"{esc(framework.licence)}</p>"
    )
    _search(here)
    st.html(_stages(framework))
    for dimension in framework.dimensions:
        with st.expander(
            f"{md(dimension.name)}: {count(len(dimension.elements), 'element')}", key=f"fw-{framework.id}-{dimension.id}", on_change="rerun"
        ) as box:
            if box.open:
                st.html("".join(_element(framework, e) for e in dimension.elements) + _codes(framework, dimension))
    if framework.notes:
        with st.expander("Contradictions in the source, and how they were settled"):
            st.html("".join(f"<p class='small'>{esc(n)}</p>" for n in framework.notes))


def _link(url: str) -> str:
    """The source's address, to be followed where it is one."""
    if not url.startswith(("https://", "http://")):
        return f"{esc(url)} · " if url else ""
    return f'<a href="{esc(url)}" target="_blank" rel="noopener noreferrer">{esc(url)}</a> · '


def _chosen() -> None:
    app = state.current()
    app.framework, app.element, app.evidence, app.read_element = st.session_state["framework"], "", "", ""
    # Filters may name elements that the other framework does not have.
    app.queue, app.trail = Queue(), []


def _search(here: Here) -> None:
    text = st.text_input("Search by meaning", placeholder="e.g. who approves a release", key="framework-search", max_chars=500)
    if not text.strip():
        return
    with shared.problems():
        hits = library.search(here.user, shared.retriever(here.framework), text)
        st.html(f"<p class='small muted tight'>{count(len(hits), 'element')}, the nearest first</p>")
        for hit in hits:
            element = here.framework.element(hit.element)
            statement = element.statement(hit.statement) if hit.statement else None
            cell = statement_cell(here.framework, statement) if statement else ""
            name = f"{esc(here.framework.dimension_of(element.id).name)}: <b>{esc(element.name)}</b>"
            st.html(f"<p>{name}</p>{cell}")


def _stages(framework: Framework) -> str:
    cells = "".join(
        f'<div class="cell"><div class="swatches"><i style="background:var(--stage-{s.number})"></i></div><b>{s.number}</b> '
        f"<b>{esc(s.name)}</b><p>{esc(s.description)}</p></div>"
        for s in framework.stages
    )
    return f'<div class="row">{cells}</div>'


def _element(framework: Framework, e: Element) -> str:
    cells = "".join(statement_cell(framework, s) for s in e.statements)
    codes = "".join(chip(c, "code") for c in e.codes)
    asked = "".join(f"<li>{esc(p.text)}</li>" for p in e.probes)
    probes = f"<details class='small'><summary>Questions ({len(e.probes)})</summary><ul>{asked}</ul></details>" if e.probes else ""
    return (
        f"<h3>{esc(e.name)}</h3><p class='small muted'>{esc(e.description)}</p><div class='chips'>{codes}</div>"
        f"<div class='row spans' style='--stages:{len(framework.stages)}'>{cells}</div>{probes}"
    )


def _codes(framework: Framework, dimension: Dimension) -> str:
    rows = "".join(
        f"<tr><td><b>{esc(p.code)}</b></td><td>{esc(p.description)}</td></tr>" for p in framework.practices if p.dimension == dimension.id
    )
    return f"<h3>Practice codes</h3><table class='plain'>{rows}</table>" if rows else ""
