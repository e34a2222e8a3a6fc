"""Decisions on evidence and on whole elements; evidence that people add or change. Everything is added, nothing overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from pydantic import ValidationError
from sqlalchemy import Connection, bindparam, or_, select

from assistant import review, segments
from assistant.errors import GroundingError, InputError, NotFoundError, StaleEditError
from assistant.models import Decision, ElementDecision, Evidence, EvidenceState, Role, Transcript, canonical_json
from assistant.store.base import chunks, insert_missing, required
from assistant.store.listing import Listing
from assistant.store.records import UNCHECKED, EvidenceEdit, EvidenceItem, ReviewMode, UseCase
from assistant.store.rows import COMMON, decision_from_row, evidence_from_row, evidence_row, state_row
from assistant.store.runs import check_grounded
from assistant.store.schema import decisions, element_decisions, evidence, evidence_states, use_cases

Action = Literal["confirm", "reject", "unsure", "edit"]
"""What a reviewer does; ``reopen`` is `Deciding.undo`."""

_CODING: Final = ("element", "start", "end", "polarity", "status", "stage_low", "stage_high", "statement", "codes")
"""Fields that a reviewer may change; all others follow from them."""


class Deciding(Listing):
    """Part of `Store`."""

    def decide(
        self,
        use_case: str,
        evidence_id: str,
        action: Action,
        reviewer: str,
        *,
        reason: str = "",
        edit: EvidenceEdit | None = None,
        expected_last_decision: str | None = UNCHECKED,
    ) -> Decision:
        """Adds a decision. ``edit`` takes the changes, adds the changed evidence as ``person/<reviewer>`` and confirms that.

        ``expected_last_decision`` is ``EvidenceItem.last_decision`` as the reviewer saw it (None: nobody had decided); left out,
        nothing is checked. In a blind use case only the reviewer's own decisions count for it.
        Raises NotFoundError; StaleEditError (``current``: the item as it is, ``attempted``: what was to be done) where somebody decided
        or edited meanwhile; InputError without a reason for a rejection, or for an edit that changes nothing or does not fit together;
        GroundingError for a span outside one respondent's turn.
        """
        reviewer = _may_decide(reviewer, action, reason)
        if (action == "edit") != (edit is not None):
            raise InputError("changes belong to an edit, and an edit needs them", remedy="give `edit` with the action 'edit'")
        with self._write() as c:
            blind = self._lock_use_case(c, use_case) == ReviewMode.BLIND
            row = self._evidence_row(c, use_case, evidence_id)
            family = self._family(c, use_case, evidence_id)
            attempted = {"evidence": evidence_id, "action": action, "reviewer": reviewer, "reason": reason, "edit": edit}
            self._refuse_stale(use_case, evidence_id, family, reviewer if blind else None, expected_last_decision, attempted)
            values: dict[str, Any] = {"action": action, "reason": reason}
            if edit is not None:
                values |= self._insert_product(c, row, edit, reviewer)
            return self._add_decision(c, row, reviewer, values, family)

    def decide_many(
        self,
        use_case: str,
        expected: Mapping[str, str | None],
        action: Literal["confirm", "reject", "unsure"],
        reviewer: str,
        *,
        reason: str = "",
    ) -> tuple[Decision, ...]:
        """The same decision on many: all of them or, where one is stale, none. ``expected``: evidence id -> last decision seen.

        Raises what `decide` raises. Pieces that nobody has decided on yet, which are most of them, are written together.
        """
        reviewer = _may_decide(reviewer, action, reason)
        with self._write() as c:
            self._lock_use_case(c, use_case)
            first = self._untouched(c, use_case, [e for e, last in expected.items() if last in (UNCHECKED, None)])
            taken = self._decide_first(c, use_case, first, {"action": action, "reason": reason, "reviewer": reviewer})
            return tuple(
                taken[e] if e in taken else self.decide(use_case, e, action, reviewer, reason=reason, expected_last_decision=last)
                for e, last in expected.items()
            )

    def undo(self, use_case: str, evidence_id: str, reviewer: str, *, expected_last_decision: str | None = UNCHECKED) -> Decision:
        """Takes the last standing decision back (in a blind use case the reviewer's own). Undoing on the product of an edit, where
        nothing was decided since, takes the edit back. Raises NotFoundError, StaleEditError, and InputError where nothing stands.
        """
        reviewer = required(reviewer, "the reviewer")
        with self._write() as c:
            own = reviewer if self._lock_use_case(c, use_case) == ReviewMode.BLIND else None
            self._evidence_row(c, use_case, evidence_id)
            family = self._family(c, use_case, evidence_id)
            attempted = {"evidence": evidence_id, "action": "reopen", "reviewer": reviewer}
            self._refuse_changed(use_case, evidence_id, family, own, expected_last_decision, attempted)
            mine = _seen_by(family, own)
            stacks = review.standing(mine)
            target = evidence_id
            if not stacks.get(evidence_id):
                edits = [s[-1] for s in stacks.values() if s and review.product_of(s[-1]) == evidence_id]
                if not edits:
                    raise InputError(f"nothing is decided on evidence {evidence_id}", remedy="there is nothing to undo")
                target = review.in_order(edits)[-1].evidence
            elif (product := review.product_of(stacks[evidence_id][-1])) and stacks.get(product):
                raise self._stale(use_case, product, "the edited evidence was decided on since: undo that first", own, attempted)
            return self._add_decision(c, self._evidence_row(c, use_case, target), reviewer, {"action": "reopen", "reason": ""}, family)

    def add_evidence(self, use_case: str, found: Evidence, reviewer: str, *, confirm: bool = True, reason: str = "") -> EvidenceItem:
        """Adds evidence that a person found, as ``person/<reviewer>`` under an id of its content; ``confirm`` decides on it at once.

        Quote, speaker, turn and time are taken from the transcript. Adding the same again changes nothing.
        Raises NotFoundError; GroundingError for a span outside one respondent's turn.
        """
        reviewer = required(reviewer, "the reviewer")
        with self._write() as c:
            self._lock_use_case(c, use_case)
            placed = _place(self._transcript(c, use_case, found.transcript), found, reviewer)
            place = {"use_case": use_case, "interview": self._interview_of(c, use_case, found.transcript)}
            fresh = self._insert_evidence(c, placed, place)
            if fresh:
                self._log(c, "evidence.added", reviewer, placed.id, **place)
                if confirm:
                    self.decide(use_case, placed.id, "confirm", reviewer, reason=reason, expected_last_decision=None)
            return self.evidence_item(use_case, placed.id)

    def decide_element(
        self, use_case: str, framework: str, element: str, action: Literal["settle", "not_applicable", "missing_evidence", "reopen"],
        reviewer: str, *, reason: str, statement: str | None = None, expected_last_decision: str | None = UNCHECKED,
    ) -> ElementDecision:  # fmt: skip
        """Decides on a whole element. ``expected_last_decision`` is the id of the newest decision on it that the reviewer saw, or None.

        Raises NotFoundError, StaleEditError, and InputError without a reason, or for ``settle`` without the statement that stands.
        """
        reason, reviewer = required(reason, "the reason"), required(reviewer, "the reviewer")
        if (action == "settle") != (statement is not None):
            raise InputError("settling names the statement that stands; nothing else does", remedy="give `statement` with 'settle'")
        with self._write() as c:
            self._lock_use_case(c, use_case)
            before = [d for d in self._element_decisions(c, use_case, framework) if d.element == element]
            last = before[-1] if before else None
            fresh: dict[str, Any] = {
                "id": self._new_id(last.id if last else None), "element": element, "reviewer": reviewer, "action": action,
                "statement": statement, "reason": reason, "at": self._now(last.at if last else None),
            }  # fmt: skip
            if expected_last_decision not in (UNCHECKED, last.id if last else None):
                raise StaleEditError(
                    f"somebody decided on {element} meanwhile",
                    current=last,
                    attempted=fresh,
                    remedy="look at their decision, then decide again",
                )
            c.execute(element_decisions.insert().values(**fresh, use_case=use_case, framework=framework))
            self._log(c, f"element.{action}", reviewer, element, use_case=use_case, framework=framework, decision=fresh["id"])
            return ElementDecision.model_validate(fresh)

    def element_decisions(self, use_case: str, framework: str) -> tuple[ElementDecision, ...]:
        """All decisions on elements of a framework in the order in which they were taken; `review.elements_in_force` folds them."""
        with self._read() as c:
            return self._element_decisions(c, use_case, framework)

    def rebuild_states(self, use_case: str) -> None:
        """Derives all states of a use case from its decisions again. Raises NotFoundError."""
        with self._write() as c:
            self._lock_use_case(c, use_case)
            self._rebuild_states(c, use_case)

    def set_review_mode(self, use_case: str, mode: ReviewMode, *, by: str = "local") -> UseCase:
        """Lets reviewers work on one state, or blind to each other; states follow from the decisions taken so far.

        Raises NotFoundError.
        """
        with self._write() as c:
            before = self._lock_use_case(c, use_case)
            if before != mode:
                c.execute(use_cases.update().where(use_cases.c.id == use_case).values(review=mode.value))
                self._rebuild_states(c, use_case)
                self._log(c, "use_case.review", by, use_case, use_case=use_case, before=before, after=mode.value)
        return self.use_case(use_case)

    # ------------------------------------------------------------ inside a transaction

    def _rebuild_states(self, c: Connection, use_case: str) -> None:
        by_interview: dict[str, list[Decision]] = {}
        rows = c.execute(select(decisions).where(decisions.c.use_case == use_case).order_by(decisions.c.at, decisions.c.id)).mappings()
        for row in rows.all():
            by_interview.setdefault(row["interview"], []).append(decision_from_row(row))
        for interview, taken in by_interview.items():
            self._refresh_states(c, {"use_case": use_case, "interview": interview}, taken)

    def _element_decisions(self, c: Connection, use_case: str, framework: str) -> tuple[ElementDecision, ...]:
        t = element_decisions.c
        rows = c.execute(
            select(element_decisions).where(t.use_case == use_case, t.framework == framework).order_by(t.at, t.id)
        ).mappings()  # fmt: skip
        return tuple(ElementDecision.model_validate({name: row[name] for name in ElementDecision.model_fields}) for row in rows)

    def _evidence_row(self, c: Connection, use_case: str, evidence_id: str) -> Mapping[str, Any]:
        row = c.execute(select(evidence).where(evidence.c.use_case == use_case, evidence.c.id == evidence_id)).mappings().one_or_none()
        if row is None:
            raise NotFoundError(
                f"there is no evidence {evidence_id} in this use case", remedy="it may have been erased; see the audit trail"
            )
        return {str(name): value for name, value in row.items()}

    def _family(self, c: Connection, use_case: str, evidence_id: str) -> tuple[Decision, ...]:
        """All decisions on the evidence, on what it was edited from, and on what it was edited into."""
        members = {evidence_id}
        while True:
            touching = or_(decisions.c.evidence.in_(members), decisions.c.product.in_(members))
            query = select(decisions).where(decisions.c.use_case == use_case, touching)
            found = tuple(decision_from_row(row) for row in c.execute(query).mappings())
            grown = members | {d.evidence for d in found} | {p for d in found if (p := review.product_of(d))}
            if grown == members:
                return review.in_order(found)
            members = grown

    def _refuse_changed(
        self, use_case: str, evidence_id: str, family: Iterable[Decision], own: str | None, expected: str | None, attempted: object
    ) -> None:
        """Raises StaleEditError where the last decision is not the one that the reviewer saw."""
        last = next((d.id for d in reversed(_seen_by(family, own)) if d.evidence == evidence_id), None)
        if expected not in (UNCHECKED, last):
            raise self._stale(use_case, evidence_id, "somebody decided on this evidence meanwhile", own, attempted)

    def _refuse_stale(
        self, use_case: str, evidence_id: str, family: Iterable[Decision], own: str | None, expected: str | None, attempted: object
    ) -> None:
        """Raises StaleEditError also where the evidence was replaced by an edit, or the edit that made it was taken back."""
        self._refuse_changed(use_case, evidence_id, family, own, expected, attempted)
        if review.states([evidence_id], _seen_by(family, own))[evidence_id] is EvidenceState.SUPERSEDED:
            raise self._stale(use_case, evidence_id, "this evidence was replaced by an edit, or its edit was taken back", own, attempted)

    def _stale(self, use_case: str, evidence_id: str, why: str, own: str | None, attempted: object) -> StaleEditError:
        current = self.evidence_item(use_case, evidence_id, reviewer=own)
        return StaleEditError(why, current=current, attempted=attempted, remedy="look at the present version, then decide again")

    def _add_decision(
        self, c: Connection, row: Mapping[str, Any], reviewer: str, values: Mapping[str, Any], family: Sequence[Decision]
    ) -> Decision:
        """Adds a decision behind all others of its family and brings the states up to date."""
        last_id = max((d.id for d in family), default=None)
        fresh: dict[str, Any] = {
            "before": None, "after": None, **values, "id": self._new_id(last_id), "evidence": row["id"], "reviewer": reviewer,
            "at": self._now(max((d.at for d in family), default=None)),
        }  # fmt: skip
        place = {"use_case": row["use_case"], "interview": row["interview"]}
        decision = Decision.model_validate(fresh)
        c.execute(decisions.insert().values(**fresh, **place, product=review.product_of(decision)))
        self._log(c, f"evidence.{fresh['action']}", reviewer, str(row["id"]), **place, decision=fresh["id"])
        self._refresh_states(c, place, (*family, decision))
        return decision

    def _untouched(self, c: Connection, use_case: str, ids: Iterable[str]) -> dict[str, str]:
        """Of these pieces the ones that no decision concerns, each with its interview."""
        found: dict[str, str] = {}
        d = decisions.c
        for some in chunks(ids):
            rows = c.execute(select(evidence.c.id, evidence.c.interview).where(evidence.c.use_case == use_case, evidence.c.id.in_(some)))
            found.update((row[0], row[1]) for row in rows)
            for column in (d.evidence, d.product):
                for touched in c.execute(select(column).where(d.use_case == use_case, column.in_(some))).scalars():
                    found.pop(touched, None)
        return found

    def _decide_first(self, c: Connection, use_case: str, first: Mapping[str, str], values: Mapping[str, str]) -> dict[str, Decision]:
        """The same decision on pieces that nobody decided on: the common state and the reviewer's own follow from it alone."""
        if not first:
            return {}
        taken = {
            e: Decision.model_validate({**values, "id": self._new_id(), "evidence": e, "at": self._now(), "before": None, "after": None})
            for e in first
        }
        state = review.states(taken, taken.values())
        rows = [{**d.model_dump(), "use_case": use_case, "interview": first[e], "product": None} for e, d in taken.items()]
        c.execute(decisions.insert(), rows)
        for e, d in taken.items():
            self._log(c, f"evidence.{d.action}", d.reviewer, e, use_case=use_case, interview=first[e], decision=d.id)
        t = evidence_states
        common = t.update().where(t.c.use_case == use_case, t.c.reviewer == COMMON, t.c.evidence == bindparam("piece"))
        now = {e: {"state": state[e].value, "last_decision": d.id, "outdated": False} for e, d in taken.items()}
        c.execute(common, [{"piece": e, **new} for e, new in now.items()])
        own = {"use_case": use_case, "reviewer": values["reviewer"]}
        c.execute(t.insert(), [{**own, **new, "evidence": e, "interview": first[e]} for e, new in now.items()])
        return taken

    def _refresh_states(self, c: Connection, place: Mapping[str, str], family: Sequence[Decision]) -> None:
        """States of everything that the decisions touch: the common one, and each reviewer's own."""
        ids = sorted({d.evidence for d in family} | {p for d in family if (p := review.product_of(d))})
        blind = self._lock_use_case(c, place["use_case"]) == ReviewMode.BLIND
        found = {COMMON: (review.blind_states if blind else review.states)(ids, family), **review.states_by_reviewer(ids, family)}
        t = evidence_states
        query = select(t).where(t.c.use_case == place["use_case"], t.c.evidence.in_(ids))
        known = {(row["evidence"], row["reviewer"]): row for row in c.execute(query).mappings()}
        for reviewer, by_evidence in found.items():
            last = {d.evidence: d.id for d in family if reviewer in (COMMON, d.reviewer)}
            for e, state in by_evidence.items():
                values = {"state": state.value, "last_decision": last.get(e), "outdated": False}
                row = known.get((e, reviewer))
                if row is None:
                    c.execute(t.insert().values(**place, evidence=e, reviewer=reviewer, **values))
                elif any(row[name] != value for name, value in values.items()):
                    key = (t.c.use_case == place["use_case"], t.c.evidence == e, t.c.reviewer == reviewer)
                    c.execute(t.update().where(*key).values(**values))

    def _insert_product(self, c: Connection, row: Mapping[str, Any], edit: EvidenceEdit, reviewer: str) -> dict[str, Any]:
        """Adds the evidence that an edit makes, and gives ``before`` and ``after`` of the decision."""
        original = evidence_from_row(row, EvidenceState.PROPOSED)
        changes = edit.model_dump(exclude_none=True)
        if not changes.get("statement", "element" not in changes):
            # Taken away on purpose, or a statement of the element that it was coded under before.
            changes["statement"] = None
        transcript = self._transcript(c, row["use_case"], original.transcript)
        wanted = original.model_dump() | changes
        product = _place(transcript, wanted, reviewer)
        if all(getattr(product, name) == getattr(original, name) for name in _CODING):
            raise InputError(f"the edit of evidence {original.id} changes nothing", remedy="confirm it instead")
        self._insert_evidence(c, product, {"use_case": row["use_case"], "interview": row["interview"]})
        old, new = original.model_dump(mode="json"), product.model_dump(mode="json")
        differ = [name for name in new if old[name] != new[name] and name != "state"]
        return {"before": {name: old[name] for name in differ}, "after": {name: new[name] for name in differ}}

    def _insert_evidence(self, c: Connection, found: Evidence, place: Mapping[str, str]) -> bool:
        """Adds evidence with its state; False where it is there already."""
        scope = {"use_case": place["use_case"]}
        fresh = insert_missing(c, evidence, [evidence_row(found, place, self._now())], scope, "id")
        insert_missing(c, evidence_states, [state_row(found.id, place)], scope | {"reviewer": COMMON}, "evidence")
        return bool(fresh)


def _may_decide(reviewer: str, action: str, reason: str) -> str:
    """The reviewer's name without blanks around it. Raises InputError where it, or the reason of a rejection, is missing."""
    reviewer = required(reviewer, "the reviewer")
    if action == "reject" and not reason.strip():
        raise InputError("a rejection needs a reason", remedy="say why the evidence does not count")
    return reviewer


def _seen_by(family: Iterable[Decision], own: str | None) -> tuple[Decision, ...]:
    """The decisions that count for a reviewer: all, or in a blind use case their own."""
    return tuple(d for d in family if own is None or d.reviewer == own)


def _place(transcript: Transcript, wanted: Evidence | Mapping[str, Any], reviewer: str) -> Evidence:
    """A person's evidence, with everything that follows from its span taken from the transcript.

    Raises GroundingError for a span outside one respondent's turn, InputError where the fields do not fit together.
    """
    fields = dict(wanted.model_dump() if isinstance(wanted, Evidence) else wanted)
    start, end = int(fields["start"]), int(fields["end"])
    disputed = sorted(c for c in fields["codes"] if f"!{c}" in fields["codes"])
    if disputed:
        raise InputError(f"{', '.join(disputed)} cannot be both present and absent in the same words", remedy="choose one of the two")
    turn = segments.turn_at(transcript, start)
    if turn is None or not start < end <= turn.end or turn.role is Role.INTERVIEWER:
        raise GroundingError(f"{start}..{end} is not inside one turn of a respondent", remedy="select words of one respondent's answer")
    coding = canonical_json(
        [fields["polarity"], fields["status"], fields["stage_low"], fields["stage_high"], fields["statement"], fields["codes"]]
    )
    engine = f"person/{reviewer}"
    names = {"transcript": transcript.id, "framework": fields["framework"], "engine": engine, "element": fields["element"]}
    fields |= names | {
        "id": Evidence.make_id(**names, start=start, end=end, coding=coding), "quote": transcript.text[start:end], "turn": turn.index,
        "speaker": turn.speaker, "time": turn.time_at(start), "confidence": 1.0, "state": EvidenceState.PROPOSED,
    }  # fmt: skip
    try:
        placed = Evidence.model_validate(fields)
    except ValidationError as error:
        raise InputError(str(error.errors()[0]["msg"]), remedy="correct the changed fields") from error
    check_grounded(transcript, [placed])
    return placed
