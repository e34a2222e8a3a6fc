"""Evidence and transcripts as they are shown: quotes checked against their source, turns cut at the borders of quotes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from assistant.charts import short
from assistant.display import clock, percent
from assistant.errors import GroundingError
from assistant.models import Assessment, AssessmentFile, Evidence, EvidenceState, Framework, RatingStatus, Status, Transcript, Turn
from assistant.report.names import People, cut
from assistant.report.view import Piece, Quote, TranscriptView, TurnView

Masks = tuple[tuple[int, int, str], ...]

REASONS = (
    "not yet reviewed",
    "left unsure by a reviewer",
    "planned, not yet practice",
    "past, no longer practice",
    "general talk: advice, opinion or somebody else's practice",
    "the element is not applicable",
    "rejected by a reviewer",
    "replaced by an edit",
)
"""Why evidence does not count, in the order in which a reader wants them."""


def span_of_stages(framework: Framework, low: int, high: int) -> str:
    """``Manual``, or ``DataOps to Automated``; numbers where the framework has no such stage."""
    names = {s.number: short(s) for s in framework.stages}
    first, last = names.get(low, f"stage {low}"), names.get(high, f"stage {high}")
    return first if low == high else f"{first} to {last}"


def check_grounding(file: AssessmentFile) -> dict[str, Transcript]:
    """The transcripts by id.

    Raises:
        GroundingError: a quote that is not the text of its span, or whose transcript is missing.
    """
    known = {t.id: t for t in file.transcripts}
    for e in file.assessment.evidence:
        source = known.get(e.transcript)
        if source is None:
            raise GroundingError(
                f"evidence {e.id} quotes transcript {e.transcript}, which the assessment file does not hold",
                remedy="score again from the folder that holds the coded transcripts",
            )
        if source.text[e.start : e.end] != e.quote:
            raise GroundingError(
                f"evidence {e.id} is not what transcript {source.name} says at {e.start}..{e.end}: {e.quote[:80]!r}",
                remedy="code the transcript again; no report is written with a quote that was not said",
            )
    return known


def why_not(evidence: Evidence, status: RatingStatus) -> str:
    """Why evidence that was not used was not used."""
    by_state = {EvidenceState.PROPOSED: 0, EvidenceState.UNSURE: 1, EvidenceState.REJECTED: 6, EvidenceState.SUPERSEDED: 7}
    by_status = {Status.PLANNED: 2, Status.PAST: 3, Status.GENERAL: 4}
    if evidence.state in (EvidenceState.REJECTED, EvidenceState.SUPERSEDED):
        return REASONS[by_state[evidence.state]]
    # What is planned will not count either once it is confirmed, so that is the reason to give.
    if evidence.status in by_status:
        return REASONS[by_status[evidence.status]]
    if evidence.state in by_state:
        return REASONS[by_state[evidence.state]]
    return REASONS[5] if status is RatingStatus.NOT_APPLICABLE else "not used by the rule of its element"


class Sources:
    """The transcripts of a report: labels, people, masks, and the quotes in them."""

    def __init__(self, file: AssessmentFile, framework: Framework, *, names: bool) -> None:
        known = check_grounding(file)
        order = [known[ref.id] for ref in file.assessment.transcripts if ref.id in known]
        self.transcripts = tuple(dict.fromkeys([*order, *file.transcripts]))
        self.people = People(self.transcripts, framework, names=names)
        self.label = {t.id: f"T{i}" for i, t in enumerate(self.transcripts, 1)}
        self._by_id = {t.id: t for t in self.transcripts}
        self._masks = {t.id: self.people.masks(t.text, t) for t in self.transcripts}
        self._framework = framework

    def turn(self, evidence: Evidence) -> Turn | None:
        """The turn in which a quote begins; None where it begins in none."""
        turns = self._by_id[evidence.transcript].turns
        place = bisect_right(turns, evidence.start, key=lambda t: t.start) - 1
        return turns[place] if place >= 0 and evidence.start < turns[place].end else None

    def quotes(self, assessment: Assessment, anchors: Mapping[str, str]) -> dict[str, Quote]:
        """All evidence as quotes, by id, numbered in the assessment's order. ``anchors``: element id -> anchor."""
        used = {i for r in assessment.elements for i in r.evidence}
        status = {r.element: r.status for r in assessment.elements}
        return {
            e.id: self._quote(e, number, anchors[e.element], "" if e.id in used else why_not(e, status[e.element]))
            for number, e in enumerate(assessment.evidence, 1)
        }

    def _quote(self, e: Evidence, number: int, anchor: str, reason: str) -> Quote:
        t, turn = self._by_id[e.transcript], self.turn(e)
        speaker = turn.speaker if turn else e.speaker
        time = e.time if e.time is not None else turn.time_at(e.start) if turn else None
        place = clock(time) if time is not None else f"turn {turn.index + 1}" if turn else f"character {e.start}"
        return Quote(
            id=e.id,
            number=number,
            element=self._framework.element(e.element).name,
            element_anchor=anchor,
            dimension=self._framework.dimension_of(e.element).name,
            text=cut(t.text, e.start, e.end, self._masks[t.id]),
            who=self.people.person(t, speaker).label,
            role=str(turn.role) if turn else "unknown",
            when=place,
            transcript=self.label[t.id],
            start=e.start,
            end=e.end,
            polarity=str(e.polarity),
            status=str(e.status),
            state=str(e.state),
            fits=span_of_stages(self._framework, e.stage_low, e.stage_high),
            codes=", ".join(f"not {c[1:]}" if c.startswith("!") else c for c in e.codes),
            confidence=percent(e.confidence),
            coder=self.people.runs(e.engine),
            rationale=self.people.runs(e.rationale, t),
            counted=not reason,
            reason=reason,
        )

    def views(self, assessment: Assessment, quotes: Mapping[str, Quote]) -> tuple[TranscriptView, ...]:
        """All transcripts with their quotes marked."""
        here: dict[str, list[Evidence]] = {t.id: [] for t in self.transcripts}
        for e in assessment.evidence:
            here[e.transcript].append(e)
        return tuple(self._view(number, t, here[t.id], quotes) for number, t in enumerate(self.transcripts, 1))

    def _view(self, number: int, t: Transcript, evidence: Sequence[Evidence], quotes: Mapping[str, Quote]) -> TranscriptView:
        spans = [(e.start, e.end, quotes[e.id]) for e in evidence]
        shown = _within_turns(spans, t.turns)
        pieces = mark_ends([tuple(cut_turn(t.text, turn, shown[turn.index], self._masks[t.id])) for turn in t.turns])
        placed = {q.number for row in pieces for piece in row for q in piece.quotes}
        roles = {turn.speaker: str(turn.role) for turn in t.turns}
        return TranscriptView(
            label=f"T{number}",
            anchor=f"t{number}",
            id=t.id,
            name=self.people.file_name(t.name),
            format=t.format,
            sha256=t.sha256,
            size=t.size,
            encoding=t.encoding,
            characters=len(t.text),
            notes=tuple(self.people.runs(n, t) for n in t.notes),
            people=tuple((self.people.person(t, s).label, roles[s]) for s in t.speakers),
            turns=tuple(self._turn(number, t, turn, row) for turn, row in zip(t.turns, pieces, strict=True)),
            loose=tuple(q for _, _, q in spans if q.number not in placed),
            quoted=len(evidence),
        )

    def _turn(self, number: int, t: Transcript, turn: Turn, pieces: tuple[Piece, ...]) -> TurnView:
        time = turn.time_at(turn.start)
        return TurnView(
            anchor=f"t{number}-{turn.index + 1}",
            number=turn.index + 1,
            who=self.people.person(t, turn.speaker).label,
            role=str(turn.role),
            when="" if time is None else clock(time),
            start=turn.start,
            end=turn.end,
            pieces=pieces,
        )


Spans = list[tuple[int, int, Quote]]


def _within_turns(spans: Spans, turns: Sequence[Turn]) -> dict[int, Spans]:
    """Which quotes reach into which turn; a quote over several turns is in all of them."""
    found: dict[int, Spans] = {turn.index: [] for turn in turns}
    starts = [turn.start for turn in turns]
    for span in spans:
        at = max(0, bisect_right(starts, span[0]) - 1)
        while at < len(turns) and turns[at].start < span[1]:
            if turns[at].end > span[0]:
                found[turns[at].index].append(span)
            at += 1
    return found


def cut_turn(text: str, turn: Turn, spans: Spans, masks: Masks) -> Iterable[Piece]:
    """The turn cut where quotes begin and end: quotes may overlap in any way, and each piece knows its own."""
    borders = sorted({turn.start, turn.end, *(p for s in spans for p in s[:2] if turn.start < p < turn.end)})
    inside = [m for m in masks if m[1] > turn.start and m[0] < turn.end]
    for low, high in pairwise(borders):
        over = tuple(s[2] for s in spans if s[0] < high and s[1] > low)
        yield Piece(runs=cut(text, low, high, inside), quotes=over)


def mark_ends(pieces: Sequence[Sequence[Piece]]) -> tuple[tuple[Piece, ...], ...]:
    """Turns of pieces with the first and the last piece of every quote marked: there are its anchor and its way back."""
    first: dict[int, tuple[int, int]] = {}
    last: dict[int, tuple[int, int]] = {}
    for t, turn in enumerate(pieces):
        for i, piece in enumerate(turn):
            for q in piece.quotes:
                first.setdefault(q.number, (t, i))
                last[q.number] = (t, i)
    return tuple(
        tuple(
            replace(
                piece,
                starts=tuple(q for q in piece.quotes if first[q.number] == (t, i)),
                ends=tuple(q for q in piece.quotes if last[q.number] == (t, i)),
            )
            if piece.quotes
            else piece
            for i, piece in enumerate(turn)
        )
        for t, turn in enumerate(pieces)
    )


__all__ = ["REASONS", "Sources", "check_grounding", "cut_turn", "mark_ends", "span_of_stages", "why_not"]
