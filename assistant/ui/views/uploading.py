"""Adding files: every one is read and shown before anything is saved; one that cannot be read does not stop the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from assistant.display import count
from assistant.errors import AssistantError, InputError, TranscriptError
from assistant.models import Role, Transcript
from assistant.store import AddedTranscript, Participant
from assistant.transcripts import READABLE, remarks
from assistant.ui import parts, shared, state
from assistant.ui.access import WORK, User
from assistant.ui.here import Here
from assistant.ui.markup import esc, label, md, said, short
from assistant.ui.services import projects, transcripts
from assistant.ui.state import TranscriptsView

PREVIEW = 6
"""Turns that are shown of each file."""
NEW = ""
"""Choice for a speaker who is nobody known yet."""
VERSION = "upload-version"
REFUSED = "upload-refused"
"""Files that could not be saved, each with its error."""


@st.cache_data(show_spinner=False, max_entries=64)
def _read(name: str, data: bytes, interviewers: tuple[str, ...] | None, _user: User) -> Transcript | AssistantError:
    """The same file is read once, however often the page is drawn; a refusal is kept too."""
    try:
        return transcripts.preview(_user, name, data, interviewers)
    except TranscriptError as error:
        return error


def draw(here: Here) -> None:
    """The part of the page."""
    if not here.may(WORK):
        st.info("Your role cannot add transcripts: ask an assessor.", icon=":material/lock:")
        return
    # A new key empties the list of files after saving.
    version = st.session_state.setdefault(VERSION, 0)
    for name, refusal in st.session_state.pop(REFUSED, ()):
        st.html(f"<b>{said(name)}</b>")
        shared.show_error(_unnamed(refusal))
    files = st.file_uploader(
        f"Drag transcripts here, several at once: {', '.join(READABLE)}",
        accept_multiple_files=True,
        key=f"upload-{version}",
    )
    if not files:
        st.html(
            '<p class="muted">Downloads from Teams, Zoom and Word, subtitles and plain text are read as they are. '
            "Who interviews is guessed; you correct it before saving, and nothing is saved before you say so.</p>"
        )
        return
    ready = [file for n, file in enumerate(files) if _file(here, file, n)]
    if not ready:
        st.warning("None of these files can be read. See above what to do.", icon=":material/warning:")
        return
    skipped = len(files) - len(ready)
    words = f"Save {count(len(ready), 'transcript')}" + (f" and leave {skipped} out" if skipped else "")
    st.button(words, type="primary", icon=":material/save:", key="save-files", on_click=_save, args=(here, ready))


def _unnamed(error: AssistantError) -> AssistantError:
    """The error below the name of its file, which it need not repeat."""
    if isinstance(error, InputError):
        return InputError(error.detail, place=error.place, remedy=error.remedy)
    return error


def _file(here: Here, file: UploadedFile, number: int) -> bool:
    """One file with what can be set for it; False where it cannot be saved."""
    found = _read(file.name, file.getvalue(), None, here.user)
    with st.container(border=True, key=f"file-{number}"):
        st.html(f"<h3 style='margin:0;padding:0'>{said(file.name)}</h3>")
        if isinstance(found, AssistantError):
            shared.show_error(_unnamed(found))
            return False
        _preview(here, file, found)
        return True


def _preview(here: Here, file: UploadedFile, found: Transcript) -> None:
    named = [s for s in found.speakers if s]
    left, right = st.columns([2, 3])
    with left:
        guessed = _interviewers(found)
        st.multiselect(
            "Who interviews",
            named,
            default=[s for s in named if s in guessed],
            format_func=label,
            key=f"interviewer-{file.file_id}",
            help="Only what the others say can become evidence.",
        )
        shown = _as_set(here, file, found)
        _people(here, file, shown)
        st.date_input("Held on", None, format="YYYY-MM-DD", key=f"held-{file.file_id}")
    with right:
        st.html(_summary(shown))


def _interviewers(found: Transcript) -> set[str]:
    return {t.speaker for t in found.turns if t.role is Role.INTERVIEWER and t.speaker}


def _as_set(here: Here, file: UploadedFile, found: Transcript) -> Transcript:
    """The transcript with those who interview as they are set now."""
    chosen = set(st.session_state.get(f"interviewer-{file.file_id}", _interviewers(found)))
    if chosen == _interviewers(found):
        return found
    again = _read(file.name, file.getvalue(), tuple(s for s in found.speakers if s in chosen), here.user)
    return found if isinstance(again, AssistantError) else again


def _respondents(transcript: Transcript) -> dict[str, int]:
    """Speaker -> number in the transcript, whoever interviews: keys of fields hold it."""
    answering = {t.speaker for t in transcript.respondent_turns() if t.speaker}
    return {speaker: n for n, speaker in enumerate(transcript.speakers) if speaker in answering}


def _same(known: Mapping[str, Participant], speaker: str) -> str:
    """The participant of this name; empty where there is none."""
    return next((i for i, p in known.items() if p.name.casefold() == speaker.casefold()), NEW)


def _people(here: Here, file: UploadedFile, shown: Transcript) -> None:
    """Who each respondent is: a participant known already, or a new one under the next pseudonym; and what they do."""
    known = _known(here)
    if not known:
        st.html('<p class="muted small tight">Respondents get the pseudonyms P1, P2 … when saved; reports show those, never names.</p>')
    options = [NEW, *known]
    for speaker, n in _respondents(shown).items():
        person, function = st.columns(2) if known else (None, st.container())
        picked = NEW
        if person is not None:
            picked = person.selectbox(
                f"Pseudonym of {short(speaker, 40)}",
                options,
                index=options.index(_same(known, speaker)),
                format_func=lambda i: label(f"{known[i].pseudonym} · {known[i].name}") if i else "a new participant",
                key=f"person-{file.file_id}-{n}",
            )
        function.text_input(
            f"Function of {short(speaker, 40)}", known[picked].role if picked else "", max_chars=300, placeholder="e.g. ML engineer",
            key=f"function-{file.file_id}-{n}-{picked}",
        )  # fmt: skip


def _known(here: Here) -> dict[str, Participant]:
    return {p.id: p for p in projects.participants(here.user, here.store, here.where)}


def _summary(shown: Transcript) -> str:
    """Turns by speaker, what the reader had to guess, and the beginning."""
    tally: dict[str, tuple[Role, int]] = {}
    for turn in shown.turns:
        tally[turn.speaker] = (turn.role, tally.get(turn.speaker, (turn.role, 0))[1] + 1)
    rows = "".join(
        f'<tr><td>{said(name or "nobody named")}</td><td>{role.value}</td><td class="num">{n}</td></tr>'
        for name, (role, n) in tally.items()
    )
    notes = "".join(f"<li>{esc(note)}</li>" for note in remarks(shown))
    turns = "".join(parts.turn_html(shown, turn, ()) for turn in shown.turns[:PREVIEW])
    begins = f"The first {PREVIEW} of {len(shown.turns)} turns" if len(shown.turns) > PREVIEW else count(len(shown.turns), "turn")
    return (
        f'<table class="plain"><tr><th>Speaker</th><th>Role</th><th class="num">Turns</th></tr>{rows}</table>'
        f'{f"<ul class=small>{notes}</ul>" if notes else ""}<p class="muted small tight">{begins}</p><div class="context">{turns}</div>'
    )


def _save(here: Here, files: list[UploadedFile]) -> None:
    """Saves every file; one that is refused does not stop the others."""
    saved, known = 0, 0
    refused: list[tuple[str, AssistantError]] = []
    for file in files:
        try:
            added = _saved(here, file)
            saved, known = saved + added.created, known + (not added.created)
        except AssistantError as error:
            refused.append((file.name, error))
    st.session_state[REFUSED] = refused
    if saved or known:
        twice = f", {known} {'was' if known == 1 else 'were'} there already" if known else ""
        st.toast(md(f"{count(saved, 'transcript')} saved{twice}"), icon=":material/check:")
        st.session_state[VERSION] += 1
        if not refused:
            state.current().transcripts_view = TranscriptsView.CODE


def _saved(here: Here, file: UploadedFile) -> AddedTranscript:
    """Saves one file with what its fields hold as the button is pressed: what was typed last has not been drawn yet."""
    found = _read(file.name, file.getvalue(), None, here.user)
    if isinstance(found, AssistantError):
        raise found
    transcript, known, fields = _as_set(here, file, found), _known(here), st.session_state
    people: dict[str, str] = {}
    functions: dict[str, str] = {}
    for speaker, n in _respondents(transcript).items():
        if picked := fields.get(f"person-{file.file_id}-{n}", _same(known, speaker)):
            people[speaker] = picked
        before = known[picked].role if picked in known else ""
        does = str(fields.get(f"function-{file.file_id}-{n}-{picked}", before))
        if does.strip() != before:
            functions[speaker] = does
    held = fields.get(f"held-{file.file_id}")
    return transcripts.save(
        here.user, here.store, here.where, transcript, file.getvalue(), people=people, functions=functions,
        held_on=held.isoformat() if isinstance(held, date) else "",
    )  # fmt: skip
