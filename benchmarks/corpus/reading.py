"""Corpus files -> sentences with their labels, as the engine's features want them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from assistant.extraction.features import Sentence, question_of
from assistant.models import Framework

_LABEL = re.compile(r"([a-z._]+)/(?:(>)|([cphg])/([+!])/([1-5])-([1-5])(?:/([A-Z0-9!,]+))?)")
_STATUS = {"c": "current", "p": "planned", "h": "past", "g": "general"}


@dataclass(frozen=True)
class Label:
    """One coded claim on one sentence."""

    status: str
    absent: bool
    low: int
    high: int
    codes: tuple[str, ...]
    continues: bool


@dataclass(frozen=True)
class Row:
    """One respondent sentence and its labels by element."""

    sentence: Sentence
    labels: dict[str, Label]


def _labels(text: str, previous: dict[str, Label], framework: Framework) -> dict[str, Label]:
    found: dict[str, Label] = {}
    for word in text.split(" ") if text != "-" else ():
        m = _LABEL.fullmatch(word)
        if m is None:
            raise ValueError(f"label not understood: {word}")
        element, more, status, polarity, low, high, codes = m.groups()
        if more:
            before = previous[element]
            found[element] = Label(before.status, before.absent, before.low, before.high, before.codes, True)
            continue
        # Writers differ in how they split a statement that stands for several stages: whole statements are one place.
        e = framework.element(element)
        absent = polarity == "!"
        bounds = (1, 1) if absent else (e.statement_at(int(low)).stage_low, e.statement_at(int(high)).stage_high)
        found[element] = Label(_STATUS[status], absent, *bounds, tuple((codes or "").split(",")) if codes else (), False)
    return found


def read(path: Path, framework: Framework) -> list[Row]:
    """All respondent sentences of a corpus file, in order. Raises ValueError naming the line of a fault."""
    rows: list[Row] = []
    dialogue, turn, last, asked = "", 0, "", []
    previous: dict[str, Label] = {}
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        if line.startswith("#"):
            dialogue, turn, last, asked = line[1:].split("|")[0].strip(), 0, "", []
            continue
        columns = line.split("\t")
        if columns[0] != last:
            turn += 1
            previous = {}
            if columns[0] == "Q":
                asked = []
        last = columns[0]
        if last == "Q":
            asked.append(columns[1])
            continue
        try:
            previous = _labels(columns[2], previous, framework)
        except (ValueError, KeyError, IndexError) as error:
            raise ValueError(f"{path}:{n}: {error}") from error
        position = rows[-1].sentence.position + 1 if rows and rows[-1].sentence.turn == (dialogue, turn) else 0
        rows.append(Row(Sentence(columns[1], (dialogue, turn), position, question_of(asked)), previous))
    return rows
