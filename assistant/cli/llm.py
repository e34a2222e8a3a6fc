"""`assistant code --engine llm`: what the flags ask for, in order; the work is in `assistant.cli.llm_work`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from assistant.cli.common import emit, note, say

if TYPE_CHECKING:
    from assistant.cli.llm_work import CodedFile, LLMOptions
    from assistant.extraction.llm.consensus import ConsensusEngine
    from assistant.extraction.llm.engine import LLMEngine
    from assistant.models import Framework
    from assistant.settings import Settings
    from assistant.store import Store


@dataclass(frozen=True)
class Request:
    """Flags of one call."""

    files: Sequence[Path]
    framework: Framework
    out: Path | None
    interviewer: Sequence[str]
    options: LLMOptions
    dry_run: bool
    show_request: bool
    export_batch: Path | None
    import_batch: Path | None
    as_json: bool


def run(settings: Settings, request: Request) -> None:
    """Do what the flags ask for. Raises AssistantError; typer.Exit where something is missing in the end."""
    from assistant.cli import llm_work
    from assistant.cli.project import opened
    from assistant.transcripts import read_transcript

    with opened() as store:
        if request.import_batch is not None:
            imported = llm_work.import_batch(store, request.import_batch)
            say(f"{request.import_batch}: {imported.taken} answers taken, {imported.known} known already, {len(imported.refused)} refused")
            for refusal in imported.refused:
                note(f"  refused: {refusal}")
        engine = llm_work.make_llm_engine(settings, store, request.options)
        if request.dry_run or request.show_request or request.export_batch:
            read = [read_transcript(path, interviewer=request.interviewer) for path in request.files]
            tasks = [engine.task(t, request.framework) for t in read]
            if request.show_request:
                print(llm_work.show_request(engine, tasks), end="")
            if request.dry_run:
                say(llm_work.describe_estimate(settings, llm_work.dry_run(engine, tasks)))
            if request.export_batch is not None:
                exported = llm_work.export_batch(engine, tasks, request.export_batch)
                say(f"{request.export_batch}: {exported}")
            return
        _code(settings, store, engine, request)


def _code(settings: Settings, store: Store, engine: LLMEngine | ConsensusEngine, request: Request) -> None:
    from assistant.cli import llm_work
    from assistant.errors import InputError
    from assistant.transcripts import read_transcript

    if request.out is None:
        raise InputError("--out is missing", remedy="name the folder to write to")
    send = request.import_batch is None
    if send:
        # Calls, tokens and cost are shown before anything leaves.
        readable = [read_transcript(p, interviewer=request.interviewer) for p in request.files if p.is_file()]
        tasks = [engine.task(t, request.framework) for t in readable]
        note(llm_work.describe_estimate(settings, llm_work.dry_run(engine, tasks)))
    coded = llm_work.code_files(engine, request.files, request.framework, request.out, interviewer=request.interviewer, send=send)
    _tell(coded, request.as_json)


def _tell(coded: Sequence[CodedFile], as_json: bool) -> None:
    if as_json:
        emit(
            [
                {
                    "file": str(c.source),
                    "out": str(c.out) if c.out else None,
                    "evidence": len(c.evidence),
                    "refused": len(c.rejections),
                    "error": str(c.error) if c.error else None,
                }
                for c in coded
            ]
        )
    for c in coded:
        if not as_json and c.out is not None:
            say(f"{c.out}: {len(c.evidence)} pieces of evidence, {len(c.rejections)} proposals refused")
        if c.error is not None:
            note(f"error: {c.error}")
    failed = [c for c in coded if c.error is not None]
    if failed:
        raise typer.Exit(failed[0].error.exit_code if len(failed) == len(coded) and failed[0].error else 1)
