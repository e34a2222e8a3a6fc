"""The coding worker: one background thread that codes transcripts one by one and commits each before the next.

It belongs to the server, not to a browser tab: closing the tab does not stop it. Killed with the server, what was committed stays and the
page offers to go on with the rest. An engine that works in parts is told to stop between them, and tells how far it is.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count
from typing import Final, Protocol, runtime_checkable

from assistant.errors import AssistantError
from assistant.extraction.base import Engine
from assistant.interview.service import check_agreed
from assistant.models import CodingResult, CodingTask, Framework, Transcript
from assistant.pipeline import make_task
from assistant.store import RunState, Store

log: Final = logging.getLogger(__name__)

EngineFactory = Callable[[str, Framework, str], Engine]
"""Engine name, framework, use case -> an engine. Raises AssistantError."""


Tell = Callable[[int, int], None]
"""Told how many parts of a transcript are done, and how many there are. From any thread."""


@runtime_checkable
class Stepwise(Protocol):
    """An engine that works in parts."""

    def code_stepwise(self, task: CodingTask, tell: Tell) -> CodingResult:
        """See `Engine.code`."""

    def stop(self) -> None:
        """For good, from another thread: the coding under way ends soon, with an EngineError where something is missing."""


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class Job:
    """Coding of some transcripts of one use case, as it stands."""

    id: int
    use_case: str
    transcripts: tuple[str, ...]
    engine: str
    by: str
    state: JobState = JobState.WAITING
    done: int = 0
    """Transcripts finished, whatever came of them."""
    found: int = 0
    """Pieces of evidence proposed."""
    current: str = ""
    """Name of the transcript being coded."""
    part: int = 0
    """Parts of it that are done."""
    parts: int = 0
    """Parts it has; 0 where the engine does not say."""
    stopping: bool = False
    """Somebody cancelled it."""
    errors: tuple[tuple[str, str], ...] = field(default=())
    """Transcript name, what went wrong and what to do."""

    @property
    def active(self) -> bool:
        """Whether it still runs or waits."""
        return self.state in (JobState.WAITING, JobState.RUNNING)


def task_for(engine: Engine, transcript: Transcript, framework: Framework) -> CodingTask:
    """The engine's own task where it has settings that change the result, else the plain one."""
    own = getattr(engine, "task", None)
    return own(transcript, framework) if own is not None else make_task(transcript, framework, engine)


class Jobs:
    """All coding of this server. Safe for threads."""

    def __init__(self, store: Store, engines: EngineFactory) -> None:
        self._store = store
        self._engines = engines
        self._jobs: dict[int, tuple[Job, Framework, threading.Event]] = {}
        self._working: tuple[int, Engine] | None = None
        self._waiting: queue.Queue[int] = queue.Queue()
        self._ids = count(1)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, use_case: str, transcripts: tuple[str, ...], framework: Framework, engine: str, by: str) -> Job:
        """Puts transcripts behind what waits already."""
        with self._lock:
            job = Job(next(self._ids), use_case, transcripts, engine, by)
            self._jobs[job.id] = (job, framework, threading.Event())
            self._waiting.put(job.id)
            if self._thread is None or not self._thread.is_alive():
                self._begin()
        return job

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="coding", daemon=True)
        self._thread.start()

    def of(self, use_case: str) -> Job | None:
        """The newest job of a use case."""
        with self._lock:
            return next((job for job, _, _ in reversed(self._jobs.values()) if job.use_case == use_case), None)

    def cancel(self, use_case: str) -> None:
        """Stops after what is being coded now, within it where the engine can; that is thrown away, what was committed stays."""
        with self._lock:
            stopped = [entry for entry in self._jobs.values() if entry[0].use_case == use_case and entry[0].active]
            working = self._working
            for job, framework, stop in stopped:
                stop.set()
                # What only waits is over at once: its turn may be far away.
                ended = replace(job, state=JobState.CANCELLED) if job.state is JobState.WAITING else replace(job, stopping=True)
                self._jobs[job.id] = (ended, framework, stop)
        for job, _, _ in stopped:
            if working is not None and working[0] == job.id and isinstance(working[1], Stepwise):
                working[1].stop()

    # ------------------------------------------------------------ in the thread

    def _change(self, job_id: int, **values: object) -> Job:
        with self._lock:
            job, framework, stop = self._jobs[job_id]
            job = replace(job, **values)  # type: ignore[arg-type]
            self._jobs[job_id] = (job, framework, stop)
            return job

    def _run(self) -> None:
        while True:
            job_id = self._waiting.get()
            try:
                self._code(job_id)
            except AssistantError as error:
                job = self._change(job_id, state=JobState.FAILED, current="")
                self._change(job_id, errors=(*job.errors, ("", str(error))))
            finally:
                # Anything else is a defect: it ends the thread with its traceback in the log, and the job must not look alive.
                with self._lock:
                    self._working = None
                    broken = self._jobs[job_id][0].active
                if broken:
                    remark = "the coding worker stopped: the server's log says why; start the coding again"
                    self._change(job_id, state=JobState.FAILED, current="", errors=(("", remark),))
                    # Other jobs may wait behind this one.
                    with self._lock:
                        self._begin()

    def _code(self, job_id: int) -> None:
        with self._lock:
            job, framework, stop = self._jobs[job_id]
            if not job.active:
                return
            job = replace(job, state=JobState.RUNNING)
            self._jobs[job_id] = (job, framework, stop)
        engine = None if stop.is_set() else self._engines(job.engine, framework, job.use_case)
        if engine is not None:
            with self._lock:
                self._working = (job_id, engine)
        for transcript_id in job.transcripts:
            if engine is None or stop.is_set():
                self._change(job_id, state=JobState.CANCELLED, current="")
                return
            name = transcript_id
            try:
                transcript = self._store.transcript(job.use_case, transcript_id)
                name = transcript.name
                job = self._change(job_id, current=name, part=0, parts=0)
                outcome = self._one(job, engine, transcript, framework, stop)
            except AssistantError as error:
                # E.g. withdrawn meanwhile: the others go on.
                log.warning("coding %s failed: %s", transcript_id, error)
                outcome = 0, str(error)
            if outcome is None:
                continue
            found, problem = outcome
            errors = (*job.errors, (name, problem)) if problem else job.errors
            job = self._change(job_id, done=job.done + 1, found=job.found + found, errors=errors)
        self._change(job_id, state=JobState.CANCELLED if stop.is_set() else JobState.DONE, current="")

    def _one(self, job: Job, engine: Engine, transcript: Transcript, framework: Framework, stop: threading.Event) -> tuple[int, str] | None:
        """Codes and commits one transcript; gives the number of pieces found, and what went wrong; None where it was cancelled."""
        task = task_for(engine, transcript, framework)
        self._agreed(job, task)
        run = self._store.begin_run(job.use_case, task, by=job.by)
        if run.state is RunState.DONE:
            return run.evidence, ""
        try:
            result = self._coded(job.id, engine, task)
            if stop.is_set():
                self._store.fail_run(run.id, "cancelled", cancelled=True, by=job.by)
                return None
            return self._store.complete_run(run.id, result, by=job.by).evidence, ""
        except AssistantError as error:
            cancelled = stop.is_set()
            log.warning("coding %s %s: %s", transcript.id, "cancelled" if cancelled else "failed", error)
            self._store.fail_run(run.id, str(error), cancelled=cancelled, by=job.by)
            return None if cancelled else (0, str(error))

    def _agreed(self, job: Job, task: CodingTask) -> None:
        """Raises PermissionDenied where the task would send an interview that was taken here to a model its respondent did not agree to."""
        endpoint, model = (str(task.settings.get(name, "")) for name in ("endpoint", "model"))
        if endpoint:
            interview = next(i.interview for i in self._store.transcripts(job.use_case) if i.id == task.transcript.id)
            check_agreed(self._store, interview, endpoint, model, redacted=task.settings.get("redaction") != "off")

    def _coded(self, job_id: int, engine: Engine, task: CodingTask) -> CodingResult:
        if not isinstance(engine, Stepwise):
            return engine.code(task)
        return engine.code_stepwise(task, lambda part, parts: self._tell(job_id, part, parts))

    def _tell(self, job_id: int, part: int, parts: int) -> None:
        self._change(job_id, part=part, parts=parts)
