"""Quality of the local engine on `../shared/evaluation`, beside the nearest text of the framework by embedding alone, in one run.

    python -m benchmarks.coding [--evaluation DIR] [--out DIR]

Prints the figures of `agreement.py` for both, shares from 0 to 1. The baseline takes every respondent sentence whose nearest text (statement,
description or example; cosine of the same embeddings) is at least `NEAREST` close, for that text's element and its nearest statement.

The references there are two independent codings by a large language model, checked verbatim, not codings by people: read the figures as
agreement with two demanding references. Nothing of that folder is read in training. Where it is absent that is said, and the exit code
is 0, so that `make bench` goes on.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from assistant.embeddings import make_embedder
from assistant.extraction.base import Coding, in_order, to_evidence
from assistant.extraction.engines import make_engine
from assistant.extraction.features import plain, sentences_of
from assistant.frameworks import load_framework
from assistant.models import Framework
from assistant.pipeline import code_files, to_jsonl, write_atomic
from assistant.retrieval import Retriever
from assistant.segments import segment
from assistant.settings import get_settings
from assistant.transcripts import read_transcript
from benchmarks.evaluation import EVALUATION, parser_of, transcripts

NEAREST = 0.45
"""Least cosine of the baseline: of 0.30, 0.35 … 0.55 the one with its best F1 on this very data, which favours it."""


def nearest(paths: Sequence[Path], framework: Framework, out: Path) -> None:
    """Codes files with the baseline into a folder, as the engine does."""
    embedder = make_embedder(get_settings())
    retriever = Retriever(framework, embedder, None)
    for path in paths:
        transcript = read_transcript(path)
        sentences, kept = sentences_of(transcript, segment(transcript))
        said = [plain(s.text) for s in sentences]
        evidence = []
        for place, hits in zip(kept, retriever.candidates(said, embedder.embed(said), len(framework.elements)), strict=True):
            hit = max(hits, key=lambda h: h.dense)
            if hit.dense >= NEAREST:
                element = framework.element(hit.element)
                statement = next(s for s in element.statements if s.id == hit.statement)
                stages = {"stage_low": statement.stage_low, "stage_high": statement.stage_high}
                coding = Coding(element.id, place.start, place.end, **stages, confidence=min(hit.dense, 1.0))
                evidence.append(to_evidence(transcript, framework.id, element, transcript.turns[place.turn], coding, "nearest"))
        write_atomic(out / f"{path.stem}.jsonl", to_jsonl(in_order(evidence)))


def main() -> int:
    """Code the transcripts and measure them; 0 where the measurement ran."""
    parser = parser_of(__doc__)
    parser.add_argument("--evaluation", type=Path, default=EVALUATION, help="folder of the evaluation data")
    parser.add_argument("--out", type=Path, default=None, help="keep the coded files here, in engine/ and nearest/")
    args = parser.parse_args()
    script = args.evaluation / "agreement.py"
    if not script.is_file():
        print(f"{script} is not here: this benchmark needs the evaluation data beside the checkout", file=sys.stderr)
        return 0
    framework = load_framework("john-2025")
    engine = make_engine("local", framework, get_settings())
    paths = transcripts(args.evaluation)
    print("references: two codings by a language model, not by people", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        out = args.out or Path(scratch)
        for outcome in code_files(paths, framework, engine, out / "engine"):
            if outcome.error is not None:
                raise outcome.error
        nearest(paths, framework, out / "nearest")
        worst = 0
        for name, what in (("engine", f"engine {engine.name} {engine.version}"), ("nearest", "nearest text by embedding alone")):
            print(f"\n{what}", flush=True)
            worst = max(worst, subprocess.run([sys.executable, str(script), str(out / name)], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
