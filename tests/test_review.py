"""Folding decisions, queues, agreement: edge cases first, then worked examples from the literature."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant import review
from assistant.models import Decision, ElementDecision, Evidence, EvidenceState
from assistant.review import Unit

START = datetime(2026, 1, 1, tzinfo=UTC)
P, C, R, U, S = EvidenceState.PROPOSED, EvidenceState.CONFIRMED, EvidenceState.REJECTED, EvidenceState.UNSURE, EvidenceState.SUPERSEDED


def piece(
    name: str,
    start: int = 0,
    end: int = 10,
    *,
    element: str = "ops.x",
    low: int = 2,
    high: int = 2,
    confidence: float = 0.5,
    **more: object,
) -> Evidence:
    fields: dict[str, object] = {"transcript": "t-1", "framework": "f", "engine": "local/1", "statement": f"{element}#{low}-{high}"}
    return Evidence.model_validate(
        fields | {"id": name, "element": element, "quote": "x" * (end - start), "start": start, "end": end, "stage_low": low,
                  "stage_high": high,
                  "confidence": confidence} | more
    )  # fmt: skip


def took(n: int, evidence: str, action: str, reviewer: str = "ann", **more: object) -> Decision:
    fields = {"id": f"d{n}", "evidence": evidence, "reviewer": reviewer, "action": action, "at": START + timedelta(seconds=n)}
    return Decision.model_validate(fields | more)


def edited(n: int, evidence: str, product: str, reviewer: str = "ann", **more: object) -> Decision:
    return took(n, evidence, "edit", reviewer, after={"id": product, "engine": f"person/{reviewer}"} | more)


# ---------------------------------------------------------------- folding


def test_nothing_gives_nothing() -> None:
    assert review.fold((), ()) == ()
    assert review.fold((), (took(1, "gone", "confirm"),)) == ()
    assert review.fold((), (took(1, "gone", "confirm"),), blind=True) == ()
    assert review.elements_in_force(()) == ()
    assert review.queue(()) == ()


@pytest.mark.parametrize(
    ("actions", "state"),
    [
        ([], P), (["confirm"], C), (["reject"], R), (["unsure"], U), (["reopen"], P), (["confirm", "reopen"], P),
        (["confirm", "reject"], R),
        (["confirm", "reject", "reopen"], C), (["confirm", "reject", "reopen", "reopen"], P),
        (["confirm", "reopen", "reopen", "reject"], R),
        (["confirm", "confirm", "reopen"], C),
    ],
)  # fmt: skip
def test_actions_in_a_row(actions: list[str], state: EvidenceState) -> None:
    taken = [took(n, "e1", action) for n, action in enumerate(actions)]
    assert [e.state for e in review.fold([piece("e1")], taken)] == [state]


def test_order_is_time_not_the_order_given() -> None:
    taken = [took(n, "e1", action) for n, action in enumerate(["confirm", "reject", "unsure"] * 4)]
    assert review.in_order(reversed(taken)) == tuple(taken), "d10 comes after d9"
    assert review.fold([piece("e1")], reversed(taken)) == review.fold([piece("e1")], taken)


def test_a_state_that_is_given_does_not_count() -> None:
    assert review.fold([piece("e1", state="confirmed")], ())[0].state is P


def test_an_edit_whose_product_is_not_given() -> None:
    decision = edited(1, "e1", "e2", stage_low=1, statement=None)
    old, new = review.fold([piece("e1")], [decision])
    assert (old.id, old.state) == ("e1", S)
    assert (new.id, new.state, new.engine, new.stage_low, new.statement, new.quote) == ("e2", C, "person/ann", 1, None, "x" * 10)
    given_too = review.fold([piece("e1"), new], [decision])
    assert given_too == (old, new)


def test_edits_in_a_row_and_back() -> None:
    first, second = edited(1, "e1", "e2"), edited(2, "e2", "e3")

    def found(*more: Decision) -> list[EvidenceState]:
        return [e.state for e in review.fold([piece("e1")], (first, second, *more))]

    assert found() == [S, S, C]
    assert found(took(3, "e2", "reopen")) == [S, C, S]
    assert found(took(3, "e2", "reopen"), took(4, "e1", "reopen")) == [P, S, S]
    assert found(took(3, "e3", "reject", reason="no")) == [S, S, R]


def test_two_edits_into_the_same() -> None:
    pieces = [piece("e1"), piece("e2", engine="llm/m")]
    taken = [edited(1, "e1", "e3"), edited(2, "e2", "e3"), took(3, "e1", "reopen")]
    assert {e.id: e.state for e in review.fold(pieces, taken)} == {"e1": P, "e2": S, "e3": C}
    assert {e.id: e.state for e in review.fold(pieces, [*taken, took(4, "e2", "reopen")])} == {"e1": P, "e2": P, "e3": S}


def test_the_product_rejected_then_made_again() -> None:
    taken = [edited(1, "e1", "e2"), took(2, "e2", "reject", reason="no"), took(3, "e1", "reopen"), edited(4, "e1", "e2")]
    assert {e.id: e.state for e in review.fold([piece("e1")], taken)} == {"e1": S, "e2": C}


@pytest.mark.parametrize(
    ("ann", "bob", "state"),
    [
        ([], [], P), (["confirm"], [], C), (["confirm"], ["confirm"], C), (["confirm"], ["reject"], U), (["unsure"], ["confirm"], U),
        (["reject"], ["reject"], R), (["confirm", "reopen"], ["reject"], R), (["confirm"], ["reject", "reopen"], C),
    ],
)  # fmt: skip
def test_blind_reviewers(ann: list[str], bob: list[str], state: EvidenceState) -> None:
    taken = [took(n, "e1", action) for n, action in enumerate(ann)] + [took(10 + n, "e1", action, "bob") for n, action in enumerate(bob)]
    assert review.fold([piece("e1")], taken, blind=True)[0].state is state
    own = review.states_by_reviewer(["e1"], taken)
    assert all(own[reviewer]["e1"] is not U for reviewer in own if "unsure" not in ann)


def test_a_disputed_edit_does_not_count() -> None:
    one = [edited(1, "e1", "e2")]
    assert {e.id: e.state for e in review.fold([piece("e1")], one, blind=True)} == {"e1": S, "e2": C}
    disputed = [*one, took(2, "e1", "confirm", "bob")]
    assert {e.id: e.state for e in review.fold([piece("e1")], disputed, blind=True)} == {"e1": U, "e2": U}
    agreed = [*one, edited(2, "e1", "e3", "bob")]
    assert {e.id: e.state for e in review.fold([piece("e1")], agreed, blind=True)} == {"e1": S, "e2": C, "e3": C}


@given(
    st.lists(st.tuples(st.sampled_from(["confirm", "reject", "unsure", "reopen"]), st.sampled_from(["e1", "e2"])), max_size=12),
    st.randoms(),
)
def test_folding_is_deterministic(steps: list[tuple[str, str]], shuffler: random.Random) -> None:
    taken = [took(n, evidence, action) for n, (action, evidence) in enumerate(steps)]
    pieces = [piece("e1"), piece("e2", 20, 30)]
    expected = review.fold(pieces, taken)
    shuffler.shuffle(taken)
    shuffler.shuffle(pieces)
    assert review.fold(pieces, taken) == expected
    assert [e.id for e in expected] == ["e1", "e2"]


def whole(n: int, element: str, action: str, *, timed: bool = True, **more: object) -> ElementDecision:
    at = START + timedelta(seconds=n) if timed else None
    return ElementDecision(id=f"x{n}", element=element, reviewer="ann", action=action, reason="r", at=at, **more)


def test_elements_in_force() -> None:
    taken = [
        whole(1, "b", "not_applicable"),
        whole(2, "a", "settle", statement="a#1-1"),
        whole(3, "a", "missing_evidence"),
        whole(4, "b", "reopen"),
    ]
    assert [(d.element, d.action) for d in review.elements_in_force(reversed(taken))] == [("a", "settle")]
    assert [d.action for d in review.elements_in_force([*taken, whole(5, "a", "reopen")])] == ["settle"]
    untimed = [whole(n, "a", action, timed=False) for n, action in ((2, "not_applicable"), (1, "missing_evidence"))]
    assert [d.action for d in review.elements_in_force(untimed)] == ["not_applicable"]
    assert [d.action for d in review.elements_in_force(untimed[1:])] == ["missing_evidence"]


# ---------------------------------------------------------------- queue


def test_queue_orders() -> None:
    pieces = [
        piece("late", 50, 60, element="b", confidence=0.9),
        piece("early", 0, 10, element="a", confidence=0.1),
        piece("middle", 20, 30, element="a", low=3, high=3, confidence=0.5),
        piece("seen", 5, 15, element="b", state="unsure", confidence=0.4),
        piece("done", 1, 9, element="b", state="confirmed"),
        piece("old", 2, 8, element="b", state="superseded"),
    ]

    def ids(order: review.QueueOrder, **more: object) -> list[str]:
        return [e.id for e in review.queue(pieces, order=order, **more)]

    assert ids(review.QueueOrder.POSITION) == ["early", "middle", "late", "seen"]
    assert ids(review.QueueOrder.ELEMENT, elements=("b", "a")) == ["late", "early", "middle", "seen"]
    assert ids(review.QueueOrder.ELEMENT, elements=("b",)) == ["late", "early", "middle", "seen"]
    assert ids(review.QueueOrder.SURE_FIRST) == ["late", "middle", "early", "seen"]
    assert ids(review.QueueOrder.UNSURE_FIRST) == ["early", "middle", "late", "seen"]
    assert ids(review.QueueOrder.CONFLICT, elements=("b", "a")) == ["early", "middle", "late", "seen"]
    assert [e.id for e in review.queue(pieces, wanted=(C,))] == ["done"]


def test_conflicting() -> None:
    present, other = piece("e1"), piece("e2", low=3, high=3)
    assert review.conflicting([present]) == ()
    assert review.conflicting([present, other]) == ("ops.x",)
    assert review.conflicting([present, piece("e3", polarity="absent")]) == ("ops.x",)
    for harmless in ({"status": "planned"}, {"state": "rejected"}, {"state": "superseded"}, {"statement": None}):
        assert review.conflicting([present, other.model_copy(update=harmless)]) == ()


# ---------------------------------------------------------------- agreement


@pytest.mark.parametrize(
    ("a", "b", "match"),
    [
        ((0, 10), (0, 10), True), ((0, 10), (7, 17), True), ((0, 10), (8, 18), False), ((0, 100), (90, 100), True),
        ((0, 10), (10, 20), False),
        ((0, 10), (50, 60), False),
    ],
)  # fmt: skip
def test_spans_match_from_thirty_percent_of_the_shorter(a: tuple[int, int], b: tuple[int, int], match: bool) -> None:
    assert review.matches(piece("a", *a), piece("b", *b)) is match
    assert review.matches(piece("b", *b), piece("a", *a)) is match
    assert not review.matches(piece("a", *a), piece("b", *b, element="other"))
    assert not review.matches(piece("a", *a), piece("b", *b, transcript="t-2"))


def test_an_empty_span_shares_nothing() -> None:
    assert review.share((5, 5), (0, 10)) == 0.0


def test_f1_edges_and_values() -> None:
    one, far = piece("a", 0, 10), piece("b", 50, 60)
    assert review.f1([], []) is None
    assert review.f1([one], []) == 0.0 == review.f1([], [one])
    assert review.f1([one], [far]) == 0.0
    assert review.f1([one], [one]) == 1.0
    assert review.f1([one, far], [one]) == pytest.approx(2 / 3)


def test_f1_counts_a_long_span_that_matches_two_once() -> None:
    halves = [piece("a", 0, 10), piece("b", 10, 20)]
    assert review.f1([piece("long", 0, 20)], halves) == 1.0
    assert len(review.pairs([piece("long", 0, 20)], halves)) == 2


def test_stage_iou() -> None:
    assert review.stage_iou([], [piece("a")]) is None
    assert review.stage_iou([piece("a", low=1, high=5)], [piece("b", low=3, high=3)]) == pytest.approx(0.2)
    assert review.stage_iou([piece("a", low=2, high=4)], [piece("b", low=3, high=5)]) == pytest.approx(0.5)
    assert review.stage_iou([piece("a", low=1, high=1)], [piece("b", low=4, high=5)]) == 0.0


def test_kappa_edges() -> None:
    assert review.cohen_kappa([], []) is None
    assert review.cohen_kappa([True, True], [True, True]) is None
    assert review.cohen_kappa([True, False], [True, False]) == 1.0
    assert review.cohen_kappa([True, False], [False, True]) == -1.0
    assert review.cohen_kappa([True, True], [False, False]) == 0.0
    with pytest.raises(ValueError, match="same units"):
        review.cohen_kappa([True], [])


def test_kappa_of_a_textbook() -> None:
    """Grant proposals of two readers, 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: kappa 0.4."""
    a = [True] * 25 + [False] * 25
    b = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    assert review.cohen_kappa(a, b) == pytest.approx(0.4)


def test_alpha_edges() -> None:
    assert review.krippendorff_alpha([]) is None
    assert review.krippendorff_alpha([[1], [None, 2], [None, None]]) is None
    assert review.krippendorff_alpha([[1, 1], [1, 1]]) is None
    assert review.krippendorff_alpha([[1, 1], [2, 2]]) == 1.0
    assert review.krippendorff_alpha([[1, 2]]) == 0.0


def test_alpha_of_krippendorff() -> None:
    """Computing Krippendorff's Alpha-Reliability (2011), example C: four observers, twelve units, nominal 0.743."""
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    assert review.krippendorff_alpha(list(zip(*observers, strict=True))) == pytest.approx(0.743, abs=0.0005)


def test_alpha_of_two_observers_and_two_values() -> None:
    """The same text, example A: ten units, alpha 0.095."""
    a, b = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert review.krippendorff_alpha(list(zip(a, b, strict=True))) == pytest.approx(0.095, abs=0.0005)


UNITS = [Unit("t-1", n * 10, n * 10 + 10) for n in range(6)]


def test_agreement_ignores_what_nobody_coded() -> None:
    ann = [piece("a1", 0, 10), piece("a2", 10, 20)]
    bob = [piece("b1", 0, 10), piece("b2", 20, 30, element="ops.y")]
    report = review.agreement({"bob": bob, "ann": ann}, UNITS, ["ops.x", "ops.y", "ops.z"])
    assert report.units == 3
    (pair,) = report.pairs
    assert (pair.a, pair.b, pair.matched, pair.f1, pair.stage_iou) == ("ann", "bob", 1, 0.5, 1.0)
    assert pair.kappa["ops.x"] == pytest.approx(0.4)
    assert pair.kappa["ops.y"] == 0.0
    assert pair.kappa["ops.z"] is None
    assert report.alpha["ops.z"] is None
    more = review.agreement(
        {"bob": bob, "ann": ann}, [*UNITS, *(Unit("t-1", n, n + 10) for n in range(100, 900, 10))], ["ops.x", "ops.y", "ops.z"]
    )
    assert more == report, "800 characters of small talk change nothing"


def test_agreement_of_nobody_and_of_one() -> None:
    empty = review.agreement({}, UNITS, ["ops.x"])
    assert (empty.units, empty.pairs, empty.alpha, empty.alpha_overall) == (0, (), {"ops.x": None}, None)
    alone = review.agreement({"ann": [piece("a", 0, 10)]}, UNITS, ["ops.x"])
    assert (alone.units, alone.pairs, alone.alpha["ops.x"]) == (1, (), None)
    silent = review.agreement({"ann": [], "bob": []}, UNITS, ["ops.x"])
    assert (silent.pairs[0].f1, silent.pairs[0].stage_iou, silent.pairs[0].kappa) == (None, None, {"ops.x": None})


def test_a_coder_who_never_saw_a_transcript_does_not_disagree() -> None:
    second = [Unit("t-2", n * 10, n * 10 + 10) for n in range(3)]
    ann = [piece("a1", 0, 10), piece("a2", 20, 30), piece("a3", 0, 10, transcript="t-2")]
    bob = [piece("b1", 0, 10), piece("b2", 30, 40, element="ops.y")]
    seen = review.agreement({"ann": ann, "bob": bob}, [*UNITS, *second], ["ops.x"], covered={"ann": {"t-1", "t-2"}, "bob": {"t-1"}})
    only = review.agreement({"ann": ann[:2], "bob": bob}, UNITS, ["ops.x"])
    assert seen.pairs == only.pairs
    assert seen.alpha == only.alpha
    assert seen.units == 4
    blamed = review.agreement({"ann": ann, "bob": bob}, [*UNITS, *second], ["ops.x"])
    assert blamed.pairs[0].f1 < seen.pairs[0].f1


def test_three_coders_give_three_pairs() -> None:
    same = [piece("a", 0, 10)]
    other = [piece("c", 10, 20)]
    report = review.agreement({"a": same, "b": same, "c": other}, UNITS, ["ops.x"])
    assert [(p.a, p.b, p.f1) for p in report.pairs] == [("a", "b", 1.0), ("a", "c", 0.0), ("b", "c", 0.0)]
    assert report.alpha["ops.x"] == report.alpha_overall == pytest.approx(1 - 5 * (2 * 2 / 2 * 2) / (36 - 9 - 9))
