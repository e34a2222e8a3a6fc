"""The interviews of a use case: setting one up, its link, its transcript, withdrawal."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import streamlit as st

from assistant.display import count
from assistant.errors import AssistantError, InputError
from assistant.interview import Guide
from assistant.interview.engine import Setup
from assistant.interview.events import Mode
from assistant.interview.links import DAYS, address
from assistant.settings import get_settings
from assistant.ui import shared, state
from assistant.ui.access import WORK
from assistant.ui.here import Here
from assistant.ui.markup import apart, chip, md, said, short
from assistant.ui.services import interviewing, library
from assistant.ui.services.interviewing import Taken
from assistant.ui.state import InterviewView, TranscriptsView

LINK: Final = "interview-link"
"""The link made last, with its interview: shown until another one is made."""
FOCUS: Final = "interview-focus"
"""Of a follow-up that `together` proposed: id of the use case, ids of the elements."""
OWN_GUIDE: Final = "A guide of my own (YAML file)"
MODES: Final[dict[Mode, str]] = {
    "copilot": "I interview; the assistant shows what to ask next",
    "self-service": "They answer alone in the browser, by a link",
}
VERBATIM: Final = "What they say, word for word"
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
        # A heading: buttons of a row have the same names as those of the next, and help texts do not reach a screen reader.
        name = f"<b role='heading' aria-level='2'>{said(opened.respondent)}</b>"
        facts.html(f"{name}{role}<div class='chips'>{''.join(marks)}</div>")
        with buttons, st.container(horizontal=True, horizontal_alignment="right"):
            _buttons(here, one)
        made = st.session_state.get(LINK)
        if made is not None and made[0] == one.info.id:
            st.caption(f"Send this link to {md(opened.respondent)}. It opens this interview and nothing else, for {made[2]:g} days.")
            st.code(made[1], language=None, wrap_lines=True)


def _how(mode: Mode) -> str:
    return {"copilot": "with an interviewer", "self-service": "alone, by link", "terminal": "in a terminal"}[mode]


def _buttons(here: Here, one: Taken) -> None:
    name, opened, over = one.info.id, one.ledger.opened, one.ledger.over
    words = "Open" if over else "Watch" if opened.mode == "self-service" or not here.may(WORK) else "Conduct"
    st.button(words, key=f"open-{name}", type="secondary" if over else "primary", on_click=_open, args=(name,))
    if one.kept:
        st.button("Transcript", key=f"read-{name}", icon=":material/article:", on_click=_read, args=(one.kept,))
    if not here.may(WORK):
        return
    with st.popover("More", icon=":material/more_horiz:", help=f"{short(opened.respondent)}: link, file, withdrawal"):
        st.number_input("Days that the link is good", min_value=0.1, max_value=366.0, value=float(DAYS), key=f"days-{name}")
        st.button("Make a link for the respondent", key=f"link-{name}", icon=":material/link:", on_click=_link, args=(here, name))
        if one.ledger.answers:
            # Made when it is asked for: a hundred files would be a hundred logs read for every run.
            file = partial(interviewing.export, here.user, here.store, name)
            st.download_button(
                "Download as a file", file, f"interview-{name}.json", "application/json", key=f"file-{name}", on_click="ignore",
                icon=":material/download:",
            )  # fmt: skip
        st.html("<p class='small'>At the respondent's wish: erases every answer and all evidence from it for good.</p>")
        st.text_input("Reason, without names", key=f"why-{name}", max_chars=300, placeholder="withdrawn by the respondent")
        sure = st.checkbox("I know that this cannot be undone", key=f"sure-{name}")
        st.button("Withdraw it", key=f"withdraw-{name}", disabled=not sure, on_click=_withdraw, args=(here, name))


def _open(interview: str) -> None:
    app = state.current()
    app.interview, app.interview_view = interview, InterviewView.CONDUCT


def _read(transcript: str) -> None:
    app = state.current()
    app.transcript, app.transcripts_view = transcript, TranscriptsView.READ
    state.go_to("transcripts")


# What the fields hold is read in the callbacks: a click that leaves a field comes before the button is drawn with what was typed.


def _link(here: Here, interview: str) -> None:
    days = float(st.session_state.get(f"days-{interview}") or DAYS)
    try:
        token = interviewing.invite(here.user, here.store, get_settings(), interview, days=days)
        st.session_state[LINK] = (interview, address(base(), token), days)
    except AssistantError as error:
        shared.later(error)


def base() -> str:
    """Where respondents reach the app: as the settings say, else as this browser does, without the page."""
    parts = urlsplit(st.context.url or "http://localhost")
    return get_settings().app_url or f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/interview')}"


def _withdraw(here: Here, interview: str) -> None:
    reason = str(st.session_state.get(f"why-{interview}", ""))
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
    focus = _focus(here)
    title = "New follow-up interview" if focus else "New interview"
    with st.expander(title, icon=":material/add:", expanded=first or bool(focus)), shared.problems():
        if focus:
            st.button("Not a follow-up: ask everything", key="no-follow-up", icon=":material/close:", on_click=_no_follow_up)
        guide = _guide(here)
        mode = st.radio("How", list(MODES), format_func=lambda m: MODES[m], key="new-mode")
        left, right = st.columns(2)
        left.text_input("Respondent: name or pseudonym", key="new-respondent", max_chars=100, placeholder="e.g. Respondent 3")
        right.text_input("Their function", key="new-role", max_chars=100, placeholder="e.g. data scientist")
        if mode == "copilot":
            st.radio("What I write down", [VERBATIM, "My notes of what they say"], key="new-verbatim", horizontal=True)
        if guide is None:
            return
        # A guide of one's own may be shorter than the step.
        planned = max(1, round(guide.budget_minutes))
        left.number_input("Minutes", min_value=1, max_value=480, value=planned, step=5, key=_minutes_key(guide))
        elements = {e.id: e.name for e in library.framework(here.user, guide.framework).elements}
        right.multiselect(
            "Only what is still open (follow-up)", _served(elements, guide), default=_served(focus, guide), key=_focus_key(focus, guide),
            format_func=lambda e: elements[e], placeholder="everything the guide asks",
        )  # fmt: skip
        st.button("Set it up", type="primary", key="new-interview", on_click=_create, args=(here,))


def _focus(here: Here) -> tuple[str, ...]:
    """What the follow-up is about that was proposed for this very use case."""
    use_case, focus = st.session_state.get(FOCUS, ("", ()))
    return tuple(focus) if use_case == here.where else ()


def _served(elements: Iterable[str], guide: Guide) -> list[str]:
    """Those that the guide asks about."""
    return [e for e in elements if any(e in i.served for i in guide.items)]


def _focus_key(focus: tuple[str, ...], guide: Guide) -> str:
    """Another proposal is another field: what was chosen for the last one does not stay in it."""
    return f"new-focus-{'+'.join(focus)}-{guide.id}"


def _minutes_key(guide: Guide) -> str:
    """A changed file of the same guide is another field, so that its own time is proposed."""
    return f"new-minutes-{guide.id}-{guide.budget_minutes:g}"


def _no_follow_up() -> None:
    st.session_state.pop(FOCUS, None)


def _guide(here: Here) -> Guide | None:
    """The one that is chosen; None where that is a file of one's own with a fault, which is shown, or that is still missing."""
    known = {g.id: g for g in interviewing.guides(here.user)}
    titles = apart({g.id: g.title for g in known.values()})
    name = st.selectbox("Guide", [*known, OWN_GUIDE], format_func=lambda g: titles.get(g, g), key="new-guide")
    if name == OWN_GUIDE and st.file_uploader("Guide file", type=["yaml", "yml"], key="new-guide-file") is None:
        st.caption("Take one that ships as a pattern: see docs/how-to.md. Every problem is shown with its line.")
        return None
    with shared.problems():
        return _chosen_guide(here)
    return None


def _chosen_guide(here: Here) -> Guide:
    """One that ships, or the file of one's own. Raises FrameworkError for that file's faults, InputError where it is missing."""
    name = st.session_state.get("new-guide")
    if name != OWN_GUIDE:
        known = interviewing.guides(here.user)
        return next((g for g in known if g.id == name), known[0])
    file = st.session_state.get("new-guide-file")
    if file is None:
        raise InputError("there is no guide file", remedy="choose the file, or a guide that ships")
    return interviewing.own_guide(here.user, file.getvalue(), file.name)


def _setup(here: Here, guide: Guide) -> Setup:
    """What the fields hold now."""
    fields = st.session_state
    focus = _focus(here)
    mode: Mode = fields.get("new-mode") or "copilot"
    return Setup(
        mode=mode, respondent=str(fields.get("new-respondent", "")).strip() or "Respondent", role=str(fields.get("new-role", "")).strip(),
        budget_minutes=fields.get(_minutes_key(guide)), focus=tuple(fields.get(_focus_key(focus, guide), _served(focus, guide))),
        verbatim=mode != "copilot" or fields.get("new-verbatim", VERBATIM) == VERBATIM, interviewer="Interviewer",
    )  # fmt: skip


def _create(here: Here) -> None:
    try:
        guide = _chosen_guide(here)
        setup = _setup(here, guide)
        created = interviewing.set_up(here.user, here.store, here.where, guide, setup)
    except AssistantError as error:
        shared.later(error)
        return
    _no_follow_up()
    # The next one is somebody else.
    st.session_state["new-respondent"] = st.session_state["new-role"] = ""
    if setup.mode == "self-service":
        _link(here, created)
    else:
        _open(created)
    st.toast(f"Set up: {short(setup.respondent)}")
