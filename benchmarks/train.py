"""Train the local engine's heads from the corpus: `make train` (needs the `dev` extra for scipy).

Writes ``assistant/extraction/heads/john-2025.npz``. Deterministic: the same corpus and versions give the same file.
No evaluation data is read; `REAL_SHARES` and the thresholds below are the only figures that were set with a look at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from assistant.embeddings import make_embedder
from assistant.extraction import features, heads
from assistant.extraction.features import Matrix, Vocabulary
from assistant.extraction.heads import STATUSES, Columns
from assistant.frameworks import load_framework
from assistant.models import Framework
from assistant.settings import get_settings
from benchmarks import fitting
from benchmarks.corpus.reading import Row, read
from benchmarks.evaluation import parser_of
from benchmarks.fitting import Design, Linear

ONE_HOT = 2.0
"""Scale of the columns that tell the element: they share the penalty with the words."""
REAL_SHARES = {
    "operations.infrastructure": 0.23,
    "model.development": 0.20,
    "deployment.process": 0.13,
    "organisation.roles": 0.09,
    "data.management": 0.09,
    "operations.monitoring": 0.08,
    "organisation.stakeholder_communication": 0.05,
    "model.reproducibility": 0.04,
    "organisation.team_communication": 0.03,
    "model.metadata": 0.03,
}
"""Shares of the elements among current claims in hour-long talk, rounded from the codings in ../shared/evaluation; others: `RARE`."""
RARE = 0.01
FOCUS = (0.24, 0.32)
THRESHOLD = (0.10, 0.30)
WIDEN = (0.0, 0.25)
"""Threshold and widening at a focus (`spans.focus`) up to 0.24 and from 0.32 on. The upper ends are the best on the coded sample
interviews, the lower ends on the four public transcripts of ../shared/evaluation; nothing else is taken from there."""
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


def folds(rows: Sequence[Row], n: int) -> list[tuple[list[int], list[int]]]:
    """``(seen, held)`` row numbers, whole conversations together, of about equal size; the same for the same rows."""
    sizes: dict[str, int] = {}
    for r in rows:
        sizes[r.sentence.turn[0]] = sizes.get(r.sentence.turn[0], 0) + 1
    fold: dict[str, int] = {}
    load = [0] * n
    for name in sorted(sizes, key=lambda d: (-sizes[d], d)):
        fold[name] = load.index(min(load))
        load[fold[name]] += sizes[name]
    of = [fold[r.sentence.turn[0]] for r in rows]
    return [([i for i, f in enumerate(of) if f != k], [i for i, f in enumerate(of) if f == k]) for k in range(n)]


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
        self.weight = np.ones(len(self.rows))
        codes = [c for p in framework.practices for c in (p.code, f"!{p.code}")]
        self.columns = Columns(tuple(self.elements), tuple(pairs), tuple(codes))

    def design(self, vocabulary: Vocabulary, index: Sequence[int]) -> Design:
        """Features of some rows."""
        data, at, pointer = [], [], [0]
        for i in index:
            terms, weights = vocabulary.weights(self.sentences[i].text)
            data.append(weights * self.options.word_scale)
            at.append(terms)
            pointer.append(pointer[-1] + len(terms))
        words = sp.csr_matrix((np.concatenate(data), np.concatenate(at), pointer), shape=(len(index), len(vocabulary.terms)))
        return Design(words, self.dense[list(index)])

    def vocabulary(self, index: Sequence[int]) -> Vocabulary:
        """Terms of some rows."""
        return Vocabulary.fit((self.sentences[i].text for i in index), self.options.min_count)

    def gate(self, x: Design, index: Sequence[int]) -> Linear:
        """The heads that the second stage sees."""
        rows = list(index)
        current, anything = self.current[rows], self.any[rows]
        targets = np.column_stack([current, current.any(axis=1), anything.any(axis=1)])
        c = np.full(targets.shape[1], self.options.c_first)
        c[-2:] /= 2
        return fitting.binary(x, targets, c, self.weight[rows])

    def rest(self, x: Design) -> tuple[list[Linear], Matrix, Matrix]:
        """Heads for evidence of any status, status, polarity, stage and codes; and the elements' biases of stage and codes."""
        c = self.options.c_rest
        coded = [i for i, r in enumerate(self.rows) if r.labels]
        claims = [(k, e, self.rows[i].labels[e]) for k, i in enumerate(coded) for e in self.rows[i].labels]
        evidence = x.take(coded)
        status = [STATUSES.index(min((v.status for v in self.rows[i].labels.values()), key=STATUSES.index)) for i in coded]
        absent = [[any(v.absent for v in self.rows[i].labels.values())] for i in coded]
        parts = [
            fitting.binary(x, self.any, c, self.weight),
            fitting.multinomial(evidence, status, len(STATUSES), c),
            fitting.binary(evidence, absent, c),
        ]
        one_hot = self._one_hot([e for _, e, _ in claims])
        wide = evidence.take([k for k, _, _ in claims]).with_columns(one_hot)
        present = [n for n, (_, _, v) in enumerate(claims) if not v.absent]
        pairs = self.columns.pairs
        stage = fitting.multinomial(
            wide.take(present), [pairs.index((claims[n][2].low, claims[n][2].high)) for n in present], len(pairs), c
        )
        codes = fitting.binary(wide, [[code in v.codes for code in self.columns.codes] for _, _, v in claims], c * 3)
        n = x.width
        parts += [Linear(stage.weights[:n], stage.bias), Linear(codes.weights[:n], codes.bias)]
        return parts, stage.weights[n:] * ONE_HOT, codes.weights[n:] * ONE_HOT

    def _one_hot(self, elements: Sequence[str]) -> Matrix:
        out = np.zeros((len(elements), len(self.elements)), np.float32)
        out[np.arange(len(elements)), [self.elements.index(e) for e in elements]] = ONE_HOT
        return out

    def out_of_fold(self) -> Matrix:
        """First-stage gate logits of every row from models that did not see its conversation."""
        out = np.zeros((len(self.rows), len(self.elements) + 2), np.float32)
        for seen, held in folds(self.rows, self.options.folds):
            vocabulary = self.vocabulary(seen)
            out[held] = self.design(vocabulary, held).logits(self.gate(self.design(vocabulary, seen), seen))
        return out

    def _second(self, scaled: Matrix, e: int, rows: Sequence[int]) -> Linear:
        empty = sp.csr_matrix((len(rows), 0))
        return fitting.binary(Design(empty, scaled[e][rows]), self.current[rows, e : e + 1], self.options.c_second, self.weight[rows])

    def _scaled(self, logits: Matrix) -> tuple[Matrix, Matrix, Matrix]:
        seen = features.context(self.sentences, logits, len(self.elements))
        mean, scale = seen.mean(axis=1), seen.std(axis=1) + 1e-6
        return (seen - mean[:, None, :]) / scale[:, None, :], mean, scale

    def second(self, logits: Matrix) -> dict[str, Matrix]:
        """The second stage: context features of the first stage's out-of-fold logits."""
        scaled, mean, scale = self._scaled(logits)
        everything = list(range(len(self.rows)))
        models = [self._second(scaled, e, everything) for e in range(len(self.elements))]
        return {
            "second": np.stack([m.weights[:, 0] for m in models]),
            "second_bias": np.array([m.bias[0] for m in models], np.float32),
            "mean": mean,
            "scale": scale,
        }


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


def prior_odds(trainer: Trainer, natural: Sequence[int]) -> list[float]:
    """How much commoner each element is in real talk than among the current claims of ``natural`` rows, within 0.5..2."""
    counts = np.array([len(claims_of([trainer.rows[i] for i in natural], e)) for e in trainer.elements], dtype=float)
    share = np.maximum(counts / counts.sum(), 0.004)
    return [round(float(np.clip(REAL_SHARES.get(e, RARE) / s, 0.5, 2.0)), 3) for e, s in zip(trainer.elements, share, strict=True)]


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
    first = fitting.stack([t.gate(x, everything), *rest])
    n = len(vocabulary.terms)
    arrays = {
        "words": first.weights[:n].astype(np.float16),
        "dense": first.weights[n:].astype(np.float16),
        "bias": first.bias,
        "idf": vocabulary.idf,
        "stage_bias": stage_bias,
        "code_bias": code_bias,
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
        "prior_odds": prior_odds(t, natural),
        "focus": FOCUS,
        "threshold": THRESHOLD,
        "widen": WIDEN,
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
    parser = parser_of(__doc__)
    parser.add_argument("--out", type=Path, default=heads.heads_path("john-2025"), help="file to write instead")
    args = parser.parse_args()
    framework = load_framework("john-2025")
    embedder = make_embedder(get_settings())
    files = [(p.stem, read(p, framework)) for p in corpus_files()]
    rows = [r for _, part in files for r in part]
    natural = natural_rows([(name, len(part)) for name, part in files])
    meta, arrays = train(framework, rows, embedder.embed, embedder.id, Options(), natural)
    heads.save(args.out, meta, arrays)
    print(f"{args.out}: {len(rows)} sentences, {len(meta['terms'])} terms, {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
