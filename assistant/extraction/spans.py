"""From probabilities by sentence to quotes: where a claim peaks, and how far the quote widens around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.extraction.features import Matrix, Sentence, neighbour
from assistant.models import Element, Statement

MAX_SENTENCES = 3
"""The codebook: one to three sentences."""


@dataclass(frozen=True)
class Passage:
    """Consecutive sentences of one turn that carry one claim."""

    first: int
    """Index of the first sentence."""
    last: int
    """Index of the last sentence, inclusive."""
    peak: int
    """The sentence that speaks most for it."""
    probability: float
    """At the peak."""


def passages(
    sentences: Sequence[Sentence], probability: Matrix, threshold: float, widen: float, taken: npt.NDArray[np.bool_] | None = None
) -> list[Passage]:
    """Non-overlapping passages of one element, strongest first.

    A passage starts at a sentence whose ``probability`` (shape (sentences,)) reaches ``threshold`` and takes in neighbours of
    the same turn, the likelier one first, while they reach ``widen`` times the peak, up to `MAX_SENTENCES`: a claim is often
    begun in one sentence and carried by the next. ``taken`` marks sentences that are already used; it is updated.
    """
    used = np.zeros(len(sentences), dtype=bool) if taken is None else taken
    found: list[Passage] = []
    for peak in np.argsort(-probability, kind="stable"):
        p = float(probability[peak])
        if p < threshold:
            break
        if used[peak]:
            continue
        first = last = int(peak)
        while last - first + 1 < MAX_SENTENCES:
            sides = [neighbour(sentences, first, -1), neighbour(sentences, last, 1)]
            free = [j for j in sides if j is not None and not used[j] and probability[j] >= widen * p]
            if not free:
                break
            best = max(free, key=lambda j: (float(probability[j]), -j))
            first, last = min(first, best), max(last, best)
        used[first : last + 1] = True
        found.append(Passage(first, last, int(peak), p))
    return found


def focus(probability: Matrix) -> float:
    """How surely a conversation speaks of practice: half the best F1 that its own probabilities promise, 0..0.5.

    Where probabilities are calibrated this is the threshold with the best expected F1 (Lipton, Elkan and Naryanaswamy 2014).
    Interviews that keep to the subject reach about 0.34, hour-long talk that wanders about 0.2. ``probability`` has any shape.
    """
    sure = np.sort(probability.ravel())[::-1]
    if not len(sure) or sure[0] <= 0:
        return 0.0
    gained = np.cumsum(sure)
    return float((gained / (np.arange(1, len(sure) + 1) + gained[-1])).max())


def between(value: float, low: float, high: float, at_low: float, at_high: float) -> float:
    """``at_low`` up to ``low``, ``at_high`` from ``high`` on, linear in between."""
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return at_low + share * (at_high - at_low)


def best_range(distribution: Matrix, pairs: Sequence[tuple[int, int]], stages: int) -> tuple[int, int]:
    """The stage range with the highest expected overlap (intersection over union) under a distribution over ``pairs``.

    Wide ranges are chosen only where the evidence is wide; ties go to the narrower, then the lower range.
    """
    best, chosen = -1.0, (1, stages)
    for low in range(1, stages + 1):
        for high in range(low, stages + 1):
            expected = 0.0
            for p, (a, b) in zip(distribution, pairs, strict=True):
                shared = min(b, high) - max(a, low) + 1
                if shared > 0:
                    expected += float(p) * shared / (max(b, high) - min(a, low) + 1)
            width_penalty = 1e-9 * (high - low)
            if expected - width_penalty > best + 1e-12:
                best, chosen = expected - width_penalty, (low, high)
    return chosen


def likely_statement(distribution: Matrix, pairs: Sequence[tuple[int, int]], element: Element, need: float) -> Statement | None:
    """The statement whose stages hold at least ``need`` of a distribution over ``pairs``; None where none does.

    A range stands for one of its stages; wide ranges, which say less, count for less (by the root of their width).
    """
    stages: dict[int, float] = {}
    for p, (low, high) in zip(distribution, pairs, strict=True):
        for stage in range(low, high + 1):
            stages[stage] = stages.get(stage, 0.0) + float(p) / (high - low + 1) ** 0.5
    total = sum(stages.values())
    held = [(sum(stages.get(k, 0.0) for k in range(s.stage_low, s.stage_high + 1)), s) for s in element.statements]
    share, best = max(held, key=lambda h: (h[0], -h[1].stage_low))
    return best if need < 1 and share >= need * total else None
