"""Frameworks, and the settings of the installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from assistant.extraction.llm.client import recipient
from assistant.frameworks import list_frameworks, load_benchmarks, load_framework
from assistant.interview.events import Sent
from assistant.interview.service import leaving
from assistant.models import Benchmark, Framework
from assistant.retrieval import Hit, Retriever
from assistant.settings import Settings
from assistant.store import AuditEvent, Store
from assistant.store.interview_events import InterviewEvents
from assistant.store.llm_calls import LLMCalls
from assistant.ui import preferences
from assistant.ui.access import ADMIN, EVERYONE, User, call
from assistant.ui.preferences import Preferences

PURPOSES: Final = {"wording": "an answer, to word a question", "recording": "a recording", "reading": "an answer, to code it"}


@call(EVERYONE)
def frameworks(user: User) -> tuple[str, ...]:
    """Ids of the frameworks of this installation, the default first."""
    return list_frameworks()


@call(EVERYONE)
def framework(user: User, framework_id: str) -> Framework:
    """One framework. Raises FrameworkError."""
    return load_framework(framework_id)


@call(EVERYONE)
def benchmark(user: User, framework_id: str) -> Benchmark | None:
    """Published companies to compare with, if there are any."""
    return next(iter(load_benchmarks(framework_id)), None)


@call(EVERYONE)
def search(user: User, retriever: Retriever, text: str, *, limit: int = 8) -> tuple[Hit, ...]:
    """Elements nearest in meaning to a text, best first."""
    return tuple(retriever.search(text, limit)) if text.strip() else ()


@dataclass(frozen=True)
class Leaves:
    """What leaves the machine under the settings in force."""

    anything: bool
    recipient: str
    model: str
    key: bool
    """Whether a key is set; never the key."""
    redacted: tuple[str, ...]
    interviews: tuple[tuple[str, str, str], ...] = ()
    """What interviews send where they may: what it is for, endpoint, model."""


@dataclass(frozen=True)
class Left:
    """Something that left the machine."""

    at: datetime
    """UTC."""
    recipient: str
    model: str
    what: str
    """In words."""
    of: str
    """Transcript or interview."""
    state: str
    tokens: int | None
    """Input tokens, as the endpoint counted them."""


@call(ADMIN)
def settings_in_force(user: User, settings: Settings) -> tuple[Preferences, Settings, Leaves]:
    """What was saved, the settings with it, and what leaves the machine. Raises SettingsError for a damaged file."""
    saved = preferences.load(settings)
    chosen = preferences.applied(settings, saved)
    has_key = chosen.openai_api_key is not None and bool(chosen.openai_api_key.get_secret_value())
    # Transcripts are embedded by the local model whatever ``embedding`` says: that setting is for texts of frameworks.
    outside = saved.engine == "llm"
    leaves = Leaves(outside, recipient(chosen), chosen.llm_model or "", has_key, chosen.llm_redact_names, leaving(chosen))
    return saved, chosen, leaves


@call(ADMIN)
def save_settings(user: User, settings: Settings, changed: Preferences) -> Path:
    """Keeps them beside the database. Raises InputError, EvidenceError."""
    return preferences.save(settings, changed)


@call(ADMIN)
def sent(user: User, store: Store, *, limit: int = 100) -> tuple[Left, ...]:
    """What left the machine, newest first: coding, and what interviews sent."""
    calls = LLMCalls(store).log(limit=limit)
    left = [Left(c.sent_at, c.recipient, c.model, "coding", c.transcript, c.state, c.input_tokens) for c in calls]
    for event in InterviewEvents(store).of_kind("sent", limit=limit):
        body = Sent.model_validate(event.body)
        # What was sent to read answers stands among the calls, with its tokens.
        if body.purpose != "reading":
            left.append(Left(event.at, body.recipient, body.model, PURPOSES[body.purpose], event.interview, "sent", None))
    return tuple(sorted(left, key=lambda one: one.at, reverse=True)[:limit])


@call(ADMIN)
def audit(user: User, store: Store, use_case: str | None = None, *, limit: int = 100) -> tuple[AuditEvent, ...]:
    """The newest entries of the audit trail."""
    return store.audit(use_case=use_case, limit=limit)[0]
