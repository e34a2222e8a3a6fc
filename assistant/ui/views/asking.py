"""Pieces of an interview under way that the respondent's page and the copilot share: the question, the answer, what was said, going on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

import streamlit as st

from assistant.display import count
from assistant.errors import AssistantError, StaleEditError
from assistant.interview import Conductor, Ledger
from assistant.interview import events as ev
from assistant.interview.consent import ConsentText
from assistant.interview.ledger import Exchange, Pending
from assistant.ui import components, shared
from assistant.ui.markup import chip, esc, said

Maker = Callable[[Callable[[str], None] | None], Conductor]
"""A fresh Conductor of the interview at hand, its rights checked again; gets who watches a model's words arrive."""
Act = Literal["decline", "pause", "resume", "stop"]
"""What people decide about an interview beside answering."""
SHOWN: Final = "interview-shown"
"""``seq`` of the question that this browser has drawn already."""
UNSENT: Final = "interview-unsent"
"""Answers that could not be saved, as a tuple of `Unsent`: they are given back, never dropped."""
PER_WORD: Final = 0.025
"""Seconds between the words of a question that a model worded."""


@dataclass(frozen=True)
class FormWords:
    """What the answer's form says."""

    label: str
    hint: str
    send: str
    skip: str
    refuse: str


@dataclass(frozen=True)
class Unsent:
    """An answer that somebody sent and that is not in the log."""

    interview: str
    """``Interview.id``."""
    to: int
    """``seq`` of the question that it answers."""
    text: str
    why: str
    """What kept it from being saved, as the end of a sentence."""


def consent_html(text: ConsentText) -> str:
    """The text to agree to, in paragraphs."""
    paragraphs = "".join(f"<p>{esc(p)}</p>" for p in text.text.split("\n\n"))
    return f"<div class='consent'>{paragraphs}<p class='small muted'>Consent text, version {esc(text.version)}</p></div>"


def agree(make: Maker, text: ConsentText, by: str) -> None:
    """From a button: consent to the very text that was on the screen; refused in words where it has changed since."""
    try:
        make(None).consent(text, by=by)
    except AssistantError as error:
        shared.later(error)


def decide(make: Maker, what: Act, by: str) -> None:
    """From a button: a decision about the interview, committed before the page is drawn again."""
    try:
        conductor = make(None)
        if what == "decline":
            conductor.decline(by=by)
        elif what == "pause":
            conductor.pause(by=by)
        elif what == "resume":
            conductor.resume(by=by)
        else:
            conductor.stop(by=by)
    except AssistantError as error:
        shared.later(error)


def going_on(make: Maker) -> tuple[Conductor, Ledger]:
    """Does what is due since the last answer, saying so while it lasts; the answer itself is safe already."""
    place = st.empty()
    pieces: list[str] = []

    def watch(piece: str) -> None:
        pieces.append(piece)
        words = count(len("".join(pieces).split()), "word")
        place.html(f"<p class='muted small'>Wording the next question: {words} so far, checked before you see it.</p>")

    conductor = make(watch)
    ledger = conductor.ledger
    if ledger.consent is not None and (ledger.uncoded or (ledger.pending is None and not ledger.over and not ledger.paused)):
        place.html("<p class='muted small'>Saved. Finding the next question …</p>")
        ledger = conductor.advance()
    place.empty()
    return conductor, ledger


def gone_on(make: Maker) -> tuple[Conductor, Ledger] | None:
    """`going_on`; where it cannot, what is wrong is shown and None given."""
    with shared.problems():
        return going_on(make)
    return None


def time_line(ledger: Ledger, since: float = 0.0) -> None:
    """How far the time has come. ``since``: minutes since the last event."""
    used = min(ledger.minutes + since, ledger.opened.budget_minutes)
    left = max(ledger.opened.budget_minutes - used, 0.0)
    answered = sum(x.reply is not None for x in ledger.exchanges)
    words = "time is up: one last question" if left <= 0 else f"about {left:.0f} min left" if left >= 1.5 else "about a minute left"
    if ledger.over:
        words = f"{used:.0f} of {ledger.opened.budget_minutes:g} min used"
    paused = ", paused" if ledger.paused else ""
    st.progress(min(used / ledger.opened.budget_minutes, 1.0), text=f"{count(answered, 'answer')} · {words}{paused}")


def question(pending: Pending) -> None:
    """The question, large; one that a model worded arrives word by word the first time."""
    text = pending.text
    new = st.session_state.get(SHOWN) != pending.seq
    st.session_state[SHOWN] = pending.seq
    place = st.empty()
    worded = not isinstance(pending.body, ev.Offered) and pending.body.wording.source == "model"
    if new and worded:
        words = text.split(" ")
        for n in range(1, len(words)):
            place.html(f"<p class='ask'>{esc(' '.join(words[:n]))}</p>")
            time.sleep(PER_WORD)
    place.html(f"<p class='ask' data-question='{pending.seq}'>{esc(text)}</p>")


def heard_key(key: str, pending: Pending) -> str:
    """Where words that were not typed (a recording's, pasted captions') wait for being corrected and sent."""
    return f"heard-{key}-{pending.seq}"


def answer_form(make: Maker, conductor: Conductor, pending: Pending, *, interview: str, key: str, by: str, words: FormWords) -> None:
    """Where the answer is given. ``key``: of its widgets, apart from those of other interviews in this browser."""
    field, heard = f"answer-{key}-{pending.seq}", heard_key(key, pending)
    _put_back(interview, pending, field, heard)
    if heard not in st.session_state and _words(heard) in st.session_state:
        # The field was not drawn for a while, as in a pause.
        st.session_state[heard] = st.session_state[_words(heard)]
    if conductor.hears:
        _record(make, key, pending, heard, by)
    with st.form(f"form-{field}", border=False, enter_to_submit=True):
        st.text_area(words.label, key=field, height=150, placeholder=words.hint)
        if heard in st.session_state:
            st.text_area("What was heard: correct it before you send it", key=heard, height=120)
        with st.container(horizontal=True):
            args = (make, interview, pending.seq, field, heard, by)
            st.form_submit_button(words.send, type="primary", icon=":material/send:", key=f"send-{field}", on_click=_send, args=args)
            st.form_submit_button(words.skip, key=f"skip-{field}", on_click=_pass, args=(make, "skip", pending.seq, by))
            st.form_submit_button(words.refuse, key=f"refuse-{field}", on_click=_pass, args=(make, "refuse", pending.seq, by))
    components.focus(field, str(pending.seq))


def _record(make: Maker, key: str, pending: Pending, heard: str, by: str) -> None:
    """A recording, once, into text that the respondent corrects; the sound is not kept. One that failed can be tried again."""
    sound = st.audio_input("Or speak your answer", key=f"sound-{key}-{pending.seq}")
    if sound is None:
        return
    done, failed = f"{heard}-of", f"{heard}-failed"
    if st.session_state.get(done) == sound.file_id:
        return
    problem = st.session_state.get(failed)
    if problem is None or problem[0] != sound.file_id:
        st.session_state.pop(failed, None)
        try:
            with st.spinner("Listening to the recording …"):
                hear(heard, make(None).hear(sound.getvalue(), by=by))
        except AssistantError as error:
            problem = st.session_state[failed] = (sound.file_id, error)
        else:
            st.session_state[done] = sound.file_id
            return
    # Not sent again by every run, only by whoever asks for it.
    shared.show_error(problem[1])
    st.button("Try again", key=f"again-{heard}", icon=":material/refresh:", on_click=lambda: st.session_state.pop(failed, None))


def _words(heard: str) -> str:
    """Where the same words outlive their field, whose value goes when it is not drawn."""
    return f"{heard}-words"


def hear(heard: str, words: str) -> None:
    """Adds words to those that wait."""
    before = str(st.session_state.get(heard, ""))
    st.session_state[heard] = st.session_state[_words(heard)] = f"{before}\n{words}" if before.strip() else words


def _send(make: Maker, interview: str, to: int, field: str, heard: str, by: str) -> None:
    """Commits the answer before anything else is done with it; what cannot be saved, for whatever reason, is kept to be given back."""
    parts = [str(st.session_state.get(name, "")) for name in (field, heard)]
    text = "\n".join(p for p in parts if p.strip())
    conductor = None
    try:
        conductor = make(None)
        conductor.answer(text, to=to, by=by, go_on=False)
    except AssistantError as error:
        if conductor is not None and _arrived(conductor, to, text):
            # A double click brings the same answer twice: only another one is news.
            return
        if text:
            stale = isinstance(error, StaleEditError)
            why = "since that question was answered in another window" if stale else "since it could not be saved"
            st.session_state[UNSENT] = tuple(dict.fromkeys((*unsent(), Unsent(interview, to, text, why))))
        shared.later(error)


def _arrived(conductor: Conductor, to: int, text: str) -> bool:
    """Whether this very answer is in the log; no where the log cannot be read."""
    with suppress(AssistantError):
        return any(x.seq == to and x.reply == text for x in conductor.ledger.exchanges)
    return False


def _pass(make: Maker, how: str, to: int, by: str) -> None:
    try:
        conductor = make(None)
        (conductor.skip if how == "skip" else conductor.refuse)(to=to, by=by, go_on=False)
    except StaleEditError:
        # The question is gone already: what comes now is drawn.
        return
    except AssistantError as error:
        shared.later(error)


def unsent() -> tuple[Unsent, ...]:
    """What this browser session sent in vain and has not put away, oldest first."""
    return tuple(st.session_state.get(UNSENT, ()))


def _put_back(interview: str, pending: Pending, field: str, heard: str) -> None:
    """An answer to the question that still waits goes back into its field, where the fields have lost it."""
    theirs = [one for one in unsent() if (one.interview, one.to) == (interview, pending.seq)]
    if not theirs:
        return
    st.session_state[UNSENT] = tuple(one for one in unsent() if one not in theirs)
    if not any(str(st.session_state.get(name, "")).strip() for name in (field, heard)):
        st.session_state[field] = theirs[-1].text
        # They are part of it.
        st.session_state.pop(_words(heard), None)


def give_back(interview: str, pending: Pending | None = None) -> None:
    """Shows answers of this interview that could not be saved, to be copied. Those to ``pending`` are left to its form."""
    for n, one in enumerate(unsent()):
        if one.interview != interview or (pending is not None and pending.seq == one.to):
            continue
        with st.container(border=True):
            st.html(f"<p class='small'><b>Not sent, {esc(one.why)}.</b> Copy what you still need:</p>")
            st.code(one.text, language=None, wrap_lines=True)
            st.button("Put it away", key=f"unsent-away-{n}", on_click=_put_away, args=(one,))


def _put_away(done: Unsent) -> None:
    st.session_state[UNSENT] = tuple(one for one in unsent() if one != done)


def forget_unsent() -> None:
    """After a withdrawal in this browser: nothing that was typed is kept."""
    st.session_state.pop(UNSENT, None)


def conversation_html(exchanges: Sequence[Exchange]) -> str:
    """What was asked and said, in the order given; everything as text."""
    outcome = {"skipped": "skipped", "refused": "did not want to speak of it", "pending": "not answered yet", "answered": ""}
    lines = []
    for x in exchanges:
        mark = chip(outcome[x.outcome], "quiet") if outcome[x.outcome] else ""
        worded = ""
        if not isinstance(x.body, ev.Offered) and x.body.wording.source != "guide":
            worded = chip(f"worded by {x.body.wording.model}" if x.body.wording.source == "model" else "the interviewer's own", "quiet")
        reply = f"<p class='a' dir='auto'>{esc(x.reply)}</p>" if x.reply is not None else ""
        lines.append(f"<div class='said'><p class='q'>{said(x.body.text)} {worded}{mark}</p>{reply}</div>")
    return "".join(lines) or "<p class='muted'>Nothing was said yet.</p>"
