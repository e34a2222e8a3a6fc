"""What leaves in an interview: nothing that consent does not name, no names, and no word after a withdrawal. On SQLite and PostgreSQL."""

from __future__ import annotations

import json
import threading

import pytest
from interview_support import BadModel, WordCoder, conductor, framework, fresh
from llm_server import Body, LLMServer, Says, first_sentences
from reading_fixtures import SAID
from store_support import raw_value

from assistant.errors import PermissionDenied, StoreError
from assistant.extraction.llm.redact import Names
from assistant.interview import Conductor, Ledger, load_guide, service
from assistant.interview import events as ev
from assistant.interview.engine import Setup
from assistant.interview.events import Finding
from assistant.interview.logs import StoreLog
from assistant.interview.wording import MAX_SAID, ModelWorder
from assistant.settings import Settings
from assistant.store import Store, UseCase
from assistant.store.interview_events import InterviewEvents
from assistant.store.llm_calls import Departure, LLMCalls, of_interview
from assistant.transcripts import read_transcript

pytest_plugins = ["store_fixtures", "reading_fixtures"]


class ClauseCoder(WordCoder):
    """Reads one clause with a name in it as a practice that cannot be placed, so that the probe repeats it."""

    clause = "Bea Lund copies it by hand"

    def findings(self, ledger: Ledger) -> tuple[Finding, ...]:
        said = [(x.reply_turn, x.reply) for x in ledger.exchanges if x.reply is not None and self.clause in x.reply]
        return tuple(self._finding(turn or 0, text, self.clause, "organisation.roles", 1, 5) for turn, text in said)


@pytest.fixture
def interview(store: Store, use_case: UseCase) -> str:
    return service.create(store, use_case.id, load_guide(), Setup(interviewer="Ola Berg", respondent="Bea Lund"))


def begun(store: Store, interview: str, settings: Settings) -> Conductor:
    made = service.conductor(store, interview, settings)
    if made.ledger.consent is None:
        made.consent(made.consent_text(), by="respondent")
    return made


def answer(made: Conductor, words: str = SAID) -> Ledger:
    pending = made.ledger.pending
    assert pending is not None
    return made.answer(words, to=pending.seq)


def sent(made: Conductor) -> list[ev.Sent]:
    return [e.body for e in made.events if isinstance(e.body, ev.Sent)]


# ---------------------------------------------------------------- names


def test_a_probe_that_repeats_a_name_is_worded_without_it() -> None:
    model = BadModel(lambda n, body: "How often does this happen?")
    with model.serve() as url:
        worder = ModelWorder(Settings(llm_base_url=url, openai_api_key="k"), "good", Names(people=("Bea Lund",)))
        made = conductor(coder=ClauseCoder(framework()), worder=worder)
        answer(made, "Well, Bea Lund copies it by hand.")
    assert len(model.bodies) == 1
    left = json.dumps(model.bodies[0]["messages"])
    assert "[P1] copies it by hand" in left
    assert "Bea" not in left
    assert "Lund" not in left
    assert "Bea" not in sent(made)[0].text


def test_a_name_across_the_cut_does_not_leave() -> None:
    worder = ModelWorder(Settings(llm_base_url="http://127.0.0.1:9/v1", openai_api_key="k"), "m", Names(people=("Bea Lundqvist",)))
    for name in ("Bea Lundqvist", "bea.lundqvist@example.com"):
        said = "x" * (MAX_SAID - 8) + " " + name + " and so on"
        assert "ea" not in worder.draft("How often?", "frequency", said).user.split("How often?")[1].split("\n", 3)[3]


def test_roles_are_no_names() -> None:
    names = Names(people=("Respondent", "Bea Lund"))
    worder = ModelWorder(Settings(llm_base_url="http://127.0.0.1:9/v1", openai_api_key="k"), "m", names)
    draft = worder.draft("How often?", "frequency", "The respondent of the API is Bea Lund.")
    assert "The respondent of the API is [P1]." in draft.user


def test_whoever_interviews_is_not_named_either(store: Store, interview: str, reader_settings: Settings, reader_server: LLMServer) -> None:
    answer(begun(store, interview, reader_settings), "As I told Ola Berg before, we keep every version of the data in a store.")
    left = json.dumps(reader_server.bodies[0]["messages"])
    assert "keep every version" in left
    assert "Berg" not in left


# ---------------------------------------------------------------- what was agreed to


def test_names_leave_only_where_the_respondent_agreed_to_that() -> None:
    model = BadModel(lambda n, body: "How often does this happen?")
    with model.serve() as url:
        hidden, open_ = (ModelWorder(Settings(llm_base_url=url, openai_api_key="k", llm_redact=on), "good") for on in (True, False))
        made = fresh(worder=hidden)
        text = made.consent_text()
        assert "names, addresses and numbers replaced" in text.text
        made.consent(text, by="respondent")
        later = Conductor(made.log, made.framework, WordCoder(made.framework), open_)
        ledger = answer(later, "We do it by turns, mail w@example.com. #organisation.roles=1-5")
        assert model.bodies == []
        assert ledger.pending is not None
        assert ledger.pending.body.wording.note == "the respondent did not agree to this model"  # type: ignore[union-attr]
        for worder in (open_, hidden):
            plain = fresh(worder=open_)
            plain.consent(plain.consent_text(), by="respondent")
            answer(Conductor(plain.log, plain.framework, WordCoder(plain.framework), worder), "We do it by turns. #organisation.roles=1-5")
    assert len(model.bodies) == 2, "replacing more than was promised needs no consent"


def test_neither_live_nor_later_is_an_answer_read_with_its_names(
    store: Store, interview: str, reader_settings: Settings, reader_server: LLMServer
) -> None:  # fmt: skip
    begun(store, interview, reader_settings)
    answer(begun(store, interview, reader_settings.model_copy(update={"llm_redact": False})))
    assert reader_server.bodies == []
    service.check_agreed(store, interview, reader_server.url, "reader", redacted=True)
    with pytest.raises(PermissionDenied, match="with its names"):
        service.check_agreed(store, interview, reader_server.url, "reader", redacted=False)


# ---------------------------------------------------------------- withdrawal


def test_nothing_leaves_and_nothing_is_kept_once_the_respondent_withdrew(
    store: Store, url: str, interview: str, reader_settings: Settings, reader_server: LLMServer
) -> None:  # fmt: skip
    def withdraws(body: Body) -> Says:
        with Store.open(url) as other:
            service.withdraw(other, interview)
        # No coding: asked once more, had the respondent not gone.
        return Says("this is no coding")

    reader_server.answer = withdraws
    with pytest.raises(StoreError, match="withdrawn and erased"):
        answer(begun(store, interview, reader_settings))
    assert len(reader_server.bodies) == 1
    assert raw_value(url, "SELECT count(*) FROM llm_calls") == 0
    assert raw_value(url, "SELECT count(*) FROM interview_events") == 0


def departure(of: str) -> Departure:
    return Departure(
        request_hash="r", transcript=of, window=0, purpose="extract", recipient="http://x", model="m", prompt_hash="p", seed=None,
        request={"messages": SAID},
    )  # fmt: skip


def test_no_request_is_kept_of_what_was_erased(store: Store, use_case: UseCase, interview: str) -> None:
    calls = LLMCalls(store)
    data = b"Q: How?\nA: By hand.\n"
    transcript = read_transcript(data, name="x.txt")
    added = store.add_transcript(use_case.id, transcript, data)
    calls.depart(departure(of_interview(interview)))
    calls.depart(departure(transcript.id))
    calls.depart(departure("t-of-a-file"))
    service.withdraw(store, interview)
    store.erase_interview(added.info.interview, "ann", "withdrawn")
    for of in (of_interview(interview), transcript.id):
        with pytest.raises(StoreError, match="withdrawn and erased"):
            calls.depart(departure(of))
    assert [c.transcript for c in calls.log()] == ["t-of-a-file"]
    elsewhere = store.add_use_case(use_case.organisation, "Other")
    store.add_transcript(elsewhere.id, transcript, data)
    calls.depart(departure(transcript.id))


@pytest.mark.slow
def test_an_answer_that_comes_with_the_withdrawal_does_not_stay(store: Store, url: str, use_case: UseCase) -> None:
    """Whichever is first, nothing is left: answers and requests wait for the erasure, or are erased by it."""
    for _ in range(8):
        interview = service.create(store, use_case.id, load_guide(), Setup())
        start = threading.Barrier(3)

        def say(interview: str = interview, start: threading.Barrier = start) -> None:
            with Store.open(url) as other:
                table, n = InterviewEvents(other), 1
                start.wait()
                try:
                    while True:
                        table.append(interview, {"kind": "answered", "to": 1, "text": SAID}, expected=n, by="respondent")
                        n += 1
                except StoreError:
                    return

        def send(interview: str = interview, start: threading.Barrier = start) -> None:
            with Store.open(url) as other:
                calls = LLMCalls(other)
                start.wait()
                try:
                    while True:
                        calls.depart(departure(of_interview(interview)))
                except StoreError:
                    return

        threads = [threading.Thread(target=t) for t in (say, send)]
        for t in threads:
            t.start()
        start.wait()
        service.withdraw(store, interview)
        for t in threads:
            t.join()
        assert StoreLog(store, interview).read() == ()
        assert LLMCalls(store).log(transcript=of_interview(interview)) == ()


def test_what_a_model_read_before_it_failed_stands(
    store: Store, interview: str, reader_settings: Settings, reader_server: LLMServer
) -> None:
    made = begun(store, interview, reader_settings)
    first = answer(made).findings
    assert first
    reader_server.answer = lambda body: Says("this is no coding")
    after = answer(made, "I train in notebooks, and then I copy the model to the server by hand.").findings
    assert set(first) <= set(after)
    reader_server.answer = first_sentences
    assert set(after) <= set(answer(made, "Every merge request is reviewed by a second person.").findings)
