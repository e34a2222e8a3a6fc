"""A large project for the measurements of the app: 60 transcripts, 5,000 pieces of evidence."""

from __future__ import annotations

import random

from assistant.extraction.base import Coding, to_evidence
from assistant.frameworks import load_framework
from assistant.models import CodingResult, CodingTask, Polarity, Role, Status
from assistant.store import Store, UseCase
from assistant.transcripts import read_transcript

TRANSCRIPTS = 60
PIECES = 5000


def build(url: str, *, transcripts: int = TRANSCRIPTS, pieces: int = PIECES) -> UseCase:
    """Fills a new database: the words are made up, the structure is that of real interviews."""
    random.seed(7)
    framework = load_framework()
    statuses = [Status.CURRENT] * 8 + [Status.PLANNED, Status.PAST]
    per = -(-pieces // transcripts)
    with Store.open(url) as store:
        use_case = store.add_use_case(store.add_organisation("Large").id, "Everything")
        left = pieces
        for n in range(transcripts):
            data = _talk(n).encode()
            store.add_transcript(use_case.id, read_transcript(data, name=f"talk-{n:02d}.vtt"), data)
            transcript = store.transcript(use_case.id, store.transcripts(use_case.id)[-1].id)
            answers = [t for t in transcript.turns if t.role is not Role.INTERVIEWER]
            found = {}
            while len(found) < min(per, left):
                turn, element = random.choice(answers), random.choice(framework.elements)
                statement = random.choice(element.statements)
                absent = random.random() < 0.05
                coding = Coding(
                    element.id,
                    turn.start,
                    turn.end - random.randint(0, 12),
                    status=random.choice(statuses),
                    polarity=Polarity.ABSENT if absent else Polarity.PRESENT,
                    stage_low=statement.stage_low,
                    stage_high=statement.stage_high,
                    codes=element.codes[:1],
                    confidence=random.random(),
                    rationale="made up",
                )
                e = to_evidence(transcript, framework.id, element, turn, coding, "local/bench")
                found[e.id] = e
            left -= len(found)
            task = CodingTask(transcript=transcript, framework=framework, engine="local", engine_version="bench")
            run = store.begin_run(use_case.id, task)
            store.complete_run(run.id, CodingResult(key=task.key, evidence=tuple(found.values())))
        return use_case


_WORDS = [
    "we",
    "keep",
    "the",
    "model",
    "data",
    "pipeline",
    "release",
    "every",
    "week",
    "by",
    "hand",
    "and",
    "somebody",
    "checks",
    "the",
    "dashboard",
    "when",
    "it",
    "fails",
    "because",
    "nobody",
    "else",
    "does",
]


def _talk(number: int) -> str:
    lines = ["WEBVTT", ""]
    for n in range(120):
        who = "Ines Falk" if n % 2 == 0 else f"Respondent {number}"
        said = " ".join(random.choices(_WORDS, k=40)) + ("?" if n % 2 == 0 else ".")
        start = f"{n // 4:02d}:{n % 4 * 15:02d}.000"
        lines += [f"00:{start} --> 00:{start[:-3]}900", f"<v {who}>{number} {n} {said}</v>", ""]
    return "\n".join(lines)
