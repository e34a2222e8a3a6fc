"""A quote counts only if a respondent said it: quote -> span of the transcript, or the reason why not.

What a model returns is looked for in four ways, from strict to lenient; the stored quote is always the transcript's own slice:

    exact        the same characters
    normalised   the same words; blanks, case, quotation marks, dashes, accents and punctuation may differ
    elision      the quote leaves something out and says so ("…"): its parts follow each other within one turn
    close        the same words but for hesitations, repetitions, articles, contractions, spelling variants and one slip of the pen

No way crosses a speaker change, and none lets a negation, a number, a name or a modal verb appear, vanish or change: such words are
never among the differences that are let pass. A quote that begins right behind the negation that governs it is refused too.
Looking is linear in the text for each quote; nothing here knows what is being coded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, Opcodes
from rapidfuzz.distance import Levenshtein as WordEdits

from assistant.errors import GroundingError
from assistant.models import Role, Transcript, Turn

Method = Literal["exact", "normalised", "elision", "close"]
"""How a quote was found."""
Reason = Literal[
    "empty", "too short", "interviewer", "speaker change", "negation", "number", "name", "modality", "wording", "elsewhere", "not said"
]
"""Why a quote was refused."""

MAX_GAP: Final = 60
"""Words that "…" may stand for."""
SHORT_GAP: Final = 8
"""Words up to which "…" may hide no negation at all."""
MAX_SPAN: Final = 160
"""Words that an elided quote may span: the codebook asks for one to three sentences."""
MIN_CLOSE: Final = 5
"""Words below which only the same words count."""
LOOK_BACK: Final = 5
"""Words in front of a quote among which a negation of the same clause still governs it."""
NEAR: Final = 75
"""Similarity (0..100) from which a refusal names the nearest passage."""


@dataclass(frozen=True)
class Grounded:
    """Where the quote was said: ``transcript.text[start:end]`` within one respondent's turn."""

    start: int
    end: int
    turn: int
    method: Method


@dataclass(frozen=True)
class Refused:
    """Why the quote does not count, in a word and in a sentence."""

    reason: Reason
    detail: str


# ---------------------------------------------------------------- words


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


NEGATIONS: Final = _set(
    "not no never none nobody nothing nowhere neither nor without hardly barely scarcely rarely seldom cannot nt aint dont doesnt didnt "
    "isnt arent wasnt werent havent hasnt hadnt wont wouldnt cant couldnt shouldnt mustnt mightnt neednt shant lack lacks lacking "
    "lacked unable nope instead except nicht kein keine keinen keinem keiner nie niemals ohne pas jamais sans aucun aucune nunca "
    "ningún ninguna sin"
)
"""Words that turn a claim round, without apostrophes."""
MODALS: Final = _set(
    "will would could should might may can must shall want wants wanted wanna plan plans planned planning hope hopes hoping wish wished "
    "try tries trying tried going gonna intend intends intended used if maybe perhaps probably possibly ideally eventually someday soon "
    "theyd youd hed itd youll theyll itll unless almost"
)
"""Words that move a claim to another time or make it less than a fact."""
_NUMBER_WORDS: Final = dict(
    pair.split("=")
    for pair in _set(
        "zero=0 one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 thirteen=13 fourteen=14 "
        "fifteen=15 sixteen=16 seventeen=17 eighteen=18 nineteen=19 twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 "
        "ninety=90"
    )
)
_QUANTITIES: Final = _set(
    "hundred thousand million billion dozen half twice once double triple percent daily weekly monthly hourly yearly quarterly"
)
_FILLERS: Final = _set("um uh er erm hm hmm mm mhm yeah yep okay ok just really actually basically so and a an the like")
_FILLER_PAIRS: Final = frozenset({("you", "know"), ("i", "mean"), ("kind", "of"), ("sort", "of")})
_CLAUSE_STARTERS: Final = _set("and but because so since although though while whereas then when where which however yet whether")
_CONTRACTIONS: Final = {
    "can't": "can not", "cannot": "can not", "won't": "will not", "shan't": "shall not", "gonna": "going to", "wanna": "want to"
}  # fmt: skip
_IS: Final = _set("it that there here what he she who where how this everything nothing")
_SPELLINGS: Final = (
    (re.compile(r"is(ation|ations|e|ed|es|ing|er|ers)$"), r"iz\1"),
    (re.compile(r"ys(e|ed|es|ing)$"), r"yz\1"),
    (re.compile(r"our(s|ed|ing|al|ally|ite)?$"), r"or\1"),
    (re.compile(r"ll(ed|ing|er|ers)$"), r"l\1"),
    (re.compile(r"tre(s|d)?$"), r"ter\1"),
    (re.compile(r"ogue(s)?$"), r"og\1"),
)  # fmt: skip
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("’‘ʼ`´＇‛", "'"))
_WORD: Final = re.compile(
    r"[\u2e80-\u30ff\u3400-\u9fff]|\d+(?:[.,:]\d+)*[^\W_\u2e80-\u30ff\u3400-\u9fff]*"
    r"|[^\W_\u2e80-\u30ff\u3400-\u9fff]+(?:'[^\W\d_]+)*(?:\+\+|#)?"
)
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+\Z")
_ELISION: Final = re.compile(r"[\[(<]?\s*(?:…|\.\s?\.\s?\.+)\s*[\])>]?")
_CLAUSE_END: Final = re.compile(r"[.,;:!?…—–()\n]|\s-+\s|--")
_SENTENCE_END: Final = re.compile(r"[.!?;…]")
_CLOSING: Final = ".!?…"


@dataclass(frozen=True)
class _Word:
    """One word: as compared, with its apostrophe, and where it stands."""

    key: str
    plain: str
    start: int
    end: int


def _fold(text: str, start: int, end: int) -> tuple[str, list[int]]:
    """The slice without case, accents and invisible characters; for every character the place it came from."""
    folded: list[str] = []
    places: list[int] = []
    for place in range(start, end):
        character = text[place]
        if character.isascii():
            folded.append(character.lower())
            places.append(place)
            continue
        for part in unicodedata.normalize("NFKD", character.translate(_APOSTROPHES)).casefold():
            if unicodedata.category(part) not in ("Mn", "Cf"):
                folded.append(part.translate(_APOSTROPHES))
                places.append(place)
    return "".join(folded), places


def _words(text: str, start: int = 0, end: int | None = None) -> list[_Word]:
    folded, places = _fold(text, start, len(text) if end is None else end)
    found: list[_Word] = []
    for match in _WORD.finditer(folded):
        plain = match.group()
        if _THOUSANDS.match(plain):
            plain = plain.replace(",", "")
        found.append(_Word(plain.replace("'", ""), plain, places[match.start()], places[match.end() - 1] + 1))
    return found


def is_negation(word: str) -> bool:
    """Whether a word (any case, with or without apostrophe) negates."""
    key = word.casefold().translate(_APOSTROPHES).replace("'", "")
    return key in NEGATIONS


def _is_number(word: str) -> bool:
    return any(c.isdigit() for c in word) or word in _NUMBER_WORDS or word in _QUANTITIES


def _spelling(word: str) -> str:
    """One spelling for British and American English."""
    if len(word) > 4:
        for pattern, replacement in _SPELLINGS:
            word = pattern.sub(replacement, word)
    return word


def _expand(plain: str) -> list[str]:
    """A contraction as its words; numbers as digits."""
    if plain in _CONTRACTIONS:
        return _CONTRACTIONS[plain].split()
    stem, mark, ending = plain.rpartition("'")
    if mark and stem:
        if ending == "t" and stem.endswith("n") and len(stem) > 1:
            return [stem[:-1], "not"]
        full = {"re": "are", "ve": "have", "ll": "will", "m": "am"}.get(ending)
        if full:
            return [stem, full]
        if ending == "s" and stem in _IS:
            return [stem, "is"]
    return [_NUMBER_WORDS.get(plain, _spelling(plain.replace("'", "")))]


@dataclass(frozen=True)
class _Core:
    """A word that carries meaning, and the word of the text it belongs to."""

    text: str
    word: int


def _cores(words: Sequence[_Word]) -> list[_Core]:
    """The words without hesitations, articles and repetitions, contractions expanded."""
    spread = [_Core(part, n) for n, word in enumerate(words) for part in _expand(word.plain)]
    kept: list[_Core] = []
    skip = False
    for n, core in enumerate(spread):
        if skip:
            skip = False
            continue
        following = spread[n + 1].text if n + 1 < len(spread) else ""
        if (core.text, following) in _FILLER_PAIRS:
            skip = True
        elif core.text not in _FILLERS and not (kept and kept[-1].text == core.text and not core.text.isdigit()):
            kept.append(core)
    return kept


# ---------------------------------------------------------------- looking


@dataclass(frozen=True)
class _Speech:
    """A turn with its words."""

    turn: Turn
    words: list[_Word]

    @cached_property
    def keys(self) -> list[str]:
        return [word.key for word in self.words]

    @cached_property
    def cores(self) -> list[_Core]:
        return _cores(self.words)

    @cached_property
    def joined(self) -> str:
        return " ".join(self.keys)


@dataclass(frozen=True)
class _Place:
    """Words ``first..last`` (inclusive) of a turn."""

    speech: _Speech
    first: int
    last: int
    method: Method


def _runs(keys: Sequence[str], wanted: Sequence[str], begin: int = 0) -> Iterator[int]:
    """Places at which ``wanted`` stands in ``keys``."""
    size = len(wanted)
    head = wanted[0]
    wanted = list(wanted)
    for at in range(begin, len(keys) - size + 1):
        if keys[at] == head and list(keys[at : at + size]) == wanted:
            yield at


class Grounder:
    """Looks for quotes in one transcript; the words of every turn are split once.

    Args:
        transcript: Where to look; only turns of respondents (and of speakers whose role nobody knows) count.
    """

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self._speeches: dict[int, _Speech] = {}

    def _speech(self, turn: Turn) -> _Speech:
        if turn.index not in self._speeches:
            self._speeches[turn.index] = _Speech(turn, _words(self.transcript.text, turn.start, turn.end))
        return self._speeches[turn.index]

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        return frozenset(_spelling(word.key) for turn in self.transcript.turns for word in self._speech(turn).words)

    def ground(self, quote: str, *, turns: Collection[int] | None = None, prefer: int | None = None) -> Grounded | Refused:
        """The span of ``quote``, or why it is refused.

        ``turns`` limits the search to these turns (``Turn.index``); ``prefer`` is looked at first, where a quote occurs more than once.
        """
        words = _words(quote)
        if not words:
            return Refused("empty", "the quote has no words")
        allowed = [t for t in self.transcript.turns if turns is None or t.index in turns]
        allowed.sort(key=lambda t: (t.index != prefer, t.index))
        speeches = [self._speech(t) for t in allowed if t.role is not Role.INTERVIEWER]
        refusal: Refused | None = None
        for place in self._places(quote, words, speeches):
            problem = self._problem(place, quote)
            if problem is None:
                start, end = self._span(place, quote, words)
                return Grounded(start, end, place.speech.turn.index, _method(place, self.transcript.text[start:end], quote))
            refusal = refusal or problem
        return refusal or self._explain(words, speeches, turns)

    # -------------------------------------------------------- the four ways

    def _places(self, quote: str, words: Sequence[_Word], speeches: Sequence[_Speech]) -> Iterator[_Place]:
        """Every place that may be meant, the strictest way first."""
        keys = [word.key for word in words]
        for speech in speeches:
            for at in _runs(speech.keys, keys):
                yield _Place(speech, at, at + len(keys) - 1, "normalised")
        for speech in speeches:
            yield from _unspaced(speech, words)
        parts = [p for p in (_words(piece) for piece in _ELISION.split(quote)) if p]
        if len(parts) > 1:
            for speech in speeches:
                yield from self._elided(speech, parts)
        elif len(words) >= MIN_CLOSE:
            for speech in speeches:
                yield from self._close(speech, words)

    def _elided(self, speech: _Speech, parts: Sequence[Sequence[_Word]]) -> Iterator[_Place]:
        """The parts one after the other; of several beginnings the one nearest to the rest."""
        if any(len(part) < 2 for part in parts):
            return
        best: tuple[int, int] | None = None
        for first in _runs(speech.keys, [w.key for w in parts[0]]):
            end = first + len(parts[0])
            for part in parts[1:]:
                keys = [w.key for w in part]
                near = (at for at in _runs(speech.keys, keys, end) if at - end <= MAX_GAP)
                following = next((at for at in near if self._gap_is_safe(speech, end, at)), None)
                if following is None:
                    break
                end = following + len(part)
            else:
                if end - first <= MAX_SPAN and (best is None or end - first < best[1] - best[0]):
                    best = (first, end)
        if best is not None:
            yield _Place(speech, best[0], best[1] - 1, "elision")

    def _gap_is_safe(self, speech: _Speech, first: int, last: int) -> bool:
        """Whether the words ``first..last-1`` may be left out: nothing in them turns round or moves what stands at either side.

        In a short gap any such word does, unless whole sentences are left out; in a longer one those that stand in the clause of either
        side and near it. The stored quote holds the gap's words in any case.
        """
        short = last - first <= SHORT_GAP
        for n in range(first, last):
            key = speech.keys[n]
            if not (key in NEGATIONS or (key in MODALS and last - first <= SHORT_GAP // 2)):
                continue
            border = _SENTENCE_END if short and key in NEGATIONS else _CLAUSE_END
            left = self.transcript.text[speech.words[first - 1].end : speech.words[n].start]
            right = self.transcript.text[speech.words[n].end : speech.words[last].start]
            if (short or n - first < LOOK_BACK) and not border.search(left):
                return False
            if (short or last - n <= LOOK_BACK) and not border.search(right):
                return False
        return True

    def _close(self, speech: _Speech, words: Sequence[_Word]) -> Iterator[_Place]:
        wanted = _cores(words)
        found = speech.cores
        size = len(wanted)
        if size < MIN_CLOSE - 1:
            return
        for at in range(len(found) - size + 1):
            slips = 0
            for want, have in zip(wanted, found[at : at + size], strict=True):
                if want.text != have.text:
                    slips += 1
                    if slips > 1 or not self._slip(words[want.word], speech.words[have.word]):
                        break
            else:
                yield _Place(speech, found[at].word, found[at + size - 1].word, "close")

    def _slip(self, given: _Word, said: _Word) -> bool:
        """Whether ``given`` is ``said`` with one slip of the pen: never another word of the conversation, a number or a name."""
        one, other = given.plain, said.plain
        if not (one.isalpha() and other.isalpha()) or min(len(one), len(other)) < 6 or one[0] != other[0] or one[-1] != other[-1]:
            return False
        if _spelling(given.key) in self._vocabulary or {given.key, said.key} & (NEGATIONS | MODALS) or _is_number(other):
            return False
        return not self.transcript.text[said.start].isupper() and OSA.distance(one, other) == 1

    # -------------------------------------------------------- what is found

    def _span(self, place: _Place, quote: str, words: Sequence[_Word]) -> tuple[int, int]:
        """Characters of the place: as many marks around its words as the quote has."""
        text, turn = self.transcript.text, place.speech.turn
        start, end = place.speech.words[place.first].start, place.speech.words[place.last].end
        stripped = quote.strip()
        lead = words[0].start - (len(quote) - len(quote.lstrip()))
        if start - lead >= turn.start and start - lead + len(stripped) <= turn.end and text.startswith(stripped, start - lead):
            return start - lead, start - lead + len(stripped)
        if stripped[-1] in _CLOSING and end < turn.end and text[end] in _CLOSING:
            end += 1
        return start, end

    def _problem(self, place: _Place, quote: str) -> Refused | None:
        """Why a place cannot stand although its words fit."""
        text, speech = self.transcript.text, place.speech
        first, last = speech.words[place.first], speech.words[place.last]
        if place.last - place.first < 2:
            before, after = text[speech.turn.start : first.start].rstrip(), text[last.end : speech.turn.end].lstrip()
            if (before and before[-1] not in ".!?…") or (after and after[0] not in ".!?…"):
                return Refused("too short", f"“{quote.strip()}” is too short to carry a claim")
        return self._governed(place)

    def _governed(self, place: _Place) -> Refused | None:
        """Refuses a quote that begins behind the negation of its own clause."""
        speech, text = place.speech, self.transcript.text
        for n in range(place.first - 1, max(-1, place.first - 1 - LOOK_BACK), -1):
            word, following = speech.words[n], speech.words[n + 1]
            if _CLAUSE_END.search(text[word.end : following.start]):
                return None
            if word.key in NEGATIONS:
                if following.key in ("only", "just"):
                    return None
                said = text[word.start : speech.words[place.last].end]
                return Refused("negation", f"the quote leaves out the negation in front of it: “{_short(said)}”")
            if word.key in _CLAUSE_STARTERS:
                return None
        return None

    def _explain(self, words: Sequence[_Word], speeches: Sequence[_Speech], turns: Collection[int] | None) -> Refused:
        """Why nothing was found."""
        keys = [word.key for word in words]
        others = [self._speech(t) for t in self.transcript.turns]
        if any(True for s in others if s.turn.role is Role.INTERVIEWER for _ in _runs(s.keys, keys)):
            return Refused("interviewer", "the interviewer said this, not a respondent")
        if turns is not None and any(True for s in others if s.turn.role is not Role.INTERVIEWER for _ in _runs(s.keys, keys)):
            return Refused("elsewhere", "this was said in a part of the conversation that was not sent")
        everything = [key for s in others for key in s.keys]
        if any(True for _ in _runs(everything, keys)):
            return Refused("speaker change", "the quote runs from one turn into the next")
        return self._nearest(words, speeches)

    def _nearest(self, words: Sequence[_Word], speeches: Sequence[_Speech]) -> Refused:
        """Names the nearest passage and what was changed."""
        wanted = " ".join(word.key for word in words)
        best, score = None, float(NEAR)
        for speech in speeches:
            if len(speech.joined) < len(wanted) // 2:
                continue
            found = fuzz.partial_ratio_alignment(wanted, speech.joined, score_cutoff=score)
            if found is not None and found.score > score:
                best, score = (speech, found.dest_start, found.dest_end), found.score
        if best is None:
            return Refused("not said", "nobody said this")
        speech, low, high = best
        first = speech.joined.count(" ", 0, max(0, low))
        last = min(len(speech.words) - 1, speech.joined.count(" ", 0, high))
        said = speech.words[first : last + 1]
        passage = _short(self.transcript.text[said[0].start : said[-1].end])
        return Refused(self._kind(words, said), f"not said in these words; the nearest passage is “{passage}”")

    def _kind(self, words: Sequence[_Word], said: Sequence[_Word]) -> Reason:
        """What kind of word was changed."""
        given, there = _cores(words), _cores(said)
        edits: Opcodes = WordEdits.opcodes([c.text for c in given], [c.text for c in there])
        ours = [n for o in edits if o.tag != "equal" for n in range(o.src_start, o.src_end)]
        theirs = [n for o in edits if o.tag != "equal" for n in range(o.dest_start, o.dest_end)]
        changed = {given[n].text for n in ours} | {there[n].text for n in theirs}
        if changed & NEGATIONS:
            return "negation"
        if any(_is_number(word) for word in changed):
            return "number"
        if changed & MODALS:
            return "modality"
        named = {there[n].word for n in theirs if there[n].word > 0}
        return "name" if any(self.transcript.text[said[n].start].isupper() for n in named) else "wording"


def _unspaced(speech: _Speech, words: Sequence[_Word]) -> Iterator[_Place]:
    """The same letters with other blanks and hyphens ("data set", "dataset"), as long as negations and numbers stay what they are."""
    wanted = "".join(word.key for word in words)
    if len(wanted) < 8:
        return
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    at = 0
    for n, key in enumerate(speech.keys):
        starts[at] = n
        at += len(key)
        ends[at] = n
    letters = "".join(speech.keys)
    place = letters.find(wanted)
    while place >= 0:
        first, last = starts.get(place), ends.get(place + len(wanted))
        if first is not None and last is not None:
            given, there = [w.key for w in words], speech.keys[first : last + 1]
            if _critical(given) == _critical(there):
                yield _Place(speech, first, last, "normalised")
        place = letters.find(wanted, place + 1)


def _critical(keys: Sequence[str]) -> list[str]:
    return sorted(k for k in keys if k in NEGATIONS or k in MODALS or _is_number(k))


def _method(place: _Place, said: str, quote: str) -> Method:
    return "exact" if said == quote.strip() else place.method


def _short(text: str, size: int = 160) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= size else flat[: size - 1] + "…"


def ground(quote: str, transcript: Transcript, *, turns: Collection[int] | None = None, prefer: int | None = None) -> Grounded | Refused:
    """`Grounder.ground` for a single quote."""
    return Grounder(transcript).ground(quote, turns=turns, prefer=prefer)


def verify(transcript: Transcript, start: int, end: int, quote: str) -> Turn:
    """The respondent's turn that holds ``quote`` at ``start..end``.

    Raises GroundingError where the slice is another text, spans turns, or was said by the interviewer.
    """
    holder = next((t for t in transcript.turns if t.start <= start and end <= t.end), None)
    if not 0 <= start < end <= len(transcript.text) or transcript.text[start:end] != quote:
        raise GroundingError(
            f"{transcript.id} does not say “{_short(quote)}” at {start}..{end}", remedy="this is a fault of the engine: report it"
        )
    if holder is None or holder.role is Role.INTERVIEWER:
        raise GroundingError(f"{transcript.id} {start}..{end} is not within one respondent's turn", remedy="quote one turn of a respondent")
    return holder
