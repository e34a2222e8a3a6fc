"""The interviews of a use case: setting one up, its link, its transcript, withdrawal."""

from __future__ import annotations

from typing import Final

import streamlit as st

from assistant.display import count
from assistant.errors import AssistantError
from assistant.interview import Guide
from assistant.interview.engine import Setup
from assistant.interview.events import Mode
from assistant.interview.links import DAYS, address
from assistant.settings import get_settings
from assistant.ui import shared, state
from assistant.ui.access import WORK
from assistant.ui.here import Here
from assistant.ui.markup import chip, md, said, short
from assistant.ui.services import interviewing, library
from assistant.ui.services.interviewing import Taken
from assistant.ui.state import InterviewView, TranscriptsView

LINK: Final = "interview-link"
"""The link made last, with its interview: shown until another one is made."""
FOCUS: Final = "interview-focus"
"""Elements of a follow-up that `together` proposed."""
MODES: Final[dict[Mode, str]] = {
    "copilot": "I interview; the assistant shows what to ask next",
    "self-service": "They answer alone in the browser, by a link",
}
SHOWN: Final = 100
"""Interviews drawn at once."""


def draw(here: Here) -> None:
    """The part of the page."""
    found = interviewing.taken(here.user, here.store, here.where)
    if here.may(WORK):
        _new(here, first=not found)
    if not found:
        st.info(
            "No interview was taken here yet. Set one up: you ask with the assistant at your side, or they answer alone by a link.",
            icon=":material/record_voice_over:",
        )
    for one in found[:SHOWN]:
        _one(here, one)
    if len(found) > SHOWN:
        st.html(f"<p class='muted'>and {len(found) - SHOWN} older ones</p>")


# ---------------------------------------------------------------- one line each


def _one(here: Here, one: Taken) -> None:
    opened, ledger = one.ledger.opened, one.ledger
    with st.container(border=True, key=f"interview-{one.info.id}"):
        facts, buttons = st.columns([3, 2], vertical_alignment="center")
        role = f"<span class='muted'> · {said(opened.role)}</span>" if opened.role else ""
        known = len([c for c in ledger.coverage.values() if c.status != "unknown"])
        marks = [chip(one.state, "" if one.state in ("under way", "finished") else "quiet"), chip(_how(opened.mode))]
        if ledger.consent is not None:
            marks += [chip(f"{ledger.minutes:.0f} of {opened.budget_minutes:g} min"), chip(count(len(ledger.answers), "answer"))]
            marks.append(chip(f"{known} of {len(ledger.coverage)} elements spoken of"))
        if opened.focus:
            marks.append(chip(f"follow-up on {count(len(opened.focus), 'element')}", "quiet"))
        facts.html(f"<b>{said(opened.respondent)}</b>{role}<div class='chips'>{''.join(marks)}</div>")
        with buttons, st.container(horizontal=True, horizontal_alignment="right"):
            _buttons(here, one)
        made = st.session_state.get(LINK)
        if made is not None and made[0] == one.info.id:
            st.caption(f"Send this link to {md(opened.respondent)}. It opens this interview and nothing else, for {made[2]:g} days.")
            st.code(made[1], language=None, wrap_lines=True)


def _how(mode: Mode) -> str:
    return {"copilot": "with an interviewer", "self-service": "alone, by link", "terminal": "in a terminal"}[mode]


def _buttons(here: Here, one: Taken) -> None:
    name, mode, over = one.info.id, one.ledger.opened.mode, one.ledger.over
    words = "Open" if over else "Watch" if mode == "self-service" or not here.may(WORK) else "Conduct"
    st.button(words, key=f"open-{name}", type="secondary" if over else "primary", on_click=_open, args=(name,))
    if one.kept:
        st.button("Transcript", key=f"read-{name}", icon=":material/article:", on_click=_read, args=(one.kept,))
    if not here.may(WORK):
        return
    with st.popover("", icon=":material/more_horiz:", help="Link, file, withdrawal"):
        days = st.number_input("Days that the link is good", min_value=0.1, max_value=366.0, value=float(DAYS), key=f"days-{name}")
        st.button("Make a link for the respondent", key=f"link-{name}", icon=":material/link:", on_click=_link, args=(here, name, days))
        if one.ledger.answers:
            file = interviewing.export(here.user, here.store, name)
            st.download_button(
                "Download as a file", file, f"interview-{name}.json", "application/json", key=f"file-{name}", on_click="ignore",
                icon=":material/download:",
            )  # fmt: skip
        st.html("<p class='small'>At the respondent's wish: erases every answer and all evidence from it for good.</p>")
        reason = st.text_input("Reason, without names", key=f"why-{name}", max_chars=300, placeholder="withdrawn by the respondent")
        sure = st.checkbox("I know that this cannot be undone", key=f"sure-{name}")
        st.button("Withdraw it", key=f"withdraw-{name}", disabled=not sure, on_click=_withdraw, args=(here, name, reason))


def _open(interview: str) -> None:
    app = state.current()
    app.interview, app.interview_view = interview, InterviewView.CONDUCT


def _read(transcript: str) -> None:
    app = state.current()
    app.transcript, app.transcripts_view = transcript, TranscriptsView.READ
    state.go_to("transcripts")


def _link(here: Here, interview: str, days: float) -> None:
    try:
        token = interviewing.invite(here.user, here.store, get_settings(), interview, days=days)
        st.session_state[LINK] = (interview, address(_base(), token), days)
    except AssistantError as error:
        shared.later(error)


def _base() -> str:
    """Where respondents reach the app: as the settings say, else as this browser does."""
    return get_settings().app_url or (st.context.url or "http://localhost").split("?")[0].rsplit("/interview", 1)[0]


def _withdraw(here: Here, interview: str, reason: str) -> None:
    try:
        interviewing.withdraw(here.user, here.store, interview, reason.strip() or "withdrawn by the respondent")
        app = state.current()
        app.interview = "" if app.interview == interview else app.interview
        shared.forget_transcripts()
        st.toast("Withdrawn: every answer is erased for good", icon=":material/delete_forever:")
    except AssistantError as error:
        shared.later(error)


# ---------------------------------------------------------------- a new one


def _new(here: Here, *, first: bool) -> None:
    focus = tuple(st.session_state.get(FOCUS, ()))
    title = "New follow-up interview" if focus else "New interview"
    with st.expander(title, icon=":material/add:", expanded=first or bool(focus)):
        guide = _guide(here)
        mode = st.radio("How", list(MODES), format_func=lambda m: MODES[m], key="new-mode")
        left, right = st.columns(2)
        name = left.text_input("Respondent: name or pseudonym", key="new-respondent", max_chars=100, placeholder="e.g. Respondent 3")
        role = right.text_input("Their function", key="new-role", max_chars=100, placeholder="e.g. data scientist")
        verbatim = True
        if mode == "copilot":
            taken = ("What they say, word for word", "My notes of what they say")
            verbatim = st.radio("What I write down", taken, key="new-verbatim", horizontal=True) == taken[0]
        if guide is None:
            return
        minutes = left.number_input(
            "Minutes", min_value=5, max_value=480, value=round(guide.budget_minutes), step=5, key=f"new-minutes-{guide.id}"
        )
        elements = {e.id: e.name for e in library.framework(here.user, guide.framework).elements}
        options = [e for e in elements if any(e in i.served for i in guide.items)]
        chosen = right.multiselect(
            "Only what is still open (follow-up)", options, default=[e for e in focus if e in options],
            key=f"new-focus-{len(focus)}-{guide.id}", format_func=lambda e: elements[e], placeholder="everything the guide asks",
        )  # fmt: skip
        setup = Setup(
            mode=mode or "copilot", respondent=name.strip() or "Respondent", role=role.strip(), budget_minutes=minutes, focus=tuple(chosen),
            verbatim=verbatim, interviewer="Interviewer",
        )  # fmt: skip
        st.button("Set it up", type="primary", key="new-interview", on_click=_create, args=(here, guide, setup))


def _guide(here: Here) -> Guide | None:
    """One that ships, or a file of one's own; None where that file has a fault, which is shown."""
    known = {g.id: g for g in interviewing.guides(here.user)}
    own = "A guide of my own (YAML file)"
    name = st.selectbox("Guide", [*known, own], format_func=lambda g: known[g].title if g in known else g, key="new-guide")
    if name != own:
        return known[str(name)]
    file = st.file_uploader("Guide file", type=["yaml", "yml"], key="new-guide-file")
    if file is None:
        st.caption("Take one that ships as a pattern: see docs/how-to.md. Every problem is shown with its line.")
        return None
    with shared.problems():
        return interviewing.own_guide(here.user, file.getvalue(), file.name)
    return None


def _create(here: Here, guide: Guide, setup: Setup) -> None:
    try:
        created = interviewing.set_up(here.user, here.store, here.where, guide, setup)
    except AssistantError as error:
        shared.later(error)
        return
    st.session_state.pop(FOCUS, None)
    if setup.mode == "self-service":
        _link(here, created, DAYS)
    else:
        _open(created)
    st.toast(f"Set up: {short(setup.respondent)}")
