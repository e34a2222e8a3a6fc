"""The peer beside us: langextract, newest version of the index, in a virtual environment of its own (``build/peer-langextract``)."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "peer-langextract"


def peer_python() -> Path:
    """The environment's interpreter; made, with the newest langextract, where it is not there."""
    python = FOLDER / "bin" / "python"
    if not (FOLDER / "ready").exists():
        print(f"making {FOLDER} with the newest langextract (about a minute)", file=sys.stderr)
        venv.create(FOLDER, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--upgrade", "langextract[openai]"], check=True)
        (FOLDER / "ready").touch()
    return python


def ask_peer(task: dict[str, Any]) -> dict[str, Any]:
    """The result of one task of ``llm_peer_run.py``."""
    run = [peer_python(), ROOT / "benchmarks" / "llm_peer_run.py"]
    done = subprocess.run(run, input=json.dumps(task), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"langextract failed:\n{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def peer_extract(url: str, files: Sequence[Path], statements: Sequence[str], *, buffer: int, workers: int) -> dict[str, Any]:
    """Lets langextract extract from files; its calls are counted at the server."""
    task = {
        "do": "extract",
        "url": url,
        "files": [str(f) for f in files],
        "statements": list(statements),
        "buffer": buffer,
        "workers": workers,
    }
    return ask_peer(task)


def peer_align(pairs: Sequence[tuple[str, str]]) -> tuple[list[tuple[int, int] | None], str]:
    """The spans that its aligner gives to (quote, text), and its version."""
    result = ask_peer({"do": "align", "pairs": [list(p) for p in pairs]})
    return [None if s is None else (s[0], s[1]) for s in result["spans"]], str(result["version"])
