"""Counts and lists that the pages need on every run, answered by the database instead of by loading evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from assistant.models import EvidenceState, Status
from assistant.store import RunState, Store
from assistant.store.rows import COMMON
from assistant.store.schema import assessments, evidence, evidence_states, runs, transcripts

OPEN = (EvidenceState.PROPOSED.value, EvidenceState.UNSURE.value)
"""States that wait for a decision."""


@dataclass(frozen=True)
class Progress:
    """How far a use case has come."""

    transcripts: int = 0
    coded: int = 0
    """Transcripts with at least one finished run."""
    evidence: int = 0
    """Not superseded, not outdated."""
    decided: int = 0
    """Confirmed or rejected."""
    confirmed: int = 0
    frozen: int = 0
    """Frozen assessments."""


@dataclass(frozen=True)
class FrozenLine:
    """A frozen assessment in a list."""

    id: str
    label: str
    by: str
    at: datetime
    hash: str
    redacted: bool
    draft: bool
    stage: int | None
    explanation: str


@dataclass(frozen=True)
class ElementCounts:
    """Evidence of one element that is in force."""

    waiting: int = 0
    confirmed: int = 0
    rejected: int = 0
    places: frozenset[str] = frozenset()
    """Statements (or ``absent``) that its current evidence speaks for; more than one is a conflict."""

    @property
    def conflict(self) -> bool:
        """Whether the evidence disagrees."""
        return len(self.places) > 1


def revision(store: Store, use_case: str) -> str:
    """Changes whenever anything of the use case does: every write leaves an entry in the audit trail."""
    newest, _ = store.audit(use_case=use_case, limit=1)
    return newest[0].id if newest else ""


def progress(store: Store) -> dict[str, Progress]:
    """By use case, in five counts over the whole database."""
    s, r, t, a = evidence_states.c, runs.c, transcripts.c, assessments.c
    kept = (s.reviewer == COMMON, s.outdated.is_(False), s.state != EvidenceState.SUPERSEDED.value)
    found: dict[str, dict[str, int]] = {}

    def add(name: str, rows: Any) -> None:
        for use_case, number in rows:
            entry = found.setdefault(use_case, {})
            entry[name] = entry.get(name, 0) + number

    with store.engine.connect() as c:
        add("transcripts", c.execute(select(t.use_case, func.count()).group_by(t.use_case)))
        done = select(r.use_case, func.count(func.distinct(r.transcript))).where(r.state == RunState.DONE.value)
        add("coded", c.execute(done.group_by(r.use_case)))
        add("frozen", c.execute(select(a.use_case, func.count()).group_by(a.use_case)))
        states = c.execute(select(s.use_case, s.state, func.count()).where(*kept).group_by(s.use_case, s.state)).all()
    for use_case, state, number in states:
        add("evidence", [(use_case, number)])
        if state not in OPEN:
            add("decided", [(use_case, number)])
        if state == EvidenceState.CONFIRMED.value:
            add("confirmed", [(use_case, number)])
    return {use_case: Progress(**values) for use_case, values in found.items()}


def element_counts(store: Store, use_case: str, framework: str) -> dict[str, ElementCounts]:
    """By element: what waits, what is confirmed, and on which statements the current evidence stands."""
    e, s = evidence.c, evidence_states.c
    joined = evidence.join(evidence_states, (s.use_case == e.use_case) & (s.evidence == e.id) & (s.reviewer == COMMON))
    keys = (e.element, s.state, e.status, e.polarity, e.statement)
    query = select(*keys, func.count()).select_from(joined).where(e.use_case == use_case, e.framework == framework, s.outdated.is_(False))
    with store.engine.connect() as c:
        rows = c.execute(query.group_by(*keys)).all()
    tally: dict[str, dict[str, int]] = {}
    places: dict[str, set[str]] = {}
    for element, state, status, polarity, statement, number in rows:
        counts = tally.setdefault(element, {})
        counts[state] = counts.get(state, 0) + number
        out = state in (EvidenceState.REJECTED.value, EvidenceState.SUPERSEDED.value)
        place = "absent" if polarity == "absent" else statement
        if status == Status.CURRENT.value and not out and place:
            places.setdefault(element, set()).add(place)
    return {
        element: ElementCounts(
            waiting=sum(counts.get(state, 0) for state in OPEN),
            confirmed=counts.get(EvidenceState.CONFIRMED.value, 0),
            rejected=counts.get(EvidenceState.REJECTED.value, 0),
            places=frozenset(places.get(element, ())),
        )
        for element, counts in tally.items()
    }


def engines(store: Store, use_case: str) -> tuple[str, ...]:
    """Labels of all coders whose evidence the use case holds."""
    with store.engine.connect() as c:
        return tuple(
            c.execute(select(evidence.c.engine).where(evidence.c.use_case == use_case).distinct().order_by(evidence.c.engine)).scalars()
        )


def frozen(store: Store, use_case: str) -> tuple[FrozenLine, ...]:
    """Frozen assessments without their evidence, newest first."""
    a = assessments.c
    columns = (a.id, a.label, a.by, a.at, a.hash, a.redacted, a.content)
    with store.engine.connect() as c:
        rows = c.execute(select(*columns).where(a.use_case == use_case).order_by(a.id.desc())).all()
    lines = []
    for id_, label, by, at, hash_, redacted, content in rows:
        plain = json.loads(content) if isinstance(content, str) else content
        overall = plain["overall"]
        stage = overall["stage"] if overall["sufficient"] else None
        lines.append(FrozenLine(id_, label, by, at, hash_, redacted, plain["draft"], stage, overall["explanation"]))
    return tuple(lines)
