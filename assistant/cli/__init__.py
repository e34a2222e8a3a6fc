"""The command line: thin commands over ``pipeline``.

Exit codes: 0 done; 1 some of several files failed, or an unexpected refusal; 2 wrong usage or settings; 3 input that cannot be
used; 4 a quote that is not in its transcript; 5 model or index missing; 6 database; 7 engine; 8 not allowed; 130 interrupted.
"""

from __future__ import annotations

import io
import sys


def main() -> None:
    """Entry point: runs the app; an `AssistantError` becomes one line on standard error and its exit code."""
    from assistant.cli.app import run

    if isinstance(sys.stdout, io.TextIOWrapper):
        # A quote or file name may hold what the terminal's encoding has not: shown escaped. A program reads UTF-8 everywhere.
        sys.stdout.reconfigure(encoding=None if sys.stdout.isatty() else "utf-8", errors="backslashreplace")
    sys.exit(run())
