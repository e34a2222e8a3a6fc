"""The way through a queue in both directions, and decisions on many at once."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event
from ui_support import Project

from assistant.errors import InputError, NotFoundError, StaleEditError
from assistant.models import Polarity, Status
from assistant.store import EvidenceFilter, EvidenceOrder, ReviewMode
from assistant.ui.access import AppRole, User
from assistant.ui.services import reviewing, transcripts
from assistant.ui.services.reviewing import Queue
from assistant.ui.services.transcripts import Coding

EVA = User("Eva", AppRole.ASSESSOR)


@pytest.fixture
def many(project: Project) -> Project:
    """More pieces, some with the same confidence, some at the same place."""
    s, u, f, t = project.store, project.use_case.id, project.framework, project.transcript
    for e in project.evidence:
        for element in f.elements[:3]:
            coding = Coding(element.id, 1, 2, None, Polarity.PRESENT, Status.CURRENT)
            added = transcripts.add_evidence(EVA, s, u, f, t.id, e.start, e.end, coding)
            reviewing.undo(EVA, s, u, added.evidence.id)
    return project


@pytest.mark.parametrize("order", list(EvidenceOrder))
def test_backwards_is_forwards_turned_round(many: Project, order: EvidenceOrder) -> None:
    s, u, f = many.store, many.use_case.id, many.framework
    ahead = s.evidence(u, order=order).items
    assert len(ahead) == 24
    assert s.evidence(u, order=order, backwards=True).items == ahead[::-1]
    first = s.evidence(u, order=order, backwards=True, limit=7)
    assert first.next is not None
    rest = s.evidence(u, order=order, backwards=True, cursor=first.next)
    assert (*first.items, *rest.items) == ahead[::-1]
    queue = Queue(order=order)
    for before, after in pairwise(ahead):
        assert reviewing.preceding(EVA, s, u, f, queue, after) == before
        assert reviewing.following(EVA, s, u, f, queue, before) == after
    assert reviewing.preceding(EVA, s, u, f, queue, ahead[0]) is None


def _states(project: Project) -> list[tuple[object, ...]]:
    u = project.use_case.id
    views = (None, "Eva", "Bob")
    return [
        (i.evidence.id, i.evidence.state, i.outdated, i.last_decision is None)
        for reviewer in views
        for i in project.store.evidence(u, EvidenceFilter(outdated=None, reviewer=reviewer)).items
    ]


@pytest.mark.parametrize("mode", list(ReviewMode))
def test_many_at_once_are_decided_as_one_by_one(many: Project, mode: ReviewMode) -> None:
    s, u = many.store, many.use_case.id
    s.set_review_mode(u, mode)
    s.decide(u, many.evidence[0].id, "unsure", "Bob")
    reviewer = "Eva" if mode is ReviewMode.BLIND else None
    seen = {i.evidence.id: i.last_decision for i in s.evidence(u, EvidenceFilter(reviewer=reviewer)).items}
    with s.unit():
        for e, last in seen.items():
            s.decide(u, e, "confirm", "Eva", expected_last_decision=last)
        expected = _states(many)
        for e in seen:
            s.undo(u, e, "Eva")
    seen = {i.evidence.id: i.last_decision for i in s.evidence(u, EvidenceFilter(reviewer=reviewer)).items}
    assert [d.evidence for d in s.decide_many(u, seen, "confirm", "Eva")] == list(seen)
    assert _states(many) == expected


def test_the_quick_way_leaves_the_same_as_the_decisions_say(project: Project) -> None:
    """Nobody decided on any of them yet: states and audit trail are those that `rebuild_states` and `decide` would write."""
    s, u = project.store, project.use_case.id
    seen = dict.fromkeys((e.id for e in project.evidence), None)
    taken = s.decide_many(u, seen, "reject", "Eva", reason="a test call")
    assert [(d.evidence, d.action, d.reason) for d in taken] == [(e, "reject", "a test call") for e in seen]
    assert [d.id for d in taken] == sorted(d.id for d in taken)
    assert s.decisions(u) == taken
    before = _states(project)
    s.rebuild_states(u)
    assert _states(project) == before
    assert {i.evidence.state for i in s.evidence(u).items} == {"rejected"}
    logged, _ = s.audit(use_case=u, limit=6)
    assert {(a.kind, a.actor) for a in logged} == {("evidence.reject", "Eva")}


def test_many_are_all_decided_or_none(project: Project) -> None:
    s, u = project.store, project.use_case.id
    seen: dict[str, str | None] = dict.fromkeys((e.id for e in project.evidence), None)
    s.decide(u, project.evidence[5].id, "unsure", "Bob")
    before = s.decisions(u)
    with pytest.raises(StaleEditError):
        s.decide_many(u, seen, "confirm", "Eva")
    with pytest.raises(NotFoundError):
        s.decide_many(u, {project.evidence[0].id: None, "e-none": None}, "confirm", "Eva")
    with pytest.raises(StaleEditError):
        s.decide_many(u, {project.evidence[0].id: "d-none"}, "confirm", "Eva")
    with pytest.raises(InputError, match="needs a reason"):
        s.decide_many(u, {project.evidence[0].id: None}, "reject", "Eva")
    with pytest.raises(InputError, match="the reviewer"):
        s.decide_many(u, {project.evidence[0].id: None}, "confirm", " ")
    assert s.decide_many(u, {}, "confirm", "Eva") == ()
    assert s.decisions(u) == before


def test_work_does_not_grow_with_what_is_before(many: Project) -> None:
    """One page of one item, wherever the reviewer is."""
    s, u, f = many.store, many.use_case.id, many.framework
    last = s.evidence(u).items[-1]
    rows: list[int] = []
    listing = s.evidence

    def counted(*args: Any, **kwargs: Any) -> Any:
        page = listing(*args, **kwargs)
        rows.append(len(page.items))
        return page

    s.evidence = counted  # type: ignore[method-assign]
    reviewing.preceding(EVA, s, u, f, Queue(), last)
    assert rows == [1]


def test_many_are_written_in_few_statements(project: Project) -> None:
    s, u = project.store, project.use_case.id
    statements: list[str] = []
    event.listen(s.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    s.decide_many(u, dict.fromkeys((e.id for e in project.evidence), None), "confirm", "Eva")
    written = [x for x in statements if "audit" not in x and x.startswith(("INSERT", "UPDATE"))]
    assert len(written) == 3, written
