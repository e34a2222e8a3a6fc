"""Time and memory, side by side in one run: coding a transcript beside embedding its respondent sentences alone.

    python -m benchmarks.speed [--runs 5] [--words 8000] [--hundred]

Prints medians of interleaved runs in seconds and MB, and their ratios, since other work on the machine touches both sides alike:

- `assistant code` as a process, index warm, and a process that only embeds the same sentences with the same embedder;
- the same two inside one process, model loaded;
- peak memory of the coding process; CPU of `assistant --help`;
- ten transcripts in one command beside ten times one (`--hundred`: a hundred beside a hundred times one).

Uses the first transcript of `../shared/evaluation` with about as many words, else the samples one after the other.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.embeddings import make_embedder
from assistant.extraction.engines import make_engine
from assistant.extraction.features import plain, sentences_of
from assistant.frameworks import load_framework
from assistant.models import Transcript
from assistant.pipeline import make_task
from assistant.segments import segment
from assistant.settings import Settings
from assistant.transcripts import read_transcript
from benchmarks.evaluation import EVALUATION, parser_of

ROOT = Path(__file__).resolve().parents[1]
ASSISTANT = (sys.executable, "-c", "from assistant.cli import main; main()")
EMBED_ALONE = """
import json, sys
from assistant.embeddings import make_embedder
from assistant.settings import get_settings
texts = json.load(open(sys.argv[1], encoding="utf-8"))
assert make_embedder(get_settings()).embed(texts).shape[0] == len(texts)
"""


@dataclass(frozen=True)
class Usage:
    """What one process took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system."""
    memory: float
    """Peak resident set in MB."""


def process(*command: str, data: Path) -> Usage:
    """Runs a command to its end. Raises CalledProcessError where it fails."""
    # As on a user's machine: compiled modules are kept.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE" and not k.startswith(("ASSISTANT_", "OPENAI_"))}
    environment |= {"ASSISTANT_DATA_DIR": str(data), "PYTHONPATH": str(ROOT)}
    begin = time.perf_counter()
    child = subprocess.Popen(command, env=environment, cwd=data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    # Linux counts in kilobytes, macOS in bytes.
    return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2))


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes in this process."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def conversation(words: int, folder: Path) -> Path:
    """A transcript of about so many words."""
    found = sorted((EVALUATION / "transcripts").glob("*.txt"), key=lambda p: abs(len(p.read_text(encoding="utf-8").split()) - words))
    if found:
        return found[0]
    lines: list[str] = []
    while sum(len(line.split()) for line in lines) < words:
        for path in sorted((ROOT / "transcripts").iterdir()):
            if path.name != "README.md":
                t = read_transcript(path)
                lines += [f"{turn.role.value}: {' '.join(t.text[turn.start : turn.end].split())}" for turn in t.turns]
    made = folder / "samples.txt"
    made.write_text("\n\n".join(lines), encoding="utf-8")
    return made


def copies(path: Path, count: int, folder: Path) -> list[str]:
    """So many transcripts of the same length, none equal to another."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for n in range(count):
        copy = folder / f"copy{n:03}{path.suffix}"
        copy.write_text(f"{path.read_text(encoding='utf-8')}\n", encoding="utf-8")
        with copy.open("a", encoding="utf-8") as out:
            out.write(f"\nListener {n}: Thank you for number {n}.\n")
        made.append(str(copy))
    return made


def respondent_texts(transcript: Transcript) -> list[str]:
    """What a coder has to embed at the least: every sentence of a respondent."""
    sentences, _ = sentences_of(transcript, segment(transcript))
    return [plain(s.text) for s in sentences]


def spread(values: list[float], unit: str = "s") -> str:
    """Median and range."""
    return f"{statistics.median(values):7.2f} {unit}  ({min(values):.2f} to {max(values):.2f})"


def compare(label: str, coding: list[float], embedding: list[float]) -> float:
    """Prints both and their ratio; gives the ratio of the medians."""
    ratio = statistics.median(coding) / statistics.median(embedding)
    print(f"{label}\n  code        {spread(coding)}\n  embed alone {spread(embedding)}\n  ratio       {ratio:7.2f}  (at most 1.5)")
    return ratio


def as_processes(path: Path, texts: list[str], runs: int, folder: Path) -> tuple[float, float]:
    """Ratio of the two commands, and peak memory in MB."""
    listed = folder / "texts.json"
    listed.write_text(json.dumps(texts), encoding="utf-8")
    code = (*ASSISTANT, "code", str(path), "--out", str(folder / "out"))
    embed = (sys.executable, "-c", EMBED_ALONE, str(listed))
    for command in (code, embed):
        process(*command, data=folder)
    pairs = [(process(*code, data=folder), process(*embed, data=folder)) for _ in range(runs)]
    ratio = compare("as processes, imports included, wall time", [a.wall for a, _ in pairs], [b.wall for _, b in pairs])
    cpu = statistics.median(a.cpu for a, _ in pairs) / statistics.median(b.cpu for _, b in pairs)
    memory = max(a.memory for a, _ in pairs)
    print(f"  ratio of CPU {cpu:6.2f}\n  peak memory of coding {memory:.0f} MB  (below 700)")
    return ratio, memory


def in_process(transcript: Transcript, texts: list[str], runs: int, folder: Path) -> float:
    """Ratio with everything loaded."""
    settings = Settings(data_dir=folder)
    framework = load_framework("john-2025")
    engine, embedder = make_engine("local", framework, settings), make_embedder(settings)
    task = make_task(transcript, framework, engine)
    embedder.embed(texts[:20])
    pairs = [(timed(lambda: engine.code(task)), timed(lambda: embedder.embed(texts))) for _ in range(runs)]
    return compare("in one process, model loaded", [a for a, _ in pairs], [b for _, b in pairs])


def many(path: Path, count: int, folder: Path) -> float:
    """CPU of so many in one command over so many times one (wall time, shown beside it, also tells what else the machine does)."""
    files = copies(path, count, folder / "many")
    out = ("--out", str(folder / "out-many"))
    single = [process(*ASSISTANT, "code", files[0], *out, data=folder) for _ in range(2)]
    together = process(*ASSISTANT, "code", *files, *out, data=folder)
    single += [process(*ASSISTANT, "code", files[-1], *out, data=folder) for _ in range(2)]
    wall, cpu = (count * statistics.median(getattr(one, name) for one in single) for name in ("wall", "cpu"))
    print(
        f"{count} transcripts in one command\n  together    {together.cpu:7.2f} s of CPU, {together.wall:.2f} s, {together.memory:.0f} MB"
        f"\n  {count} x one   {cpu:7.2f} s of CPU, {wall:.2f} s\n  ratio       {together.cpu / cpu:7.2f}  (at most 1)"
    )
    return together.cpu / cpu


def main() -> int:
    """Measure; 1 where a limit is not kept."""
    parser = parser_of(__doc__)
    parser.add_argument("--runs", type=int, default=5, help="pairs of runs that the medians are of")
    parser.add_argument("--words", type=int, default=8000, help="length of the transcript, about")
    parser.add_argument("--hundred", action="store_true", help="a hundred transcripts instead of ten")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path = conversation(args.words, folder)
        transcript = read_transcript(path)
        texts = respondent_texts(transcript)
        load = os.getloadavg()[0]
        print(
            f"{path.name}: {len(transcript.text.split())} words, {len(texts)} respondent sentences; {os.cpu_count()} cores, load {load:.1f}"
        )
        ratio, memory = as_processes(path, texts, args.runs, folder)
        inside = in_process(transcript, texts, args.runs, folder)
        growth = many(path, 100 if args.hundred else 10, folder)
        shown = [process(*ASSISTANT, "--help", data=folder).cpu for _ in range(args.runs)]
        print(f"assistant --help, CPU {spread(shown)}  (below 0.4)")
    kept = ratio <= 1.5 and inside <= 1.5 and memory < 700 and growth <= 1 and statistics.median(shown) < 0.4
    print("all limits kept" if kept else "a limit is NOT kept")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
