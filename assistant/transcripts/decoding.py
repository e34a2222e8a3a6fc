"""Bytes -> text: byte order marks, UTF-8, UTF-16 and UTF-32, legacy encodings, and what is not text at all."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from assistant.transcripts.limits import check_length, fail


class Decoded(NamedTuple):
    """Text of a file with universal newlines and no byte order mark."""

    text: str
    """Nothing else is changed."""
    encoding: str
    """Python's name of the encoding."""
    notes: tuple[str, ...]
    """What was guessed or repaired."""


_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16-LE, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_TEXT_REMEDY: Final = "open it in a text editor, check that it is a transcript, and save it as UTF-8 text"


def _newlines(text: str) -> str:
    """Universal newlines, as Python's text mode has them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _utf8_errors(data: bytes) -> Iterator[tuple[int, int]]:
    """Spans of ``data`` that are not UTF-8."""
    at = 0
    decoder = codecs.lookup("utf-8").decode
    while at < len(data):
        try:
            decoder(memoryview(data)[at:], "strict")
            return
        except UnicodeDecodeError as error:
            yield at + error.start, at + error.end
            at += error.end


def _repair_utf8(data: bytes) -> tuple[str, str] | None:
    """UTF-8 with a few foreign bytes: the text and a note; None if it is rather another encoding altogether."""
    plain = data.decode("utf-8", "ignore")
    wide = sum(1 for _ in re.finditer(r"[^\x00-\x7f]", plain))
    spans: list[tuple[int, int]] = []
    for span in _utf8_errors(data):
        spans.append(span)
        if len(spans) > min(200, 2 * wide + 1):
            return None
    if len(spans) == 1 and spans[0][1] == len(data) and (wide or len(data) - spans[0][0] > 1) and _is_cut_off(data[spans[0][0] :]):
        text = data[: spans[0][0]].decode("utf-8") + "\ufffd"
        return text, "the file ends in the middle of a character: it may have been cut off"
    if not wide:
        return None
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        pieces += [data[at:start].decode("utf-8"), data[start:end].decode("cp1252", "replace")]
        at = end
    pieces.append(data[at:].decode("utf-8"))
    return "".join(pieces), f"{len(spans)} bytes that are not UTF-8 were read as Windows-1252; check accents and quotation marks"


def _is_cut_off(tail: bytes) -> bool:
    """Whether ``tail`` is the beginning of one UTF-8 character."""
    need = 2 if 0xC2 <= tail[0] <= 0xDF else 3 if 0xE0 <= tail[0] <= 0xEF else 4 if 0xF0 <= tail[0] <= 0xF4 else 0
    return len(tail) < need and all(0x80 <= b <= 0xBF for b in tail[1:])


def _utf16_guess(data: bytes) -> str | None:
    """``utf-16-le`` or ``utf-16-be`` for text without a mark, judged by which half of the bytes is zero; None if neither fits."""
    sample = data[: 65536 & ~1]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if even + odd < max(1, len(sample) // 500):
        return None
    ascii_share = sum(1 for b in sample if 0x20 <= b < 0x7F) / len(sample)
    if even + odd < len(sample) // 5 and ascii_share > 0.75:
        return None  # 8-bit text with stray NUL bytes, not text of which every other byte is a high byte
    if odd >= 9 * even:
        guess = "utf-16-le"
    elif even >= 9 * odd:
        guess = "utf-16-be"
    else:
        return None
    text = data[: len(data) & ~1].decode(guess, "replace")[:32768]
    odd_ones = sum(1 for c in text if c == "\ufffd" or not (c.isprintable() or c.isspace()))
    return guess if odd_ones <= len(text) // 50 else None


def _legacy_guess(data: bytes) -> str:
    """An 8-bit or East Asian encoding: cp1252, unless most letters are beyond ASCII and charset-normalizer knows better."""
    sample = data[:65536]
    high = sum(1 for b in sample if b >= 0x80)
    letters = sum(1 for b in sample if 0x41 <= b <= 0x5A or 0x61 <= b <= 0x7A)
    if high > letters // 3 and high > 20:
        # Western text has an accent in every tenth letter at most; Cyrillic, Greek or Japanese files are high bytes throughout.
        from charset_normalizer import from_bytes

        best = from_bytes(sample, steps=5, chunk_size=512).best()
        if best is not None and not best.encoding.startswith("utf"):
            return best.encoding
    return "cp1252"


def _legacy(data: bytes) -> tuple[str, str, str]:
    """(text, encoding, note) of data that is no Unicode encoding."""
    encoding = _legacy_guess(data)
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        # Five bytes have no meaning in cp1252; latin-1 gives them the control characters that old editors wrote there.
        encoding = "cp1252"
        text = data.decode("cp1252", "replace")
    return text, encoding, f"the file is not UTF-8; it was read as {encoding} (a guess): check accents and quotation marks"


def _from_bom(data: bytes, source: str) -> tuple[str, str, list[str]] | None:
    """(text, encoding, notes) of data with a byte order mark; None without one."""
    for mark, encoding in _BOMS:
        if not data.startswith(mark):
            continue
        body = data[len(mark) :]
        try:
            return body.decode(encoding), encoding, []
        except UnicodeDecodeError as error:
            if encoding == "utf-8":
                repaired = _repair_utf8(body)
                if repaired is not None:
                    return repaired[0], encoding, [repaired[1]]
            elif error.end >= len(body) - 4:
                return (
                    body[: error.start].decode(encoding),
                    encoding,
                    ["the file ends in the middle of a character: it may have been cut off"],
                )
            fail(
                f"the file says it is {encoding} but byte {error.start + len(mark):,} is not",
                source=source,
                place=f"byte {error.start + len(mark)}",
                remedy=_TEXT_REMEDY,
            )
    return None


def _decode(data: bytes, source: str) -> tuple[str, str, list[str]]:
    """(text, encoding, notes), newlines as they are."""
    marked = _from_bom(data, source)
    if marked is not None:
        return marked
    wide = _utf16_guess(data)
    if wide is not None:
        cut = len(data) & ~1
        notes = [f"the file has no byte order mark; it was read as {wide}"]
        return data[:cut].decode(wide, "replace"), wide, notes
    try:
        return data.decode("utf-8"), "utf-8", []
    except UnicodeDecodeError:
        repaired = None if data.count(0) > len(data) // 100 else _repair_utf8(data)
    if repaired is not None:
        return repaired[0], "utf-8", [repaired[1]]
    text, encoding, note = _legacy(data)
    return text, encoding, [note]


def decode(data: bytes, source: str) -> Decoded:
    """Text of ``data``. Raises TranscriptError for what is no text (too many control characters) or too long."""
    text, encoding, notes = _decode(data, source)
    text = _newlines(text.removeprefix("\ufeff"))
    check_length(text, source)
    controls = len(_CONTROL.findall(text)) + text.count("\ufffd")
    if controls > max(3, len(text) // 100):
        fail("this is not text: it holds control characters throughout", source=source, remedy=_TEXT_REMEDY)
    if "\0" in text:
        # One for one, so that offsets stay those of the file; databases do not take NUL in text.
        notes.append(f"{text.count(chr(0))} NUL characters were replaced by the replacement character")
        text = text.replace("\0", "\ufffd")
    return Decoded(text, encoding, tuple(notes))
