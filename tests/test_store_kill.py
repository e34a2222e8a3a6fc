"""kill -9 at every statement and commit, then again: complete, nothing doubled, nothing lost (the work is in ``store_killer``)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from store_killer import WORK

from assistant.store import Store

pytest_plugins = ["store_fixtures"]

HERE = Path(__file__).parent


def run_killer(url: str, work: str) -> dict[str, object]:
    environment = os.environ | {"PYTHONPATH": f"{HERE.parent}{os.pathsep}{HERE}"}
    done = subprocess.run(
        [sys.executable, str(HERE / "store_killer.py"), url, work],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.slow
@pytest.mark.parametrize("work", sorted(WORK))
def test_killed_at_every_step(url: str, work: str) -> None:
    outcome = run_killer(url, work)
    assert outcome["wrong"] == []
    assert isinstance(outcome["places"], int)
    assert outcome["places"] >= 8


@pytest.mark.parametrize("statements", [0, 1, 7, 30, 60, 90])
def test_a_killed_migration_leaves_nothing(tmp_path: Path, statements: int) -> None:
    path = tmp_path / "killed.sqlite3"
    script = (
        "import os, signal, sys\n"
        "from sqlalchemy import Engine, event\n"
        "from assistant.store import Store\n"
        "left = [int(sys.argv[2])]\n"
        "def step(*_):\n"
        "    left[0] -= 1\n"
        "    if left[0] < 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "event.listen(Engine, 'before_cursor_execute', step)\n"
        "Store.open(sys.argv[1])\n"
    )
    done = subprocess.run([sys.executable, "-c", script, f"sqlite:///{path}", str(statements)], cwd=HERE.parent, check=False, timeout=60)
    assert done.returncode == -9
    with Store.open(f"sqlite:///{path}") as store:
        assert store.check() == ()
        assert store.organisations() == ()
