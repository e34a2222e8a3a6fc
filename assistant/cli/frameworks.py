"""Commands on frameworks: list, show, validate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.cli.common import emit, note, say, table
from assistant.errors import FrameworkError

app = typer.Typer(help="Maturity frameworks: those that ship, and your own.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="For a program: JSON on standard output.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """The frameworks that ship."""
    from assistant.frameworks import list_frameworks, load_framework

    found = [load_framework(i) for i in list_frameworks()]
    if as_json:
        emit(
            [
                {"id": f.id, "version": f.version, "title": f.title, "stages": len(f.stages), "elements": len(f.elements), "hash": f.hash}
                for f in found
            ]
        )
        return
    table(
        ["id", "version", "stages", "elements", "title"],
        [[f.id, f.version, str(len(f.stages)), str(len(f.elements)), f.title] for f in found],
    )


@app.command("show")
def show(
    framework: Annotated[str, typer.Argument(help="Id, or a .yaml/.xlsx/.csv file.")] = "john-2025",
    as_json: Json = False,
) -> None:
    """A framework: its dimensions, elements and statements, codes, policies and citation."""
    from assistant.frameworks import load_framework

    f = load_framework(framework)
    if as_json:
        emit({**f.model_dump(mode="json"), "hash": f.hash})
        return
    say(f"{f.title} ({f.id} {f.version})\n{f.citation}\n{f.url}")
    say("stages: " + ", ".join(f"{s.number} {s.name}" for s in f.stages))
    for d in f.dimensions:
        say(f"\n{d.name}")
        for e in d.elements:
            codes = f"  [{', '.join(e.codes)}]" if e.codes else ""
            say(f"  {e.id}{codes}")
            for s in e.statements:
                stages = str(s.stage_low) if s.stage_low == s.stage_high else f"{s.stage_low}-{s.stage_high}"
                say(f"    {stages:>3}  {s.text}")
    if f.practices:
        say("\npractice codes")
        for p in f.practices:
            say(f"  {p.code:<4} {p.description}")
    say("\npolicies")
    for policy in f.policies:
        say(f"  {policy.id}@{policy.version}: {policy.description}")
    for remark in f.notes:
        say(f"\nnote: {remark}")


@app.command("validate")
def validate(
    files: Annotated[list[Path], typer.Argument(help="Framework files of your own.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Check framework files; every fault with line, key and remedy."""
    from assistant.frameworks import validate as check

    faults = {str(path): check(path) for path in files}
    if as_json:
        emit({name: [str(f) for f in found] for name, found in faults.items()})
    for name, found in faults.items():
        if not as_json and not found:
            say(f"{name}: valid")
        for fault in found:
            note(f"error: {fault}")
    if any(faults.values()):
        raise typer.Exit(FrameworkError.exit_code)
