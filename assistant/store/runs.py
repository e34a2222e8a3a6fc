"""Frameworks by content and coding runs: begun, completed in one transaction, safe to repeat after a kill at any step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, select

from assistant.errors import GroundingError, InputError, NotFoundError, StoreError
from assistant.models import CodingResult, CodingTask, Evidence, EvidenceState, Framework, Rejection, Transcript
from assistant.store.base import chunks, insert_missing, required
from assistant.store.conversations import Conversations
from assistant.store.records import Run, RunState
from assistant.store.rows import COMMON, evidence_from_row, evidence_row, state_row
from assistant.store.schema import evidence, evidence_states, frameworks, rejections, run_evidence, runs


class Runs(Conversations):
    """Part of `Store`."""

    # ------------------------------------------------------------ frameworks

    def put_framework(self, framework: Framework) -> str:
        """Keeps a framework's content for good and gives its hash; the same content is kept once."""
        with self._write() as c:
            return self._put_framework(c, framework)

    def framework(self, framework_hash: str) -> Framework:
        """The framework with this ``Framework.hash``. Raises NotFoundError."""
        with self._read() as c:
            content = c.execute(select(frameworks.c.content).where(frameworks.c.hash == framework_hash)).scalar_one_or_none()
        if content is None:
            raise NotFoundError(f"there is no framework with the hash {framework_hash}", remedy="it was never used with this database")
        return Framework.model_validate(content)

    def frameworks(self) -> tuple[tuple[str, str, str], ...]:
        """``(id, version, hash)`` of every framework ever used, in order of first use."""
        columns = (frameworks.c.id, frameworks.c.version, frameworks.c.hash)
        with self._read() as c:
            return tuple(
                (row[0], row[1], row[2]) for row in c.execute(select(*columns).order_by(frameworks.c.created_at, frameworks.c.hash))
            )

    def _put_framework(self, c: Connection, framework: Framework) -> str:
        content_hash = framework.hash
        row = {"hash": content_hash, "id": framework.id, "version": framework.version, "created_at": self._now()}
        insert_missing(c, frameworks, [row | {"content": framework.model_dump(mode="json")}], {}, "hash")
        return content_hash

    # ------------------------------------------------------------ runs

    def begin_run(self, use_case: str, task: CodingTask, *, by: str = "local") -> Run:
        """The run of this task: a new one, or the one that exists for its key.

        Code the task and call `complete_run` unless the state is ``done``. A run that was left ``running`` (its process was killed),
        failed or cancelled is begun again; two processes at it are safe, since both find the same and only the first is written.
        Raises NotFoundError where the use case or the transcript is not there.
        """
        by = required(by, "who begins the run")
        with self._write() as c:
            self._lock_use_case(c, use_case)
            interview = self._interview_of(c, use_case, task.transcript.id)
            key = task.key
            known = c.execute(select(runs).where(runs.c.use_case == use_case, runs.c.key == key)).mappings().one_or_none()
            if known is not None:
                return self._begin_again(c, _run(dict(known)), by)
            new = self._insert_run(c, use_case, interview, task, key)
            self._log(c, "run.begun", by, new.id, use_case=use_case, interview=new.interview, engine=f"{new.engine}/{new.engine_version}")
            return new

    def complete_run(self, run: str, result: CodingResult, *, by: str = "local") -> Run:
        """Stores everything a run found and marks it done, in one transaction. Done already: nothing happens.

        Raises NotFoundError; InputError for a result of another task; GroundingError for a quote that is not in the transcript;
        StoreError for a cancelled run; AppendOnlyError where the interview was erased meanwhile.
        """
        with self._write() as c:
            before = self._locked_run(c, run)
            if result.key != before.key:
                raise InputError(f"the result belongs to another task than run {run}", remedy="give each run the result of its own task")
            if before.state is RunState.DONE:
                return before
            if before.state is RunState.CANCELLED:
                raise StoreError(f"run {run} was cancelled", remedy="begin it again to keep its result")
            self._check_grounded(c, before, result.evidence)
            self._insert_found(c, before, result)
            self._refresh_outdated(c, before)
            counts = {"evidence_count": len({e.id for e in result.evidence}), "rejection_count": len(result.rejections)}
            done = {"state": RunState.DONE.value, "finished_at": self._now(), "error": "", **counts}
            c.execute(runs.update().where(runs.c.id == run).values(**done))
            self._log(c, "run.completed", by, run, use_case=before.use_case, interview=before.interview, **counts)
            return self._run(c, run)

    def fail_run(self, run: str, error: str, *, cancelled: bool = False, by: str = "local") -> Run:
        """Marks a run as failed with its reason, or as cancelled. Nothing happens to a run that is done. Raises NotFoundError."""
        with self._write() as c:
            before = self._locked_run(c, run)
            state = RunState.CANCELLED if cancelled else RunState.FAILED
            if before.state in (RunState.DONE, RunState.CANCELLED):
                return before
            c.execute(runs.update().where(runs.c.id == run).values(state=state.value, finished_at=self._now(), error=error))
            self._log(c, f"run.{state.value}", by, run, use_case=before.use_case, interview=before.interview)
            return self._run(c, run)

    def run(self, run: str) -> Run:
        """One run. Raises NotFoundError."""
        with self._read() as c:
            return self._run(c, run)

    def runs(self, use_case: str, *, transcript: str | None = None) -> tuple[Run, ...]:
        """Runs of a use case, or of one transcript, oldest first."""
        query = select(runs).where(runs.c.use_case == use_case).order_by(runs.c.id)
        if transcript is not None:
            query = query.where(runs.c.transcript == transcript)
        with self._read() as c:
            return tuple(_run(dict(row)) for row in c.execute(query).mappings())

    def run_evidence(self, run: str) -> tuple[Evidence, ...]:
        """What a run found, as found (all proposed), by position. Raises NotFoundError."""
        joined = run_evidence.join(
            evidence, and_(evidence.c.use_case == run_evidence.c.use_case, evidence.c.id == run_evidence.c.evidence)
        )  # fmt: skip
        query = select(evidence).select_from(joined).where(run_evidence.c.run == run)
        with self._read() as c:
            self._run(c, run)
            rows = c.execute(query.order_by(evidence.c.start_char, evidence.c.end_char, evidence.c.element, evidence.c.id)).mappings()
            return tuple(evidence_from_row(row, EvidenceState.PROPOSED) for row in rows)

    def rejections(self, use_case: str, *, run: str | None = None) -> tuple[Rejection, ...]:
        """Proposals that did not become evidence, of one run or all, in the order in which they were made."""
        query = select(rejections.c.quote, rejections.c.element, rejections.c.reason, rejections.c.engine)
        query = query.where(rejections.c.use_case == use_case).order_by(rejections.c.run, rejections.c.position)
        if run is not None:
            query = query.where(rejections.c.run == run)
        with self._read() as c:
            return tuple(Rejection.model_validate(dict(row)) for row in c.execute(query).mappings())

    # ------------------------------------------------------------ inside a transaction

    def _run(self, c: Connection, run: str) -> Run:
        row = c.execute(select(runs).where(runs.c.id == run)).mappings().one_or_none()
        if row is None:
            raise NotFoundError(f"there is no run {run}", remedy="begin one with begin_run")
        return _run(dict(row))

    def _locked_run(self, c: Connection, run: str) -> Run:
        """The run as it is once nobody else writes in its use case."""
        self._lock_use_case(c, self._run(c, run).use_case)
        return self._run(c, run)

    def _insert_run(self, c: Connection, use_case: str, interview: str, task: CodingTask, key: str) -> Run:
        now = self._now()
        framework_hash = self._put_framework(c, task.framework)
        # Two models behind one engine are two coders: neither makes the other's evidence outdated.
        coder = f"{task.engine}/{task.settings.get('model', '')}"
        row: dict[str, Any] = {
            "id": self._new_id(), "use_case": use_case, "interview": interview, "transcript": task.transcript.id, "key": key,
            "engine": task.engine, "engine_version": task.engine_version, "coder": coder, "settings": task.settings,
            "framework": task.framework.id, "framework_hash": framework_hash, "state": RunState.RUNNING.value,
            "attempts": 1, "created_at": now, "started_at": now, "finished_at": None,
            "evidence_count": 0, "rejection_count": 0, "error": "",
        }  # fmt: skip
        c.execute(runs.insert().values(**row))
        return _run(row)

    def _begin_again(self, c: Connection, known: Run, by: str) -> Run:
        if known.state is RunState.DONE:
            # Asked for again after another version or setting: what it found is what counts as up to date.
            self._refresh_outdated(c, known)
            return known
        again = {
            "state": RunState.RUNNING.value,
            "attempts": known.attempts + 1,
            "started_at": self._now(),
            "finished_at": None,
            "error": "",
        }
        c.execute(runs.update().where(runs.c.id == known.id).values(**again))
        self._log(c, "run.begun again", by, known.id, use_case=known.use_case, interview=known.interview, attempt=known.attempts + 1)
        return self._run(c, known.id)

    def _check_grounded(self, c: Connection, run: Run, found: Iterable[Evidence]) -> None:
        check_grounded(self._transcript(c, run.use_case, run.transcript), found)
        for e in found:
            if e.framework != run.framework:
                raise InputError(f"evidence {e.id} speaks of framework {e.framework}, the run of {run.framework}")

    def _insert_found(self, c: Connection, run: Run, result: CodingResult) -> None:
        """Evidence that is new, the run's list of all it found, and what was refused."""
        scope = {"use_case": run.use_case}
        place = scope | {"interview": run.interview}
        now = self._now()
        insert_missing(c, evidence, [evidence_row(e, place, now) for e in result.evidence], scope, "id")
        ids = list(dict.fromkeys(e.id for e in result.evidence))
        insert_missing(c, evidence_states, [state_row(e, place) for e in ids], scope | {"reviewer": COMMON}, "evidence")
        insert_missing(c, run_evidence, [place | {"run": run.id, "evidence": e} for e in ids], scope | {"run": run.id}, "evidence")
        refused = [
            place | {"run": run.id, "position": n} | rejection.model_dump(mode="json") for n, rejection in enumerate(result.rejections)
        ]  # fmt: skip
        if refused:
            c.execute(rejections.insert(), refused)

    def _refresh_outdated(self, c: Connection, run: Run) -> None:
        """Undecided proposals of the same coder on the same transcript are outdated where this run did not repeat them."""
        table = evidence_states
        common = (table.c.use_case == run.use_case, table.c.reviewer == COMMON, table.c.interview == run.interview)
        mine = select(run_evidence.c.evidence).where(run_evidence.c.use_case == run.use_case, run_evidence.c.run == run.id)
        coder = select(runs.c.coder).where(runs.c.id == run.id).scalar_subquery()
        sibling = select(run_evidence.c.evidence).join(
            runs, and_(runs.c.id == run_evidence.c.run, runs.c.use_case == run_evidence.c.use_case)
        )
        sibling = sibling.where(
            runs.c.use_case == run.use_case, runs.c.transcript == run.transcript, runs.c.framework == run.framework, runs.c.coder == coder
        )  # fmt: skip
        undecided = and_(table.c.state == EvidenceState.PROPOSED.value, table.c.last_decision.is_(None))
        old = and_(table.c.evidence.in_(sibling), table.c.evidence.not_in(mine), undecided, table.c.outdated.is_(False))
        c.execute(table.update().where(*common, old).values(outdated=True))
        c.execute(table.update().where(*common, table.c.evidence.in_(mine), table.c.outdated.is_(True)).values(outdated=False))

    def _known_evidence(self, c: Connection, use_case: str, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Rows by id."""
        found: dict[str, dict[str, Any]] = {}
        for some in chunks(ids):
            query = select(evidence).where(evidence.c.use_case == use_case, evidence.c.id.in_(some))
            found.update((row["id"], dict(row)) for row in c.execute(query).mappings())
        return found


def check_grounded(transcript: Transcript, found: Iterable[Evidence]) -> None:
    """Raises GroundingError for evidence whose quote is not the slice of this transcript that it names."""
    for e in found:
        if e.transcript != transcript.id or transcript.text[e.start : e.end] != e.quote:
            raise GroundingError(
                f"evidence {e.id}: its quote is not what {transcript.id} says at {e.start}..{e.end}",
                remedy="this is a fault of the engine: report it",
            )


def _run(row: dict[str, Any]) -> Run:
    plain = {name: value for name, value in row.items() if name not in ("coder", "evidence_count", "rejection_count")}
    return Run.model_validate(plain | {"evidence": row["evidence_count"], "rejections": row["rejection_count"]})
