"""Transcript -> Turns -> Segments: this module owns all offset arithmetic.

Offsets are 0-based, half-open and count code points of ``Transcript.text``. Every function here is pure and linear in the text.

The sentence splitter is our own. Measured on 6,669 words of a spoken transcript: pysbd needs 184 ms per 10,000 words and nupunkt 6 ms,
but nupunkt finds no boundary in Chinese, Japanese or Arabic, knows neither cue borders nor blank lines nor ``[08:24]`` stamps, and costs
35 ms to import; these rules take about as long as nupunkt, import nothing, and keep offsets exact by construction.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

from assistant.models import Role, Segment, TimedSpan, Transcript, Turn

MAX_WORDS: Final = 60
"""A sentence with more words than this is cut at cue borders or clause markers."""
MAX_UNSPACED: Final = 300
"""The same limit in characters, for scripts that write no blanks."""

# ---------------------------------------------------------------- spans and places


class Context(NamedTuple):
    """A quote in its surroundings: ``before + quote + after == text[start:end]``."""

    start: int
    """First character of ``before``."""
    end: int
    """One past the last character of ``after``."""
    before: str
    """Text in front of the quote, from a word border on."""
    quote: str
    """The quote itself."""
    after: str
    """Text behind the quote, up to a word border."""


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """``(start, end)`` without surrounding whitespace; ``(start, start)`` where nothing else is there. Out-of-range ends are clipped."""
    start = max(0, min(start, len(text)))
    end = max(start, min(end, len(text)))
    piece = text[start:end]
    bare = piece.strip()
    if not bare:
        return start, start
    first = start + len(piece) - len(piece.lstrip())
    return first, first + len(bare)


def join_spans(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Union of half-open spans: sorted, without overlaps; touching ones become one, empty ones vanish."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted((a, b) for a, b in spans if a < b):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def turn_at(transcript: Transcript, offset: int) -> Turn | None:
    """The turn whose span holds ``offset``; None between turns and outside the text."""
    place = bisect_right(transcript.turns, offset, key=lambda turn: turn.start) - 1
    if place < 0:
        return None
    turn = transcript.turns[place]
    return turn if turn.start <= offset < turn.end else None


def time_at(transcript: Transcript, offset: int) -> float | None:
    """Seconds at which the character at ``offset`` was said: the start of its cue; None outside turns or where the file has no times."""
    turn = turn_at(transcript, offset)
    return None if turn is None else turn.time_at(offset)


def line_of(text: str, offset: int) -> int:
    """Number of the line (from 1) that holds ``offset``; offsets beyond the text count as its end."""
    return text.count("\n", 0, max(0, offset)) + 1


def context(transcript: Transcript, start: int, end: int, chars: int) -> Context:
    """Up to ``chars`` characters on each side of ``text[start:end]``, cut at word borders.

    Raises ValueError for a span that is not within the text.
    """
    text = transcript.text
    if not 0 <= start <= end <= len(text):
        raise ValueError(f"span {start}..{end} is outside the text of {len(text)} characters")
    low = max(0, start - max(0, chars))
    high = min(len(text), end + max(0, chars))
    if 0 < low < start and not text[low - 1].isspace():
        blank = re.search(r"\s", text[low:start])
        low = low + blank.start() if blank else low
    if end < high < len(text) and not text[high].isspace():
        piece = text[end:high]
        cut = len(piece) - 1
        while cut >= 0 and not piece[cut].isspace():
            cut -= 1
        high = end + cut if cut >= 0 else high
    low += len(text[low:start]) - len(text[low:start].lstrip())
    high -= len(text[end:high]) - len(text[end:high].rstrip())
    return Context(low, high, text[low:start], text[start:end], text[end:high])


# ---------------------------------------------------------------- sentences


def word_set(words: str) -> frozenset[str]:
    """The words of a blank-separated list."""
    return frozenset(words.split())


_TITLES = word_set(
    "dr mr mrs ms mx prof st mt gen sen rep gov capt col lt sgt rev hon pres vs e.g i.e eg cf fig figs eq approx ca resp incl ver vol "
    "nr abb bzw z.b d.h u.a usw. vgl ggf mme mlle sr.ta sra"
)
"""Never end a sentence."""
_ENDINGS = word_set("etc inc ltd co corp jr sr bros a.m p.m al dept est plc llc ph.d b.sc m.sc d.c u.s u.k e.u u.n u.s.a")
"""End a sentence only if a word follows that commonly begins one."""
_STARTERS = word_set(
    "the a an this that these those there then it its he she we you they i my our your their his her and but so or because if when while "
    "what why how who where which in on at for with as to from by after before now well yes no yeah okay also however for once since "
    "let maybe perhaps most some many one two all each every our not don't i'm i've we're we've it's that's he's she's they're"
)
_NUMBERED = frozenset({"no", "nos", "p", "pp", "art", "sec", "ch"})
"""Abbreviations only in front of a number."""

_CLOSERS = "\"'”’»›)]}*_"
_OPENERS = "\"'“‘„«‹([{*_¿¡-–—•"
# Possessive runs that may only begin where the run begins: every character is looked at once, so the scan is linear in hostile text too.
_BOUNDARY: Final = re.compile(
    r"(?P<gap>\n[^\S\n]*\n)"
    r"|(?P<item>\n(?=[^\S\n]{0,8}(?:[-*•]|\d{1,2}[.)])[^\S\n]))"
    r"|(?P<wide>[。！？｡]+[」』”’）》]*)"
    r"|(?P<stamp>(?<!\S)\\?\[\d{1,3}(?::\d\d){1,2}(?:[.,]\d{1,3})?\\?\](?!\S))"
    rf"|(?P<stop>(?<![.!?…؟۔।॥])[.!?…؟۔।॥]++[{re.escape(_CLOSERS)}]*+)(?!\S)"
)
_CLAUSE: Final = re.compile(
    r"(?<![;:,–—-])[;:,–—-]++(?=\s)\s*+|[，、；：،]|(?<=\S)\s++(?=(?:and|but|so|because|or|which|where|then|also|when|while|und|aber|et|mais|y|pero)\s)"
)
_WORD: Final = re.compile(r"\S+")
_ACRONYM: Final = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?\Z")
_SHOUT: Final = re.compile(r"[!?؟।॥۔]")


def _next_word(text: str, place: int, end: int) -> str:
    """The first word after ``place`` without opening punctuation; empty at the end."""
    found = _WORD.search(text, place, min(end, place + 200))
    return found.group().lstrip(_OPENERS) if found else ""


def _is_end(text: str, begin: int, start: int, stop: int, end: int, *, cased: bool) -> bool:
    """Whether the run of stops ``text[start:stop]`` ends the sentence that began at ``begin``.

    ``end`` is the end of the turn; ``cased`` says whether the turn has capitals at all (some recognisers write none).
    """
    following = _next_word(text, stop, end)
    if not following:
        return True
    run = text[start:stop]
    if _SHOUT.search(run):
        quoted = run[-1] in "\"'”’»›"
        return not (quoted and following[0].islower())
    if cased and following[0].islower() and text[stop : stop + 8].lstrip()[:1] != "[":
        return False
    if len(run.rstrip(_CLOSERS)) > 1 or "…" in run:
        return True
    left = max(begin, start - 24)
    pieces = text[left:start].rsplit(None, 1)
    word = pieces[-1].lstrip(_OPENERS) if pieces else ""
    lowered = word.casefold()
    starter = following.rstrip(".,;:!?…").casefold().replace("’", "'") in _STARTERS
    if lowered in _NUMBERED:
        return not following[0].isdigit()
    if lowered in _TITLES:
        return False
    if lowered in _ENDINGS or _ACRONYM.match(word) or (len(word) == 1 and word.isupper() and word != "I"):
        return starter
    return not (word.isdigit() and start - len(word) <= begin + 2)  # "1." heads an item of a list


def _breaks(text: str, start: int, end: int) -> Iterator[int]:
    """Offsets within ``(start, end)`` at which a sentence ends, in order."""
    begin = start
    cased = not text[start:end].islower()
    for found in _BOUNDARY.finditer(text, start, end):
        kind = found.lastgroup
        if kind == "stamp":
            # A stamp that a transcriber put into the text is nobody's words: it stands alone, so that no quote begins with it.
            if found.start() > begin and not text[begin : found.start()].strip():
                yield found.start()
            elif found.start() > begin:
                continue
            begin = found.end()
            yield begin
        elif kind != "stop" or _is_end(text, begin, found.start(), found.end(), end, cased=cased):
            begin = found.end()
            yield begin


def _cuts(text: str, start: int, end: int, borders: list[int]) -> Iterator[int]:
    """Places at which the overlong sentence ``text[start:end]`` is cut; cue borders first, else clause markers, else blanks."""
    words = [m.start() for m in _WORD.finditer(text, start, end)]
    if len(words) <= MAX_WORDS:
        if end - start > MAX_UNSPACED and len(words) * 25 < end - start:
            yield from _unspaced_cuts(text, start, end, borders)
        return
    markers = {m.end() for m in _CLAUSE.finditer(text, start, end)}
    starts = set(words)
    preferred = [b for b in borders if start < b < end and b in starts]
    begin = 0
    while len(words) - begin > MAX_WORDS:
        window = words[begin + 1 : begin + MAX_WORDS + 1]
        low = window[min(len(window) - 1, 10)]
        # A sentence of 70 words is better cut in the middle than into 60 and 10.
        goal = words[begin + min(MAX_WORDS, max(1, (len(words) - begin) // 2))]
        at_cue = preferred[bisect_right(preferred, words[begin]) : bisect_right(preferred, window[-1])]
        at_clause = [w for w in window if w >= low and w in markers]
        choice = min(at_cue or at_clause or [goal], key=lambda place: (abs(place - goal), place))
        yield choice
        begin = words.index(choice, begin)


def _unspaced_cuts(text: str, start: int, end: int, borders: list[int]) -> Iterator[int]:
    """Cuts for scripts without blanks: at a cue border or comma, else (only between letters that need no blank) after MAX_UNSPACED."""
    places = sorted({m.end() for m in _CLAUSE.finditer(text, start, end)} | {b for b in borders if start < b < end})
    begin = start
    while end - begin > MAX_UNSPACED:
        inside = places[bisect_right(places, begin) : bisect_right(places, begin + MAX_UNSPACED)]
        if inside:
            begin = inside[-1]
        else:
            begin += MAX_UNSPACED
            while begin < end and not "\u2e80" <= text[begin] <= "\ud7ff":
                begin += 1
            if begin >= end:
                return
        yield begin


def sentences(text: str, start: int, end: int, spans: Iterable[TimedSpan] = ()) -> tuple[tuple[int, int], ...]:
    """Sentences of ``text[start:end]`` as spans without surrounding whitespace: they do not overlap and leave out only whitespace.

    ``spans`` are the cues of the turn; an overlong sentence is cut at their borders.
    """
    start, end = trim(text, start, end)
    borders = sorted(span.start for span in spans)
    found: list[tuple[int, int]] = []
    begin = start
    for stop in (*_breaks(text, start, end), end):
        low, high = trim(text, begin, stop)
        begin = stop
        if low == high:
            continue
        left = low
        for cut in _cuts(text, low, high, borders):
            found.append(trim(text, left, cut))
            left = cut
        found.append(trim(text, left, high))
    return tuple(span for span in found if span[0] < span[1])


def segment(transcript: Transcript, roles: Collection[Role] | None = None) -> tuple[Segment, ...]:
    """All sentences of the turns, in order; ``roles`` keeps only turns of these roles (None: all).

    ``Segment.index`` counts all segments of the transcript, so it does not change with ``roles``.
    Every non-space character of a turn is in exactly one segment.
    """
    result: list[Segment] = []
    index = 0
    for turn in transcript.turns:
        for start, end in sentences(transcript.text, turn.start, turn.end, turn.spans):
            if roles is None or turn.role in roles:
                result.append(Segment(index=index, turn=turn.index, start=start, end=end, text=transcript.text[start:end]))
            index += 1
    return tuple(result)
