"""What the trained heads see of a sentence: its words, its vector, its neighbours and the question before it.

Used alike by the engine and by ``benchmarks/train.py``, so that training and coding cannot drift apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from assistant.models import Role, Segment, Transcript

Matrix = npt.NDArray[np.float32]

VERSION = 1
"""Raised whenever a feature changes: heads of another version are refused."""

_TOKEN = re.compile(r"\w+(?:['’]\w+)?")
_STAMP = re.compile(r"\[(?:\d{1,2}:)?\d{1,2}:\d{2}(?:\.\d+)?\]|\[unintelligible[^\]]*\]|\[laugh\w*\]", re.IGNORECASE)
WHOLE_MEANS = (6, 14)
"""Columns of `context` that are means over the whole conversation."""
EDGE = -4.0
"""Logit that stands for "no sentence there" in the context features."""


@dataclass(frozen=True)
class Sentence:
    """One respondent sentence and where it stands."""

    text: str
    """As said."""
    turn: tuple[str, int]
    """Conversation and turn it belongs to."""
    position: int
    """Index within the turn, from 0."""
    question: str
    """The last question of the interviewer before it, else the interviewer's last sentence; empty at the start."""


def plain(text: str) -> str:
    """A sentence without transcribers' stamps and marks, which carry no meaning; never empty."""
    return _STAMP.sub(" ", text).strip() or text


def tokens(text: str) -> list[str]:
    """Lower-case words; curly apostrophes as straight ones."""
    return [w.lower().replace("’", "'") for w in _TOKEN.findall(_STAMP.sub(" ", text))]


def ngrams(text: str) -> list[str]:
    """Words and neighbouring pairs. Function words stay in: "we", "you should" and "used to" tell whose practice and whose time."""
    found = tokens(text)
    return found + [f"{a} {b}" for a, b in pairwise(found)]


def question_of(sentences: Sequence[str]) -> str:
    """The question of an interviewer's turn: its last sentence with a question mark, else its last sentence."""
    asked = [s for s in sentences if "?" in s]
    return (asked or list(sentences) or [""])[-1]


class Vocabulary:
    """Terms (words and pairs) with their inverse document frequencies; term weights are sublinear tf-idf, L2-normalised."""

    def __init__(self, terms: Sequence[str], idf: Matrix) -> None:
        self.terms = list(terms)
        self.idf = idf.astype(np.float32)
        self._index = {t: i for i, t in enumerate(self.terms)}

    @classmethod
    def fit(cls, texts: Iterable[str], min_count: int) -> Vocabulary:
        """Terms in at least ``min_count`` texts, in alphabetical order."""
        seen: Counter[str] = Counter()
        n = 0
        for text in texts:
            seen.update(set(ngrams(text)))
            n += 1
        terms = sorted(t for t, k in seen.items() if k >= min_count)
        return cls(terms, np.array([np.log((1 + n) / (1 + seen[t])) + 1 for t in terms], dtype=np.float32))

    def weights(self, text: str) -> tuple[npt.NDArray[np.int64], Matrix]:
        """Indices and weights of the known terms of a text."""
        counts = Counter(i for t in ngrams(text) if (i := self._index.get(t)) is not None)
        index = np.fromiter(counts, dtype=np.int64, count=len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))) * self.idf[index]
        norm = float(np.linalg.norm(values)) or 1.0
        return index, (values / norm).astype(np.float32)


def sentences_of(transcript: Transcript, segments: Sequence[Segment]) -> tuple[list[Sentence], list[Segment]]:
    """The sentences that may be evidence, with their questions, and their segments, in order."""
    asked, previous = "", ""
    out: list[Sentence] = []
    kept: list[Segment] = []
    for turn_index, group in groupby(segments, key=lambda s: s.turn):
        said = list(group)
        if transcript.turns[turn_index].role is Role.INTERVIEWER:
            asked = question_of([s.text for s in said])
            continue
        # Where nobody is known as the interviewer, what was said just before is the context.
        context = asked if transcript.turns[turn_index].role is Role.RESPONDENT else previous
        out += [Sentence(s.text, (transcript.id, turn_index), i, context) for i, s in enumerate(said)]
        kept += said
        previous = question_of([s.text for s in said])
    return out, kept


def neighbour(sentences: Sequence[Sentence], i: int, step: int) -> int | None:
    """Index of the sentence ``step`` away in the same turn, or None."""
    j = i + step
    return j if 0 <= j < len(sentences) and sentences[j].turn == sentences[i].turn else None


def dense(sentences: Sequence[Sentence], embed: Callable[[Sequence[str]], Matrix], weights: Mapping[str, float]) -> Matrix:
    """Vectors of sentence, previous, next and question side by side; shape (sentences, 4 x dimension).

    Each distinct text is embedded once. ``weights`` scales the parts (keys ``self previous next question``).
    """
    texts = list(dict.fromkeys([plain(s.text) for s in sentences] + [plain(s.question) for s in sentences if s.question]))
    if not texts:
        return np.zeros((0, 0), dtype=np.float32)
    vectors = embed(texts)
    at = {t: n for n, t in enumerate(texts)}
    own = vectors[[at[plain(s.text)] for s in sentences]]
    empty = np.zeros(vectors.shape[1], dtype=np.float32)

    def beside(step: int) -> Matrix:
        rows = [own[j] if (j := neighbour(sentences, i, step)) is not None else empty for i in range(len(sentences))]
        return np.stack(rows)

    asked = np.stack([vectors[at[plain(s.question)]] if s.question else empty for s in sentences])
    parts = {"self": own, "previous": beside(-1), "next": beside(1), "question": asked}
    return np.hstack([parts[name] * weights[name] for name in ("self", "previous", "next", "question")]).astype(np.float32)


def context(sentences: Sequence[Sentence], logits: Matrix, elements: int) -> Matrix:
    """Second-stage features of every element from first-stage logits; shape (elements, sentences, features).

    ``logits`` has one column per element, then "any current evidence", then "any evidence at all".
    """
    n = len(sentences)
    shifted = {step: np.full_like(logits, EDGE) for step in (-2, -1, 1, 2)}
    for step, out in shifted.items():
        for i in range(n):
            j = neighbour(sentences, i, step)
            if j is not None:
                out[i] = logits[j]
    turn_mean, whole_mean = np.zeros_like(logits), np.zeros_like(logits)
    length = np.zeros(n, dtype=np.float32)
    for _, group in groupby(range(n), key=lambda i: sentences[i].turn):
        rows = list(group)
        turn_mean[rows] = logits[rows].mean(axis=0)
        length[rows] = len(rows)
    for _, group in groupby(range(n), key=lambda i: sentences[i].turn[0]):
        rows = list(group)
        whole_mean[rows] = logits[rows].mean(axis=0)
    position = np.array([s.position for s in sentences], dtype=np.float32)
    words = np.array([len(s.text.split()) for s in sentences], dtype=np.float32)
    place = np.column_stack([np.minimum(length, 20) / 20, position == 0, position == length - 1, words / 40])
    rows_by_element: list[Matrix] = []
    current, evidence = elements, elements + 1
    for e in range(elements):
        others = np.delete(logits[:, :elements], e, axis=1).max(axis=1)
        own = [logits[:, e], shifted[-1][:, e], shifted[1][:, e], shifted[-2][:, e], shifted[2][:, e], turn_mean[:, e], whole_mean[:, e]]
        near = [shifted[k][:, current] for k in (-1, 1, -2, 2)]
        rest = [logits[:, current], logits[:, evidence], *near, turn_mean[:, current], whole_mean[:, current], others]
        rows_by_element.append(np.column_stack([*own, *rest, place]))
    return np.stack(rows_by_element).astype(np.float32)
