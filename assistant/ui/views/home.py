"""Home: organisations and use cases with their progress, and the way to go on a first visit."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from assistant.display import count
from assistant.errors import AssistantError
from assistant.store import Organisation
from assistant.ui import parts, shared, state
from assistant.ui.access import REVIEW, WORK
from assistant.ui.here import Here, now
from assistant.ui.markup import chip, esc, label, md, said, short
from assistant.ui.services import coding, projects
from assistant.ui.services.projects import Project
from assistant.ui.services.queries import Progress

SHOWN = 25
"""Use cases of one organisation that are drawn at once."""


def draw() -> None:
    """The page."""
    here = now()
    st.title("Home")
    archived = bool(st.session_state.get("home-archived", False))
    lines = projects.overview(here.user, here.store, here.framework.id, archived=archived)
    _path(here, lines)
    for organisation, cases in lines:
        _organisation(here, organisation, cases)
    if not lines:
        st.info("There is no organisation yet. Create the first use case below.", icon=":material/add_business:")
    if here.may(WORK):
        _create(here, [o.name for o, _ in lines])
        st.toggle("Show archived", key="home-archived")


# ---------------------------------------------------------------- the way to go


def _path(here: Here, lines: Sequence[tuple[Organisation, tuple[Project, ...]]]) -> None:
    """Three steps for the use case that is chosen, with the next one to take."""
    here_now = next((p for _, cases in lines for p in cases if p.use_case.id == here.state.use_case), None)
    progress = here_now.progress if here_now else Progress()
    waiting = progress.evidence - progress.decided
    done = (progress.coded > 0 and progress.coded == progress.transcripts, progress.evidence > 0 and waiting == 0, progress.frozen > 0)
    said_so = (
        f"{count(progress.transcripts, 'transcript')}, {progress.coded} coded"
        if progress.transcripts
        else "Drag Teams, Zoom or Word files in, or interview here.",
        f"{progress.decided} of {progress.evidence} pieces decided" if progress.evidence else "Confirm or reject each quote, by keys.",
        count(progress.frozen, "frozen assessment") if progress.frozen else "See every stage with its quotes; freeze and download it.",
    )
    titles = ("Add interviews", "Review the evidence", "Read the assessment")
    following = done.index(False) if False in done else -1
    steps = "".join(
        f'<div class="step{" done" if d else " now" if n == following else ""}"><b><span class="n">{"✓" if d else n + 1}</span>{title}</b>'
        f"{esc(text)}</div>"
        for n, (title, text, d) in enumerate(zip(titles, said_so, done, strict=True))
    )
    if here_now is None:
        name = "<p class='lead'>From interviews to a maturity assessment that can be defended: no stage without a quote.</p>"
    else:
        name = f'<p class="lead">{said(here_now.use_case.name)} · {said(here_now.organisation.name)}</p>'
    st.html(f'{name}<div class="steps">{steps}</div>')
    if here_now is None:
        return
    goal, words = "assessment", "Go on: read the assessment"
    if here.may(WORK) and not done[0]:
        goal, words = "transcripts", "Go on: add and code interviews"
    elif here.may(REVIEW) and not done[1]:
        goal, words = "review", "Go on: review the evidence"
    st.button(words, icon=":material/arrow_forward:", type="primary", key="go-on", on_click=state.go_to, args=(goal,))


# ---------------------------------------------------------------- organisations


def _organisation(here: Here, organisation: Organisation, cases: Sequence[Project]) -> None:
    with st.container(border=True, key=f"org-{organisation.id}"):
        mark = chip("archived", "quiet") if organisation.archived else ""
        with st.container(horizontal=True, key=f"owner-{organisation.id}"):
            st.html(f"<h2 class='tight'>{said(organisation.name)} {mark}</h2>")
            if here.may(WORK):
                _organisation_menu(here, organisation)
        if not cases:
            st.html("<p class='muted'>No use case yet. Create one below.</p>")
        for project in cases[:SHOWN]:
            _use_case(here, project)
        if len(cases) > SHOWN:
            st.html(f"<p class='muted'>and {len(cases) - SHOWN} more: choose them in the list on the left</p>")


def _use_case(here: Here, project: Project) -> None:
    use_case = project.use_case
    # A line of its own: name, facts, menu beside each other; on a phone the facts go below.
    with st.container(horizontal=True, key=f"case-{use_case.id}"):
        st.button(
            short(use_case.name, 80),
            key=f"open-{use_case.id}",
            type="primary" if use_case.id == here.state.use_case else "secondary",
            on_click=_switch,
            args=(use_case.id,),
            width="stretch",
            wrap=True,
            help="Work with this use case" if use_case.id != here.state.use_case else None,
        )
        st.html(f'<div class="chips">{_facts(here, project)}</div>')
        if here.may(WORK):
            _use_case_menu(here, project)


def _facts(here: Here, project: Project) -> str:
    """How far a use case has come, in chips."""
    use_case, p = project.use_case, project.progress
    marks = [chip("archived", "quiet")] if use_case.archived else []
    marks.append(chip(f"{count(p.transcripts, 'interview')}" if p.transcripts else "no interviews", "" if p.transcripts else "quiet"))
    if p.transcripts:
        marks.append(chip("coding …" if _coding(here, use_case.id) else f"{p.coded} of {p.transcripts} coded"))
    if p.evidence:
        marks.append(chip(f"{p.decided} of {p.evidence} reviewed"))
        headline = shared.headline(
            here.user, use_case.id, projects.revision(here.user, here.store, use_case.id), here.framework, bool(p.confirmed)
        )
        marks.append(parts.headline_chip(here.framework, headline))
    return "".join(marks)


def _coding(here: Here, use_case: str) -> bool:
    job = coding.status(here.user, shared.jobs(), use_case) if here.may(REVIEW) else None
    return job is not None and job.active


def _switch(use_case: str) -> None:
    state.current().switch(use_case)


# ---------------------------------------------------------------- create, rename, archive


def _organisation_menu(here: Here, organisation: Organisation) -> None:
    with st.popover("Manage", help="Rename or archive the organisation", key=f"org-menu-{organisation.id}"):
        key = f"org-name-{organisation.id}-{organisation.name}"
        st.text_input("Name of the organisation", organisation.name, key=key, max_chars=300)
        st.button(
            "Rename",
            key=f"org-rename-{organisation.id}",
            on_click=_rename,
            args=(projects.rename_organisation, here, organisation.id, key),
        )
        st.button(
            "Bring back" if organisation.archived else "Archive",
            key=f"org-archive-{organisation.id}",
            on_click=_do,
            args=(projects.archive_organisation, here, organisation.id, not organisation.archived),
        )


def _use_case_menu(here: Here, project: Project) -> None:
    use_case = project.use_case
    with st.popover("Manage", help="Rename or archive the use case", key=f"menu-of-{use_case.id}"):
        key = f"uc-name-{use_case.id}-{use_case.name}"
        st.text_input("Name of the use case", use_case.name, key=key, max_chars=300)
        st.button("Rename", key=f"uc-rename-{use_case.id}", on_click=_rename, args=(projects.rename_use_case, here, use_case.id, key))
        st.button(
            "Bring back" if use_case.archived else "Archive",
            key=f"uc-archive-{use_case.id}",
            on_click=_do,
            args=(projects.archive_use_case, here, use_case.id, not use_case.archived),
        )


def _rename(service: object, here: Here, subject: str, key: str) -> None:
    """The name is read when the button is pressed: what was typed last has not been drawn yet."""
    _do(service, here, subject, st.session_state[key])


def _do(service: object, here: Here, *args: object) -> None:
    """Runs a service from a button; what goes wrong is shown on the page."""
    try:
        service(here.user, here.store, *args)  # type: ignore[operator]
    except AssistantError as error:
        shared.later(error)


def _create(here: Here, organisations: Sequence[str]) -> None:
    box = st.expander("New use case", icon=":material/add:", expanded=not organisations)
    with box, st.form("new-use-case", border=False):
        st.selectbox(
            "Organisation",
            organisations,
            index=None,
            accept_new_options=True,
            format_func=lambda o: label(o),
            placeholder="Choose one, or type a new name",
            key="new-organisation",
        )
        st.text_input("Use case", placeholder="e.g. Fraud scoring", max_chars=300, key="new-name")
        st.form_submit_button("Create", type="primary", on_click=_created, args=(here,))


def _created(here: Here) -> None:
    """The form is emptied only once its use case is there."""
    try:
        created = projects.create(here.user, here.store, st.session_state["new-organisation"] or "", st.session_state["new-name"])
    except AssistantError as error:
        shared.later(error)
        return
    st.session_state["new-organisation"], st.session_state["new-name"] = None, ""
    state.current().switch(created.id)
    st.toast(f"Created {md(created.name)}")
