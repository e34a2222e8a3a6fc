"""A small project, the server as a process, and Chromium, for the app's tests and benchmarks."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import pytest

from assistant.extraction.base import Coding, to_evidence
from assistant.frameworks import load_framework
from assistant.models import CodingResult, CodingTask, Evidence, Framework, Transcript
from assistant.store import Store, UseCase
from assistant.transcripts import read_transcript

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'

ANSWERS = (
    "We keep every version of the training data in a store, and a script tags it each night.",
    "A colleague looks at the dashboard when somebody complains, there is no alert.",
    "The model goes live when I copy it to the server by hand, usually on a Tuesday.",
    "We do not monitor the input data at all, to be honest.",
    "Next year we want an automatic pipeline for releases.",
    "Features are computed twice, once in the notebook and once in the service.",
)


def teams_vtt(respondent: str = "Bea Lund", answers: tuple[str, ...] = ANSWERS) -> bytes:
    """A transcript as Teams gives it."""
    lines = ["WEBVTT", ""]
    at = 0
    for n, answer in enumerate(answers):
        for who, text in (("Ines Falk", f"And how do you do that today, question {n + 1}?"), (respondent, answer)):
            lines += [
                f"4d5a3a9d-0000-4000-8000-000000000000/{at}-0",
                f"{_time(at * 9)} --> {_time(at * 9 + 8)}",
                f"<v {who}>{text}</v>",
                "",
            ]
            at += 1
    return "\n".join(lines).encode()


def _time(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.000"


@dataclass
class Project:
    """What a test works with."""

    store: Store
    use_case: UseCase
    framework: Framework
    transcript: Transcript
    evidence: tuple[Evidence, ...]


PLACES = (
    ("data.versioning", 0, 2, 4, ("D2",)),
    ("operations.monitoring", 1, 2, 2, ()),
    ("deployment.process", 2, 2, 2, ()),
    ("data.validation", 3, 1, 1, ()),
    ("deployment.process", 4, 4, 4, ()),
    ("data.feature_engineering", 5, 1, 3, ()),
)


def propose(transcript: Transcript, framework: Framework) -> tuple[Evidence, ...]:
    """A proposal for every answer, on elements that the framework has."""
    known = [e.id for e in framework.elements]
    found = []
    answers = [t for t in transcript.turns if t.speaker != "Ines Falk"]
    for n, (turn, (element, _, low, high, codes)) in enumerate(zip(answers, PLACES, strict=False)):
        chosen = framework.element(element if element in known else known[n])
        coding = Coding(
            chosen.id, turn.start, turn.end, stage_low=low, stage_high=high, codes=codes, confidence=0.5 + n / 20, rationale="cue"
        )
        found.append(to_evidence(transcript, framework.id, chosen, turn, coding, "local/test"))
    return tuple(found)


@contextlib.contextmanager
def make_project(url: str, name: str = "Fraud scoring", data: bytes | None = None, file: str = "talk.vtt") -> Iterator[Project]:
    """An organisation, a use case, one transcript, coded."""
    path = url.removeprefix("sqlite:///")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    framework = load_framework()
    data = data or teams_vtt()
    with Store.open(url) as store:
        owner = store.add_organisation("Acme")
        use_case = store.add_use_case(owner.id, name)
        store.add_transcript(use_case.id, read_transcript(data, name=file), data)
        transcript = store.transcript(use_case.id, store.transcripts(use_case.id)[0].id)
        task = CodingTask(transcript=transcript, framework=framework, engine="local", engine_version="test")
        run = store.begin_run(use_case.id, task)
        evidence = propose(transcript, framework)
        store.complete_run(run.id, CodingResult(key=task.key, evidence=evidence))
        yield Project(store, use_case, framework, transcript, evidence)


# ---------------------------------------------------------------- a real server and browser


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Server:
    """The app in a process of its own."""

    def __init__(
        self,
        data_dir: Path,
        log: Path,
        *,
        samples: bool = False,
        folder: Path | None = None,
        env: dict[str, str] | None = None,
        host: str = "",
    ) -> None:
        self.data_dir, self.log, self.port, self.samples = data_dir, log, free_port(), samples
        self.folder, self.env, self.host = folder, env or {}, host
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        code = "from assistant.cli import main; main()"
        options = ["--port", str(self.port), "--no-browser", "--samples" if self.samples else "--no-samples"]
        options += ["--host", self.host] if self.host else []
        env = os.environ | {"ASSISTANT_DATA_DIR": str(self.data_dir)} | self.env
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, "app", *options], env=env, cwd=self.folder, stdout=out, stderr=out, start_new_session=True
            )
        for _ in range(300):
            if self.process.poll() is not None:
                raise RuntimeError(self.log.read_text())
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                return
            time.sleep(0.1)
        raise RuntimeError(f"the app did not start: {self.log.read_text()}")

    def kill(self) -> None:
        """As the machine would: no chance to tidy up."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def memory(self) -> int:
        """Resident bytes of the server."""
        assert self.process is not None
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
        return 0

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()


@contextlib.contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Debian's Chromium, headless, with further flags; the test is skipped where it is missing."""
    if shutil.which("chromium") is None and not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed: apt-get install chromium chromium-driver")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=shutil.which("chromium") or CHROMIUM, args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()


def settled(page: Page) -> None:
    """Waits until the script has run and the page is drawn."""
    page.wait_for_selector(IDLE, timeout=30_000)
    page.wait_for_timeout(60)


def open_page(page: Page, url: str) -> None:
    """Goes to an address and waits until it is drawn."""
    page.goto(url)
    page.wait_for_selector("h1", timeout=30_000)
    settled(page)
