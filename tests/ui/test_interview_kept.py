"""What people type on the interview pages is what is used, and an answer that cannot be saved is given back."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from test_interview_pages import by_link, create, ledger, page, press, token
from ui_support import Project

from assistant.errors import EngineError, StoreError
from assistant.interview import Conductor, Ledger, service
from assistant.interview.links import open_link, signing_key, token_of
from assistant.settings import get_settings
from assistant.store.clock import utc_now
from assistant.ui.state import InterviewView


def under_way(project: Project, mode: str = "self-service") -> str:
    """An interview whose first question waits."""
    interview = create(project, mode=mode, respondent="Resp")
    conductor = service.conductor(project.store, interview, get_settings())
    conductor.consent(conductor.consent_text(), by="respondent")
    return interview


def conducted(project: Project, interview: str) -> AppTest:
    return page(project, InterviewView.CONDUCT, i=interview)


def type_answer(at: AppTest, words: str) -> None:
    """Typed, not sent."""
    next(a for a in at.text_area if (a.key or "").startswith("answer-")).set_value(words)


def field(at: AppTest) -> str | None:
    """What the answer's field holds; None where there is none."""
    return next((a.value for a in at.text_area if (a.key or "").startswith("answer-")), None)


def given_back(at: AppTest) -> list[str]:
    return [c.value for c in at.code]


# ---------------------------------------------------------------- typed, and clicked without leaving the field first


def test_the_name_typed_last_is_the_respondents(project: Project) -> None:
    at = page(project)
    at.text_input(key="new-respondent").set_value("Bea Lund")
    at.text_input(key="new-role").set_value("data scientist")
    at.number_input(key=next(n.key for n in at.number_input if (n.key or "").startswith("new-minutes-"))).set_value(25)
    press(at, "new-interview")
    opened = ledger(project, project.store.interviews(project.use_case.id)[-1].id).opened
    assert (opened.respondent, opened.role, opened.budget_minutes) == ("Bea Lund", "data scientist", 25)
    assert page(project).text_input(key="new-respondent").value == ""


def test_the_days_typed_last_are_the_links(project: Project) -> None:
    interview = create(project, mode="self-service")
    at = page(project)
    at.number_input(key=f"days-{interview}").set_value(2.0)
    press(at, f"link-{interview}")
    grant = open_link(token_of(at.code[0].value), signing_key(get_settings()), utc_now(), project.store)
    assert grant.expires - utc_now().timestamp() == pytest.approx(2 * 86_400, abs=300)


def test_the_reason_typed_last_is_the_withdrawals(project: Project) -> None:
    interview = create(project)
    at = page(project)
    at.checkbox(key=f"sure-{interview}").check().run()
    at.text_input(key=f"why-{interview}").set_value("asked by mail")
    press(at, f"withdraw-{interview}")
    left = project.store.tombstone(interview)
    assert left is not None
    assert left.reason == "asked by mail"


def test_an_own_question_is_asked_as_typed_last(project: Project) -> None:
    interview = under_way(project, "copilot")
    at = conducted(project, interview)
    next(t for t in at.text_input if (t.key or "").startswith("own-")).set_value("Who is called at night?")
    press(at, "own-ask")
    pending = ledger(project, interview).pending
    assert pending is not None
    assert pending.text == "Who is called at night?"


def test_a_question_typed_in_one_interview_stays_out_of_another(project: Project) -> None:
    first, other = under_way(project, "copilot"), under_way(project, "copilot")
    at = conducted(project, first)
    next(t for t in at.text_input if (t.key or "").startswith("own-")).set_value("Who is called at night?").run()
    at.selectbox(key="which-interview").set_value(other).run()
    assert next(t for t in at.text_input if (t.key or "").startswith("own-")).value == ""


def test_captions_are_taken_over_as_pasted_last(project: Project) -> None:
    interview = under_way(project, "copilot")
    at = conducted(project, interview)
    area = next(a for a in at.text_area if (a.key or "").startswith("captions-"))
    area.set_value("Resp: By hand.").run()
    next(a for a in at.text_area if a.key == area.key).set_value("Resp: By hand.\nInes Falk: Always?\nResp: On Tuesdays.")
    press(at, "take-captions-")
    heard = next(a for a in at.text_area if (a.key or "").startswith("heard-"))
    assert heard.value == "By hand.\nOn Tuesdays."


# ---------------------------------------------------------------- an answer that cannot be saved


def test_an_answer_after_a_withdrawal_elsewhere_is_given_back(project: Project) -> None:
    interview = under_way(project)
    at = by_link(token(interview))
    type_answer(at, "a long answer")
    service.withdraw(project.store, interview)
    press(at, "send-answer-")
    assert [e.value.count("withdrawn") for e in at.error] == [1], "said once"
    assert given_back(at) == ["a long answer"]
    press(at, "unsent-away-")
    assert not given_back(at)


@pytest.mark.parametrize("mode", ["self-service", "copilot"])
def test_an_answer_after_a_stop_elsewhere_is_given_back(project: Project, mode: str) -> None:
    interview = under_way(project, mode)
    at = by_link(token(interview)) if mode == "self-service" else conducted(project, interview)
    type_answer(at, "a long answer")
    service.conductor(project.store, interview, get_settings()).stop()
    press(at, "send-answer-")
    assert given_back(at) == ["a long answer"]
    assert any("interview is over" in e.value for e in at.error)


def test_an_answer_is_given_back_for_its_own_interview_only(project: Project) -> None:
    first, other = under_way(project, "copilot"), under_way(project, "copilot")
    at = conducted(project, first)
    type_answer(at, "said by the first")
    service.conductor(project.store, first, get_settings()).stop()
    press(at, "send-answer-")
    at.selectbox(key="which-interview").set_value(other).run()
    assert not given_back(at)
    at.selectbox(key="which-interview").set_value(first).run()
    assert given_back(at) == ["said by the first"]


@pytest.mark.parametrize("mode", ["self-service", "copilot"])
def test_an_answer_sent_while_the_settings_are_damaged_comes_back_to_its_field(project: Project, mode: str) -> None:
    interview = under_way(project, mode)
    at = by_link(token(interview)) if mode == "self-service" else conducted(project, interview)
    type_answer(at, "a long answer")
    file = get_settings().data_dir / "app-settings.json"
    file.write_text("{broken")
    press(at, "send-answer-")
    assert given_back(at) == ["a long answer"]
    assert at.error
    file.unlink()
    press(at, "again")
    assert not given_back(at)
    assert field(at) == "a long answer"
    press(at, "send-answer-")
    assert ledger(project, interview).answers == ("a long answer",)


def test_words_taken_over_outlive_a_pause_and_are_not_doubled_by_a_failure(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = under_way(project, "copilot")
    at = conducted(project, interview)
    next(a for a in at.text_area if (a.key or "").startswith("captions-")).set_value("Ines Falk: How?\nResp: By hand.").run()
    press(at, "take-captions-")
    press(at, "pause")
    press(at, "resume")
    assert [a.value for a in at.text_area if (a.key or "").startswith("heard-")] == ["By hand."]

    def locked(*_: object, **__: object) -> Ledger:
        raise StoreError("the database is locked", remedy="try again")

    with monkeypatch.context() as broken:
        broken.setattr(Conductor, "answer", locked)
        press(at, "send-answer-")
        assert any("database is locked" in e.value for e in at.error)
    file = get_settings().data_dir / "app-settings.json"
    file.write_text("{broken")
    press(at, "send-answer-")
    file.unlink()
    press(at, "again")
    assert field(at) == "By hand."
    press(at, "send-answer-")
    assert ledger(project, interview).answers == ("By hand.",)


def test_two_late_answers_are_both_given_back(project: Project) -> None:
    interview = under_way(project)
    at = by_link(token(interview))
    conductor = service.conductor(project.store, interview, get_settings())
    for words in ("one", "two"):
        type_answer(at, words)
        pending = conductor.ledger.pending
        assert pending is not None
        conductor.answer(f"{words}, in another window", to=pending.seq)
        press(at, "send-answer-")
    assert given_back(at) == ["one", "two"]
    press(at, "unsent-away-")
    assert given_back(at) == ["two"]


def test_an_answer_that_is_too_long_stays_in_its_field(project: Project) -> None:
    at = by_link(token(under_way(project)))
    type_answer(at, "x" * 50_001)
    press(at, "send-answer-")
    assert any("more than" in e.value for e in at.error)
    assert field(at) == "x" * 50_001
    assert not given_back(at)


def test_the_last_answer_sent_twice_is_no_news(project: Project) -> None:
    interview = under_way(project)
    at = by_link(token(interview))
    type_answer(at, "We do it by hand.")
    pending = ledger(project, interview).pending
    assert pending is not None
    conductor = service.conductor(project.store, interview, get_settings())
    conductor.answer("We do it by hand.", to=pending.seq, go_on=False)
    conductor.stop()
    press(at, "send-answer-")
    assert not given_back(at)
    assert not at.error
    assert any("Your answers are saved" in s.value for s in at.success)


def test_a_recording_that_failed_is_tried_again_when_asked(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def hear(self: Conductor, sound: bytes, *, by: str) -> str:
        tries.append(sound)
        if len(tries) == 1:
            raise EngineError("the speech model did not answer", remedy="try again")
        return "We monitor it daily."

    monkeypatch.setattr(Conductor, "hears", property(lambda self: True))
    monkeypatch.setattr(Conductor, "hear", hear)
    at = by_link(token(under_way(project)))
    at.audio_input[0].upload("answer.wav", b"RIFF", "audio/wav").run()
    assert any("speech model did not answer" in e.value for e in at.error)
    at.run()
    assert len(tries) == 1, "sent again by nobody but the respondent"
    assert at.error
    press(at, "again-heard-")
    assert len(tries) == 2
    assert not at.error
    assert next(a for a in at.text_area if (a.key or "").startswith("heard-")).value == "We monitor it daily."
    at.run()
    assert len(tries) == 2
