"""Frameworks, and the settings of the installation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.extraction.llm.client import recipient
from assistant.frameworks import list_frameworks, load_benchmarks, load_framework
from assistant.models import Benchmark, Framework
from assistant.retrieval import Hit, Retriever
from assistant.settings import Settings
from assistant.store import AuditEvent, Store
from assistant.store.llm_calls import Call, LLMCalls
from assistant.ui import preferences
from assistant.ui.access import ADMIN, EVERYONE, User, call
from assistant.ui.preferences import Preferences


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
    embedding: str


@call(ADMIN)
def settings_in_force(user: User, settings: Settings) -> tuple[Preferences, Settings, Leaves]:
    """What was saved, the settings with it, and what leaves the machine. Raises SettingsError for a damaged file."""
    saved = preferences.load(settings)
    chosen = preferences.applied(settings, saved)
    has_key = chosen.openai_api_key is not None and bool(chosen.openai_api_key.get_secret_value())
    outside = saved.engine == "llm" or chosen.embedding == "openai"
    leaves = Leaves(outside, recipient(chosen), chosen.llm_model or "", has_key, chosen.llm_redact_names, chosen.embedding)
    return saved, chosen, leaves


@call(ADMIN)
def save_settings(user: User, settings: Settings, changed: Preferences) -> Path:
    """Keeps them beside the database. Raises InputError, EvidenceError."""
    return preferences.save(settings, changed)


@call(ADMIN)
def sent(user: User, store: Store, *, limit: int = 100) -> tuple[Call, ...]:
    """What left the machine, newest first."""
    return LLMCalls(store).log(limit=limit)


@call(ADMIN)
def audit(user: User, store: Store, use_case: str | None = None, *, limit: int = 100) -> tuple[AuditEvent, ...]:
    """The newest entries of the audit trail."""
    return store.audit(use_case=use_case, limit=limit)[0]
