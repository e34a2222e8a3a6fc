"""From the ratings of elements to the stage of a dimension and of the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product

import pytest
from builders import ISO, MAJORITY, PLAIN, POLICIES, STAGES, TOP, WEAKEST, decision, evidence, rating, ratings, real, ref, shape, small

from assistant.errors import EvidenceError
from assistant.models import ElementRating, GroupRating, Policy, Prerequisite, RatingStatus
from assistant.scoring import apply_all, apply_policy, blocked, grade, rate_group, reach, score, what_if

PROCESS, MONITORING = "deployment.process", "operations.monitoring"


def stage(policy: Policy, *stages: int) -> int | None:
    """Stage of elements without prerequisites among them."""
    known = {f"a.{i}": s for i, s in enumerate(stages)}
    return apply_policy(policy, known, list(known), TOP)[0]


def group(policy: Policy, stages: Mapping[str, int | None], *, min_coverage: float = 0.6) -> GroupRating:
    return rate_group(small(*stages, min_coverage=min_coverage), policy, "overall", ratings(stages))


# ---------------------------------------------------------------- grades and reach


@pytest.mark.parametrize(
    ("reached", "rated", "expected"),
    [
        (0, 0, "N"), (0, 1, "N"), (3, 20, "N"), (4, 20, "P"), (15, 100, "N"), (16, 100, "P"), (1, 2, "P"), (50, 100, "P"), (51, 100, "L"),
        (17, 20, "L"), (18, 20, "F"), (85, 100, "L"), (86, 100, "F"), (1, 1, "F"), (2, 13, "P"), (151, 1000, "P"), (851, 1000, "F"),
    ],
)  # fmt: skip
def test_the_limits_of_iso_33020_belong_to_the_lower_grade(reached: int, rated: int, expected: str) -> None:
    assert grade(reached, rated) == expected


def test_grades_are_exact_for_every_share() -> None:
    for rated in range(1, 121):
        for reached in range(rated + 1):
            share = Fraction(reached, rated)
            expected = "NPLF"[sum(share > limit for limit in (Fraction(15, 100), Fraction(1, 2), Fraction(85, 100)))]
            assert grade(reached, rated) == expected, (reached, rated)


def test_reach_counts_elements_at_a_stage_or_above() -> None:
    rows = reach([1, 3, 3, 5], TOP)
    assert [(r.stage, r.reached, r.rated, r.grade) for r in rows] == [(2, 3, 4, "L"), (3, 3, 4, "L"), (4, 1, 4, "P"), (5, 1, 4, "P")]
    assert [(r.stage, r.reached, r.rated, r.grade) for r in reach([], 3)] == [(2, 0, 0, "N"), (3, 0, 0, "N")]
    assert [r.stage for r in reach(iter([2]), 2)] == [2]


# ---------------------------------------------------------------- majority


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ((1,), 1), ((2,), 2), ((5,), 5), ((1, 2), 1), ((3, 3), 3), ((1, 1, 5), 1), ((1, 5, 5), 5), ((1, 1, 5, 5), 1), ((1, 4, 5, 5), 4),
        ((2, 2, 3, 3), 2), ((2, 3, 3), 3), ((1, 2, 3, 4, 5), 3), ((1, 1, 3, 4, 5), 3), ((1, 1, 1, 4, 5), 1),
    ],
)  # fmt: skip
def test_majority_is_the_highest_stage_that_strictly_more_than_half_reach(stages: tuple[int, ...], expected: int) -> None:
    assert stage(PLAIN, *stages) == expected


def test_the_threshold_of_a_majority_is_the_policys_own_and_exclusive() -> None:
    quarter = Policy(id="q", version=1, kind="majority", threshold=0.25)
    most = Policy(id="m", version=1, kind="majority", threshold=0.75)
    everyone = Policy(id="e", version=1, kind="majority", threshold=1.0)
    assert [stage(quarter, *s) for s in ((1, 1, 1, 5), (1, 1, 5, 5))] == [1, 5]
    assert [stage(most, *s) for s in ((1, 5, 5, 5), (5, 5, 5, 5))] == [1, 5]
    assert stage(everyone, 5, 5) == 1


def test_nothing_rated_gives_no_stage() -> None:
    for policy in POLICIES:
        assert apply_policy(policy, {}, [PROCESS], TOP) == (None, ())


@pytest.mark.parametrize(
    ("process", "monitoring", "expected", "held"),
    [
        (5, 5, 5, ()), (4, 5, 4, (PROCESS,)), (5, 4, 4, (MONITORING,)), (4, 4, 4, (PROCESS, MONITORING)), (3, 5, 3, (PROCESS,)),
        (5, 3, 3, (MONITORING,)), (1, 1, 3, (PROCESS, MONITORING)), (None, 5, 3, (PROCESS,)), (None, None, 3, (PROCESS, MONITORING)),
    ],
)  # fmt: skip
def test_from_stage_four_on_deployment_and_monitoring_must_be_there_themselves(
    process: int | None, monitoring: int | None, expected: int, held: tuple[str, ...]
) -> None:
    stages = {PROCESS: process, MONITORING: monitoring} | {f"a.{i}": 5 for i in range(6)}
    result = group(MAJORITY, stages)
    assert (result.stage, result.blocked_by) == (expected, held)
    assert group(PLAIN, stages).stage == 5
    assert group(PLAIN, stages).blocked_by == ()


def test_prerequisites_do_not_matter_below_their_stage() -> None:
    result = group(MAJORITY, {PROCESS: 1, MONITORING: 1, "a.1": 3, "a.2": 3, "a.3": 3})
    assert (result.stage, result.blocked_by) == (3, ())


def test_prerequisites_name_nothing_where_the_majority_does_not_reach_the_stage() -> None:
    result = group(MAJORITY, {PROCESS: 1, MONITORING: 1, "a.1": 4, "a.2": 4})
    assert (result.stage, result.blocked_by) == (1, ())


def test_a_prerequisite_that_does_not_apply_holds_nothing_down() -> None:
    given = [rating(PROCESS, applicable=False), rating(MONITORING, 4), rating("a.1", 4)]
    result = rate_group(small(PROCESS, MONITORING, "a.1"), MAJORITY, "overall", given)
    assert (result.stage, result.total, result.low, result.high) == (4, 2, 4, 4)


def test_blocked_lists_each_missing_prerequisite_once_in_order() -> None:
    policy = Policy(
        id="two", version=1, kind="majority",
        prerequisites=(Prerequisite(from_stage=3, elements=("b", "a")), Prerequisite(from_stage=4, elements=("a", "c"))),
    )  # fmt: skip
    scope = ["a", "b", "c"]
    assert blocked(policy, 2, {}, scope) == ()
    assert blocked(policy, 3, {}, scope) == ("b", "a")
    assert blocked(policy, 4, {}, scope) == ("b", "a", "c")
    assert blocked(policy, 4, {"b": 4, "a": 3}, scope) == ("a", "c")
    assert blocked(policy, 4, {"b": 4, "a": 5, "c": 4}, scope) == ()
    assert blocked(policy, 4, {}, ["c"]) == ("c",)
    assert blocked(PLAIN, 5, {}, scope) == ()


def test_a_prerequisite_from_the_first_stage_on_needs_a_rating() -> None:
    policy = Policy(id="first", version=1, kind="majority", prerequisites=(Prerequisite(from_stage=1, elements=("a",)),))
    assert blocked(policy, 1, {}, ["a"]) == ("a",)
    assert blocked(policy, 1, {"a": 1}, ["a"]) == ()


def test_what_held_the_result_down_is_named_for_the_next_stage_only() -> None:
    result = group(MAJORITY, {PROCESS: 3, MONITORING: 4, "a.1": 5, "a.2": 5, "a.3": 5})
    assert (result.stage, result.blocked_by) == (3, (PROCESS,))


def test_in_a_dimension_only_the_prerequisites_inside_it_apply() -> None:
    stages = {e.id: 3 if e.id in (PROCESS, MONITORING) else 5 for e in shape().elements}
    result = apply_all(shape(), MAJORITY, ratings(stages))
    found = {d.scope: (d.stage, d.blocked_by) for d in result.dimensions}
    assert found == {
        "data": (5, ()),
        "model": (5, ()),
        "deployment": (3, (PROCESS,)),
        "operations": (3, (MONITORING,)),
        "organisation": (5, ()),
    }
    assert (result.overall.stage, result.overall.blocked_by) == (3, (PROCESS, MONITORING))


# ---------------------------------------------------------------- weakest link and ISO/IEC 33020


def test_the_weakest_link_is_the_lowest_rated_element() -> None:
    assert stage(WEAKEST, 5, 3, 4) == 3
    assert stage(WEAKEST, 5) == 5
    assert group(WEAKEST, {"a.1": 4, "a.2": None}).stage == 4


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ((5,), 5), ((1,), 1), ((1, 2), 1), ((1, 1, 5), 1), ((1, 5, 5), 2), ((2, 5, 5), 3), ((3, 5, 5), 4), ((4, 5, 5), 5), ((4, 4, 5), 4),
        ((2,) * 17 + (1,) * 3, 2), ((5,) * 17 + (1,) * 3, 2), ((5,) * 18 + (1,) * 2, 5), ((5,) * 18 + (2, 1), 5),
        ((5,) * 17 + (2, 2, 1), 3), ((5,) * 10 + (1,) * 10, 1), ((5,) * 11 + (2,) * 9, 3),
    ],
    ids=str,
)  # fmt: skip
def test_iso_33020_needs_the_stage_largely_and_all_below_fully(stages: tuple[int, ...], expected: int) -> None:
    assert stage(ISO, *stages) == expected


def test_the_threshold_of_a_majority_means_nothing_to_iso_33020() -> None:
    assert stage(ISO.model_copy(update={"threshold": 1.0}), 5, 5) == 5


# ---------------------------------------------------------------- an independent re-implementation


def expected_stage(policy: Policy, stages: Mapping[str, int], scope: Sequence[str]) -> int | None:
    """The rules of DESIGN.md once more, the other way round: which stages hold, and the highest of them."""
    if not stages:
        return None
    values = sorted(stages.values())
    share = {s: Fraction(sum(v >= s for v in values), len(values)) for s in range(1, TOP + 1)}
    if policy.id == "weakest-link":
        return values[0]
    if policy.id == "iso33020":
        fully = {s for s in share if share[s] > Fraction(85, 100)}
        return max(s for s in share if share[s] > Fraction(1, 2) and set(range(1, s)) <= fully)
    needed = {PROCESS, MONITORING} & set(scope)
    return max((s for s in share if share[s] > Fraction(1, 2) and (s < 4 or all(stages.get(e, 0) >= s for e in needed))), default=1)


OPTIONS: tuple[tuple[int | None, bool], ...] = ((1, True), (3, True), (4, True), (5, True), (None, True), (None, False))


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.id)
def test_every_case_of_four_elements_agrees_with_an_independent_implementation(policy: Policy) -> None:
    ids = (PROCESS, MONITORING, "a.1", "a.2")
    framework = small(*ids)
    for case in product(OPTIONS, repeat=len(ids)):
        given = [rating(e, s, applicable=a) for e, (s, a) in zip(ids, case, strict=True)]
        scope = [r.element for r in given if r.status is not RatingStatus.NOT_APPLICABLE]
        known = {r.element: r.stage for r in given if r.stage is not None}
        result = rate_group(framework, policy, "overall", given)
        assert result.stage == expected_stage(policy, known, scope), case
        assert result.low == (expected_stage(policy, {e: known.get(e, 1) for e in scope}, scope) or 1), case
        assert result.high == (expected_stage(policy, {e: known.get(e, TOP) for e in scope}, scope) or TOP), case
        assert (result.rated, result.total) == (len(known), len(scope))
        assert result.sufficient is (bool(scope) and Fraction(len(known), len(scope)) >= Fraction(60, 100)), case
        assert [(r.stage, r.reached, r.rated) for r in result.reach] == [
            (s, sum(v >= s for v in known.values()), len(known)) for s in range(2, TOP + 1)
        ]


# ---------------------------------------------------------------- bounds, coverage, words


def test_bounds_set_every_unknown_to_its_worst_and_its_best() -> None:
    known: dict[str, int | None] = {f"a.{i}": 3 for i in range(6)}
    result = group(PLAIN, known | {f"b.{i}": None for i in range(4)})
    assert (result.stage, result.low, result.high) == (3, 3, 3)
    result = group(PLAIN, {"a.1": 3, "a.2": 3, "a.3": 4, "b.1": None, "b.2": None}, min_coverage=0.5)
    assert (result.stage, result.low, result.high) == (3, 3, 4)
    result = group(PLAIN, {"a.1": 3, "a.2": 3, "b.1": None, "b.2": None}, min_coverage=0.5)
    assert (result.stage, result.low, result.high) == (3, 1, 3)
    assert group(WEAKEST, {"a.1": 3, "b.1": None}).low == 1
    assert group(WEAKEST, {"a.1": 3, "b.1": None}).high == 3


def test_bounds_use_what_is_known_of_an_unplaced_element() -> None:
    given = [rating("a.1", 4), rating("a.2", 1), rating("a.3", low=2, high=3)]
    result = rate_group(small("a.1", "a.2", "a.3"), PLAIN, "overall", given)
    assert (result.low, result.high) == (1, 3)
    assert (result.rated, result.total) == (2, 3)


@pytest.mark.parametrize(("rated", "total"), [(3, 5), (6, 10), (9, 15), (60, 100), (11, 17), (10, 17), (2, 5), (59, 100), (0, 3), (3, 3)])
def test_the_limit_of_coverage_is_exact(rated: int, total: int) -> None:
    stages: dict[str, int | None] = {f"a.{i}": 3 if i < rated else None for i in range(total)}
    result = group(PLAIN, stages)
    assert result.sufficient is (Fraction(rated, total) >= Fraction(3, 5))
    assert result.coverage == pytest.approx(rated / total, abs=1e-6)
    assert result.explanation.startswith("insufficient evidence (") is not result.sufficient


def test_coverage_counts_applicable_elements_only_and_not_unplaced_ones() -> None:
    given = [rating("a.1", 3), rating("a.2", 3), rating("a.3", 3), rating("a.4", low=2, high=3), rating("a.5")]
    given += [rating(f"a.{i}", applicable=False) for i in (6, 7)]
    result = rate_group(small(*(r.element for r in given)), PLAIN, "overall", given)
    assert (result.rated, result.total, result.coverage, result.sufficient) == (3, 5, 0.6, True)


def test_coverage_is_written_with_six_decimals() -> None:
    assert group(PLAIN, {"a.1": 3, "a.2": 3, "a.3": None}).coverage == 0.666667


def test_nothing_applies() -> None:
    result = rate_group(small("a.1"), MAJORITY, "overall", [rating("a.1", applicable=False)])
    assert (result.stage, result.low, result.high) == (None, 1, TOP)
    assert (result.rated, result.total, result.coverage, result.sufficient) == (0, 0, 0.0, False)
    assert result.explanation == "No element applies."


def test_nothing_rated_is_insufficient_even_where_no_coverage_is_asked_for() -> None:
    result = group(PLAIN, {"a.1": None}, min_coverage=0)
    assert (result.stage, result.sufficient) == (None, True)
    assert result.explanation == "insufficient evidence (between Ad hoc and Kaizen MLOps: 1 of 1 unknown)"


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ((3, 3, 4, None, None), "Manual MLOps (between Manual MLOps and Automated MLOps: 2 of 5 unknown)"),
        ((3, 3, 3, None), "Manual MLOps (1 of 4 unknown, which cannot change it)"),
        ((2, 2), "DataOps (all 2 elements rated)"),
        ((3, None), "insufficient evidence (between Ad hoc and Manual MLOps: 1 of 2 unknown)"),
    ],
)
def test_the_result_in_words(stages: tuple[int | None, ...], expected: str) -> None:
    policy = WEAKEST if stages == (3, None) else PLAIN
    assert group(policy, {f"a.{i}": s for i, s in enumerate(stages)}).explanation == expected


def test_the_result_in_words_names_what_held_it_down() -> None:
    result = group(MAJORITY, {PROCESS: 3, MONITORING: 2, "a.1": 5, "a.2": 5, "a.3": 5})
    assert result.explanation == f"Manual MLOps (all 5 elements rated; held down by {PROCESS}, {MONITORING})"
    assert result.rule == "policy.majority@1"
    assert result.scope == "overall"


# ---------------------------------------------------------------- the whole assessment


MIXED = {"a.1": 1, "a.2": 5, "a.3": 5, PROCESS: 4, MONITORING: 4}


@pytest.mark.parametrize(("policy", "expected"), [(None, 4), ("majority", 4), ("weakest-link", 1), ("iso33020", 2)])
def test_the_headline_follows_the_policy_chosen_and_all_are_shown(policy: str | None, expected: int) -> None:
    framework = small(*MIXED)
    given = [evidence(e, (s, s)) for e, s in MIXED.items()]
    result = score(framework, given, transcripts=[ref()], policy=policy)
    assert result.policy == (policy or "majority")
    assert result.overall.stage == expected
    found = [(p.policy, p.version, p.overall.stage) for p in result.policies]
    assert found == [("majority", 1, 4), ("weakest-link", 1, 1), ("iso33020", 1, 2)]
    headline = next(p for p in result.policies if p.policy == result.policy)
    assert (result.overall, result.dimensions) == (headline.overall, headline.dimensions)
    assert [d.scope for d in result.dimensions] == ["a", "deployment", "operations"]
    assert (result.framework, result.framework_version, result.framework_hash) == ("test", "1.0.0", framework.hash)
    assert result.practices is None


def test_the_first_policy_is_the_default() -> None:
    framework = small("a.1", policies=(ISO, MAJORITY))
    assert score(framework, [], transcripts=[ref()]).policy == "iso33020"


def test_draft_is_marked() -> None:
    for draft in (False, True):
        assert score(small("a.1"), [], transcripts=[ref()], draft=draft).draft is draft
    assert score(small("a.1"), [], transcripts=[ref()]).draft is False


def test_an_element_that_does_not_apply_leaves_its_dimension_and_the_whole() -> None:
    framework = small("a.1", "a.2", "b.1")
    given = [evidence("a.1", (1, 1)), evidence("a.2", (4, 4)), evidence("b.1", (4, 4))]
    before = score(framework, given, transcripts=[ref()])
    after = score(framework, given, transcripts=[ref()], element_decisions=[decision("a.1", "not_applicable")])
    assert [(d.stage, d.rated, d.total) for d in before.dimensions] == [(1, 2, 2), (4, 1, 1)]
    assert [(d.stage, d.rated, d.total) for d in after.dimensions] == [(4, 1, 1), (4, 1, 1)]
    assert (after.overall.total, after.overall.coverage) == (2, 1.0)


def test_the_framework_that_ships_scores_all_at_one_column() -> None:
    for column in range(1, TOP + 1):
        given = []
        for e in real().elements:
            s = e.statement_at(column)
            given.append(evidence(e.id, (s.stage_low, s.stage_high), framework_id="john-2025"))
        result = score(real(), given, transcripts=[ref()])
        lowest = min(e.statement_at(column).stage_high for e in real().elements)
        assert result.overall.stage == column
        assert result.overall.explanation == f"{STAGES[column - 1]} (all 17 elements rated)"
        assert [p.overall.stage for p in result.policies][1] == lowest == column


# ---------------------------------------------------------------- what if


def _what_if(given: Sequence[ElementRating], statements: Mapping[str, str], policy: Policy = PLAIN) -> tuple[int | None, ...]:
    result = what_if(small(*(r.element for r in given)), given, policy, statements)
    return (result.overall.stage, *(d.stage for d in result.dimensions))


def test_what_if_moves_only_the_elements_named() -> None:
    given = ratings({"a.1": 2, "a.2": 2, "b.1": 4, "b.2": None})
    assert _what_if(given, {}) == (2, 2, 4)
    assert _what_if(given, {"a.1": "a.1#5-5"}) == (4, 2, 4)
    assert _what_if(given, {"a.1": "a.1#5-5", "a.2": "a.2#3-3"}) == (4, 3, 4)
    assert _what_if(given, {"b.2": "b.2#1-1"}) == (2, 2, 1)
    assert [r.stage for r in given] == [2, 2, 4, None]


def test_what_if_rates_what_was_unknown_or_not_applicable() -> None:
    given = [rating("a.1", applicable=False), rating("a.2"), rating("a.3", low=2, high=3)]
    result = what_if(small("a.1", "a.2", "a.3"), given, PLAIN, {f"a.{i}": f"a.{i}#4-4" for i in (1, 2, 3)})
    assert (result.overall.stage, result.overall.low, result.overall.high) == (4, 4, 4)
    assert (result.overall.rated, result.overall.total) == (3, 3)
    assert (result.policy, result.version) == ("plain", 1)


def test_what_if_takes_the_highest_stage_of_the_statement() -> None:
    given = ratings({e.id: 1 for e in shape().elements})
    result = what_if(shape(), given, MAJORITY, {f"data.{e}": f"data.{e}#2-4" for e in ("management", "governance", "versioning")})
    assert result.dimensions[0].stage == 4
    assert result.overall.stage == 1


def test_what_if_says_so_where_element_or_statement_does_not_exist() -> None:
    given = ratings({"a.1": 2})
    with pytest.raises(EvidenceError, match=r"framework test has no element a\.8, a\.9"):
        _what_if(given, {"a.9": "a.9#1-1", "a.8": "a.8#1-1"})
    with pytest.raises(EvidenceError, match=r"element a\.1 has no statement a\.1#1-2"):
        _what_if(given, {"a.1": "a.1#1-2"})


def test_what_if_agrees_with_scoring_evidence_there() -> None:
    framework = small(*MIXED)
    base = score(framework, [evidence(e, (s, s)) for e, s in MIXED.items()], transcripts=[ref()])
    for policy in framework.policies:
        for to in range(1, TOP + 1):
            moved = {**MIXED, "a.1": to}
            full = score(framework, [evidence(e, (s, s)) for e, s in moved.items()], transcripts=[ref()], policy=policy.id)
            guessed = what_if(framework, base.elements, policy, {"a.1": f"a.1#{to}-{to}"})
            assert (guessed.overall, guessed.dimensions) == (full.overall, full.dimensions)
