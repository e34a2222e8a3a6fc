"""Loading frameworks: by id from those that ship, or from any file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from assistant.errors import FrameworkError
from assistant.frameworks import sheet
from assistant.frameworks.build import build_framework
from assistant.frameworks.checks import check
from assistant.frameworks.document import Document, Problem, parse_yaml, read_bytes
from assistant.frameworks.schema import FrameworkPart, read_structure, suggestion
from assistant.models import Framework
from assistant.resources import resource_dir

DEFAULT = "john-2025"
"""The framework that is used where none is named."""

YAML_SUFFIXES = (".yaml", ".yml")
SUFFIXES = (*YAML_SUFFIXES, *sheet.SUFFIXES)
"""Files that can hold a framework."""


def list_frameworks() -> tuple[str, ...]:
    """Ids of the frameworks that ship, the default first, the others by name. Raises AssistantError if the folder is absent."""
    ids = sorted(path.stem for path in resource_dir("frameworks").glob("*.yaml"))
    return tuple(sorted(ids, key=lambda name: name != DEFAULT))


def load_framework(id_or_path: str | Path = DEFAULT) -> Framework:
    """The framework with this id, or in this file (.yaml, .yml, .xlsx, .csv, .tsv).

    A text with a suffix of these, or with a slash, is a path; anything else is an id. Raises FrameworkError: for an id that
    does not exist, and for the first problem of a file, saying how many more there are (``validate`` gives them all).
    """
    path, known = _find(id_or_path)
    if path.suffix.lower() in sheet.SUFFIXES:
        return read_sheet(path)
    framework = _load_yaml(read_bytes(path), path.name)
    if known is not None and framework.id != known:
        raise FrameworkError(
            f"the file of the framework '{known}' has the id '{framework.id}'",
            source=path.name,
            place="key id",
            remedy="let the id be the file's name without '.yaml'",
        )
    return framework


def validate(path: str | Path) -> list[FrameworkError]:
    """Every problem of a framework file (or of a shipped framework, by id) in the order of the file; empty if it is valid.

    Problems that keep a file from being read at all (no such file, not YAML, too large) come alone.
    """
    try:
        found, _ = _find(path)
        if found.suffix.lower() in sheet.SUFFIXES:
            document, problems = sheet.read_document(found), list[Problem]()
        else:
            document, problems = parse_yaml(read_bytes(found), found.name)
        return _examine(document, problems)[1]
    except FrameworkError as error:
        return [error]


def read_sheet(
    path: str | Path,
    *,
    framework_id: str = "",
    title: str = "",
    citation: str = "",
    version: str = "1.0.0",
    worksheet: str = "",
) -> Framework:
    """A framework from a spreadsheet: columns ``dimension``, ``element``, optionally ``description``, then one a stage.

    .xlsx, .csv or .tsv. Merged cells stand for all the stages (or rows) they span; an empty dimension means the one above.
    Ids are made from the names. What the sheet cannot say comes from the keywords, else from the file's name; policies are
    the three general ones. Raises FrameworkError like ``load_framework``.
    """
    head = sheet.Head(framework_id, title, citation, version)
    return _whole(*_examine(sheet.read_document(Path(path), head, worksheet), []))


@lru_cache(maxsize=32)
def _load_yaml(raw: bytes, source: str) -> Framework:
    """Cached by content: a framework is frozen, and every screen asks for it."""
    return _whole(*_examine(*parse_yaml(raw, source)))


def _examine(document: Document, problems: list[Problem]) -> tuple[Framework | None, list[FrameworkError]]:
    part, broken = read_structure(FrameworkPart, document.data)
    found = [*problems, *broken, *check(document.data)]
    return (build_framework(part) if part is not None and not found else None), document.errors(found)


def _whole(framework: Framework | None, errors: list[FrameworkError]) -> Framework:
    """The framework, or the first error with a count of the others."""
    if framework is not None:
        return framework
    first, rest = errors[0], len(errors) - 1
    if not rest:
        raise first
    more = f"{first.detail} (and {rest} more {'problem' if rest == 1 else 'problems'} in this file)"
    raise FrameworkError(more, source=first.source, place=first.place, remedy=first.remedy)


def _find(id_or_path: str | Path) -> tuple[Path, str | None]:
    """The file, and the id if it was asked for by id. Raises FrameworkError for an unknown id or kind of file."""
    name = str(id_or_path)
    path = Path(id_or_path)
    if isinstance(id_or_path, Path) or path.suffix.lower() in SUFFIXES or "/" in name or "\\" in name:
        if path.suffix.lower() not in SUFFIXES:
            raise FrameworkError(
                f"a file '{path.suffix or path.name}' cannot hold a framework", source=name, remedy=f"use one of {', '.join(SUFFIXES)}"
            )
        return path, None
    known = list_frameworks()
    if name not in known:
        raise FrameworkError(
            f"there is no framework '{name}'", remedy=f"{suggestion(name, known)}Known: {', '.join(known)}; or give the path of a file"
        )
    return resource_dir("frameworks") / f"{name}.yaml", name
