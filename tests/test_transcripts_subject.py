"""A conversation that is not about machine learning is remarked on; one that is never is."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.transcripts import read_transcript, remarks
from assistant.transcripts.subject import LEAST, off_subject

SAMPLES = sorted(p for p in (Path(__file__).parents[1] / "transcripts").iterdir() if p.name != "README.md")
OTHER = "We release the client each Tuesday, and a script rolls it out to the nodes. "


def talk(text: str) -> bytes:
    return f"Ines Falk: How do you release?\n\nBea Lund: {text}\n".encode()


def test_long_talk_of_other_software_is_remarked_on() -> None:
    found = read_transcript(talk(OTHER * 40), name="call.txt")
    assert "may be about other software" in off_subject(found)
    assert remarks(found) == (*found.notes, off_subject(found))


@pytest.mark.parametrize("word", ["model", "Retraining", "machine learning", "ML", "predictions", "data scientists"])
def test_one_word_of_it_is_enough_to_say_nothing(word: str) -> None:
    found = read_transcript(talk(OTHER * 40 + f"That is our {word} work."), name="call.txt")
    assert off_subject(found) == ""
    assert remarks(found) == found.notes


def test_little_is_said_of_little() -> None:
    short = read_transcript(talk(OTHER), name="call.txt")
    assert len(short.text.split()) < LEAST
    assert off_subject(short) == ""


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.name)
def test_no_sample_interview_is_remarked_on(path: Path) -> None:
    assert off_subject(read_transcript(path.read_bytes(), name=path.name)) == ""
