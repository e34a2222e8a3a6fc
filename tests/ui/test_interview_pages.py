"""The interview pages in every state through the entry point, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from interview_support import WordCoder
from streamlit.testing.v1 import AppTest
from ui_support import Project

import assistant.ui
from assistant.interview import Conductor, Ledger, load_guide, service
from assistant.interview import events as ev
from assistant.interview.engine import Setup
from assistant.interview.links import make_link, signing_key
from assistant.interview.logs import StoreLog
from assistant.settings import get_settings
from assistant.store.clock import utc_now
from assistant.ui import preferences
from assistant.ui.access import AppRole, User
from assistant.ui.preferences import Preferences
from assistant.ui.services import library
from assistant.ui.state import InterviewView

APP = str(Path(assistant.ui.__file__).with_name("app.py"))


def text(at: AppTest) -> str:
    """All HTML and Markdown of the page."""
    return "\n".join(str(getattr(e, "body", "") or getattr(e, "value", "")) for kind in ("html", "markdown") for e in at.get(kind))


def page(project: Project, view: InterviewView = InterviewView.TAKEN, **params: str) -> AppTest:
    """The assessor's page."""
    at = AppTest.from_file(APP, default_timeout=60)
    for name, value in {"uc": project.use_case.id, "iv": view.value, **params}.items():
        at.query_params[name] = value
    at.run()
    at.switch_page("app_pages/interview.py").run()
    assert not at.exception, at.exception
    return at


def by_link(token: str) -> AppTest:
    """The respondent's page."""
    at = AppTest.from_file(APP, default_timeout=60)
    at.query_params["k"] = token
    at.run()
    assert not at.exception, at.exception
    return at


def token(interview: str) -> str:
    return make_link(interview, signing_key(get_settings()), utc_now())


def create(project: Project, **setup: object) -> str:
    return service.create(project.store, project.use_case.id, load_guide(), Setup(**{"mode": "copilot", **setup}))  # type: ignore[arg-type]


def press(at: AppTest, key: str) -> AppTest:
    """A button by its key, or by the beginning of it."""
    at = next(b for b in at.button if (b.key or "") == key or (b.key or "").startswith(key)).click().run()
    assert not at.exception, at.exception
    return at


def say(at: AppTest, words: str) -> AppTest:
    """The pending question answered."""
    area = next(a for a in at.text_area if (a.key or "").startswith("answer-"))
    area.set_value(words)
    return press(at, "send-answer-")


@pytest.mark.parametrize("view", list(InterviewView))
def test_every_part_without_an_interview_says_what_to_do(project: Project, view: InterviewView) -> None:
    at = page(project, view)
    assert at.title[0].value == "Interview"
    if view is not InterviewView.GUIDE:
        assert any("Set one up" in i.value or "set one up" in i.value for i in at.info)


def test_the_guide_shows_every_question_with_its_source(project: Project) -> None:
    at, guide = page(project, InterviewView.GUIDE), load_guide()
    shown = text(at)
    from assistant.ui.markup import esc

    for section in guide.sections:
        for question in section.questions:
            assert esc(question.source) in shown


def test_set_up_conduct_and_end(project: Project) -> None:
    at = page(project)
    at.text_input(key="new-respondent").set_value("Bea Lund").run()
    at.text_input(key="new-role").set_value("data scientist").run()
    press(at, "new-interview")
    interview = service.Store.interviews(project.store, project.use_case.id)[-1].id
    assert "What this interview is for" in text(at), "consent comes first"
    press(at, "agree")
    assert ledger(project, interview).pending is not None
    say(at, "We keep every version of the data in a store, and a script tags it each night.")
    say(at, "Nobody looks at the model after it is live.")
    press(at, "pause")
    assert any("Paused" in i.value for i in at.info)
    press(at, "resume")
    press(at, "skip-answer-")
    press(at, "refuse-answer-")
    assert [x.outcome for x in ledger(project, interview).exchanges][:4] == ["answered", "answered", "skipped", "refused"]
    before = ledger(project, interview).pending
    press(at, "suggest-")
    after = ledger(project, interview).pending
    assert before is not None
    assert after is not None
    assert after.seq != before.seq
    press(at, "stop")
    assert any("is a transcript now" in s.value for s in at.success)
    kept = project.store.transcripts(project.use_case.id)[-1]
    assert kept.interview == interview


def ledger(project: Project, interview: str) -> Ledger:
    return service.ledger(project.store, interview)


def test_notes_are_not_passed_off_as_words(project: Project) -> None:
    interview = create(project, verbatim=False)
    at = page(project, InterviewView.CONDUCT, i=interview)
    assert "what the interviewer notes of your answers" in text(at)
    press(at, "agree")
    say(at, "They release by hand.")
    press(at, "stop")
    transcript = project.store.transcript(project.use_case.id, project.store.transcripts(project.use_case.id)[-1].id)
    assert any("not the respondent's words" in note for note in transcript.notes)


def test_captions_bring_the_respondents_words_only(project: Project) -> None:
    interview = create(project, respondent="Bea Lund")
    at = press(page(project, InterviewView.CONDUCT, i=interview), "agree")
    pasted = "Ines Falk: How do you release a model?\nBea Lund: We copy it to the server by hand.\nInes Falk: Who?\nBea Lund: One of us."
    next(a for a in at.text_area if (a.key or "").startswith("captions-")).set_value(pasted).run()
    press(at, "take-captions-")
    press(at, "send-answer-")
    assert ledger(project, interview).answers == ("We copy it to the server by hand.\nOne of us.",)


def test_a_self_service_interview_is_watched_not_conducted(project: Project) -> None:
    interview = create(project, mode="self-service")
    at = page(project, InterviewView.CONDUCT, i=interview)
    assert "has not begun" in text(at)
    assert not at.text_area
    assert not any((b.key or "").startswith(("send-", "agree")) for b in at.button)


def test_a_link_is_made_and_opens(project: Project) -> None:
    interview = create(project, mode="self-service", respondent="R3")
    at = press(page(project), f"link-{interview}")
    address = at.code[0].value
    made = by_link(address.split("k=")[1])
    assert "What this interview is for" in text(made)
    assert not made.sidebar


def test_declined_and_withdrawn(project: Project) -> None:
    declined = create(project, mode="self-service")
    at = press(by_link(token(declined)), "decline")
    assert any("nothing was asked" in i.value for i in at.info)
    assert "Your answers and your rights" in [box.label for box in at.expander], "the invitation may be erased too"
    withdrawn = create(project, mode="self-service", respondent="R9")
    at = page(project)
    at.checkbox(key=f"sure-{withdrawn}").check().run()
    press(at, f"withdraw-{withdrawn}")
    assert project.store.interview(withdrawn).erased
    assert any("withdrawn" in e.value for e in by_link(token(withdrawn)).error)
    assert "R9" not in text(page(project))


def test_the_end_of_the_guide_thanks_and_keeps(project: Project) -> None:
    interview = create(project, mode="self-service", focus=("data.versioning",))
    at = press(by_link(token(interview)), "agree")
    for n in range(60):
        if not any((b.key or "").startswith("send-") for b in at.button):
            break
        say(at, f"We do that by hand, number {n}.") if n % 3 else press(at, "skip-answer-")
    else:
        pytest.fail("the interview never ends")
    assert any("Your answers are saved" in s.value for s in at.success)
    assert ledger(project, interview).stopped is not None
    assert project.store.transcripts(project.use_case.id)[-1].interview == interview
    again = by_link(token(interview))
    assert any("Your answers are saved" in s.value for s in again.success), "the same after a reload"


def test_together_shows_who_differs_and_starts_a_follow_up(project: Project) -> None:
    # By a coder that reads marks: what is drawn is tested here, not what the engine makes of words. Cy was asked and skipped it.
    for name, words in {"Ann": "By hand #deployment.process=2", "Bo": "By itself #deployment.process=4", "Cy": ""}.items():
        interview = create(project, respondent=name, role="engineer")
        conductor = Conductor(StoreLog(project.store, interview), project.framework, WordCoder(project.framework))
        conductor.consent(conductor.consent_text(), by="t")
        state = conductor.choose(_deploying(conductor.ledger), by="t")
        assert state.pending is not None
        if words:
            conductor.answer(words, to=state.pending.seq)
        else:
            conductor.skip(to=state.pending.seq)
    at = page(project, InterviewView.TOGETHER)
    shown = text(at)
    assert "Where respondents differ" in [t.value for t in at.subheader]
    asked = load_guide().by_key[_deploying(conductor.ledger)].text
    assert shown.count(f"<li>{asked}</li>") == 3, "what each was asked"
    assert "Ann" in shown
    assert "Bo" in shown
    assert next(t.value for t in at.subheader) == "What to ask next"
    press(at, "follow-up")
    assert at.session_state["new-mode"]
    chosen = next(m for m in at.multiselect if (m.key or "").startswith("new-focus-"))
    assert len(chosen.value) > 3


def _deploying(state: Ledger) -> str:
    """A question of the guide about how models are deployed."""
    return next(i.key for i in state.guide.items if "deployment.process" in i.elements)


def test_an_interview_shows_its_own_framework_whichever_the_session_looks_at(project: Project) -> None:
    interview = create(project, mode="self-service")
    at = page(project, InterviewView.CONDUCT, i=interview, fw="google-mlops")
    assert all(element.name in text(at) for element in project.framework.elements)


def test_an_own_guide_with_a_fault_names_the_line(project: Project) -> None:
    at = page(project)
    at.selectbox(key="new-guide").select_index(len(at.selectbox(key="new-guide").options) - 1).run()
    at.file_uploader(key="new-guide-file").upload("mine.yaml", b"id: mine\nversion: 1\ntitle: Mine\n").run()
    assert not at.exception
    assert any("mine.yaml" in e.value.replace("\\", "") for e in at.error), [e.value for e in at.error]


def test_settings_say_what_interviews_send_and_what_they_sent(project: Project) -> None:
    interview = create(project)
    log = StoreLog(project.store, interview)
    sent = ev.Sent(recipient="http://speech.example/v1", model="whisper", prompt="", text="a recording", purpose="recording")
    log.append(sent, expected=1, by="respondent")
    preferences.save(get_settings(), Preferences(interview_model="wordsmith", llm_base_url="http://model.example/v1"))
    at = AppTest.from_file(APP, default_timeout=60)
    at.run()
    at.switch_page("app_pages/settings.py").run()
    assert not at.exception, at.exception
    assert any("words of respondents who agree" in w.value for w in at.warning)
    assert "wordsmith" in text(at)
    assert not any("Nothing leaves" in s.value for s in at.success)
    left = library.sent(User("a", AppRole.ADMIN), project.store)
    assert [(one.recipient, one.model, one.what) for one in left] == [("http://speech.example/v1", "whisper", "a recording")]
    service.withdraw(project.store, interview)
    assert library.sent(User("a", AppRole.ADMIN), project.store) == ()
