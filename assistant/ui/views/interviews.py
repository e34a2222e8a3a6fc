"""The interviews of a use case: what is coded, coding the rest in the background, participants."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from assistant.display import count
from assistant.errors import AssistantError
from assistant.models import Role
from assistant.settings import get_settings
from assistant.ui import shared, state
from assistant.ui.access import WORK
from assistant.ui.here import Here, now
from assistant.ui.jobs import Job, JobState
from assistant.ui.markup import apart, chip, esc, md, said, short
from assistant.ui.services import coding, projects, transcripts
from assistant.ui.services.coding import Choice, Coded, Cost
from assistant.ui.state import TranscriptsView

LINES = 200
"""Transcripts that are listed."""
ERRORS = 5
"""Transcripts that are named with what went wrong in them."""
ENGINES = {"local": "local: on this machine, nothing leaves it", "llm": "language model: sends redacted text to an endpoint"}


def draw(here: Here) -> None:
    """The part of the page."""
    lines = coding.plan(here.user, here.store, here.where, here.framework)
    if not lines:
        st.info("No transcripts yet. Add files: Teams, Zoom, Word, subtitles or text.", icon=":material/upload_file:")
        if here.may(WORK):
            st.button("Add files", type="primary", on_click=_add)
        return
    job = coding.status(here.user, shared.jobs(), here.where)
    if job is not None and job.active:
        # Polling only while there is something to see.
        st.fragment(_watch, run_every=1.0)()
    else:
        if job is not None:
            _outcome(job)
        if here.may(WORK):
            _coding(here, lines)
        _table(lines)
    if here.may(WORK):
        _participants(here)
        _roles(here, lines)


def _add() -> None:
    state.current().transcripts_view = TranscriptsView.ADD


# ---------------------------------------------------------------- coding


def _watch() -> None:
    """Live progress of the background job; draws the whole page again once it ends."""
    with shared.problems():
        here = now()
        job = coding.status(here.user, shared.jobs(), here.where)
        if job is None or not job.active or here.state.transcripts_view is not TranscriptsView.CODE:
            st.rerun()
        else:
            _progress(here, job)
            _table(coding.plan(here.user, here.store, here.where, here.framework), job)


def _progress(here: Here, job: Job) -> None:
    total = len(job.transcripts)
    part = f", part {min(job.part + 1, job.parts)} of {job.parts}" if job.parts > 1 else ""
    what = f"coding {short(job.current)}{part}" if job.current else "waiting for its turn"
    within = job.part / job.parts if job.parts else 0.0
    words = f"{job.done} of {total} transcripts coded, {count(job.found, 'piece', 'pieces')} of evidence found; {what}"
    st.progress(min(1.0, (job.done + within) / total), text=words)
    if job.stopping:
        st.caption("Cancelling. Nothing new is begun; what a language model was already asked is waited for and kept.")
        return
    if here.may(WORK):
        st.button("Cancel", key="cancel-coding", icon=":material/stop:", on_click=_cancel, args=(here,))
    st.caption("You can leave this page or close it: coding goes on, and every finished transcript is kept.")


def _outcome(job: Job) -> None:
    alike: dict[str, list[str]] = {}
    for name, problem in job.errors:
        alike.setdefault(problem, []).append(name)
    for problem, names in alike.items():
        more = f" and {len(names) - ERRORS} more" if len(names) > ERRORS else ""
        who = ", ".join(short(name, 60) for name in names[:ERRORS] if name) + more
        st.error(f"{f'**{who}**: ' if who else ''}{md(problem)}", icon=":material/error:")
    coded = job.done - sum(1 for name, _ in job.errors if name)
    found = f"{count(job.found, 'piece', 'pieces')} of evidence to review"
    if job.state is JobState.CANCELLED:
        st.info(f"Cancelled after {count(coded, 'transcript')}; what was finished is kept.", icon=":material/stop_circle:")
    elif job.state is JobState.DONE and not job.errors:
        st.success(f"Coded {count(coded, 'transcript')}: {found}.", icon=":material/check:")
    elif coded:
        st.info(f"Coded {count(coded, 'transcript')}: {found}. What was finished is kept.", icon=":material/info:")


def _cancel(here: Here) -> None:
    try:
        coding.cancel(here.user, shared.jobs(), here.where)
    except AssistantError as error:
        shared.later(error)


def _coding(here: Here, lines: Sequence[Coded]) -> None:
    choice = coding.choice(here.user, get_settings())
    halted = next((line.engine for line in lines if line.state == "interrupted"), None)
    engine = _engine(halted or choice.proposed)
    again = st.toggle("Code again what is coded", key="code-again", help="Needed after roles changed.")
    open_ = _open(lines, choice, engine)
    if halted == engine:
        st.warning(
            f"Coding was interrupted: {count(len(open_), 'transcript')} left. What was finished is kept.", icon=":material/pause_circle:"
        )
    wanted = tuple(line.info.id for line in lines) if again else open_
    agreed = engine != "llm" or not wanted or _cost(here, wanted, choice)
    verb = "Go on coding" if halted == engine else "Code"
    ready = bool(wanted) and agreed
    st.button(
        f"{verb} {count(len(wanted), 'transcript')}" if wanted else "Everything is coded",
        type="primary" if ready else "secondary",
        icon=":material/play_arrow:",
        key="start-coding",
        disabled=not ready,
        on_click=_start,
        args=(here, engine, wanted),
    )


def _engine(proposed: str) -> str:
    """The engine that somebody chose in this session; else the proposed one."""
    engines = list(ENGINES)
    chosen = st.selectbox(
        "Engine", engines, index=engines.index(proposed) if proposed in engines else 0, format_func=lambda e: ENGINES[e], key="engine"
    )
    return chosen or proposed


def _open(lines: Sequence[Coded], choice: Choice, engine: str) -> tuple[str, ...]:
    """What this engine has not coded yet; for the local one, what nothing has coded."""
    coder = choice.coders.get(engine, engine)
    if engine == "local":
        return tuple(line.info.id for line in lines if not line.done_by)
    return tuple(line.info.id for line in lines if coder not in line.done_by)


@st.cache_data(show_spinner="Counting what would be sent …", max_entries=32)
def _counted(where: str, revision: str, framework: str, wanted: tuple[str, ...], mark: str, _here: Here) -> Cost:
    """Counting takes a tenth of a second for a short transcript: once for every state of the use case and the settings."""
    return coding.cost(_here.user, _here.store, get_settings(), where, _here.framework, wanted)


def _cost(here: Here, wanted: tuple[str, ...], choice: Choice) -> bool:
    """What a language model would be sent and cost; True once somebody agrees to exactly that."""
    try:
        cost = _counted(here.where, here.revision(), here.framework.hash, wanted, choice.mark, here)
    except AssistantError as error:
        shared.show_error(error)
        return False
    e = cost.estimate
    money = f"about {e.cost:.4f} at the prices in Settings" if e.cost is not None else "unknown: set the prices in Settings"
    st.html(
        f"<p>{count(e.calls, 'request')} to <b>{esc(cost.recipient)}</b>, model <b>{esc(cost.model)}</b>: {e.input_tokens:,} tokens in, "
        f"about {e.output_tokens:,} out ({e.cached} of {e.windows} parts are answered already). Cost: {money}.</p>"
    )
    # Another recipient, model or number of requests is another question: its box is empty again.
    return st.checkbox("Send this, with names redacted", key=f"agree-cost-{cost.recipient}-{cost.model}-{len(wanted)}-{e.calls}")


def _start(here: Here, engine: str, wanted: tuple[str, ...]) -> None:
    try:
        coding.start(here.user, shared.jobs(), here.store, here.where, here.framework, engine, wanted)
    except AssistantError as error:
        shared.later(error)


# ---------------------------------------------------------------- the list


def _table(lines: Sequence[Coded], job: Job | None = None) -> None:
    """Every transcript with what coding made of it; ``job``: the coding under way."""
    at_work = frozenset(job.transcripts) if job is not None else frozenset()
    for line in lines[:LINES]:
        name, facts = st.columns([2, 3], vertical_alignment="center")
        name.button(
            short(line.info.name, 80),
            key=f"read-{line.info.id}",
            icon=":material/article:",
            width="stretch",
            on_click=_read,
            args=(line.info.id,),
        )
        marks = [chip(line.info.format), chip(count(line.info.turns, "turn"))]
        if line.state == "coded":
            marks.append(chip(f"{count(line.evidence, 'piece', 'pieces')} of evidence"))
            marks.append(chip(line.engine, "quiet"))
        else:
            # A run without an end is one that was cut off, unless it is under way.
            marks.append(chip("in this run" if line.info.id in at_work else line.state, "quiet"))
        problem = f'<div class="small muted">{esc(line.error)}</div>' if line.error and line.state == "failed" else ""
        facts.html(f'<div class="chips">{"".join(marks)}</div>{problem}')
    if len(lines) > LINES:
        st.caption(f"and {len(lines) - LINES} more: choose them under “Read”")


def _read(transcript: str) -> None:
    state.current().read(transcript)


def _participants(here: Here) -> None:
    people = projects.participants(here.user, here.store, here.where)
    if not people:
        return
    with st.expander(f"Participants ({len(people)})", icon=":material/group:"):
        st.html('<p class="muted small">Reports show pseudonyms; names stay in this database.</p>')
        for person in people:
            pseudonym, name, role, save = st.columns([1, 3, 3, 1], vertical_alignment="bottom")
            pseudonym.html(f"<b>{esc(person.pseudonym)}</b>")
            # What is known now is part of the keys: a field does not go on showing what somebody else has changed since.
            name_key, role_key = (f"person-{what}-{person.id}-{value}" for what, value in (("name", person.name), ("role", person.role)))
            name.text_input("Name", person.name, key=name_key, max_chars=300)
            role.text_input("Function", person.role, key=role_key, max_chars=300)
            save.button("Save", key=f"person-save-{person.id}", on_click=_describe, args=(here, person.id, name_key, role_key))


def _describe(here: Here, person: str, name_key: str, role_key: str) -> None:
    try:
        name, role = (str(st.session_state[key]) for key in (name_key, role_key))
        projects.describe_participant(here.user, here.store, person, name=name, role=role)
    except AssistantError as error:
        shared.later(error)


def _roles(here: Here, lines: Sequence[Coded]) -> None:
    """Who interviews, corrected after saving."""
    with st.expander("Correct who interviews", icon=":material/manage_accounts:", on_change="rerun", key="roles-box") as box:
        if not box.open:
            return
        names = apart({line.info.id: line.info.name for line in lines})
        chosen = st.selectbox("Transcript", list(names), format_func=lambda i: names[i], key="roles-transcript")
        transcript = transcripts.read(here.user, here.store, here.where, chosen)
        roles = {t.speaker: t.role for t in transcript.turns}
        keys: dict[str, str] = {}
        changed = False
        for n, (speaker, role) in enumerate(roles.items()):
            st.html(f"<b>{said(speaker or 'nobody named')}</b>")
            options = list(Role)
            keys[speaker] = f"role-{chosen}-{n}-{role.value}"
            picked = st.radio(
                f"Role of {short(speaker or 'nobody named', 40)}",
                options,
                index=options.index(role),
                format_func=lambda r: r.value,
                horizontal=True,
                key=keys[speaker],
                label_visibility="collapsed",
            )
            changed = changed or picked != role
        st.button("Save roles", disabled=not changed, key="save-roles", on_click=_set_roles, args=(here, chosen, keys, roles))
        st.caption("Evidence that exists stays; code the transcript again for the new roles.")


def _set_roles(here: Here, transcript: str, keys: dict[str, str], before: dict[str, Role]) -> None:
    changed = {speaker: st.session_state[key] for speaker, key in keys.items() if st.session_state[key] != before[speaker]}
    try:
        transcripts.set_roles(here.user, here.store, here.where, transcript, changed)
        shared.forget_transcripts()
    except AssistantError as error:
        shared.later(error)
