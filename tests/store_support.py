"""Databases and samples for the store's tests; the fixtures are in ``store_fixtures``."""

from __future__ import annotations

import functools
import hashlib
import os
import sqlite3
import uuid
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import URL, create_engine, make_url, text

from assistant.models import (
    Assessment,
    CodingResult,
    CodingTask,
    Dimension,
    Element,
    Evidence,
    Framework,
    GroupRating,
    Policy,
    Rejection,
    Role,
    Stage,
    Statement,
    Transcript,
    TranscriptRef,
    Turn,
    canonical_json,
)
from assistant.store import Store

SKIP = "set ASSISTANT_TEST_POSTGRES to a server's URL: export ASSISTANT_TEST_POSTGRES=$(.ci/postgres.sh start)"


def server_url() -> URL:
    """The PostgreSQL server for tests; skips the test where none is named."""
    given = os.environ.get("ASSISTANT_TEST_POSTGRES")
    if not given:
        pytest.skip(SKIP)
    return make_url(given).set(drivername="postgresql+psycopg")


def on_server(statement: str) -> None:
    """Runs one statement outside any transaction."""
    engine = create_engine(server_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@functools.cache
def template_database() -> str:
    """A migrated database that tests copy: once a process."""
    name = f"assistant_test_{os.getpid()}_{uuid.uuid4().hex[:8]}"
    on_server(f"CREATE DATABASE {name}")
    Store.open(server_url().set(database=name).render_as_string(hide_password=False)).close()
    return name


class Ticking:
    """A clock that goes on by a second each time it is looked at."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


# ---------------------------------------------------------------- samples

QUESTION = "How do you release models?"
ANSWER = "We retrain every night and a pipeline deploys it. Nobody checks the data 🙂 by hand, naïvely."


def sample_transcript(*, answer: str = ANSWER, name: str = "interview", respondent: str = "Ann") -> tuple[Transcript, bytes]:
    """A question and an answer, and the bytes it came from."""
    body = f"{QUESTION}\n{answer}"
    original = f"{name}|{body}".encode()
    cut = len(QUESTION)
    turns = (
        Turn(index=0, speaker="Bob", role=Role.INTERVIEWER, start=0, end=cut),
        Turn(index=1, speaker=respondent, role=Role.RESPONDENT, start=cut + 1, end=len(body)),
    )
    content_id = "t-" + hashlib.sha256(canonical_json([body, respondent]).encode()).hexdigest()[:16]
    made = Transcript(
        id=content_id, name=name, format="txt", text=body, turns=turns,
        sha256=hashlib.sha256(original).hexdigest(), size=len(original),
    )  # fmt: skip
    return made, original


def sample_framework(version: str = "1.0") -> Framework:
    """One element, two stages."""
    statements = (
        Statement(id="ops.x#1-1", text="By hand.", stage_low=1, stage_high=1),
        Statement(id="ops.x#2-2", text="By machine.", stage_low=2, stage_high=2),
    )
    element = Element(id="ops.x", name="X", description="X", statements=statements)
    return Framework(
        id="tiny", version=version, title="Tiny", citation="none", stages=(Stage(number=1, name="Low"), Stage(number=2, name="High")),
        dimensions=(Dimension(id="ops", name="Ops", elements=(element,)),), policies=(Policy(id="majority", version=1, kind="majority"),),
    )  # fmt: skip


def sample_task(transcript: Transcript, *, version: str = "1", **settings: object) -> CodingTask:
    return CodingTask(transcript=transcript, framework=sample_framework(), engine="local", engine_version=version, settings=settings)


def sample_evidence(
    transcript: Transcript, start: int, end: int, *, element: str = "ops.x", engine: str = "local/1", confidence: float = 0.5
) -> Evidence:
    return Evidence(
        id=Evidence.make_id(transcript=transcript.id, framework="tiny", engine=engine, element=element, start=start, end=end, coding="2"),
        transcript=transcript.id, framework="tiny", element=element, quote=transcript.text[start:end], start=start, end=end, speaker="Ann",
        turn=1, stage_low=2, stage_high=2, statement="ops.x#2-2",
        confidence=confidence, engine=engine, codes=("D1", "!D2"), rationale="nightly",
    )  # fmt: skip


def sample_result(task: CodingTask, *, engine: str = "local/1", count: int = 3) -> CodingResult:
    """``count`` pieces of evidence in the answer, and one refused proposal."""
    begin = len(QUESTION) + 1
    found = tuple(
        sample_evidence(task.transcript, begin + n, begin + n + 12, engine=engine, confidence=round(0.9 - n / 100, 2)) for n in range(count)
    )  # fmt: skip
    refused = (Rejection(quote="never said", element="ops.x", reason="not in the transcript", engine=engine),)
    return CodingResult(key=task.key, evidence=found, rejections=refused)


def coded(store: Store, use_case: str, *, count: int = 3, **transcript: str) -> tuple[Transcript, tuple[Evidence, ...]]:
    """A stored and coded transcript."""
    made, original = sample_transcript(**transcript)
    store.add_transcript(use_case, made, original)
    task = sample_task(made)
    run = store.begin_run(use_case, task)
    result = sample_result(task, count=count)
    store.complete_run(run.id, result)
    return made, result.evidence


def sample_assessment(transcript: Transcript, found: tuple[Evidence, ...], *, mark: str = "h1") -> Assessment:
    group = GroupRating(
        scope="overall", stage=2, low=1, high=2, rated=1, total=1, coverage=1.0, sufficient=True, reach=(), rule="policy.majority@1",
        explanation=f"Because of “{found[0].quote}”." if found else "Nothing.",
    )  # fmt: skip
    framework = sample_framework()
    return Assessment(
        framework="tiny", framework_version="1.0", framework_hash=framework.hash, policy="majority", draft=False, overall=group,
        dimensions=(),
        policies=(), elements=(), practices=None, evidence=found, hash=mark,
        transcripts=(TranscriptRef(id=transcript.id, name=transcript.name, sha256=transcript.sha256),),
    )  # fmt: skip


def raw(url: str, statement: str, *values: object) -> int:
    """Runs one statement with the bare driver, as somebody with a database shell would: none of the store's settings apply."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        try:
            with connection:
                return connection.execute(statement, values).rowcount
        finally:
            connection.close()
    with psycopg.connect(url.replace("+psycopg", "")) as server:
        return server.execute(statement.replace("?", "%s"), values).rowcount


def raw_value(url: str, statement: str) -> object:
    """The single value that a query gives, with the bare driver."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        try:
            return connection.execute(statement).fetchone()[0]
        finally:
            connection.close()
    with psycopg.connect(url.replace("+psycopg", "")) as server:
        row = server.execute(statement).fetchone()
        return None if row is None else row[0]


REFUSED = (sqlite3.Error, psycopg.Error)
"""What the bare drivers raise where the database refuses."""
