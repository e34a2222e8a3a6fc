"""Batch files: out, in, again, altered; consensus; the functions behind the command line; waits."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.cli.llm_work import (
    LLMOptions,
    code_files,
    describe_call,
    describe_estimate,
    describe_usage,
    dry_run,
    egress_log,
    export_batch,
    import_batch,
    make_llm_engine,
    read_names,
    show_request,
)
from assistant.errors import EngineError, InputError
from assistant.extraction.llm.consensus import ConsensusEngine
from assistant.extraction.llm.engine import IncompleteError, LLMEngine
from assistant.extraction.llm.retry import Pacer, asked_wait, duration, reset_wait
from assistant.pipeline import read_folder
from assistant.store import Store
from tests.llm_server import Body, Fault, LLMServer, first_sentences
from tests.llm_support import conversation, engine, framework, long_conversation, settings

NOWHERE = "http://127.0.0.1:1/v1"


def answer_file(requests: Path, results: Path, answer: Any = first_sentences) -> list[dict[str, Any]]:
    """What the Batch API would give for a file of requests."""
    lines = []
    for line in requests.read_text().splitlines():
        given = json.loads(line)
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer(given["body"])}}
        body = {
            "id": "x",
            "object": "chat.completion",
            "model": "m-batch",
            "choices": [choice],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2},
        }
        lines.append({"id": "b", "custom_id": given["custom_id"], "response": {"status_code": 200, "body": body}, "error": None})
    results.write_text("".join(json.dumps(line) + "\n" for line in reversed(lines)))
    return lines


def test_out_and_in_gives_what_the_endpoint_gives(tmp_path: Path) -> None:
    talk = long_conversation()
    with LLMServer() as server:
        one, store = engine(server.url, tmp_path / "live")
        with store:
            live = one.code(one.task(talk, framework()))
    one, store = engine(NOWHERE, tmp_path)
    with store:
        tasks = [one.task(talk, framework())]
        first = export_batch(one, tasks, tmp_path / "out" / "requests.jsonl")
        content = (tmp_path / "out" / "requests.jsonl").read_text()
        assert export_batch(one, tasks, tmp_path / "out" / "requests.jsonl") == first
        assert (tmp_path / "out" / "requests.jsonl").read_text() == content
        assert len(egress_log(store)) == first.written > 2
        line = json.loads(content.splitlines()[0])
        assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
        assert len(one.run(tasks, send=False)[0].failed) == first.written
        answer_file(tmp_path / "out" / "requests.jsonl", tmp_path / "results.jsonl")
        taken = import_batch(store, tmp_path / "results.jsonl")
        assert (taken.taken, taken.known, taken.refused) == (first.written, 0, ())
        again = import_batch(store, tmp_path / "results.jsonl")
        assert (again.taken, again.known, again.refused) == (0, first.written, ())
        run = one.run(tasks, send=False)[0]
        assert run.failed == ()
        assert [(e.quote, e.element, e.start) for e in run.result.evidence] == [(e.quote, e.element, e.start) for e in live.evidence]
        assert export_batch(one, tasks, tmp_path / "none.jsonl").answered == first.written
        assert (tmp_path / "none.jsonl").read_text() == ""
        assert describe_call(egress_log(store)[0]).count("file:requests.jsonl") == 1


def test_unknown_and_altered_answers_are_refused_one_by_one(tmp_path: Path) -> None:
    one, store = engine(NOWHERE, tmp_path, llm_window_tokens=250)
    with store:
        tasks = [one.task(long_conversation(), framework())]
        export_batch(one, tasks, tmp_path / "requests.jsonl")
        lines = answer_file(tmp_path / "requests.jsonl", tmp_path / "results.jsonl")
        good, changed = lines[0], json.loads(json.dumps(lines[0]))
        changed["response"]["body"]["choices"][0]["message"]["content"] = '{"items":[]}'
        unknown = {**lines[1], "custom_id": lines[1]["custom_id"][:-1] + ("0" if lines[1]["custom_id"][-1] != "0" else "1")}
        failed = {**lines[1], "response": {"status_code": 500, "body": {}}}
        errored = {**lines[1], "error": {"code": "expired"}}
        strange = {**lines[1], "response": {"status_code": 200, "body": {"choices": []}}}
        rows = [good, changed, unknown, failed, errored, strange, {"custom_id": "mine"}]
        (tmp_path / "mixed.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows) + "not json\n\n[1]\n")
        result = import_batch(store, tmp_path / "mixed.jsonl")
        assert result.taken == 1
        assert [r.line for r in result.refused] == [2, 3, 4, 5, 6, 7, 8, 10]
        reasons = [r.reason for r in result.refused]
        assert "altered" in reasons[0]
        assert "no request" in reasons[1]
        assert "error" in reasons[2]
        assert "error" in reasons[3]
        assert "no chat completion" in reasons[4]
        run = one.run(tasks, send=False)[0]
        assert len(run.failed) == run.windows - 1
        with pytest.raises(InputError):
            import_batch(store, tmp_path / "absent.jsonl")
        with pytest.raises(InputError):
            export_batch(one, tasks, tmp_path)


def test_an_unusable_batch_answer_can_be_replaced(tmp_path: Path) -> None:
    one, store = engine(NOWHERE, tmp_path, llm_window_tokens=5000)
    with store:
        tasks = [one.task(conversation(), framework())]
        export_batch(one, tasks, tmp_path / "q.jsonl")
        answer_file(tmp_path / "q.jsonl", tmp_path / "bad.jsonl", lambda body: "half")
        assert import_batch(store, tmp_path / "bad.jsonl").taken == 1
        assert "nothing is to be sent" in one.run(tasks, send=False)[0].failed[0].reason
        export_batch(one, tasks, tmp_path / "q2.jsonl")
        answer_file(tmp_path / "q2.jsonl", tmp_path / "good.jsonl")
        assert import_batch(store, tmp_path / "good.jsonl").taken == 1
        assert one.run(tasks, send=False)[0].failed == ()


# ---------------------------------------------------------------- consensus


def voting(body: Body) -> str:
    """By seed: all passes find the first claim, two the second, one the third."""
    seed = body["seed"]
    base = {"t": 1, "e": "A", "s": [2], "p": "present", "k": "current", "c": ["D1"]}
    items = [{**base, "q": "Every night a pipeline loads the sensor data" + (" into the lake" if seed > 1 else "")}]
    if seed != 2:
        items.append({**base, "t": 5, "e": "K", "q": "Our CI pipeline builds the container on each merge", "s": [4] if seed == 1 else [3]})
    if seed == 3:
        items.append({**base, "t": 3, "e": "C", "q": "I'd like to have snapshots next year", "k": "planned"})
    return json.dumps({"items": items})


def test_consensus_keeps_the_votes(tmp_path: Path) -> None:
    talk = conversation()
    with LLMServer(voting) as server, Store.open(f"sqlite:///{tmp_path / 'c.sqlite3'}") as store:
        given = settings(server.url, llm_window_tokens=5000)
        one = make_llm_engine(given, store, LLMOptions(passes=3))
        assert isinstance(one, ConsensusEngine)
        task = one.task(talk, framework())
        assert dry_run(one, [task]).calls == 3
        result = one.code(task)
        assert [(e.element, e.confidence) for e in result.evidence] == [
            ("data.management", 1.0),
            ("deployment.cicd", pytest.approx(0.6667)),
        ]
        assert result.evidence[0].quote == "Every night a pipeline loads the sensor data into the lake"
        assert "3 of 3 passes" in result.evidence[0].rationale
        assert result.evidence[0].engine == "llm/m×3"
        assert [r.reason for r in result.rejections] == ["1 of 3 passes propose it, 2 are needed"]
        assert {b["temperature"] for b in server.bodies} == {0.0, 0.5}
        assert one.code(task) == result
        assert server.counts()["calls"] == 3
        two = make_llm_engine(given, store, LLMOptions(models=("m", "n"), votes=2))
        assert len(two.code(two.task(talk, framework())).evidence) == 2
        with pytest.raises(EngineError):
            ConsensusEngine([LLMEngine(given, store)])


def test_consensus_says_what_is_missing(tmp_path: Path) -> None:
    with LLMServer(voting) as server, Store.open(f"sqlite:///{tmp_path / 'c.sqlite3'}") as store:
        one = make_llm_engine(settings(server.url, llm_window_tokens=5000), store, LLMOptions(passes=2))
        server.script(Fault(400))
        with pytest.raises(IncompleteError):
            one.code(one.task(conversation(), framework()))
        assert one.code(one.task(conversation(), framework())).evidence


# ---------------------------------------------------------------- command line functions


def test_show_request_is_exactly_what_leaves(tmp_path: Path) -> None:
    with LLMServer() as server, Store.open(f"sqlite:///{tmp_path / 's.sqlite3'}") as store:
        given = settings(server.url, llm_price_input=1.0, llm_price_output=2.0)
        one = make_llm_engine(given, store, LLMOptions())
        task = one.task(long_conversation(), framework())
        shown = [json.loads(line) for line in show_request(one, [task]).splitlines()]
        assert server.bodies == []
        expected = dry_run(one, [task])
        assert f"{len(shown)} calls to {server.url}" in describe_estimate(given, expected)
        assert isinstance(one, LLMEngine)
        one.run([task])
        sent = [{k: v for k, v in b.items() if k != "stream"} for b in server.bodies]
        assert {json.dumps(b, sort_keys=True) for b in sent} == {json.dumps(b, sort_keys=True) for b in shown}
        assert "calls" in describe_usage(one.usage)
        assert "cost unknown" in describe_estimate(settings(server.url), dry_run(LLMEngine(settings(server.url), store, model="z"), [task]))
        assert "answered" in describe_call(egress_log(store)[0])


def test_files_are_coded_into_a_folder(tmp_path: Path) -> None:
    good, odd = tmp_path / "good.txt", tmp_path / "odd.pdf"
    good.write_text(conversation().text)
    odd.write_bytes(b"%PDF-1.4 broken")
    (tmp_path / "b").mkdir()
    twice = [tmp_path / "twin.txt", tmp_path / "b" / "twin.txt"]
    for path in twice:
        path.write_text(conversation().text)
    with LLMServer() as server, Store.open(f"sqlite:///{tmp_path / 'f.sqlite3'}") as store:
        one = make_llm_engine(settings(server.url), store, LLMOptions())
        server.script(Fault(400))
        first = code_files(one, [good, odd, *twice], framework(), tmp_path / "out", interviewer=("Ines",))
        assert [type(f.error).__name__ for f in first] == ["IncompleteError", "TranscriptError", "EvidenceError", "EvidenceError"]
        (again,) = code_files(one, [good], framework(), tmp_path / "out", interviewer=("Ines",))
        assert again.error is None
        assert again.out is not None
        assert len(again.out.read_text().splitlines()) == len(again.evidence) > 0
        assert json.loads((tmp_path / "out" / "good.refused.json").read_text()) == []
        transcripts, evidence = read_folder(tmp_path / "out")
        assert [t.name for t in transcripts] == ["good"]
        assert tuple(evidence) == again.evidence
        both = make_llm_engine(settings(server.url), store, LLMOptions(passes=2))
        assert code_files(both, [good], framework(), tmp_path / "two", interviewer=("Ines",))[0].evidence


def test_names_from_files(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("# ours\nAcme\norg: Umbrella\nPerson: Ada Love\n\nat 10:30\n")
    names = read_names(LLMOptions(redact_files=(tmp_path / "names.txt",), people=("Bo",)))
    assert (names.people, names.organisations, names.others) == (("Bo", "Ada Love"), ("Umbrella",), ("Acme", "at 10:30"))
    with pytest.raises(InputError):
        read_names(LLMOptions(redact_files=(tmp_path / "absent",)))


def test_erasing_an_interview_erases_what_was_sent(tmp_path: Path) -> None:
    from assistant.transcripts import read_transcript

    with LLMServer() as server, Store.open(f"sqlite:///{tmp_path / 'e.sqlite3'}") as store:
        data = conversation().text.encode()
        talk = read_transcript(data, name="talk.txt", interviewer=("Ines",))
        use_case = store.add_use_case(store.add_organisation("Acme").id, "Pumps")
        added = store.add_transcript(use_case.id, talk, data)
        one = LLMEngine(settings(server.url), store)
        one.run([one.task(talk, framework())])
        assert egress_log(store)
        store.erase_interview(added.info.interview, "me", "asked for")
        assert egress_log(store) == ()


# ---------------------------------------------------------------- waits


def test_asked_wait() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert asked_wait({"Retry-After": "3"}) == 3
    assert asked_wait({"retry-after-ms": "250", "Retry-After": "3"}) == 0.25
    assert asked_wait({"Retry-After": "Thu, 01 Jan 2026 00:00:07 GMT"}, now=now) == 7
    assert asked_wait({"Retry-After": "Thu, 01 Jan 2020 00:00:07 -0000"}, now=now) == 0
    assert asked_wait({"Retry-After": "soon"}) is None
    assert asked_wait({}) is None


def test_reset_wait() -> None:
    assert reset_wait({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2s"}) == 62
    assert reset_wait({"x-ratelimit-remaining-tokens": "0", "X-RateLimit-Reset-Tokens": "6ms"}) == 0.006
    assert reset_wait({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "1m"}) is None
    assert reset_wait({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "later"}) is None
    assert duration("12") == 12
    assert duration("1h") == 3600
    assert duration("") is None
    assert duration("3 apples 2s") is None


def test_where_one_is_asked_to_wait_all_do() -> None:
    now = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pacer = Pacer(sleep=sleep, clock=lambda: now[0])
    pacer.turn()
    assert slept == []
    pacer.hold(10)
    pacer.hold(5)
    pacer.turn()
    assert 10 <= sum(slept) <= 10.25
    slept.clear()
    for attempt in range(1, 12):
        pacer.pause(attempt)
    assert max(slept) <= 20
    assert slept[0] <= 0.5
