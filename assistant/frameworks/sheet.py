"""A spreadsheet with a maturity model -> the data of a framework file, with row and column of each value.

    dimension | element | description (optional) | <stage 1> | <stage 2> | …

One row an element; the header names the stages. Merged cells hold their text in every cell they span; an empty dimension
means the one above. Formulas count by their saved value.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from assistant.errors import FrameworkError
from assistant.frameworks.checks import probe_faults
from assistant.frameworks.document import Document, Key, read_bytes
from assistant.frameworks.schema import suggestion

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

SUFFIXES = (".xlsx", ".csv", ".tsv")
"""Kinds of sheet that are read."""

MAX_ROWS, MAX_COLUMNS = 2_000, 50
"""Largest sheet. A framework has tens of rows and a handful of stages."""
MAX_UNPACKED = 64 * 1024 * 1024
"""Largest sum of the unpacked parts of an .xlsx file, in bytes."""
MAX_MERGED = 100_000
"""Most cells that merged areas may span; openpyxl makes an object for each."""

_MERGE = re.compile(rb"mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Za-z$0-9:]+)[\"']")
_FIXED = {"dimension": "dimension", "dimensions": "dimension", "element": "element", "elements": "element", "description": "description"}

Grid = list[list[str]]
"""Rows of cell texts; a missing cell is an empty text."""

POLICIES: list[dict[str, Any]] = [
    {
        "id": "majority",
        "version": 1,
        "kind": "majority",
        "threshold": 0.5,
        "description": "The highest stage that strictly more than half of the rated elements reach.",
    },
    {"id": "weakest-link", "version": 1, "kind": "minimum", "description": "The stage of the lowest rated element."},
    {
        "id": "iso33020",
        "version": 1,
        "kind": "nplf",
        "description": "Shares of elements graded N, P, L or F; a stage is reached at L or F with all stages below it at F.",
    },
]
"""What a sheet cannot say: the general policies, without prerequisites."""

_PROBES = (
    ("how", "descriptive", "practice", "How does “{name}” work where you are?"),
    ("last-time", "idiographic", "example", "Tell me about the last time “{name}” came up in your work."),
    ("carried-out", "clarifying", "automation", "Who or what carries this out?"),
    ("agreed", "clarifying", "agreement", "How similar is this from one project to the next?"),
    ("tool", "clarifying", "tool", "What do you use for this?"),
    ("change", "explanatory", "improvement", "What led to the last change in this?"),
)


@dataclass(frozen=True)
class Head:
    """What is said of the framework beside the table; empty: taken from the file's name."""

    framework_id: str = ""
    title: str = ""
    citation: str = ""
    version: str = "1.0.0"


@dataclass(frozen=True)
class _Columns:
    """Which column holds what, counted from 0."""

    dimension: int
    element: int
    description: int | None
    stages: tuple[int, ...]


def read_document(path: Path, head: Head | None = None, worksheet: str = "") -> Document:
    """The sheet as the data of a framework file. Raises FrameworkError for a file that is no such table."""
    grid = _read_xlsx(path, worksheet) if path.suffix.lower() == ".xlsx" else _read_text(path)
    first = next((i for i, row in enumerate(grid) if any(row)), None)
    if first is None:
        raise FrameworkError("the sheet is empty", source=path.name, remedy="its first row names the columns: dimension, element, stages")
    columns = _columns(grid[first], path.name, first + 1)
    table = _Table(path, grid, first, columns)
    data = {**_head_data(path, head or Head()), **table.data(), "policies": POLICIES}
    return Document(path.name, data, table.positions, table.labels)


def _head_data(path: Path, head: Head) -> dict[str, Any]:
    return {
        "id": head.framework_id or slug(path.stem, "framework").replace("_", "-"),
        "version": head.version,
        "title": head.title or path.stem,
        "citation": head.citation or f"Imported from {path.name}; no source given.",
    }


def slug(name: str, fallback: str) -> str:
    """An id from a name: ``Über-Modell 2`` -> ``uber_modell_2``; ``fallback`` where nothing is left."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", ascii_name).strip("_") or fallback


# ---------------------------------------------------------------- file -> grid


def _read_text(path: Path) -> Grid:
    """CSV or TSV. A .csv may use comma, semicolon or tab: the one that the first line has most of."""
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FrameworkError(f"byte {error.start} is not UTF-8", source=path.name, remedy="save it as 'CSV UTF-8', or as .xlsx") from error
    line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=line.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise FrameworkError(f"not a readable table: {error}", source=path.name, remedy="check its quotes, or save it as .xlsx") from error
    _check_size(len(rows), max(map(len, rows), default=0), path.name)
    return [[cell.strip() for cell in row] for row in rows]


def _check_size(rows: int, columns: int, source: str) -> None:
    if rows > MAX_ROWS or columns > MAX_COLUMNS:
        raise FrameworkError(
            f"the sheet spans {rows:,} rows and {columns} columns, more than the {MAX_ROWS:,} and {MAX_COLUMNS} allowed",
            source=source,
            remedy="delete the unused rows and columns, formatted ones too",
        )


def _read_xlsx(path: Path, worksheet: str) -> Grid:
    """The named worksheet, else the first, with merged areas filled."""
    # Here, and below: a tenth of a second that only sheets need.
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    raw = read_bytes(path)
    try:
        _guard_xlsx(raw, path.name)
        book = load_workbook(io.BytesIO(raw), data_only=True, rich_text=False)
    except (InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, OSError) as error:
        raise FrameworkError(
            "not a readable .xlsx file", source=path.name, remedy="save it anew as .xlsx, without a password, or as CSV UTF-8"
        ) from error
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if (worksheet and worksheet not in sheets) or not sheets:
        raise FrameworkError(
            f"there is no worksheet '{worksheet}'",
            source=path.name,
            remedy=f"{suggestion(worksheet, list(sheets))}Known: {', '.join(sheets)}",
        )
    return _grid(sheets[worksheet] if worksheet else book.worksheets[0], path.name)


def _guard_xlsx(raw: bytes, source: str) -> None:
    """Refuses, before openpyxl builds anything, archives and merged areas without bound. Raises FrameworkError, BadZipFile."""
    from openpyxl.utils import range_boundaries

    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
            raise FrameworkError("the file unpacks to more than is allowed", source=source, remedy="save the one worksheet as CSV UTF-8")
        merged = 0
        for part in archive.infolist():
            if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                for match in _MERGE.finditer(archive.read(part)):
                    left, top, right, bottom = range_boundaries(match.group(1).decode("ascii"))
                    merged += (int(right or 0) - int(left or 0) + 1) * (int(bottom or 0) - int(top or 0) + 1)
        if merged > MAX_MERGED:
            raise FrameworkError(f"merged areas span {merged:,} cells", source=source, remedy="unmerge the areas outside the table")


def _grid(sheet: Worksheet, source: str) -> Grid:
    _check_size(sheet.max_row, sheet.max_column, source)
    grid = [[_cell_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    for area in sheet.merged_cells.ranges:
        text = grid[area.min_row - 1][area.min_col - 1]
        for row in range(area.min_row - 1, min(area.max_row, len(grid))):
            for column in range(area.min_col - 1, min(area.max_col, len(grid[row]))):
                grid[row][column] = text
    return grid


def _letter(column: int) -> str:
    """What a sheet calls a column, from 0."""
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(column + 1))


def _cell_text(value: object) -> str:
    """A cell as text; whole numbers without ``.0``."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


# ---------------------------------------------------------------- grid -> data


def _columns(header: list[str], source: str, row: int) -> _Columns:
    """Finds the columns by their headers. Raises FrameworkError where one is missing, twice, or there are under two stages."""
    place = f"row {row}"
    fixed: dict[str, int] = {}
    stages: list[int] = []
    for index, name in enumerate(header):
        kind = _FIXED.get(name.casefold())
        if kind is None and name:
            stages.append(index)
        elif kind is not None:
            if kind in fixed:
                raise FrameworkError(f"the column '{name}' comes twice", source=source, place=place, remedy="keep one of them")
            fixed[kind] = index
    for need in ("dimension", "element"):
        if need not in fixed:
            near = suggestion(need, [name.casefold() for name in header])
            raise FrameworkError(
                f"there is no column '{need}'",
                source=source,
                place=place,
                remedy=f"{near}The header reads: {', '.join(filter(None, header))}. Expected: dimension, element, then one column a stage",
            )
    if len(stages) < 2:
        raise FrameworkError(
            f"{len(stages)} stage columns",
            source=source,
            place=place,
            remedy="after dimension and element, give one column a stage, at least two",
        )
    return _Columns(fixed["dimension"], fixed["element"], fixed.get("description"), tuple(stages))


class _Table:
    """Turns rows into stages and dimensions, noting where each value came from."""

    def __init__(self, path: Path, grid: Grid, header: int, columns: _Columns) -> None:
        self.path, self.grid, self.header, self.columns = path, grid, header, columns
        self.positions: dict[Key, int] = {}
        self.labels: dict[Key, str] = {}
        self.names = [grid[header][c] for c in columns.stages]

    def data(self) -> dict[str, Any]:
        """``stages`` and ``dimensions`` as in a framework file."""
        for number, column in enumerate(self.columns.stages):
            self._note(("stages", number), self.header, column)
        stages = [{"number": n, "name": name} for n, name in enumerate(self.names, start=1)]
        return {"stages": stages, "dimensions": self._dimensions()}

    def _note(self, path: Key, row: int, column: int) -> None:
        self.positions[path] = row + 1
        header = self._at(self.header, column)
        self.labels[path] = f"row {row + 1}, column {_letter(column)}" + (f" ('{header}')" if header else "")

    def _at(self, row: int, column: int) -> str:
        return self.grid[row][column] if column < len(self.grid[row]) else ""

    def _dimensions(self) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        ids: set[str] = set()
        current = ""
        for row in range(self.header + 1, len(self.grid)):
            if not any(self.grid[row]):
                continue
            self._refuse_stray(row)
            current = self._at(row, self.columns.dimension) or current
            if not current:
                raise self._error("no dimension, and none above", row, self.columns.dimension, "name the dimension in this row")
            if current not in found:
                found[current] = {"id": _unique(slug(current, f"dimension{len(found) + 1}"), ids), "name": current, "elements": []}
            dimension = found[current]
            path: Key = ("dimensions", list(found).index(current), "elements", len(dimension["elements"]))
            dimension["elements"].append(self._element(row, path, dimension, ids))
        if not found:
            raise self._error("no elements below the header", self.header, self.columns.element, "give one row an element")
        return list(found.values())

    def _refuse_stray(self, row: int) -> None:
        """Text under no header would be lost silently."""
        for column, text in enumerate(self.grid[row]):
            if text and not self._at(self.header, column):
                raise self._error(f"'{text[:40]}' stands under no header", row, column, "name the column, or remove the text")

    def _element(self, row: int, path: Key, dimension: dict[str, Any], ids: set[str]) -> dict[str, Any]:
        self._note(path, row, self.columns.element)
        for number, column in enumerate(self.columns.stages):
            self._note((*path, "cells", number), row, column)
        name = self._at(row, self.columns.element)
        if not name:
            raise self._error("no element", row, self.columns.element, "name the element, or empty the row")
        description = self._at(row, self.columns.description) if self.columns.description is not None else ""
        return {
            "id": _unique(f"{dimension['id']}.{slug(name, f'element{path[-1]}')}", ids),
            "name": name,
            "description": description or f"{name} ({dimension['name']})",
            "cells": [self._at(row, column) for column in self.columns.stages],
            "probes": self._probes(name),
        }

    def _probes(self, name: str) -> list[dict[str, str]]:
        """General questions, so that an interview works without a model; none whose wording the element's name would spoil."""
        asked = [{"id": i, "type": kind, "seeks": seeks, "text": text.format(name=name)} for i, kind, seeks, text in _PROBES]
        return [probe for probe in asked if not probe_faults(probe["text"], self.names)]

    def _error(self, message: str, row: int, column: int, remedy: str) -> FrameworkError:
        return FrameworkError(message, source=self.path.name, place=f"row {row + 1}, column {_letter(column)}", remedy=remedy)


def _unique(wanted: str, taken: set[str]) -> str:
    """``wanted``, or with ``_2``, ``_3`` … where it is taken; notes it as taken."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    taken.add(name)
    return name
