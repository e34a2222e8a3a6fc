"""Practice codes of Table 5 and the stage that they are consistent with, on the seven companies of Table 6."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from builders import CODES, RULE, evidence, framework, ref, shape, small
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.frameworks import load_benchmark
from assistant.models import Evidence, EvidenceState, Framework, PracticeResult, PracticeStep, Status
from assistant.scoring import practice_stage, rate_practices, score, score_practices

PAPER = Path(__file__).resolve().parents[2] / "shared" / "sources" / "john-2025-mlops-adoption.txt"

TABLE_6 = """
D1 ✓✓✓✓✓✓✓
D2 ✓✓X✓✓X✓
D3 ✓✓✓✓✓✓✓
D4 ✓✓✓✓✓✓✓
D5 ✓✓✓✓✓✓✓
D6 ✓✓XXX✓X
M1 ✓✓XX✓✓X
M2 X✓✓✓✓✓✓
M3 XXXX✓✓X
M4 X✓X✓✓✓✓
DY1 X✓XXXXX
DY2 X✓X✓X✓✓
DY3 X✓X✓✓✓X
OI1 X✓XXXXX
OI2 X✓XX✓✓X
OI3 ✓✓✓X✓✓X
OG1 X✓X✓✓✓X
OG2 X✓✓✓✓✓✓
"""
COMPANIES = "ABCDEFG"
PROFILES: dict[str, dict[str, bool]] = {
    company: {line.split()[0]: line.split()[1][i] == "✓" for line in TABLE_6.strip().splitlines()} for i, company in enumerate(COMPANIES)
}
STATED = {"A": 2, "C": 2, "D": 3, "E": 3, "G": 2}
"""What section 5.3 states; it does not state B and F."""
CONSISTENT = STATED | {"B": 4, "F": 3}
DECISIVE = {
    "A": set(),
    "B": {"M1", "M2", "M4", "DY1", "OI1", "OG1", "OG2"},
    "C": {"D1", "D3", "D4", "D5"},
    "D": {"DY2", "DY3", "OG1", "OG2"},
    "E": set(),
    "F": set(),
    "G": set(),
}
"""Worked out by hand: the single codes whose confirmation holds the result up."""
FALLS_TO = {"B": 3, "C": 1, "D": 2}
HOME = {
    "D": "data.management",
    "M": "model.development",
    "DY": "deployment.process",
    "OI": "operations.monitoring",
    "OG": "organisation.roles",
}


def shown(code: str, present: bool = True, *, at: int = 0, state: EvidenceState = EvidenceState.CONFIRMED) -> Evidence:
    """Evidence that shows a code present or absent."""
    key = f"{code}-{'yes' if present else 'no'}-{at}"
    return evidence(HOME[code.rstrip("0123456789")], key=key, at=at, state=state, codes=(code if present else f"!{code}",))


def profile(codes: Mapping[str, bool]) -> list[Evidence]:
    return [shown(code, present, at=100 * i) for i, (code, present) in enumerate(codes.items())]


def result_of(given: list[Evidence], made: Framework | None = None) -> PracticeResult:
    result = score(made or shape(), given, transcripts=[ref()]).practices
    assert result is not None
    return result


# ---------------------------------------------------------------- an independent re-implementation


def stage_of(present: set[str]) -> int:
    """The rule as DESIGN.md words it."""
    in_place = {d: 2 * len(present & set(codes)) > len(codes) for d, codes in CODES.items()}
    if all(in_place.values()) and {"DY1", "OI1"} <= present:
        return 4
    if not in_place["data"]:
        return 1
    return 2 if sum(in_place.values()) < 3 else 3


def bounds_of(codes: Mapping[str, bool | None]) -> tuple[int, int]:
    return stage_of({c for c, v in codes.items() if v}), stage_of({c for c, v in codes.items() if v is not False})


# ---------------------------------------------------------------- Table 6


def test_the_table_of_the_tests_is_the_papers() -> None:
    assert load_benchmark("john-2025-companies").companies
    assert {c.company: c.practices for c in load_benchmark("john-2025-companies").companies} == PROFILES
    assert {c.company: c.actual_stage for c in load_benchmark("john-2025-companies").companies} == STATED | {"B": None, "F": None}


@pytest.mark.skipif(not PAPER.is_file(), reason="the paper's text is not here")
def test_the_table_of_the_tests_is_in_the_papers_text() -> None:
    rows = [line.split("\t") for line in PAPER.read_text(encoding="utf-8").splitlines()]
    found = {row[1]: "".join(row[2:]) for row in rows if len(row) == 9 and row[1] in PROFILES["A"] and set(row[2:]) <= {"✓", "X"}}
    assert found == {line.split()[0]: line.split()[1] for line in TABLE_6.strip().splitlines()}
    assert sum(len(row) for row in found.values()) == 126


@pytest.mark.parametrize("company", COMPANIES)
def test_table_6_through_the_rule(company: str) -> None:
    result = result_of(profile(PROFILES[company]))
    expected = CONSISTENT[company]
    assert (result.stage, result.low, result.high) == (expected, expected, expected)
    name = {2: "DataOps", 3: "Manual MLOps", 4: "Automated MLOps"}[expected]
    assert result.explanation == f"consistent with {name}"
    assert result.rule == "dimensions-in-place@1"
    assert {r.code: r.status == "present" for r in result.ratings} == PROFILES[company]
    assert all(len(r.evidence) == 1 and not r.conflict for r in result.ratings)


@pytest.mark.parametrize("company", COMPANIES)
def test_taking_one_confirmed_code_back_changes_the_result_only_where_the_rule_says(company: str) -> None:
    """All 126 cells: a code taken back is unknown, not absent."""
    full = profile(PROFILES[company])
    changed = set()
    for i, (code, was) in enumerate(PROFILES[company].items()):
        for state in (EvidenceState.PROPOSED, EvidenceState.REJECTED):
            back = [*full[:i], full[i].model_copy(update={"state": state}), *full[i + 1 :]]
            result = result_of(back)
            low, high = bounds_of({**PROFILES[company], code: None})
            assert (result.low, result.high, result.stage) == (low, high, low if low == high else None), code
            rating = result.ratings[i]
            assert (rating.code, rating.status, rating.evidence) == (code, "unknown", ())
            assert [r.status for r in result.ratings[:i] + result.ratings[i + 1 :]] == [
                "present" if v else "absent" for c, v in PROFILES[company].items() if c != code
            ]
        if (low, high) != (CONSISTENT[company], CONSISTENT[company]):
            changed.add(code)
            assert was
            assert (low, high) == (FALLS_TO[company], CONSISTENT[company])
    assert changed == DECISIVE[company]


@pytest.mark.parametrize("company", COMPANIES)
def test_the_opposite_of_one_code_changes_the_result_only_where_the_rule_says(company: str) -> None:
    for code, was in PROFILES[company].items():
        other = {**PROFILES[company], code: not was}
        low, high = bounds_of(other)
        assert low == high
        assert result_of(profile(other)).stage == low
        assert (low != CONSISTENT[company]) is (was and code in DECISIVE[company]), code


def test_all_codes_together_cannot_evidence_kaizen() -> None:
    assert result_of(profile(dict.fromkeys(PROFILES["A"], True))).stage == 4


# ---------------------------------------------------------------- unknown codes


def test_without_evidence_every_code_is_unknown_and_the_bounds_are_wide() -> None:
    result = result_of([])
    assert {r.status for r in result.ratings} == {"unknown"}
    assert [r.code for r in result.ratings] == [c for row in CODES.values() for c in row]
    assert (result.stage, result.low, result.high) == (None, 1, 4)
    assert result.in_place == dict.fromkeys(CODES, None)
    assert result.explanation == "consistent with Ad hoc to Automated MLOps: 18 of 18 codes unknown"


def test_unknown_codes_that_cannot_change_the_result_do_not_blur_it() -> None:
    known = {c: v for c, v in PROFILES["E"].items() if c not in ("D6", "DY3")}
    result = result_of(profile(known))
    assert (result.stage, result.explanation) == (3, "consistent with Manual MLOps")
    assert result.in_place == {"data": True, "model": True, "deployment": False, "operations": True, "organisation": True}


def test_a_dimension_reads_unknown_only_where_unknown_codes_decide() -> None:
    result = result_of(profile({"D1": True, "D2": True, "D3": True, "M1": False, "M2": False, "OG1": True, "OG2": True, "DY1": True}))
    assert result.in_place == {"data": None, "model": False, "deployment": None, "operations": None, "organisation": True}
    assert (result.low, result.high) == (1, 3)
    assert result.explanation == "consistent with Ad hoc to Manual MLOps: 10 of 18 codes unknown"


def test_exactly_half_of_its_codes_does_not_put_a_dimension_in_place() -> None:
    half = {c: c in ("D1", "D2", "D3") for c in CODES["data"]}
    assert result_of(profile(half)).in_place["data"] is False
    assert result_of(profile(half | {"D4": True})).in_place["data"] is True


# ---------------------------------------------------------------- which evidence shows a code


@pytest.mark.parametrize("state", list(EvidenceState))
@pytest.mark.parametrize("status", list(Status))
def test_only_confirmed_current_evidence_shows_a_code(state: EvidenceState, status: Status) -> None:
    for present, expected in ((True, "present"), (False, "absent")):
        one = shown("D1", present, state=state).model_copy(update={"status": status})
        rating = rate_practices(shape(), [one])[0]
        counted = state is EvidenceState.CONFIRMED and status is Status.CURRENT
        assert (rating.code, rating.status) == ("D1", expected if counted else "unknown")
        assert rating.evidence == ((one.id,) if counted else ())


def test_disagreement_on_a_code_reads_absent_and_is_shown() -> None:
    yes, no = shown("D1", at=0), shown("D1", False, at=100)
    other = shown("D2", at=50)
    rating = rate_practices(shape(), [yes, other, no])[0]
    assert (rating.status, rating.conflict, rating.evidence) == ("absent", True, (yes.id, no.id))
    assert not rate_practices(shape(), [yes, other])[0].conflict
    assert not rate_practices(shape(), [no, other])[0].conflict
    back = no.model_copy(update={"state": EvidenceState.UNSURE})
    assert rate_practices(shape(), [yes, back])[0].status == "present"


def test_one_quote_may_show_several_codes_on_any_element() -> None:
    one = evidence("data.feature_store", codes=("D6", "!M1", "OG2", "X9"))
    found = {r.code: r.status for r in rate_practices(shape(), [one]) if r.status != "unknown"}
    assert found == {"D6": "present", "M1": "absent", "OG2": "present"}


def test_a_code_is_not_found_inside_another() -> None:
    long = {"data": ("D1", "D11")}
    made = framework(codes=long)
    assert [r.status for r in rate_practices(made, [evidence("data.management", codes=("D11",))])] == ["unknown", "present"]


# ---------------------------------------------------------------- the rule as data


def test_a_framework_without_the_rule_has_no_practice_result() -> None:
    assert score_practices(small("a.one"), []) is None
    assert score_practices(framework(rule=None), profile(PROFILES["B"])) is None


@pytest.mark.parametrize(
    ("step", "present", "expected"),
    [
        (PracticeStep(stage=3, require_dimensions=("data",)), {"D1", "D2", "D3", "D4"}, 3),
        (PracticeStep(stage=3, require_dimensions=("data",)), {"D1", "D2", "D3"}, 1),
        (PracticeStep(stage=3, require_dimensions=("data", "model")), {"D1", "D2", "D3", "D4"}, 1),
        (PracticeStep(stage=3, require_dimensions=("data",)), {"D1", "D2", "D3", "D4", "OG1", "OG2"}, 3),
        (PracticeStep(stage=3, min_dimensions=1), {"OG1", "OG2"}, 3),
        (PracticeStep(stage=3, min_dimensions=2), {"OG1", "OG2"}, 1),
        (PracticeStep(stage=3, min_dimensions=1), {"OG1"}, 1),
        (PracticeStep(stage=3, require_codes=("OG1",)), {"OG1"}, 3),
        (PracticeStep(stage=3, require_codes=("OG1", "OG2")), {"OG1"}, 1),
        (PracticeStep(stage=3, require_codes=("OG1",)), {"OG1", "D1"}, 3),
        (PracticeStep(stage=3, require_codes=("OG1",), min_dimensions=1), {"OG1"}, 1),
        (PracticeStep(stage=3, require_codes=("DY1",), require_dimensions=("organisation",)), {"OG1", "OG2"}, 1),
    ],
)
def test_every_condition_of_a_step_must_hold(step: PracticeStep, present: set[str], expected: int) -> None:
    rule = RULE.model_copy(update={"steps": (PracticeStep(stage=1), step)})
    assert practice_stage(shape(), rule, present) == expected


def test_the_highest_step_that_holds_counts_whatever_holds_below() -> None:
    first = (PracticeStep(stage=2), PracticeStep(stage=4, require_codes=("D1",)))
    steps = (*first, PracticeStep(stage=3), PracticeStep(stage=5, min_dimensions=6))
    rule = RULE.model_copy(update={"steps": steps})
    assert practice_stage(shape(), rule, {"D1"}) == 4
    assert practice_stage(shape(), rule, set()) == 3
    assert practice_stage(shape(), rule.model_copy(update={"steps": first}), set()) == 2


def test_the_lowest_step_stands_even_where_a_rule_gives_it_conditions() -> None:
    rule = RULE.model_copy(update={"steps": (PracticeStep(stage=2, require_codes=("D1",)), PracticeStep(stage=3, require_codes=("D1",)))})
    assert practice_stage(shape(), rule, set()) == 2


def test_the_threshold_of_a_dimension_is_the_rules_own_and_exclusive() -> None:
    steps = (PracticeStep(stage=1), PracticeStep(stage=2, require_dimensions=("model",)))
    rule = RULE.model_copy(update={"threshold": 0.75, "steps": steps})
    assert practice_stage(shape(), rule, {"M1", "M2", "M3"}) == 1
    assert practice_stage(shape(), rule, {"M1", "M2", "M3", "M4"}) == 2
    made = framework(rule=rule)
    assert result_of(profile({"M1": True, "M2": True, "M3": True, "M4": False}), made).in_place["model"] is False


def test_a_dimension_without_codes_is_never_in_place() -> None:
    made = framework(codes={d: row for d, row in CODES.items() if d != "model"})
    codes = {c: True for d, row in CODES.items() if d != "model" for c in row}
    result = result_of(profile(codes), made)
    assert result.in_place == {d: d != "model" for d in CODES}
    assert result.stage == 3
    never = framework(rule=RULE.model_copy(update={"threshold": 0.0}), codes={})
    assert result_of([], never).in_place == dict.fromkeys(CODES, False)


# ---------------------------------------------------------------- at random

CODE = st.sampled_from([None, True, True, False])


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({c: CODE for row in CODES.values() for c in row}))
def test_any_profile_agrees_with_an_independent_implementation(codes: dict[str, bool | None]) -> None:
    result = score_practices(shape(), profile({c: v for c, v in codes.items() if v is not None}))
    assert result is not None
    low, high = bounds_of(codes)
    assert (result.low, result.high, result.stage) == (low, high, low if low == high else None)
    assert low <= high
    for dimension, row in CODES.items():
        worst, best = (2 * sum(codes[c] in wanted for c in row) > len(row) for wanted in ((True,), (True, None)))
        assert result.in_place[dimension] is (worst if worst == best else None)
