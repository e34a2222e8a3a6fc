"""The steps in order: file -> transcript -> evidence -> assessment -> report. Short on purpose; each step lives in its own module.

With files only (``code_files``, ``score_folder``) the state between the steps is a folder; with a database (``code_use_case``,
``score_use_case``) it is the store, where everything is committed before the next step runs.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from assistant import __version__
from assistant.errors import AssistantError, EvidenceError, GroundingError
from assistant.extraction.base import Engine
from assistant.frameworks import load_framework
from assistant.grounding import verify as verify_quote
from assistant.models import (
    Assessment,
    AssessmentFile,
    CodingResult,
    CodingTask,
    ElementDecision,
    Evidence,
    EvidenceState,
    Framework,
    Transcript,
    TranscriptRef,
)
from assistant.scoring import score
from assistant.transcripts import from_json, read_transcript, to_json

if TYPE_CHECKING:
    from assistant.store import Store

COPY_SUFFIX = ".transcript.json"
"""Ending of the transcript's copy beside its evidence."""
Accept = Literal["all", "confirmed"]
Progress = Callable[[str, int, int], None]
"""Called with what was just finished, how many are, and how many there are."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    source: Path
    evidence: tuple[Evidence, ...] = ()
    transcript: Transcript | None = None
    out: Path | None = None
    error: AssistantError | None = None


def write_atomic(path: Path, text: str) -> None:
    """Write a file whole or not at all: what was there before stays until the new content is complete.

    Raises:
        EvidenceError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
                out.write(text)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise EvidenceError(f"cannot be written: {error.strerror}", source=str(path), remedy="choose another folder with --out") from error


def make_task(transcript: Transcript, framework: Framework, engine: Engine) -> CodingTask:
    """The unit of work that codes one transcript."""
    return CodingTask(transcript=transcript, framework=framework, engine=engine.name, engine_version=engine.version)


def ref(transcript: Transcript) -> TranscriptRef:
    """How an assessment names a transcript."""
    return TranscriptRef(id=transcript.id, name=transcript.name, sha256=transcript.sha256)


# ---------------------------------------------------------------- folders


def code_files(
    paths: Sequence[Path],
    framework: Framework,
    engine: Engine,
    out: Path,
    *,
    interviewer: Sequence[str] = (),
    progress: Progress | None = None,
) -> list[Outcome]:
    """Code files one by one into ``out``; a file that fails is reported and the others go on.

    Writes ``<stem>.jsonl`` (one `Evidence` a line) and ``<stem>.transcript.json`` for each.
    """
    outcomes: list[Outcome] = []
    seen: dict[str, Path] = {}
    for n, path in enumerate(paths, 1):
        try:
            if path.stem in seen:
                raise EvidenceError(
                    f"has the same name as {seen[path.stem]}: one would overwrite the other",
                    source=str(path),
                    remedy="rename one, or use two folders",
                )
            seen[path.stem] = path
            transcript = read_transcript(path, interviewer=interviewer)
            result = engine.code(make_task(transcript, framework, engine))
            target = out / f"{path.stem}.jsonl"
            write_atomic(out / f"{path.stem}{COPY_SUFFIX}", to_json(transcript))
            write_atomic(target, to_jsonl(result.evidence))
            outcomes.append(Outcome(path, result.evidence, transcript, target))
        except AssistantError as error:
            outcomes.append(Outcome(path, error=error))
        if progress:
            progress(path.name, n, len(paths))
    return outcomes


def to_jsonl(evidence: Iterable[Evidence]) -> str:
    """One JSON object a line, keys in the order of the model."""
    return "".join(json.dumps(e.model_dump(mode="json"), ensure_ascii=False) + "\n" for e in evidence)


def read_evidence(path: Path, transcript: Transcript) -> list[Evidence]:
    """Evidence of one file, each checked against the transcript.

    Raises:
        EvidenceError: a line is not evidence of this transcript (names file and line).
        GroundingError: a quote is not the transcript's slice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"cannot be read: {error}", source=str(path), remedy="code the transcript again") from error
    found: list[Evidence] = []
    # Not splitlines(): a quote may hold U+2028 or U+0085, which are no ends of lines in JSON.
    for n, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        place = f"line {n}"
        try:
            e = Evidence.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            raise EvidenceError(f"{where}: {first['msg']}", source=str(path), place=place, remedy="code the transcript again") from error
        if e.transcript != transcript.id:
            raise EvidenceError(
                f"is of transcript {e.transcript}, not {transcript.id}", source=str(path), place=place, remedy="code it again"
            )
        _check_quote(transcript, e, f"{path}, {place}", "code the transcript again")
        found.append(e)
    return found


def _check_quote(transcript: Transcript, e: Evidence, where: str, remedy: str) -> None:
    try:
        verify_quote(transcript, e.start, e.end, e.quote)
    except GroundingError as error:
        raise GroundingError(f"{where}: {error.message}", remedy=remedy) from error


def read_folder(folder: Path) -> tuple[list[Transcript], list[Evidence]]:
    """Every coded transcript of a folder made by `code_files`.

    Raises:
        EvidenceError: the folder holds none, a copy is missing, or a file is damaged.
        GroundingError: see `read_evidence`.
    """
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise EvidenceError("holds no coded transcript (*.jsonl)", source=str(folder), remedy="run assistant code … --out on it first")
    transcripts, evidence = [], []
    for path in files:
        copy = path.with_name(path.stem + COPY_SUFFIX)
        if not copy.is_file():
            raise EvidenceError(f"{copy.name} is missing beside it", source=str(path), remedy="code the transcript again")
        transcript = from_json(copy.read_bytes(), source=str(copy))
        transcripts.append(transcript)
        evidence += read_evidence(path, transcript)
    return transcripts, evidence


def accepted(evidence: Iterable[Evidence], accept: Accept) -> list[Evidence]:
    """Evidence as it enters scoring: ``all`` confirms every proposal (nobody reviewed it: a draft), ``confirmed`` leaves states alone."""
    if accept == "confirmed":
        return list(evidence)
    return [
        e.model_copy(update={"state": EvidenceState.CONFIRMED}) if e.state in (EvidenceState.PROPOSED, EvidenceState.UNSURE) else e
        for e in evidence
    ]


def framework_of(evidence: Sequence[Evidence], chosen: str | None, default: str) -> Framework:
    """The framework that the evidence names, or the one chosen.

    Raises:
        EvidenceError: the evidence is of several frameworks.
    """
    named = sorted({e.framework for e in evidence})
    if chosen is None and len(named) > 1:
        raise EvidenceError(f"the evidence is of several frameworks: {', '.join(named)}", remedy="code all transcripts with the same one")
    return load_framework(chosen or (named[0] if named else default))


def score_folder(folder: Path, *, accept: Accept, policy: str | None, framework: str | None, default_framework: str) -> AssessmentFile:
    """Score everything coded in a folder as one use case. Raises EvidenceError, GroundingError, FrameworkError."""
    transcripts, evidence = read_folder(folder)
    chosen = framework_of(evidence, framework, default_framework)
    assessment = score(chosen, accepted(evidence, accept), transcripts=map(ref, transcripts), policy=policy, draft=accept == "all")
    return AssessmentFile(assessment=assessment, transcripts=tuple(transcripts), software=__version__)


def read_assessment(path: Path) -> AssessmentFile:
    """An assessment file. Raises EvidenceError naming the file where it is missing or damaged."""
    try:
        return AssessmentFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise EvidenceError(f"cannot be read: {error.strerror}", source=str(path), remedy="make it with assistant score") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise EvidenceError(f"{where}: {first['msg']}", source=str(path), remedy="make it again with assistant score") from error


def check_quotes(file: AssessmentFile) -> int:
    """Number of quotes, each found to be what a respondent of its transcript said.

    Raises:
        EvidenceError: a transcript's text or turns were changed.
        GroundingError: a quote is not there; names the first.
    """
    remedy = "make the assessment again"
    said = {t.id: from_json(to_json(t), source=f"transcript {t.name}") for t in file.transcripts}
    for e in file.assessment.evidence:
        if e.transcript not in said:
            raise GroundingError(f"evidence {e.id}: its transcript {e.transcript} is not in the file", remedy=remedy)
        _check_quote(said[e.transcript], e, f"evidence {e.id}", remedy)
    return len(file.assessment.evidence)


# ---------------------------------------------------------------- database


def add_file(store: Store, use_case: str, path: Path, *, interviewer: Sequence[str] = (), by: str = "local") -> tuple[Transcript, bool]:
    """Read a file and keep it, original bytes included; gives the transcript and whether it was new."""
    transcript = read_transcript(path, interviewer=interviewer)
    added = store.add_transcript(use_case, transcript, path.read_bytes(), by=by)
    return store.transcript(use_case, transcript.id), added.created


def code_use_case(
    store: Store, use_case: str, framework: Framework, engine: Engine, *, by: str = "local", progress: Progress | None = None
) -> list[CodingResult]:
    """Code every transcript of a use case that is not coded yet with this framework, engine version and settings.

    Each transcript's result is committed before the next begins; killed and run again, it goes on where it was.
    """
    results = []
    infos = store.transcripts(use_case)
    for n, info in enumerate(infos, 1):
        task = make_task(store.transcript(use_case, info.id), framework, engine)
        run = store.begin_run(use_case, task, by=by)
        if run.state != "done":
            try:
                result = engine.code(task)
            except AssistantError as error:
                store.fail_run(run.id, str(error), by=by)
                raise
            store.complete_run(run.id, result, by=by)
            results.append(result)
        if progress:
            progress(info.name, n, len(infos))
    return results


def evidence_ids_in_state(store: Store, use_case: str, state: EvidenceState) -> list[str]:
    """Ids of all evidence of a use case in one review state."""
    # Here, for who has a database has loaded it already; coding files needs none, and SQLAlchemy costs a quarter of a second.
    from assistant.store import EvidenceFilter

    found: list[str] = []
    cursor: str | None = None
    while True:
        page = store.evidence(use_case, EvidenceFilter(states=(state,)), cursor=cursor, limit=1000)
        found += [item.evidence.id for item in page.items]
        cursor = page.next
        if cursor is None:
            return found


def score_use_case(
    store: Store, use_case: str, framework: Framework, *, policy: str | None = None, accept: Accept = "confirmed"
) -> AssessmentFile:
    """Score what the reviewers confirmed. Raises EvidenceError."""
    transcripts = [store.transcript(use_case, info.id) for info in store.transcripts(use_case)]
    decisions: Sequence[ElementDecision] = store.element_decisions(use_case, framework.id)
    evidence = accepted(store.current_evidence(use_case, framework=framework.id), accept)
    assessment: Assessment = score(
        framework, evidence, transcripts=map(ref, transcripts), element_decisions=decisions, policy=policy, draft=accept == "all"
    )
    return AssessmentFile(
        assessment=assessment, transcripts=tuple(transcripts), rejections=tuple(store.rejections(use_case)), software=__version__
    )


__all__ = [
    "COPY_SUFFIX",
    "Outcome",
    "accepted",
    "add_file",
    "check_quotes",
    "code_files",
    "code_use_case",
    "evidence_ids_in_state",
    "framework_of",
    "make_task",
    "read_assessment",
    "read_evidence",
    "read_folder",
    "ref",
    "score_folder",
    "score_use_case",
    "to_jsonl",
    "write_atomic",
]
