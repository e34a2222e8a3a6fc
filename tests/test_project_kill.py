"""kill -9 at many places of `assistant project code`, then again: complete, nothing doubled, nothing lost (see ``project_killer``)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline_support import MANUAL, ROOT, SHORT, clean_environment

from assistant.models import EvidenceState
from assistant.store import Store

pytest_plugins = ["store_fixtures"]

HERE = Path(__file__).parent


def process(url: str, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment() | {
        "ASSISTANT_DATABASE_URL": url,
        "ASSISTANT_DATA_DIR": str(folder / "data"),
        "ASSISTANT_THREADS": "1",
        "PYTHONPATH": f"{ROOT}:{HERE}",
    }
    return subprocess.run([sys.executable, *command], env=environment, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_killed_at_every_fourth_place(url: str, tmp_path: Path) -> None:
    done = process(url, tmp_path, str(HERE / "project_killer.py"), "all", "4")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["wrong"] == []
    assert outcome["places"] >= 10
    assert outcome["evidence"] >= 4


@pytest.mark.parametrize("place", [9, 24])
def test_a_killed_process_and_another_one(tmp_path: Path, sqlite_template: Path, place: int) -> None:
    """Nothing forked: one process dies, a new one finishes."""
    url = f"sqlite:///{tmp_path / 'own.sqlite3'}"
    (tmp_path / "own.sqlite3").write_bytes(sqlite_template.read_bytes())
    (tmp_path / "talk.txt").write_text(SHORT, encoding="utf-8")
    plainly = ("-c", "from assistant.cli import main; main()", "project")
    assert process(url, tmp_path, *plainly, "create", "A/B").returncode == 0
    assert process(url, tmp_path, *plainly, "add", "A/B", "talk.txt").returncode == 0
    killed = process(url, tmp_path, str(HERE / "project_killer.py"), "once", str(place), "project", "code", "A/B")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = process(url, tmp_path, *plainly, "code", "A/B")
    assert again.returncode == 0, again.stderr
    with Store.open(url) as store:
        use_case = store.use_cases(store.organisations()[0].id)[0].id
        assert [r.state for r in store.runs(use_case)] == ["done"]
        assert MANUAL in [i.evidence.quote for i in store.evidence(use_case).items]
        assert set(store.counts(use_case)) >= {EvidenceState.PROPOSED}
        assert store.check() == ()
