"""DOCX -> Reading. Reads the main document part as a stream.

python-docx is not used: it parses every part of the package with lxml before one can look at it, and leaves out paragraphs in content
controls. Here only one part is ever decompressed, chunk by chunk and counted, and a DOCTYPE ends the reading (as with defusedxml, whose SAX
layer takes six times as long over the same elements).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from assistant.segments import word_set
from assistant.transcripts.build import Reading
from assistant.transcripts.labels import Form, Shape, shape
from assistant.transcripts.limits import (
    MAX_CHARACTERS,
    MAX_XML_BYTES,
    MAX_XML_DEPTH,
    MAX_XML_ELEMENTS,
    MAX_XML_RATIO,
    MIN_RATIO_BYTES,
    check_length,
    fail,
)
from assistant.transcripts.lineups import from_blocks
from assistant.transcripts.marks import Mark, find_mark
from assistant.transcripts.plain import blocks
from assistant.transcripts.times import CLOCK, seconds

_DAMAGED: Final = "open it in Word and save it again as .docx, or download the transcript as .vtt"
_MAIN: Final = re.compile(r"word/document\d{0,3}\.xml\Z", re.IGNORECASE)
_CHUNK: Final = 1 << 16
_MAX_MEMBERS: Final = 10_000
_TIME: Final = re.compile(rf"[\[(]?({CLOCK})(?:\s*(?:-->|[-–])\s*({CLOCK}))?[\])]?\Z")


@dataclass(slots=True)
class Paragraph:
    """Text of a paragraph (line breaks as newlines) and how many of its first characters are bold."""

    text: str
    bold: int


@dataclass(slots=True)
class Table:
    """Cells by row."""

    rows: list[list[str]] = field(default_factory=list)


class _Refused(Exception):
    """The part is beyond a limit."""


class _Declares(Exception):
    """The part has a document type, and so perhaps entities."""


class _Handler:
    """Collects paragraphs and tables of WordprocessingML by local name, so that any prefix and both OOXML editions do."""

    def __init__(self) -> None:
        self.items: list[Paragraph | Table] = []
        self._depth = 0
        self._elements = 0
        self._hidden = 0
        self._tables = 0
        self._run_bold = False
        self._in_text = False
        self._total = 0
        self._open: list[tuple[list[str], list[bool]]] = []
        self._cell: list[str] = []

    def feed(self, chunks: Iterable[bytes]) -> None:
        """Parse the part. Raises _Refused, _Declares, expat.ExpatError."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start_element
        parser.EndElementHandler = self._end_element
        parser.CharacterDataHandler = self._characters
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)

    def _doctype(self, *_: object) -> None:
        raise _Declares

    def _start_element(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._elements > MAX_XML_ELEMENTS:
            raise _Refused(f"the document has more than {MAX_XML_ELEMENTS:,} elements")
        if self._depth > MAX_XML_DEPTH:
            raise _Refused(f"elements are nested more than {MAX_XML_DEPTH} deep")
        uri, _, local = name.rpartition(" ")
        if local in {"del", "moveFrom", "Fallback"}:
            self._hidden += 1  # deleted text, and the second copy that older readers get of a text box
        elif "wordprocessingml" in uri:
            self._start(local, attributes.get(f"{uri} val", "1"))

    def _start(self, local: str, value: str) -> None:
        if local == "p":
            self._open.append(([], []))
        elif local == "r":
            self._run_bold = False
        elif local == "b":
            self._run_bold = value not in {"0", "false", "off"}
        elif local == "t":
            self._in_text = True
        elif local in {"br", "cr"}:
            self._add("\n")
        elif local in {"tab", "ptab"} and self._open:
            self._add("\t")
        elif local == "noBreakHyphen":
            self._add("-")
        elif local == "tbl":
            self._tables += 1
            if self._tables == 1:
                self.items.append(Table())
        elif local == "tr" and self._tables == 1 and isinstance(self.items[-1], Table):
            self.items[-1].rows.append([])
        elif local == "tc" and self._tables == 1:
            self._cell = []

    def _end_element(self, name: str) -> None:
        self._depth -= 1
        uri, _, local = name.rpartition(" ")
        if local in {"del", "moveFrom", "Fallback"}:
            self._hidden -= 1
        elif "wordprocessingml" not in uri:
            return
        elif local == "t":
            self._in_text = False
        elif local == "p" and self._open:
            self._finish_paragraph()
        elif local == "tbl":
            self._tables -= 1
        elif local == "tc" and self._tables == 1 and isinstance(self.items[-1], Table) and self.items[-1].rows:
            self.items[-1].rows[-1].append("\n".join(piece for piece in self._cell if piece))

    def _characters(self, content: str) -> None:
        if self._in_text:
            self._add(content)

    def _add(self, piece: str) -> None:
        if self._hidden or not self._open:
            return
        self._total += len(piece)
        if self._total > MAX_CHARACTERS:
            raise _Refused(f"the text has more than {MAX_CHARACTERS:,} characters")
        texts, bolds = self._open[-1]
        texts.append(piece)
        bolds.append(self._run_bold or not piece.strip())

    def _finish_paragraph(self) -> None:
        texts, bolds = self._open.pop()
        text = "".join(texts)
        bold = 0
        for piece, is_bold in zip(texts, bolds, strict=True):
            if not is_bold:
                break
            bold += len(piece)
        if self._tables:
            self._cell.append(text.strip())
        else:
            self.items.append(Paragraph(text, bold if text[:bold].strip() else 0))


def _main_part(data: bytes, source: str) -> Iterator[bytes]:
    """Chunks of the main document part, counted as they really are. Raises TranscriptError."""
    if data.count(b"PK\x01\x02") > _MAX_MEMBERS:
        fail(f"the archive has more than {_MAX_MEMBERS:,} members", source=source, remedy=_DAMAGED)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = sorted((i for i in archive.infolist() if _MAIN.match(i.filename)), key=lambda i: len(i.filename))
        if not names:
            fail("this archive holds no Word document", source=source, remedy="choose the .docx, .vtt or .txt file itself")
        part = names[0]
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            fail("the document is compressed in a way that Word does not use", source=source, remedy=_DAMAGED)
        packed = max(1, min(part.compress_size, len(data)))
        total = 0
        with archive.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                total += len(chunk)
                if total > MAX_XML_BYTES or (total > MIN_RATIO_BYTES and total > packed * MAX_XML_RATIO):
                    fail(
                        f"the document grows to more than {total:,} bytes when it is unpacked",
                        source=source,
                        remedy="if it is a real transcript, remove pictures and save it again, or split it",
                    )
                yield chunk


def _parse(data: bytes, source: str) -> list[Paragraph | Table]:
    """Paragraphs and tables of the document. Raises TranscriptError."""
    handler = _Handler()

    def place() -> str:
        return f"paragraph {len(handler.items) + 1}"

    try:
        handler.feed(_main_part(data, source))
    except _Declares:
        fail("it declares XML entities, which a transcript never needs", source=source, place=place(), remedy=_DAMAGED)
    except _Refused as error:
        fail(str(error), source=source, place=place(), remedy="split it into one file per conversation")
    except expat.ExpatError:
        fail("the document's XML is damaged", source=source, place=place(), remedy=_DAMAGED)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, LookupError) as error:
        # RuntimeError: the archive is encrypted; the others: damaged headers, lengths or checksums.
        fail(f"the archive is damaged or locked ({type(error).__name__})", source=source, place=place(), remedy=_DAMAGED)
    return handler.items


def _hint(item: Paragraph, line: str) -> Mark | None:
    """The mark of a paragraph's first line as its bold letters show it; None where they add nothing."""
    bold = line[: item.bold].rstrip(" \t:：")
    if not bold.strip() or len(bold) > 100:
        return None
    mark = find_mark(line)
    if mark is None:
        return Mark(bold.strip(), Form.ALONE, len(line) - len(line[item.bold :].lstrip()))
    if mark.form is Form.COLON and mark.label and item.bold >= line.find(mark.label) + len(mark.label):
        return Mark(mark.label, Form.BOLD, mark.body, mark.time, mark.time_end)
    return None


def _columns(table: Table) -> tuple[int | None, int, int] | None:
    """(time column or None, speaker column, text column) of a table that holds a transcript; None for other tables."""
    width = max((len(row) for row in table.rows), default=0)
    rows = [row for row in table.rows if len(row) == width]
    if width < 2 or len(rows) * 10 < len(table.rows) * 9:
        return None
    columns = [[row[c] for row in rows] for c in range(width)]
    body = [[cell for cell in column[1:] if cell] or [cell for cell in column if cell] for column in columns]
    times = [c for c in range(width) if body[c] and sum(1 for cell in body[c] if _TIME.match(cell)) * 5 >= len(body[c]) * 4]
    rest = [c for c in range(width) if c not in times and any(any(x.isalpha() for x in cell) for cell in body[c])]
    if len(rest) != 2 or len(times) > 2:
        return None
    said = max(rest, key=lambda c: sum(len(cell) for cell in body[c]))
    who = next(c for c in rest if c != said)
    named = sum(1 for cell in body[who] if shape(cell.rstrip(": ")) is not Shape.PHRASE)
    if named * 5 < len(body[who]) * 4 or len({*body[who]}) > max(2, len(body[who]) // 2 + 1):
        return None
    return (times[0] if times else None), who, said


def _table_lines(table: Table) -> Iterator[tuple[str, Mark | None]]:
    """Lines of a table with their marks: ``Name: text`` for a transcript's rows, the cells one by one for any other."""
    columns = _columns(table)
    if columns is None:
        for row in table.rows:
            for cell in row:
                yield from ((line, None) for line in cell.split("\n\n"))
        return
    when, who, said = columns
    speaker = ""
    for place, row in enumerate(table.rows):
        if len(row) <= max(who, said):
            yield " ".join(row), None
            continue
        found = _TIME.match(row[when]) if when is not None and len(row) > when else None
        if place == 0 and row[who].strip().casefold().rstrip(":") in _HEADERS:
            continue
        speaker = " ".join(row[who].split()).rstrip(": ") or speaker
        line = f"{speaker}: {' '.join(row[said].split())}"
        yield (
            line,
            Mark(
                speaker, Form.EXPLICIT, len(speaker) + 2, seconds(found[1]) if found else None, seconds(found[2] or "") if found else None
            ),
        )


_HEADERS: Final = word_set("speaker name who person participant sprecher locuteur hablante speakers names role label")


def _source_text(items: Sequence[Paragraph | Table]) -> tuple[str, dict[int, Mark]]:
    """All paragraphs as text with empty lines between, and the marks that formatting and tables give, by offset of the line."""
    pieces: list[str] = []
    hints: dict[int, Mark] = {}
    at = 0
    for item in items:
        lines = [(item.text, None)] if isinstance(item, Paragraph) else _table_lines(item)
        for text, given in lines:
            bare = text.lstrip("\n").rstrip()
            if not bare.strip():
                continue
            first = bare.split("\n", 1)[0]
            cut = len(text) - len(text.lstrip("\n"))
            hint = given or (_hint(Paragraph(bare, max(0, item.bold - cut)), first) if isinstance(item, Paragraph) else None)
            if hint is not None:
                hints[at] = hint
            pieces.append(bare)
            at += len(bare) + 2
    return "\n\n".join(pieces), hints


def read_docx(data: bytes, source: str) -> Reading:
    """Reading of a Word document: Teams' download (both kinds), ``Name: text`` paragraphs, tables. Raises TranscriptError."""
    items = _parse(data, source)
    text, hints = _source_text(items)
    check_length(text, source)
    if not text.strip():
        fail("there is no text in this document", source=source, remedy="check that the right file was chosen")
    found, notes = blocks(text, hints)
    whole, drafts = from_blocks(found, text, joiner="\n")
    return Reading("docx", whole, drafts, "utf-8", notes)
