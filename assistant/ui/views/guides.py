"""The guide as data: every question with its source, the parts it is asked in, the elements it serves, the probes."""

from __future__ import annotations

import streamlit as st

from assistant.display import count
from assistant.interview import Guide
from assistant.interview.guide import Question, Section
from assistant.ui.here import Here
from assistant.ui.markup import apart, chip, esc, md
from assistant.ui.services import interviewing, library


def draw(here: Here) -> None:
    """The part of the page."""
    known = {g.id: g for g in interviewing.guides(here.user)}
    titles = apart({g.id: g.title for g in known.values()})
    name = st.selectbox("Guide", list(known), format_func=lambda g: titles[g], key="guide-shown")
    guide = known[str(name)]
    _head(guide)
    names = {e.id: e.name for e in library.framework(here.user, guide.framework).elements}
    for section in guide.sections:
        with st.expander(f"{md(section.name)} ({count(len(section.questions), 'question')}, {section.priority})"):
            st.html(_section(section, names))
    with st.expander("Probes for every question"):
        st.html("<ul>" + "".join(f"<li>{esc(p.text)} {chip(p.type, 'quiet')}{chip(p.seeks)}</li>" for p in guide.general_probes) + "</ul>")


def _head(guide: Guide) -> None:
    whole = sum(i.part.minutes for i in guide.items)
    link = f" <a href='{esc(guide.url)}' rel='noopener noreferrer'>{esc(guide.url)}</a>" if guide.url else ""
    st.html(
        f"<p>{esc(guide.objective)}</p><div class='chips'>{chip(f'version {guide.version}')}{chip(f'{guide.budget_minutes:g} minutes')}"
        f"{chip(f'{len(guide.items)} questions as asked')}{chip(f'{whole:.0f} minutes if all were asked', 'quiet')}</div>"
        f"<p class='small muted'>{esc(guide.citation)}{link}</p>"
    )


def _section(section: Section, names: dict[str, str]) -> str:
    told = f"<p class='muted'>For the interviewer: {esc(section.instruction)}</p>" if section.instruction else ""
    return told + "".join(_question(q, names) for q in section.questions)


def _question(question: Question, names: dict[str, str]) -> str:
    parts = []
    for part in question.parts:
        served = "".join(chip(names.get(e, e)) for e in part.elements) + "".join(chip(names.get(e, e), "quiet") for e in part.touches)
        text = esc(part.text or question.source)
        parts.append(f"<li>{text} <span class='muted small nowrap'>{part.minutes:g} min</span><div class='chips'>{served}</div></li>")
    probes = "".join(f"<li>{esc(p.text)} {chip(p.type, 'quiet')}</li>" for p in question.probes)
    own = f"<p class='small muted'>Its own probes</p><ul class='small'>{probes}</ul>" if probes else ""
    return f"<p class='small muted'>In the source: {esc(question.source)}</p><ol>{''.join(parts)}</ol>{own}"
