"""All interviews of a use case together: who was asked what, what is known, who contradicts whom, what to ask whom next."""

from __future__ import annotations

import streamlit as st

from assistant.display import count
from assistant.interview.across import Across, Asked, AskNext, Merged
from assistant.ui import parts, state
from assistant.ui.access import WORK
from assistant.ui.here import Here
from assistant.ui.markup import chip, esc, md, quote, said, stages
from assistant.ui.services import interviewing
from assistant.ui.state import InterviewView
from assistant.ui.views.coverage import SIGNS, WORDS
from assistant.ui.views.inviting import FOCUS


def draw(here: Here) -> None:
    """The part of the page."""
    whole = interviewing.together(here.user, here.store, here.where, here.framework)
    if not whole.asked:
        parts.choose_first("No interview with this framework was taken here yet: set one up under Interviews.")
        return
    _next(here, whole)
    _differ(here, whole)
    _asked(whole)
    _known(here, whole)


def _next(here: Here, whole: Across) -> None:
    st.subheader("What to ask next")
    if not whole.next:
        st.success("Nothing is open: every element is answered, and nobody contradicts anybody.", icon=":material/task_alt:")
        return
    if here.may(WORK):
        st.button(
            f"Set up a follow-up on {count(len(whole.next), 'open element')}", type="primary", icon=":material/add:", key="follow-up",
            on_click=_follow_up, args=(here.where, whole.focus),
        )  # fmt: skip
    differ = {m.element for m in whole.elements if m.contradicts}
    st.html(f"<div class='steps'>{''.join(_card(here, one, differ) for one in whole.next)}</div>")


def _card(here: Here, one: AskNext, differ: set[str]) -> str:
    element = here.framework.element(one.element)
    whom = ", ".join(said(w) for w in one.whom) or f"somebody new who knows about {esc(one.role.lower())}"
    # Every question of the guide was asked: then one of the element's own probes, about a case rather than in general.
    probes = sorted(element.probes, key=lambda p: p.type != "idiographic")
    asked = one.question or next((p.text for p in probes), "")
    # What they said stands further down, side by side.
    why = "respondents differ" if one.element in differ else said(one.why)
    return (
        f"<div class='step'><b>{esc(element.name)}</b><p class='small muted'>{why}</p>"
        f"<p class='small'>Ask {whom}</p><p>“{esc(asked)}”</p></div>"
    )


def _follow_up(use_case: str, focus: tuple[str, ...]) -> None:
    st.session_state[FOCUS] = (use_case, focus)
    state.current().interview_view = InterviewView.TAKEN


def _differ(here: Here, whole: Across) -> None:
    against = [m for m in whole.elements if m.contradicts]
    if not against:
        return
    st.subheader("Where respondents differ")
    for merged in against:
        st.markdown(f"**{md(here.framework.element(merged.element).name)}**")
        spoken = [v for v in merged.voices if v.quote]
        for column, voice in zip(st.columns(max(len(spoken), 2)), spoken, strict=False):
            where = chip(stages(here.framework, *voice.stages)) if voice.stages else ""
            role = f", {said(voice.role)}" if voice.role else ""
            column.html(f"{quote(voice.quote, said(voice.respondent) + role)}<div class='chips'>{where}</div>")


def _asked(whole: Across) -> None:
    st.subheader("Who was asked")
    head = (
        "<tr><th>Respondent</th><th>Function</th><th class='num'>Questions</th><th class='num'>Answers</th>"
        "<th class='num'>Did not know</th><th class='num'>Minutes</th></tr>"
    )
    rows = "".join(
        f"<tr><td>{said(a.respondent)}</td><td>{said(a.role) if a.role else ''}</td><td class='num'>{len(a.items)}</td>"
        f"<td class='num'>{a.answered}</td><td class='num'>{a.unknowing}</td><td class='num'>{a.minutes:.0f}</td></tr>"
        for a in whole.asked
    )
    st.html(f"<div class='tablewrap'><table class='plain'>{head}{rows}</table></div>")
    with st.expander("What each was asked", icon=":material/list:"):
        st.html("".join(_questions(a) for a in whole.asked))


def _questions(asked: Asked) -> str:
    """One respondent's questions, without the probes."""
    role = f", {said(asked.role)}" if asked.role else ""
    lines = "".join(f"<li>{esc(q)}</li>" for q in asked.questions) or "<li class='muted'>nothing yet</li>"
    return f"<p><b>{said(asked.respondent)}</b>{role}</p><ul class='small'>{lines}</ul>"


def _known(here: Here, whole: Across) -> None:
    st.subheader("What is known")
    by_id = {m.element: m for m in whole.elements}
    for dimension in here.framework.dimensions:
        st.html(f"<div class='elements'><h4>{esc(dimension.name)}</h4></div>")
        st.html("<div class='elements'>" + "".join(_element(here, e.id, e.name, by_id) for e in dimension.elements) + "</div>")


def _element(here: Here, element: str, name: str, by_id: dict[str, Merged]) -> str:
    merged = by_id[element]
    who = ", ".join(said(v.respondent) for v in merged.voices) or "nobody was asked"
    word = "respondents differ" if merged.contradicts else WORDS[merged.status]
    return (
        f"<div class='element {merged.status}'><i aria-hidden='true'>{SIGNS[merged.status]}</i><span>{esc(name)} "
        f"<span class='small muted'>{who}</span></span><small>{esc(word)}</small></div>"
    )
