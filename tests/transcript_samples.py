"""Builders of small DOCX and PDF files and a short way to look at a transcript; shared by the tests of the readers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import docx
from docx.document import Document

from assistant.models import Transcript
from assistant.transcripts import read_transcript

SHARED = Path(__file__).resolve().parents[2] / "shared"

TEAMS_VTT = """\ufeffWEBVTT

4d5a3a9d-1f0e-4c58-9a57-3b8f8d6f2f10/12-0
00:00:03.120 --> 00:00:05.000
<v Anna O&#39;Neil>How do you deploy?</v>

4d5a3a9d-1f0e-4c58-9a57-3b8f8d6f2f10/19-0
00:00:06.000 --> 00:00:08.500
<v Bob Lee>By hand, on &lt;Fridays&gt; &amp;
only then.</v>

4d5a3a9d-1f0e-4c58-9a57-3b8f8d6f2f10/21-0
00:00:08.500 --> 00:00:09.000
<v Bob Lee>Sorry.</v>
"""


def turns(transcript: Transcript) -> list[tuple[str, str]]:
    """(speaker, text) per turn."""
    return [(turn.speaker, transcript.text[turn.start : turn.end]) for turn in transcript.turns]


def read(content: str | bytes, name: str) -> Transcript:
    """Transcript of a file's content."""
    return read_transcript(content.encode() if isinstance(content, str) else content, name=name)


def said(content: str | bytes, name: str = "talk.txt") -> list[tuple[str, str]]:
    """(speaker, text) per turn of a file's content."""
    return turns(read(content, name))


def word(build: Callable[[Document], object]) -> bytes:
    """Bytes of a DOCX that ``build`` fills."""
    document = docx.Document()
    build(document)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def word_paragraphs(*paragraphs: str) -> bytes:
    """DOCX of plain paragraphs."""
    return word(lambda document: [document.add_paragraph(text) for text in paragraphs])


def word_teams(*entries: tuple[str, str, str]) -> bytes:
    """DOCX as Teams downloads it now: bold name, time, line break, text, in one paragraph."""

    def build(document: Document) -> None:
        document.add_paragraph("Platform interview-20240101_100000-Meeting Recording")
        document.add_paragraph("January 1, 2024, 10:00AM")
        opening = document.add_paragraph()
        opening.add_run(entries[0][0]).bold = True
        opening.add_run(" started transcription")
        for name, time, text in entries:
            paragraph = document.add_paragraph()
            paragraph.add_run(name).bold = True
            paragraph.add_run(f"   {time}")
            paragraph.add_run().add_break()
            paragraph.add_run(text)

    return word(build)


def word_xml(body: str, *, prolog: str = "", part: str = "word/document.xml", compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A package with one hand-made main part."""
    xml = (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        f'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>{body}</w:body></w:document>'
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr(part, xml)
    return stream.getvalue()


def word_table(*rows: Sequence[str]) -> bytes:
    """DOCX of one table."""

    def build(document: Document) -> None:
        table = document.add_table(rows=0, cols=len(rows[0]))
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text

    return word(build)


def pdf(*pages: Sequence[str]) -> bytes:
    """PDF with one text line per string (Helvetica, Windows-1252)."""
    objects: list[bytes] = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    kids = []
    for lines in pages:
        shown = b"".join(
            b"1 0 0 1 50 %d Tm (%s) Tj\n"
            % (800 - 14 * row, line.encode("cp1252").replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)"))
            for row, line in enumerate(lines)
        )
        stream = b"BT /F1 11 Tf\n" + shown + b"ET"
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        content = len(objects)
        page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>" % content
        objects.append(page)
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(kids), len(kids))
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content_bytes in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content_bytes)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
