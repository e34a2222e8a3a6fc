"""The trained part of the local engine: linear heads over words and frozen sentence vectors, and a small second stage over context.

A heads file (``.npz``, no pickle) belongs to one framework, one embedding model and one feature version; it is made by
``make train`` from ``benchmarks/corpus``. Everything is linear: which words carried a decision can be read off, and is shown.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import ModelFileError
from assistant.extraction import features
from assistant.extraction.features import Matrix, Sentence, Vocabulary

HEADS_DIR = Path(__file__).parent / "heads"
FEW_SENTENCES = 15
"""A conversation of so many sentences is judged half by its own means, half by the corpus's."""
STATUSES = ("current", "planned", "past", "general")


@dataclass(frozen=True)
class Columns:
    """Where each head's outputs stand among the columns of the first stage."""

    elements: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    """Stage ranges known to the stage head."""
    codes: tuple[str, ...]
    """Practice codes, present (``D2``) and absent (``!D2``)."""

    @property
    def n(self) -> int:
        """Number of elements."""
        return len(self.elements)

    def _at(self, start: int, length: int) -> slice:
        return slice(start, start + length)

    @property
    def gate(self) -> slice:
        """Current evidence by element, any current evidence, any evidence: what the second stage sees."""
        return self._at(0, self.n + 2)

    @property
    def any(self) -> slice:
        """Evidence by element, whatever its status."""
        return self._at(self.n + 2, self.n)

    @property
    def status(self) -> slice:
        """Status, given that there is evidence."""
        return self._at(2 * self.n + 2, len(STATUSES))

    @property
    def absent(self) -> slice:
        """Polarity absent, given evidence."""
        return self._at(2 * self.n + 6, 1)

    @property
    def stage(self) -> slice:
        """Stage range, given evidence (plus a bias by element)."""
        return self._at(2 * self.n + 7, len(self.pairs))

    @property
    def code(self) -> slice:
        """Practice codes, given evidence (plus a bias by element)."""
        return self._at(2 * self.n + 7 + len(self.pairs), len(self.codes))

    @property
    def total(self) -> int:
        """Number of columns."""
        return 2 * self.n + 7 + len(self.pairs) + len(self.codes)


@dataclass(frozen=True)
class Prediction:
    """What the heads say of every sentence; probabilities."""

    current: Matrix
    """Second stage: current evidence of an element; shape (sentences, elements)."""
    any: Matrix
    """First stage: evidence of an element, whatever its status; shape (sentences, elements)."""
    status: Matrix
    """Shape (sentences, 4), in the order of ``STATUSES``."""
    absent: Matrix
    """Shape (sentences,)."""
    stage_logits: Matrix
    """Shape (sentences, pairs); the element's bias is still to be added."""
    code_logits: Matrix
    """Shape (sentences, codes); the element's bias is still to be added."""


def sigmoid(x: Matrix) -> Matrix:
    """Logistic function, safe for large values."""
    out: Matrix = (0.5 * (1 + np.tanh(0.5 * x))).astype(np.float32)
    return out


def softmax(x: Matrix) -> Matrix:
    """Over the last axis."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    out: Matrix = (e / e.sum(axis=-1, keepdims=True)).astype(np.float32)
    return out


def lowness(pairs: Sequence[tuple[int, int]]) -> Matrix:
    """How far each range is one of practice that is not agreed: 1 up to stage 2, half where it begins at 1 and goes on; shape (pairs,)."""
    return np.array([1.0 if high <= 2 else 0.5 if low == 1 else 0.0 for low, high in pairs], dtype=np.float32)


class Heads:
    """Loaded heads. ``arrays`` as written by `save`; ``meta`` says what they belong to."""

    def __init__(self, meta: dict[str, Any], arrays: dict[str, Matrix], digest: str) -> None:
        self.meta = meta
        self.digest = digest
        self.columns = Columns(tuple(meta["elements"]), tuple((int(a), int(b)) for a, b in meta["pairs"]), tuple(meta["codes"]))
        self.vocabulary = Vocabulary(meta["terms"], arrays["idf"])
        self._words = arrays["words"].astype(np.float32)
        self._dense = arrays["dense"].astype(np.float32)
        self._bias = arrays["bias"].astype(np.float32)
        self._second = {k: arrays[k].astype(np.float32) for k in ("second", "second_bias", "mean", "scale")}
        self._prior = np.log(np.asarray(meta["prior_odds"], dtype=np.float32))
        self.stage_bias = arrays["stage_bias"].astype(np.float32)
        self.code_bias = arrays["code_bias"].astype(np.float32)

    def first(self, sentences: Sequence[Sentence], dense: Matrix) -> Matrix:
        """All first-stage logits; shape (sentences, columns)."""
        out = dense @ self._dense + self._bias
        scale = float(self.meta["word_scale"])
        for i, s in enumerate(sentences):
            index, weight = self.vocabulary.weights(s.text)
            if len(index):
                out[i] += scale * (weight @ self._words[index])
        return out.astype(np.float32)

    def predict(self, sentences: Sequence[Sentence], dense: Matrix) -> Prediction:
        """Everything the engine needs to know of the sentences of one conversation, in order."""
        c = self.columns
        logits = self.first(sentences, dense)
        seen = self._steadied(features.context(sentences, logits[:, c.gate], c.n))
        scaled = (seen - self._second["mean"][:, None, :]) / self._second["scale"][:, None, :]
        current = np.einsum("esf,ef->se", scaled, self._second["second"]) + self._second["second_bias"] + self._prior
        return Prediction(
            current=sigmoid(current),
            any=sigmoid(logits[:, c.any]),
            status=softmax(logits[:, c.status]),
            absent=sigmoid(logits[:, c.absent])[:, 0],
            stage_logits=logits[:, c.stage],
            code_logits=logits[:, c.code],
        )

    def _steadied(self, seen: Matrix) -> Matrix:
        """The means over the whole conversation, drawn toward those of the corpus the fewer sentences there are.

        The second stage learnt them from whole conversations; in a single answer the mean is the sentence itself and says nothing.
        """
        share = seen.shape[1] / (seen.shape[1] + FEW_SENTENCES)
        columns = list(features.WHOLE_MEANS)
        usual = self._second["mean"][:, None, columns]
        seen[:, :, columns] = share * seen[:, :, columns] + (1 - share) * usual
        return seen

    def cues(self, text: str, element: str, top: int = 3) -> list[str]:
        """The terms of a sentence that spoke most for an element, strongest first; words inside a named pair are not repeated."""
        index, weight = self.vocabulary.weights(text)
        if not len(index):
            return []
        push = weight * self._words[index, self.columns.elements.index(element)]
        found: list[str] = []
        for k in np.argsort(-push, kind="stable"):
            term = self.vocabulary.terms[int(index[k])]
            if push[k] <= 0 or len(found) == top:
                break
            if not any(term in other.split() or other in term.split() for other in found) and any(len(w) > 3 for w in term.split()):
                found.append(term)
        return found


def save(path: Path, meta: dict[str, Any], arrays: dict[str, Matrix]) -> None:
    """Write a heads file, byte-identical for equal content (zip members carry no dates)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:

        def add(name: str, data: bytes) -> None:
            out.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)

        add("meta.json", json.dumps(meta, sort_keys=True, ensure_ascii=False).encode("utf-8"))
        for name in sorted(arrays):
            buffer = io.BytesIO()
            np.save(buffer, arrays[name], allow_pickle=False)
            add(f"{name}.npy", buffer.getvalue())


def heads_path(framework: str) -> Path:
    """Where the heads of a framework are, whether or not the file exists."""
    return HEADS_DIR / f"{framework}.npz"


@lru_cache(maxsize=4)
def load(path: Path) -> Heads:
    """Load a heads file.

    Raises:
        ModelFileError: missing, damaged, or of another feature version.
    """
    remedy = "reinstall the project, or run make train"
    try:
        data = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            meta = json.loads(archive.read("meta.json"))
            names = [n for n in archive.namelist() if n.endswith(".npy")]
            arrays = {n[:-4]: np.load(io.BytesIO(archive.read(n)), allow_pickle=False) for n in names}
        if meta["features"] != features.VERSION:
            raise ModelFileError(f"heads file {path} is of feature version {meta['features']}, {features.VERSION} is needed", remedy=remedy)
        return Heads(meta, arrays, hashlib.sha256(data).hexdigest())
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"heads file {path} cannot be read: {error}", remedy=remedy) from error
