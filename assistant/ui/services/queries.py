"""Counts and lists that the pages need on every run, answered by the database instead of by loading evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from assistant.models import Element, EvidenceState, Framework, Status
from assistant.store import EvidenceFilter, RunState, Store
from assistant.store.listing import in_all_states
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
    framework: str
    """``Framework.hash`` of the one that it was made with."""


@dataclass(frozen=True)
class ElementCounts:
    """Evidence of one element that is in force."""

    waiting: int = 0
    confirmed: int = 0
    rejected: int = 0
    fits: frozenset[tuple[str, ...]] = frozenset()
    """Statements that pieces of its current evidence fit: one each where they can be placed, several where they cannot."""

    @property
    def conflict(self) -> bool:
        """Whether the evidence disagrees, as the scoring has it: two statements, or one that others exclude."""
        firm = {found[0] for found in self.fits if len(found) == 1}
        return len(firm) > 1 or any(bool(firm) and firm.isdisjoint(found) for found in self.fits)


def fitting(element: Element, polarity: str, statement: str | None, low: int, high: int) -> tuple[str, ...]:
    """Ids of the statements that evidence coded so fits, lowest first; what is absent stands at the first."""
    if polarity == "absent":
        return (element.statement_at(1).id,)
    return (statement,) if statement else tuple(s.id for s in element.statements_in(low, high))


def revision(store: Store, use_case: str) -> str:
    """Changes whenever anything of the use case does: every write leaves an entry in the audit trail."""
    newest, _ = store.audit(use_case=use_case, limit=1)
    return newest[0].id if newest else ""


def progress(store: Store, framework: str) -> dict[str, Progress]:
    """By use case, in five counts over the whole database; runs and evidence of this framework."""
    e, s, r, t, a = evidence.c, evidence_states.c, runs.c, transcripts.c, assessments.c
    joined = evidence_states.join(evidence, (s.use_case == e.use_case) & (s.evidence == e.id))
    kept = (e.framework == framework, s.reviewer == COMMON, s.outdated.is_(False), s.state != EvidenceState.SUPERSEDED.value)
    found: dict[str, dict[str, int]] = {}

    def add(name: str, rows: Any) -> None:
        for use_case, number in rows:
            entry = found.setdefault(use_case, {})
            entry[name] = entry.get(name, 0) + number

    with store.engine.connect() as c:
        add("transcripts", c.execute(select(t.use_case, func.count()).group_by(t.use_case)))
        done = select(r.use_case, func.count(func.distinct(r.transcript))).where(r.state == RunState.DONE.value, r.framework == framework)
        add("coded", c.execute(done.group_by(r.use_case)))
        add("frozen", c.execute(select(a.use_case, func.count()).group_by(a.use_case)))
        counted = select(s.use_case, s.state, func.count()).select_from(joined).where(*kept)
        states = c.execute(counted.group_by(s.use_case, s.state)).all()
    for use_case, state, number in states:
        add("evidence", [(use_case, number)])
        if state not in OPEN:
            add("decided", [(use_case, number)])
        if state == EvidenceState.CONFIRMED.value:
            add("confirmed", [(use_case, number)])
    return {use_case: Progress(**values) for use_case, values in found.items()}


def element_counts(store: Store, use_case: str, framework: Framework, reviewer: str | None = None) -> dict[str, ElementCounts]:
    """By element: what waits, what is confirmed, and on which statements the current evidence stands.

    ``reviewer``: as that one alone decided, without what others wrote (they work blind); None: the common state.
    """
    e = evidence.c
    source, state_of, conditions = in_all_states(use_case, EvidenceFilter(framework=framework.id, reviewer=reviewer))
    keys = (e.element, state_of, e.status, e.polarity, e.statement, e.stage_low, e.stage_high)
    query = select(*keys, func.count()).select_from(source).where(*conditions)
    with store.engine.connect() as c:
        rows = c.execute(query.group_by(*keys)).all()
    tally: dict[str, dict[str, int]] = {}
    known = {element.id: element for element in framework.elements}
    fits: dict[str, set[tuple[str, ...]]] = {}
    for element, state, status, polarity, statement, low, high, number in rows:
        counts = tally.setdefault(element, {})
        counts[state] = counts.get(state, 0) + number
        out = state in (EvidenceState.REJECTED.value, EvidenceState.SUPERSEDED.value)
        if status == Status.CURRENT.value and not out and element in known:
            fits.setdefault(element, set()).add(fitting(known[element], polarity, statement, low, high))
    return {
        element: ElementCounts(
            waiting=sum(counts.get(state, 0) for state in OPEN),
            confirmed=counts.get(EvidenceState.CONFIRMED.value, 0),
            rejected=counts.get(EvidenceState.REJECTED.value, 0),
            fits=frozenset(fits.get(element, ())),
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
        said = overall["explanation"]
        lines.append(FrozenLine(id_, label, by, at, hash_, redacted, plain["draft"], stage, said, plain["framework_hash"]))
    return tuple(lines)
