"""Assessment -> report: HTML, Markdown, JSON. Every stage with its quotes, every quote with its place.

    render_html, render_markdown, render_json   the report as text; no clock: ``generated_at`` is shown as given
    write_report                                the same to a file, chosen by its suffix; an existing report is never lost

Modules: ``names`` (who is who, masks), ``quotes`` (quotes checked against their transcripts, turns cut at their borders), ``elements``
and ``build`` (what the report says, as the plain data of ``view``), ``html``, ``markdown`` and ``document`` (JSON) lay it out.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from assistant.errors import InputError
from assistant.models import AssessmentFile, Framework
from assistant.report import document, html, markdown
from assistant.report.build import Companies, build
from assistant.report.names import People

SUFFIXES = (".html", ".htm", ".md", ".markdown", ".json")
"""Kinds of report, by the suffix of the file."""


def render_html(
    file: AssessmentFile, framework: Framework, *, companies: Companies = None, names: bool = False, generated_at: str | None = None
) -> str:
    """One self-contained HTML page: no request, no script; prints on A4.

    Args:
        file: Assessment and the transcripts that it quotes.
        framework: The one that the assessment was made with.
        companies: Published companies beside whose practice codes to set this one's.
        names: Show participants by name instead of P1, P2 …
        generated_at: Shown in the head; nothing where None.

    Raises:
        GroundingError: a quote that is not the text of its span, or whose transcript is missing.
        EvidenceError: an assessment made with another framework.
    """
    view = build(file, framework, companies=companies, names=names, generated_at=generated_at)
    return html.render(view, framework, file.assessment)


def render_markdown(
    file: AssessmentFile, framework: Framework, *, companies: Companies = None, names: bool = False, generated_at: str | None = None
) -> str:
    """The same content as Markdown, all texts escaped. Arguments and errors as for `render_html`."""
    return markdown.render(build(file, framework, companies=companies, names=names, generated_at=generated_at))


def render_json(
    file: AssessmentFile, framework: Framework, *, companies: Companies = None, names: bool = False, generated_at: str | None = None
) -> str:
    """The same content as JSON, with the assessment inside; keys: see `document`. Arguments and errors as for `render_html`."""
    view = build(file, framework, companies=companies, names=names, generated_at=generated_at)
    # The order of the transcripts decides who is P1: the view's.
    by_id = {t.id: t for t in file.transcripts}
    people = People([by_id[t.id] for t in view.transcripts], framework, names=names)
    return document.render(view, file, framework, people)


def write_report(
    path: str | os.PathLike[str],
    file: AssessmentFile,
    framework: Framework,
    *,
    companies: Companies = None,
    names: bool = False,
    generated_at: str | None = None,
) -> Path:
    """Write the report that the suffix names; gives the path. The file appears whole or not at all.

    Raises:
        InputError: a suffix that names no kind of report, or a place that cannot be written.
        GroundingError, EvidenceError: as `render_html`.
    """
    target = Path(path)
    render = {".html": render_html, ".htm": render_html, ".md": render_markdown, ".markdown": render_markdown, ".json": render_json}.get(
        target.suffix.lower()
    )
    if render is None:
        raise InputError(
            f"'{target.suffix or target.name}' names no kind of report", source=str(target), remedy=f"end the name in {', '.join(SUFFIXES)}"
        )
    text = render(file, framework, companies=companies, names=names, generated_at=generated_at)
    try:
        _replace(target, text)
    except OSError as e:
        raise InputError(
            f"cannot be written: {e.strerror or e}", source=str(target), remedy="choose a folder that exists and that you may write to"
        ) from e
    return target


def _replace(target: Path, text: str) -> None:
    """Write beside the target, then rename: whoever reads it sees the old report or the new one."""
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(text.encode("utf-8"))
            out.flush()
            os.fsync(out.fileno())
        # mkstemp makes it private; a report is as readable as any file the user writes.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


__all__ = ["SUFFIXES", "Companies", "render_html", "render_json", "render_markdown", "write_report"]
