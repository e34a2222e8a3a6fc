"""Where the user is: ids and filters in one typed object, mirrored in the address: a reload or a restarted server comes back here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from math import isnan
from typing import Final, TypeVar

import streamlit as st

from assistant.store import EvidenceOrder
from assistant.ui.services.reviewing import Queue, Waiting

KEY: Final = "assistant-state"
GO: Final = "assistant-go"
SHOWN_STATES: Final = "proposed unsure confirmed"
TRAIL: Final = 200
"""Pieces of evidence that `previous` remembers."""
NAME_LENGTH: Final = 100
"""Characters of a reviewer's name."""


class TranscriptsView(StrEnum):
    """Parts of the Transcripts page."""

    CODE = "Interviews"
    ADD = "Add files"
    READ = "Read"
    SEARCH = "Search"


class ReviewView(StrEnum):
    """Parts of the Review page."""

    ONE = "One by one"
    CONFLICTS = "Conflicts"
    ELEMENTS = "Elements"
    BULK = "Several at once"
    LAST = "Last decisions"


class InterviewView(StrEnum):
    """Parts of the Interview page."""

    TAKEN = "Interviews"
    CONDUCT = "Conduct"
    TOGETHER = "All together"
    GUIDE = "Guide"


class AssessmentView(StrEnum):
    """Parts of the Assessment page."""

    RESULT = "Result"
    TRACE = "Trace"
    POLICIES = "Policies"
    PRACTICES = "Practice codes"
    UNKNOWN = "Unknown"
    WHAT_IF = "What if"
    FROZEN = "Frozen"


@dataclass
class AppState:
    """One browser session. Records stay in the database: here are only their ids."""

    use_case: str = ""
    framework: str = ""
    transcripts_view: TranscriptsView = TranscriptsView.CODE
    transcript: str = ""
    read_element: str = ""
    """Element whose marks alone are shown in a transcript; empty: all."""
    read_states: str = SHOWN_STATES
    """States of evidence that are marked in a transcript."""
    interview_view: InterviewView = InterviewView.TAKEN
    interview: str = ""
    """Interview that is conducted or watched."""
    review_view: ReviewView = ReviewView.ONE
    queue: Queue = field(default_factory=Queue)
    evidence: str = ""
    """Piece of evidence under review."""
    assessment_view: AssessmentView = AssessmentView.RESULT
    counted: str = ""
    """``confirmed``, ``all`` (a draft), or empty: as fits."""
    policy: str = ""
    element: str = ""
    """Element whose trace or row is open."""
    opened: str = ""
    """Frozen assessment that is open."""
    trail: list[str] = field(default_factory=list)
    """Pieces of evidence seen before this one; not in the address."""
    name: str = "local"
    """Name of the single local user: in the address too, so that decisions after a reload bear it."""

    def switch(self, use_case: str) -> None:
        """Goes to another use case, and forgets what belonged to the last one."""
        if use_case != self.use_case:
            self.read_element, self.read_states = "", SHOWN_STATES
            self.use_case, self.transcript, self.evidence, self.element, self.opened = use_case, "", "", "", ""
            self.queue = Queue()
            self.trail = []

    def visit(self, evidence: str) -> None:
        """Shows another piece of evidence, remembering this one."""
        if self.evidence and self.evidence != evidence:
            self.trail = [*self.trail, self.evidence][-TRAIL:]
        self.evidence = evidence

    def review(self, evidence: str, queue: Queue | None = None) -> None:
        """Opens a piece of evidence in Review, or the first of ``queue`` where it is empty; from another page, `go_to` leads there."""
        self.review_view = ReviewView.ONE
        if queue is not None:
            self.queue = queue
        self.visit(evidence)

    def read(self, transcript: str, evidence: str = "") -> None:
        """Opens a transcript in the reader, at a piece of evidence where one is given; from another page, `go_to` leads there."""
        self.transcripts_view, self.transcript, self.evidence = TranscriptsView.READ, transcript, evidence


_PARAMS: Final = {
    "use_case": "uc",
    "framework": "fw",
    "transcripts_view": "tv",
    "transcript": "t",
    "read_element": "re",
    "read_states": "rs",
    "interview_view": "iv",
    "interview": "i",
    "review_view": "rv",
    "evidence": "e",
    "assessment_view": "av",
    "counted": "n",
    "policy": "p",
    "element": "el",
    "opened": "a",
    "name": "me",
}
_QUEUE: Final = {
    "waiting": "qw",
    "order": "qo",
    "dimension": "qd",
    "element": "qe",
    "transcript": "qt",
    "engine": "qc",
    "min_confidence": "ql",
    "max_confidence": "qh",
    "conflicts": "qx",
}
_KINDS: Final = {
    "transcripts_view": TranscriptsView,
    "interview_view": InterviewView,
    "review_view": ReviewView,
    "assessment_view": AssessmentView,
    "waiting": Waiting,
    "order": EvidenceOrder,
}
T = TypeVar("T")


def _value(name: str, text: str, default: object) -> object:
    """The text of an address as the field's kind; the default where it is none (addresses are typed by people too)."""
    try:
        if name in _KINDS:
            return _KINDS[name](text)
        if isinstance(default, bool):
            return text == "1"
        if name == "name":
            # Decisions bear it.
            return text.strip()[:NAME_LENGTH] or default
        return _share(text, default) if isinstance(default, float) else text
    except ValueError:
        return default


def _share(text: str, default: float) -> float:
    """A number 0..1; the nearest of them for one beyond. Raises ValueError for text."""
    number = float(text)
    return default if isnan(number) else min(max(number, 0.0), 1.0)


def from_address(params: Mapping[str, str]) -> AppState:
    """The state that an address names."""
    state, queue = AppState(), Queue()
    for f in fields(AppState):
        if (short := _PARAMS.get(f.name)) and short in params:
            setattr(state, f.name, _value(f.name, params[short], getattr(state, f.name)))
    changes = {n: _value(n, params[short], getattr(queue, n)) for n, short in _QUEUE.items() if short in params}
    queue = replace(queue, **changes)  # type: ignore[arg-type]
    low, high = sorted((queue.min_confidence, queue.max_confidence))
    state.queue = replace(queue, min_confidence=low, max_confidence=high)
    return state


def to_address(state: AppState) -> dict[str, str]:
    """What differs from a fresh session, as parameters of the address."""
    fresh, found = AppState(), {}
    for name, short in _PARAMS.items():
        if (value := getattr(state, name)) != getattr(fresh, name):
            found[short] = str(value)
    for name, short in _QUEUE.items():
        if (value := getattr(state.queue, name)) != getattr(fresh.queue, name):
            found[short] = "1" if value is True else str(value)
    return found


def current() -> AppState:
    """This session's state; the first time from the address."""
    if KEY not in st.session_state:
        st.session_state[KEY] = from_address(st.query_params.to_dict())
    found = st.session_state[KEY]
    assert isinstance(found, AppState)
    return found


def go_to(page: str) -> None:
    """From a button's callback: the run that follows shows another page."""
    st.session_state[GO] = page


def publish() -> None:
    """Writes the state into the address."""
    wanted = to_address(current())
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
