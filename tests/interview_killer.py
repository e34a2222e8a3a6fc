"""Takes one scripted interview in the database, killed by SIGKILL just before or just after its n-th event, for every n
where an event of one kind follows an event of another kind for the first time; then goes on.

    python interview_killer.py URL

What is compared with the interview that nobody killed: every answer, every question shown and in which order, what is pending right after the
kill, and the ledger at the end. Prints one JSON line.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import pairwise
from typing import Any

from interview_support import WordCoder, framework

from assistant.errors import EngineError
from assistant.interview import Conductor, Ledger, load_guide, service
from assistant.interview import events as ev
from assistant.interview.engine import Setup
from assistant.interview.logs import StoreLog
from assistant.interview.wording import Draft
from assistant.store import Store

PEOPLE = ("consented", "answered", "skipped", "refused", "paused", "resumed", "stopped")
"""Events that people cause; the script goes on after as many as are in the log."""


class Worder:
    """Words every probe badly, or not at all: both kinds of failure are in the log."""

    recipient = "http://model.invalid/v1"
    model = "bad"
    redacts = True

    def draft(self, question: str, seeks: str, said: str) -> Draft:
        return Draft("system", f"{seeks}: {question}", "hash", ())

    def word(self, draft: Draft) -> str:
        if draft.user.startswith("automation"):
            raise EngineError("the model bad did not answer")
        return "Great! How often?"


class KillingLog(StoreLog):
    """Kills this process at its n-th append."""

    place = -1
    after = False

    def append(self, body: ev.Body, *, expected: int, by: str) -> ev.Event:
        self.place -= 1
        if self.place == -1 and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        done = super().append(body, expected=expected, by=by)
        if self.place == -1 and self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        return done


def conductor(store: Store, interview: str, log: StoreLog | None = None) -> Conductor:
    f = framework()
    return Conductor(log or StoreLog(store, interview), f, WordCoder(f), Worder())


def take(made: Conductor) -> Ledger:
    """The script: consent, a full answer, vague ones, a skip, refusals, a pause, and the respondent's stop."""
    while True:
        ledger = made.advance()
        done = sum(e.body.kind in PEOPLE and e.by == "respondent" for e in made.events)
        if ledger.consent is None:
            made.consent(made.consent_text(), by="respondent")
            continue
        if ledger.over:
            return ledger
        if ledger.paused:
            made.resume()
            continue
        assert ledger.pending is not None
        to = ledger.pending.seq
        if done == 4:
            made.skip(to=to)
        elif done == 6:
            made.refuse(to=to)
        elif done == 8:
            made.pause()
        elif done == 16:
            made.stop()
        else:
            made.answer(said(done, ledger), to=to)


def said(done: int, ledger: Ledger) -> str:
    """Deterministic by place."""
    if isinstance(ledger.pending.body, ev.Offered):  # type: ignore[union-attr]
        return 'Yes, that\'s right & so on "as is" 🚀'
    if done == 1:
        return "I do everything. " + " ".join(
            f"#{e.id}=3" for e in framework().elements if e.id not in ("organisation.roles", "model.metadata", "model.reproducibility")
        )
    if done == 11:
        return "I'd rather not say."
    item = ledger.last_item
    return f"Answer {done}, so so.\r\n" + " ".join(f"#{e}=1-5" for e in (item.served if item else ()))


def plain(log: tuple[ev.Event, ...]) -> list[dict[str, Any]]:
    """Everything but times and what left for a model, which a kill may let leave once more."""
    kept = [e for e in log if e.body.kind != "sent"]
    numbers = {e.seq: n for n, e in enumerate(kept)}
    rows = []
    for e in kept:
        row = e.body.model_dump(mode="json", exclude={"guide"})
        rows.append(row | {k: numbers[row[k]] for k in ("to", "upto") if k in row})
    return rows


def new(store: Store, use_case: str) -> str:
    return service.create(store, use_case, load_guide(), Setup(budget_minutes=60))


def killed(store: Store, interview: str, place: int, after: bool) -> bool:
    """Takes the interview in a child that is killed there; whether it was."""
    store.engine.dispose()
    child = os.fork()
    if child == 0:
        log = KillingLog(store, interview)
        log.place, log.after = place, after
        try:
            take(conductor(store, interview, log))
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def main(url: str) -> None:
    """See above."""
    wrong: list[str] = []
    kinds: set[str] = set()
    with Store.open(url) as store:
        use_case = store.add_use_case(store.add_organisation("Kill").id, "interview").id
        whole = new(store, use_case)
        take(conductor(store, whole))
        log = StoreLog(store, whole).read()
        expected = plain(log)
        kinds = {e.body.kind for e in log}
        pairs = [(a.body.kind, b.body.kind) for a, b in pairwise(log)]
        for place in (n for n, pair in enumerate(pairs) if pair not in pairs[:n]):
            # Just before an append the database is as it is just after the one before: once is enough to see that nothing is half written.
            for after in (True,) if place else (False, True):
                interview = new(store, use_case)
                if not killed(store, interview, place, after):
                    wrong.append(f"not killed at {place}")
                before = plain(StoreLog(store, interview).read())
                if before != expected[: len(before)]:
                    wrong.append(f"other events before a kill at {place}")
                shown = conductor(store, interview).advance().pending
                again = conductor(store, interview).advance().pending
                if shown != again:
                    wrong.append(f"shown twice after a kill at {place}")
                take(conductor(store, interview))
                found = plain(StoreLog(store, interview).read())
                if found != expected:
                    at = next(n for n, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b)
                    wrong.append(f"not the same after a kill at {place} ({after}): {found[at]} instead of {expected[at]}")
        print(json.dumps({"places": len(set(pairs)), "kinds": sorted(kinds), "wrong": wrong[:5]}))


if __name__ == "__main__":
    main(sys.argv[1])
