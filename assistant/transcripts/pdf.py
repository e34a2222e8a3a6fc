"""PDF with text -> Reading. Layout is undone: lines are joined, running heads and page numbers taken out."""

from __future__ import annotations

import io
import logging
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from assistant.transcripts.build import Reading
from assistant.transcripts.limits import MAX_CHARACTERS, MAX_PAGES, MAX_PDF_SECONDS, fail
from assistant.transcripts.lineups import from_blocks
from assistant.transcripts.plain import blocks

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

_PAGE_NUMBER: Final = re.compile(r"(?:page|seite|p\.)?\s{0,3}\d{1,4}(?:\s{0,3}(?:/|of|von|de)\s{0,3}\d{1,4})?", re.IGNORECASE)
_DAMAGED: Final = "open it in a PDF viewer and print it to a new PDF, or copy its text into a .txt file"


class _Complaints(logging.Handler):
    """Counts what pypdf complains of: it goes on without the damaged object, and the page comes out empty."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        self.count += 1


@contextmanager
def _listening() -> Iterator[_Complaints]:
    """Complaints of pypdf while the block runs, kept off the terminal."""
    logger = logging.getLogger("pypdf")
    complaints, propagate = _Complaints(), logger.propagate
    logger.addHandler(complaints)
    logger.propagate = False
    try:
        yield complaints
    finally:
        logger.removeHandler(complaints)
        logger.propagate = propagate


def _open(data: bytes, source: str) -> PdfReader:
    """The opened PDF; TranscriptError if it is damaged or needs a password."""
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data))
        locked = reader.is_encrypted and not reader.decrypt("")
        count = 0 if locked else len(reader.pages)
    except Exception as error:  # noqa: BLE001 - pypdf lets KeyError, TypeError, RecursionError and many more out of damaged files
        fail(f"this PDF is damaged or its encryption is unknown ({type(error).__name__})", source=source, remedy=_DAMAGED)
    if locked:
        fail("this PDF needs a password", source=source, remedy="save a copy without a password")
    if count > MAX_PAGES:
        fail(f"the PDF has {count:,} pages, more than the {MAX_PAGES:,} that can be read at once", source=source, remedy="split it")
    return reader


def _lost_text(page: PageObject, complaints: _Complaints) -> bool:
    """Whether a page that gave no text has lost its content rather than being blank."""
    return complaints.count > 0 if "/Contents" not in page else page.get_contents() is None


def _pages(reader: PdfReader, source: str, complaints: _Complaints) -> list[list[str]]:
    """Lines of each page. Raises TranscriptError for a damaged page and for too much text."""
    pages: list[list[str]] = []
    began = time.monotonic()
    total = 0
    for number in range(len(reader.pages)):
        place = f"page {number + 1}"
        try:
            page = reader.pages[number]
            text = page.extract_text()
            lost = not text.strip() and _lost_text(page, complaints)
        except Exception as error:  # noqa: BLE001 - as above
            fail(f"this page is damaged ({type(error).__name__})", source=source, place=place, remedy=_DAMAGED)
        if lost:
            fail("the text of this page is damaged", source=source, place=place, remedy=_DAMAGED)
        total += len(text)
        if total > MAX_CHARACTERS or time.monotonic() - began > MAX_PDF_SECONDS:
            fail("this PDF is too large to be read", source=source, place=place, remedy="split it, or save its text as .txt")
        # Fonts without a proper character map give lone surrogates and NULs, which no database takes.
        clean = re.sub("[\x00\ud800-\udfff]", "\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
        pages.append([line.rstrip() for line in clean.split("\n")])
    return pages


def _without_furniture(pages: list[list[str]]) -> tuple[list[list[str]], bool]:
    """Pages without page numbers and without first and last lines that most pages share (numbers aside); whether any was taken out."""
    filled = [[line for line in page if line.strip()] for page in pages]

    def pattern(line: str) -> str:
        return re.sub(r"\d+", "#", line.strip())

    edges = Counter(pattern(line) for page in filled for line in {*page[:2], *page[-2:]} if len(line) < 120)
    many = max(3, (len([page for page in filled if page]) * 2 + 2) // 3)
    removed = False
    result: list[list[str]] = []
    for page in filled:
        kept = []
        for place, line in enumerate(page):
            edge = place < 2 or place >= len(page) - 2
            number = place in (0, len(page) - 1) and len(page) > 1 and _PAGE_NUMBER.fullmatch(line.strip())
            if edge and (number or edges[pattern(line)] >= many):
                removed = True
            else:
                kept.append(line)
        result.append(kept)
    return result, removed


def read_pdf(data: bytes, source: str) -> Reading:
    """Reading of a PDF. Raises TranscriptError for a damaged, locked or scanned one."""
    with _listening() as complaints:
        pages = _pages(_open(data, source), source, complaints)
    if not any(line.strip() for page in pages for line in page):
        fail(
            f"there is no text on its {len(pages)} pages: it is scanned or holds only pictures",
            source=source,
            remedy="run text recognition (OCR) on it first, or use the transcript's original file",
        )
    blank = [str(number) for number, page in enumerate(pages, 1) if not any(line.strip() for line in page)]
    bare, removed = _without_furniture(pages)
    text = "\n".join(line for page in bare for line in page)
    found, notes = blocks(text)
    notes += ("Page numbers and running heads were taken out",) if removed else ()
    if blank:
        notes += (f"Pages without text (blank or pictures): {', '.join(blank[:20])}",)
    whole, drafts = from_blocks(found, text, joiner=" ")
    return Reading("pdf", whole, drafts, "pdf", notes)
