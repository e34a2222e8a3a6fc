"""Participants shown as P1, P2 … and interviewers as I1, I2 …, also where somebody says their name.

A name is masked where it is written as a whole word, as the speaker label has it (also in capitals). Words that are a part of a
name and an ordinary word too (Will, Mark, May, Data) are masked only beside another part of that name: masking every "will" would
destroy the text, and the report says that masking is a help, not anonymisation. Offsets always refer to the original text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from assistant.models import Framework, Role, Transcript


class Run(NamedTuple):
    """A stretch of text as it is shown."""

    text: str
    """What the reader sees."""
    kind: Literal["plain", "mask"] = "plain"
    """``mask``: it stands in place of a name."""


Runs = tuple[Run, ...]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TITLES: Final = _words("dr dr. mr mr. mrs mrs. ms ms. prof prof. sir von van der den de di da la le el al bin ibn of and the")
_ROLE_WORDS: Final = _words(
    "speaker interviewer interviewee respondent participant person host guest moderator unknown unnamed user caller researcher assistant "
    "head lead leader manager director officer chief engineer engineers scientist developer analyst architect owner product data team "
    "business expert statistician statistical ml ai mlops devops it cto ceo cio cdo vp consultant professor doctor student company "
    "customer client admin operator nurse teacher machine learning platform senior junior principal staff software model operations "
    "room meeting conference laptop phone iphone ipad external internal you me i"
)
"""Words of labels that name a part somebody plays, not somebody."""
_COMMON: Final = _words(
    "will mark may rose grace april june august art bill chase chip cliff dawn faith frank grant guy hope joy page pat patience rich "
    "skip sunny young long short small smart white black brown green gray grey gold silver king cook best cross day field fields fish fox "
    "frost hall hand hill house hunt lake law little love lord low moon north south west east park peace pool power price rain rice rock "
    "sharp snow speed spring stone storm strong summer winter swift wall waters way wells wise wood woods street good real fair rest new "
    "case cash clay close cool dash early happy holiday friday sunday monday justice major max still even ever once over under more most "
    "much many some any all can could should would shall might must here there then than when where who why how what this that these "
    "those yes okay well also only just very"
)
"""Parts of names that are ordinary words too, which may well begin a sentence with a capital."""

_LETTER: Final = r"[^\W\d_]"
_WIDE: Final = re.compile("[\u2e80-\u9fff\uac00-\ud7af\u3040-\u30ff\u0e00-\u0e7f]")
"""Scripts that write no blanks between words."""
_SPLIT: Final = re.compile(r"[\s,;/@_]+|\.(?=\S)")


@dataclass(frozen=True)
class Person:
    """One participant."""

    label: str
    """``P1``, ``I1``; the name itself where names are shown."""
    name: str
    """As the transcripts give it; empty where a file names nobody."""
    parts: frozenset[str]
    """Words of the name, as written."""


def name_parts(label: str) -> tuple[str, ...]:
    """The words of a speaker label that are a name: without titles, roles, brackets and mail domains."""
    bare = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", label)
    bare = re.sub(r"(\S+)@\S+", r"\1", bare)
    words = [w.strip(".'\"’`-–—:") for w in _SPLIT.split(bare)]
    names = [w for w in words if w and any(c.isalpha() for c in w) and not any(c.isdigit() for c in w) and w.lower() not in _TITLES]
    kept = [w for w in names if w.lower() not in _ROLE_WORDS]
    # "Head of Marketing", "Speaker Two": a label that plays a part names nobody for sure, unless rare words are left.
    if len(kept) < len(names):
        kept = [w for w in kept if w.lower() not in _COMMON]
    hyphens = [p for w in kept for p in re.split(r"[-–]", w) if len(p) >= 3]
    return tuple(dict.fromkeys([*kept, *hyphens]))


def _spellings(part: str) -> set[str]:
    """The ways a part may be written: as given, composed or decomposed, with a capital, in capitals."""
    forms = {part, part[0].upper() + part[1:], part.upper()} if len(part) >= 3 else {part}
    return {unicodedata.normalize(form, p) for p in forms for form in ("NFC", "NFD")} | forms


class People:
    """Who is who in a set of transcripts, and how each is shown."""

    def __init__(self, transcripts: Sequence[Transcript], framework: Framework, *, names: bool) -> None:
        self.names = names
        self._labels: dict[tuple[str, str], Person] = {}
        self._by_part: dict[str, set[str]] = {}
        self._ordinary = _COMMON | _framework_words(framework)
        self._number(transcripts)
        self._pattern = self._compile()

    def _number(self, transcripts: Sequence[Transcript]) -> None:
        """Give numbers in order of appearance. A full name is one person everywhere; ``Anna`` or ``Speaker 1`` only within a file."""
        keys: dict[str, Person] = {}
        interviewers = _always_interviewers(transcripts)
        counts = {"P": 0, "I": 0}
        for t in transcripts:
            for speaker in t.speakers:
                key = _key(t, speaker)
                if key not in keys:
                    letter = "I" if key in interviewers else "P"
                    counts[letter] += 1
                    label = speaker if self.names and speaker.strip() else f"{letter}{counts[letter]}"
                    keys[key] = Person(label, speaker, frozenset(name_parts(speaker)))
                self._labels[t.id, speaker] = keys[key]
        for person in keys.values():
            for part in person.parts:
                for form in _spellings(part):
                    self._by_part.setdefault(form, set()).add(person.label)

    def _compile(self) -> re.Pattern[str] | None:
        """One expression for a run of name parts with blanks, hyphens or initials' dots between them."""
        if self.names or not self._by_part:
            return None
        forms = sorted(self._by_part, key=lambda f: (-len(f), f))
        spaced = [re.escape(f) for f in forms if not _WIDE.search(f)]
        wide = [re.escape(f) for f in forms if _WIDE.search(f) and len(f) >= 2]
        choices = []
        if spaced:
            one = f"(?:{'|'.join(spaced)})"
            choices.append(rf"(?<!{_LETTER}){one}(?:(?:[ \u00a0]|\.[ \u00a0]?|[-_]){one})*(?!{_LETTER})")
        if wide:
            choices.append(f"(?:{'|'.join(wide)})")
        return re.compile("|".join(choices)) if choices else None

    def person(self, transcript: Transcript, speaker: str) -> Person:
        """The person behind a speaker label of a transcript; somebody unnamed where the transcript has no such speaker."""
        return self._labels.get((transcript.id, speaker)) or Person(speaker if self.names and speaker else "unnamed", speaker, frozenset())

    @property
    def everybody(self) -> tuple[Person, ...]:
        """All people, in order of appearance."""
        return tuple(dict.fromkeys(self._labels.values()))

    def masks(self, text: str, transcript: Transcript | None = None) -> tuple[tuple[int, int, str], ...]:
        """``(start, end, mask)`` of the names in a text, in order; people of ``transcript`` come first where a name is shared."""
        if self._pattern is None:
            return ()
        here = {p.label for (t, _), p in self._labels.items() if transcript is not None and t == transcript.id}
        found: list[tuple[int, int, str]] = []
        for match in self._pattern.finditer(text):
            found.extend(self._resolve(match.start(), match.group(), here))
        return tuple(found)

    def _resolve(self, at: int, words: str, here: set[str]) -> Iterable[tuple[int, int, str]]:
        """What to do with a run of name parts: one mask where one person has them all, else each part for itself."""
        whole = self._by_part.get(words)
        parts = [words] if whole else re.split(r"[ \u00a0._-]+", words)
        shared = whole or set.intersection(*(self._by_part.get(p, set()) for p in parts))
        if shared and (len(parts) > 1 or self._telling(words)):
            yield at, at + len(words), _mask(shared & here or shared)
        elif not shared:
            offset = 0
            for part in parts:
                start = words.index(part, offset)
                offset = start + len(part)
                owners = self._by_part.get(part, set())
                if owners and self._telling(part):
                    yield at + start, at + offset, _mask(owners & here or owners)

    def _telling(self, part: str) -> bool:
        """Whether the part alone gives a person away: long enough, and no ordinary word."""
        if _WIDE.search(part):
            return len(part) >= 2
        return len(part) >= 3 and part.lower() not in self._ordinary

    def runs(self, text: str, transcript: Transcript | None = None) -> Runs:
        """The text as it is shown, names masked."""
        return cut(text, 0, len(text), self.masks(text, transcript))

    def shown(self, text: str, transcript: Transcript | None = None) -> str:
        """`runs` as one string."""
        return "".join(run.text for run in self.runs(text, transcript))

    def file_name(self, name: str) -> str:
        """A file name without names: there they are often in lower case."""
        if self._pattern is None:
            return name
        loose = re.compile(self._pattern.pattern, re.IGNORECASE)
        lower = {form.lower(): owners for form, owners in sorted(self._by_part.items())}

        def mask(match: re.Match[str]) -> str:
            words = match.group().lower()
            parts = re.split(r"[ \u00a0._-]+", words)
            owners = lower.get(words) or set.union(*(lower.get(p, set()) for p in parts))
            return _mask(owners) if owners and (len(parts) > 1 or self._telling(words)) else match.group()

        return loose.sub(mask, name)


def cut(text: str, start: int, end: int, masks: Iterable[tuple[int, int, str]]) -> Runs:
    """``text[start:end]`` as runs, with the masks (offsets in ``text``) in place of what they cover, also where only partly inside."""
    runs: list[Run] = []
    at = start
    for low, high, mask in masks:
        if high <= at or low >= end:
            continue
        if low > at:
            runs.append(Run(text[at:low]))
        runs.append(Run(mask, "mask"))
        at = min(high, end)
    if at < end:
        runs.append(Run(text[at:end]))
    return tuple(runs)


def _mask(labels: set[str]) -> str:
    ordered = sorted(labels, key=lambda x: (x[0], int(x[1:])))
    # Many people may share a first name; the mask must not grow with them.
    return f"[{' or '.join(ordered[:3])}{' or others' if len(ordered) > 3 else ''}]"


def _key(transcript: Transcript, speaker: str) -> str:
    """Identity of a speaker: the full name, or the file and the label where that is no full name."""
    words = [p for p in name_parts(speaker) if "-" not in p]
    return speaker if len(words) >= 2 else f"{transcript.id}\x1f{speaker}"


def _always_interviewers(transcripts: Sequence[Transcript]) -> set[str]:
    asks: dict[str, bool] = {}
    for t in transcripts:
        for turn in t.turns:
            key = _key(t, turn.speaker)
            asks[key] = asks.get(key, True) and turn.role is Role.INTERVIEWER
    return {key for key, always in asks.items() if always}


def _framework_words(framework: Framework) -> frozenset[str]:
    """Words that the framework writes in lower case: they are vocabulary of the field, not names."""
    texts = [f"{e.name} {e.description} {' '.join(e.synonyms)} {' '.join(s.text for s in e.statements)}" for e in framework.elements]
    return frozenset(w for t in texts for w in re.findall(r"[^\W\d_]{3,}", t) if w.islower())


__all__ = ["People", "Person", "Run", "Runs", "cut", "name_parts"]
