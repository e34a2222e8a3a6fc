"""The coding worker: commits one by one, cancels, goes on after a kill, says what went wrong; samples; the command."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner
from ui_support import Project, teams_vtt

from assistant.cli.webapp import webapp
from assistant.errors import EngineError, SettingsError
from assistant.extraction.llm.engine import FailedWindow, IncompleteError, LLMRun
from assistant.interview import load_guide, service
from assistant.interview.engine import Setup
from assistant.models import CodingResult, CodingTask, Framework, Transcript
from assistant.settings import get_settings
from assistant.store import RunState, Store
from assistant.transcripts import read_transcript
from assistant.ui import samples
from assistant.ui.access import AppRole, User
from assistant.ui.jobs import Job, Jobs, JobState
from assistant.ui.services import coding


class FakeEngine:
    """Codes at a gate, so that a test can look in between."""

    name = "local"
    version = "fake"

    def __init__(self, fails: frozenset[str] = frozenset()) -> None:
        self.gate, self.fails = threading.Semaphore(0), fails

    def code(self, task: CodingTask) -> CodingResult:
        self.gate.acquire(timeout=10)
        if task.transcript.name in self.fails:
            raise EngineError("the engine cannot read this", remedy="try another")
        return CodingResult(key=task.key, evidence=())


def add(project: Project, number: int) -> tuple[str, ...]:
    for n in range(number):
        data = teams_vtt(f"Person {n}")
        project.store.add_transcript(project.use_case.id, read_transcript(data, name=f"talk{n}.vtt"), data)
    return tuple(t.id for t in project.store.transcripts(project.use_case.id))[1:]


def wait(jobs: Jobs, use_case: str, until: Callable[[Job], bool]) -> Job:
    for _ in range(200):
        job = jobs.of(use_case)
        assert job is not None
        if until(job):
            return job
        time.sleep(0.02)
    raise AssertionError(f"never happened: {job}")


def test_commits_one_by_one_and_one_failure_does_not_stop_the_others(project: Project) -> None:
    wanted, u = add(project, 3), project.use_case.id
    engine = FakeEngine(frozenset({"talk1"}))
    jobs = Jobs(project.store, lambda *_: engine)
    jobs.submit(u, wanted, project.framework, "local", "Eva")
    engine.gate.release()
    wait(jobs, u, lambda j: j.done == 1)
    assert [r.state for r in project.store.runs(u, transcript=wanted[0])] == [RunState.DONE]
    engine.gate.release(2)
    job = wait(jobs, u, lambda j: not j.active)
    assert (job.state, job.done, [name for name, _ in job.errors]) == (JobState.DONE, 3, ["talk1"])
    assert "try another" in job.errors[0][1]
    assert project.store.runs(u, transcript=wanted[1])[0].state is RunState.FAILED


def test_cancel_keeps_what_is_committed(project: Project) -> None:
    wanted, u = add(project, 3), project.use_case.id
    engine = FakeEngine()
    jobs = Jobs(project.store, lambda *_: engine)
    jobs.submit(u, wanted, project.framework, "local", "Eva")
    engine.gate.release()
    wait(jobs, u, lambda j: j.done == 1)
    jobs.cancel(u)
    engine.gate.release()
    job = wait(jobs, u, lambda j: not j.active)
    assert job.state is JobState.CANCELLED
    assert [r.state for t in wanted for r in project.store.runs(u, transcript=t)] == [RunState.DONE, RunState.CANCELLED]


class PartEngine(FakeEngine):
    """Works in three parts, each at the gate."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped = threading.Event()

    def code_stepwise(self, task: CodingTask, tell: Callable[[int, int], None]) -> CodingResult:
        tell(0, 3)
        for part in range(1, 4):
            self.gate.acquire(timeout=10)
            if self.stopped.is_set():
                raise EngineError("stopped between parts")
            tell(part, 3)
        return CodingResult(key=task.key, evidence=())

    def stop(self) -> None:
        self.stopped.set()
        self.gate.release()


def test_an_engine_that_works_in_parts_tells_of_them_and_is_stopped_between_them(project: Project) -> None:
    wanted, u = add(project, 3), project.use_case.id
    engine = PartEngine()
    jobs = Jobs(project.store, lambda *_: engine)
    jobs.submit(u, wanted, project.framework, "local", "Eva")
    engine.gate.release(4)
    job = wait(jobs, u, lambda j: j.done == 1 and j.part == 1)
    assert (job.current, job.parts, job.stopping) == ("talk1", 3, False)
    jobs.cancel(u)
    job = wait(jobs, u, lambda j: not j.active)
    assert (job.state, job.done, job.errors, job.stopping) == (JobState.CANCELLED, 1, (), True)
    assert [r.state for t in wanted for r in project.store.runs(u, transcript=t)] == [RunState.DONE, RunState.CANCELLED]


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [("the endpoint answered 500, 5 times", "only what is missing is sent"), ("the endpoint answered 401 (invalid_api_key)", "OPENAI_API_KEY"),
     ("the endpoint answered 404", "the model in Settings"), ("not sent: the cap of 3 calls is reached", "raise the limit in Settings")],
)  # fmt: skip
def test_what_went_wrong_is_said_once_with_what_to_do(project: Project, reason: str, remedy: str) -> None:
    task = CodingTask(transcript=project.transcript, framework=project.framework, engine="llm", engine_version="1")
    failed = tuple(FailedWindow(n, (n, n), reason if n < 8 else f"not sent: {reason.removeprefix('not sent: ')}") for n in range(40))
    error = coding._explained(IncompleteError(LLMRun(task, CodingResult(key=task.key, evidence=()), failed, 41, 0, ())))
    assert error.message == f"40 of 41 parts are not coded: {reason.removeprefix('not sent: ')}"
    assert remedy in error.remedy


def test_an_interrupted_model_is_not_hidden_by_what_the_local_engine_did(project: Project) -> None:
    s, u, me = project.store, project.use_case.id, User("Eva", AppRole.ASSESSOR)
    task = CodingTask(
        transcript=project.transcript, framework=project.framework, engine="llm", engine_version="1", settings={"model": "m"}
    )  # fmt: skip
    run = s.begin_run(u, task)
    line = coding.plan(me, s, u, project.framework)[0]
    assert (line.state, line.engine, line.done_by) == ("interrupted", "llm", {"local"})
    s.fail_run(run.id, "the endpoint answered 500")
    assert coding.plan(me, s, u, project.framework)[0].state == "coded", "the local engine finished it"
    s.begin_run(u, task)
    s.complete_run(run.id, CodingResult(key=task.key, evidence=()))
    assert coding.plan(me, s, u, project.framework)[0].done_by == {"local", "llm/m"}


def test_an_engine_that_cannot_be_made_is_a_failed_job(project: Project) -> None:
    def broken(*_: object) -> FakeEngine:
        raise SettingsError("no model", remedy="set one")

    jobs = Jobs(project.store, broken)
    jobs.submit(project.use_case.id, add(project, 1), project.framework, "llm", "Eva")
    job = wait(jobs, project.use_case.id, lambda j: not j.active)
    assert job.state is JobState.FAILED
    assert "set one" in job.errors[0][1]


def test_an_interrupted_run_is_offered_again(project: Project) -> None:
    wanted, u = add(project, 1), project.use_case.id
    engine = FakeEngine()
    transcript = project.store.transcript(u, wanted[0])
    project.store.begin_run(u, CodingTask(transcript=transcript, framework=project.framework, engine="local", engine_version="fake"))
    me = User("Eva", AppRole.ASSESSOR)
    assert [line.state for line in coding.plan(me, project.store, u, project.framework)] == ["coded", "interrupted"]
    jobs = Jobs(project.store, lambda *_: engine)
    coding.start(me, jobs, project.store, u, project.framework, "local", wanted)
    engine.gate.release()
    wait(jobs, u, lambda j: not j.active)
    assert [line.state for line in coding.plan(me, project.store, u, project.framework)] == ["coded", "coded"]


def test_samples_on_the_first_start_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    engine = FakeEngine()
    engine.gate.release(100)
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('s')}/a.sqlite3") as store:
        assert samples.is_new(store)
        ids = samples.create(store)
        assert len(ids) == 7
        assert not samples.is_new(store)
        jobs = Jobs(store, lambda *_: engine)
        samples.code(store, jobs, "john-2025")
        for use_case in ids:
            wait(jobs, use_case, lambda j: not j.active)
        before = len(store.audit(limit=1000)[0])
        samples.code(store, jobs, "john-2025")
        assert len(store.audit(limit=1000)[0]) == before


def test_the_command_serves_nobody_else_without_sign_in() -> None:
    app = typer.Typer()
    app.command()(webapp)
    outcome = CliRunner().invoke(app, ["--host", "0.0.0.0", "--no-samples"])
    assert isinstance(outcome.exception, SettingsError)
    assert "without sign-in" in str(outcome.exception)


class Sending(FakeEngine):
    """An engine whose tasks say where they would go."""

    name = "llm"

    def task(self, transcript: Transcript, framework: Framework) -> CodingTask:
        where = {"endpoint": "http://model.example/v1", "model": "m"}
        return CodingTask(transcript=transcript, framework=framework, engine="llm", engine_version="fake", settings=where)


def test_an_interview_taken_here_is_not_sent_to_a_model_that_its_respondent_did_not_agree_to(project: Project) -> None:
    u, engine = project.use_case.id, Sending()
    talk = service.create(project.store, u, load_guide(), Setup(respondent="Ann"))
    conductor = service.conductor(project.store, talk, get_settings())
    state = conductor.consent(conductor.consent_text(), by="Ann")
    assert state.pending is not None
    conductor.answer("We release by hand, every Tuesday.", to=state.pending.seq)
    conductor.stop()
    service.keep_transcript(project.store, talk)
    wanted = tuple(t.id for t in project.store.transcripts(u))
    assert len(wanted) == 2
    engine.gate.release(5)
    jobs = Jobs(project.store, lambda name, framework, use_case: engine)
    jobs.submit(u, wanted, project.framework, "llm", "eva")
    job = wait(jobs, u, lambda j: not j.active)
    assert [problem for _, problem in job.errors if "did not agree that the model m" in problem]
    assert len(job.errors) == 1, "the uploaded one is the assessor's to answer for"
    coded = {run.transcript for run in project.store.runs(u) if run.engine == "llm"}
    assert coded == {wanted[0]}
