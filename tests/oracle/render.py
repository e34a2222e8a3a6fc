#!/usr/bin/env python3
"""Render the coded sample interviews of this folder as transcript files.

Each `*.tsv` beside this script holds one invented interview in the corpus format
(`benchmarks/corpus/README.md`). This script drops the labels and writes the talk to
`transcripts/`, each interview in another product's file format. The result depends on
the TSV files alone: run it twice and the bytes are the same.

    render.py            write transcripts/
    render.py --check    exit 1 if a file in transcripts/ is missing or differs
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import docx

HERE = Path(__file__).resolve().parent
TRANSCRIPTS = HERE.parents[1] / "transcripts"
LABEL = "Synthetic sample transcript, the company and the people are invented"
MS_PER_WORD = 400  # 150 words a minute
MS_BETWEEN_TURNS = 600
MS_BEFORE_START = 2_500
CUE_WORDS = 26  # a caption cue: about ten seconds of speech
PARAGRAPH_WORDS = 90  # a paragraph of a document-like export: about 35 seconds
RECORDED = datetime(2026, 3, 12, 9, 2)  # fixed, so that a second run gives the same bytes


@dataclass(frozen=True)
class Turn:
    """Consecutive sentences of one speaker."""

    letter: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Dialogue:
    """One interview: who speaks (letter to full name) and what is said."""

    id: str
    setting: str
    names: dict[str, str]
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Piece:
    """A run of words of one turn with its times in milliseconds."""

    letter: str
    turn: int
    part: int
    start: int
    end: int
    text: str


def read(path: Path) -> Dialogue:
    """Read the one dialogue of a coded file, without its labels."""
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    ident, setting, people, style = (part.strip() for part in head.removeprefix("#").split("|"))
    if "synthetic" not in style:
        message = f"{path}: the style part must say synthetic"
        raise ValueError(message)
    names: dict[str, str] = {}
    for person in people.split(";"):
        letter, _, name = person.strip().partition("=")
        names[letter] = re.sub(r"\s*\(.*\)$", "", name)
    turns: list[Turn] = []
    for line in filter(None, lines):
        letter, sentence = line.split("\t")[:2]
        if turns and turns[-1].letter == letter:
            turns[-1] = Turn(letter, (*turns[-1].sentences, sentence))
        else:
            turns.append(Turn(letter, (sentence,)))
    return Dialogue(ident, setting, names, tuple(turns))


def cut(sentences: tuple[str, ...], limit: int, *, inside: bool) -> Iterator[str]:
    """Cut a turn into runs of at most `limit` words: after a sentence if one ends late enough.

    With `inside` a run may also end within a sentence, after a comma if there is one; without it
    a sentence is never cut, and a run may be longer than `limit`.
    """
    words: list[str] = []
    ends: set[int] = set()
    for sentence in sentences:
        words += sentence.split()
        ends.add(len(words))
    start = 0
    while start < len(words):
        stop = min(start + limit, len(words))
        if stop < len(words):
            window = range(stop, start, -1)
            late = range(stop, start + limit // 3, -1)
            sentence_end = next((i for i in (late if inside else window) if i in ends), None)
            comma = next((i for i in late if words[i - 1].endswith(",")), None)
            if sentence_end is not None:
                stop = sentence_end
            elif inside:
                stop = comma or stop
            else:
                stop = min(i for i in ends if i > start)
        yield " ".join(words[start:stop])
        start = stop


def pieces(dialogue: Dialogue, limit: int | None, *, inside: bool = False) -> list[Piece]:
    """Give every run of words its time; `limit` None keeps each turn whole."""
    found: list[Piece] = []
    clock = MS_BEFORE_START
    for number, turn in enumerate(dialogue.turns):
        whole = [" ".join(turn.sentences)]
        texts = whole if limit is None else cut(turn.sentences, limit, inside=inside)
        for part, text in enumerate(texts):
            end = clock + max(2, len(text.split())) * MS_PER_WORD
            found.append(Piece(turn.letter, number, part, clock, end, text))
            clock = end
        clock += MS_BETWEEN_TURNS
    return found


def stamp(ms: int, mark: str = ".") -> str:
    """Write milliseconds as `00:00:00.000`, with `mark` before the last three digits."""
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{rest:03d}"


def escape(text: str) -> str:
    """Escape the three characters that mean something in WebVTT cue text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def teams_vtt(dialogue: Dialogue) -> bytes:
    """Microsoft Teams captions: cue ids `GUID/turn-part`, voice tags."""
    guid = uuid.uuid5(uuid.NAMESPACE_URL, dialogue.id)
    blocks = ["WEBVTT", f"NOTE {LABEL}"]
    for p in pieces(dialogue, CUE_WORDS, inside=True):
        voice = f"<v {dialogue.names[p.letter]}>{escape(p.text)}</v>"
        blocks.append(f"{guid}/{p.turn + 5}-{p.part}\n{stamp(p.start)} --> {stamp(p.end)}\n{voice}")
    return ("\n\n".join(blocks) + "\n").encode()


def zoom_vtt(dialogue: Dialogue) -> bytes:
    """Zoom captions: numbered cues, `Name: text`."""
    blocks = ["WEBVTT", f"NOTE {LABEL}"]
    for number, p in enumerate(pieces(dialogue, CUE_WORDS, inside=True), 1):
        line = f"{dialogue.names[p.letter]}: {p.text}"
        blocks.append(f"{number}\n{stamp(p.start)} --> {stamp(p.end)}\n{line}")
    return ("\n\n".join(blocks) + "\n").encode()


def srt(dialogue: Dialogue) -> bytes:
    """SubRip with `Name: text`; the first cue, without a speaker, is the label."""
    blocks = [f"1\n{stamp(0, ',')} --> {stamp(2_000, ',')}\n[{LABEL}]"]
    for number, p in enumerate(pieces(dialogue, CUE_WORDS, inside=True), 2):
        line = f"{dialogue.names[p.letter]}: {p.text}"
        blocks.append(f"{number}\n{stamp(p.start, ',')} --> {stamp(p.end, ',')}\n{line}")
    return ("\n\n".join(blocks) + "\n").encode()


def otter_txt(dialogue: Dialogue) -> bytes:
    """Otter plain text: `Name  00:12` heading lines, then the text."""
    blocks = [LABEL]
    for p in pieces(dialogue, PARAGRAPH_WORDS):
        minutes, seconds = divmod(p.start // 1000, 60)
        blocks.append(f"{dialogue.names[p.letter]}  {minutes:02d}:{seconds:02d}\n{p.text}")
    return ("\n\n".join(blocks) + "\n").encode()


def markdown(dialogue: Dialogue) -> bytes:
    """Markdown paragraphs `**Name:** text`, one a turn, without times."""
    blocks = [f"# {LABEL}"]
    for p in pieces(dialogue, None):
        if re.search(r"[*_<>`\\]", p.text):
            message = f"{dialogue.id}: would need Markdown escapes: {p.text}"
            raise ValueError(message)
        blocks.append(f"**{dialogue.names[p.letter]}:** {p.text}")
    return ("\n\n".join(blocks) + "\n").encode()


def assistant_json(dialogue: Dialogue) -> bytes:
    """The project's own JSON: one object a turn, times in seconds."""
    turns = [
        {
            "speaker": dialogue.names[p.letter],
            "role": "interviewer" if p.letter == "Q" else "respondent",
            "start": p.start / 1000,
            "end": p.end / 1000,
            "text": p.text,
        }
        for p in pieces(dialogue, None)
    ]
    whole = {
        "format": "assistant-transcript",
        "version": 1,
        "synthetic": True,
        "title": f"{LABEL}: {dialogue.setting}",
        "turns": turns,
    }
    return (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()


def teams_docx(dialogue: Dialogue) -> bytes:
    """Transcript document as Teams downloads it: bold name and time, then the text."""
    parts = pieces(dialogue, PARAGRAPH_WORDS)
    document = docx.Document()
    document.add_heading(LABEL, level=1)
    clock = f"{RECORDED:%B} {RECORDED.day}, {RECORDED.year}, {RECORDED.hour}:{RECORDED:%M%p}"
    document.add_paragraph(clock)
    minutes, seconds = divmod(parts[-1].end // 1000, 60)
    document.add_paragraph(f"{minutes}m {seconds}s")
    document.add_paragraph(f"{dialogue.names['Q']} started transcription")
    for p in parts:
        minutes, seconds = divmod(p.start // 1000, 60)
        heading = document.add_paragraph()
        heading.add_run(dialogue.names[p.letter]).bold = True
        heading.add_run(f"   {minutes}:{seconds:02d}")
        document.add_paragraph(p.text)
    core = document.core_properties
    core.title, core.subject, core.author = LABEL, dialogue.setting, "tests/oracle/render.py"
    core.comments, core.last_modified_by, core.revision = "synthetic", "", 1
    core.created = core.modified = RECORDED
    loose = io.BytesIO()
    document.save(loose)
    return with_fixed_dates(loose.getvalue())


def with_fixed_dates(package: bytes) -> bytes:
    """Write a zip package again with one fixed date on every member."""
    fixed = io.BytesIO()
    date = (RECORDED.year, RECORDED.month, RECORDED.day, RECORDED.hour, RECORDED.minute, 0)
    with (
        zipfile.ZipFile(io.BytesIO(package)) as old,
        zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            member = zipfile.ZipInfo(name, date)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            member.create_system = 3
            new.writestr(member, old.read(name))
    return fixed.getvalue()


FORMATS: dict[str, Callable[[Dialogue], bytes]] = {
    "a-statistics.vtt": teams_vtt,
    "b-banking.docx": teams_docx,
    "c-healthcare.vtt": zoom_vtt,
    "d-pharma.txt": otter_txt,
    "e-vehicles.srt": srt,
    "f-gaming.md": markdown,
    "g-mining.json": assistant_json,
}


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or with `--check` compare them; return the exit code."""
    parser = argparse.ArgumentParser(description="Render the coded sample interviews.")
    parser.add_argument("--out", type=Path, default=TRANSCRIPTS, help="folder of the transcripts")
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    options = parser.parse_args(arguments)
    stale = 0
    for name, render in FORMATS.items():
        target = options.out / name
        content = render(read(HERE / f"{Path(name).stem}.tsv"))
        if not options.check:
            options.out.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        elif not target.is_file() or target.read_bytes() != content:
            print(f"{target} is missing or not what {Path(__file__).name} writes")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
