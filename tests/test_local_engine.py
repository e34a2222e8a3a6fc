"""The local engine: the same everywhere, grounded, no interviewer quoted, one transcript at a time, and as good as measured."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pipeline_support import ALERTS, CHAT, MANUAL, ROOT, SHORT, Oracle, clean_environment, talk

from assistant.embeddings import LocalEmbedder
from assistant.errors import EngineError, GroundingError
from assistant.extraction.base import Coding, Engine, in_order, only_statement, to_evidence
from assistant.extraction.engines import make_engine, run_task
from assistant.extraction.local import LocalEngine
from assistant.frameworks import load_framework
from assistant.models import CodingResult, CodingTask, Evidence, Framework, Polarity, Role, Status, Transcript, Turn
from assistant.pipeline import make_task
from assistant.retrieval import Retriever
from assistant.settings import Settings

pytest_plugins = ["pipeline_fixtures"]

# ---------------------------------------------------------------- what it finds


def test_what_is_plainly_said_is_found(engine: Engine, john: Framework) -> None:
    found = engine.code(make_task(talk(SHORT), john, engine)).evidence
    elements = {e.element for e in found if e.status is Status.CURRENT}
    assert {"deployment.process", "operations.monitoring"} <= elements
    deployment = next(e for e in found if e.element == "deployment.process")
    assert deployment.quote == MANUAL
    assert deployment.speaker == "Anna"
    assert deployment.stage_high <= 3
    assert "deploy" in deployment.rationale or "server" in deployment.rationale


def test_every_quote_is_what_a_respondent_said(
    sample_results: dict[str, CodingResult], samples: dict[str, Transcript], john: Framework
) -> None:
    known = {e.id: e for e in john.elements}
    for stem, result in sample_results.items():
        text, turns = samples[stem].text, samples[stem].turns
        assert len(result.evidence) >= 10
        assert len({e.id for e in result.evidence}) == len(result.evidence)
        assert [e.start for e in result.evidence] == sorted(e.start for e in result.evidence)
        for e in result.evidence:
            assert text[e.start : e.end] == e.quote
            assert turns[e.turn].start <= e.start < e.end <= turns[e.turn].end
            assert turns[e.turn].role is not Role.INTERVIEWER
            assert e.speaker == turns[e.turn].speaker
            assert e.time == turns[e.turn].time_at(e.start)
            assert 1 <= e.stage_low <= e.stage_high <= 5
            assert e.statement is None or e.statement in {s.id for s in known[e.element].statements}
            assert {c.removeprefix("!") for c in e.codes} <= set(known[e.element].codes)
            assert 0 < e.confidence <= 1
            assert e.rationale
            assert "\n" not in e.rationale
            if e.polarity is Polarity.ABSENT:
                assert (e.stage_low, e.stage_high) == (1, 1)


def test_what_the_interviewer_says_is_never_quoted(engine: Engine, john: Framework) -> None:
    answers = talk(SHORT, interviewer=["Interviewer"])
    asked = talk(SHORT, interviewer=["Anna"])
    assert asked.id == answers.id
    assert {e.quote for e in engine.code(make_task(answers, john, engine)).evidence} >= {MANUAL, ALERTS}
    for e in engine.code(make_task(asked, john, engine)).evidence:
        assert e.speaker == "Interviewer"
        assert e.quote not in (MANUAL, ALERTS)


def test_where_nobody_is_named_the_whole_conversation_may_be_evidence(engine: Engine, john: Framework) -> None:
    transcript = talk(" ".join((*CHAT, MANUAL, ALERTS, *CHAT)))
    assert {t.role for t in transcript.turns} == {Role.UNKNOWN}
    assert {e.element for e in engine.code(make_task(transcript, john, engine)).evidence} >= {"deployment.process"}


def test_a_conversation_without_answers_gives_nothing(engine: Engine, john: Framework) -> None:
    only_questions = talk("Interviewer: How do you deploy?\n", interviewer=["Interviewer"])
    silent = only_questions.model_copy(update={"turns": (), "text": ""})
    for transcript in (only_questions, silent):
        task = make_task(transcript, john, engine)
        assert engine.code(task) == CodingResult(key=task.key, evidence=())


# ---------------------------------------------------------------- the same everywhere


def test_twice_and_from_many_threads_it_is_the_same(engine: Engine, john: Framework, embedder: LocalEmbedder) -> None:
    task = make_task(talk(SHORT), john, engine)
    expected = engine.code(task)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: engine.code(task).model_dump_json(), range(8))) == {expected.model_dump_json()}
    alone = LocalEmbedder(threads=1)
    assert LocalEngine(alone).code(task) == expected


def test_other_transcripts_do_not_change_it(
    engine: Engine, john: Framework, samples: dict[str, Transcript], sample_results: dict[str, CodingResult]
) -> None:
    """Coded after six others (the fixture) or first by an engine of its own: equal to the byte."""
    fresh = LocalEngine(LocalEmbedder())
    again = fresh.code(make_task(samples["g-mining"], john, fresh))
    assert again.model_dump_json() == sample_results["g-mining"].model_dump_json()


IN_ANOTHER_PROCESS = """
import pickle, sys
from assistant.extraction.engines import run_task
task = pickle.load(sys.stdin.buffer)
pickle.dump(run_task(task), sys.stdout.buffer)
"""


@pytest.mark.parametrize("threads", ["1", "4"])
def test_a_pickled_task_gives_the_same_in_another_process(
    engine: Engine, john: Framework, samples: dict[str, Transcript], sample_results: dict[str, CodingResult], tmp_path: Path, threads: str
) -> None:
    task = make_task(samples["g-mining"], john, engine)
    environment = clean_environment() | {
        "ASSISTANT_DATA_DIR": str(tmp_path),
        "ASSISTANT_THREADS": threads,
        "PYTHONHASHSEED": threads,
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS], input=pickle.dumps(task), env=environment, cwd=tmp_path, capture_output=True, check=True
    )
    assert pickle.loads(done.stdout) == sample_results["g-mining"]
    assert os.listdir(tmp_path) == [], "coding needs no file besides the program's own"


def test_a_task_survives_pickling_and_json(engine: Engine, john: Framework) -> None:
    task = make_task(talk(SHORT), john, engine)
    assert pickle.loads(pickle.dumps(task)) == task
    assert CodingTask.model_validate_json(task.model_dump_json()).key == task.key


def test_the_key_tells_everything_that_changes_the_result(engine: Engine, john: Framework) -> None:
    task = make_task(talk(SHORT), john, engine)
    other_roles = talk(SHORT, interviewer=["Anna"])
    assert other_roles.id == task.transcript.id
    changed = [
        task.model_copy(update={"engine_version": "2"}),
        task.model_copy(update={"engine": "llm"}),
        task.model_copy(update={"settings": {"a": 1}}),
        task.model_copy(update={"framework": john.model_copy(update={"version": "9.9.9"})}),
        task.model_copy(update={"transcript": other_roles}),
        task.model_copy(update={"transcript": talk(SHORT + "Anna: Bye.\n")}),
    ]
    assert len({t.key for t in [task, *changed]}) == len(changed) + 1


@pytest.mark.usefixtures("workdir")
def test_a_task_of_another_version_is_refused(engine: Engine, john: Framework) -> None:
    task = make_task(talk(SHORT), john, engine)
    assert run_task(task) == engine.code(task)
    with pytest.raises(EngineError, match=r"asks for local 0\+old, this machine has 2\+") as caught:
        run_task(task.model_copy(update={"engine_version": "0+old"}))
    assert "same version" in caught.value.remedy


def test_an_engine_that_does_not_exist(john: Framework, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no engine remote") as caught:
        make_engine("remote", john, Settings(data_dir=tmp_path))
    assert "local" in caught.value.remedy


# ---------------------------------------------------------------- frameworks without heads


@pytest.mark.parametrize("name", ["google-mlops", "plain-concepts-mlops"])
def test_other_frameworks_go_through_retrieval(name: str, tmp_path: Path, samples: dict[str, Transcript]) -> None:
    framework = load_framework(name)
    other = make_engine("local", framework, Settings(data_dir=tmp_path))
    transcript = samples["b-banking"]
    found = other.code(make_task(transcript, framework, other)).evidence
    assert len(found) >= 5
    assert len({e.element for e in found}) >= 2
    for e in found:
        assert transcript.text[e.start : e.end] == e.quote
        assert e.framework == name
        assert e.rationale.startswith("nearest statement by meaning")
        assert e.codes == ()
        element = framework.element(e.element)
        if e.statement is None:
            assert (e.stage_low, e.stage_high) == (1, len(framework.stages))
        else:
            statement = element.statement(e.statement)
            assert statement is not None
            assert (e.stage_low, e.stage_high) == (statement.stage_low, statement.stage_high)
    assert (tmp_path / "index" / "chroma.sqlite3").is_file()


def test_the_default_framework_needs_no_index(engine: Engine, john: Framework, tmp_path: Path) -> None:
    made = make_engine("local", john, Settings(data_dir=tmp_path))
    assert made.code(make_task(talk(SHORT), john, made)).evidence
    assert list(tmp_path.iterdir()) == []


def test_a_copy_of_the_framework_with_codes_of_its_own(engine: Engine, john: Framework, embedder: LocalEmbedder) -> None:
    """Same elements, so the heads code it; of a code they never saw they say nothing."""
    elements = [e.model_copy(update={"codes": (*e.codes, "X9")}) for e in john.elements]
    by_id = {e.id: e for e in elements}
    dimensions = tuple(d.model_copy(update={"elements": tuple(by_id[e.id] for e in d.elements)}) for d in john.dimensions)
    own = john.model_copy(update={"id": "own", "dimensions": dimensions})
    transcript = talk(SHORT)
    as_own, as_john = (engine.code(make_task(transcript, f, engine)).evidence for f in (own, john))
    assert [(e.element, e.quote, e.codes) for e in as_own] == [(e.element, e.quote, e.codes) for e in as_john]
    assert as_own


def test_heads_work_without_a_retriever_and_retrieval_reads_the_index(embedder: LocalEmbedder) -> None:
    framework = load_framework("microsoft-mlops")
    held = Retriever(framework, embedder, None)
    found = LocalEngine(embedder, retriever=held)
    result = found.code(make_task(talk(SHORT), framework, found))
    assert {e.framework for e in result.evidence} == {"microsoft-mlops"}


# ---------------------------------------------------------------- from codings to evidence


def _turn(role: Role = Role.RESPONDENT) -> tuple[Transcript, Turn]:
    transcript = talk(SHORT)
    turn = transcript.turns[5].model_copy(update={"role": role})
    return transcript, turn


@pytest.mark.parametrize(("shift_start", "shift_end", "role"), [(-1, 0, "respondent"), (0, 1, "respondent"), (0, 0, "interviewer")])
def test_a_span_outside_a_respondents_turn_is_refused(john: Framework, shift_start: int, shift_end: int, role: str) -> None:
    transcript, turn = _turn(Role(role))
    coding = Coding("deployment.process", turn.start + shift_start, turn.end + shift_end, stage_low=1, stage_high=2)
    with pytest.raises(GroundingError, match="not inside a respondent's turn"):
        to_evidence(transcript, john.id, john.element(coding.element), turn, coding, "local/1")


def test_an_empty_span_is_refused(john: Framework) -> None:
    transcript, turn = _turn()
    coding = Coding("deployment.process", turn.start, turn.start)
    with pytest.raises(GroundingError, match="not inside"):
        to_evidence(transcript, john.id, john.element(coding.element), turn, coding, "local/1")


def test_absence_is_stage_one_and_ids_come_from_content(john: Framework) -> None:
    transcript, turn = _turn()
    element = john.element("deployment.process")

    def made(**changes: object) -> Evidence:
        fields: dict[str, object] = {"element": element.id, "start": turn.start, "end": turn.end, "stage_low": 4, "stage_high": 4}
        return to_evidence(transcript, john.id, element, turn, Coding(**(fields | changes)), "local/1")  # type: ignore[arg-type]

    absent = made(polarity=Polarity.ABSENT)
    assert (absent.stage_low, absent.stage_high) == (1, 1)
    assert absent.statement == only_statement(element, 1, 1) == element.statement_at(1).id
    assert made().id == made(confidence=0.1, rationale="other words").id
    changes: list[dict[str, object]] = [{}, {"status": Status.PAST}, {"stage_low": 3}, {"codes": ("DY1",)}, {"start": turn.start + 1}]
    assert len({made(**c).id for c in changes} | {absent.id}) == len(changes) + 1


def test_a_range_over_several_statements_places_none(john: Framework) -> None:
    element = john.element("deployment.frequency")
    assert only_statement(element, 1, 5) is None
    assert only_statement(element, 2, 2) == element.statement_at(2).id


def test_doubles_are_kept_once_in_order(sample_results: dict[str, CodingResult]) -> None:
    evidence = sample_results["d-pharma"].evidence
    assert in_order([*reversed(evidence), *evidence]) == evidence


# ---------------------------------------------------------------- quality: floors a little under what was measured


@pytest.fixture(scope="module")
def figures(oracles: dict[str, Oracle], sample_results: dict[str, CodingResult]) -> dict[str, float]:
    """Agreement with the codings by hand of the samples over (sentence, element), current evidence. The heads never saw them."""
    shared = found = wanted = leaked = elsewhere = 0
    for stem, oracle in oracles.items():
        current = [e for e in sample_results[stem].evidence if e.status is Status.CURRENT]
        predicted = {pair for e in current for pair in oracle.covered(e)}
        gold, other = oracle.pairs("current"), oracle.pairs("planned", "past", "general") - oracle.pairs("current")
        shared, found, wanted = shared + len(predicted & gold), found + len(predicted), wanted + len(gold)
        leaked, elsewhere = leaked + len(predicted & other), elsewhere + len(other)
    assert wanted > 200
    assert elsewhere > 50
    return {
        "f1": 2 * shared / (found + wanted),
        "recall": shared / wanted,
        "leak": leaked / elsewhere,
        "leak_of_found": leaked / found,
    }


def test_agreement_with_codings_by_hand(figures: dict[str, float]) -> None:
    """Measured: f1 0.60, recall 0.79. Nearest statement by meaning alone is near 0.2."""
    assert figures["f1"] >= 0.52
    assert figures["recall"] >= 0.65


def test_plans_past_and_others_seldom_come_out_as_current(figures: dict[str, float]) -> None:
    """Measured: 0.33 of what is planned, past or general (57 pairs, all written as traps), 0.053 of what is called current."""
    assert figures["leak"] <= 0.45
    assert figures["leak_of_found"] <= 0.08


@pytest.mark.parametrize(
    "said",
    [
        "Companies should really monitor their models in production, I would advise everyone to do that.",
        "My favourite film is about a dog, and the weather was lovely in Lisbon last week.",
    ],
)
def test_advice_and_small_talk_are_not_current_practice(engine: Engine, john: Framework, said: str) -> None:
    transcript = talk(SHORT.replace(MANUAL, said).replace(ALERTS, CHAT[2]), interviewer=["Interviewer"])
    assert said in transcript.text
    found = engine.code(make_task(transcript, john, engine)).evidence
    assert [e.element for e in found if e.status is Status.CURRENT] == []
