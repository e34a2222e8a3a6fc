"""Two tabs, two processes, a model that is slow: nothing is lost, nothing is done twice, nobody is sent away without need."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from interview_support import BadModel, Ticking, WordCoder, conductor, framework, fresh
from store_support import raw_value

from assistant.errors import EngineError, StaleEditError
from assistant.interview import Conductor, Ledger, load_guide, service
from assistant.interview import events as ev
from assistant.interview.engine import Setup
from assistant.interview.events import Finding
from assistant.interview.logs import MemoryLog, StoreLog
from assistant.interview.reading import Page
from assistant.interview.wording import ModelWorder
from assistant.settings import Settings
from assistant.store import Store, UseCase
from assistant.store.interview_events import InterviewEvents

pytest_plugins = ["store_fixtures"]


class BusyLog(MemoryLog):
    """A log in which another tab is faster by one event, once."""

    other: ev.Body | None = None

    def append(self, body: ev.Body, *, expected: int, by: str) -> ev.Event:
        if self.other is not None:
            first, self.other = self.other, None
            super().append(first, expected=len(self.read()), by="another tab")
        return super().append(body, expected=expected, by=by)


def to(made: Conductor) -> int:
    pending = made.ledger.pending
    assert pending is not None
    return pending.seq


def test_an_answer_is_taken_while_another_tab_pauses() -> None:
    log = BusyLog(Ticking())
    made = conductor(log)
    log.other = ev.Paused()
    ledger = made.answer("Said at the same moment.", to=to(made))
    assert ledger.answers == ("Said at the same moment.",)
    assert not ledger.paused


def test_an_answer_is_not_taken_once_another_tab_answered() -> None:
    log = BusyLog(Ticking())
    made = conductor(log)
    asked = to(made)
    log.other = ev.Answered(to=asked, text="The other tab's.")
    with pytest.raises(StaleEditError, match="answered already"):
        made.answer("This tab's.", to=asked)
    assert made.ledger.answers == ("The other tab's.",)


@pytest.mark.parametrize(
    ("act", "other", "holds"),
    [
        (lambda m: m.stop(), ev.Paused(), lambda led: led.stopped is not None),
        (lambda m: m.pause(), ev.Sent(recipient="x", model="y", prompt="", text="z"), lambda led: led.paused),
        (lambda m: m.pause(), ev.Paused(), lambda led: led.paused),
        (lambda m: m.pause(), ev.Stopped(reason="respondent"), lambda led: led.over and not led.paused),
    ],
)
def test_what_people_decide_holds_whoever_is_faster(
    act: Callable[[Conductor], Ledger], other: ev.Body, holds: Callable[[Ledger], bool]
) -> None:
    log = BusyLog(Ticking())
    made = conductor(log)
    log.other = other
    assert holds(act(made))


def test_consent_given_twice_at_once_counts_once() -> None:
    log = BusyLog(Ticking())
    made = fresh(log)
    text = made.consent_text()
    log.other = ev.Consented(**text.model_dump())
    assert made.consent(text, by="respondent").pending is not None
    assert sum(isinstance(e.body, ev.Consented) for e in made.events) == 1


def test_the_interviewers_own_choice_comes_last_of_two_tabs() -> None:
    log = BusyLog(Ticking())
    made = conductor(log, Setup(mode="copilot"))
    wanted = made.suggestions(1)[0].key
    log.other = ev.Answered(to=to(made), text="Just then.")
    ledger = made.choose(wanted, by="ann")
    assert ledger.answers == ("Just then.",)
    assert ledger.pending is not None
    assert ledger.pending.body.item == wanted  # type: ignore[union-attr]
    assert sum(x.outcome == "pending" for x in ledger.exchanges) == 1


def test_two_tabs_that_wait_for_a_slow_model_do_not_chase_each_other() -> None:
    def slow(n: int, body: object) -> str:
        time.sleep(0.4)
        return "How often does this happen?"

    model = BadModel(slow)
    with model.serve() as url:
        made = conductor()
        log = made.log
        consented = fresh(MemoryLog(Ticking()), worder=ModelWorder(Settings(llm_base_url=url, openai_api_key="k"), "good"))
        consented.consent(consented.consent_text(), by="respondent")
        log = consented.log
        consented.answer("So so. #organisation.roles=1-5", to=to(consented), go_on=False)

        def tab(delay: float) -> None:
            time.sleep(delay)
            worder = ModelWorder(Settings(llm_base_url=url, openai_api_key="k"), "good")
            Conductor(log, framework(), WordCoder(framework()), worder).advance()

        threads = [threading.Thread(target=tab, args=(delay,)) for delay in (0.0, 0.2)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert len(model.bodies) <= 2, "one each at most"
    sent = [e for e in consented.events if isinstance(e.body, ev.Sent)]
    assert len(sent) == len(model.bodies), "what left is on record, and nothing else"
    ledger = consented.ledger
    assert ledger.pending is not None
    assert ledger.pending.text == "How often does this happen?"
    assert sum(isinstance(e.body, ev.Probed) for e in consented.events) == 1


# ---------------------------------------------------------------- models that fail


class BrokenReader:
    """Never answers."""

    recipient, model, redacts = "http://reader.invalid/v1", "reader", True

    def page(self, ledger: Ledger) -> Page:
        return Page("hash", "what would be sent")

    def findings(self, ledger: Ledger) -> tuple[Finding, ...]:
        raise EngineError("the model reader did not answer")


def test_a_reader_that_fails_does_not_silence_the_worder_nor_is_it_taken_for_it() -> None:
    model = BadModel(lambda n, body: "How often does this happen?")
    with model.serve() as url:
        worder = ModelWorder(Settings(llm_base_url=url, openai_api_key="k"), "worder")
        made = fresh(worder=worder, reader=BrokenReader())
        made.consent(made.consent_text(), by="respondent")
        ledger = made.answer("So so. #organisation.roles=1-5", to=to(made))
    assert ledger.pending is not None
    assert ledger.pending.body.wording.source == "model"  # type: ignore[union-attr]
    assert "reader did not answer" in made.notice()
    assert "worder" not in made.notice()


def test_each_sending_is_on_record_even_where_the_one_before_ended_badly() -> None:
    class Falls(BrokenReader):
        sends = 0

        def findings(self, ledger: Ledger) -> tuple[Finding, ...]:
            self.sends += 1
            raise OSError("the disk is full")

    reader = Falls()
    made = fresh(reader=reader)
    made.consent(made.consent_text(), by="respondent")
    made.answer("So so.", to=to(made), go_on=False)
    for _ in range(2):
        with pytest.raises(OSError, match="disk"):
            made.advance()
    assert reader.sends == sum(isinstance(e.body, ev.Sent) for e in made.events) == 2


# ---------------------------------------------------------------- the database


def test_a_withdrawal_while_interviews_are_listed_does_not_stop_the_list(
    store: Store, use_case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [service.create(store, use_case.id, load_guide(), Setup(respondent=n)) for n in ("Ann", "Bob")]
    ends = InterviewEvents.ends

    def then_one_goes(self: InterviewEvents, of: str) -> dict[str, int]:
        found = ends(self, of)
        if not store.interview(names[0]).erased:
            service.withdraw(store, names[0])
        return found

    monkeypatch.setattr(InterviewEvents, "ends", then_one_goes)
    assert [s.interview for s in service.standings(store, use_case.id)] == [names[1]]
    assert [a.respondent for a in service.use_case_across(store, use_case.id).asked] == ["Bob"]


def test_two_processes_answer_at_once_one_is_taken(store: Store, url: str, use_case: UseCase) -> None:
    interview = service.create(store, use_case.id, load_guide(), Setup())
    made = Conductor(StoreLog(store, interview), framework(), WordCoder(framework()))
    made.consent(made.consent_text(), by="respondent")
    seen, taken = to(made), []

    def tab(n: int) -> None:
        with Store.open(url) as other:
            try:
                Conductor(StoreLog(other, interview), framework(), WordCoder(framework())).answer(f"Of tab {n}.", to=seen)
                taken.append(f"Of tab {n}.")
            except StaleEditError:
                pass

    threads = [threading.Thread(target=tab, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert made.ledger.answers == tuple(taken)
    assert len(taken) == 1
    assert raw_value(url, "SELECT count(*) FROM interview_events WHERE kind = 'answered'") == 1
