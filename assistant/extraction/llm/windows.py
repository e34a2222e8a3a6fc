"""Transcript -> few windows of relevant turns, each a short text whose every line is one turn.

    [12] Q How often do you retrain?
    [13] A Once a month. … We'd like to do it weekly.
    ~ A So that is the pipeline.

Lines are ours: blanks and line breaks inside a turn become one blank, so that no text of a transcript can look like another turn.
Left out: questions but for their last sentence, and sentences in which no element finds a word of its own, unless a neighbour has one.
Finding goes by words (the retrieval index's BM25, microseconds a sentence); a framework with few words of its own leaves nothing out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from assistant.extraction.llm.tokens import Count
from assistant.models import Framework, Role, Segment, Transcript
from assistant.retrieval import Lexical, index_items
from assistant.segments import segment

RELEVANT: Final = 4.0
"""BM25 from which a sentence speaks of an element; 99 % of the coded utterances of our own corpus reach it."""
ENOUGH_WORDS: Final = 600
"""Words that a framework's texts must have before anything is left out for lack of them."""
NEIGHBOURS: Final = 1
"""Sentences kept on both sides of a relevant one."""
CONTEXT: Final = 2
"""Sentences repeated, as context, where a window begins inside a turn."""
QUESTION_WORDS: Final = 30
"""Words of a question that are sent, from its end."""


@dataclass(frozen=True)
class Window:
    """One request's share of a transcript."""

    index: int
    """From 0."""
    text: str
    """As it is sent."""
    spans: tuple[tuple[int, int], ...]
    """Sentences that may be quoted, as spans of the (redacted) transcript."""
    turns: tuple[int, ...]
    """``Turn.index`` of the turns that may be quoted."""
    elements: tuple[str, ...]
    """Element ids whose statements are listed."""
    tokens: int
    """Of ``text``."""

    def holds(self, start: int, end: int) -> bool:
        """Whether the span begins in a sentence of this window."""
        return any(a <= start < b for a, b in self.spans)


@dataclass(frozen=True)
class _Unit:
    """A sentence that is sent."""

    segment: Segment
    tokens: int
    scores: tuple[float, ...]


class Planner:
    """Plans the windows of any transcript for one framework.

    Args:
        framework: Its texts say what is relevant.
        count: Token counter.
        limit: Tokens of text in one window; the last words on it have the caller's settings.
    """

    def __init__(self, framework: Framework, count: Count, limit: int) -> None:
        items = index_items(framework)
        self._lexical = Lexical(items)
        # The index lists items element by element: the best score of each is the maximum of a stretch.
        self._begins = [next(n for n, i in enumerate(items) if i.element == e.id) for e in framework.elements]
        self._elements = tuple(e.id for e in framework.elements)
        self._keep_all = len({word for i in items for word in i.text.lower().split()}) < ENOUGH_WORDS
        self._count = count
        self._limit = limit

    def plan(self, transcript: Transcript) -> tuple[Window, ...]:
        """The windows, in order; none where nobody answers anything."""
        questions = _questions(transcript)
        units = self._units(transcript, questions)
        parts = self._split(units)
        return tuple(self._window(n, transcript, questions, part, units) for n, part in enumerate(parts))

    def _scores(self, text: str) -> tuple[float, ...]:
        return tuple(np.maximum.reduceat(self._lexical.scores(text), self._begins).tolist())

    def _units(self, transcript: Transcript, questions: dict[int, str]) -> list[_Unit]:
        """Sentences of respondents that are sent."""
        by_turn: dict[int, list[Segment]] = {}
        for s in segment(transcript):
            if transcript.turns[s.turn].role is not Role.INTERVIEWER:
                by_turn.setdefault(s.turn, []).append(s)
        units = []
        for turn, sentences in by_turn.items():
            scores = [self._scores(s.text) for s in sentences]
            hit = [max(row, default=0.0) > RELEVANT for row in scores]
            # "Weekly." has no word of its own: the question has.
            asked = max(self._scores(questions.get(turn, "")), default=0.0) > RELEVANT
            for n, s in enumerate(sentences):
                near = any(hit[max(0, n - NEIGHBOURS) : n + NEIGHBOURS + 1])
                if near or self._keep_all or (asked and n < 2):
                    units.append(_Unit(s, self._count(s.text), scores[n]))
        return units

    def _split(self, units: Sequence[_Unit]) -> list[list[_Unit]]:
        """Equal parts of at most the limit, as far as possible between turns."""
        total = sum(u.tokens for u in units)
        if not total:
            return []
        goal = total / -(-total // self._limit)
        parts: list[list[_Unit]] = [[]]
        size = 0
        for n, unit in enumerate(units):
            new_turn = n == 0 or units[n - 1].segment.turn != unit.segment.turn
            full = size + unit.tokens > self._limit or (size + unit.tokens / 2 > goal and (new_turn or size > goal * 1.1))
            if parts[-1] and full:
                parts.append([])
                size = 0
            parts[-1].append(unit)
            size += unit.tokens
        return parts

    def _window(
        self, index: int, transcript: Transcript, questions: dict[int, str], part: Sequence[_Unit], units: Sequence[_Unit]
    ) -> Window:
        lines = _lines(transcript, questions, part, units)
        best = np.max(np.array([u.scores for u in part]), axis=0)
        elements = tuple(e for e, score in zip(self._elements, best, strict=True) if self._keep_all or score > RELEVANT)
        text = "\n".join(lines)
        spans = tuple((u.segment.start, u.segment.end) for u in part)
        turns = tuple(dict.fromkeys(u.segment.turn for u in part))
        return Window(index, text, spans, turns, elements or self._elements, self._count(text))


def _questions(transcript: Transcript) -> dict[int, str]:
    """For every answer the end of the question in front of it, shortened."""
    found: dict[int, str] = {}
    asked = ""
    for turn in transcript.turns:
        if turn.role is Role.INTERVIEWER:
            asked = _shortened(transcript.text[turn.start : turn.end]) or asked
        else:
            if asked:
                found[turn.index] = asked
            asked = ""
    return found


def _shortened(text: str) -> str:
    """The last question of a turn; its last sentence where it asks nothing."""
    from assistant.segments import sentences

    spoken = [text[a:b] for a, b in sentences(text, 0, len(text))]
    if not spoken:
        return ""
    chosen = next((s for s in reversed(spoken) if s.rstrip(' "”’)').endswith("?")), spoken[-1])
    words = chosen.split()
    return " ".join(words if len(words) <= QUESTION_WORDS else ["…", *words[-QUESTION_WORDS:]])


def _lines(transcript: Transcript, questions: dict[int, str], part: Sequence[_Unit], units: Sequence[_Unit]) -> list[str]:
    """The lines of one window."""
    answering = [s for s in transcript.speakers if any(t.speaker == s and t.role is not Role.INTERVIEWER for t in transcript.turns)]
    letters = {s: _letter(n) for n, s in enumerate(answering)}
    lines: list[str] = []
    at = next(n for n, u in enumerate(units) if u is part[0])
    before = [u.segment for u in units[max(0, at - CONTEXT) : at] if u.segment.turn == part[0].segment.turn]
    if before:
        lines.append("~ " + " ".join(_flat(s.text) for s in before))
    last: Segment | None = None
    for unit in part:
        s = unit.segment
        if last is None or last.turn != s.turn:
            if s.turn in questions and not (before and last is None):
                lines.append(f"Q {questions[s.turn]}")
            lines.append(f"[{s.turn}] {letters[transcript.turns[s.turn].speaker]} {_flat(s.text)}")
        else:
            lines[-1] += (" " if s.index == last.index + 1 else " … ") + _flat(s.text)
        last = s
    return lines


def _letter(n: int) -> str:
    """A, B, C … without Q, which asks."""
    return "ABCDEFGHIJKLMNOP"[n] if n < 16 else f"R{n}"


def _flat(text: str) -> str:
    return " ".join(text.split())
