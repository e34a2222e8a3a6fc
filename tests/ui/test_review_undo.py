"""Taking decisions back: one's own alone, each once, and never one that was not seen."""

from __future__ import annotations

import pytest
from test_review_forms import run, text
from ui_support import Project

from assistant.errors import NotFoundError, StaleEditError
from assistant.store import ReviewMode
from assistant.ui.access import AppRole, User
from assistant.ui.services import reviewing

EVA, BOB = User("Eva", AppRole.ASSESSOR), User("Bob", AppRole.ASSESSOR)
LOCAL = User("local", AppRole.ADMIN)


def test_the_decision_of_somebody_else_is_not_taken_back(project: Project) -> None:
    s, u, e = project.store, project.use_case.id, project.evidence[0].id
    reviewing.decide(EVA, s, u, e, "confirm")
    reviewing.decide(BOB, s, u, e, "reject", reason="hearsay")
    for target in (None, e):
        with pytest.raises(StaleEditError, match="Bob decided on this evidence") as caught:
            reviewing.undo(EVA, s, u, target)
        assert caught.value.current.evidence.state == "rejected"  # type: ignore[attr-defined]
    assert [stands for _, stands in reviewing.last_decisions(EVA, s, u)] == [False]
    # Once Bob takes his own back, hers is the last again.
    reviewing.undo(BOB, s, u)
    assert [stands for _, stands in reviewing.last_decisions(EVA, s, u)] == [True]
    assert reviewing.undo(EVA, s, u) == e
    assert s.evidence_item(u, e).evidence.state == "proposed"


def test_who_works_blind_takes_their_own_back_whatever_others_did(project: Project) -> None:
    s, u, e = project.store, project.use_case.id, project.evidence[0].id
    s.set_review_mode(u, ReviewMode.BLIND)
    reviewing.decide(EVA, s, u, e, "confirm")
    reviewing.decide(BOB, s, u, e, "reject", reason="hearsay")
    assert reviewing.undo(EVA, s, u) == e
    assert reviewing.item(EVA, s, u, e).evidence.state == "proposed"
    assert reviewing.item(BOB, s, u, e).evidence.state == "rejected"


def test_everything_can_be_taken_back_however_long_ago(project: Project) -> None:
    s, u = project.store, project.use_case.id
    for n in range(70):
        reviewing.decide(EVA, s, u, project.evidence[n % 6].id, "unsure" if n % 12 < 6 else "confirm")
    for _ in range(70):
        reviewing.undo(EVA, s, u)
    with pytest.raises(NotFoundError, match="nothing to take back"):
        reviewing.undo(EVA, s, u)
    assert {i.evidence.state for i in s.evidence(u).items} == {"proposed"}


def test_only_the_last_of_a_piece_offers_to_be_taken_back(project: Project) -> None:
    s, u, e = project.store, project.use_case.id, project.evidence[0].id
    reviewing.decide(LOCAL, s, u, e, "unsure")
    reviewing.decide(LOCAL, s, u, e, "confirm")
    assert [(d.action, stands) for d, stands in reviewing.last_decisions(LOCAL, s, u)] == [("confirm", True), ("unsure", False)]
    at = run("review", uc=u, rv="Last decisions")
    assert len([b for b in at.button if b.label == "Undo"]) == 1


def test_a_row_that_is_not_the_last_any_more_takes_nothing_back(project: Project) -> None:
    s, u, e = project.store, project.use_case.id, project.evidence[0].id
    reviewing.decide(LOCAL, s, u, e, "unsure")
    at = run("review", uc=u, rv="Last decisions")
    reviewing.decide(LOCAL, s, u, e, "confirm")
    next(b for b in at.button if b.label == "Undo").click().run()
    assert "Not saved" in at.warning[0].value
    assert "What you wanted" in text(at)
    assert s.evidence_item(u, e).evidence.state == "confirmed"
    next(b for b in at.button if b.label == "Undo").click().run()
    assert s.evidence_item(u, e).evidence.state == "unsure"
