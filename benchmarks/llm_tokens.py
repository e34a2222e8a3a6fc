"""What is sent: calls and input tokens per transcript beside langextract, and whether the coded spans are in it. One command:

    python -m benchmarks.llm_tokens [FOLDER] [--json]

Input tokens are counted at the server: all messages plus the schema, cl100k. ``covered`` is the share of spans coded in both gold codings
(same element, overlapping) whose text is completely in a window, with the statements of their element listed. The peer is measured in the
same run; ``x`` is times the tokens of the document, the ratios are ours over theirs.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from assistant.extraction.llm.engine import LLMEngine
from assistant.extraction.llm.tokens import counter
from assistant.frameworks import load_framework
from assistant.models import Framework, Transcript
from assistant.settings import Settings
from assistant.store import Store
from assistant.transcripts import read_transcript
from benchmarks.evaluation import EVALUATION, parser_of, transcripts
from benchmarks.llm_peer import peer_extract
from tests.llm_server import Body, LLMServer

Span = tuple[int, int, str]


def empty(body: Body) -> str:
    """The smallest reply to either side."""
    return '{"items": []}' if body.get("response_format") else '{"extractions": []}'


def both(folder: Path, transcript: Transcript) -> list[Span]:
    """Spans that both codings hold for an element: from the first character of either to the last."""
    found = []
    for coder in ("coder_a", "coder_b"):
        lines = (folder / "gold" / coder / f"{transcript.name}.jsonl").read_text().splitlines()
        rows = [json.loads(line) for line in lines]
        found.append([(transcript.text.find(r["quote"]), len(r["quote"]), r["element"]) for r in rows])
    pairs = [(one, other) for one in found[0] for other in found[1] if one[2] == other[2] and min(one[0], other[0]) >= 0]
    return sorted({(min(a, b), max(a + n, b + m), e) for (a, n, e), (b, m, _) in pairs if a < b + m and b < a + n})


def covered(engine: LLMEngine, transcript: Transcript, framework: Framework, spans: list[Span]) -> float:
    """Share of the spans that are sent: every letter of them stands in quotable sentences of windows that list their element."""
    plan = engine.plan(engine.task(transcript, framework))
    sent = [
        (*plan.redacted.original(a, b), set(r.window.elements)) for r in plan.requests for a, b in r.window.spans
    ]  # fmt: skip

    def inside(span: Span) -> bool:
        places = [p for p in range(span[0], span[1]) if transcript.text[p].isalnum()]
        return all(any(a <= p < b and span[2] in elements for a, b, elements in sent) for p in places)

    return sum(map(inside, spans)) / max(1, len(spans))


def measure(folder: Path, path: Path, statements: list[str], server: LLMServer) -> dict[str, Any]:
    """One transcript on both sides."""
    transcript, framework = read_transcript(path), load_framework()
    document = counter()(path.read_text())
    with tempfile.TemporaryDirectory() as scratch, Store.open(f"sqlite:///{scratch}/bench.sqlite3") as store:
        settings = Settings(openai_base_url=server.url, openai_api_key="x", llm_model="bench")
        engine = LLMEngine(settings, store)
        before = server.counts()
        engine.code(engine.task(transcript, framework))
        ours = _since(before, server)
        share = covered(engine, transcript, framework, both(folder, transcript))
    row: dict[str, Any] = {"transcript": path.stem, "document": document, "covered": round(share, 4), "ours": ours}
    for name, buffer in (("peer_4000", 4000), ("peer_default", 1000)):
        before = server.counts()
        row["version"] = peer_extract(server.url, [path], statements, buffer=buffer, workers=8)["version"]
        row[name] = _since(before, server)
    return row


def _since(before: dict[str, int], server: LLMServer) -> dict[str, int]:
    after = server.counts()
    return {
        "calls": after["calls"] - before["calls"],
        "input": after["input_tokens"] + after["schema_tokens"] - before["input_tokens"] - before["schema_tokens"],
    }


def main() -> int:
    """Prints a table; 0 where all targets are met."""
    parser = parser_of(__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=EVALUATION)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    paths = transcripts(args.folder)
    statements = [s.text for e in load_framework().elements for s in e.statements]
    with LLMServer(empty, count=True) as server:
        rows = [measure(args.folder, p, statements, server) for p in paths]
    good = True
    for row in rows:
        ours, four, default = row["ours"], row["peer_4000"], row["peer_default"]
        ratios = {
            "of 4000": ours["input"] / four["input"],
            "of default": ours["input"] / default["input"],
            "calls of 4000": ours["calls"] / four["calls"],
        }
        row["ratios"] = {k: round(v, 3) for k, v in ratios.items()}
        good &= ratios["of 4000"] <= 0.5 and ratios["of default"] <= 0.2 and ratios["calls of 4000"] <= 0.5 and row["covered"] >= 0.97
        if not args.json:
            print(
                f"{row['transcript']:34} document {row['document']:6} | ours {ours['calls']:2} calls {ours['input']:6} "
                f"({ours['input'] / row['document']:.2f} x), {row['covered']:.1%} of gold spans sent | "
                f"langextract {row['version']} at 4000: {four['calls']:2} calls {four['input']:6} "
                f"({four['input'] / row['document']:.2f} x); default: {default['calls']:2} calls {default['input']:6} "
                f"({default['input'] / row['document']:.2f} x) | {row['ratios']}"
            )
    if args.json:
        print(json.dumps(rows))
    print("targets met" if good else "targets missed")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
