"""What ``assistant code --engine llm`` does, without Typer: plain functions over engine, tasks and files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistant.errors import AssistantError, EvidenceError, InputError
from assistant.extraction.llm.batch import Exported, Imported
from assistant.extraction.llm.batch import export_batch as _export
from assistant.extraction.llm.batch import import_batch as _import
from assistant.extraction.llm.budget import Estimate, Usage
from assistant.extraction.llm.client import recipient
from assistant.extraction.llm.consensus import ConsensusEngine
from assistant.extraction.llm.engine import IncompleteError, LLMEngine, Progress
from assistant.extraction.llm.redact import Names
from assistant.models import CodingResult, CodingTask, Evidence, Framework, Rejection, Transcript
from assistant.pipeline import COPY_SUFFIX, to_jsonl, write_atomic
from assistant.settings import Settings
from assistant.store import Store
from assistant.store.llm_calls import Call, LLMCalls
from assistant.transcripts import read_transcript, to_json


@dataclass(frozen=True)
class LLMOptions:
    """Flags of ``assistant code --engine llm``."""

    models: tuple[str, ...] = ()
    """``--model NAME``; given twice: two models that must agree."""
    passes: int = 1
    """``--passes N``: independent passes of each model."""
    votes: int | None = None
    """``--votes N``: passes that must agree; more than half where unset."""
    redact_files: tuple[Path, ...] = ()
    """``--redact FILE``: names that must not leave, one a line; ``org:`` or ``person:`` in front says what it is."""
    organisations: tuple[str, ...] = ()
    """Known from the project."""
    people: tuple[str, ...] = ()
    """Known from the project, besides the speakers."""
    extra: tuple[str, ...] = field(default=())
    """Further names."""


def read_names(options: LLMOptions) -> Names:
    """All names that must not leave. Raises InputError where a file cannot be read."""
    people, organisations, others = list(options.people), list(options.organisations), list(options.extra)
    for path in options.redact_files:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"the list of names cannot be read: {error}", source=str(path), remedy="give a text file in UTF-8") from error
        for line in lines:
            kind, _, name = line.strip().partition(":")
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            target = {"org": organisations, "person": people}.get(kind.strip().lower())
            (others if target is None else target).append((line if target is None else name).strip())
    return Names(tuple(people), tuple(organisations), tuple(others))


def make_llm_engine(settings: Settings, store: Store, options: LLMOptions) -> LLMEngine | ConsensusEngine:
    """The engine that the flags ask for. Raises SettingsError without a model; InputError; PromptError; EngineError."""
    names = read_names(options)
    models: Sequence[str | None] = options.models or (None,)
    engines = [
        LLMEngine(settings, store, model=model, names=names, pass_number=n) for model in models for n in range(max(1, options.passes))
    ]  # fmt: skip
    return engines[0] if len(engines) == 1 else ConsensusEngine(engines, needed=options.votes)


def _engines(engine: LLMEngine | ConsensusEngine) -> tuple[LLMEngine, ...]:
    return engine.engines if isinstance(engine, ConsensusEngine) else (engine,)


def _own(engine: LLMEngine, tasks: Iterable[CodingTask]) -> list[CodingTask]:
    return [engine.task(t.transcript, t.framework) for t in tasks]


def dry_run(engine: LLMEngine | ConsensusEngine, tasks: Sequence[CodingTask]) -> Estimate:
    """``--dry-run``: what would be sent, all passes together. Sends nothing."""
    parts = [one.estimate(_own(one, tasks)) for one in _engines(engine)]
    costs = [p.cost for p in parts]
    return Estimate(
        transcripts=len(tasks), windows=sum(p.windows for p in parts), cached=sum(p.cached for p in parts),
        calls=sum(p.calls for p in parts),
        input_tokens=sum(p.input_tokens for p in parts), output_tokens=sum(p.output_tokens for p in parts),
        cost=None if None in costs else sum(c for c in costs if c is not None),
    )  # fmt: skip


def describe_estimate(settings: Settings, estimate: Estimate) -> str:
    """One line for people."""
    unknown = "cost unknown (set ASSISTANT_LLM_PRICE_INPUT and ASSISTANT_LLM_PRICE_OUTPUT)"
    cost = unknown if estimate.cost is None else f"about {estimate.cost:.4f}"
    return (
        f"{estimate.transcripts} transcripts, {estimate.windows} windows ({estimate.cached} in the database already): "
        f"{estimate.calls} calls to {recipient(settings)}, {estimate.input_tokens} tokens in, about {estimate.output_tokens} out, {cost}"
    )


def describe_usage(usage: Usage) -> str:
    """One line for people."""
    cost = "" if usage.cost is None else f", cost {usage.cost:.4f}"
    return f"{usage.calls} calls, {usage.input_tokens} tokens in ({usage.cached_tokens} of them cached), {usage.output_tokens} out{cost}"


@dataclass(frozen=True)
class CodedFile:
    """What became of one file; after an incomplete run both ``evidence`` and ``error`` are set."""

    source: Path
    transcript: Transcript | None = None
    evidence: tuple[Evidence, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    out: Path | None = None
    error: AssistantError | None = None


def code_files(
    engine: LLMEngine | ConsensusEngine,
    paths: Sequence[Path],
    framework: Framework,
    out: Path,
    *,
    interviewer: Sequence[str] = (),
    progress: Progress | None = None,
    send: bool = True,
) -> list[CodedFile]:
    """Codes files, all windows of all files at once, into ``out``: ``<stem>.jsonl``, the transcript's copy, ``<stem>.refused.json``.

    A file that cannot be read is reported, the others go on. A file that is not completely coded has what is there written, and an
    IncompleteError that says what is missing: run the same again and only that is sent.
    """
    read: dict[Path, Transcript] = {}
    failed: dict[Path, AssistantError] = {}
    stems = Counter(p.stem for p in paths)
    for path in paths:
        try:
            if stems[path.stem] > 1:
                raise EvidenceError("another file has the same name: one would overwrite the other", source=str(path), remedy="rename one")
            read[path] = read_transcript(path, interviewer=interviewer)
        except AssistantError as error:
            failed[path] = error
    tasks = [engine.task(transcript, framework) for transcript in read.values()]
    coded: list[tuple[CodingResult, AssistantError | None]]
    if isinstance(engine, ConsensusEngine):
        coded = [(result, None) for result in engine.run(tasks, progress=progress, send=send)]
    else:
        runs = engine.run(tasks, progress=progress, send=send)
        coded = [(run.result, IncompleteError(run) if run.failed else None) for run in runs]
    done = {path: _write(out, path, read[path], *one) for path, one in zip(read, coded, strict=True)}
    return [done.get(path) or CodedFile(path, error=failed[path]) for path in paths]


def _write(out: Path, path: Path, transcript: Transcript, result: CodingResult, error: AssistantError | None) -> CodedFile:
    """Puts one file's results into the folder. Raises EvidenceError where it cannot be written."""
    target = out / f"{path.stem}.jsonl"
    write_atomic(out / f"{path.stem}{COPY_SUFFIX}", to_json(transcript))
    refused = [r.model_dump(mode="json") for r in result.rejections]
    write_atomic(out / f"{path.stem}.refused.json", json.dumps(refused, ensure_ascii=False, indent=1) + "\n")
    write_atomic(target, to_jsonl(result.evidence))
    return CodedFile(path, transcript, result.evidence, result.rejections, target, error)


def show_request(engine: LLMEngine | ConsensusEngine, tasks: Sequence[CodingTask]) -> str:
    """``--show-request``: exactly what would leave, one JSON body a line. Sends nothing."""
    one = _engines(engine)[0]
    return "".join(json.dumps(r.body, ensure_ascii=False) + "\n" for task in _own(one, tasks) for r in one.plan(task).requests)


def export_batch(engine: LLMEngine | ConsensusEngine, tasks: Sequence[CodingTask], path: Path) -> Exported:
    """``--export-batch FILE``. Raises InputError where the file cannot be written."""
    plans = [one.plan(task) for one in _engines(engine) for task in _own(one, tasks)]
    return _export(plans, _engines(engine)[0].calls, path)


def import_batch(store: Store, path: Path) -> Imported:
    """``--import-batch FILE``; run the engine with ``send=False`` afterwards. Raises InputError where the file cannot be read."""
    return _import(LLMCalls(store), path)


def egress_log(store: Store, *, transcript: str | None = None, limit: int = 200) -> tuple[Call, ...]:
    """What left the machine, when, to whom, newest first."""
    return LLMCalls(store).log(transcript=transcript, limit=limit)


def describe_call(call: Call) -> str:
    """One line of the log for people; the request itself is in ``Call.request``."""
    used = f"{call.input_tokens} in, {call.cached_tokens} cached, {call.output_tokens} out" if call.reply is not None else call.error
    return (
        f"{call.sent_at:%Y-%m-%d %H:%M:%S}Z {call.purpose} of {call.transcript} window {call.window + 1} to {call.recipient} "
        f"({call.model}{f' = {call.model_answered}' if call.model_answered else ''}, prompt {call.prompt_hash[:10]}, seed {call.seed}): "
        f"{call.state}{f', {used}' if used else ''}"
    )
