"""From probabilities to passages and stage ranges."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from builders import element
from hypothesis import given
from hypothesis import strategies as st

from assistant.extraction.features import Sentence
from assistant.extraction.spans import MAX_SENTENCES, Passage, best_range, between, focus, likely_statement, passages


def turns(*lengths: int) -> list[Sentence]:
    """Sentences of turns with so many sentences each."""
    return [Sentence(f"s{turn}.{i}", ("t", turn), i, "") for turn, length in enumerate(lengths) for i in range(length)]


def found(lengths: tuple[int, ...], probability: list[float], threshold: float = 0.5, widen: float = 0.6) -> list[tuple[int, int, int]]:
    got = passages(turns(*lengths), np.array(probability, dtype=np.float32), threshold, widen)
    return [(p.first, p.last, p.peak) for p in got]


def test_a_peak_alone_is_a_passage_of_one_sentence() -> None:
    assert found((3,), [0.1, 0.9, 0.1]) == [(1, 1, 1)]


def test_a_neighbour_at_the_very_share_is_taken_in() -> None:
    assert found((2,), [1.0, 0.5], widen=0.5) == [(0, 1, 0)]


def test_a_neighbour_that_carries_on_is_taken_in() -> None:
    assert found((3,), [0.1, 0.9, 0.6]) == [(1, 2, 1)]
    assert found((3,), [0.6, 0.9, 0.1]) == [(0, 1, 1)]
    # 0.54 is the border: 0.6 of the peak.
    assert found((2,), [0.9, 0.53], threshold=0.6) == [(0, 0, 0)]


def test_a_passage_does_not_leave_its_turn() -> None:
    assert found((1, 2), [0.9, 0.8, 0.1]) == [(0, 0, 0), (1, 1, 1)]


def test_no_more_than_three_sentences_and_the_likelier_side_first() -> None:
    assert found((5,), [0.6, 0.8, 0.9, 0.7, 0.58]) == [(1, 3, 2), (0, 0, 0), (4, 4, 4)]
    assert MAX_SENTENCES == 3


def test_ties_take_the_earlier_neighbour_and_the_earlier_peak() -> None:
    assert found((5,), [0.1, 0.6, 0.9, 0.6, 0.6])[0] == (1, 3, 2)
    assert [p[2] for p in found((1, 1), [0.7, 0.7])] == [0, 1]


def test_the_threshold_counts_as_reached() -> None:
    assert found((1,), [0.5]) == [(0, 0, 0)]
    assert found((1,), [0.4999]) == []


def test_what_is_taken_stays_taken() -> None:
    taken = np.array([False, True, False])
    got = passages(turns(3), np.array([0.9, 0.95, 0.9], dtype=np.float32), 0.5, 0.5, taken)
    assert [(p.first, p.last) for p in got] == [(0, 0), (2, 2)]
    assert taken.all()


def test_nothing_of_nothing() -> None:
    assert passages([], np.zeros(0, dtype=np.float32), 0.5, 0.5) == []


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=6).flatmap(
        lambda lengths: st.tuples(
            st.just(lengths), st.lists(st.floats(0, 1, width=32), min_size=sum(lengths), max_size=sum(lengths)), st.floats(0.05, 1)
        )
    )
)
def test_passages_are_disjoint_within_turns_and_hold_their_peak(made: tuple[list[int], list[float], float]) -> None:
    lengths, values, widen = made
    said, probability = turns(*lengths), np.array(values, dtype=np.float32)
    got: list[Passage] = passages(said, probability, 0.5, widen)
    covered: list[int] = []
    for p in got:
        assert p.first <= p.peak <= p.last < p.first + MAX_SENTENCES
        assert said[p.first].turn == said[p.last].turn
        assert p.probability == probability[p.peak] >= 0.5
        assert max(probability[p.first : p.last + 1]) == p.probability
        covered += range(p.first, p.last + 1)
    assert len(covered) == len(set(covered))
    assert set(np.flatnonzero(probability >= 0.5).tolist()) <= set(covered), "whatever reaches the threshold is in some passage"
    assert all(a.probability >= b.probability for a, b in pairwise(got)), "strongest first"


# ---------------------------------------------------------------- stage ranges

PAIRS = [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (2, 4), (1, 5)]


def one(pair: tuple[int, int]) -> np.ndarray:  # type: ignore[type-arg]
    return np.array([p == pair for p in PAIRS], dtype=np.float32)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_certain_range_is_that_range(pair: tuple[int, int]) -> None:
    assert best_range(one(pair), PAIRS, 5) == pair


def test_between_neighbours_the_overlap_decides() -> None:
    assert best_range(0.9 * one((2, 2)) + 0.1 * one((3, 3)), PAIRS, 5) == (2, 2)
    # (1, 5) with a half: a fifth of a half for the single stage; the wide range would get more.
    assert best_range(0.5 * one((2, 2)) + 0.5 * one((2, 4)), PAIRS, 5) == (2, 2)
    assert best_range(0.4 * one((2, 2)) + 0.6 * one((2, 4)), PAIRS, 5) == (2, 4)


def test_a_tie_goes_to_the_narrower_then_the_lower() -> None:
    assert best_range(0.5 * one((2, 2)) + 0.5 * one((3, 3)), PAIRS, 5) == (2, 2)
    assert best_range(np.zeros(len(PAIRS), dtype=np.float32), PAIRS, 5) == (1, 1)


@given(st.lists(st.floats(0, 1), min_size=len(PAIRS), max_size=len(PAIRS)), st.integers(2, 5))
def test_the_range_has_the_highest_expected_overlap(weights: list[float], stages: int) -> None:
    """Against a plain recount over sets of stages."""
    distribution = np.array(weights, dtype=np.float64)

    def expected(low: int, high: int) -> float:
        mine = set(range(low, high + 1))
        return sum(
            w * len(mine & set(range(a, b + 1))) / len(mine | set(range(a, b + 1))) for w, (a, b) in zip(distribution, PAIRS, strict=True)
        )

    low, high = best_range(distribution.astype(np.float64), PAIRS, stages)  # type: ignore[arg-type]
    assert 1 <= low <= high <= stages
    best = max(expected(a, b) for a in range(1, stages + 1) for b in range(a, stages + 1))
    assert expected(low, high) >= best - 1e-6


# ---------------------------------------------------------------- the statement that a distribution speaks for

RUNS = element("a.one", [(1, 1), (2, 4), (5, 5)])
DIVIDED = 0.5 * one((1, 1)) + 0.5 * one((2, 4))
"""Stage 1 holds 0.5; stages 2 to 4 hold 0.5 / sqrt(3) each: 63.4 % of the whole."""


@pytest.mark.parametrize(
    ("distribution", "need", "stages"),
    [
        (one((2, 4)), 0.99, (2, 4)),
        (one((3, 3)), 0.99, (2, 4)),
        (one((1, 1)), 0.99, (1, 1)),
        (one((5, 5)), 0.99, (5, 5)),
        (one((1, 5)), 0.59, (2, 4)),  # three of five stages
        (one((1, 5)), 0.61, None),
        (DIVIDED, 0.63, (2, 4)),
        (DIVIDED, 0.64, None),
        (0.6 * one((1, 1)) + 0.4 * one((5, 5)), 0.59, (1, 1)),
        (0.5 * one((1, 1)) + 0.5 * one((5, 5)), 0.49, (1, 1)),  # a tie goes to the lower
        (one((2, 4)), 1.0, None),  # one is never asked: no statement is placed
    ],
)
def test_the_likely_statement_holds_at_least_the_share(distribution: np.ndarray, need: float, stages: tuple[int, int] | None) -> None:  # type: ignore[type-arg]
    statement = likely_statement(distribution, PAIRS, RUNS, need)
    assert (None if statement is None else (statement.stage_low, statement.stage_high)) == stages


# ---------------------------------------------------------------- how much a conversation keeps to the subject


def test_focus_is_the_threshold_with_the_best_expected_f1() -> None:
    """Against trying every cut: F1 of taking the k surest is 2 x gained / (k + expected)."""
    sure = [0.9, 0.8, 0.3, 0.1, 0.1]
    best = max(2 * sum(sure[:k]) / (k + sum(sure)) for k in range(1, 6))
    assert focus(np.array(sure[::-1], dtype=np.float32)) == pytest.approx(best / 2)
    assert focus(np.ones((3, 4), dtype=np.float32)) == 0.5
    assert focus(np.zeros(4, dtype=np.float32)) == focus(np.zeros((0, 17), dtype=np.float32)) == 0.0


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20), st.integers(0, 50))
def test_focus_knows_no_order_and_no_silence(values: list[float], silent: int) -> None:
    there = np.array(values, dtype=np.float32)
    found = focus(there)
    assert 0 <= found <= 0.5 + 1e-6
    assert focus(there[::-1]) == pytest.approx(found, abs=1e-6)
    assert focus(np.concatenate([there, np.zeros(silent, dtype=np.float32)])) == pytest.approx(found, abs=1e-5)


@pytest.mark.parametrize(("value", "result"), [(0.1, 5.0), (0.2, 5.0), (0.25, 6.0), (0.3, 7.0), (0.9, 7.0)])
def test_between_two_ends(value: float, result: float) -> None:
    assert between(value, 0.2, 0.3, 5.0, 7.0) == pytest.approx(result)
