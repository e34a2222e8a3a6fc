"""Whether a conversation is about machine learning at all: a plain count of words, to warn of a wrong file."""

from __future__ import annotations

import re
from typing import Final

from assistant.models import Transcript

LEAST: Final = 300
"""Words from which the absence of all of these says something."""
_SUBJECT: Final = re.compile(
    r"\b(?:(?:machine|deep) learning|ml|mlops|ai|artificial intelligence|models?|modell?ing|(?:re)?train(?:s|ed|ing)?|data scien\w+|neural|"
    r"predict\w*|llms?)\b",
    re.IGNORECASE,
)


def remarks(transcript: Transcript) -> tuple[str, ...]:
    """What a person should know of a transcript: what its reader had to guess, and `off_subject`."""
    return tuple(note for note in (*transcript.notes, off_subject(transcript)) if note)


def off_subject(transcript: Transcript) -> str:
    """A remark where nothing in a conversation of 300 words or more names machine learning; else empty.

    Engines know how software is built and run; in a talk on other software they find practices that are no evidence here.
    """
    if len(transcript.text.split()) < LEAST or _SUBJECT.search(transcript.text):
        return ""
    return "No word of machine learning occurs in it (model, training, prediction, ML, AI): what is found may be about other software."
