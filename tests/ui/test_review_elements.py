"""Decisions on whole elements: on what was drawn, never on what somebody else decided meanwhile, and no reason is lost."""

from __future__ import annotations

import pytest
from test_review_forms import labelled, run, text
from ui_support import Project

from assistant.ui.access import AppRole, User
from assistant.ui.services import reviewing

BOB = User("Bob", AppRole.ASSESSOR)
ELEMENT = "deployment.process"


def _decisions(project: Project) -> list[tuple[str, str]]:
    return [(d.reviewer, d.action) for d in project.store.element_decisions(project.use_case.id, project.framework.id)]


@pytest.mark.parametrize("taken_back", [False, True])
def test_settling_what_somebody_else_settled_is_refused_and_the_reason_is_kept(project: Project, taken_back: bool) -> None:
    s, u, f = project.store, project.use_case.id, project.framework
    at = run("review", uc=u, rv="Conflicts")
    labelled(at.text_input, "Why").set_value("my long reason")
    statement = f.element(ELEMENT).statements[0].id
    reviewing.decide_element(BOB, s, u, f, ELEMENT, "settle", reason="Bob's own", statement=statement)
    if taken_back:
        reviewing.decide_element(BOB, s, u, f, ELEMENT, "reopen", reason="no, wait")
    before = _decisions(project)
    labelled(at.button, "Settle").click().run()
    assert not at.exception
    assert _decisions(project) == before
    assert "Not saved" in at.warning[0].value
    assert "my long reason" in text(at)
    assert "Bob" in text(at)
    if taken_back:
        # The form is still there, filled in: now that it was seen, it goes through.
        assert labelled(at.text_input, "Why").value == "my long reason"
        labelled(at.button, "Settle").click().run()
        assert _decisions(project)[-1] == ("local", "settle")


def test_an_element_that_somebody_else_decided_on_is_not_taken_out(project: Project) -> None:
    s, u, f = project.store, project.use_case.id, project.framework
    at = run("review", uc=u, rv="Elements")
    at.selectbox(key="element-choice").set_value(ELEMENT).run()
    labelled(at.text_input, "Why").set_value("they buy it")
    reviewing.decide_element(BOB, s, u, f, ELEMENT, "missing_evidence", reason="ask Tom")
    labelled(at.button, "Save").click().run()
    assert _decisions(project) == [("Bob", "missing_evidence")]
    assert "they buy it" in text(at)
    assert "ask Tom" in text(at)


def test_a_decision_that_was_not_seen_is_not_taken_back(project: Project) -> None:
    s, u, f = project.store, project.use_case.id, project.framework
    reviewing.decide_element(BOB, s, u, f, ELEMENT, "not_applicable", reason="a")
    at = run("review", uc=u, rv="Elements")
    at.selectbox(key="element-choice").set_value(ELEMENT).run()
    reviewing.decide_element(BOB, s, u, f, ELEMENT, "reopen", reason="x")
    reviewing.decide_element(BOB, s, u, f, ELEMENT, "missing_evidence", reason="ask Tom")
    labelled(at.button, "Take this back").click().run()
    assert [a for _, a in _decisions(project)] == ["not_applicable", "reopen", "missing_evidence"]
    assert "Not saved" in at.warning[0].value
    labelled(at.button, "Take this back").click().run()
    assert _decisions(project)[-1] == ("local", "reopen")


def test_a_decision_without_a_reason_is_refused_in_words(project: Project) -> None:
    at = run("review", uc=project.use_case.id, rv="Elements")
    labelled(at.button, "Save").click().run()
    assert "reason" in at.error[0].value.lower()
