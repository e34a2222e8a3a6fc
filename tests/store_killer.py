"""Runs one piece of work on the store, killed by SIGKILL at its n-th statement, for every n; then runs it again and compares.

    python store_killer.py URL WORK

Every n has a use case of its own, so one database serves all. The work is done in a forked child whose engine is armed by hooks; nothing
of this is in the product. Prints one JSON line: how many places there were, and what was wrong at which.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress

from killing import arm, in_child
from sqlalchemy import func, select
from store_support import coded, sample_assessment, sample_framework, sample_result, sample_task, sample_transcript

from assistant.errors import StaleEditError
from assistant.models import EvidenceState
from assistant.store import EvidenceEdit, EvidenceFilter, Store
from assistant.store.schema import metadata

Work = Callable[[Store, str], None]


def killed_at(store: Store, use_case: str, work: Work, place: int) -> bool:
    """Does the work in a child armed for ``place``; whether the child was killed."""

    def armed() -> int:
        arm(place)
        work(store, use_case)
        return 0

    # No connection may live in two processes; the engine itself (with its compiled statements) may.
    store.engine.dispose()
    return in_child(armed)


def snapshot(store: Store, use_case: str) -> dict[str, object]:
    """All that a use case holds, without ids and times."""
    tables = [t for t in metadata.sorted_tables if "use_case" in t.c]
    with store.engine.connect() as c:
        counts = {t.name: c.execute(select(func.count()).select_from(t).where(t.c.use_case == use_case)).scalar_one() for t in tables}
    counts.pop("audit")
    # How often a run was begun depends on the kill, and may.
    runs = [[r.state, r.evidence, r.rejections] for r in store.runs(use_case)]
    wanted = EvidenceFilter(states=tuple(EvidenceState), outdated=None)
    items = store.evidence(use_case, wanted, limit=100).items
    return {
        "counts": counts, "runs": runs, "states": sorted([i.evidence.id, i.evidence.state] for i in items),
        "pseudonyms": [[p.pseudonym, p.name] for p in store.participants(use_case)],
        "decisions": [d.action for d in store.decisions(use_case)],
    }  # fmt: skip


# ---------------------------------------------------------------- the work


def nothing(store: Store, use_case: str) -> None:
    pass


def code(store: Store, use_case: str) -> None:
    """Upload, begin, complete: what `assistant project code` does with one file."""
    transcript, original = sample_transcript()
    store.add_transcript(use_case, transcript, original)
    task = sample_task(transcript)
    run = store.begin_run(use_case, task)
    store.complete_run(run.id, sample_result(task))


def recode(store: Store, use_case: str) -> None:
    """A newer engine finds less: what it did not repeat becomes outdated."""
    task = sample_task(sample_transcript()[0], version="2")
    run = store.begin_run(use_case, task)
    store.complete_run(run.id, sample_result(task, count=1))


def prepare_coded(store: Store, use_case: str) -> None:
    coded(store, use_case)


def prepare_decided(store: Store, use_case: str) -> None:
    coded(store, use_case)
    edit(store, use_case)


def first(store: Store, use_case: str) -> str:
    transcript = sample_transcript()[0]
    return sample_result(sample_task(transcript)).evidence[0].id


def edit(store: Store, use_case: str) -> None:
    """A reviewer's edit; run again after the commit it is stale, which says that it is there."""
    with suppress(StaleEditError):
        store.decide(
            use_case, first(store, use_case), "edit", "ann", edit=EvidenceEdit(stage_low=1, statement=""), expected_last_decision=None
        )


def undo(store: Store, use_case: str) -> None:
    last = next(d for d in store.decisions(use_case) if d.action == "edit")
    with suppress(StaleEditError):
        store.undo(use_case, first(store, use_case), "ann", expected_last_decision=last.id)


def add(store: Store, use_case: str) -> None:
    found = sample_result(sample_task(sample_transcript()[0])).evidence[0]
    store.add_evidence(use_case, found.model_copy(update={"stage_low": 1, "statement": None}), "ann")


def freeze(store: Store, use_case: str) -> None:
    transcript = sample_transcript()[0]
    store.freeze_assessment(use_case, sample_assessment(transcript, store.current_evidence(use_case)[:1]), sample_framework(), by="ann")


def erase(store: Store, use_case: str) -> None:
    store.erase_interview(store.interviews(use_case)[0].id, "dpo", "withdrawn")


WORK: dict[str, tuple[Work, Work]] = {
    "code": (nothing, code), "recode": (prepare_coded, recode), "edit": (prepare_coded, edit), "undo": (prepare_decided, undo),
    "add": (prepare_coded, add), "freeze": (prepare_coded, freeze), "erase": (prepare_coded, erase),
}  # fmt: skip
"""Name -> what must be there before, the work."""


def main(url: str, name: str) -> None:
    with Store.open(url) as store:
        print(json.dumps(torture(store, name)))


def torture(store: Store, name: str) -> dict[str, object]:
    """How many places there were, and what was wrong."""
    prepare, work = WORK[name]
    organisation = store.add_organisation(f"Kill {name}").id
    whole = store.add_use_case(organisation, "not killed").id
    prepare(store, whole)
    before = snapshot(store, whole)
    work(store, whole)
    expected = snapshot(store, whole)
    assert before != expected
    wrong: list[str] = []
    place, killed = 0, True
    while killed:
        use_case = store.add_use_case(organisation, f"killed at {place}").id
        prepare(store, use_case)
        killed = killed_at(store, use_case, work, place)
        # Work of several transactions may be seen between two of them; the others all or not at all.
        if name not in ("code", "recode") and snapshot(store, use_case) not in (before, expected):
            wrong.append(f"half done after a kill at {place}")
        work(store, use_case)
        if snapshot(store, use_case) != expected:
            wrong.append(f"not the same after a kill at {place}: {snapshot(store, use_case)} instead of {expected}")
        place += 1
    wrong.extend(f"{finding.problem}: {finding.subject}" for finding in store.check())
    return {"places": place - 1, "wrong": wrong}


if __name__ == "__main__":
    main(*sys.argv[1:3])
