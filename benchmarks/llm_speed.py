"""Wall time against a server that takes a second a call, eight at once, beside langextract. One command:

    python -m benchmarks.llm_speed [FOLDER] [--copies N] [--latency S]

Ideal: ceil(calls / 8) x latency, in seconds; the ratio is wall time over ideal. Every transcript is coded several times, as a different conversation each time (``and`` becomes
``and1``, ``and2`` …: equal windows would be sent once), so that there are enough calls to fill eight places; both sides run in a process
whose libraries are loaded.
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from pathlib import Path

from assistant.extraction.llm.client import ChatClient
from assistant.extraction.llm.engine import LLMEngine
from assistant.frameworks import load_framework
from assistant.settings import Settings
from assistant.store import Store
from assistant.transcripts import read_transcript
from benchmarks.evaluation import EVALUATION, parser_of, transcripts
from benchmarks.llm_peer import peer_extract
from benchmarks.llm_tokens import empty
from tests.llm_server import LLMServer


def main() -> int:
    """Prints both ratios; 0 where ours is at most 1.15."""
    parser = parser_of(__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=EVALUATION)
    parser.add_argument("--copies", type=int, default=16, help="conversations made of each transcript")
    parser.add_argument("--latency", type=float, default=1.0, help="seconds that the server takes for a call")
    args = parser.parse_args()
    paths = transcripts(args.folder)
    framework = load_framework()
    with tempfile.TemporaryDirectory() as scratch, LLMServer(empty, latency=args.latency) as server:
        copies = []
        for path in paths:
            for n in range(args.copies):
                copy = Path(scratch) / f"{path.stem}-{n}.txt"
                copy.write_text(path.read_text().replace(" and ", f" and{n} "))
                copies.append(copy)
        settings = Settings(openai_base_url=server.url, openai_api_key="x", llm_model="bench", llm_concurrency=8)
        ChatClient(settings).warm("bench")
        with Store.open(f"sqlite:///{scratch}/bench.sqlite3") as store:
            engine = LLMEngine(settings, store)
            began = time.perf_counter()
            runs = engine.run(engine.task(read_transcript(c), framework) for c in copies)
            ours = time.perf_counter() - began
        calls = server.counts()["calls"]
        if calls != sum(r.windows for r in runs) or any(r.failed for r in runs):
            raise SystemExit("not every window was sent once")
        ideal = math.ceil(calls / 8) * args.latency
        statements = [s.text for e in framework.elements for s in e.statements]
        began_calls = server.counts()["calls"]
        peer = peer_extract(server.url, paths, statements, buffer=4000, workers=8)
        peer_calls = server.counts()["calls"] - began_calls
    peer_ideal = math.ceil(peer_calls / 8) * args.latency
    result = {
        "ours": {"transcripts": len(copies), "calls": calls, "wall": round(ours, 2), "ideal": ideal, "ratio": round(ours / ideal, 3)},
        f"langextract {peer['version']}": {
            "transcripts": len(paths), "calls": peer_calls, "wall": round(peer["wall"], 2), "ideal": peer_ideal,
            "ratio": round(peer["wall"] / peer_ideal, 3),
        },
        "seconds per transcript": [round(ours / len(copies), 2), round(peer["wall"] / len(paths), 2)],
    }  # fmt: skip
    print(json.dumps(result, indent=1))
    return 0 if ours <= 1.15 * ideal else 1


if __name__ == "__main__":
    raise SystemExit(main())
