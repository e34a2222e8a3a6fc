"""A framework file as plain data that knows where in the file each value stands.

Reads YAML safely: no objects, no aliases (nothing can expand), one document, limits on size and depth, no key twice.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from assistant.errors import FrameworkError

Key = tuple[str | int, ...]
"""Way from the top of the file to a value: keys of mappings and positions in lists."""

MAX_BYTES = 2 * 1024 * 1024
"""Largest file that is read. The richest framework that ships has 80 kB."""
MAX_DEPTH = 20
"""Deepest nesting of lists and mappings; the format needs 7."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS = yaml.constructor.SafeConstructor


@dataclass(frozen=True)
class Problem:
    """Something wrong at one place of a document."""

    path: Key
    """The value concerned, or the mapping in which it is missing."""
    message: str
    """What is wrong."""
    remedy: str
    """What to do about it."""
    position: int | None = None
    """Line or row, where the path alone does not give it."""
    missing: str | None = None
    """The key that is missing at ``path``, if that is what is wrong."""


@dataclass(frozen=True)
class Document:
    """Plain data (dict, list, str, int, float, bool, None, date) with the place of each value."""

    source: str
    """File as shown to people."""
    data: Any
    """The content."""
    positions: Mapping[Key, int]
    """Path -> line of a text file, or row of a sheet, from 1."""
    labels: Mapping[Key, str] | None = None
    """Path -> place in words, for sheets; None for YAML."""

    def position(self, path: Key) -> int:
        """Line or row of the value, or of the nearest thing around it that has one; 1 if nothing has."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.positions:
                return self.positions[path[:length]]
        return 1

    def place(self, problem: Problem) -> str:
        """The place in words: ``line 12, key dimensions[0].name``, or ``row 4, column C ('Basic')`` for a sheet."""
        if self.labels is not None:
            return next((self.labels[problem.path[:n]] for n in range(len(problem.path), 0, -1) if problem.path[:n] in self.labels), "")
        line = problem.position if problem.position is not None else self.position(problem.path)
        return f"line {line}, key {dotted(problem.path)}" if problem.path else f"line {line}"

    def errors(self, problems: list[Problem]) -> list[FrameworkError]:
        """The problems as errors, in the order of the file."""
        ordered = sorted(problems, key=lambda p: p.position if p.position is not None else self.position(p.path))
        return [FrameworkError(p.message, source=self.source, place=self.place(p), remedy=p.remedy) for p in ordered]


def dotted(path: Key) -> str:
    """A path as people write it: ``dimensions[0].elements[2].cells``."""
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else (f".{part}" if out else part)
    return out


def read_bytes(path: Path) -> bytes:
    """The file's content. Raises FrameworkError for a file that is absent, unreadable, not a file, or over MAX_BYTES."""
    source = path.name
    try:
        if not path.is_file():
            raise FrameworkError("no such file" if not path.exists() else "not a file", source=str(path), remedy="check the path")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise FrameworkError(
                f"the file has {size:,} bytes, more than the {MAX_BYTES:,} allowed", source=source, remedy="split it, or shorten its texts"
            )
        return path.read_bytes()
    except OSError as error:
        raise FrameworkError(f"the file cannot be read ({error.strerror})", source=str(path), remedy="check its permissions") from error


def parse_yaml(raw: bytes, source: str) -> tuple[Document, list[Problem]]:
    """YAML text -> document, with the problems that did not stop it being read (keys given twice).

    Raises FrameworkError for anything that is not one plain YAML mapping.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FrameworkError(f"byte {error.start} is not UTF-8", source=source, remedy="save the file as UTF-8") from error
    try:
        _guard(text, source)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise _syntax_error(error, source) from error
    if not isinstance(root, yaml.MappingNode):
        raise FrameworkError(
            "the file holds no keys", source=source, place="line 1", remedy="start with 'id: my-framework'; see the files that ship"
        )
    reader = _Reader(source)
    data = reader.read(root, ())
    return Document(source, data, reader.lines), reader.problems


def _guard(text: str, source: str) -> None:
    """Refuses, before anything is built, what could expand or nest without bound. Raises FrameworkError, yaml.YAMLError."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        place = f"line {event.start_mark.line + 1}" if event.start_mark else ""
        if isinstance(event, yaml.AliasEvent):
            raise FrameworkError(f"alias '*{event.anchor}' is not allowed", source=source, place=place, remedy="write the text out")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise FrameworkError("a second YAML document starts here", source=source, place=place, remedy="one framework a file")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise FrameworkError(f"nested more than {MAX_DEPTH} deep", source=source, place=place, remedy="check the brackets")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _syntax_error(error: yaml.YAMLError, source: str) -> FrameworkError:
    """PyYAML's error in the form of ours: place first, cause, remedy."""
    mark = getattr(error, "problem_mark", None)
    place = f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
    cause = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
    return FrameworkError(
        f"not valid YAML: {cause}", source=source, place=place, remedy="check indentation, quotes and colons on this line and above"
    )


class _Reader:
    """Turns YAML nodes into plain data, noting the line of each value and keys that come twice."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: dict[Key, int] = {}
        self.problems: list[Problem] = []
        self._scalars = _SCALARS()

    def read(self, node: yaml.Node, path: Key) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, i)) for i, item in enumerate(node.value)]
        return self._scalar(node)

    def _pairs(self, node: yaml.MappingNode, path: Key) -> Iterator[tuple[str | int, Any]]:
        seen: dict[str | int, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str | int) or isinstance(key, bool):
                raise FrameworkError(
                    f"a key must be a word or a whole number, not {_shown(key_node)}",
                    source=self.source,
                    place=f"line {line}",
                    remedy="write the key in quotes",
                )
            if key in seen:
                message = f"the key '{key}' is given twice, first on line {seen[key]}"
                self.problems.append(Problem((*path, key), message, "keep one of the two", position=line))
                continue
            seen[key] = line
            self.lines[(*path, key)] = line
            yield key, self.read(value_node, (*path, key))

    def _scalar(self, node: yaml.Node) -> Hashable:
        try:
            value: Hashable = self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            raise FrameworkError(
                f"{_shown(node)} cannot be read as a plain value",
                source=self.source,
                place=f"line {node.start_mark.line + 1}",
                remedy="write it in quotes, without a tag",
            ) from error
        return value


def _shown(node: yaml.Node) -> str:
    """A node's text and tag for a message, shortened."""
    if not isinstance(node, yaml.ScalarNode):
        return "a list or mapping"
    return f"'{node.value[:60]}' ({node.tag.removeprefix('tag:yaml.org,2002:')})"
