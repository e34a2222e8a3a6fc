"""Uploads, reading, roles, evidence by hand, and search across all transcripts of a use case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.models import Evidence, Framework, Polarity, Role, Status, Transcript
from assistant.segments import context, segment, turn_at
from assistant.sentences import SentenceIndex
from assistant.store import (
    AddedTranscript,
    EvidenceFilter,
    EvidenceItem,
    Interview,
    InterviewInfo,
    RoleOverride,
    Store,
    TranscriptInfo,
)
from assistant.transcripts import read_transcript, with_roles
from assistant.ui.access import REVIEW, WORK, User, call

CONTEXT = 90
"""Characters shown on each side of a hit."""


@dataclass(frozen=True)
class Hit:
    """A place found in a transcript."""

    transcript: TranscriptInfo
    start: int
    end: int
    before: str
    quote: str
    after: str
    speaker: str
    score: float
    """Cosine for a search by meaning; 0 for a search by word."""


@dataclass(frozen=True)
class Coding:
    """What a person says of a quote that they selected."""

    element: str
    stage_low: int
    stage_high: int
    statement: str | None
    polarity: Polarity
    status: Status
    codes: tuple[str, ...] = ()
    rationale: str = ""

    def span(self, framework: Framework) -> tuple[str | None, int, int]:
        """Statement and stages that follow: a statement's own run, else those chosen; stage 1 and no statement for what is absent."""
        if self.polarity is Polarity.ABSENT:
            return None, 1, 1
        statement = framework.element(self.element).statement(self.statement) if self.statement else None
        return (statement.id, statement.stage_low, statement.stage_high) if statement else (None, self.stage_low, self.stage_high)

    def disputed(self) -> tuple[str, ...]:
        """Practice codes that are chosen both as present and as absent."""
        return tuple(c for c in self.codes if f"!{c}" in self.codes)


@call(WORK)
def preview(user: User, name: str, data: bytes, interviewers: Sequence[str] | None = None) -> Transcript:
    """The transcript that a file holds; nothing is saved. Raises TranscriptError with file, place and remedy."""
    transcript = read_transcript(data, name=name)
    return transcript if interviewers is None else with_roles(transcript, list(interviewers))


@call(WORK)
def save(
    user: User,
    store: Store,
    use_case: str,
    transcript: Transcript,
    data: bytes,
    *,
    people: Mapping[str, str] | None = None,
    functions: Mapping[str, str] | None = None,
    held_on: str = "",
) -> AddedTranscript:
    """Keeps a transcript with its original, or nothing of it.

    ``people``: speaker -> participant id where known; ``functions``: speaker -> what they do. Raises InputError, NotFoundError, StoreError.
    """
    info = InterviewInfo(held_on=held_on, participants=dict(people or {}))
    with store.unit():
        added = store.add_transcript(use_case, transcript, data, info, by=user.name)
        if added.created and functions:
            _describe(user, store, use_case, added, functions)
    return added


def _describe(user: User, store: Store, use_case: str, added: AddedTranscript, functions: Mapping[str, str]) -> None:
    """Notes what the speakers do; names and pseudonyms stay."""
    speakers = next(i.speakers for i in store.interviews(use_case) if i.id == added.info.interview)
    names = {p.id: p.name for p in store.participants(use_case)}
    for speaker, function in functions.items():
        if function.strip() and (person := speakers.get(speaker)) is not None:
            store.describe_participant(person, name=names[person], role=function.strip(), by=user.name)


@call(REVIEW)
def listing(user: User, store: Store, use_case: str) -> tuple[tuple[TranscriptInfo, Interview], ...]:
    """Transcripts with their interviews, in the order in which they were added."""
    interviews = {i.id: i for i in store.interviews(use_case)}
    return tuple((info, interviews[info.interview]) for info in store.transcripts(use_case))


@call(REVIEW)
def read(user: User, store: Store, use_case: str, transcript: str) -> Transcript:
    """One transcript as it now reads. Raises NotFoundError."""
    return store.transcript(use_case, transcript)


@call(WORK)
def set_roles(user: User, store: Store, use_case: str, transcript: str, roles: dict[str, Role]) -> Transcript:
    """Says who speakers are. Raises NotFoundError, InputError."""
    overrides = [RoleOverride(role=role, speaker=speaker) for speaker, role in roles.items()]
    return store.override_roles(use_case, transcript, overrides, by=user.name)


@call(REVIEW)
def evidence_of(user: User, store: Store, use_case: str, transcript: str, wanted: EvidenceFilter) -> tuple[EvidenceItem, ...]:
    """Evidence of one transcript, by position (at most 1000 pieces)."""
    return store.evidence(use_case, wanted.model_copy(update={"transcripts": (transcript,)}), limit=1000).items


@call(REVIEW)
def add_evidence(
    user: User, store: Store, use_case: str, framework: Framework, transcript: str, start: int, end: int, coding: Coding
) -> EvidenceItem:
    """Evidence that a person found, confirmed by them. Raises GroundingError outside one respondent's turn; InputError; NotFoundError."""
    text = store.transcript(use_case, transcript).text
    statement, low, high = coding.span(framework)
    found = Evidence(
        id="e-new",
        transcript=transcript,
        framework=framework.id,
        element=coding.element,
        quote=text[start:end] or " ",
        start=start,
        end=max(end, start + 1),
        polarity=coding.polarity,
        status=coding.status,
        stage_low=low,
        stage_high=high,
        statement=statement,
        codes=coding.codes,
        engine=f"person/{user.name}",
        rationale=coding.rationale,
    )
    return store.add_evidence(use_case, found, user.name)


# ---------------------------------------------------------------- search


def _hit(info: TranscriptInfo, transcript: Transcript, start: int, end: int, score: float = 0.0) -> Hit:
    around = context(transcript, start, end, CONTEXT)
    turn = turn_at(transcript, start)
    return Hit(info, start, end, around.before, around.quote, around.after, turn.speaker if turn else "", score)


@call(REVIEW)
def search_words(user: User, store: Store, use_case: str, words: str, *, limit: int = 50) -> tuple[Hit, ...]:
    """Places where the words stand, whatever their case; in order of transcript and position."""
    wanted = words.strip().lower()
    hits: list[Hit] = []
    if not wanted:
        return ()
    for info in store.transcripts(use_case):
        transcript = store.transcript(use_case, info.id)
        # Lower-casing one character may give two (İ): then offsets would not fit, and the text is searched as it is.
        lowered = transcript.text.lower()
        text = lowered if len(lowered) == len(transcript.text) else transcript.text
        at = text.find(wanted)
        while at >= 0 and len(hits) < limit:
            hits.append(_hit(info, transcript, at, at + len(wanted)))
            at = text.find(wanted, at + len(wanted))
    return tuple(hits)


@call(REVIEW)
def search_meaning(user: User, store: Store, index: SentenceIndex, use_case: str, text: str, *, limit: int = 20) -> tuple[Hit, ...]:
    """Sentences of respondents nearest in meaning, best first. The first search of a transcript embeds it."""
    if not text.strip():
        return ()
    query = index.embed([text])[0]
    ranked: list[Hit] = []
    for info in store.transcripts(use_case):
        transcript = store.transcript(use_case, info.id)
        sentences = segment(transcript)
        scores = index.vectors(info.id, [s.text for s in sentences]) @ query if sentences else []
        answers = [n for n, s in enumerate(sentences) if transcript.turns[s.turn].role is not Role.INTERVIEWER]
        for n in sorted(answers, key=lambda n: -float(scores[n]))[:limit]:
            ranked.append(_hit(info, transcript, sentences[n].start, sentences[n].end, float(scores[n])))
    return tuple(sorted(ranked, key=lambda h: -h.score)[:limit])
