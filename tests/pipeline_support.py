"""What tests of engine, pipeline and command line share: samples with codings by hand, a short conversation, a clean environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from assistant.models import Evidence, Framework, Role, Transcript
from assistant.transcripts import read_transcript
from benchmarks.corpus.reading import Label, read

ROOT = Path(__file__).resolve().parents[1]
ORACLE = ROOT / "tests" / "oracle"
SAMPLES = tuple(sorted(p for p in (ROOT / "transcripts").iterdir() if p.name != "README.md"))

MANUAL = "We deploy the model by hand, one of us copies the pickle file to the server and restarts the service."
ALERTS = "In production we watch the accuracy on a dashboard and we get an alert when the input data drifts."
CHAT = (
    "I live in Porto with two cats and I like it a lot.",
    "My train was late again today, sorry about that.",
    "The coffee machine upstairs is new, you should try it.",
)
SHORT = "".join(
    f"Interviewer: {question}\nAnna: {answer}\n"
    for question, answer in (
        ("Hello, who are you?", CHAT[0]),
        ("Did you find the room?", CHAT[1]),
        ("How do you bring a model to production?", MANUAL),
        ("And then?", ALERTS),
        ("Anything else?", CHAT[2]),
    )
)
"""A conversation in which two things are said."""


def talk(text: str, name: str = "talk.txt", **options: object) -> Transcript:
    """The transcript of some text."""
    return read_transcript(text.encode(), name=name, **options)  # type: ignore[arg-type]


def clean_environment() -> dict[str, str]:
    """The process's variables without any that sets the assistant or names an endpoint."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("ASSISTANT_", "OPENAI_")) or k.startswith("ASSISTANT_TEST_")}


@dataclass(frozen=True)
class Oracle:
    """The coding by hand of one sample, laid over its transcript."""

    sentences: tuple[tuple[int, int], ...]
    """Where each coded sentence of a respondent stands in the transcript."""
    labels: tuple[dict[str, Label], ...]
    """Its labels by element."""

    def pairs(self, *statuses: str) -> set[tuple[int, str]]:
        """(sentence, element) of labels with one of these statuses."""
        return {(n, element) for n, found in enumerate(self.labels) for element, label in found.items() if label.status in statuses}

    def covered(self, evidence: Evidence) -> set[tuple[int, str]]:
        """(sentence, element) that a quote covers by more than half of the sentence."""
        return {
            (n, evidence.element)
            for n, (start, end) in enumerate(self.sentences)
            if 2 * (min(end, evidence.end) - max(start, evidence.start)) > end - start
        }


def read_oracle(stem: str, transcript: Transcript, framework: Framework) -> Oracle:
    """The coding of a sample; its words must be those of the transcript, in order."""
    rows = read(ORACLE / f"{stem}.tsv", framework)
    words: list[tuple[str, int, int]] = []
    for turn in transcript.turns:
        if turn.role is Role.INTERVIEWER or not turn.speaker:  # the label of the SubRip sample has no speaker
            continue
        at = turn.start
        for word in transcript.text[turn.start : turn.end].split():
            at = transcript.text.index(word, at)
            words.append((word, at, at + len(word)))
            at += len(word)
    spoken = [(n, word) for n, row in enumerate(rows) for word in row.sentence.text.split()]
    assert [w for w, _, _ in words] == [w for _, w in spoken], f"{stem}: the coding is not of this transcript"
    spans = []
    for _, group in groupby(zip(spoken, words, strict=True), key=lambda pair: pair[0][0]):
        said = [place for _, place in group]
        spans.append((said[0][1], said[-1][2]))
    return Oracle(tuple(spans), tuple(row.labels for row in rows))
