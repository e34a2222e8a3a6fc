"""Framework -> the codebook as it is sent: short ids, statements without the words that repeat the element's name."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Final

from assistant.models import Element, Framework

_HANGING: Final = frozenset(("a", "an", "and", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with"))
"""Words that no statement may end with."""


def short_id(index: int) -> str:
    """A … Z, AA, AB …"""
    letters = ""
    for _ in count():
        letters = chr(ord("A") + index % 26) + letters
        index = index // 26 - 1
        if index < 0:
            break
    return letters


@dataclass(frozen=True)
class Codebook:
    """Short ids of one framework; they are the same in every window."""

    framework: Framework

    @cached_property
    def elements(self) -> dict[str, Element]:
        """Elements by short id."""
        return {short_id(n): e for n, e in enumerate(self.framework.elements)}

    @cached_property
    def short(self) -> dict[str, str]:
        """Short ids by element id."""
        return {e.id: s for s, e in self.elements.items()}

    @property
    def stages(self) -> tuple[int, ...]:
        """Stage numbers."""
        return tuple(s.number for s in self.framework.stages)

    def stage_names(self) -> str:
        """``1 Ad hoc, 2 DataOps …``"""
        return ", ".join(f"{s.number} {s.short or s.name}" for s in self.framework.stages)

    def text(self, wanted: Collection[str]) -> str:
        """The elements with these ids and their statements, one line each."""
        return "\n".join(f"{s} {self._gloss(e)}\n{self._statements(e)}" for s, e in self.elements.items() if e.id in wanted)

    def codes(self, wanted: Collection[str]) -> str:
        """Practice codes of these elements with their descriptions."""
        of = {c for e in self.framework.elements if e.id in wanted for c in e.codes}
        return "; ".join(f"{p.code} {p.description}" for p in self.framework.practices if p.code in of) or "none"

    def _gloss(self, element: Element) -> str:
        return f"{element.name}" if not element.synonyms else f"{element.name} ({', '.join(element.synonyms[:2])})"

    def _statements(self, element: Element) -> str:
        texts = without_common_end([lean(s.text, element.name) for s in element.statements])
        runs = (f"{s.stage_low}" if s.stage_low == s.stage_high else f"{s.stage_low}-{s.stage_high}" for s in element.statements)
        return "\n".join(f"{run} {text}" for run, text in zip(runs, texts, strict=True))


def without_common_end(texts: list[str]) -> list[str]:
    """The texts without the words that (all but one of) them end with; every text keeps at least one word, and stays unlike the others."""
    split = [text.split() for text in texts]
    best, saved = texts, 0
    for words in split:
        for size in range(1, len(words)):
            end = words[-size:]
            ending = [w[-size:] == end and len(w) > size for w in split]
            shorter = [" ".join(w[:-size]) if is_there else text for w, is_there, text in zip(split, ending, texts, strict=True)]
            hanging = any(t.split()[-1].lower() in _HANGING for t, is_there in zip(shorter, ending, strict=True) if is_there)
            enough = sum(ending) >= max(2, len(texts) - 1) and size * sum(ending) > saved
            if enough and not hanging and len(set(shorter)) == len(set(texts)):
                best, saved = shorter, size * sum(ending)
    return best


def lean(statement: str, name: str) -> str:
    """The statement without the name of its element, which stands above it; the whole where nothing would be left."""
    pattern = rf"\s*(?:\b(?:processes )?(?:for|of) )?\b{re.escape(name)}\b(?: (?:is|are)\b)?"
    shorter = re.sub(pattern, "", statement, flags=re.IGNORECASE).strip(" ,.")
    return shorter[:1].upper() + shorter[1:] if len(shorter.split()) >= 2 else statement
