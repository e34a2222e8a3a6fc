"""File -> Transcript: chooses the reader by extension and content, then roles and limits."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from assistant.models import Role, Transcript, Turn
from assistant.transcripts.build import Reading, check, finish
from assistant.transcripts.cues import read_cues
from assistant.transcripts.decoding import Decoded, decode
from assistant.transcripts.jsonfile import read_json
from assistant.transcripts.limits import MAX_BYTES, READABLE, fail
from assistant.transcripts.plain import read_plain
from assistant.transcripts.roles import decide_roles

_EXTENSIONS: Final = {
    ".vtt": "vtt",
    ".webvtt": "vtt",
    ".srt": "srt",
    ".docx": "docx",
    ".docm": "docx",
    ".txt": "txt",
    ".text": "txt",
    ".md": "md",
    ".markdown": "md",
    ".pdf": "pdf",
    ".json": "json",
}
_LIST: Final = ", ".join(READABLE)
_FOREIGN: Final = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Word or Office file", "open it in Word and save it as .docx"),
    (b"{\\rtf", "a rich text file", "open it in Word and save it as .docx or as plain text"),
    (b"\x1f\x8b", "a compressed archive", "unpack it and choose the transcript in it"),
    (b"7z\xbc\xaf", "a compressed archive", "unpack it and choose the transcript in it"),
    (b"Rar!", "a compressed archive", "unpack it and choose the transcript in it"),
    (b"\x89PNG", "a picture", "use the transcript's text"),
    (b"\xff\xd8\xff", "a picture", "use the transcript's text"),
    (b"ID3", "a recording", "transcribe it first"),
    (b"RIFF", "a recording", "transcribe it first"),
    (b"OggS", "a recording", "transcribe it first"),
)
# Two digits and three: older Teams documents write 0:0:2.45, with the name on the next line.
_SRT: Final = re.compile(r"\s{0,200}(?:\d{1,9}[ \t]{0,9}\n)?[ \t]{0,9}(?:\d{2,3}:)?\d\d:\d\d[.,]\d{3}[ \t]{0,9}-->[ \t]{0,9}\d")
_WEB: Final = re.compile(r"\s{0,200}(?:<!doctype html|<html|<\?xml|<!--)", re.IGNORECASE)


def _load(path_or_bytes: str | os.PathLike[str] | bytes, source: str) -> bytes:
    """Bytes of the file. Raises TranscriptError if it cannot be opened, is empty or too large."""
    if isinstance(path_or_bytes, bytes | bytearray | memoryview):
        data = bytes(path_or_bytes[: MAX_BYTES + 1])
    else:
        try:
            with Path(path_or_bytes).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            fail(f"the file cannot be opened: {reason}", source=source, remedy="check the path and that you may read it")
    if not data:
        fail("the file is empty", source=source, remedy="download the transcript again")
    if len(data) > MAX_BYTES:
        fail(f"the file is larger than {MAX_BYTES // 1_000_000} MB", source=source, remedy="split it into one file per conversation")
    return data


def _binary_kind(data: bytes, source: str) -> str | None:
    """``docx`` or ``pdf`` by content; None for what may be text. Raises TranscriptError for what is known not to be readable."""
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "docx"
    if b"%PDF-" in data[:1024]:
        return "pdf"
    for magic, what, remedy in _FOREIGN:
        if data.startswith(magic):
            fail(f"this is {what}, not a transcript; {_LIST} can be read", source=source, remedy=remedy)
    return None


def _text_kind(extension: str, decoded: Decoded, source: str) -> str:
    """Format of a text file: by extension, unless the content plainly says otherwise."""
    head = decoded.text[:4000]
    kind = _EXTENSIONS.get(extension)
    if head.startswith("WEBVTT"):
        return "vtt"
    if kind in {"txt", "srt", None} and _SRT.match(head):
        return "srt"
    if kind in {"vtt", "srt", "json", "md"}:
        return str(kind)
    if _WEB.match(head):
        fail(f"this is a web page or XML, not a transcript; {_LIST} can be read", source=source, remedy="copy its text into a .txt file")
    if kind is None and head.lstrip()[:1] in {"{", "["} and decoded.text.rstrip()[-1:] in {"}", "]"}:
        return "json"
    if kind is None and not any(c.isalpha() for c in head):
        fail(f"files of type {extension or 'none'} cannot be read", source=source, remedy=f"give one of {_LIST}")
    return "txt"


def _read(data: bytes, extension: str, source: str) -> Reading:
    """Reading of the bytes of any format. Libraries for DOCX and PDF are imported when they are needed."""
    kind = _binary_kind(data, source)
    if kind == "docx":
        from assistant.transcripts.word import read_docx

        return read_docx(data, source)
    if kind == "pdf":
        from assistant.transcripts.pdf import read_pdf

        return read_pdf(data, source)
    if _EXTENSIONS.get(extension) in {"docx", "pdf"}:
        fail(f"this is not a {extension} file, or it is damaged at its beginning", source=source, remedy="download or export it again")
    decoded = decode(data, source)
    kind = _text_kind(extension, decoded, source)
    if kind in {"vtt", "srt"}:
        return read_cues(decoded, source, format=kind)
    if kind == "json":
        return read_json(decoded, source)
    reading = read_plain(decoded.text, markdown=kind == "md", encoding=decoded.encoding)
    return Reading(reading.format, reading.text, reading.turns, reading.encoding, (*decoded.notes, *reading.notes))


def read_transcript(
    path_or_bytes: str | os.PathLike[str] | bytes,
    *,
    name: str | None = None,
    interviewer: Sequence[str] = (),
    roles: Mapping[str, Role] | None = None,
) -> Transcript:
    """Transcript of a file (a path, or its bytes with their file ``name``).

    ``interviewer``: speakers who interview (any case, unique prefixes); all other named speakers then answer. ``roles``: role by speaker,
    stronger than anything else. Without either, roles stated in the file count, then a guess whose reason is in ``notes``.

    Raises TranscriptError with file, place and remedy for a file that cannot be read or is beyond a limit, and for an unknown speaker.
    """
    given = name or ("transcript" if isinstance(path_or_bytes, bytes | bytearray | memoryview) else os.fspath(path_or_bytes))
    source = re.split(r"[/\\]", given.rstrip("/\\"))[-1] or given
    # A file name that is not UTF-8 comes with lone surrogates, which no file or database takes.
    source = source.encode("utf-8", "replace").decode("utf-8")
    data = _load(path_or_bytes, source)
    stem, extension = os.path.splitext(source)
    reading = _read(data, extension.lower(), source)
    check(reading, source)
    stated = [draft.role for draft in reading.turns]
    bare = [Turn(index=i, speaker=d.speaker, start=d.start, end=d.end) for i, d in enumerate(reading.turns)]
    chosen = [interviewer] if isinstance(interviewer, str) else interviewer
    decided, notes = decide_roles(bare, reading.text, stated, source=source, interviewer=chosen, roles=roles)
    return finish(reading, data=data, name=stem or source, source=source, roles=decided, notes=notes)
