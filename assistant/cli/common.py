"""What commands share: progress on a terminal, JSON for programs, tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import typer

if TYPE_CHECKING:
    from assistant.models import Assessment, Framework
    from assistant.pipeline import Accept


def chosen_of(value: str, known: Iterable[str], option: str) -> str:
    """The value of an option that has a few. Raises the parser's own usage error (exit code 2) for any other."""
    if value not in (allowed := tuple(known)):
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(allowed)}", param_hint=option)
    return value


def accepting(value: str) -> Accept:
    """The value of ``--accept``."""
    return cast("Accept", chosen_of(value, ("confirmed", "all"), "--accept"))


def emit(value: Any) -> None:
    """JSON on standard output, for a program."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


def say(text: str) -> None:
    """A line for people, on standard output."""
    print(text)


def note(text: str) -> None:
    """A remark for people that must not mix with output: standard error."""
    print(text, file=sys.stderr)


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on a terminal's standard error; silent elsewhere and for a single step."""
    if total < 2 or not sys.stderr.isatty():
        yield lambda name, done, all_: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda name, done, all_: bar.update(task, completed=done, description=f"{label}: {name}")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table for people; plain columns where the output is not a terminal."""
    widths = [max(len(c), *(len(r[i]) for r in rows)) if rows else len(c) for i, c in enumerate(columns)]
    for row in (columns, *rows):
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def summary(assessment: Assessment, framework: Framework) -> None:
    """The headline and the dimensions in a few lines."""
    from assistant.models import Status

    draft = "DRAFT, reviewed by nobody: " if assessment.draft else ""
    say(f"{draft}{framework.title}, policy {assessment.policy}")
    say(f"  overall: {assessment.overall.explanation}")
    names = {d.id: d.name for d in framework.dimensions}
    for d in assessment.dimensions:
        say(f"  {names[d.scope]}: {d.explanation}")
    if assessment.practices is not None:
        say(f"  practice codes: {assessment.practices.explanation}")
    used = sum(len(r.evidence) for r in assessment.elements)
    current = sum(e.status is Status.CURRENT for e in assessment.evidence)
    say(f"  evidence: {len(assessment.evidence)} pieces, {current} of current practice, {used} count; hash {assessment.hash[:16]}…")
