"""Names out before anything is sent, and a way back for every offset.

What is replaced: the speakers, the participants and organisations that are known, the user's own list, e-mail addresses, web addresses
and phone numbers (found by ``phonenumbers``, which works without network). Each becomes a placeholder such as ``[P1]``, the same one
wherever the same name occurs. There is no guessing of names that nobody listed: what is not known to be a name leaves as it is.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

from assistant.models import Transcript, Turn

Kind = Literal["P", "ORG", "X", "EMAIL", "URL", "PHONE"]
"""Person, organisation, from the user's list, and three found by their form."""

_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_URL: Final = re.compile(
    r"(?:https?://|www\.)[^\s<>\"”’\])]+[^\s<>\"”’\]).,;:!?]"
    r"|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,5}"
    r"(?:com|org|net|io|ai|co|dev|app|edu|gov|eu|uk|de|fr|nl|se|no|dk|es|ch)\b(?:/[^\s<>\"”’\])]*)?",
    re.IGNORECASE,
)
_GENERIC: Final = re.compile(
    r"(?:speaker|interviewer|interviewee|respondent|participant|host|guest|moderator|unknown|expert|person|[pqrsa])[ _-]*\d*\Z",
    re.IGNORECASE,
)
_RUNS: Final = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")
_MARK: Final = re.compile(r"['’‘ʼ`´\-‐‑‒–—.·\s_]+")


@dataclass(frozen=True)
class Names:
    """Who must not be named."""

    people: tuple[str, ...] = ()
    """Full names; their parts are replaced too, where they are written with a capital."""
    organisations: tuple[str, ...] = ()
    """Companies, departments, products that give one away."""
    others: tuple[str, ...] = ()
    """The user's own list."""

    def with_people(self, people: Iterable[str]) -> Names:
        """The same with more people; labels such as ``Speaker 1`` are no names."""
        more = tuple(p.strip() for p in people if p.strip() and not _GENERIC.match(p.strip()))
        return Names(tuple(dict.fromkeys((*self.people, *more))), self.organisations, self.others)


@dataclass(frozen=True)
class Swap:
    """One replacement: where it was, where it is."""

    start: int
    end: int
    new_start: int
    new_end: int
    placeholder: str


@dataclass(frozen=True)
class Redacted:
    """A transcript without names."""

    transcript: Transcript
    """What may be sent; its ``text`` has placeholders, its turns other offsets, no names of speakers and no times."""
    swaps: tuple[Swap, ...] = field(default=())
    """In order of position."""

    @cached_property
    def _starts(self) -> list[int]:
        return [s.new_start for s in self.swaps]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that ``start..end`` of the redacted one stands for; a placeholder is taken whole."""
        return self._back(start, at_start=True), self._back(end, at_start=False)

    def _back(self, place: int, *, at_start: bool) -> int:
        n = bisect_right(self._starts, place if at_start else place - 1) - 1
        if n < 0:
            return place
        swap = self.swaps[n]
        if place < swap.new_end:
            return swap.start if at_start else swap.end
        return place - swap.new_end + swap.end


def redact(transcript: Transcript, names: Names, *, region: str | None = None) -> Redacted:
    """The transcript with placeholders. Speakers are people whose names are replaced; ``region`` (``GB``) finds national phone numbers."""
    text = transcript.text
    found = _choose(_find(text, names.with_people(transcript.speakers), region))
    pieces, swaps, at, length = [], [], 0, 0
    for start, end, placeholder in found:
        pieces += [text[at:start], placeholder]
        length += start - at
        swaps.append(Swap(start, end, length, length + len(placeholder), placeholder))
        length += len(placeholder)
        at = end
    pieces.append(text[at:])
    moved = _Mover(swaps)
    speakers = {name: f"S{n}" for n, name in enumerate(transcript.speakers, 1)}
    turns = tuple(
        Turn(index=t.index, speaker=speakers[t.speaker], role=t.role, start=moved(t.start), end=moved(t.end)) for t in transcript.turns
    )
    copy = transcript.model_copy(update={"text": "".join(pieces), "turns": turns, "name": "transcript", "notes": ()})
    return Redacted(copy, tuple(swaps))


class _Mover:
    """Offsets of the original -> offsets of the redacted text; inside a replaced stretch its near end."""

    def __init__(self, swaps: Sequence[Swap]) -> None:
        self._swaps = swaps
        self._starts = [s.start for s in swaps]

    def __call__(self, place: int) -> int:
        n = bisect_right(self._starts, place) - 1
        if n < 0:
            return place
        swap = self._swaps[n]
        if place < swap.end:
            return swap.new_start if place == swap.start else swap.new_end
        return place - swap.end + swap.new_end


Found = tuple[int, int, str, str]
"""Start, end, kind of placeholder, what it stands for."""


def _find(text: str, names: Names, region: str | None) -> Iterator[Found]:
    for pattern, kind in ((_EMAIL, "EMAIL"), (_URL, "URL")):
        for match in pattern.finditer(text):
            yield match.start(), match.end(), kind, match.group().casefold()
    yield from _phones(text, region)
    folded = _Folded(text)
    for kind, listed in (("X", names.others), ("ORG", names.organisations), ("P", names.people)):
        for name in listed:
            for start, end in folded.occurrences(name, inside=kind != "P"):
                yield start, end, kind, name.casefold()
            if kind == "P":
                for part in _parts(name):
                    yield from ((a, b, kind, name.casefold()) for a, b in folded.occurrences(part) if text[a].isupper())


def _phones(text: str, region: str | None) -> Iterator[Found]:
    import phonenumbers

    for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.POSSIBLE):
        if sum(c.isdigit() for c in match.raw_string) >= 7:
            yield match.start, match.end, "PHONE", phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)


def _parts(name: str) -> list[str]:
    """Given name and surname; initials and particles say nothing."""
    parts = [p.strip(".,") for p in name.split()]
    return [p for p in parts if len(p) >= 3 and not p.islower()] if len(parts) > 1 else []


class _Folded:
    """A text in which names are found whatever their case, accents and blanks; with the place of every character."""

    def __init__(self, text: str) -> None:
        self._text = text
        folded: list[str] = []
        self._places: list[int] = []
        for run in _RUNS.finditer(text):
            if run.group().isascii():
                folded.append(run.group().lower())
                self._places.extend(range(run.start(), run.end()))
                continue
            for place in range(run.start(), run.end()):
                for part in _fold(text[place]):
                    folded.append(part)
                    self._places.append(place)
        self._folded = "".join(folded)

    def occurrences(self, name: str, *, inside: bool = False) -> Iterator[tuple[int, int]]:
        """Spans of ``name`` as whole words. ``inside``: also words that hold it with the same capitals (``AcmeCloud``), taken whole."""
        words = [w for w in _MARK.split("".join(part for c in name for part in _fold(c))) if w]
        if not words:
            return
        pattern = r"(?:['’‘ʼ`´\-‐‑‒–—.·\s_]{0,8})".join(re.escape(w) for w in words)
        left = r"(?<![^\W_])" if words[0][0].isalnum() else ""
        right = r"(?![^\W_])" if words[-1][-1].isalnum() else ""
        for match in re.finditer(left + pattern + right, self._folded):
            yield self._places[match.start()], self._end(match.end())
        stripped = name.strip()
        if inside and len(stripped) >= 4 and stripped[0].isupper():
            for match in re.finditer(rf"\w*{re.escape(stripped)}\w*", self._text):
                yield match.span()

    def _end(self, folded_end: int) -> int:
        end = self._places[folded_end - 1] + 1
        while end < len(self._text) and unicodedata.category(self._text[end]) in ("Mn", "Cf"):
            end += 1
        return end


def _fold(character: str) -> str:
    """Without case and accents; nothing for an invisible character."""
    if character.isascii():
        return character.lower()
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(p for p in parts if unicodedata.category(p) not in ("Mn", "Cf"))


def _choose(found: Iterable[Found]) -> list[tuple[int, int, str]]:
    """Replacements that do not overlap: overlapping ones become one with the placeholder of the longest; numbered by first appearance."""
    numbers: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}
    merged: list[list[object]] = []
    for start, end, kind, key in sorted(found, key=lambda f: (f[0], -f[1], f[2], f[3])):
        if merged and start < int(str(merged[-1][1])):
            merged[-1][1] = max(int(str(merged[-1][1])), end)
        else:
            merged.append([start, end, kind, key])
    chosen = []
    for start_, end_, kind_, key_ in merged:
        known = (str(kind_), str(key_))
        if known not in numbers:
            counts[known[0]] = counts.get(known[0], 0) + 1
            numbers[known] = f"[{known[0]}{counts[known[0]]}]"
        chosen.append((int(str(start_)), int(str(end_)), numbers[known]))
    return chosen
