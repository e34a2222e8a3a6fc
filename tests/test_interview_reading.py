"""Answers read by a language model as they come, over real HTTP: agreed to, on record before they leave, erased with the interview."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from llm_server import Body, Fault, LLMServer, first_sentences
from reading_fixtures import SAID

from assistant.errors import PermissionDenied
from assistant.interview import Conductor, load_guide, service
from assistant.interview import events as ev
from assistant.interview.engine import Setup
from assistant.interview.logs import StoreLog
from assistant.settings import Settings
from assistant.store import Store
from assistant.store.llm_calls import LLMCalls, of_interview

pytest_plugins = ["reading_fixtures"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'x.sqlite3'}") as opened:
        yield opened


@pytest.fixture
def interview(store: Store) -> str:
    use_case = store.add_use_case(store.add_organisation("Acme").id, "Fraud").id
    return service.create(store, use_case, load_guide(), Setup(respondent="Bea Lund"))


def begun(store: Store, interview: str, settings: Settings) -> Conductor:
    made = service.conductor(store, interview, settings)
    if made.ledger.consent is None:
        made.consent(made.consent_text(), by="respondent")
    return made


def answer(made: Conductor, words: str = SAID) -> None:
    pending = made.ledger.pending
    assert pending is not None
    made.answer(words, to=pending.seq)


def bodies(store: Store, interview: str) -> list[ev.Body]:
    return [e.body for e in StoreLog(store, interview).read()]


def test_consent_names_it_and_each_answer_is_sent_once(
    store: Store, interview: str, reader_settings: Settings, reader_server: LLMServer
) -> None:  # fmt: skip
    made = begun(store, interview, reader_settings)
    consent = made.ledger.consent
    assert consent is not None
    assert (consent.reading_recipient, consent.reading_model) == (reader_server.url, "reader")
    assert "each answer is sent with its question to the language model “reader”" in consent.text
    for n in range(3):
        answer(made, f"{SAID} That is number {n} of what we do by hand.")
    assert len(reader_server.bodies) == 3
    texts = ["\n".join(str(m["content"]) for m in body["messages"]) for body in reader_server.bodies]
    assert [f"number {n}" in texts[2] for n in range(3)] == [False, False, True], "earlier answers are not sent again"
    assert not any("Bea Lund" in t for t in texts), "names are replaced"
    sent = [b for b in bodies(store, interview) if isinstance(b, ev.Sent)]
    assert [s.text for s in sent] == ["\n\n".join(str(m["content"]) for m in body["messages"]) for body in reader_server.bodies]
    coded = [b for b in bodies(store, interview) if isinstance(b, ev.Coded)]
    assert {c.engine for c in coded} == {"llm/reader"}
    found = made.ledger.findings
    assert len(found) == 3
    replies = {x.reply_turn: x.reply or "" for x in made.ledger.exchanges}
    assert all(replies[f.turn][f.start : f.end] == f.quote for f in found)


def test_what_leaves_is_on_record_before(store: Store, interview: str, reader_settings: Settings, reader_server: LLMServer) -> None:
    seen: list[int] = []

    def look(body: Body) -> str:
        seen.append(sum(isinstance(b, ev.Sent) for b in bodies(store, interview)))
        return first_sentences(body)

    reader_server.answer = look
    answer(begun(store, interview, reader_settings))
    assert seen == [1]


def test_a_model_that_fails_is_replaced_by_the_local_engine(
    store: Store, interview: str, reader_settings: Settings, reader_server: LLMServer
) -> None:  # fmt: skip
    reader_server.answer = lambda _: Fault(500)
    made = begun(store, interview, reader_settings)
    for _ in range(5):
        answer(made)
    kinds = [b.kind for b in bodies(store, interview)]
    assert kinds.count("model_failed") == 3, "then the rest of the interview does without"
    assert len(reader_server.bodies) == 3
    coded = [b for b in bodies(store, interview) if isinstance(b, ev.Coded)]
    assert len(coded) == 5
    assert all(c.engine.startswith("local/") for c in coded)
    assert made.ledger.findings
    assert "reader did not answer" in made.notice()


def test_without_that_consent_nothing_leaves(store: Store, interview: str, reader_settings: Settings, reader_server: LLMServer) -> None:
    local = reader_settings.model_copy(update={"interview_coder": "local"})
    begun(store, interview, local)
    answer(begun(store, interview, reader_settings))
    assert not reader_server.bodies
    with pytest.raises(PermissionDenied, match="did not agree that the model reader"):
        service.check_agreed(store, interview, reader_server.url, "reader")


def test_an_agreed_model_may_code_the_transcript_later(
    store: Store, interview: str, reader_settings: Settings, reader_server: LLMServer
) -> None:
    begun(store, interview, reader_settings)
    service.check_agreed(store, interview, reader_server.url, "reader")
    with pytest.raises(PermissionDenied):
        service.check_agreed(store, interview, reader_server.url, "another")


def test_after_a_crash_a_reply_that_was_received_is_not_paid_for_again(
    store: Store, interview: str, reader_settings: Settings, reader_server: LLMServer
) -> None:  # fmt: skip
    made = begun(store, interview, reader_settings)
    pending = made.ledger.pending
    assert pending is not None
    made.answer(SAID, to=pending.seq, go_on=False)
    page = made._reader.page(made.ledger) if made._reader else None
    assert page is not None
    StoreLog(store, interview).append(
        ev.Sent(recipient="x", model="y", prompt="", text=page.text), expected=made.ledger.seq, by="assistant"
    )
    assert made._reader is not None
    made._reader.findings(made.ledger)  # The process dies here, before the finding is on record.
    assert len(reader_server.bodies) == 1
    begun(store, interview, reader_settings).advance()
    assert len(reader_server.bodies) == 1
    assert service.ledger(store, interview).findings


def test_withdrawing_erases_what_was_sent(store: Store, interview: str, reader_settings: Settings) -> None:
    answer(begun(store, interview, reader_settings))
    assert LLMCalls(store).log(transcript=of_interview(interview)), "kept with the interview"
    service.withdraw(store, interview)
    assert not LLMCalls(store).log(transcript=of_interview(interview))
