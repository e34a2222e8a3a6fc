"""What a transcript file may be at most, and the one way in which readers refuse one."""

from __future__ import annotations

from typing import Final, NoReturn

from assistant.errors import TranscriptError

MAX_BYTES: Final = 20_000_000
"""Size of the file."""
MAX_CHARACTERS: Final = 5_000_000
"""Length of the text in it: about 900,000 words, a hundred long interviews."""
MAX_TURNS: Final = 20_000
"""Turns in one transcript."""
MAX_PAGES: Final = 2_000
"""Pages of a PDF."""
MAX_XML_BYTES: Final = 30_000_000
"""A member of a DOCX after decompression, as really decompressed (headers can lie)."""
MAX_XML_RATIO: Final = 300
"""Decompressed to compressed size, from MIN_RATIO_BYTES up; real documents stay below 60."""
MIN_RATIO_BYTES: Final = 1_000_000
"""Small members may compress as well as they like."""
MAX_XML_ELEMENTS: Final = 400_000
"""Elements of a DOCX; a paragraph of Teams' download has about twenty."""
MAX_XML_DEPTH: Final = 250
"""Nesting of elements in a DOCX."""
MAX_JSON_DEPTH: Final = 40
"""Nesting of arrays and objects."""
MAX_TIME: Final = 1_000 * 3600.0
"""Seconds; a later time is a fault in the file."""
MAX_PDF_SECONDS: Final = 30.0
"""Time spent on one PDF before it is refused."""

READABLE: Final = (".vtt", ".srt", ".docx", ".txt", ".md", ".pdf", ".json")
"""Extensions that can be read, as shown to people."""


def fail(message: str, *, source: str, place: str = "", remedy: str) -> NoReturn:
    """Raise TranscriptError for ``source`` (file name) at ``place`` (line, paragraph, page or key)."""
    raise TranscriptError(message, source=source, place=place, remedy=remedy)


def check_length(text: str, source: str) -> None:
    """Raise TranscriptError if ``text`` is longer than MAX_CHARACTERS."""
    if len(text) > MAX_CHARACTERS:
        fail(
            f"the text has {len(text):,} characters, more than the {MAX_CHARACTERS:,} that can be read at once",
            source=source,
            remedy="split the file into one file per conversation",
        )
