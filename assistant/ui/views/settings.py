"""Settings: engine, endpoint, budget, names to redact, and what leaves the machine. Keys are never stored and never shown."""

from __future__ import annotations

import streamlit as st

from assistant.settings import get_settings
from assistant.ui import shared, state
from assistant.ui.here import Here, now
from assistant.ui.markup import chip, esc, said
from assistant.ui.preferences import Preferences
from assistant.ui.services import library
from assistant.ui.services.library import Leaves


def draw() -> None:
    """The page."""
    here = now()
    st.title("Settings")
    st.html("<p class='lead'>Of this installation, for everybody who uses it.</p>")
    saved, _, leaves = library.settings_in_force(here.user, get_settings())
    _leaves(leaves)
    if here.user.local:
        st.session_state["local-name"] = state.current().name
        st.text_input("Your name, as decisions show it", key="local-name", max_chars=100, on_change=_name)
    _form(here, saved)
    _sent(here)
    _audit(here)


def _name() -> None:
    state.current().name = str(st.session_state["local-name"]).strip() or "local"


def _leaves(leaves: Leaves) -> None:
    if leaves.interviews:
        lines = "".join(
            f"<li>{esc(what)}: to <b>{esc(at)}</b>, model <b>{esc(model or 'none set')}</b></li>" for what, at, model in leaves.interviews
        )
        st.warning("In interviews, words of respondents who agree to it leave this machine.", icon=":material/outgoing_mail:")
        st.html(f"<ul>{lines}</ul>")
    if not leaves.anything and leaves.interviews:
        st.info("Nothing else leaves it: transcripts are coded, searched and scored here.", icon=":material/lock:")
        return
    if not leaves.anything:
        st.success("Nothing leaves this machine: coding, search and scoring run here.", icon=":material/lock:")
        return
    key = "a key is set, and not shown" if leaves.key else "no key is set"
    st.warning("With the language model chosen, words of respondents leave this machine, redacted.", icon=":material/outgoing_mail:")
    names = "".join(chip(n) for n in leaves.redacted) or "only what is found by itself: speakers, addresses, numbers"
    st.html(
        f"<p>To <b>{esc(leaves.recipient)}</b>, model <b>{esc(leaves.model or 'none set')}</b>; {key}.</p>"
        f"<div class='chips'>Replaced before sending: {names}</div>"
    )


def _form(here: Here, saved: Preferences) -> None:
    with st.form("settings"):
        engines = ["local", "llm"]
        names = {"local": "local: on this machine", "llm": "language model at an endpoint"}
        engine = st.selectbox("Engine proposed for coding", engines, index=engines.index(saved.engine), format_func=lambda e: names[e])
        left, right = st.columns(2)
        url = left.text_input("Endpoint (OpenAI-compatible)", saved.llm_base_url or "", placeholder="https://…", max_chars=500)
        model = right.text_input("Model", saved.llm_model or "", max_chars=200)
        left, right = st.columns(2)
        calls = left.number_input("Most requests of one run", min_value=0, value=saved.llm_max_calls, step=1, placeholder="no limit")
        cost = right.number_input("Most cost of one run", min_value=0.0, value=saved.llm_max_cost, placeholder="no limit")
        left, right = st.columns(2)
        price_in = left.number_input("Price of a million tokens in", min_value=0.0, value=saved.llm_price_input, placeholder="not set")
        price_out = right.number_input("Price of a million tokens out", min_value=0.0, value=saved.llm_price_output, placeholder="not set")
        left, right = st.columns(2)
        wording = left.text_input(
            "Interviews: model that words follow-up questions",
            saved.interview_model or "",
            placeholder="none: the guide's own",
            max_chars=200,
        )
        speech = right.text_input(
            "Interviews: model that transcribes spoken answers",
            saved.interview_speech_model or "",
            placeholder="none: no recording",
            max_chars=200,
        )
        reads = st.toggle(
            "Interviews: the language model reads answers as they come", saved.interview_coder == "llm",
            help="Else the local engine does. Each respondent's consent names the model, or it is not used.",
        )  # fmt: skip
        redact = st.text_area("Names that must not leave this machine, one a line", "\n".join(saved.llm_redact_names))
        st.caption(
            "The key is read from OPENAI_API_KEY, in the environment or in Streamlit's secrets; it is never stored here and never shown."
        )
        if st.form_submit_button("Save", type="primary"):
            with shared.problems():
                listed = tuple(dict.fromkeys(line.strip() for line in redact.splitlines() if line.strip()))
                changed = Preferences(
                    engine=engine, llm_model=model.strip() or None, llm_base_url=url.strip() or None, llm_max_calls=calls,
                    llm_max_cost=cost, llm_price_input=price_in, llm_price_output=price_out, llm_redact_names=listed,
                    interview_model=wording.strip() or None, interview_speech_model=speech.strip() or None,
                    interview_coder="llm" if reads else None,
                )  # fmt: skip
                library.save_settings(here.user, get_settings(), changed)
                st.toast("Settings saved", icon=":material/check:")
                # What leaves the machine stands above: it has changed with them.
                st.rerun()


def _sent(here: Here) -> None:
    with st.expander("What has left this machine", icon=":material/outgoing_mail:", key="sent-box", on_change="rerun") as box:
        if not box.open:
            return
        calls = library.sent(here.user, here.store)
        if not calls:
            st.html("<p class='muted'>Nothing, ever.</p>")
            return
        rows = "".join(
            f"<tr><td>{c.at:%Y-%m-%d %H:%M}</td><td>{esc(c.recipient)}</td><td>{esc(c.model)}</td><td>{esc(c.what)}</td>"
            f"<td>{esc(c.of)}</td><td>{esc(c.state)}</td><td class='num'>{'' if c.tokens is None else c.tokens}</td></tr>"
            for c in calls
        )
        head = "<tr><th>When, UTC</th><th>To</th><th>Model</th><th>What</th><th>Of</th><th>State</th><th class='num'>Tokens in</th></tr>"
        st.html(f"<div class='tablewrap'><table class='plain'>{head}{rows}</table></div>")


def _audit(here: Here) -> None:
    with st.expander("Audit trail", icon=":material/history:", key="audit-box", on_change="rerun") as box:
        if not box.open:
            return
        events = library.audit(here.user, here.store)
        rows = "".join(
            f"<tr><td>{e.at:%Y-%m-%d %H:%M}</td><td>{said(e.actor)}</td><td>{esc(e.kind)}</td><td>{esc(e.subject)}</td></tr>"
            for e in events
        )
        head = "<tr><th>When, UTC</th><th>Who</th><th>What</th><th>On</th></tr>"
        st.html(f"<div class='tablewrap'><table class='plain'>{head}{rows}</table></div>")
