"""Blocks found in a document's text -> canonical text and turns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from assistant.transcripts.build import Draft, Utterance, compose
from assistant.transcripts.labels import clean
from assistant.transcripts.plain import Block

_LETTER: Final = re.compile(r"[^\W\d_]")


def _utterances(found: Sequence[Block], text: str, joiner: str) -> Iterator[Utterance]:
    """One utterance per paragraph. Mere times and rules are left out: the times are in the spans."""
    named = any(block.speaker for block in found)
    for block in found:
        for place, part in enumerate(block.parts):
            lines = [line.strip() for line in text[part.start : part.end].split("\n")]
            said = joiner.join(line for line in lines if line)
            if not block.spoken:
                if _LETTER.search(said):
                    yield Utterance("", said, spoken=False)
                continue
            # A labelled paragraph joins the speaker's turn as a cue does; a further paragraph stays a paragraph of it.
            glue = "\n\n" if place else " " if named else None
            yield Utterance(clean(block.speaker), said, part.time, part.time_end, glue=glue)


def from_blocks(found: Sequence[Block], text: str, *, joiner: str) -> tuple[str, list[Draft]]:
    """Canonical text and turns; ``joiner`` stands between the lines of a paragraph."""
    return compose(_utterances(found, text, joiner))
