"""The copilot: a person interviews, the assistant shows the question, the time, what is still unknown, and takes the answer down.

A respondent who answers alone is watched here: the same, without the buttons.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import streamlit as st

from assistant.errors import AssistantError, InputError, NotFoundError
from assistant.interview import Conductor, Ledger
from assistant.interview.guide import Item
from assistant.interview.ledger import MAX_GAP_MINUTES, Pending
from assistant.models import Transcript
from assistant.settings import get_settings
from assistant.store.clock import utc_now
from assistant.ui import parts, shared, state
from assistant.ui.access import WORK
from assistant.ui.here import Here, now
from assistant.ui.markup import apart, chip, esc, label, md, said
from assistant.ui.services import interviewing, library
from assistant.ui.services.interviewing import Taken
from assistant.ui.views import asking, coverage
from assistant.ui.views.asking import FormWords, Maker

REMARKS: Final = "interview-remarks"
"""What speaks against a question of the interviewer's own; shown, never in the way."""
SUGGESTED: Final = 3


def draw(here: Here) -> None:
    """The part of the page."""
    found = interviewing.taken(here.user, here.store, here.where)
    if not found:
        parts.choose_first("No interview yet: set one up under Interviews.")
        return
    ids = [t.info.id for t in found]
    if here.state.interview not in ids:
        open_ = [t.info.id for t in found if not t.ledger.over]
        here.state.interview = (open_ or ids)[0]
    if len(found) > 1:
        names = _names(found)
        st.session_state["which-interview"] = here.state.interview
        st.selectbox("Interview", ids, format_func=lambda i: names[i], key="which-interview", on_change=_chosen)
    one = next(t for t in found if t.info.id == here.state.interview)
    if one.ledger.opened.mode == "self-service" or one.ledger.over or not here.may(WORK):
        _watch(here, one)
    else:
        _conduct(here, one.info.id)


def _names(found: Sequence[Taken]) -> dict[str, str]:
    """A line for each interview, in the order of set-up."""
    return apart({t.info.id: f"{label(t.ledger.opened.respondent, 50)} · {t.state}" for t in reversed(found)})


def _chosen() -> None:
    state.current().interview = str(st.session_state["which-interview"])


def _make(here: Here, interview: str, watch: object = None) -> Conductor:
    return interviewing.conduct(here.user, here.store, get_settings(), interview, watch=watch if callable(watch) else None)


# ---------------------------------------------------------------- conducting


def _conduct(here: Here, interview: str) -> None:
    make: Maker = partial(_make, here, interview)
    found = asking.gone_on(make)
    if found is None:
        _trouble(here, interview, make)
        return
    conductor, ledger = found
    if ledger.over:
        st.rerun()
    left, right = st.columns([3, 2], gap="large")
    with left:
        asking.give_back(interview, ledger.pending)
        if ledger.consent is None:
            _consent(here, make, conductor)
        elif ledger.paused:
            _clock(interview)
            st.info("Paused. The question and the time are kept.", icon=":material/pause_circle:")
            st.button("Go on", type="primary", icon=":material/play_arrow:", key="resume", on_click=_do, args=(here, make, "resume"))
        else:
            _asking(here, make, conductor, ledger)
    with right:
        _known(here, ledger)


def _trouble(here: Here, interview: str, make: Maker) -> None:
    """While the engine or the database fails: what was written down is safe and can be read."""
    asking.give_back(interview)
    st.info("What was saved is safe, and the place is kept.", icon=":material/info:")
    with st.container(horizontal=True):
        # Every run tries again.
        st.button("Try again", type="primary", icon=":material/refresh:", key="again")
        _end(here, make)
    with shared.problems():
        _standing(here, interviewing.watch(here.user, here.store, interview))


def _end(here: Here, make: Maker) -> None:
    with st.popover("End the interview", icon=":material/stop_circle:", type="tertiary"):
        st.write("What was said so far is kept and becomes a transcript.")
        st.button("End it", key="stop", on_click=_do, args=(here, make, "stop"))


def _known(here: Here, ledger: Ledger) -> None:
    """What is known by element of the interview's own framework, whichever the session looks at."""
    framework = library.framework(here.user, ledger.opened.framework)
    st.html(coverage.map_html(framework, ledger.coverage, ledger.pending, ledger))
    with st.expander("What was read in the answers", icon=":material/visibility_off:"):
        st.caption("It names stages: keep it from the respondent's eyes.")
        st.html(coverage.findings_html(framework, ledger.coverage))


def _consent(here: Here, make: Maker, conductor: Conductor) -> None:
    text = conductor.consent_text()
    st.html("<p class='lead'>Read this out, or let the respondent read it, before the first question.</p>")
    st.html(asking.consent_html(text))
    with st.container(horizontal=True):
        st.button(
            "They agree: begin",
            type="primary",
            icon=":material/check:",
            key="agree",
            on_click=asking.agree,
            args=(make, text, here.user.name),
        )
        st.button("They do not agree", key="decline", on_click=_do, args=(here, make, "decline"))


def _asking(here: Here, make: Maker, conductor: Conductor, ledger: Ledger) -> None:
    pending = ledger.pending
    if pending is None:
        return
    _clock(here.state.interview)
    if conductor.notice():
        st.info(md(conductor.notice()), icon=":material/info:")
    _place(ledger)
    asking.question(pending)
    for remark in st.session_state.pop(REMARKS, ()):
        st.warning(f"Your question {md(remark)}. It was asked all the same.", icon=":material/rule:")
    what = "What they say" if ledger.opened.verbatim else "Your notes of what they say"
    words = FormWords(what, "Ctrl+Enter saves it and goes on.", "Save and go on", "Skip", "They would rather not say")
    asking.answer_form(make, conductor, pending, interview=here.state.interview, key=here.state.interview, by=here.user.name, words=words)
    _captions(here, pending)
    _other(here, make, conductor, ledger)
    with st.container(horizontal=True):
        st.button("Pause", icon=":material/pause:", key="pause", type="tertiary", on_click=_do, args=(here, make, "pause"))
        _end(here, make)
    with st.expander(f"The conversation so far ({len(ledger.exchanges)})", icon=":material/forum:"):
        st.html(asking.conversation_html(ledger.exchanges[::-1]))


def _captions(here: Here, pending: Pending) -> None:
    """The meeting's live captions instead of typing: only what the respondent said is taken over."""
    with st.expander("Paste the meeting's live captions", icon=":material/subtitles:"):
        key = f"captions-{here.state.interview}-{pending.seq}"
        text = st.text_area("Captions since the question, with who speaks", key=key, height=120, placeholder="Name: what they said")
        if not (text or "").strip():
            return
        with shared.problems():
            read = interviewing.captions(here.user, str(text))
            names = {s: label(s or "nobody named", 60) for s in read.speakers}
            st.multiselect(
                "Whose words are the answer", list(names), default=_theirs(read), format_func=lambda s: names[s], key=f"who-{key}"
            )
            waiting = asking.heard_key(here.state.interview, pending)
            st.button("Take them over", key=f"take-{key}", on_click=_take, args=(here, waiting, key))


def _theirs(read: Transcript) -> list[str]:
    """Who seems to be the respondent, or several."""
    return list(dict.fromkeys(t.speaker for t in read.respondent_turns()))


def _take(here: Here, waiting: str, key: str) -> None:
    """What is in the field now, not what was when the button was drawn: a click may follow the last word at once."""
    try:
        read = interviewing.captions(here.user, str(st.session_state.get(key, "")))
        chosen = st.session_state.get(f"who-{key}", ())
        if chosen and not set(chosen) & set(read.speakers):
            # Other captions than those that the choice was made for.
            chosen = _theirs(read)
        words = "\n".join(read.text[t.start : t.end] for t in read.turns if t.speaker in chosen)
        if not words.strip():
            raise InputError("nothing in the captions is the respondent's", remedy="choose whose words are the answer")
        asking.hear(waiting, words)
    except AssistantError as error:
        shared.later(error)


def _place(ledger: Ledger) -> None:
    """Where in the guide the conversation is, and what the guide tells the interviewer there."""
    pending = ledger.pending
    item = ledger.guide.by_key.get(pending.body.item) if pending is not None and hasattr(pending.body, "item") else None
    if item is None:
        kind = {"probed": "follow-up", "offered": "said in passing: to be confirmed"}.get(pending.body.kind if pending else "", "question")
        st.html(f"<div class='chips'>{chip(kind)}</div>")
        return
    kind = "follow-up" if pending is not None and pending.body.kind == "probed" else "question"
    source = f" title='{esc(item.question.source)}'"
    st.html(f"<div class='chips'><span class='chip'{source}>{esc(item.section.name)}</span>{chip(kind, 'quiet')}</div>")


def _clock(interview: str) -> None:
    """The time, going on while the respondent speaks."""
    st.fragment(_tick, run_every=10.0)(interview)


def _tick(interview: str) -> None:
    with shared.problems():
        here = now()
        one = _still(here, interview)
        asking.time_line(one.ledger, _since(one))
        if one.ledger.over:
            # No new run by itself: it would take what is being typed with it.
            st.info("This interview was ended in another window.", icon=":material/info:")
            if st.button("Show what has become of it", key="show-over"):
                st.rerun()


def _still(here: Here, interview: str) -> Taken:
    """The interview as it stands, for a fragment; one that is gone takes the page along. Raises StoreError, PermissionDenied."""
    try:
        return interviewing.watch(here.user, here.store, interview)
    except (InputError, NotFoundError) as error:
        # Withdrawn meanwhile: nothing of it may stay on the screen.
        here.state.interview = ""
        shared.later(error)
        st.rerun()


def _since(one: Taken) -> float:
    """Minutes since the last event that will count."""
    if one.ledger.paused or one.ledger.over or one.ledger.consent is None:
        return 0.0
    return min(max((utc_now() - one.at).total_seconds() / 60, 0.0), MAX_GAP_MINUTES)


def _other(here: Here, make: Maker, conductor: Conductor, ledger: Ledger) -> None:
    """Another question instead: those worth most now, any of the guide, or one's own."""
    with st.expander("Ask something else instead", icon=":material/alt_route:"):
        for item in conductor.suggestions(SUGGESTED):
            st.button(md(item.text), key=f"suggest-{item.key}", width="stretch", on_click=_choose, args=(here, make, item.key), wrap=True)
        items = {i.key: i for i in ledger.guide.items}
        # Of this interview only: another one may stand at the same event.
        pick, own = (f"{kind}-{here.state.interview}-{ledger.seq}" for kind in ("pick", "own"))
        picked = st.selectbox(
            "Any question of the guide", list(items), index=None, key=pick, placeholder="Search the guide",
            format_func=lambda k: _line(items[k], ledger),
        )  # fmt: skip
        if picked is not None:
            st.button("Ask this one", key="pick-ask", on_click=_picked, args=(here, make, pick))
        st.text_input("A question of your own", key=own, max_chars=500)
        # Never disabled: the click that leaves the field would find the button still dead.
        st.button("Ask my question", key="own-ask", on_click=_own, args=(here, make, own))


def _line(item: Item, ledger: Ledger) -> str:
    entry = ledger.entries[item.key]
    mark = "answered elsewhere" if entry.covered else entry.status
    return label(f"{item.section.name}: {item.text} ({mark})", 160)


def _choose(here: Here, make: Maker, item: str) -> None:
    try:
        make(None).choose(item, by=here.user.name)
    except AssistantError as error:
        shared.later(error)


def _picked(here: Here, make: Maker, key: str) -> None:
    if (item := st.session_state.get(key)) is not None:
        _choose(here, make, str(item))


def _own(here: Here, make: Maker, key: str) -> None:
    try:
        st.session_state[REMARKS] = make(None).ask_own(str(st.session_state.get(key, "")), by=here.user.name)[1]
    except AssistantError as error:
        shared.later(error)


def _do(here: Here, make: Maker, what: asking.Act) -> None:
    asking.decide(make, what, here.user.name)


# ---------------------------------------------------------------- watching


def _watch(here: Here, one: Taken) -> None:
    asking.give_back(one.info.id)
    if one.ledger.over:
        _result(here, one)
        return
    st.caption("This page follows the interview by itself; nothing here disturbs the respondent.")
    st.fragment(_follow, run_every=4.0)(one.info.id)


def _follow(interview: str) -> None:
    with shared.problems():
        here = now()
        one = _still(here, interview)
        if one.ledger.over:
            st.rerun()
        _standing(here, one)


def _standing(here: Here, one: Taken) -> None:
    ledger = one.ledger
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.html(f"<div class='chips'>{chip(one.state)}{chip(ledger.opened.respondent, 'quiet')}</div>")
        if ledger.consent is not None:
            asking.time_line(ledger, _since(one))
        if ledger.pending is not None:
            st.html(f"<p class='ask aside'>{said(ledger.pending.text)}</p>")
        elif ledger.consent is None and not ledger.over:
            st.html("<p class='muted'>The respondent has not begun: consent comes first.</p>")
        # While it goes on the newest stands on top; afterwards it is read from the beginning.
        spoken = [x for x in ledger.exchanges if x.outcome != "pending"]
        st.html(asking.conversation_html(spoken if ledger.over else spoken[::-1]))
    with right:
        _known(here, ledger)


def _result(here: Here, one: Taken) -> None:
    """What an interview that is over has become, and where to go on."""
    if one.ledger.declined:
        st.info("The respondent did not agree, so nothing was asked. Only the invitation is on record.", icon=":material/info:")
        return
    if one.ledger.answers and not one.kept and here.may(WORK):
        # Stopped by a crash or in another window: what was said becomes a transcript all the same.
        with shared.problems():
            interviewing.keep(here.user, here.store, one.info.id)
            st.rerun()
    if one.kept:
        st.success(
            "The interview is over and is a transcript now. Code it, then review its evidence like any other.", icon=":material/task_alt:"
        )
        st.page_link(parts.page("transcripts"), label="Go on: code it under Transcripts", icon=":material/arrow_forward:")
    elif not one.ledger.answers:
        st.info("The interview is over; nothing was said.", icon=":material/info:")
    _standing(here, one)
