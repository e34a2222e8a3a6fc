"""Coding runs: idempotent, resumable, checked; evidence in pages; what a newer run makes outdated."""

from __future__ import annotations

import pytest
from store_support import ANSWER, QUESTION, coded, sample_evidence, sample_framework, sample_result, sample_task, sample_transcript

from assistant.errors import AppendOnlyError, GroundingError, InputError, NotFoundError, StoreError
from assistant.models import CodingResult, EvidenceState, Role
from assistant.store import EvidenceFilter, EvidenceOrder, RoleOverride, RunState, Store, UseCase

pytest_plugins = ["store_fixtures"]


def test_a_run_from_begin_to_done(store: Store, use_case: UseCase) -> None:
    made, original = sample_transcript()
    store.add_transcript(use_case.id, made, original)
    task = sample_task(made, model="tiny", depth=2)
    run = store.begin_run(use_case.id, task, by="ann")
    assert (run.state, run.attempts, run.key, run.settings) == (RunState.RUNNING, 1, task.key, {"depth": 2, "model": "tiny"})
    assert store.framework(run.framework_hash) == sample_framework()
    assert store.frameworks() == (("tiny", "1.0", run.framework_hash),)
    result = sample_result(task)
    done = store.complete_run(run.id, result)
    assert (done.state, done.evidence, done.rejections) == (RunState.DONE, 3, 1)
    assert done.finished_at is not None
    assert store.run_evidence(run.id) == result.evidence
    assert store.rejections(use_case.id, run=run.id) == result.rejections == store.rejections(use_case.id)
    assert store.runs(use_case.id, transcript=made.id) == (done,) == store.runs(use_case.id)


def test_the_same_task_again_is_the_same_run(store: Store, use_case: UseCase) -> None:
    made, _ = coded(store, use_case.id)
    task = sample_task(made)
    again = store.begin_run(use_case.id, task)
    assert again.state is RunState.DONE
    assert store.complete_run(again.id, sample_result(task)) == again
    assert len(store.runs(use_case.id)) == 1
    assert sum(store.counts(use_case.id).values()) == 3


def test_a_run_left_behind_is_begun_again(store: Store, use_case: UseCase) -> None:
    made, original = sample_transcript()
    store.add_transcript(use_case.id, made, original)
    task = sample_task(made)
    first = store.begin_run(use_case.id, task)
    second = store.begin_run(use_case.id, task)
    assert (second.id, second.attempts) == (first.id, 2)
    failed = store.fail_run(first.id, "out of memory \x00")
    assert (failed.state, failed.error) == (RunState.FAILED, "out of memory \x00")
    third = store.begin_run(use_case.id, task)
    assert (third.state, third.attempts, third.error, third.finished_at) == (RunState.RUNNING, 3, "", None)
    cancelled = store.fail_run(first.id, "stopped", cancelled=True)
    assert cancelled.state is RunState.CANCELLED
    with pytest.raises(StoreError, match="cancelled"):
        store.complete_run(first.id, sample_result(task))
    store.begin_run(use_case.id, task)
    done = store.complete_run(first.id, sample_result(task))
    assert store.fail_run(first.id, "too late") == done


def test_a_failed_worker_that_finishes_after_all(store: Store, use_case: UseCase) -> None:
    made, original = sample_transcript()
    store.add_transcript(use_case.id, made, original)
    task = sample_task(made)
    run = store.begin_run(use_case.id, task)
    store.fail_run(run.id, "no sign of life")
    assert store.complete_run(run.id, sample_result(task)).state is RunState.DONE


def test_results_are_checked(store: Store, use_case: UseCase) -> None:
    made, original = sample_transcript()
    task = sample_task(made)
    with pytest.raises(NotFoundError):
        store.begin_run(use_case.id, task)
    store.add_transcript(use_case.id, made, original)
    run = store.begin_run(use_case.id, task)
    good = sample_result(task)
    with pytest.raises(InputError, match="another task"):
        store.complete_run(run.id, good.model_copy(update={"key": "x"}))
    invented = good.evidence[0].model_copy(update={"quote": "never said!!"})
    with pytest.raises(GroundingError, match="its quote is not"):
        store.complete_run(run.id, CodingResult(key=task.key, evidence=(*good.evidence, invented)))
    other = good.evidence[0].model_copy(update={"framework": "other"})
    with pytest.raises(InputError, match="framework"):
        store.complete_run(run.id, CodingResult(key=task.key, evidence=(other,)))
    assert sum(store.counts(use_case.id).values()) == 0
    assert store.run(run.id).state is RunState.RUNNING


def test_evidence_given_twice_in_one_result(store: Store, use_case: UseCase) -> None:
    made, original = sample_transcript()
    store.add_transcript(use_case.id, made, original)
    task = sample_task(made)
    good = sample_result(task)
    run = store.begin_run(use_case.id, task)
    done = store.complete_run(run.id, CodingResult(key=task.key, evidence=good.evidence * 2))
    assert done.evidence == 3 == len(store.run_evidence(run.id))


def test_a_newer_run_makes_undecided_proposals_outdated(store: Store, use_case: UseCase) -> None:
    made, found = coded(store, use_case.id)
    store.decide(use_case.id, found[2].id, "confirm", "ann")
    newer = sample_task(made, version="2")
    run = store.begin_run(use_case.id, newer)
    store.complete_run(run.id, sample_result(newer, count=1))

    def shown(outdated: bool | None = False) -> set[str]:
        return {i.evidence.id for i in store.evidence(use_case.id, EvidenceFilter(outdated=outdated)).items}

    assert shown() == {found[0].id, found[2].id} == {e.id for e in store.current_evidence(use_case.id)}
    assert shown(True) == {found[1].id}
    assert shown(None) == {e.id for e in found} == {e.id for e in store.current_evidence(use_case.id, outdated=True)}
    store.begin_run(use_case.id, sample_task(made))
    assert shown() == {e.id for e in found}, "going back to the older version makes its findings current again"


def test_two_models_do_not_outdate_each_other(store: Store, use_case: UseCase) -> None:
    made, found = coded(store, use_case.id)
    for model, n in (("a", 20), ("b", 30)):
        task = sample_task(made, model=model)
        run = store.begin_run(use_case.id, task)
        one = sample_evidence(made, n, n + 9, engine=f"llm/{model}")
        store.complete_run(run.id, CodingResult(key=task.key, evidence=(one,)))
    assert store.counts(use_case.id)[EvidenceState.PROPOSED] == len(found) + 2
    assert len(store.evidence(use_case.id, EvidenceFilter(engine="llm")).items) == 2
    assert len(store.evidence(use_case.id, EvidenceFilter(engine="llm/b")).items) == 1


def test_overridden_roles_are_another_task(store: Store, use_case: UseCase) -> None:
    made, _ = coded(store, use_case.id)
    changed = store.override_roles(use_case.id, made.id, [RoleOverride(speaker="Ann", role=Role.INTERVIEWER)])
    run = store.begin_run(use_case.id, sample_task(changed))
    assert run.state is RunState.RUNNING
    store.complete_run(run.id, CodingResult(key=run.key, evidence=()))
    assert store.evidence(use_case.id).items == ()


def test_completing_after_the_interview_was_erased(store: Store, use_case: UseCase) -> None:
    made, original = sample_transcript()
    added = store.add_transcript(use_case.id, made, original)
    task = sample_task(made)
    run = store.begin_run(use_case.id, task)
    store.erase_interview(added.info.interview, "dpo", "withdrawn")
    with pytest.raises((NotFoundError, AppendOnlyError)):
        store.complete_run(run.id, sample_result(task))
    with pytest.raises(NotFoundError):
        store.begin_run(use_case.id, task)


# ---------------------------------------------------------------- pages


@pytest.fixture
def many(store: Store, use_case: UseCase) -> UseCase:
    """Two transcripts with 40 pieces of evidence over three elements and five confidences."""
    for name, answer in (("one", ANSWER), ("two", ANSWER.upper())):
        made, original = sample_transcript(name=name, answer=answer)
        store.add_transcript(use_case.id, made, original)
        task = sample_task(made)
        begin = len(QUESTION) + 1
        found = tuple(
            sample_evidence(made, begin + n, begin + n + 9, element=f"ops.{'xyz'[n % 3]}", confidence=(n % 5) / 5) for n in range(20)
        )  # fmt: skip
        store.complete_run(store.begin_run(use_case.id, task).id, CodingResult(key=task.key, evidence=found))
    return use_case


@pytest.mark.parametrize("order", list(EvidenceOrder))
@pytest.mark.parametrize("limit", [1, 7, 40, 1000])
def test_pages_give_everything_once_in_order(store: Store, many: UseCase, order: EvidenceOrder, limit: int) -> None:
    seen, cursor = [], None
    while True:
        page = store.evidence(many.id, order=order, cursor=cursor, limit=limit)
        seen.extend(page.items)
        cursor = page.next
        if cursor is None:
            break
    assert len({i.evidence.id for i in seen}) == len(seen) == 40
    place = [(i.interview, i.evidence.start, i.evidence.end, i.evidence.id) for i in seen]
    first = {
        EvidenceOrder.POSITION: [0] * 40, EvidenceOrder.ELEMENT: [i.evidence.element for i in seen],
        EvidenceOrder.SURE_FIRST: [-i.evidence.confidence for i in seen], EvidenceOrder.UNSURE_FIRST: [i.evidence.confidence for i in seen],
    }[order]  # fmt: skip
    keys = list(zip(first, place, strict=True))
    assert keys == sorted(keys)


def test_deciding_between_pages_skips_nothing(store: Store, many: UseCase) -> None:
    open_only = EvidenceFilter(states=(EvidenceState.PROPOSED,))
    cursor, decided = None, 0
    while True:
        page = store.evidence(many.id, open_only, cursor=cursor, limit=3)
        for item in page.items:
            store.decide(many.id, item.evidence.id, "confirm", "ann", expected_last_decision=item.last_decision)
            decided += 1
        cursor = page.next
        if cursor is None:
            break
    assert decided == 40
    assert store.counts(many.id) == dict.fromkeys(EvidenceState, 0) | {EvidenceState.CONFIRMED: 40}


def test_filters(store: Store, many: UseCase) -> None:
    def found(**wanted: object) -> int:
        count = len(store.evidence(many.id, EvidenceFilter(**wanted), limit=1000).items)
        assert count == sum(store.counts(many.id, EvidenceFilter(**wanted)).values())
        return count

    first, second = store.transcripts(many.id)
    ids = tuple(i.evidence.id for i in store.evidence(many.id, limit=3).items)
    assert found(elements=("ops.x", "ops.y")) == 28
    assert found(transcripts=(first.id,)) == 20 == found(interviews=(second.interview,))
    assert found(min_confidence=0.6) == 16
    assert found(max_confidence=0.0) == 8
    assert found(ids=ids) == 3
    assert found(ids=()) == 0
    assert found(text="RETRAIN") == found(text="retrain") > 0
    assert found(text="%") == 0 == found(text="_") == found(text="\\")
    assert found(engine="local") == 40
    assert found(engine="local/1") == 40
    assert found(engine="loc") == 0
    assert found(framework="tiny") == 40
    assert found(framework="other") == 0
    assert found(status="current", polarity="present") == 40
    assert found(status="past") == 0


def test_search_folds_case_in_any_script(store: Store, use_case: UseCase) -> None:
    made, original = sample_transcript(answer="ÄRGER mit der STRASSE, ДАННЫЕ 100%_")
    store.add_transcript(use_case.id, made, original)
    task = sample_task(made)
    begin = len(QUESTION) + 1
    one = sample_evidence(made, begin, len(made.text))
    store.complete_run(store.begin_run(use_case.id, task).id, CodingResult(key=task.key, evidence=(one,)))
    for word in ("ärger", "straße", "данные", "100%_"):
        assert len(store.evidence(use_case.id, EvidenceFilter(text=word)).items) == 1, word


def test_bad_cursors_and_limits(store: Store, many: UseCase) -> None:
    cursor = store.evidence(many.id, limit=1).next
    for wrong in (
        {"cursor": "nonsense"},
        {"cursor": cursor, "order": EvidenceOrder.ELEMENT},
        {"limit": 0},
        {"limit": 1001},
        {"cursor": "é"},
    ):
        with pytest.raises(InputError):
            store.evidence(many.id, **wrong)
