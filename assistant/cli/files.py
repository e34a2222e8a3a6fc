"""Commands on files: code, score, report, verify, transcripts show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.common import accepting, emit, note, progress, say, summary, table
from assistant.errors import EvidenceError

if TYPE_CHECKING:
    from assistant.pipeline import Outcome

transcripts_app = typer.Typer(help="Look at transcripts as they are read.", no_args_is_help=True)
Files = Annotated[list[Path], typer.Argument(help="Transcripts: .vtt .srt .docx .txt .md .pdf .json", show_default=False)]
Interviewer = Annotated[
    list[str] | None,
    typer.Option("--interviewer", help="Who interviews, as the file names them; may be given several times. Guessed where absent."),
]
Json = Annotated[bool, typer.Option("--json", help="For a program: JSON on standard output.")]
FrameworkOption = Annotated[
    str | None, typer.Option("--framework", help="Id of a framework, or a .yaml/.xlsx/.csv/.tsv file. Default: john-2025.")
]


def code(
    files: Files,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for <stem>.jsonl and the transcript's copy.")] = None,
    framework: FrameworkOption = None,
    engine: Annotated[
        str, typer.Option("--engine", help="local: nothing leaves the machine; llm: an OpenAI-compatible endpoint.")
    ] = "local",
    interviewer: Interviewer = None,
    as_json: Json = False,
    model: Annotated[list[str] | None, typer.Option("--model", help="llm: model name; two must agree where given twice.")] = None,
    passes: Annotated[int, typer.Option("--passes", min=1, help="llm: independent passes of each model.")] = 1,
    votes: Annotated[int | None, typer.Option("--votes", min=1, help="llm: passes that must agree; more than half where absent.")] = None,
    redact: Annotated[list[Path] | None, typer.Option("--redact", help="llm: file of names that must not leave, one a line.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="llm: show calls, tokens and cost, send nothing.")] = False,
    show_request: Annotated[bool, typer.Option("--show-request", help="llm: show exactly what would leave, send nothing.")] = False,
    export_batch: Annotated[Path | None, typer.Option("--export-batch", help="llm: write requests as an OpenAI Batch file.")] = None,
    import_batch: Annotated[Path | None, typer.Option("--import-batch", help="llm: take answers from a batch results file.")] = None,
) -> None:
    """Code transcripts: what is evidence of which practice, whose time, which stages. A file that fails does not stop the others."""
    from assistant.extraction.engines import make_engine
    from assistant.frameworks import load_framework
    from assistant.pipeline import code_files
    from assistant.settings import get_settings

    settings = get_settings()
    chosen = load_framework(framework or settings.framework)
    if engine == "llm":
        from assistant.cli import llm
        from assistant.cli.llm_work import LLMOptions

        options = LLMOptions(models=tuple(model or ()), passes=passes, votes=votes, redact_files=tuple(redact or ()))
        request = llm.Request(
            files, chosen, out, tuple(interviewer or ()), options, dry_run, show_request, export_batch, import_batch, as_json
        )
        llm.run(settings, request)
        return
    coder = make_engine(engine, chosen, settings)
    if out is None:
        raise typer.BadParameter("is missing: name the folder to write to", param_hint="--out")
    with progress("coding", len(files)) as step:
        outcomes = code_files(files, chosen, coder, out, interviewer=interviewer or (), progress=step)
    _tell(outcomes, as_json)
    errors = [o.error for o in outcomes if o.error is not None]
    for error in errors:
        note(f"error: {error}")
    if errors:
        raise typer.Exit(errors[0].exit_code if len(errors) == len(outcomes) else 1)


def _tell(outcomes: Sequence[Outcome], as_json: bool) -> None:
    """What came of each file."""
    from assistant.transcripts import remarks

    if as_json:
        emit(
            [
                {
                    "file": str(o.source),
                    "out": str(o.out) if o.out else None,
                    "evidence": len(o.evidence),
                    "error": str(o.error) if o.error else None,
                    "notes": list(remarks(o.transcript)) if o.transcript else [],
                }
                for o in outcomes
            ]
        )
        return
    for o in outcomes:
        if o.transcript is not None:
            current = sum(e.status == "current" for e in o.evidence)
            say(f"{o.out}: {len(o.evidence)} pieces of evidence, {current} of current practice")
            for remark in remarks(o.transcript):
                note(f"  {o.source.name}: {remark}")


def score(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder made by `assistant code`.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Assessment file to write.")],
    accept: Annotated[
        str, typer.Option("--accept", help="`confirmed`: what reviewers confirmed; `all`: everything proposed, as a draft.")
    ] = "confirmed",
    policy: Annotated[
        str | None, typer.Option("--policy", help="majority, weakest-link or iso33020. Default: the framework's first.")
    ] = None,
    framework: FrameworkOption = None,
    as_json: Json = False,
) -> None:
    """Score the evidence of a folder as one use case: stages with bounds, coverage, conflicts and trace."""
    from assistant.frameworks import load_framework
    from assistant.models import canonical_json
    from assistant.pipeline import score_folder, write_atomic
    from assistant.settings import get_settings

    result = score_folder(
        folder,
        accept=accepting(accept),
        policy=policy,
        framework=framework,
        default_framework=get_settings().framework,
    )
    write_atomic(out, canonical_json(result.model_dump(mode="json")) + "\n")
    if as_json:
        emit(result.assessment.model_dump(mode="json", exclude={"evidence"}))
        return
    summary(result.assessment, load_framework(framework or result.assessment.framework))
    if accept == "confirmed" and not any(r.evidence for r in result.assessment.elements):
        note("nothing is confirmed yet: review the evidence, or score a draft with --accept all")
    say(str(out))


def report(
    assessment: Annotated[Path, typer.Argument(help="File made by `assistant score`.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Report to write: .html, .md or .json by its ending.")],
    names: Annotated[bool, typer.Option("--names", help="Show participants by name instead of P1, P2 …")] = False,
    framework: FrameworkOption = None,
) -> None:
    """Write a report in which every stage shows its quotes and every quote its place."""
    from assistant.frameworks import load_benchmarks, load_framework
    from assistant.pipeline import read_assessment
    from assistant.report import write_report

    file = read_assessment(assessment)
    chosen = load_framework(framework or file.assessment.framework)
    companies = next(iter(load_benchmarks(chosen.id)), None)
    write_report(out, file, chosen, companies=companies, names=names)
    say(str(out))


def verify(
    assessment: Annotated[Path, typer.Argument(help="File made by `assistant score`.", show_default=False)],
    framework: FrameworkOption = None,
    as_json: Json = False,
) -> None:
    """Check an assessment file: every quote against its transcript, every stage by scoring again."""
    from assistant.frameworks import load_framework
    from assistant.pipeline import check_quotes, read_assessment
    from assistant.scoring import verify as recompute

    file = read_assessment(assessment)
    chosen = load_framework(framework or file.assessment.framework)
    quotes = check_quotes(file)
    same = recompute(chosen, file.assessment)
    if as_json:
        emit({"quotes": quotes, "recomputed": same, "hash": file.assessment.hash})
    else:
        say(f"{quotes} quotes are verbatim; the score {'recomputes to the byte' if same else 'DOES NOT RECOMPUTE'}")
    if not same:
        raise EvidenceError(
            "the stages are not those of its evidence", source=str(assessment), remedy="it was altered, or the framework differs"
        )


@transcripts_app.command("show")
def show(
    file: Annotated[Path, typer.Argument(help="A transcript.", show_default=False)],
    interviewer: Interviewer = None,
    as_json: Json = False,
) -> None:
    """Show a transcript as it is read: turns, speakers, roles, times."""
    from assistant.transcripts import read_transcript, remarks, to_json

    transcript = read_transcript(file, interviewer=interviewer or ())
    if as_json:
        print(to_json(transcript))
        return
    size = f"{len(transcript.turns)} turns, {len(transcript.text.split())} words"
    say(f"{transcript.name}: {transcript.format}, {size}, {transcript.encoding}")
    for remark in remarks(transcript):
        say(f"  note: {remark}")
    roles = {t.speaker: t.role.value for t in transcript.turns}
    words = {s: sum(len(transcript.text[t.start : t.end].split()) for t in transcript.turns if t.speaker == s) for s in transcript.speakers}
    table(["speaker", "role", "words"], [[s or "(nobody named)", roles[s], str(words[s])] for s in transcript.speakers])
    for turn in transcript.turns:
        clock = "" if (at := turn.time_at(turn.start)) is None else f"{int(at) // 60:02d}:{int(at) % 60:02d} "
        say(f"\n{clock}{turn.speaker or '(nobody named)'} [{turn.role.value}]\n{transcript.text[turn.start : turn.end]}")
