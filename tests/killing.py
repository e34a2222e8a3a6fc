"""SIGKILL at the n-th statement or commit of a forked child: what the killers of store and command share; nothing of it is in the product."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect


def arm(place: int) -> None:
    """Kills this process at the ``place``-th statement or commit of any database connection (before it, and after a commit)."""
    seen = 0

    def step(*_: object, **__: object) -> None:
        nonlocal seen
        if seen == place:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

    event.listen(Engine, "before_cursor_execute", step)
    commit = DefaultDialect.do_commit

    def watched(self: DefaultDialect, connection: object) -> None:
        step()
        commit(self, connection)  # type: ignore[arg-type]
        step()

    DefaultDialect.do_commit = watched  # type: ignore[assignment]


def in_child(work: Callable[[], int]) -> bool:
    """Runs the work in a forked child; whether it was killed. Any other failure ends everything."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 3
        try:
            code = work()
        finally:
            if code == 3:
                traceback.print_exc()
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status:
        raise SystemExit(f"the child ended with {os.waitstatus_to_exitcode(status)}")
    return False


def all_end_well(running: Sequence[subprocess.Popen[bytes]], seconds: float = 120) -> None:
    """Waits for processes whose errors are piped. Raises AssertionError where one fails; none outlives the call."""
    try:
        for process in running:
            _, errors = process.communicate(timeout=seconds)
            assert process.returncode == 0, errors.decode()
    finally:
        for process in running:
            process.kill()
            process.wait()
