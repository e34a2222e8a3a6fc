"""Many at once: threads and processes that code, decide, upload and erase on one database."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from killing import all_end_well
from store_support import coded, sample_result, sample_task, sample_transcript

from assistant.errors import AssistantError, StaleEditError, StoreError
from assistant.models import EvidenceState
from assistant.store import RunState, Store, UseCase

pytest_plugins = ["store_fixtures"]

ROOT = Path(__file__).parent.parent


def test_threads_adding_and_coding_the_same_file(store: Store, use_case: UseCase) -> None:
    made, original = sample_transcript()
    task = sample_task(made)

    def work(_: int) -> tuple[bool, str]:
        added = store.add_transcript(use_case.id, made, original)
        run = store.begin_run(use_case.id, task)
        store.complete_run(run.id, sample_result(task))
        return added.created, run.id

    with ThreadPoolExecutor(8) as pool:
        outcome = list(pool.map(work, range(16)))
    assert sum(created for created, _ in outcome) == 1
    assert len({run for _, run in outcome}) == 1
    assert len(store.participants(use_case.id)) == len(store.transcripts(use_case.id)) == len(store.runs(use_case.id)) == 1
    assert store.counts(use_case.id)[EvidenceState.PROPOSED] == 3


def test_two_reviewers_none_lost_none_twice(store: Store, use_case: UseCase) -> None:
    """Each of two reviewers goes through the same queue; whoever is second is told so."""
    _, found = coded(store, use_case.id, count=20)

    def review(reviewer: str) -> tuple[int, int]:
        done = stale = 0
        for e in found:
            try:
                store.decide(use_case.id, e.id, "confirm", reviewer, expected_last_decision=None)
                done += 1
            except StaleEditError:
                stale += 1
        return done, stale

    with ThreadPoolExecutor(2) as pool:
        (done_a, stale_a), (done_b, stale_b) = pool.map(review, ["ann", "bob"])
    assert done_a + done_b == 20 == stale_a + stale_b
    assert len(store.decisions(use_case.id)) == 20
    assert len({d.id for d in store.decisions(use_case.id)}) == 20
    assert store.check() == ()


def test_one_queue_without_looking_loses_nothing(store: Store, use_case: UseCase) -> None:
    _, found = coded(store, use_case.id, count=5)
    jobs = [(e.id, reviewer) for e in found for reviewer in ("ann", "bob", "cleo")]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda job: store.decide(use_case.id, job[0], "confirm", job[1]), jobs))
    taken = store.decisions(use_case.id)
    assert len(taken) == 15
    for e in found:
        mine = [d for d in taken if d.evidence == e.id]
        assert [d.id for d in mine] == sorted(d.id for d in mine)
        assert [d.at for d in mine] == sorted(d.at for d in mine)
        assert store.evidence_item(use_case.id, e.id).last_decision == mine[-1].id
    assert store.check() == ()


def test_reading_while_writing_sees_whole_transactions(store: Store, use_case: UseCase) -> None:
    transcripts = [sample_transcript(answer=f"Answer number {n}, long enough to be cut into pieces.", name=f"t{n}") for n in range(8)]

    def write(n: int) -> None:
        made, original = transcripts[n]
        store.add_transcript(use_case.id, made, original)
        task = sample_task(made)
        store.complete_run(store.begin_run(use_case.id, task).id, sample_result(task))

    def read(_: int) -> set[int]:
        return {len(store.run_evidence(r.id)) for r in store.runs(use_case.id) if r.state is RunState.DONE}

    with ThreadPoolExecutor(6) as pool:
        writing = [pool.submit(write, n) for n in range(8)]
        seen = set().union(*pool.map(read, range(30)))
        for job in writing:
            job.result()
    assert seen <= {3}
    assert store.counts(use_case.id)[EvidenceState.PROPOSED] == 24


def test_erasing_while_others_write(store: Store, use_case: UseCase) -> None:
    """Whoever comes first: afterwards nothing of the interview is left."""
    for n in range(4):
        made, found = coded(store, use_case.id, count=3, answer=f"Answer number {n}, long enough to be cut.", name=f"t{n}")
        interview = store.interviews(use_case.id)[-1].id
        newer = sample_task(made, version="2")

        def code(task: object = newer) -> None:
            run = store.begin_run(use_case.id, task)
            store.complete_run(run.id, sample_result(task))

        def decide(one: str = found[0].id) -> None:
            store.decide(use_case.id, one, "confirm", "ann")

        def erase(which: str = interview) -> None:
            store.erase_interview(which, "dpo", "withdrawn")

        with ThreadPoolExecutor(3) as pool:
            jobs = [pool.submit(work) for work in (code, decide, erase)]
        for job in jobs:
            error = job.exception()
            assert error is None or isinstance(error, AssistantError), error
        assert jobs[2].exception() is None
        assert store.evidence(use_case.id).items == ()
    assert store.check() == ()


SCRIPT = """
import sys
from store_support import sample_result, sample_task, sample_transcript
from assistant.errors import StaleEditError
from assistant.store import Store
url, use_case, who = sys.argv[1:4]
with Store.open(url) as store:
    for n in range(6):
        made, original = sample_transcript(answer=f"Answer number {n}, long enough to be cut into pieces.", name=f"t{n}")
        store.add_transcript(use_case, made, original)
        task = sample_task(made)
        result = sample_result(task)
        store.complete_run(store.begin_run(use_case, task).id, result)
        for e in result.evidence:
            try:
                store.decide(use_case, e.id, "confirm", who, expected_last_decision=None)
            except StaleEditError:
                pass
        store.add_participant(use_case, f"{who} {n}")
"""


def test_two_processes_doing_the_same(store: Store, use_case: UseCase, url: str) -> None:
    path = f"{ROOT}:{ROOT / 'tests'}"
    running = [
        subprocess.Popen([sys.executable, "-c", SCRIPT, url, use_case.id, who], env={"PYTHONPATH": path}, stderr=subprocess.PIPE)
        for who in ("ann", "bob")
    ]
    all_end_well(running)
    assert len(store.transcripts(use_case.id)) == len(store.runs(use_case.id)) == 6
    assert store.counts(use_case.id)[EvidenceState.CONFIRMED] == 18 == len(store.decisions(use_case.id))
    pseudonyms = [p.pseudonym for p in store.participants(use_case.id)]
    assert pseudonyms == [f"P{n + 1}" for n in range(13)]
    assert store.check() == ()


def test_a_read_cannot_turn_into_a_write(store: Store, use_case: UseCase) -> None:
    with store._read(), pytest.raises(StoreError, match="unit of work"):
        store.add_participant(use_case.id, "Ann")
