"""The respondent's page: one question at a time, by their link; nothing else of the app is within reach of it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import streamlit as st

from assistant.errors import AssistantError
from assistant.interview import Conductor, Ledger
from assistant.interview.links import PARAMETER
from assistant.settings import get_settings
from assistant.ui import shared
from assistant.ui.access import AppRole, User
from assistant.ui.markup import md
from assistant.ui.services import answering
from assistant.ui.views import asking
from assistant.ui.views.asking import FormWords, Maker

RESPONDENT = User("respondent", AppRole.RESPONDENT)
"""Who acts by a link: the least of all roles, and only with the link's own interview."""
WORDS = FormWords(
    "Your answer", "In your own words, as long or short as you like.", "Send", "Skip this question", "I would rather not say"
)  # fmt: skip
GONE = "answer-withdrawn"


def draw() -> None:
    """The page."""
    if st.session_state.get(GONE):
        shared.show_later()
        st.title("Withdrawn")
        st.success("Your answers, and everything quoted from them, are erased for good. You can close this page.", icon=":material/done:")
        return
    told = st.empty()
    with told:
        shared.show_later()
    st.title("Interview")
    token = str(st.query_params.get(PARAMETER, ""))
    try:
        interview = answering.check_link(RESPONDENT, shared.store(), get_settings(), token).interview
    except AssistantError as error:
        # What a button met was the same: once is enough.
        told.empty()
        shared.show_error(error)
        asking.give_back(token.partition(".")[0])
        return
    with shared.problems():
        _interview(token, interview, partial(_make, token))


def _make(token: str, watch: object = None) -> Conductor:
    return answering.answer(RESPONDENT, shared.store(), get_settings(), token, watch=watch if callable(watch) else None)


def _interview(token: str, interview: str, make: Maker) -> None:
    found = asking.gone_on(make)
    if found is None:
        _trouble(token, interview, make)
        return
    conductor, ledger = found
    asking.give_back(interview, ledger.pending)
    if ledger.consent is None and not ledger.over:
        _consent(make, conductor, ledger)
    elif ledger.over:
        _over(token, ledger)
    elif ledger.opened.mode == "copilot":
        st.info("Your interviewer asks the questions. Here you can read what was taken down, and withdraw.", icon=":material/forum:")
        _rights(token, ledger)
    elif ledger.paused:
        asking.time_line(ledger)
        st.info("Paused. Your place is kept: you can close this page and come back by the same link.", icon=":material/pause_circle:")
        st.button("Go on", type="primary", icon=":material/play_arrow:", key="resume", on_click=_do, args=(make, "resume"))
        _rights(token, ledger)
    elif ledger.pending is not None:
        _question(token, interview, make, conductor, ledger)


def _trouble(token: str, interview: str, make: Maker) -> None:
    """While the engine or the database fails: nothing that was said is lost, and the way out stays open."""
    ledger = None
    with suppress(AssistantError):
        ledger = make(None).ledger
    asking.give_back(interview)
    if ledger is not None and ledger.over:
        _over(token, ledger)
        return
    st.info(
        "What you have sent is saved, and your place is kept: try again now, or come back later by the same link.", icon=":material/info:"
    )
    with st.container(horizontal=True):
        # Every run tries again.
        st.button("Try again", type="primary", icon=":material/refresh:", key="again")
        if ledger is not None and ledger.consent is not None and ledger.opened.mode != "copilot":
            _stop(make)
    if ledger is None or ledger.consent is not None:
        _rights(token, ledger)


def _stop(make: Maker) -> None:
    with st.popover("Stop here", icon=":material/stop_circle:", type="tertiary"):
        st.write("What you have said so far is kept and counts. Nothing more is asked.")
        st.button("Stop the interview", key="stop", on_click=_do, args=(make, "stop"))


def _consent(make: Maker, conductor: Conductor, ledger: Ledger) -> None:
    if ledger.opened.mode == "copilot":
        st.info("Your interviewer goes through the consent with you.", icon=":material/forum:")
        st.html(asking.consent_html(conductor.consent_text()))
        return
    text = conductor.consent_text()
    st.html("<p class='lead'>Please read this before you begin.</p>")
    st.html(asking.consent_html(text))
    with st.container(horizontal=True):
        st.button(
            "I agree: begin", type="primary", icon=":material/check:", key="agree", on_click=asking.agree, args=(make, text, "respondent")
        )
        st.button("I do not agree", key="decline", on_click=_do, args=(make, "decline"))


def _question(token: str, interview: str, make: Maker, conductor: Conductor, ledger: Ledger) -> None:
    pending = ledger.pending
    if pending is None:
        return
    asking.time_line(ledger)
    if conductor.notice():
        st.info(md(conductor.notice()), icon=":material/info:")
    asking.question(pending)
    asking.answer_form(make, conductor, pending, interview=interview, key="own", by="respondent", words=WORDS)
    with st.container(horizontal=True):
        st.button("Pause", icon=":material/pause:", key="pause", type="tertiary", on_click=_do, args=(make, "pause"))
        _stop(make)
    _rights(token, ledger)


def _over(token: str, ledger: Ledger) -> None:
    if ledger.declined:
        st.info(
            "You did not agree, so nothing was asked. Only that you were invited is on record, and you may have that erased too.",
            icon=":material/info:",
        )
    elif ledger.answers:
        # Each answer is in the log since it was sent; what may fail here is their copy for the assessors, made again on the next visit.
        with shared.problems():
            answering.keep_answers(RESPONDENT, shared.store(), get_settings(), token)
        st.success("Thank you. Your answers are saved, and nothing more is asked.", icon=":material/task_alt:")
    else:
        st.info("The interview is over; nothing was said.", icon=":material/info:")
    _rights(token, ledger)


def _rights(token: str, ledger: Ledger | None) -> None:
    """One's own words, and the way out, which stays where nothing else can be drawn (``ledger`` None)."""
    with st.expander("Your answers and your rights", icon=":material/verified_user:", key="rights", on_change="rerun") as box:
        if not box.open:
            return
        if ledger is not None:
            st.html(asking.conversation_html([x for x in reversed(ledger.exchanges) if x.outcome != "pending"]))
        if ledger is None or ledger.answers:
            st.download_button(
                "Download my transcript", partial(_own_words, token), "my-interview.json", "application/json", icon=":material/download:",
                on_click="ignore", key="own-transcript",
            )  # fmt: skip
        st.html("<p class='small'>You may withdraw. Your answers and everything quoted from them are then erased for good.</p>")
        sure = st.checkbox("Yes, erase my answers; I know that this cannot be undone", key="withdraw-sure")
        st.button("Withdraw", key="withdraw", icon=":material/delete_forever:", disabled=not sure, on_click=_withdraw, args=(token,))


def _own_words(token: str) -> bytes:
    """For the download: made when it is asked for."""
    return answering.own_words(RESPONDENT, shared.store(), get_settings(), token)


def _do(make: Maker, what: asking.Act) -> None:
    asking.decide(make, what, "respondent")


def _withdraw(token: str) -> None:
    try:
        answering.withdraw_answers(RESPONDENT, shared.store(), get_settings(), token)
        st.session_state[GONE] = True
        asking.forget_unsent()
    except AssistantError as error:
        shared.later(error)
