"""Coding from the app: what is coded, starting, watching, cancelling, and what an LLM would cost first."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.errors import InputError
from assistant.extraction.base import Engine
from assistant.extraction.engines import make_engine
from assistant.extraction.llm.budget import Estimate
from assistant.extraction.llm.client import recipient
from assistant.extraction.llm.engine import LLMEngine
from assistant.extraction.llm.redact import Names
from assistant.models import Framework
from assistant.settings import Settings
from assistant.store import RunState, Store, TranscriptInfo
from assistant.ui import preferences
from assistant.ui.access import REVIEW, WORK, User, call
from assistant.ui.jobs import Job, Jobs


@dataclass(frozen=True)
class Coded:
    """One transcript and what coding has made of it with one framework."""

    info: TranscriptInfo
    state: str
    """coded, failed, cancelled, interrupted, or not coded."""
    evidence: int = 0
    engine: str = ""
    error: str = ""


@dataclass(frozen=True)
class Cost:
    """What an LLM run would send."""

    estimate: Estimate
    recipient: str
    model: str


@call(REVIEW)
def plan(user: User, store: Store, use_case: str, framework: Framework) -> tuple[Coded, ...]:
    """Every transcript with the state of its newest run; a run without a living worker was interrupted."""
    newest = {run.transcript: run for run in store.runs(use_case) if run.framework == framework.id}
    done = {run.transcript: run for run in store.runs(use_case) if run.framework == framework.id and run.state is RunState.DONE}
    lines = []
    for info in store.transcripts(use_case):
        run = done.get(info.id) or newest.get(info.id)
        if run is None:
            lines.append(Coded(info, "not coded"))
            continue
        state = {RunState.DONE: "coded", RunState.RUNNING: "interrupted"}.get(run.state, run.state.value)
        lines.append(Coded(info, state, run.evidence, run.engine, run.error))
    return tuple(lines)


@call(WORK)
def start(user: User, jobs: Jobs, store: Store, use_case: str, framework: Framework, engine: str, transcripts: tuple[str, ...]) -> Job:
    """Codes these transcripts in the background. Raises InputError where there are none, or a job runs already."""
    known = {info.id for info in store.transcripts(use_case)}
    wanted = tuple(t for t in transcripts if t in known)
    if not wanted:
        raise InputError("there is nothing to code", remedy="add transcripts first")
    running = jobs.of(use_case)
    if running is not None and running.active:
        raise InputError("this use case is being coded already", remedy="wait for it, or cancel it")
    return jobs.submit(use_case, wanted, framework, engine, user.name)


@call(REVIEW)
def status(user: User, jobs: Jobs, use_case: str) -> Job | None:
    """The newest job of a use case."""
    return jobs.of(use_case)


@call(WORK)
def cancel(user: User, jobs: Jobs, use_case: str) -> None:
    """Stops the coding of a use case; what is committed stays."""
    jobs.cancel(use_case)


@call(WORK)
def cost(user: User, store: Store, settings: Settings, use_case: str, framework: Framework, transcripts: tuple[str, ...]) -> Cost:
    """What coding these with the language model would send. Sends nothing. Raises SettingsError without a model."""
    engine = _llm(store, settings, use_case)
    tasks = [engine.task(store.transcript(use_case, t), framework) for t in transcripts]
    return Cost(engine.estimate(tasks), recipient(settings), engine.model)


def _llm(store: Store, settings: Settings, use_case: str) -> LLMEngine:
    """With every name that the project knows redacted."""
    organisation = store.organisation(store.use_case(use_case).organisation).name
    people = tuple(p.name for p in store.participants(use_case) if p.name)
    return LLMEngine(settings, store, names=Names(people, (organisation,), ()))


def build_engine(store: Store, settings: Settings, name: str, framework: Framework, use_case: str) -> Engine:
    """The engine of that name under the settings in force. Raises SettingsError, EngineError, ModelFileError."""
    chosen = preferences.applied(settings, preferences.load(settings))
    if name == "llm":
        return _llm(store, chosen, use_case)
    return make_engine(name, framework, chosen)
