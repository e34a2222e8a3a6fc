"""`assistant demo`: the main job on the sample transcripts, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.cli.common import progress, say, table

READABLE = (".vtt", ".srt", ".docx", ".txt", ".md", ".pdf", ".json")


def samples() -> list[Path]:
    """The sample transcripts of this installation, in order."""
    from assistant.resources import resource_dir

    return sorted(p for p in resource_dir("transcripts").iterdir() if p.suffix in READABLE and p.stem.lower() != "readme")


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for evidence, assessments and reports.")] = Path("out/demo"),
) -> None:
    """Code, score and report the seven synthetic sample interviews (each its own company), offline. Nobody reviewed them: drafts."""
    from assistant.extraction.engines import make_engine
    from assistant.frameworks import load_benchmarks, load_framework
    from assistant.models import canonical_json
    from assistant.pipeline import code_files, score_folder, write_atomic
    from assistant.report import write_report
    from assistant.settings import get_settings

    settings = get_settings()
    framework = load_framework("john-2025")
    engine = make_engine("local", framework, settings)
    companies = next(iter(load_benchmarks(framework.id)), None)
    rows: list[list[str]] = []
    paths = samples()
    with progress("samples", len(paths)) as step:
        for n, path in enumerate(paths, 1):
            folder = out / path.stem
            outcome = code_files([path], framework, engine, folder)[0]
            if outcome.error is not None:
                raise outcome.error
            result = score_folder(folder, accept="all", policy=None, framework=framework.id, default_framework=framework.id)
            write_atomic(folder / "assessment.json", canonical_json(result.model_dump(mode="json")) + "\n")
            write_report(folder / "report.html", result, framework, companies=companies)
            a = result.assessment
            current = sum(e.status == "current" for e in outcome.evidence)
            practices = a.practices.explanation if a.practices else ""
            rows.append([path.name, f"{current} of {len(outcome.evidence)}", a.overall.explanation, practices])
            step(path.name, n, len(paths))
    table(["synthetic sample", "current evidence", "overall stage (draft: nobody has reviewed it)", "practice codes"], rows)
    say("")
    for path in paths:
        say(f"report: {(out / path.stem / 'report.html').resolve()}")
