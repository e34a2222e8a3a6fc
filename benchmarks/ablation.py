"""What each part of the local engine brings: train without it, measure on conversations that training never saw.

    python -m benchmarks.ablation

Columns: precision, recall and F1 of current evidence on the seven coded sample interviews (a passage and a claim match where
they share a sentence), and, where ../shared/evaluation is there, `f1`, `recall_core` and `precision_union` of its `agreement.py`.
Each variant keeps the thresholds of the full engine. `retrieval alone` codes every sentence with the element that the index
finds nearest, dense and lexical fused.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from assistant.embeddings import make_embedder
from assistant.extraction import features
from assistant.extraction.base import Coding, in_order, to_evidence
from assistant.extraction.features import Matrix, Sentence
from assistant.extraction.heads import Heads, sigmoid
from assistant.extraction.spans import between, focus, passages
from assistant.frameworks import load_framework
from assistant.models import Framework, Transcript
from assistant.pipeline import to_jsonl, write_atomic
from assistant.retrieval import Retriever
from assistant.segments import segment
from assistant.settings import get_settings
from assistant.transcripts import read_transcript
from benchmarks.corpus.reading import Row, read
from benchmarks.evaluation import EVALUATION, parser_of
from benchmarks.train import FOCUS, THRESHOLD, WIDEN, Options, claims_of, corpus_files, natural_rows, train

Judge = Callable[[Sequence[Sentence]], Matrix]
"""Sentences of one conversation -> probability of current evidence, shape (sentences, elements)."""
SAMPLES = Path(__file__).resolve().parents[1] / "tests" / "oracle"
VARIANTS = {
    "full": Options(),
    "without words (lexical)": replace(Options(), word_scale=1e-6),
    "without vectors (dense)": replace(Options(), dense_scale=(1e-6, 1e-6, 1e-6, 1e-6)),
    "without the question": replace(Options(), dense_scale=(2.0, 1.0, 1.0, 1e-6)),
    "without neighbours' vectors": replace(Options(), dense_scale=(2.0, 1e-6, 1e-6, 1.0)),
}


class CachedEmbedder:
    """Embeds each text once for all variants."""

    def __init__(self, embed: Callable[[Sequence[str]], Matrix]) -> None:
        self._embed = embed
        self._seen: dict[str, Matrix] = {}

    def __call__(self, texts: Sequence[str]) -> Matrix:
        new = [t for t in dict.fromkeys(texts) if t not in self._seen]
        for text, vector in zip(new, self._embed(new), strict=True):
            self._seen[text] = vector
        return np.stack([self._seen[t] for t in texts])


def found_in(sentences: Sequence[Sentence], probability: Matrix) -> list[list[tuple[int, int, float]]]:
    """Passages by element, with the engine's thresholds."""
    at = focus(probability)
    threshold, widen = between(at, *FOCUS, *THRESHOLD), between(at, *FOCUS, *WIDEN)
    return [
        [(p.first, p.last, p.probability) for p in passages(sentences, probability[:, e], threshold, widen)]
        for e in range(probability.shape[1])
    ]


def on_samples(judge: Judge, samples: Sequence[list[Row]], elements: Sequence[str]) -> tuple[float, float, float]:
    """Precision, recall, F1 over the coded samples."""
    right = found = hit = true = 0
    for rows in samples:
        sentences = [r.sentence for r in rows]
        for e, spans in enumerate(found_in(sentences, judge(sentences))):
            gold = claims_of(rows, elements[e])
            inside = {k for a, b in gold for k in range(a, b + 1)}
            covered = {k for a, b, _ in spans for k in range(a, b + 1)}
            right, found = right + sum(any(k in inside for k in range(a, b + 1)) for a, b, _ in spans), found + len(spans)
            hit, true = hit + sum(any(k in covered for k in range(a, b + 1)) for a, b in gold), true + len(gold)
    p, r = right / max(found, 1), hit / max(true, 1)
    return p, r, 2 * p * r / max(p + r, 1e-9)


def on_evaluation(judge: Judge, transcripts: Sequence[Transcript], framework: Framework) -> dict[str, Any]:
    """Figures of ``agreement.py``; empty where the evaluation data is absent."""
    if not transcripts:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for t in transcripts:
            sentences, kept = features.sentences_of(t, segment(t))
            evidence = []
            for element, spans in zip(framework.elements, found_in(sentences, judge(sentences)), strict=True):
                for first, last, p in spans:
                    coding = Coding(element.id, kept[first].start, kept[last].end, stage_high=len(framework.stages), confidence=p)
                    evidence.append(to_evidence(t, framework.id, element, t.turns[kept[first].turn], coding, "ablation"))
            write_atomic(Path(folder) / f"{t.name}.jsonl", to_jsonl(in_order(evidence)))
        script = [sys.executable, str(EVALUATION / "agreement.py"), folder, "--json"]
        figures: dict[str, Any] = json.loads(subprocess.run(script, capture_output=True, text=True, check=True).stdout)["ALL"]
        return figures


def both_stages(head: Heads, embed: CachedEmbedder) -> Judge:
    """The engine's own probabilities."""
    return lambda sentences: head.predict(sentences, features.dense(sentences, embed, head.meta["dense_scale"])).current


def first_stage(head: Heads, embed: CachedEmbedder, n: int) -> Judge:
    """What the first stage alone says."""
    return lambda sentences: sigmoid(head.first(sentences, features.dense(sentences, embed, head.meta["dense_scale"]))[:, :n])


def main() -> None:
    """Train and measure every variant; prints one line each."""
    parser_of(__doc__).parse_args()
    framework = load_framework("john-2025")
    embedder = make_embedder(get_settings())
    embed = CachedEmbedder(embedder.embed)
    files = [(p.stem, read(p, framework)) for p in corpus_files()]
    rows = [r for _, part in files for r in part]
    natural = natural_rows([(name, len(part)) for name, part in files])
    samples = [read(p, framework) for p in sorted(SAMPLES.glob("*.tsv"))]
    texts = sorted((EVALUATION / "transcripts").glob("*.txt")) if EVALUATION.is_dir() else []
    transcripts = [read_transcript(p) for p in texts]
    if not transcripts:
        print(f"{EVALUATION} is not here: measured on the samples alone", file=sys.stderr)
    elements = [e.id for e in framework.elements]

    def show(name: str, judge: Judge) -> None:
        p, r, f = on_samples(judge, samples, elements)
        line = f"{name:<30} samples: p {p:.3f} r {r:.3f} f1 {f:.3f}"
        figures = on_evaluation(judge, transcripts, framework)
        if figures:
            line += "   evaluation: " + " ".join(f"{k} {figures[k]:.3f}" for k in ("f1", "recall_core", "precision_union"))
        print(line, flush=True)

    retriever = Retriever(framework, embedder, None)

    def nearest(sentences: Sequence[Sentence]) -> Matrix:
        said = [s.text for s in sentences]
        out = np.zeros((len(said), len(elements)), np.float32)
        for i, hits in enumerate(retriever.candidates(said, embed(said), 1)):
            out[i, elements.index(hits[0].element)] = max(hits[0].dense, 0.0)
        return out

    show("retrieval alone", nearest)
    for name, options in VARIANTS.items():
        meta, arrays = train(framework, rows, embed, embedder.id, options, natural)
        head = Heads(meta, arrays, "ablation")
        show(name, both_stages(head, embed))
        if name == "full":
            show("without the second stage", first_stage(head, embed, len(elements)))


if __name__ == "__main__":
    main()
