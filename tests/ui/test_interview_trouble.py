"""The interview pages while something fails: the engine, the database, the settings, another window; and guides and names of every kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from test_interview_kept import conducted, type_answer, under_way
from test_interview_pages import by_link, create, ledger, page, press, text, token
from ui_support import Project

from assistant.errors import ModelFileError, StoreError
from assistant.interview import Conductor, Ledger, service
from assistant.interview.guide import read_guide
from assistant.resources import resource_dir
from assistant.settings import get_settings
from assistant.store import Store
from assistant.ui.access import User
from assistant.ui.markup import md
from assistant.ui.services import answering, interviewing
from assistant.ui.state import InterviewView
from assistant.ui.views import conducting, inviting


def damage() -> Path:
    """Settings of the app that cannot be read."""
    file = get_settings().data_dir / "app-settings.json"
    file.write_text("{broken")
    return file


def rights(at: AppTest) -> AppTest:
    """The respondent's rights, opened."""
    at.session_state["rights"] = True
    at.run()
    assert not at.exception, at.exception
    return at


def labels(at: AppTest) -> set[str]:
    return {b.label for b in at.button}


# ---------------------------------------------------------------- the respondent


def test_a_respondent_may_retry_stop_and_withdraw_while_the_engine_fails(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = under_way(project)
    at = by_link(token(interview))
    type_answer(at, "We do it by hand.")
    with monkeypatch.context() as broken:

        def fails(self: Conductor) -> Ledger:
            raise ModelFileError("the model file is damaged", remedy="reinstall")

        broken.setattr(Conductor, "advance", fails)
        press(at, "send-answer-")
        assert any("model file is damaged" in e.value for e in at.error)
        assert {"Try again", "Stop the interview"} <= labels(at)
        rights(at)
        assert "We do it by hand." in text(at), "one's own words stay in sight"
        at.checkbox(key="withdraw-sure").check().run()
        assert not at.button(key="withdraw").disabled
        press(at, "stop")
    assert ledger(project, interview).stopped is not None
    again = by_link(token(interview))
    assert any("Your answers are saved" in s.value for s in again.success)


def test_a_respondent_goes_on_once_the_engine_works_again(project: Project) -> None:
    interview = under_way(project)
    file = damage()
    at = by_link(token(interview))
    assert at.error
    assert not at.text_area
    file.unlink()
    press(at, "again")
    assert not at.error
    assert at.text_area


def test_a_respondent_may_withdraw_while_nothing_else_works(project: Project) -> None:
    interview = under_way(project)
    damage()
    at = rights(by_link(token(interview)))
    at.checkbox(key="withdraw-sure").check().run()
    press(at, "withdraw")
    assert project.store.interview(interview).erased
    assert at.title[0].value == "Withdrawn"


def test_a_finished_interview_keeps_its_rights_while_the_database_refuses(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = finished(project)

    def refused(*_: object, **__: object) -> None:
        raise StoreError("the database is locked", remedy="try again")

    with monkeypatch.context() as locked:
        locked.setattr(answering.service, "keep_transcript", refused)
        at = by_link(token(interview))
        assert any("database is locked" in e.value for e in at.error)
        assert "Your answers and your rights" in [e.label for e in at.expander]
    by_link(token(interview))
    assert [i.interview for i in project.store.transcripts(project.use_case.id)].count(interview) == 1


def test_what_is_kept_already_is_not_written_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = finished(project)
    by_link(token(interview))

    def written(*_: object, **__: object) -> None:
        pytest.fail("a second write")

    monkeypatch.setattr(answering.service, "keep_transcript", written)
    at = by_link(token(interview))
    assert any("Your answers are saved" in s.value for s in at.success)
    assert not at.error


def finished(project: Project) -> str:
    """An interview of one answer that is over, and not yet a transcript."""
    interview = under_way(project)
    conductor = service.conductor(project.store, interview, get_settings())
    pending = conductor.ledger.pending
    assert pending is not None
    conductor.answer("We do it by hand.", to=pending.seq, go_on=False)
    conductor.stop()
    return interview


# ---------------------------------------------------------------- the copilot


def test_the_copilot_says_what_is_wrong_and_keeps_what_was_said_in_sight(project: Project) -> None:
    interview = under_way(project, "copilot")
    conductor = service.conductor(project.store, interview, get_settings())
    pending = conductor.ledger.pending
    assert pending is not None
    conductor.answer("We do it by hand.", to=pending.seq)
    file = damage()
    at = conducted(project, interview)
    assert at.error
    assert {"Try again", "End it"} <= labels(at)
    assert "We do it by hand." in text(at)
    file.unlink()
    press(at, "again")
    assert not at.error
    assert at.text_area


def test_interviews_that_are_called_alike_can_each_be_chosen(project: Project) -> None:
    made = [under_way(project, "copilot") for _ in range(3)]
    at = conducted(project, made[0])
    options = at.selectbox(key="which-interview").options
    assert sorted(options) == [f"Resp · under way · no. {n}" for n in (1, 2, 3)]
    for n, interview in enumerate(made, 1):
        at.selectbox(key="which-interview").select(f"Resp · under way · no. {n}").run()
        assert at.session_state["assistant-state"].interview == interview


def test_an_interview_that_went_on_since_the_list_was_drawn_is_the_one_chosen(project: Project) -> None:
    first, chosen, other = (create(project, mode="self-service", respondent=name) for name in ("Ann", "Bo", "Cy"))
    at = conducted(project, first)
    conductor = service.conductor(project.store, chosen, get_settings())
    conductor.consent(conductor.consent_text(), by="respondent")
    at.selectbox(key="which-interview").select("Bo · not begun").run()
    assert at.session_state["assistant-state"].interview == chosen != other


def before_it_looks(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """The clock is a fragment with a timer: once, something happens between the page's look at the interview and the clock's."""
    watch, left = interviewing.watch, [happens]

    def later(user: User, store: Store, interview: str) -> interviewing.Taken:
        if left:
            left.pop()()
        return watch(user, store, interview)

    monkeypatch.setattr(conducting.interviewing, "watch", later)


def test_the_clock_of_an_interview_that_was_withdrawn_brings_the_page_along(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    interview, other = under_way(project, "copilot"), under_way(project, "copilot")
    at = conducted(project, interview)
    before_it_looks(monkeypatch, lambda: service.withdraw(project.store, interview))
    at.run()
    assert not at.exception, at.exception
    assert any("withdrawn" in e.value for e in at.error)
    assert at.session_state["assistant-state"].interview == other


def test_the_clock_says_that_the_interview_was_ended_and_takes_nothing_away(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = under_way(project, "copilot")
    at = conducted(project, interview)
    before_it_looks(monkeypatch, service.conductor(project.store, interview, get_settings()).stop)
    at.run()
    assert any("ended in another window" in i.value for i in at.info)
    # The form is still there: what is half typed lives in the browser until it is sent.
    type_answer(at, "half an answer")
    press(at, "send-answer-")
    assert [c.value for c in at.code] == ["half an answer"]
    assert any("nothing was said" in i.value for i in at.info)


def test_an_interview_that_was_ended_elsewhere_shows_its_result_when_asked(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = under_way(project, "copilot")
    at = conducted(project, interview)
    before_it_looks(monkeypatch, service.conductor(project.store, interview, get_settings()).stop)
    at.run()
    press(at, "show-over")
    assert not at.text_area
    assert any("nothing was said" in i.value for i in at.info)


def test_the_clock_shows_a_database_that_fails_in_its_place(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    at = conducted(project, under_way(project, "copilot"))

    def locked(*_: object) -> None:
        raise StoreError("the database is locked", remedy="try again")

    monkeypatch.setattr(conducting.interviewing, "watch", locked)
    at.run()
    assert not at.exception, at.exception
    assert any("database is locked" in e.value for e in at.error)
    assert at.text_area


def test_an_interview_that_is_watched_and_withdrawn_leaves_the_page(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = under_way(project)
    at = conducted(project, interview)
    before_it_looks(monkeypatch, lambda: service.withdraw(project.store, interview))
    at.run()
    assert not at.exception, at.exception
    assert any("withdrawn" in e.value for e in at.error)
    assert "which-interview" not in at.session_state


@pytest.mark.parametrize("mode", ["self-service", "copilot"])
def test_a_models_name_is_shown_as_it_is(project: Project, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    notice = "The language model my_model_*1* did not answer."
    monkeypatch.setattr(Conductor, "notice", lambda self: notice)
    interview = under_way(project, mode)
    at = by_link(token(interview)) if mode == "self-service" else conducted(project, interview)
    assert md(notice) in [i.value for i in at.info]


# ---------------------------------------------------------------- setting up


def short_guide(minutes: float) -> bytes:
    file = next((resource_dir("frameworks") / "guides").glob("*.yaml"))
    lines = file.read_text("utf-8").splitlines()
    return "\n".join(f"budget_minutes: {minutes:g}" if line.startswith("budget_minutes:") else line for line in lines).encode()


@pytest.mark.parametrize("minutes", [0.4, 3])
def test_a_short_guide_of_ones_own_can_be_set_up(project: Project, minutes: float) -> None:
    raw = short_guide(minutes)
    assert read_guide(raw, "own.yaml").budget_minutes == minutes
    at = page(project)
    at.selectbox(key="new-guide").select(inviting.OWN_GUIDE).run()
    at.file_uploader(key="new-guide-file").upload("own.yaml", raw).run()
    assert not at.exception, at.exception
    # The same guide with another time, taken instead.
    at.file_uploader(key="new-guide-file").upload("own.yaml", short_guide(minutes + 1)).run()
    press(at, "new-interview")
    opened = ledger(project, project.store.interviews(project.use_case.id)[-1].id).opened
    assert opened.budget_minutes == round(minutes + 1)


def test_a_follow_up_belongs_to_its_use_case_and_can_be_let_go(project: Project) -> None:
    at = page(project)
    at.session_state[inviting.FOCUS] = (project.use_case.id, ("deployment.process",))
    at.run()
    assert "New follow-up interview" in [e.label for e in at.expander]
    assert focused(at) == ["deployment.process"]
    other = project.store.add_use_case(project.use_case.organisation, "Other")
    at.session_state["assistant-state"].switch(other.id)
    at.run()
    assert "New interview" in [e.label for e in at.expander]
    assert focused(at) == []
    at.session_state["assistant-state"].switch(project.use_case.id)
    at.run()
    assert focused(at) == ["deployment.process"]
    press(at, "no-follow-up")
    assert focused(at) == []
    press(at, "new-interview")
    assert not ledger(project, project.store.interviews(project.use_case.id)[-1].id).opened.focus


def focused(at: AppTest) -> list[str]:
    return next(m.value for m in at.multiselect if (m.key or "").startswith("new-focus-"))


@pytest.mark.parametrize(
    ("url", "app_url", "expected"),
    [
        ("http://127.0.0.1:8501", "", "http://127.0.0.1:8501"),
        ("http://127.0.0.1:8501/", "", "http://127.0.0.1:8501"),
        ("http://127.0.0.1:8501/interview?uc=1", "", "http://127.0.0.1:8501"),
        ("https://interview.example/interview", "", "https://interview.example"),
        ("https://interview.example/", "", "https://interview.example"),
        ("https://host.example/tools/interview", "", "https://host.example/tools"),
        ("https://host.example/tools/", "", "https://host.example/tools"),
        ("http://127.0.0.1:8501/", "https://app.example", "https://app.example"),
    ],
)
def test_links_begin_where_respondents_reach_the_app(monkeypatch: pytest.MonkeyPatch, url: str, app_url: str, expected: str) -> None:
    class Context:
        pass

    Context.url = url  # type: ignore[attr-defined]
    monkeypatch.setattr(inviting.st, "context", Context)
    if app_url:
        monkeypatch.setenv("ASSISTANT_APP_URL", app_url)
    get_settings.cache_clear()
    assert inviting.base() == expected


def test_files_are_made_when_they_are_asked_for(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = finished(project)
    exported: list[str] = []
    export = service.download

    def counted(store: object, name: str) -> bytes:
        exported.append(name)
        return export(store, name)  # type: ignore[arg-type]

    monkeypatch.setattr(interviewing.service, "download", counted)
    at = page(project)
    assert at.get("download_button")
    assert not exported
    rights(by_link(token(interview)))
    assert not exported


def test_together_leads_to_a_follow_up_of_this_use_case(project: Project) -> None:
    finished(project)
    at = press(page(project, InterviewView.TOGETHER), "follow-up")
    use_case, focus = at.session_state[inviting.FOCUS]
    assert use_case == project.use_case.id
    assert set(focused(at)) <= set(focus)
