"""Uploads, reading, roles, evidence by hand, and search across all transcripts of a use case."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from assistant.models import Evidence, EvidenceState, Framework, Polarity, Role, Status, Transcript
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
from assistant.store.listing import MAX_PAGE
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
def evidence_of(
    user: User, store: Store, use_case: str, transcript: str, wanted: EvidenceFilter, *, limit: int = MAX_PAGE
) -> tuple[tuple[EvidenceItem, ...], int]:
    """Evidence of one transcript by position, at most ``limit`` pieces, and how many more there are."""
    wanted = wanted.model_copy(update={"transcripts": (transcript,)})
    page = store.evidence(use_case, wanted, limit=limit)
    if page.next is None:
        return page.items, 0
    counts = store.counts(use_case, wanted)
    shown = wanted.states or tuple(s for s in EvidenceState if s is not EvidenceState.SUPERSEDED)
    return page.items, sum(counts[s] for s in shown) - len(page.items)


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
    wanted = words.strip()
    hits: list[Hit] = []
    if not wanted:
        return ()
    # Not by lower-casing both: one character may become two (İ), and then offsets would not fit.
    pattern = re.compile(re.escape(wanted), re.IGNORECASE)
    for info in store.transcripts(use_case):
        transcript = store.transcript(use_case, info.id)
        for found in islice(pattern.finditer(transcript.text), limit - len(hits)):
            hits.append(_hit(info, transcript, found.start(), found.end()))
        if len(hits) >= limit:
            break
    return tuple(hits)


class _Sentences:
    """Where the sentences of transcripts are, kept within the process; offsets only, so that nothing said outlives its erasure here."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._found: OrderedDict[tuple[str, str], tuple[tuple[int, int, int], ...]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, transcript: Transcript) -> tuple[tuple[int, int, int], ...]:
        """Turn, first character and one past the last of every sentence, in order."""
        content = hashlib.sha256(transcript.text.encode("utf-8", "surrogatepass"))
        content.update(repr([(t.start, t.end, [s.start for s in t.spans]) for t in transcript.turns]).encode())
        key = (transcript.id, content.hexdigest())
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        found = tuple((s.turn, s.start, s.end) for s in segment(transcript))
        with self._lock:
            self._found[key] = found
            while len(self._found) > self._keep:
                self._found.popitem(last=False)
        return found


_SENTENCES: Final = _Sentences(keep=256)


@call(REVIEW)
def search_meaning(user: User, store: Store, index: SentenceIndex, use_case: str, text: str, *, limit: int = 20) -> tuple[Hit, ...]:
    """Sentences of respondents nearest in meaning, best first. The first search of a transcript embeds it."""
    if not text.strip():
        return ()
    query = index.embed([text])[0]
    ranked: list[Hit] = []
    for info in store.transcripts(use_case):
        transcript = store.transcript(use_case, info.id)
        sentences = _SENTENCES.of(transcript)
        scores = index.vectors(info.id, [transcript.text[start:end] for _, start, end in sentences]) @ query if sentences else []
        answers = [n for n, (turn, _, _) in enumerate(sentences) if transcript.turns[turn].role is not Role.INTERVIEWER]
        for n in sorted(answers, key=lambda n: -float(scores[n]))[:limit]:
            _, start, end = sentences[n]
            ranked.append(_hit(info, transcript, start, end, float(scores[n])))
    return tuple(sorted(ranked, key=lambda h: -h.score)[:limit])
