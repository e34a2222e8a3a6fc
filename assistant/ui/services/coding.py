"""Coding from the app: what is coded, starting, watching, cancelling, and what an LLM would cost first."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from assistant.errors import EngineError, InputError, SettingsError
from assistant.extraction.base import Engine
from assistant.extraction.engines import make_engine
from assistant.extraction.llm.budget import Estimate, Prices
from assistant.extraction.llm.client import OPENAI, recipient
from assistant.extraction.llm.engine import IncompleteError, LLMEngine
from assistant.extraction.llm.redact import Names
from assistant.extraction.llm.sender import Outcome
from assistant.models import CodingResult, CodingTask, Framework, Transcript, content_hash
from assistant.settings import Settings
from assistant.store import Run, RunState, Store, TranscriptInfo
from assistant.ui import preferences
from assistant.ui.access import REVIEW, WORK, User, call
from assistant.ui.jobs import Job, Jobs, Tell

SHOWN: Final = 3
"""Different reasons of failed parts that are shown."""


@dataclass(frozen=True)
class Coded:
    """One transcript and what coding has made of it with one framework."""

    info: TranscriptInfo
    state: str
    """coded, failed, cancelled, interrupted, or not coded: of the newest attempt, but coded once anything finished it."""
    evidence: int = 0
    engine: str = ""
    """Engine of that attempt."""
    error: str = ""
    done_by: frozenset[str] = frozenset()
    """Coders that finished it: ``local``, ``llm/MODEL``."""


@dataclass(frozen=True)
class Choice:
    """The engines to choose from."""

    proposed: str
    """As saved in Settings: ``local`` or ``llm``."""
    coders: dict[str, str]
    """Engine -> the coder that it is under the settings in force, as in `Coded.done_by`."""
    mark: str = ""
    """Changes with every setting that changes what a language model is sent or costs."""


@dataclass(frozen=True)
class Cost:
    """What an LLM run would send."""

    estimate: Estimate
    recipient: str
    model: str


@call(REVIEW)
def plan(user: User, store: Store, use_case: str, framework: Framework) -> tuple[Coded, ...]:
    """Every transcript with the state of its newest run; a run without a living worker was interrupted."""
    runs: dict[str, list[Run]] = {}
    for run in sorted(store.runs(use_case), key=lambda r: r.started_at):
        if run.framework == framework.id:
            runs.setdefault(run.transcript, []).append(run)
    return tuple(_coded(info, runs.get(info.id, [])) for info in store.transcripts(use_case))


def _coded(info: TranscriptInfo, runs: list[Run]) -> Coded:
    """``runs``: oldest attempt first."""
    done = [run for run in runs if run.state is RunState.DONE]
    by = frozenset(_coder(run.engine, str(run.settings.get("model", ""))) for run in done)
    if not runs:
        return Coded(info, "not coded")
    if runs[-1].state is RunState.RUNNING:
        return Coded(info, "interrupted", engine=runs[-1].engine, done_by=by)
    shown = done[-1] if done else runs[-1]
    return Coded(info, "coded" if done else shown.state.value, shown.evidence, shown.engine, shown.error, by)


def _coder(engine: str, model: str) -> str:
    return f"{engine}/{model}" if model else engine


@call(WORK)
def choice(user: User, settings: Settings) -> Choice:
    """Which engine is proposed, and what each would sign its evidence with. Raises SettingsError for damaged settings."""
    saved = preferences.load(settings)
    chosen = preferences.applied(settings, saved)
    coders = {"local": "local", "llm": _coder("llm", chosen.llm_model or "")}
    # The key is masked in it: only whether there is one counts.
    return Choice(saved.engine, coders, content_hash(chosen.model_dump(mode="json")))


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
    """What coding these with the language model would send. Sends nothing. Raises SettingsError where it could not be sent either."""
    chosen = preferences.applied(settings, preferences.load(settings))
    engine = _llm(store, chosen, use_case)
    tasks = [engine.task(store.transcript(use_case, t), framework) for t in transcripts]
    return Cost(engine.estimate(tasks), recipient(chosen), engine.model)


# ---------------------------------------------------------------- the language model as the app's engine


class PartByPart:
    """An LLM engine for the worker: tells of every part of a transcript, stops between them, says in the app's words what went wrong."""

    name = "llm"

    def __init__(self, engine: LLMEngine) -> None:
        self._engine = engine
        self.version = engine.version

    def task(self, transcript: Transcript, framework: Framework) -> CodingTask:
        """See `LLMEngine.task`."""
        return self._engine.task(transcript, framework)

    def code(self, task: CodingTask) -> CodingResult:
        """See `Engine.code`. Raises EngineError, SettingsError."""
        return self.code_stepwise(task, lambda part, parts: None)

    def code_stepwise(self, task: CodingTask, tell: Tell) -> CodingResult:
        """See `jobs.Stepwise`. Every reply is kept as it comes: coded again, only the missing parts are sent."""
        parts, done, lock = len(self._engine.plan(task).requests), 0, threading.Lock()
        tell(0, parts)

        def count(_: Outcome) -> None:
            nonlocal done
            with lock:
                done += 1
                tell(min(done, parts), parts)

        run = self._engine.run([task], progress=count)[0]
        if run.failed:
            raise _explained(IncompleteError(run))
        return run.result

    def stop(self) -> None:
        """Sends nothing more."""
        self._engine.stop("the coding was cancelled")


def _explained(error: IncompleteError) -> EngineError:
    """Why parts of a transcript are missing, each reason once, and what somebody at the app can do about it."""
    # A part that was not sent any more has the reason of the one that was.
    reasons = list(dict.fromkeys(part.reason.removeprefix("not sent: ") for part in error.run.failed))
    shown = "; ".join(reasons[:SHOWN]) + (f"; and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else "")
    remedy = "code it again: only what is missing is sent"
    if any(f"answered {status}" in shown for status in (401, 403)):
        remedy = "set the right key in OPENAI_API_KEY where the app is started, start it again, and code again"
    elif "answered 404" in shown:
        remedy = "check the endpoint and the model in Settings, then code again"
    elif "the cap of" in shown:
        remedy = "raise the limit in Settings, then code again: only what is missing is sent"
    return EngineError(f"{len(error.run.failed)} of {error.run.windows} parts are not coded: {shown}", remedy=remedy)


def _llm(store: Store, settings: Settings, use_case: str) -> LLMEngine:
    """With every name that the project knows redacted. Raises SettingsError where nothing could be sent."""
    if not settings.llm_model:
        raise SettingsError("no language model is set", remedy="an admin sets its name in Settings")
    if recipient(settings) == OPENAI and not (settings.openai_api_key and settings.openai_api_key.get_secret_value()):
        raise SettingsError(
            f"there is no key for {OPENAI}",
            remedy="set OPENAI_API_KEY where the app is started and start it again, or set the endpoint of a model of your own in Settings",
        )
    if settings.llm_max_cost is not None and Prices.of(settings).cost(1, 0, 1) is None:
        raise SettingsError("the most cost of one run is set, but not what a token costs", remedy="set both prices in Settings")
    organisation = store.organisation(store.use_case(use_case).organisation).name
    people = tuple(p.name for p in store.participants(use_case) if p.name)
    return LLMEngine(settings, store, names=Names(people, (organisation,), ()))


def build_engine(store: Store, settings: Settings, name: str, framework: Framework, use_case: str) -> Engine:
    """The engine of that name under the settings in force. Raises SettingsError, EngineError, ModelFileError."""
    chosen = preferences.applied(settings, preferences.load(settings))
    if name == "llm":
        return PartByPart(_llm(store, chosen, use_case))
    return make_engine(name, framework, chosen)
