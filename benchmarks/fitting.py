"""Penalised logistic regression for many targets at once.

All targets share their features, so one pass over them serves all: a hundred times faster here than one library fit a target
(words are sparse, sentence vectors dense; kept apart so that each part uses the fast product).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Array = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Linear:
    """Weights of one or more outputs over the features, and their biases."""

    weights: Matrix
    """Shape (features, outputs)."""
    bias: Matrix
    """Shape (outputs,)."""


def stack(parts: list[Linear]) -> Linear:
    """Heads over the same features side by side."""
    return Linear(np.hstack([p.weights for p in parts]), np.concatenate([p.bias for p in parts]))


@dataclass(frozen=True)
class Design:
    """Features of some rows: sparse words, dense vectors."""

    words: Any
    """scipy CSR, shape (rows, terms)."""
    dense: Matrix
    """Shape (rows, columns)."""

    @property
    def width(self) -> int:
        """Number of features."""
        return int(self.words.shape[1] + self.dense.shape[1])

    def take(self, rows: Any) -> Design:
        """Some rows."""
        return Design(self.words[rows], self.dense[rows])

    def with_columns(self, more: Matrix) -> Design:
        """The same rows with more dense columns."""
        return Design(self.words, np.hstack([self.dense, more]))

    def times(self, weights: Array | Matrix) -> Array:
        """Rows times weights of shape (features, outputs)."""
        n = self.words.shape[1]
        # In single precision: mixed products would copy the dense part to double at every step.
        single = weights.astype(np.float32)
        out: Array = (np.asarray(self.words @ single[:n]) + self.dense @ single[n:]).astype(np.float64)
        return out

    def back(self, residual: Array) -> Array:
        """Transposed product with residuals of shape (rows, outputs)."""
        single = residual.astype(np.float32)
        out: Array = np.vstack([np.asarray(self.words.T @ single), self.dense.T @ single]).astype(np.float64)
        return out

    def logits(self, head: Linear) -> Array:
        """What a head says of the rows."""
        return self.times(head.weights) + head.bias


def _minimise(x: Design, outputs: int, c: Array, start: Array, loss: Callable[[Array], tuple[float, Array]]) -> Linear:
    """Minimise loss(logits) + sum |w|^2 / 2c; biases are free."""
    shape = (x.width, outputs)
    size = shape[0] * shape[1]

    def objective(flat: Array) -> tuple[float, Array]:
        weights, bias = flat[:size].reshape(shape), flat[size:]
        value, residual = loss(x.times(weights) + bias)
        gradient = x.back(residual) + weights / c
        return value + float((weights**2 / c).sum() / 2), np.concatenate([gradient.ravel(), residual.sum(axis=0)])

    found = minimize(
        objective, np.concatenate([np.zeros(size), start]), jac=True, method="L-BFGS-B", options={"maxiter": 150, "ftol": 1e-7, "maxcor": 8}
    )
    return Linear(found.x[:size].reshape(shape).astype(np.float32), found.x[size:].astype(np.float32))


def binary(x: Design, targets: npt.ArrayLike, c: float | Array, weight: Array | None = None) -> Linear:
    """Independent yes/no heads; ``targets`` of shape (rows, outputs); ``weight`` of shape (rows,)."""
    y = np.asarray(targets, dtype=np.float64)
    w = np.ones(len(y)) if weight is None else weight
    share = np.clip((y * w[:, None]).sum(axis=0) / w.sum(), 1e-4, 1 - 1e-4)

    def loss(z: Array) -> tuple[float, Array]:
        p = 0.5 * (1 + np.tanh(z / 2))
        each = np.logaddexp(0, z) - y * z
        return float((each * w[:, None]).sum()), (p - y) * w[:, None]

    return _minimise(x, y.shape[1], np.broadcast_to(np.asarray(c, np.float64), (y.shape[1],)), np.log(share / (1 - share)), loss)


def multinomial(x: Design, classes: npt.ArrayLike, n: int, c: float) -> Linear:
    """One softmax head over ``n`` classes; ``classes`` of shape (rows,)."""
    chosen = np.asarray(classes)
    y = np.zeros((len(chosen), n))
    y[np.arange(len(chosen)), chosen] = 1
    start = np.log(np.clip(y.mean(axis=0), 1e-6, None))

    def loss(z: Array) -> tuple[float, Array]:
        top = z.max(axis=1, keepdims=True)
        total = np.log(np.exp(z - top).sum(axis=1, keepdims=True)) + top
        return float((total[:, 0] - (z * y).sum(axis=1)).sum()), np.exp(z - total) - y

    return _minimise(x, n, np.full(n, c), start, loss)
