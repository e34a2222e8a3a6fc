"""Several hundred damaged, hostile and odd files, made deterministically: each is read right or refused with file and remedy."""

from __future__ import annotations

import io
import json
import random
import signal
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pypdf
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from transcript_samples import pdf, turns, word_paragraphs, word_table, word_teams, word_xml

from assistant.errors import TranscriptError
from assistant.models import Transcript
from assistant.segments import segment
from assistant.transcripts import from_json, read_transcript, to_json

LIMIT = 5.0
"""Seconds of processor time that any file may take (other processes do not count)."""

TALK = [
    ("Anna Schmidt", "How do you deploy your models today?"),
    ("Bob Lee", "By hand, mostly on Fridays. It takes an hour."),
    ("Anna Schmidt", "And how do you monitor them afterwards?"),
    ("Bob Lee", "We do not. Nobody looks at the naïve dashboards."),
    ("Anna Schmidt", "Who retrains them then?"),
    ("Bob Lee", "I do, from a notebook, when somebody complains."),
] * 3
NAMES = {"Anna Schmidt", "Bob Lee"}


class Hangs(BaseException):
    """Not an Exception, so that no handler in a reader takes it for a damaged file."""


@contextmanager
def watchdog() -> Iterator[None]:
    """Fails what takes longer than LIMIT; ends what hangs."""

    def bark(*_: object) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, bark)
    signal.setitimer(signal.ITIMER_REAL, 12 * LIMIT)
    began = time.process_time()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.process_time() - began < LIMIT


def attempt(data: bytes, name: str) -> Transcript | None:
    """The transcript, or None if the file was refused properly. Any other exception fails the test."""
    with watchdog():
        refusal: TranscriptError | None = None
        try:
            transcript = read_transcript(data, name=name)
            parts = segment(transcript)
        except TranscriptError as error:
            refusal = error
    if refusal is not None:
        assert refusal.source == name
        assert refusal.remedy
        assert name in str(refusal)
        return None
    sound(transcript)
    assert all(part.text == transcript.text[part.start : part.end] and part.text.strip() == part.text for part in parts)
    return transcript


def sound(transcript: Transcript) -> None:
    """What holds for every transcript: turns and cues in order and within the text, text that any database takes, a faithful copy."""
    end = 0
    for turn in transcript.turns:
        assert end <= turn.start < turn.end <= len(transcript.text)
        assert transcript.text[turn.start : turn.end].strip()
        assert "\n" not in turn.speaker
        end = turn.end
        for cue in turn.spans:
            assert turn.start <= cue.start <= cue.end <= turn.end
            assert cue.time_start is None or 0 <= cue.time_start <= 3.6e6
    transcript.text.encode("utf-8")
    assert "\0" not in transcript.text
    assert from_json(to_json(transcript)) == transcript


def words(transcript: Transcript) -> list[str]:
    """All spoken words in order."""
    return [word for _, text in turns(transcript) for word in text.split()]


# ---------------------------------------------------------------- damaged copies of good files


def clock(second: int, comma: str = ".") -> str:
    """``00:01:05.000``."""
    return f"00:{second // 60:02}:{second % 60:02}{comma}000"


def samples() -> dict[str, bytes]:
    """One good file per format, all of the same talk."""
    cues = [(clock(5 * n), clock(5 * n + 4), who, said) for n, (who, said) in enumerate(TALK)]
    teams = "WEBVTT\n\n" + "\n\n".join(
        f"8d6f2f10-1f0e-4c58-9a57-3b8f8d6f2f10/{n}-0\n{a} --> {b}\n<v {w}>{s}</v>" for n, (a, b, w, s) in enumerate(cues)
    )
    zoom = "WEBVTT\r\n\r\n" + "\r\n\r\n".join(f"{n}\r\n{a} --> {b}\r\n{w}: {s}" for n, (a, b, w, s) in enumerate(cues, 1))
    own = {"format": "assistant-transcript", "version": 1, "turns": [{"speaker": w, "text": s} for w, s in TALK]}
    whisper = {"segments": [{"start": 5.0 * n, "end": 5.0 * n + 4, "speaker": w, "text": f" {s}"} for n, (w, s) in enumerate(TALK)]}
    lines = [f"{w}: {s}" for w, s in TALK]
    return {
        "teams.vtt": teams.encode(),
        "zoom.vtt": zoom.encode(),
        "talk.srt": "\n\n".join(
            f"{n}\n{a.replace('.', ',')} --> {b.replace('.', ',')}\n{w}: {s}" for n, (a, b, w, s) in enumerate(cues, 1)
        ).encode(),
        "talk.txt": "\n\n".join(lines).encode(),
        "talk.md": "\n\n".join(f"**{w}:** {s}" for w, s in TALK).encode(),
        "otter.txt": "\n\n".join(f"{w}  {clock(5 * n)[:8]}\n{s}" for n, (w, s) in enumerate(TALK)).encode(),
        "wide.txt": "\n".join(lines).encode("utf-16"),
        "teams.docx": word_teams(*((w, clock(5 * n)[3:8], s) for n, (w, s) in enumerate(TALK))),
        "table.docx": word_table(*((w, s) for w, s in TALK)),
        "talk.pdf": pdf(lines[:9], lines[9:]),
        "own.json": json.dumps(own).encode(),
        "whisper.json": json.dumps(whisper).encode(),
    }


SAMPLES = samples()
ORIGINAL = [word for _, said in TALK for word in said.split()]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_good_files_are_read_right(name: str) -> None:
    transcript = attempt(SAMPLES[name], name)
    assert transcript is not None
    assert words(transcript) == ORIGINAL
    assert set(transcript.speakers) == NAMES
    assert transcript.turns[0].role == "interviewer"
    assert transcript.turns[1].role == "respondent"


def check_cut(name: str, data: bytes) -> bool:
    """Whether the cut file was read; what was read must be the beginning of the talk."""
    transcript = attempt(data, name)
    if name.endswith((".json", ".docx")):
        assert transcript is None, "half a JSON or ZIP file is damaged"
    if transcript is None:
        return False
    if name.endswith((".txt", ".md")) and name != "wide.txt":
        assert transcript.text.rstrip("\ufffd") == data.decode("utf-8", "ignore")
    found = words(transcript)
    if set(transcript.speakers) == NAMES and not name.endswith(".pdf"):
        # The last word, and a label or time after it, may be cut.
        tail = [k for k in range(1, 8) if found[:-k] == ORIGINAL[: len(found) - k]]
        assert tail, found
    else:
        known = " ".join([*ORIGINAL, *(w for n in NAMES for w in n.split())])
        assert sum(1 for word in found if word.strip(":*") not in known) <= 3
    return True


@pytest.mark.parametrize("share", [n / 16 for n in range(1, 16)] + [0.001, 0.01, 0.995])
@pytest.mark.parametrize("name", SAMPLES)
def test_truncated(name: str, share: float) -> None:
    data = SAMPLES[name]
    check_cut(name, data[: max(1, int(len(data) * share))])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", SAMPLES)
def test_flipped_bytes(name: str, seed: int) -> None:
    chance = random.Random(f"{name}-{seed}")
    data = bytearray(SAMPLES[name])
    for _ in range(1 + seed % 3):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    transcript = attempt(bytes(data), name)
    if transcript is None:
        assert not name.endswith((".txt", ".md"))
        return
    # A flipped bit costs at most the words around it, never a stretch of the talk, and moves no words between the speakers.
    missing = Counter(ORIGINAL) - Counter(words(transcript))
    assert missing.total() <= 12, missing
    if set(transcript.speakers) >= NAMES:
        for speaker in NAMES:
            own = {word for who, said in TALK if who == speaker for word in said.split()}
            other = {word for who, said in TALK if who != speaker for word in said.split()} - own
            misplaced = [w for who, text in turns(transcript) if who == speaker for w in text.split() if w in other]
            assert len(misplaced) <= 12


# ---------------------------------------------------------------- odd and hostile files

Check = Callable[[Transcript], bool]


def one(speaker: str, text: str) -> Check:
    """The reading is one turn."""
    return lambda t: turns(t) == [(speaker, text)]


def vtt(payload: str, timing: str = "00:01.000 --> 00:02.000") -> bytes:
    """A WebVTT file of one cue."""
    return f"WEBVTT\n\n{timing}\n{payload}\n".encode("utf-8", "surrogatepass")


def p(text: str) -> str:
    """A paragraph of WordprocessingML."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def billion_laughs() -> str:
    """The classic document type."""
    steps = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE lolz [<!ENTITY l0 "lol">{steps}]>'


def archive(**members: bytes) -> bytes:
    """A ZIP of members (``__`` stands for ``/`` and ``_x`` for ``.x``)."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members.items():
            out.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return stream.getvalue()


def lying_zip() -> bytes:
    """A bomb whose central directory says that it is small."""
    data = bytearray(word_xml(p("x" * 60_000_000)))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    return bytes(data)


def encrypted_pdf(user: str) -> bytes:
    """A PDF with a password (empty: anybody may open it)."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(SAMPLES["talk.pdf"]))
    writer.encrypt(user, "owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def pdf_of(*objects: bytes) -> bytes:
    """A PDF of raw objects without a cross-reference table."""
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (n, o) for n, o in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer\n<</Root 1 0 R/Size 9>>\n%%EOF"


LONG_NAME = "N" * 300
RTL = "\u202eevil\u202c Anna"
REFUSED = None

ODD: dict[str, tuple[str, bytes, Check | None]] = {
    # WebVTT and SRT
    "name of 300 characters": ("a.vtt", vtt(f"<v {LONG_NAME}>hi"), one(LONG_NAME, "hi")),
    "direction override in a name": ("a.vtt", vtt(f"<v {RTL}>\u202ehi\u202c"), one("evil Anna", "\u202ehi\u202c")),
    "newline entity in a name": ("a.vtt", vtt("<v Anna&#10;Lee>hi"), one("Anna Lee", "hi")),
    "script in a name": ("a.vtt", vtt("<v &lt;script&gt;alert(1)&lt;/script&gt;>hi"), one("<script>alert(1)</script>", "hi")),
    "formula in a name": ("a.vtt", vtt("<v =cmd|'/C calc'!A0>hi"), one("=cmd|'/C calc'!A0", "hi")),
    "100,000 lines in a cue": (
        "a.vtt",
        vtt("<v Anna>" + "word\n" * 100_000),
        lambda t: len(t.turns) == 1 and words(t) == ["word"] * 100_000,
    ),
    "100,000 open tags": ("a.vtt", vtt("<i>" * 100_000 + "hi"), one("", "hi")),
    "100,000 voices": ("a.vtt", vtt("<v A>x<v B>y" * 50_000), REFUSED),
    "unclosed brackets": ("a.vtt", vtt("<v Anna>" + "<" * 100_000 + "hi"), lambda t: t.speakers == ("Anna",) and t.text.endswith("hi")),
    "huge tag": ("a.vtt", vtt("<c." + "x" * 1_000_000 + ">hi"), one("", "hi")),
    "huge voice tag that never ends": ("a.vtt", vtt("hi <v " + "x" * 1_000_000), one("", "hi")),
    "entities by the thousand": ("a.vtt", vtt("&amp;" * 100_000), lambda t: t.text == "&" * 100_000),
    "entity of an impossible character": ("a.vtt", vtt("a&#xD800;&#0;&#x110000;b"), one("", "a���b")),
    "ampersands": ("a.vtt", vtt("&" * 200_000), lambda t: t.text == "&" * 200_000),
    "negative time": ("a.vtt", vtt("hi", "-00:00:01.000 --> 00:00:02.000"), REFUSED),
    "time beyond reason": ("a.vtt", vtt("hi", "99999:00:00.000 --> 99999:00:01.000"), REFUSED),
    "digits without end": ("a.vtt", vtt("hi", "1" * 100_000 + ":00.000 --> 2"), REFUSED),
    "end before start": (
        "a.vtt",
        vtt("<v A>hi", "00:02.000 --> 00:01.000"),
        lambda t: turns(t) == [("A", "hi")] and t.turns[0].spans[0].time_end is None,
    ),
    "overlapping cues": ("a.vtt", vtt("<v A>x") + b"\n00:00.500 --> 00:09.000\n<v B>y\n", lambda t: turns(t) == [("A", "x"), ("B", "y")]),
    "cues backwards": ("a.vtt", vtt("<v A>x", "00:09.000 --> 00:10.000") + b"\n00:01.000 --> 00:02.000\n<v A>y\n", one("A", "x y")),
    "arrows only": ("a.vtt", b"WEBVTT\n\n" + b"-->\n" * 50_000, REFUSED),
    "digits before arrows": ("a.vtt", b"WEBVTT\n\n" + b"1" * 500_000 + b"-->", REFUSED),
    "blanks before an arrow": ("a.vtt", b"WEBVTT\n\n" + b" " * 500_000 + b"--> 1", REFUSED),
    "no cue": ("a.vtt", b"WEBVTT\n\nNOTE nothing here\n", REFUSED),
    "web page renamed": ("a.vtt", b"<!DOCTYPE html>\n<html><body><p>Sign in to continue</p></body></html>", REFUSED),
    "JSON renamed": ("a.vtt", SAMPLES["own.json"], REFUSED),
    "text renamed": ("a.srt", SAMPLES["talk.txt"], REFUSED),
    "document renamed": ("a.vtt", SAMPLES["teams.docx"], lambda t: t.format == "docx" and words(t) == ORIGINAL),
    "PDF renamed": ("a.txt", SAMPLES["talk.pdf"], lambda t: t.format == "pdf" and words(t) == ORIGINAL),
    "captions renamed": ("a.txt", SAMPLES["teams.vtt"], lambda t: t.format == "vtt" and words(t) == ORIGINAL),
    "SRT with WebVTT's name": ("a.vtt", SAMPLES["talk.srt"], lambda t: words(t) == ORIGINAL),
    "old Mac newlines": ("a.vtt", SAMPLES["teams.vtt"].replace(b"\n", b"\r"), lambda t: words(t) == ORIGINAL),
    "mixed newlines": ("a.vtt", SAMPLES["zoom.vtt"].replace(b"\r\n", b"\n", 9), lambda t: words(t) == ORIGINAL),
    "UTF-16 captions": ("a.vtt", SAMPLES["teams.vtt"].decode().encode("utf-16"), lambda t: words(t) == ORIGINAL),
    "Latin-1 captions": ("a.vtt", SAMPLES["teams.vtt"].decode().encode("latin-1"), lambda t: words(t) == ORIGINAL),
    "NUL in captions": ("a.vtt", SAMPLES["teams.vtt"].replace(b"Fridays", b"Fri\0ays"), lambda t: "Fri\ufffdays." in words(t)),
    "SRT without numbers": (
        "a.srt",
        b"00:00:01,000 --> 00:00:02,000\n<b>hi</b>\n\n00:00:03,000 --> 00:00:04,000\nyou\n",
        one("", "hi you"),
    ),
    "SRT with positions": ("a.srt", b"1\n00:00:01,000 --> 00:00:02,000 X1:1 Y1:2\nhi\n", one("", "hi")),
    "braces": ("a.srt", b"1\n00:00:01,000 --> 00:00:02,000\n" + b"{\\" * 100_000 + b"hi\n", lambda t: t.text.endswith("hi")),
    # plain text and Markdown
    "nothing but colons": ("a.txt", b":" * 300_000, lambda t: t.speakers == ("",)),
    "colons and blanks": ("a.txt", b": " * 300_000, lambda t: t.speakers == ("",)),
    "one line of three million letters": ("a.txt", b"x" * 3_000_000, lambda t: t.speakers == ("",) and len(t.text) == 3_000_000),
    "100,000 empty lines": ("a.txt", b"\n" * 100_000 + b"Anna: hi\n\nBob: yo", lambda t: turns(t) == [("Anna", "hi"), ("Bob", "yo")]),
    "a colon in every line": ("a.txt", b"".join(b"Word%d: x\n" % n for n in range(15_000)), lambda t: sound(t) is None),
    "label of 300 characters": (
        "a.txt",
        f"{LONG_NAME}: hi\n\nBob: yo".encode(),
        lambda t: LONG_NAME not in t.speakers and LONG_NAME in t.text,
    ),
    "stars": ("a.md", b"*" * 300_000, lambda t: t.speakers == ("",)),
    "bold without end": ("a.md", b"**Anna " * 50_000, lambda t: t.speakers == ("",)),
    "hashes": ("a.md", b"# " * 200_000 + b"\n\ntext", lambda t: t.speakers == ("",)),
    "brackets": ("a.txt", b"[" * 300_000, lambda t: t.speakers == ("",)),
    "stamps by the thousand": ("a.txt", b"[00:01] " * 50_000, lambda t: t.speakers == ("",)),
    "clock without end": ("a.txt", b"1:" * 200_000, lambda t: t.speakers == ("",)),
    "rules": ("a.txt", b"- " * 200_000 + b"x", lambda t: t.speakers == ("",)),
    "blanks before a colon": ("a.txt", b"Anna" + b" " * 300_000 + b": x", lambda t: t.speakers == ("",)),
    "direction marks around labels": (
        "a.txt",
        "\u202bמשה\u202c: שלום\n\n\u202bשרה\u202c: כן\n".encode(),
        lambda t: turns(t) == [("משה", "שלום"), ("שרה", "כן")],
    ),
    "form feeds": ("a.txt", b"Anna: hi\x0c\n\nBob: yo", lambda t: turns(t) == [("Anna", "hi"), ("Bob", "yo")]),
    "Unicode line separators stay": (
        "a.txt",
        "Anna: a\u2028b\n\nBob: c\u0085d".encode(),
        lambda t: turns(t) == [("Anna", "a\u2028b"), ("Bob", "c\u0085d")],
    ),
    "surrogates in UTF-8": ("a.txt", "Anna: a\ud800b".encode("utf-8", "surrogatepass"), lambda t: "b" in t.text),
    "overlong UTF-8": ("a.txt", b"Anna: \xc0\xaf", lambda t: "Anna" in t.text),
    "a BOM alone": ("a.txt", b"\xef\xbb\xbf", REFUSED),
    "a UTF-16 BOM alone": ("a.txt", b"\xff\xfe", REFUSED),
    "two BOMs": ("a.txt", b"\xef\xbb\xbf\xef\xbb\xbfAnna: a\n\nBob: b", lambda t: turns(t)[0] == ("Anna", "a")),
    "NUL bytes only": ("a.txt", b"\0" * 5000, REFUSED),
    "random bytes": ("a.txt", random.Random(1).randbytes(20_000), REFUSED),
    "random bytes of an unknown kind": ("a.xyz", random.Random(2).randbytes(20_000), REFUSED),
    "blanks only": ("a.txt", " \u00a0\u3000\n".encode(), REFUSED),
    "no byte": ("a.txt", b"", REFUSED),
    "too many turns": ("a.txt", b"Anna: x\nBob: y\n" * 11_000, REFUSED),
    "too many characters": ("a.txt", b"word " * 1_100_000, REFUSED),
    "too many bytes": ("a.txt", b"w" * 20_000_001, REFUSED),
    "every byte once": ("a.txt", bytes(range(256)), REFUSED),
    "mixed encodings": (
        "a.txt",
        "José: “a”\n\nAnna: é\n\nJosé: ".encode() + "ñ\n".encode("cp1252"),
        lambda t: turns(t)[2] == ("José", "ñ"),
    ),
    # DOCX
    "billion laughs": ("a.docx", word_xml(p("&l9;"), prolog=billion_laughs()), REFUSED),
    "external entity": ("a.docx", word_xml(p("&e;"), prolog='<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'), REFUSED),
    "parameter entity": ("a.docx", word_xml(p("x"), prolog='<!DOCTYPE a [<!ENTITY % e SYSTEM "http://127.0.0.1/x">%e;]>'), REFUSED),
    "bomb of text": ("a.docx", word_xml(p("x" * 60_000_000)), REFUSED),
    "bomb of comments": ("a.docx", word_xml("<!--" + " " * 60_000_000 + "-->"), REFUSED),
    "bomb that lies": ("a.docx", lying_zip(), REFUSED),
    "bomb of elements": ("a.docx", word_xml("<w:p/>" * 3_000_000), REFUSED),
    "bomb beside the text": (
        "a.docx",
        archive(
            word__document_xml=zipfile.ZipFile(io.BytesIO(SAMPLES["table.docx"])).read("word/document.xml"), word__media=b"\0" * 50_000_000
        ),
        lambda t: words(t) == ORIGINAL,
    ),
    "deep nesting": ("a.docx", word_xml("<w:tbl><w:tr><w:tc>" * 5000 + p("x")), REFUSED),
    "one huge attribute": (
        "a.docx",
        word_xml(f'<w:p x="{"y" * 500_000}"><w:r><w:t>hi</w:t></w:r></w:p>'),
        lambda t: t.text == "hi",
    ),
    "no document in the archive": ("a.docx", archive(xl__workbook_xml=b"<x/>"), REFUSED),
    "empty archive": ("a.docx", b"PK\x05\x06" + b"\0" * 18, REFUSED),
    "archive of nothing": ("a.docx", b"PK\x03\x04", REFUSED),
    "not XML": ("a.docx", archive(word__document_xml=b"hello"), REFUSED),
    "XML of another kind": ("a.docx", archive(word__document_xml=b"<html><p>hi</p></html>"), REFUSED),
    "old Word": ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000, REFUSED),
    "document without text": ("a.docx", word_paragraphs(), REFUSED),
    "text file renamed": ("a.docx", SAMPLES["talk.txt"], REFUSED),
    "odd part name": ("../../a.docx", word_xml(p("hi")), one("", "hi")),
    "control characters in XML": ("a.docx", word_xml(p("a&#1;b")), REFUSED),
    "10,000 paragraphs": ("a.docx", word_xml("".join(p(f"{'AB'[n % 2] * 2}: x") for n in range(10_000))), lambda t: len(t.turns) == 10_000),
    "30,000 paragraphs": ("a.docx", word_xml("".join(p(f"{'AB'[n % 2] * 2}: x") for n in range(30_000))), REFUSED),
    "wide table": ("a.docx", word_table(("a",) * 40, ("b",) * 40), lambda t: words(t) == ["a"] * 40 + ["b"] * 40),
    # PDF
    "password": ("a.pdf", encrypted_pdf("secret"), REFUSED),
    "encrypted without password": ("a.pdf", encrypted_pdf(""), lambda t: words(t) == ORIGINAL),
    "PDF without objects": ("a.pdf", b"%PDF-1.4\n%%EOF", REFUSED),
    "PDF without pages": ("a.pdf", pdf_of(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"), REFUSED),
    "pages that hold each other": (
        "a.pdf",
        pdf_of(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"),
        REFUSED,
    ),
    "scan": ("a.pdf", pdf((), (), ()), REFUSED),
    "junk before the PDF": ("a.pdf", b"junk\n" + SAMPLES["talk.pdf"], lambda t: words(t) == ORIGINAL),
    "deep PDF array": ("a.pdf", pdf_of(b"<</Type/Catalog/Pages 2 0 R>>", b"[" * 50_000), REFUSED),
    "PDF table gone": ("a.pdf", SAMPLES["talk.pdf"].replace(b"startxref", b"startnone"), REFUSED),
    # JSON
    "deep JSON": ("a.json", b"[" * 1_000_000, REFUSED),
    "deep JSON objects": ("a.json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, REFUSED),
    "brackets in a JSON text": ("a.json", json.dumps([{"text": "[" * 10_000}]).encode(), lambda t: t.text == "[" * 10_000),
    "quotes without end": ("a.json", b'["' + b"\\" * 1_000_000, REFUSED),
    "not a number": ("a.json", b'[{"text":"a","start":NaN}]', REFUSED),
    "infinite": ("a.json", b'[{"text":"a","start":Infinity}]', REFUSED),
    "number of a million digits": ("a.json", b'[{"text":"a","start":' + b"9" * 1_000_000 + b"}]", REFUSED),
    "huge exponent": ("a.json", b'[{"text":"a","start":1e400}]', REFUSED),
    "huge integer": ("a.json", b'[{"text":"a","start":' + b"9" * 400 + b"}]", REFUSED),
    "text that is a number": ("a.json", b'[{"text":1}]', REFUSED),
    "text that is a list": ("a.json", b'{"segments":[{"text":["a"]}]}', REFUSED),
    "segments that are an object": ("a.json", b'{"segments":{"0":{"text":"a"}}}', REFUSED),
    "turns that are missing": ("a.json", b'{"format":"assistant-transcript","version":1}', REFUSED),
    "version of tomorrow": ("a.json", b'{"format":"assistant-transcript","version":99,"turns":[{"text":"a"}]}', REFUSED),
    "role that is a list": ("a.json", b'{"format":"assistant-transcript","version":1,"turns":[{"text":"a","role":[]}]}', REFUSED),
    "null everywhere": ("a.json", b'[{"text":null,"speaker":null,"start":null}]', REFUSED),
    "keys twice": ("a.json", b'[{"text":"a","text":"b"}]', one("", "b")),
    "lone surrogates": ("a.json", b'[{"text":"a\\ud800","speaker":"\\udfff B"}]', one("\ufffd B", "a\ufffd")),
    "NUL in a JSON text": ("a.json", b'[{"text":"a\\u0000b"}]', one("", "a\ufffdb")),
    "newline in a JSON name": ("a.json", b'[{"text":"a","speaker":"Anna\\nLee"}]', one("Anna Lee", "a")),
    "JSON with a BOM": ("a.json", b"\xef\xbb\xbf" + SAMPLES["own.json"], lambda t: words(t) == ORIGINAL),
    "JSON in UTF-16": ("a.json", SAMPLES["own.json"].decode().encode("utf-16"), lambda t: words(t) == ORIGINAL),
    "100,000 segments": ("a.json", json.dumps([{"text": "w", "speaker": "A"}] * 100_000).encode(), lambda t: len(t.turns) == 1),
    "100,000 turns": ("a.json", json.dumps([{"text": "w", "speaker": "AB"[n % 2]} for n in range(100_000)]).encode(), REFUSED),
    "one scalar": ("a.json", b'"text"', REFUSED),
    "empty list": ("a.json", b"[]", REFUSED),
    "trailing words": ("a.json", SAMPLES["own.json"] + b" x", REFUSED),
    "JSON of an unknown name": ("a.transcript", SAMPLES["whisper.json"], lambda t: t.format == "json" and words(t) == ORIGINAL),
}


@pytest.mark.parametrize("title", ODD)
def test_odd(title: str) -> None:
    name, data, check = ODD[title]
    transcript = attempt(data, name.rsplit("/", 1)[-1])
    if check is REFUSED:
        assert transcript is None
    else:
        assert transcript is not None
        assert check(transcript)


def test_there_are_enough_of_them() -> None:
    assert len(SAMPLES) * (18 + 12) + len(ODD) >= 400
