"""Every page and state through the entry point, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from ui_support import Project

import assistant.ui
from assistant.pipeline import score_use_case
from assistant.ui.state import AssessmentView, ReviewView, TranscriptsView

APP = str(Path(assistant.ui.__file__).with_name("app.py"))


def run(page: str = "home", **params: str) -> AppTest:
    at = AppTest.from_file(APP, default_timeout=60)
    for name, value in params.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception, at.exception
    if page != "home":
        # Streamlit drops the address's parameters when the page changes: the state read them on the first run.
        at.switch_page(f"app_pages/{page}.py").run()
    assert not at.exception, at.exception
    return at


def text(at: AppTest) -> str:
    """All HTML and Markdown of the page."""
    return "\n".join(str(getattr(e, "body", "") or getattr(e, "value", "")) for kind in ("html", "markdown") for e in at.get(kind))


def test_first_visit_says_what_to_do() -> None:
    at = run()
    assert "Create the first use case" in at.info[0].value
    assert "Drag Teams" in text(at)


@pytest.mark.parametrize("page", ["transcripts", "review", "assessment"])
def test_pages_without_a_use_case_say_so(page: str) -> None:
    assert "Create a use case" in run(page).info[0].value


def test_create_rename_archive(project: Project) -> None:
    at = run()
    at.selectbox(key="new-organisation").set_value("Acme")
    at.text_input(key="new-name").set_value("Churn")
    next(b for b in at.button if b.label == "Create").click().run()
    assert not at.exception
    assert {u.name for u in project.store.use_cases()} == {"Fraud scoring", "Churn"}
    u = project.use_case.id
    at.text_input(key=f"uc-name-{u}-Fraud scoring").set_value("Fraud").run()
    at.button(key=f"uc-rename-{u}").click().run()
    assert project.store.use_case(u).name == "Fraud"
    at.button(key=f"uc-archive-{u}").click().run()
    assert project.store.use_case(u).archived


def test_a_taken_name_is_refused_in_words(project: Project) -> None:
    at = run()
    at.selectbox(key="new-organisation").set_value("Acme")
    at.text_input(key="new-name").set_value("Fraud scoring")
    next(b for b in at.button if b.label == "Create").click().run()
    assert "already" in at.error[0].value


@pytest.mark.parametrize("view", list(TranscriptsView))
def test_transcripts_in_every_part(project: Project, view: TranscriptsView) -> None:
    at = run("transcripts", uc=project.use_case.id, tv=view.value)
    assert not at.error
    assert "Fraud scoring" in text(at)


def test_search_by_word(project: Project) -> None:
    at = run("transcripts", uc=project.use_case.id, tv=TranscriptsView.SEARCH.value)
    at.text_input(key="search-text").set_value("dashboard").run()
    at.segmented_control(key="search-how").set_value("by word").run() if at.get("segmented_control") else None
    assert "dashboard" in text(at)


@pytest.mark.parametrize("view", list(ReviewView))
def test_review_in_every_part(project: Project, view: ReviewView) -> None:
    at = run("review", uc=project.use_case.id, rv=view.value)
    assert not at.error


def accept(at: AppTest) -> AppTest:
    return next(b for b in at.button if b.label == "Accept").click().run()


def test_review_accepts_and_moves_on_and_undoes(project: Project) -> None:
    at = run("review", uc=project.use_case.id)
    assert project.evidence[0].quote in text(at).replace("&#x27;", "'")
    accept(at)
    assert not at.exception
    u, first = project.use_case.id, project.evidence[0].id
    assert project.store.evidence_item(u, first).evidence.state == "confirmed"
    assert first not in text(at)
    next(b for b in at.button if b.label == "Undo").click().run()
    assert project.store.evidence_item(u, first).evidence.state == "proposed"
    assert first in text(at)


def test_reject_asks_for_a_reason(project: Project) -> None:
    at = run("review", uc=project.use_case.id)
    next(b for b in at.button if b.label == "Reject").click().run()
    next(b for b in at.button if b.label == "Does not say so").click().run()
    decision = project.store.decisions(project.use_case.id)[0]
    assert (decision.action, decision.reason) == ("reject", "Does not say so")


def test_edit_changes_the_words_and_refuses_what_was_not_said(project: Project) -> None:
    first = project.evidence[0]
    at = run("review", uc=project.use_case.id)
    next(b for b in at.button if b.label == "Edit").click().run()
    words = next(t for t in at.text_area if t.label.startswith("Words"))
    words.set_value("never said").run()
    next(b for b in at.button if b.label.startswith("Save the edit")).click().run()
    assert "not in the answer" in at.error[0].value
    next(t for t in at.text_area if t.label.startswith("Words")).set_value(first.quote[:30]).run()
    next(b for b in at.button if b.label.startswith("Save the edit")).click().run()
    decision = project.store.decisions(project.use_case.id)[0]
    assert decision.action == "edit"
    assert (decision.after or {})["quote"] == first.quote[:30].strip()


def test_a_stale_decision_is_refused_with_both_versions(project: Project) -> None:
    at = run("review", uc=project.use_case.id)
    project.store.decide(project.use_case.id, project.evidence[0].id, "reject", "Eva", reason="hearsay")
    accept(at)
    assert "Not saved" in at.warning[0].value
    assert "As it is now by" in text(at)
    assert "Eva" in text(at)
    assert project.store.evidence_item(project.use_case.id, project.evidence[0].id).evidence.state == "rejected"


def test_a_finished_queue_says_so(project: Project) -> None:
    for e in project.evidence:
        project.store.decide(project.use_case.id, e.id, "confirm", "Eva")
    assert "Nothing is left" in run("review", uc=project.use_case.id).success[0].value


@pytest.mark.parametrize("view", list(AssessmentView))
@pytest.mark.parametrize("counted", ["confirmed", "all"])
def test_assessment_in_every_part(project: Project, view: AssessmentView, counted: str) -> None:
    project.store.decide(project.use_case.id, project.evidence[0].id, "confirm", "Eva")
    at = run("assessment", uc=project.use_case.id, av=view.value, n=counted)
    assert not at.error
    assert bool(at.warning) == (counted == "all")


def test_frozen_ones_are_listed_opened_and_compared(project: Project) -> None:
    s, u, f = project.store, project.use_case.id, project.framework
    s.decide(u, project.evidence[0].id, "confirm", "Eva")
    frozen = s.freeze_assessment(u, score_use_case(s, u, f).assessment, f, by="Eva", label="First")
    s.decide(u, project.evidence[1].id, "confirm", "Eva")
    at = run("assessment", uc=u, av="Frozen")
    assert "First" in text(at)
    assert "confirmed by" in text(at)
    at.button(key=f"frozen-{frozen.id}").click().run()
    assert "recomputes to the byte" in text(at)


@pytest.mark.parametrize("page", ["frameworks", "settings"])
def test_other_pages(project: Project, page: str) -> None:
    at = run(page, uc=project.use_case.id)
    assert not at.error


def test_settings_never_show_or_keep_a_key(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    at = run("settings")
    next(b for b in at.button if b.label == "Save").click().run()
    assert "sk-very-secret" not in str(at)
    assert not any(b"sk-very-secret" in p.read_bytes() for p in (tmp_path / "data").rglob("*") if p.is_file())


@pytest.mark.parametrize(
    "params", [{"uc": "nothing"}, {"e": "e-nothing"}, {"rv": "?"}, {"ql": "x"}, {"a": "nothing", "av": "Frozen"}, {"fw": "?"}]
)
def test_a_damaged_address_does_no_harm(project: Project, params: dict[str, str]) -> None:
    for page in ("review", "assessment"):
        run(page, **params)


def test_without_sign_in_the_app_serves_loopback_only(project: Project) -> None:
    from streamlit import config

    config.set_option("server.address", "0.0.0.0")
    at = run()
    assert "other machines" in at.error[0].value
    assert not at.selectbox


def test_a_conflict_is_settled_with_a_reason_and_taken_back(project: Project) -> None:
    u, element = project.use_case.id, "deployment.process"
    at = run("review", uc=u, rv="Conflicts")
    assert at.selectbox(key="conflict-element").value == element
    next(b for b in at.button if b.label == "Settle").click().run()
    assert "reason is missing" in at.error[0].value
    next(t for t in at.text_input if t.label == "Why").set_value("Both agree now")
    next(b for b in at.button if b.label == "Settle").click().run()
    assert project.store.element_decisions(u, project.framework.id)[0].action == "settle"
    assert "Both agree now" in text(at)
    at.button(key=f"reopen-{element}").click().run()
    assert [d.action for d in project.store.element_decisions(u, project.framework.id)] == ["settle", "reopen"]


def test_not_applicable_takes_an_element_out(project: Project) -> None:
    u = project.use_case.id
    at = run("review", uc=u, rv="Elements")
    next(t for t in at.text_input if t.label == "Why").set_value("No features here")
    next(b for b in at.button if b.label == "Save").click().run()
    assert project.store.element_decisions(u, project.framework.id)[0].action == "not_applicable"


def test_several_are_accepted_after_a_preview(project: Project) -> None:
    at = run("review", uc=project.use_case.id, rv="Several at once")
    at.slider(key="bulk-confidence").set_value(0.6).run()
    wanted = {e.id for e in project.evidence if e.confidence >= 0.6}
    at.button(key="bulk-accept").click().run()
    assert not at.error
    assert {d.evidence for d in project.store.decisions(project.use_case.id)} == wanted


def test_what_if_shows_another_stage_and_saves_nothing(project: Project) -> None:
    at = run("assessment", uc=project.use_case.id, av="What if", n="confirmed")
    for element in project.framework.elements:
        at.radio(key=f"suppose-{element.id}").set_value(element.statements[-1].id)
    at.run()
    assert "with 17 supposed" in text(at)
    assert "Kaizen" in text(at)
    assert not project.store.decisions(project.use_case.id)
