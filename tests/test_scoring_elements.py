"""From confirmed evidence to the stage of one element."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product

import pytest
from builders import DATA, JOHN, LOW_PAIR, SINGLE, TOP, Action, Run, absent, decision, element, evidence, real, ref, settle, shape, small

from assistant.errors import EvidenceError
from assistant.models import ElementDecision, ElementRating, Evidence, EvidenceState, Framework, Polarity, RatingStatus, Status
from assistant.scoring import counts, place, rate_element, score

ONE = "deployment.cicd"
LADDER = element(ONE)
"""One statement a stage."""


def rate(
    given: Sequence[Evidence], made: ElementDecision | None = None, *, runs: Sequence[Run] = SINGLE, element_id: str = ONE
) -> ElementRating:
    return rate_element(element(element_id, runs), given, made, TOP)


# ---------------------------------------------------------------- the frameworks of the tests


def test_the_framework_made_in_code_has_the_shape_of_the_real_one() -> None:
    made, shipped = shape(), real()
    assert [d.id for d in made.dimensions] == [d.id for d in shipped.dimensions]
    assert [[s.id for s in e.statements] for e in made.elements] == [[s.id for s in e.statements] for e in shipped.elements]
    assert [(p.code, p.dimension) for p in made.practices] == [(p.code, p.dimension) for p in shipped.practices]
    assert [s.name for s in made.stages] == [s.name for s in shipped.stages]
    assert made.min_coverage == shipped.min_coverage
    plain = {"description": "", "source": ""}
    assert made.policies == tuple(p.model_copy(update=plain) for p in shipped.policies)
    assert made.practice_rule is not None
    assert shipped.practice_rule is not None
    assert [(s.stage, s.min_dimensions, s.require_codes) for s in made.practice_rule.steps] == [
        (s.stage, s.min_dimensions, s.require_codes) for s in shipped.practice_rule.steps
    ]
    assert sum(len(rows) for rows in JOHN.values()) == 17


# ---------------------------------------------------------------- what counts


@pytest.mark.parametrize(("state", "status"), list(product(EvidenceState, Status)))
def test_only_confirmed_and_current_evidence_counts(state: EvidenceState, status: Status) -> None:
    given = evidence(ONE, (4, 4), state=state, status=status)
    expected = state is EvidenceState.CONFIRMED and status is Status.CURRENT
    assert counts(given) is expected
    rated = rate([given])
    assert rated.status is (RatingStatus.RATED if expected else RatingStatus.UNKNOWN)
    assert rated.stage == (4 if expected else None)
    assert rated.evidence == ((given.id,) if expected else ())


def test_no_evidence_is_unknown_and_not_ad_hoc() -> None:
    rated = rate([])
    assert rated.status is RatingStatus.UNKNOWN
    assert (rated.stage, rated.statement, rated.low, rated.high) == (None, None, 1, TOP)
    assert rated.rule == "element.unknown"
    assert rated.explanation == "No confirmed evidence of current practice."
    assert (rated.element, rated.evidence, rated.conflict) == (ONE, (), None)


@pytest.mark.parametrize("framework", [shape(), real()], ids=["made", "real"])
def test_a_transcript_without_evidence_leaves_everything_unknown(framework: Framework) -> None:
    result = score(framework, [], transcripts=[ref()])
    assert {r.status for r in result.elements} == {RatingStatus.UNKNOWN}
    assert len(result.elements) == 17
    assert result.overall.stage is None
    assert (result.overall.low, result.overall.high) == (1, TOP)
    assert result.overall.explanation == "insufficient evidence (between Ad hoc and Kaizen MLOps: 17 of 17 unknown)"
    assert result.sensitivity == ()


@pytest.mark.parametrize("state", [s for s in EvidenceState if s is not EvidenceState.CONFIRMED])
def test_taking_a_confirmation_back_makes_the_rating_fall_back(state: EvidenceState) -> None:
    lower, upper = evidence(ONE, (2, 2), at=0), evidence(ONE, (4, 4), at=100)
    back = upper.model_copy(update={"state": state})
    assert rate([upper]).stage == 4
    assert rate([back]) == rate([])
    assert rate([lower, back]) == rate([lower])
    assert rate([lower, back]).stage == 2
    assert rate([lower, upper]).conflict is not None
    assert rate([lower, back]).conflict is None


# ---------------------------------------------------------------- placing


def _every_statement() -> list[tuple[Framework, str, Run]]:
    return [(f, e.id, (s.stage_low, s.stage_high)) for f in (shape(), real()) for e in f.elements for s in e.statements]


@pytest.mark.parametrize(("framework", "element_id", "run"), _every_statement(), ids=lambda value: str(getattr(value, "id", value)))
def test_one_statement_gives_its_highest_stage(framework: Framework, element_id: str, run: Run) -> None:
    one = framework.element(element_id)
    rated = rate_element(one, [evidence(element_id, run)], None, TOP)
    assert rated.status is RatingStatus.RATED
    assert (rated.stage, rated.low, rated.high) == (run[1], run[1], run[1])
    assert rated.statement == f"{element_id}#{run[0]}-{run[1]}"
    assert rated.rule == "element.one-statement"
    assert rated.explanation == f"Evidence on one statement: {one.statement_at(run[0]).text}"
    for low in range(run[0], run[1] + 1):
        for high in range(low, run[1] + 1):
            by_stages = place(one, evidence(element_id, stages=(low, high)))
            assert (by_stages.stage, [s.id for s in by_stages.statements]) == (run[1], [rated.statement])


def test_the_statement_named_stands_whatever_the_stages() -> None:
    given = evidence(ONE, (3, 3)).model_copy(update={"stage_low": 1, "stage_high": 5})
    assert place(LADDER, given).stage == 3


@pytest.mark.parametrize("runs", [SINGLE, DATA, LOW_PAIR], ids=["single", "data", "low pair"])
@pytest.mark.parametrize("stages", [(1, 1), (4, 5), (1, 5)])
def test_absent_is_stage_one(runs: Sequence[Run], stages: Run) -> None:
    given = evidence(ONE, stages=stages, polarity=Polarity.ABSENT)
    rated = rate([given], runs=runs)
    assert rated.status is RatingStatus.RATED
    assert (rated.stage, rated.low, rated.high) == (1, 1, 1)
    assert rated.statement == f"{ONE}#1-{runs[0][1]}"
    assert (rated.rule, rated.explanation) == ("element.absent", "Said not to be in place.")
    placed = place(element(ONE, runs), given)
    assert placed.evidence is given
    assert [s.stage_low for s in placed.statements] == [1]


def test_absent_beside_present_on_the_lowest_statement_is_no_conflict_and_counts_lowest() -> None:
    rated = rate([absent(ONE), evidence(ONE, (1, 2), at=100)], runs=LOW_PAIR)
    assert rated.conflict is None
    assert (rated.stage, rated.rule) == (1, "element.one-statement")


# ---------------------------------------------------------------- unplaced


@pytest.mark.parametrize(
    ("runs", "stages", "bounds"),
    [(SINGLE, (1, 5), (1, 5)), (SINGLE, (3, 4), (3, 4)), (DATA, (1, 2), (1, 4)), (DATA, (3, 5), (4, 5)), (LOW_PAIR, (2, 3), (2, 3))],
)
def test_evidence_on_several_statements_is_unplaced_within_bounds(runs: Sequence[Run], stages: Run, bounds: Run) -> None:
    given = evidence(ONE, stages=stages)
    assert place(element(ONE, runs), given).stage is None
    rated = rate([given], runs=runs)
    assert rated.status is RatingStatus.UNPLACED
    assert (rated.stage, rated.statement, rated.conflict) == (None, None, None)
    assert (rated.low, rated.high) == bounds
    assert rated.evidence == (given.id,)
    assert rated.rule == "element.unplaced"
    assert rated.explanation == "Evidence shows a practice, but not which statement holds: ask for the missing detail."


@pytest.mark.parametrize(
    ("ranges", "bounds"),
    [
        ([(1, 4), (3, 5)], (3, 4)),
        ([(2, 3), (3, 4)], (3, 3)),
        ([(2, 3), (4, 5)], (2, 5)),
        ([(2, 3), (3, 4), (4, 5)], (2, 5)),
        ([(1, 5), (2, 4), (2, 5)], (2, 4)),
    ],
    ids=str,
)
def test_bounds_of_unplaced_evidence_are_what_all_of_it_allows_in_any_order(ranges: list[Run], bounds: Run) -> None:
    given = [evidence(ONE, stages=r, at=100 * i) for i, r in enumerate(ranges)]
    for ordered in permutations(given):
        rated = rate(ordered)
        assert rated.status is RatingStatus.UNPLACED
        assert (rated.low, rated.high) == bounds
        assert rated.evidence == tuple(e.id for e in ordered)


def test_unplaced_evidence_beside_placed_evidence_that_it_allows_takes_the_placed_stage() -> None:
    vague, exact = evidence(ONE, stages=(2, 4), at=0), evidence(ONE, (3, 3), at=100)
    rated = rate([vague, exact])
    assert (rated.status, rated.stage, rated.conflict) == (RatingStatus.RATED, 3, None)
    assert rated.evidence == (vague.id, exact.id)


def test_unplaced_evidence_that_excludes_the_placed_statement_is_a_conflict() -> None:
    vague, exact = evidence(ONE, stages=(4, 5), at=0), evidence(ONE, (3, 3), at=100)
    rated = rate([vague, exact])
    assert rated.conflict is not None
    assert (rated.stage, rated.rule) == (3, "element.conflict-lowest")
    assert rated.conflict.evidence == (vague.id, exact.id)


def test_one_vague_quote_that_agrees_does_not_hide_another_that_does_not() -> None:
    agrees, differs = evidence(ONE, stages=(2, 4), at=0), evidence(ONE, stages=(4, 5), at=50)
    assert rate([agrees, differs, evidence(ONE, (3, 3), at=100)]).conflict is not None


def test_the_lowest_counts_also_where_the_lower_evidence_is_vague() -> None:
    rated = rate([evidence(ONE, stages=(2, 3), at=0), evidence(ONE, (4, 4), at=100)])
    assert rated.conflict is not None
    assert rated.stage is not None
    assert rated.stage <= 3


# ---------------------------------------------------------------- conflicts


def test_evidence_on_different_statements_is_a_conflict_and_the_lowest_counts() -> None:
    given = [evidence(ONE, (4, 4), at=0), evidence(ONE, (2, 2), at=100), evidence(ONE, (5, 5), at=200)]
    for ordered in permutations(given):
        rated = rate(ordered)
        assert (rated.status, rated.rule) == (RatingStatus.RATED, "element.conflict-lowest")
        assert (rated.stage, rated.low, rated.high, rated.statement) == (2, 2, 2, f"{ONE}#2-2")
        assert rated.explanation == "Evidence disagrees: the lowest counts until a reviewer settles it."
        assert rated.conflict is not None
        assert rated.conflict.statements == (f"{ONE}#2-2", f"{ONE}#4-4", f"{ONE}#5-5")
        assert rated.conflict.evidence == rated.evidence == tuple(e.id for e in ordered)
        assert (rated.conflict.settled, rated.conflict.reason) == (False, "")


def test_two_pieces_on_the_same_statement_are_no_conflict() -> None:
    rated = rate([evidence(ONE, (4, 4), at=0), evidence(ONE, (4, 4), at=100)])
    assert (rated.stage, rated.conflict, len(rated.evidence)) == (4, None, 2)


@pytest.mark.parametrize("runs", [SINGLE, DATA, LOW_PAIR], ids=["single", "data", "low pair"])
def test_absent_against_present_is_a_conflict_at_stage_one(runs: Sequence[Run]) -> None:
    rated = rate([evidence(ONE, runs[-1], at=0), absent(ONE, at=100)], runs=runs)
    assert rated.conflict is not None
    assert (rated.stage, rated.statement) == (1, f"{ONE}#1-{runs[0][1]}")
    assert rated.conflict.statements == (f"{ONE}#1-{runs[0][1]}", f"{ONE}#5-5")


def test_absent_counts_below_present_on_the_statement_that_it_shares() -> None:
    for ordered in permutations([evidence(ONE, (1, 2), at=0), absent(ONE, at=100), evidence(ONE, (3, 3), at=200)]):
        assert rate(ordered, runs=LOW_PAIR).stage == 1


@pytest.mark.parametrize("run", [(2, 2), (4, 4)])
def test_a_reviewer_settles_a_conflict_with_a_reason(run: Run) -> None:
    given = [evidence(ONE, (2, 2), at=0), evidence(ONE, (4, 4), at=100)]
    rated = rate(given, settle(ONE, run, reason="The second speaker runs it."))
    assert (rated.status, rated.rule) == (RatingStatus.RATED, "element.conflict-settled")
    assert (rated.stage, rated.low, rated.high, rated.statement) == (run[1], run[1], run[1], f"{ONE}#{run[0]}-{run[1]}")
    assert rated.explanation == "Conflict settled by a reviewer: The second speaker runs it."
    assert rated.conflict is not None
    assert (rated.conflict.settled, rated.conflict.reason) == (True, "The second speaker runs it.")
    assert rated.conflict.statements == (f"{ONE}#2-2", f"{ONE}#4-4")
    assert rated.conflict.evidence == rated.evidence == tuple(e.id for e in given)


def test_a_settlement_gives_the_highest_stage_of_its_statement() -> None:
    given = [evidence(ONE, (1, 1), at=0), evidence(ONE, (2, 4), at=100)]
    rated = rate(given, settle(ONE, (2, 4)), runs=DATA)
    assert (rated.stage, rated.low, rated.high) == (4, 4, 4)


@pytest.mark.parametrize("run", [(1, 1), (3, 3), (5, 5), (9, 9)])
def test_a_settlement_on_a_statement_without_evidence_has_no_effect(run: Run) -> None:
    given = [evidence(ONE, (2, 2), at=0), evidence(ONE, (4, 4), at=100)]
    assert rate(given, settle(ONE, run)) == rate(given)


def test_vague_evidence_admits_a_settlement_on_any_statement_that_it_fits() -> None:
    given = [evidence(ONE, (2, 2), at=0), evidence(ONE, stages=(3, 4), at=100)]
    assert rate(given).conflict is not None
    assert [rate(given, settle(ONE, run)).stage for run in SINGLE] == [2, 2, 3, 4, 2]
    unconfirmed = [given[0], given[1].model_copy(update={"state": EvidenceState.PROPOSED})]
    assert rate(unconfirmed, settle(ONE, (4, 4))) == rate(unconfirmed)


def test_a_settlement_without_a_conflict_has_no_effect() -> None:
    for given in ([], [evidence(ONE, (2, 2))], [evidence(ONE, stages=(2, 3))]):
        assert rate(given, settle(ONE, (3, 3))) == rate(given)


def test_only_the_action_settle_settles() -> None:
    given = [evidence(ONE, (2, 2), at=0), evidence(ONE, (4, 4), at=100)]
    others: tuple[Action, ...] = ("reopen", "missing_evidence")
    for action in others:
        assert rate(given, decision(ONE, action, f"{ONE}#4-4")) == rate(given)


def test_a_settlement_falls_with_the_confirmation_that_it_stands_on() -> None:
    given = [evidence(ONE, (2, 2), at=0), evidence(ONE, (4, 4), at=100)]
    back = [given[0], given[1].model_copy(update={"state": EvidenceState.PROPOSED})]
    assert rate(given, settle(ONE, (4, 4))).stage == 4
    assert rate(back, settle(ONE, (4, 4))) == rate([given[0]])


# ---------------------------------------------------------------- not applicable, and decisions in force


@pytest.mark.parametrize("given", [[], [evidence(ONE, (4, 4))], [evidence(ONE, (9, 9))]], ids=["none", "some", "of no statement"])
def test_not_applicable_is_a_decision_with_a_reason(given: list[Evidence]) -> None:
    rated = rate(given, decision(ONE, "not_applicable", reason="No model is deployed."))
    assert rated.status is RatingStatus.NOT_APPLICABLE
    assert (rated.stage, rated.statement, rated.low, rated.high, rated.evidence) == (None, None, 1, TOP, ())
    assert (rated.rule, rated.explanation) == ("element.not-applicable", "Not applicable: No model is deployed.")


def test_a_decision_without_a_reason_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="reason"):
        decision(ONE, "not_applicable", reason="")


TWO = small("a.one", "a.two")


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([], "conflict-lowest"),
        (["settle"], "conflict-settled"),
        (["not_applicable"], "not-applicable"),
        (["settle", "not_applicable"], "not-applicable"),
        (["not_applicable", "settle"], "conflict-settled"),
        (["not_applicable", "reopen"], "conflict-lowest"),
        (["settle", "reopen"], "conflict-lowest"),
        (["settle", "reopen", "settle"], "conflict-settled"),
        (["settle", "missing_evidence"], "conflict-settled"),
        (["missing_evidence"], "conflict-lowest"),
    ],
    ids=str,
)
def test_the_last_decision_on_an_element_is_in_force(actions: list[Action], expected: str) -> None:
    given = [evidence("a.one", (2, 2), at=0), evidence("a.one", (4, 4), at=100)]
    made = [decision("a.one", action, "a.one#4-4" if action == "settle" else None, key=f"x-{i}") for i, action in enumerate(actions)]
    result = score(TWO, given, transcripts=[ref()], element_decisions=made)
    assert result.rating("a.one").rule == f"element.{expected}"
    assert result.rating("a.two").status is RatingStatus.UNKNOWN
    in_force = [d for d in made if d.action != "missing_evidence"][-1:]
    assert result.element_decisions == tuple(d for d in in_force if d.action != "reopen")


def test_applied_decisions_are_listed_in_the_order_of_the_framework() -> None:
    made = [decision("a.two", "not_applicable", key="x-1"), decision("a.one", "not_applicable", key="x-2")]
    result = score(TWO, [], transcripts=[ref()], element_decisions=made)
    assert [d.element for d in result.element_decisions] == ["a.one", "a.two"]
    assert {r.status for r in result.elements} == {RatingStatus.NOT_APPLICABLE}


def test_evidence_scores_its_own_element_only() -> None:
    result = score(TWO, [evidence("a.two", (4, 4))], transcripts=[ref()])
    assert [r.element for r in result.elements] == ["a.one", "a.two"]
    assert [r.stage for r in result.elements] == [None, 4]


# ---------------------------------------------------------------- errors


def test_a_statement_that_the_element_does_not_have_is_an_error() -> None:
    with pytest.raises(EvidenceError, match=r"e-odd names statement deployment\.cicd#2-3, which deployment\.cicd does not have") as caught:
        rate([evidence(ONE, (2, 3), key="odd")])
    assert caught.value.remedy


def test_stages_outside_the_framework_are_an_error() -> None:
    with pytest.raises(EvidenceError, match="e-odd has stages 6-7, outside the framework") as caught:
        rate([evidence(ONE, stages=(6, 7), key="odd")])
    assert caught.value.remedy


@pytest.mark.parametrize("update", [{"state": EvidenceState.REJECTED}, {"status": Status.PAST}], ids=["rejected", "past"])
def test_evidence_that_cannot_count_need_not_fit(update: dict[str, object]) -> None:
    odd = evidence("a.one", (2, 3)).model_copy(update=update)
    assert score(TWO, [odd], transcripts=[ref()]).rating("a.one").status is RatingStatus.UNKNOWN


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (evidence("a.one", (2, 2), framework_id="other", key="odd"), r"e-odd is of framework other, element a\.one, which test 1\.0\.0"),
        (evidence("a.three", (2, 2), key="odd"), r"e-odd is of framework test, element a\.three, which test 1\.0\.0 does not have"),
        (evidence("a.one", (2, 2), transcript="t-2", key="odd"), r"e-odd is of transcript t-2, which is not among those given"),
    ],
    ids=["framework", "element", "transcript"],
)
@pytest.mark.parametrize("state", [EvidenceState.CONFIRMED, EvidenceState.REJECTED])
def test_evidence_that_belongs_elsewhere_is_an_error_in_any_state(odd: Evidence, message: str, state: EvidenceState) -> None:
    with pytest.raises(EvidenceError, match=message) as caught:
        score(TWO, [evidence("a.one", (2, 2)), odd.model_copy(update={"state": state})], transcripts=[ref()])
    assert caught.value.remedy


def test_two_different_pieces_with_one_id_are_an_error_but_a_copy_is_not() -> None:
    one = evidence("a.one", (2, 2), key="same")
    twice = score(TWO, [one, one.model_copy()], transcripts=[ref()])
    assert twice == score(TWO, [one], transcripts=[ref()])
    assert len(twice.evidence) == 1
    with pytest.raises(EvidenceError, match="two different pieces of evidence have the id e-same") as caught:
        score(TWO, [one, one.model_copy(update={"state": EvidenceState.PROPOSED})], transcripts=[ref()])
    assert caught.value.remedy


def test_a_decision_on_an_element_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(EvidenceError, match=r"decision x-1 is on element a\.three, which test does not have"):
        score(TWO, [], transcripts=[ref()], element_decisions=[decision("a.three", "reopen")])


def test_an_unknown_policy_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(EvidenceError, match="framework test has no policy best-of") as caught:
        score(TWO, [], transcripts=[ref()], policy="best-of")
    assert caught.value.remedy == "use one of majority, weakest-link, iso33020"
