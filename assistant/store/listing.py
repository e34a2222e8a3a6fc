"""Evidence in pages, with counts by state, and whole for scoring."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, tuple_
from sqlalchemy.sql.selectable import FromClause

from assistant import review
from assistant.errors import InputError, NotFoundError
from assistant.models import Decision, Evidence, EvidenceState
from assistant.store.base import decode_cursor, encode_cursor
from assistant.store.records import EvidenceFilter, EvidenceItem, EvidenceOrder, EvidencePage, ReviewMode
from assistant.store.rows import COMMON, decision_from_row, evidence_from_row
from assistant.store.runs import Runs
from assistant.store.schema import decisions, evidence, evidence_states, use_cases
from assistant.store.types import like_pattern

MAX_PAGE: Final = 1000
"""Most items of one page."""

_COMMON = evidence_states.alias("common")
_OWN = evidence_states.alias("own")
_POSITION: Final = (evidence.c.interview, evidence.c.start_char, evidence.c.end_char, evidence.c.id)
_POSITION_KINDS: Final = (str, int, int, str)


class Listing(Runs):
    """Part of `Store`."""

    def evidence(
        self,
        use_case: str,
        wanted: EvidenceFilter | None = None,
        *,
        order: EvidenceOrder = EvidenceOrder.POSITION,
        cursor: str | None = None,
        limit: int = 50,
        backwards: bool = False,
    ) -> EvidencePage:
        """One page; give ``EvidencePage.next`` back as ``cursor`` for the following one.

        Pages go by key, not by number: deciding on what was shown neither skips nor repeats anything behind it.
        ``backwards`` turns the order round: what stands before the cursor, the nearest first.
        Raises InputError for a damaged cursor or a limit outside 1..1000.
        """
        wanted = wanted or EvidenceFilter()
        if not 1 <= limit <= MAX_PAGE:
            raise InputError(f"a page of {limit} items", remedy=f"ask for 1 to {MAX_PAGE}")
        first, kinds, descending = _order(order)
        keys = (*first, *_POSITION)
        query = _query(use_case, wanted)
        if cursor is not None:
            query = query.where(_behind(keys, decode_cursor(cursor, (*kinds, *_POSITION_KINDS)), descending, backwards))
        by = [key.desc() if (descending and n == 0) is not backwards else key.asc() for n, key in enumerate(keys)]
        with self._read() as c:
            rows = c.execute(query.order_by(*by).limit(limit + 1)).mappings().all()
        items = tuple(_item(row) for row in rows[:limit])
        last = rows[limit - 1] if len(rows) > limit else None
        return EvidencePage(items=items, next=encode_cursor([last[key.name] for key in keys]) if last else None)

    def evidence_item(self, use_case: str, evidence_id: str, *, reviewer: str | None = None) -> EvidenceItem:
        """One piece of evidence in whatever state. Raises NotFoundError."""
        wanted = EvidenceFilter(ids=(evidence_id,), states=tuple(EvidenceState), outdated=None, reviewer=reviewer)
        with self._read() as c:
            row = c.execute(_query(use_case, wanted)).mappings().one_or_none()
        if row is None:
            raise NotFoundError(
                f"there is no evidence {evidence_id} in this use case", remedy="it may have been erased; see the audit trail"
            )
        return _item(row)

    def counts(self, use_case: str, wanted: EvidenceFilter | None = None) -> dict[EvidenceState, int]:
        """How many pieces of evidence are in each state; ``wanted.states`` is not applied. Superseded ones are counted too."""
        source, state, conditions = in_all_states(use_case, wanted or EvidenceFilter())
        query = select(state.label("state"), func.count()).select_from(source).where(*conditions).group_by(state)
        with self._read() as c:
            found: dict[str, int] = {row[0]: row[1] for row in c.execute(query)}
        return {s: found.get(s.value, 0) for s in EvidenceState}

    def current_evidence(self, use_case: str, framework: str | None = None, *, outdated: bool = False) -> tuple[Evidence, ...]:
        """All evidence of a use case with its state folded from the decisions themselves: what scoring takes.

        ``outdated`` adds undecided proposals that a newer run of the same engine did not repeat. Raises NotFoundError.
        """
        conditions: list[ColumnElement[bool]] = [evidence.c.use_case == use_case]
        if framework is not None:
            conditions.append(evidence.c.framework == framework)
        if not outdated:
            conditions.append(_COMMON.c.outdated.is_(False))
        source = evidence.join(_COMMON, _same(_COMMON, COMMON))
        with self._read() as c:
            mode = c.execute(select(use_cases.c.review).where(use_cases.c.id == use_case)).scalar_one_or_none()
            if mode is None:
                raise NotFoundError(f"there is no use case {use_case}", remedy="list them with `assistant project`")
            rows = c.execute(select(evidence).select_from(source).where(*conditions).order_by(*_POSITION)).mappings()
            found = [evidence_from_row(row, EvidenceState.PROPOSED) for row in rows]
            taken = self._decisions(c, decisions.c.use_case == use_case)
        given = {e.id for e in found}
        taken = tuple(d for d in taken if d.evidence in given)
        return review.fold(found, taken, blind=mode == ReviewMode.BLIND)

    def decisions(
        self, use_case: str, *, evidence: str | Collection[str] | None = None, reviewer: str | None = None
    ) -> tuple[Decision, ...]:
        """Decisions on evidence in the order in which they were taken: all, of one piece or of several, or of one reviewer."""
        conditions = [decisions.c.use_case == use_case]
        if evidence is not None:
            conditions.append(decisions.c.evidence.in_([evidence] if isinstance(evidence, str) else evidence))
        if reviewer is not None:
            conditions.append(decisions.c.reviewer == reviewer)
        with self._read() as c:
            return self._decisions(c, and_(*conditions))

    def last_decisions(self, use_case: str, *, reviewer: str | None = None, limit: int = 20) -> tuple[Decision, ...]:
        """The newest decisions, newest first: what can be undone."""
        query = select(decisions).where(decisions.c.use_case == use_case)
        if reviewer is not None:
            query = query.where(decisions.c.reviewer == reviewer)
        with self._read() as c:
            rows = c.execute(query.order_by(decisions.c.at.desc(), decisions.c.id.desc()).limit(limit)).mappings()
            return tuple(decision_from_row(row) for row in rows)

    def _decisions(self, c: Connection, condition: ColumnElement[bool]) -> tuple[Decision, ...]:
        rows = c.execute(select(decisions).where(condition).order_by(decisions.c.at, decisions.c.id)).mappings()
        return tuple(decision_from_row(row) for row in rows)


# ---------------------------------------------------------------- the query


def _same(states: FromClause, reviewer: str) -> ColumnElement[bool]:
    return and_(states.c.use_case == evidence.c.use_case, states.c.evidence == evidence.c.id, states.c.reviewer == reviewer)


def _source(wanted: EvidenceFilter) -> FromClause:
    """Evidence with its common state and, for one reviewer's view, with their own."""
    joined = evidence.join(_COMMON, _same(_COMMON, COMMON))
    return joined if wanted.reviewer is None else joined.outerjoin(_OWN, _same(_OWN, wanted.reviewer))


def _state(wanted: EvidenceFilter) -> ColumnElement[str]:
    if wanted.reviewer is None:
        return _COMMON.c.state
    return func.coalesce(_OWN.c.state, EvidenceState.PROPOSED.value)


def in_all_states(use_case: str, wanted: EvidenceFilter) -> tuple[FromClause, ColumnElement[str], list[ColumnElement[bool]]]:
    """What to count from: tables, the state that counts for the filter's reviewer, conditions; ``wanted.states`` is not applied."""
    wanted = wanted.model_copy(update={"states": tuple(EvidenceState)})
    return _source(wanted), _state(wanted), _conditions(use_case, wanted)


def _query(use_case: str, wanted: EvidenceFilter) -> Select[Any]:
    last = _COMMON.c.last_decision if wanted.reviewer is None else _OWN.c.last_decision
    columns = [column for column in evidence.c if column.name != "folded"]
    picked = select(*columns, _state(wanted).label("state"), last.label("last_decision"), _COMMON.c.outdated)
    return picked.select_from(_source(wanted)).where(*_conditions(use_case, wanted))


def _conditions(use_case: str, wanted: EvidenceFilter) -> list[ColumnElement[bool]]:
    e = evidence.c
    found: list[ColumnElement[bool]] = [e.use_case == use_case]
    states = wanted.states or tuple(s for s in EvidenceState if s is not EvidenceState.SUPERSEDED)
    if set(states) != set(EvidenceState):
        found.append(_state(wanted).in_([s.value for s in states]))
    for column, values in ((e.element, wanted.elements), (e.transcript, wanted.transcripts), (e.interview, wanted.interviews)):
        if values:
            found.append(column.in_(values))
    if wanted.ids is not None:
        found.append(e.id.in_(wanted.ids))
    if wanted.engine is not None:
        found.append(or_(e.engine == wanted.engine, e.engine.startswith(wanted.engine + "/", autoescape=True)))
    for column, value in ((e.framework, wanted.framework), (e.status, wanted.status), (e.polarity, wanted.polarity)):
        if value is not None:
            found.append(column == value)
    if wanted.min_confidence is not None:
        found.append(e.confidence >= wanted.min_confidence)
    if wanted.max_confidence is not None:
        found.append(e.confidence <= wanted.max_confidence)
    if wanted.text:
        found.append(e.folded.like(like_pattern(wanted.text), escape="\\"))
    if wanted.outdated is not None:
        found.append(_COMMON.c.outdated.is_(wanted.outdated))
    if wanted.reviewer is not None:
        # Blind: what another person wrote is a hint at what they think.
        found.append(or_(e.engine.not_like("person/%"), e.engine == f"person/{wanted.reviewer}"))
    return found


def _order(order: EvidenceOrder) -> tuple[tuple[ColumnElement[Any], ...], tuple[type, ...], bool]:
    """Leading keys, their kinds, and whether the first goes down."""
    if order is EvidenceOrder.POSITION:
        return (), (), False
    if order is EvidenceOrder.ELEMENT:
        return (evidence.c.element,), (str,), False
    return (evidence.c.confidence,), (float,), order is EvidenceOrder.SURE_FIRST


def _behind(keys: Sequence[ColumnElement[Any]], values: Sequence[Any], descending: bool, backwards: bool) -> ColumnElement[bool]:
    """Rows that come after the one with these values or, ``backwards``, before it."""
    if not descending:
        return tuple_(*keys) < tuple_(*values) if backwards else tuple_(*keys) > tuple_(*values)
    # The first key goes down where the others go up.
    first = keys[0] > values[0] if backwards else keys[0] < values[0]
    rest = tuple_(*keys[1:]) < tuple_(*values[1:]) if backwards else tuple_(*keys[1:]) > tuple_(*values[1:])
    return or_(first, and_(keys[0] == values[0], rest))


def _item(row: Any) -> EvidenceItem:
    return EvidenceItem(
        evidence=evidence_from_row(row, row["state"]), interview=row["interview"], last_decision=row["last_decision"],
        outdated=row["outdated"], created_at=row["created_at"],
    )  # fmt: skip
