"""Train the local engine's heads from the corpus: `make train` (needs the `dev` extra for scikit-learn).

Writes ``assistant/extraction/heads/john-2025.npz``. Deterministic: the same corpus and versions give the same file.
Thresholds are chosen on the corpus itself, out of fold and by conversation; no evaluation data is read.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from assistant.embeddings import make_embedder
from assistant.extraction import features, heads
from assistant.extraction.features import Matrix, Vocabulary
from assistant.extraction.heads import STATUSES, Columns
from assistant.extraction.spans import passages
from assistant.frameworks import load_framework
from assistant.models import Framework
from assistant.settings import get_settings
from benchmarks.corpus.reading import Row, read

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Options:
    """What can be varied (and is, in `benchmarks/ablation.py`)."""

    word_scale: float = 2.0
    dense_scale: tuple[float, float, float, float] = (2.0, 1.0, 1.0, 1.0)
    min_count: int = 3
    c_first: float = 0.3
    c_second: float = 0.1
    c_rest: float = 0.3
    folds: int = 5

    @property
    def dense(self) -> dict[str, float]:
        """Scales by part."""
        return dict(zip(("self", "previous", "next", "question"), self.dense_scale, strict=True))


@dataclass(frozen=True)
class Linear:
    """Weights of one or more outputs over [words | dense] and a bias."""

    weights: Matrix
    bias: Matrix


def _fit(x: Any, y: Any, c: float, multi: bool = False) -> Linear:
    """Logistic regression; one column for a binary target, one a class else. A target without both values gives a constant."""
    y = np.asarray(y)
    classes = np.unique(y)
    if len(classes) == 1:
        only = 8.0 if classes[0] else -8.0
        return Linear(np.zeros((x.shape[1], 1), np.float32), np.array([only], np.float32))
    model = LogisticRegression(C=c, max_iter=500, tol=1e-4).fit(x, y)
    if multi and len(classes) == 2:
        raise ValueError("a multinomial head needs three classes or more")
    return Linear(model.coef_.T.astype(np.float32), model.intercept_.astype(np.float32))


def _stack(parts: Sequence[Linear]) -> Linear:
    return Linear(np.hstack([p.weights for p in parts]), np.concatenate([p.bias for p in parts]))


class Trainer:
    """Fits all heads on rows of the corpus."""

    def __init__(self, framework: Framework, rows: Sequence[Row], embed: Any, options: Options) -> None:
        self.framework, self.rows, self.options = framework, list(rows), options
        self.elements = [e.id for e in framework.elements]
        self.sentences = [r.sentence for r in self.rows]
        self.dense = features.dense(self.sentences, embed, options.dense)
        self.current = np.array([[e in r.labels and r.labels[e].status == "current" for e in self.elements] for r in self.rows])
        self.any = np.array([[e in r.labels for e in self.elements] for r in self.rows])
        pairs = sorted({(v.low, v.high) for r in self.rows for v in r.labels.values()})
        codes = [c for p in framework.practices for c in (p.code, f"!{p.code}")]
        self.columns = Columns(tuple(self.elements), tuple(pairs), tuple(codes))

    def design(self, vocabulary: Vocabulary, index: Sequence[int]) -> Any:
        """Sparse features [words | dense] of some rows."""
        data, at, pointer = [], [], [0]
        for i in index:
            terms, weights = vocabulary.weights(self.sentences[i].text)
            data.append(weights * self.options.word_scale)
            at.append(terms)
            pointer.append(pointer[-1] + len(terms))
        words = sp.csr_matrix((np.concatenate(data), np.concatenate(at), pointer), shape=(len(index), len(vocabulary.terms)))
        return sp.hstack([words, sp.csr_matrix(self.dense[list(index)])]).tocsr()

    def vocabulary(self, index: Sequence[int]) -> Vocabulary:
        """Terms of some rows."""
        return Vocabulary.fit((self.sentences[i].text for i in index), self.options.min_count)

    def gate(self, x: Any, index: Sequence[int]) -> Linear:
        """The heads that the second stage sees."""
        c = self.options.c_first
        current, anything = self.current[list(index)], self.any[list(index)]
        by_element = [_fit(x, current[:, e], c) for e in range(len(self.elements))]
        return _stack([*by_element, _fit(x, current.any(axis=1), c / 2), _fit(x, anything.any(axis=1), c / 2)])

    def rest(self, x: Any) -> tuple[list[Linear], Matrix, Matrix]:
        """Heads for evidence of any status, status, polarity, stage and codes; and the elements' biases of stage and codes."""
        c = self.options.c_rest
        parts = [_fit(x, self.any[:, e], c) for e in range(len(self.elements))]
        coded = [i for i, r in enumerate(self.rows) if r.labels]
        claims = [(k, e, self.rows[i].labels[e]) for k, i in enumerate(coded) for e in self.rows[i].labels]
        status = [STATUSES.index(min((v.status for v in self.rows[i].labels.values()), key=STATUSES.index)) for i in coded]
        parts.append(_fit(x[coded], status, c, multi=True))
        parts.append(_fit(x[coded], [any(v.absent for v in self.rows[i].labels.values()) for i in coded], c))
        wide = sp.hstack([x[coded][[k for k, _, _ in claims]], sp.csr_matrix(self._one_hot([e for _, e, _ in claims]))]).tocsr()
        present = [n for n, (_, _, v) in enumerate(claims) if not v.absent]
        pairs = self.columns.pairs
        stage = self._all_classes(wide[present], [pairs.index((claims[n][2].low, claims[n][2].high)) for n in present], len(pairs))
        codes = _stack([_fit(wide, [code in v.codes for _, _, v in claims], c * 3) for code in self.columns.codes])
        width, n = x.shape[1], len(self.elements)
        parts += [Linear(stage.weights[:width], stage.bias), Linear(codes.weights[:width], codes.bias)]
        return parts, stage.weights[width : width + n], codes.weights[width : width + n]

    def _one_hot(self, elements: Sequence[str]) -> Matrix:
        out = np.zeros((len(elements), len(self.elements)), np.float32)
        out[np.arange(len(elements)), [self.elements.index(e) for e in elements]] = 2.0
        return out

    def _all_classes(self, x: Any, y: Sequence[int], n: int) -> Linear:
        """Multinomial head with a column for every class, also for those that these rows do not have."""
        model = LogisticRegression(C=self.options.c_rest, max_iter=500).fit(x, y)
        weights, bias = np.zeros((x.shape[1], n), np.float32), np.full(n, -20.0, np.float32)
        weights[:, model.classes_], bias[model.classes_] = model.coef_.T, model.intercept_
        # The one-hot columns are scaled by 2 in training; a plain bias is added when coding.
        weights[x.shape[1] - len(self.elements) :] *= 2.0
        return Linear(weights, bias)

    def out_of_fold(self) -> Matrix:
        """First-stage gate logits of every row from models that did not see its conversation."""
        groups = [s.turn[0] for s in self.sentences]
        out = np.zeros((len(self.rows), len(self.elements) + 2), np.float32)
        for seen, held in GroupKFold(self.options.folds).split(self.rows, groups=groups):
            vocabulary = self.vocabulary(seen)
            fitted = self.gate(self.design(vocabulary, seen), seen)
            out[held] = self.design(vocabulary, held) @ fitted.weights + fitted.bias
        return out

    def second(self, logits: Matrix) -> dict[str, Matrix]:
        """The second stage: context features of the first stage's out-of-fold logits."""
        seen = features.context(self.sentences, logits, len(self.elements))
        mean, scale = seen.mean(axis=1), seen.std(axis=1) + 1e-6
        models = [
            LogisticRegression(C=self.options.c_second, max_iter=500).fit((seen[e] - mean[e]) / scale[e], self.current[:, e])
            for e in range(len(self.elements))
        ]
        return {
            "second": np.stack([m.coef_[0] for m in models]).astype(np.float32),
            "second_bias": np.array([m.intercept_[0] for m in models], np.float32),
            "mean": mean,
            "scale": scale,
        }

    def second_out_of_fold(self, logits: Matrix) -> Matrix:
        """Probabilities of the second stage, out of fold; for choosing thresholds."""
        seen = features.context(self.sentences, logits, len(self.elements))
        out = np.zeros((len(self.rows), len(self.elements)), np.float32)
        groups = [s.turn[0] for s in self.sentences]
        for e in range(len(self.elements)):
            scaled = (seen[e] - seen[e].mean(axis=0)) / (seen[e].std(axis=0) + 1e-6)
            for train, held in GroupKFold(self.options.folds).split(self.rows, groups=groups):
                model = LogisticRegression(C=self.options.c_second, max_iter=500).fit(scaled[train], self.current[train, e])
                out[held, e] = model.predict_proba(scaled[held])[:, 1]
        return out


def claims_of(rows: Sequence[Row], element: str) -> list[tuple[int, int]]:
    """First and last row of every current claim of an element."""
    found: list[tuple[int, int]] = []
    for i, row in enumerate(rows):
        label = row.labels.get(element)
        if label is None or label.status != "current":
            continue
        if label.continues and found and found[-1][1] == i - 1:
            found[-1] = (found[-1][0], i)
        else:
            found.append((i, i))
    return found


def f1_at(trainer: Trainer, probability: Matrix, rows: Sequence[int], threshold: float, widen: float) -> tuple[float, float, float]:
    """Precision, recall and F1 of passages against the corpus's claims over some rows (a run of whole conversations); passages
    and claims match where they share a sentence."""
    part = [trainer.rows[i] for i in rows]
    sentences = [r.sentence for r in part]
    hit_p = n_p = hit_g = n_g = 0
    for e, element in enumerate(trainer.elements):
        found = passages(sentences, probability[list(rows), e], threshold, widen)
        gold = claims_of(part, element)
        covered = {k for p in found for k in range(p.first, p.last + 1)}
        true = {k for a, b in gold for k in range(a, b + 1)}
        n_p, n_g = n_p + len(found), n_g + len(gold)
        hit_p += sum(any(k in true for k in range(p.first, p.last + 1)) for p in found)
        hit_g += sum(any(k in covered for k in range(a, b + 1)) for a, b in gold)
    p, r = hit_p / max(n_p, 1), hit_g / max(n_g, 1)
    return p, r, 2 * p * r / max(p + r, 1e-9)


def choose_threshold(trainer: Trainer, probability: Matrix, rows: Sequence[int], widen: float) -> float:
    """The threshold with the best F1 over ``rows``, out of fold."""
    grid = np.arange(0.05, 0.6, 0.01)
    return float(grid[int(np.argmax([f1_at(trainer, probability, rows, t, widen)[2] for t in grid]))])


def train(
    framework: Framework, rows: Sequence[Row], embed: Any, embedder_id: str, options: Options, natural: Sequence[int]
) -> tuple[dict[str, Any], dict[str, Matrix]]:
    """All heads as ``(meta, arrays)``; ``natural`` are the rows whose density of evidence is that of real talk."""
    t = Trainer(framework, rows, embed, options)
    everything = range(len(t.rows))
    vocabulary = t.vocabulary(everything)
    x = t.design(vocabulary, everything)
    logits = t.out_of_fold()
    rest, stage_bias, code_bias = t.rest(x)
    first = _stack([t.gate(x, everything), *rest])
    widen = 0.15
    threshold = choose_threshold(t, t.second_out_of_fold(logits), natural, widen)
    n = len(vocabulary.terms)
    arrays = {
        "words": first.weights[:n].astype(np.float16),
        "dense": first.weights[n:].astype(np.float16),
        "bias": first.bias,
        "idf": vocabulary.idf,
        "stage_bias": stage_bias,
        "code_bias": code_bias * 2.0,
        **t.second(logits),
    }
    meta = {
        "framework": framework.id,
        "elements": t.elements,
        "pairs": t.columns.pairs,
        "codes": t.columns.codes,
        "terms": vocabulary.terms,
        "features": features.VERSION,
        "embedder": embedder_id,
        "word_scale": options.word_scale,
        "dense_scale": options.dense,
        "threshold": round(threshold, 3),
        "widen": widen,
        "threshold_other": 0.3,
        "threshold_absent": 0.5,
        "threshold_retrieval": 0.12,
        "retrieval_temperature": 0.05,
        "rows": len(t.rows),
    }
    return meta, arrays


def corpus_files() -> list[Path]:
    """All corpus files, in order."""
    return sorted(CORPUS.glob("*.tsv"))


def natural_rows(counts: Sequence[tuple[str, int]], names: Sequence[str] = ("c6", "c7", "c8", "c9")) -> list[int]:
    """Row numbers of the files whose density of evidence is that of real talk; all rows where there is none."""
    at, out = 0, []
    for name, n in counts:
        if name in names:
            out += list(range(at, at + n))
        at += n
    return out or list(range(at))


def main() -> None:
    """Train on all corpus files and write the heads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=heads.heads_path("john-2025"))
    args = parser.parse_args()
    framework = load_framework("john-2025")
    embedder = make_embedder(get_settings())
    files = [(p.stem, read(p, framework)) for p in corpus_files()]
    rows = [r for _, part in files for r in part]
    natural = natural_rows([(name, len(part)) for name, part in files])
    meta, arrays = train(framework, rows, embedder.embed, embedder.id, Options(), natural)
    heads.save(args.out, meta, arrays)
    print(
        f"{args.out}: {len(rows)} sentences, {len(meta['terms'])} terms, threshold {meta['threshold']}, {args.out.stat().st_size / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    main()
