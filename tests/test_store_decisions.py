"""Decisions: edits, undo, stale edits, blind reviewers, elements, assessments; the stored states always follow from the decisions."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_support import QUESTION, coded, sample_assessment, sample_evidence, sample_framework, sample_transcript

from assistant import review
from assistant.errors import AssistantError, GroundingError, InputError, NotFoundError, StaleEditError
from assistant.models import Evidence, EvidenceState
from assistant.store import EvidenceEdit, EvidenceFilter, EvidenceItem, ReviewMode, Store, UseCase

pytest_plugins = ["store_fixtures"]

BEGIN = len(QUESTION) + 1


@pytest.fixture
def found(store: Store, use_case: UseCase) -> tuple[Evidence, ...]:
    return coded(store, use_case.id)[1]


def states(store: Store, use_case: UseCase) -> dict[str, str]:
    """As stored; equal to what folding the decisions gives."""
    wanted = EvidenceFilter(states=tuple(EvidenceState), outdated=None)
    stored = {i.evidence.id: str(i.evidence.state) for i in store.evidence(use_case.id, wanted).items}
    assert stored == {e.id: str(e.state) for e in store.current_evidence(use_case.id, outdated=True)}
    return stored


@pytest.mark.parametrize(("action", "state"), [("confirm", "confirmed"), ("reject", "rejected"), ("unsure", "unsure")])
def test_a_decision_and_its_undoing(store: Store, use_case: UseCase, found: tuple[Evidence, ...], action: str, state: str) -> None:
    decision = store.decide(use_case.id, found[0].id, action, " ann ", reason="because")
    assert (decision.reviewer, decision.reason, decision.evidence) == ("ann", "because", found[0].id)
    item = store.evidence_item(use_case.id, found[0].id)
    assert (item.evidence.state, item.last_decision) == (state, decision.id)
    undone = store.undo(use_case.id, found[0].id, "bob")
    assert undone.action == "reopen"
    assert states(store, use_case)[found[0].id] == "proposed"
    assert store.decisions(use_case.id, evidence=found[0].id) == (decision, undone)
    assert store.last_decisions(use_case.id, limit=1) == (undone,)
    assert store.decisions(use_case.id, reviewer="ann") == (decision,)
    with pytest.raises(InputError, match="nothing is decided"):
        store.undo(use_case.id, found[0].id, "bob")


def test_an_edit_adds_and_supersedes(store: Store, use_case: UseCase, found: tuple[Evidence, ...]) -> None:
    original = found[0]
    edit = EvidenceEdit(end=original.end + 5, stage_low=1, statement="", codes=("D3",), status="past")
    decision = store.decide(use_case.id, original.id, "edit", "ann", edit=edit)
    product = store.evidence_item(use_case.id, str(decision.after["id"])).evidence
    text = store.transcript(use_case.id, original.transcript).text
    assert product.quote == text[original.start : original.end + 5]
    assert (product.engine, product.stage_low, product.statement, product.codes, product.status) == ("person/ann", 1, None, ("D3",), "past")
    assert decision.before["codes"] == ["D1", "!D2"]
    assert states(store, use_case) == {original.id: "superseded", product.id: "confirmed", found[1].id: "proposed", found[2].id: "proposed"}
    assert original.id not in {i.evidence.id for i in store.evidence(use_case.id).items}
    assert review.apply_edit(original, decision) == product
    store.undo(use_case.id, product.id, "ann")
    assert states(store, use_case)[original.id] == "proposed"
    assert states(store, use_case)[product.id] == "superseded"
    redone = store.decide(use_case.id, original.id, "edit", "ann", edit=edit)
    assert redone.after == decision.after
    assert states(store, use_case)[product.id] == "confirmed"


def test_edits_in_a_row_are_undone_from_the_end(store: Store, use_case: UseCase, found: tuple[Evidence, ...]) -> None:
    first = store.decide(use_case.id, found[0].id, "edit", "ann", edit=EvidenceEdit(end=found[0].end + 1))
    middle = str(first.after["id"])
    second = store.decide(use_case.id, middle, "edit", "bob", edit=EvidenceEdit(end=found[0].end + 2))
    last = str(second.after["id"])
    assert [states(store, use_case)[e] for e in (found[0].id, middle, last)] == ["superseded", "superseded", "confirmed"]
    with pytest.raises(StaleEditError, match="undo that first") as caught:
        store.undo(use_case.id, found[0].id, "ann")
    assert caught.value.current.evidence.id == middle
    store.undo(use_case.id, last, "bob")
    store.undo(use_case.id, middle, "bob")
    assert [states(store, use_case)[e] for e in (found[0].id, middle, last)] == ["proposed", "superseded", "superseded"]


def test_a_stale_decision_shows_both_versions(store: Store, use_case: UseCase, found: tuple[Evidence, ...]) -> None:
    seen = store.evidence_item(use_case.id, found[0].id)
    first = store.decide(use_case.id, found[0].id, "confirm", "ann", expected_last_decision=seen.last_decision)
    with pytest.raises(StaleEditError) as caught:
        store.decide(use_case.id, found[0].id, "reject", "bob", reason="no", expected_last_decision=seen.last_decision)
    current, attempted = caught.value.current, caught.value.attempted
    assert isinstance(current, EvidenceItem)
    assert (current.evidence.state, current.last_decision) == ("confirmed", first.id)
    assert (attempted["action"], attempted["reviewer"], attempted["reason"]) == ("reject", "bob", "no")
    with pytest.raises(StaleEditError):
        store.undo(use_case.id, found[0].id, "bob", expected_last_decision=None)
    store.decide(use_case.id, found[0].id, "reject", "bob", reason="no", expected_last_decision=first.id)
    assert states(store, use_case)[found[0].id] == "rejected"


def test_deciding_on_what_was_edited_meanwhile(store: Store, use_case: UseCase, found: tuple[Evidence, ...]) -> None:
    product = str(store.decide(use_case.id, found[0].id, "edit", "ann", edit=EvidenceEdit(end=found[0].end + 1)).after["id"])
    with pytest.raises(StaleEditError, match="replaced by an edit"):
        store.decide(use_case.id, found[0].id, "confirm", "bob")
    store.undo(use_case.id, product, "ann")
    with pytest.raises(StaleEditError, match="taken back"):
        store.decide(use_case.id, product, "confirm", "bob")


def test_many_at_once_or_none(store: Store, use_case: UseCase, found: tuple[Evidence, ...]) -> None:
    store.decide(use_case.id, found[2].id, "unsure", "bob")
    with pytest.raises(StaleEditError):
        store.decide_many(use_case.id, dict.fromkeys((e.id for e in found), None), "confirm", "ann")
    assert set(states(store, use_case).values()) == {"proposed", "unsure"}
    seen = {i.evidence.id: i.last_decision for i in store.evidence(use_case.id).items}
    assert len(store.decide_many(use_case.id, seen, "confirm", "ann")) == 3
    assert set(states(store, use_case).values()) == {"confirmed"}


def test_what_a_decision_needs(store: Store, use_case: UseCase, found: tuple[Evidence, ...]) -> None:
    one = found[0].id
    for wrong in (
        {"action": "reject", "reviewer": "ann"}, {"action": "confirm", "reviewer": " "}, {"action": "edit", "reviewer": "ann"},
        {"action": "confirm", "reviewer": "ann", "edit": EvidenceEdit()}, {"action": "edit", "reviewer": "ann", "edit": EvidenceEdit()},
        {"action": "edit", "reviewer": "ann", "edit": EvidenceEdit(stage_low=5)},
    ):  # fmt: skip
        with pytest.raises(InputError):
            store.decide(use_case.id, one, **wrong)
    for span in ({"start": 0}, {"end": 10_000}, {"start": found[0].end}, {"start": -5}):
        with pytest.raises((GroundingError, InputError)):
            store.decide(use_case.id, one, "edit", "ann", edit=EvidenceEdit(**span))
    with pytest.raises(NotFoundError):
        store.decide(use_case.id, "e-none", "confirm", "ann")
    assert store.decisions(use_case.id) == ()


def test_another_element_drops_the_statement_of_the_old_one(store: Store, use_case: UseCase, found: tuple[Evidence, ...]) -> None:
    decision = store.decide(use_case.id, found[0].id, "edit", "ann", edit=EvidenceEdit(element="ops.y"))
    assert store.evidence_item(use_case.id, str(decision.after["id"])).evidence.statement is None


def test_evidence_by_a_person(store: Store, use_case: UseCase, found: tuple[Evidence, ...]) -> None:
    made = sample_transcript()[0]
    wanted = sample_evidence(made, BEGIN + 20, BEGIN + 40).model_copy(update={"speaker": "who?", "engine": "local/1", "confidence": 0.1})
    item = store.add_evidence(use_case.id, wanted, "ann")
    assert (item.evidence.engine, item.evidence.speaker, item.evidence.confidence, item.evidence.state) == (
        "person/ann",
        "Ann",
        1.0,
        "confirmed",
    )
    assert store.add_evidence(use_case.id, wanted, "ann") == item
    assert len(store.decisions(use_case.id)) == 1
    proposed = store.add_evidence(use_case.id, wanted, "bob", confirm=False)
    assert proposed.evidence.state == "proposed"
    assert len(states(store, use_case)) == 5
    with pytest.raises(GroundingError, match="respondent"):
        store.add_evidence(use_case.id, sample_evidence(made, 0, 5), "ann")


def test_two_reviewers_blind(store: Store, use_case: UseCase, found: tuple[Evidence, ...]) -> None:
    store.set_review_mode(use_case.id, ReviewMode.BLIND)
    one, two, three = (e.id for e in found)
    store.decide(use_case.id, one, "confirm", "ann", expected_last_decision=None)
    store.decide(use_case.id, two, "confirm", "ann")
    store.decide(use_case.id, one, "confirm", "bob", expected_last_decision=None)
    store.decide(use_case.id, two, "reject", "bob", reason="no", expected_last_decision=None)
    store.add_evidence(use_case.id, sample_evidence(sample_transcript()[0], BEGIN + 20, BEGIN + 40), "ann")

    def own(reviewer: str) -> dict[str, str]:
        return {i.evidence.id: str(i.evidence.state) for i in store.evidence(use_case.id, EvidenceFilter(reviewer=reviewer)).items}

    assert {e: own("bob")[e] for e in (one, two, three)} == {one: "confirmed", two: "rejected", three: "proposed"}
    assert len(own("bob")) == 3
    assert len(own("ann")) == 4
    assert set(own("cleo").values()) == {"proposed"}
    assert store.counts(use_case.id, EvidenceFilter(reviewer="bob"))[EvidenceState.PROPOSED] == 1
    together = states(store, use_case)
    assert (together[one], together[two], together[three]) == ("confirmed", "unsure", "proposed")
    with pytest.raises(InputError, match="nothing is decided"):
        store.undo(use_case.id, one, "cleo")
    store.undo(use_case.id, two, "bob")
    assert states(store, use_case)[two] == "confirmed"
    assert store.check() == ()
    store.set_review_mode(use_case.id, ReviewMode.SHARED)
    assert store.check() == ()


def test_element_decisions(store: Store, use_case: UseCase) -> None:
    def decide(action: str, **more: object) -> str:
        return store.decide_element(use_case.id, "tiny", "ops.x", action, "ann", reason="because", **more).id

    first = decide("settle", statement="ops.x#1-1", expected_last_decision=None)
    with pytest.raises(StaleEditError) as caught:
        decide("not_applicable", expected_last_decision=None)
    assert caught.value.current.id == first
    decide("not_applicable", expected_last_decision=first)
    assert [d.action for d in review.elements_in_force(store.element_decisions(use_case.id, "tiny"))] == ["not_applicable"]
    decide("reopen")
    assert [d.statement for d in review.elements_in_force(store.element_decisions(use_case.id, "tiny"))] == ["ops.x#1-1"]
    assert store.element_decisions(use_case.id, "other") == ()
    for wrong in ({"action": "settle"}, {"action": "not_applicable", "statement": "ops.x#1-1"}):
        with pytest.raises(InputError):
            decide(**wrong)
    with pytest.raises(InputError, match="reason"):
        store.decide_element(use_case.id, "tiny", "ops.x", "not_applicable", "ann", reason=" ")


def test_freezing(store: Store, use_case: UseCase, found: tuple[Evidence, ...]) -> None:
    made = sample_transcript()[0]
    result = sample_assessment(made, found)
    frozen = store.freeze_assessment(use_case.id, result, sample_framework(), by="ann", label="First")
    assert (frozen.assessment, frozen.hash, frozen.redacted, frozen.label) == (result, "h1", False, "First")
    assert store.assessment(frozen.id) == frozen
    assert store.freeze_assessment(use_case.id, result, sample_framework(), by="bob").id == frozen.id
    assert store.assessments(use_case.id) == (frozen,)
    assert store.framework(result.framework_hash) == sample_framework()
    with pytest.raises(InputError, match="another framework"):
        store.freeze_assessment(use_case.id, result, sample_framework("2.0"), by="ann")
    with pytest.raises(InputError, match="hash"):
        store.freeze_assessment(use_case.id, result.model_copy(update={"hash": ""}), sample_framework(), by="ann")
    elsewhere = store.add_use_case(use_case.organisation, "Another")
    with pytest.raises(NotFoundError):
        store.freeze_assessment(elsewhere.id, result, sample_framework(), by="ann")


ACTIONS = ["confirm", "reject", "unsure", "edit", "undo", "add"]
step = st.tuples(st.sampled_from(ACTIONS), st.integers(0, 5), st.sampled_from(["ann", "bob"]), st.integers(1, 3))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, max_size=12), mode=st.sampled_from(ReviewMode))
def test_stored_states_always_follow_from_the_decisions(
    store: Store, use_case: UseCase, steps: list[tuple[str, int, str, int]], mode: ReviewMode
) -> None:
    """Whatever reviewers do, in whatever order: no refused step leaves a trace, and the listing equals the folded decisions."""
    case = store.add_use_case(use_case.organisation, f"Case {len(store.use_cases())}", review=mode)
    made, found = coded(store, case.id)
    ids = [e.id for e in found]
    for action, n, reviewer, by in steps:
        target = ids[n % len(ids)]
        try:
            if action == "undo":
                store.undo(case.id, target, reviewer)
            elif action == "add":
                ids.append(store.add_evidence(case.id, sample_evidence(made, BEGIN + n, BEGIN + n + 10), reviewer).evidence.id)
            elif action == "edit":
                decision = store.decide(case.id, target, "edit", reviewer, edit=EvidenceEdit(end=BEGIN + 15 + by))
                ids.append(str(decision.after["id"]))
            else:
                store.decide(case.id, target, action, reviewer, reason="r")
        except AssistantError:
            pass
        states(store, case)
    assert store.check() == ()
