"""Simulated interviews: how much is settled, how fast, and at what cost, against asking in the order of the guide.

    python -m benchmarks.interview [--companies 3] [--json FILE]

Order ``script`` asks every question as the guide has it, whatever was said; ``guide`` leaves out what was answered already.

The clock is simulated: reading at 200 words a minute, five seconds to think, speaking at 130. The samples that respondents speak from are
condensed, so an answer with substance takes at least what the guide expects of question and answer, times the style's pace (``--pace``
scales it: at 1 the whole guide would take 165 minutes, at 0.4 it would fit the paper's hour).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from assistant.embeddings import make_embedder
from assistant.frameworks import load_framework
from assistant.interview import Conductor, load_guide
from assistant.interview import events as ev
from assistant.interview.coding import KeepingEmbedder, LiveCoder, live_engine
from assistant.interview.engine import Setup, begin
from assistant.interview.guide import Guide
from assistant.interview.ledger import RETURN, Ledger, fold
from assistant.interview.logs import MemoryLog
from assistant.interview.policy import OFFER_MINUTES, Order
from assistant.interview.probing import MAX_PER_ELEMENT, MAX_PER_QUESTION, PROBE_MINUTES
from assistant.models import Framework
from assistant.settings import get_settings
from benchmarks.respondents import COMPANIES, COOPERATIVE, STYLES, Respondent

MARKS = (10, 20, 30, 40, 50, 60)


class Clock:
    """Goes on only when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def speak(self, question: str, answer: str, least: float) -> None:
        """Reading, thinking, speaking; ``least`` minutes where the answer has substance."""
        spoken = len(question.split()) / 200 + 5 / 60 + len(answer.split()) / 130
        self.now += timedelta(minutes=spoken if len(answer.split()) < 10 else max(spoken, least))


PACE = {"terse": 0.4, "talkative": 1.5, "several": 1.3}
"""Length of answers by style, of what the guide expects."""


def expected(body: ev.Asked | ev.Probed | ev.Offered, guide: Guide) -> float:
    """Minutes that the guide expects."""
    if isinstance(body, ev.Asked) and body.item in guide.by_key:
        return guide.by_key[body.item].part.minutes
    return PROBE_MINUTES if isinstance(body, ev.Probed) else OFFER_MINUTES


@dataclass
class Result:
    """One simulated interview."""

    company: str
    style: str
    order: str
    minutes: float
    turns: int
    settled: int
    """Elements with current evidence that one statement fits."""
    narrowed: int
    """Elements settled, or known to within two neighbouring stages."""
    evidenced: int
    """Elements with any current evidence."""
    at: dict[int, int]
    """Minute -> elements settled."""
    wasted: int
    """Questions and probes after which nothing more was known of any element."""
    right: int
    """Settled elements of which a statement fits the stage that was planted."""
    repeats: int
    """Questions asked although everything they serve was settled."""
    caps: int
    """Caps that were broken."""
    kinds: dict[str, int]


def run(
    company: str, style: str, order: Order, framework: Framework, coder: LiveCoder, embedder: KeepingEmbedder, pace: float = 1.0
) -> Result:
    """One interview from consent to the end."""
    clock = Clock()
    log = MemoryLog(clock)
    other = COMPANIES[(COMPANIES.index(company) + 3) % len(COMPANIES)] if style == "contradicting" else None
    respondent = Respondent(company, style, embedder, other)
    begin(log, load_guide(), framework, Setup())
    conductor = Conductor(log, framework, coder, order=order)
    ledger = conductor.consent(conductor.consent_text(), by="respondent")
    while ledger.pending is not None:
        said = respondent.reply(ledger.pending.text)
        clock.speak(ledger.pending.text, said, pace * PACE.get(style, 1.0) * expected(ledger.pending.body, ledger.guide))
        ledger = conductor.answer(said, to=ledger.pending.seq)
    return measure(respondent, order, conductor.events, framework)


RANK = {"unknown": 0, "mentioned": 1, "unplaced": 2, "settled": 3, "conflict": 3}


def measure(respondent: Respondent, order: str, log: tuple[ev.Event, ...], framework: Framework) -> Result:
    """Everything from the log alone."""
    final = fold(log)
    at: dict[int, int] = {}
    repeats = wasted = 0
    known: dict[str, int] = {}
    answers = 0
    for n, event in enumerate(log, 1):
        if isinstance(event.body, ev.Asked) and event.body.item in final.guide.by_key:
            repeats += fold(log[: n - 1]).entries[event.body.item].covered
        if isinstance(event.body, ev.Coded):
            ledger = fold(log[:n])
            now = {e: RANK[c.status] + 0.1 * min(len(c.findings), 3) for e, c in ledger.coverage.items()}
            gained = any(v > known.get(e, 0) for e, v in now.items())
            wasted += not gained and not isinstance(ledger.exchanges[-1].body, ev.Offered)
            known, answers = now, answers + 1
            for mark in MARKS:
                if ledger.minutes <= mark:
                    at[mark] = max(at.get(mark, 0), len(settled(ledger)))
    best = 0
    for mark in MARKS:
        best = at[mark] = max(best, at.get(mark, best))
    return Result(
        respondent.company.name, respondent.style, order, round(final.minutes, 1), answers, len(settled(final)),
        sum(any(f.statement or f.stage_high - f.stage_low < 2 for f in c.findings) for c in final.coverage.values()),
        sum(c.status in ("settled", "conflict", "unplaced") for c in final.coverage.values()), at, wasted,
        sum(fits(final, e, respondent, framework) for e in settled(final)), repeats, broken_caps(final),
        dict(Counter(x.body.kind for x in final.exchanges)),
    )  # fmt: skip


def settled(ledger: Ledger) -> list[str]:
    """Elements with current evidence that one statement fits."""
    return [e for e, c in ledger.coverage.items() if c.status in ("settled", "conflict")]


def fits(ledger: Ledger, element: str, respondent: Respondent, framework: Framework) -> bool:
    """Whether the statement found most often overlaps the stages planted."""
    low, high = respondent.company.stages.get(element, (1, 5))
    found = Counter(f.statement for f in ledger.coverage[element].findings if f.statement).most_common(1)[0][0]
    statement = framework.element(element).statement(str(found))
    return statement is not None and statement.stage_low <= high and low <= statement.stage_high


def broken_caps(ledger: Ledger) -> int:
    """Questions and elements probed more than allowed."""
    probes = [x.body for x in ledger.exchanges if isinstance(x.body, ev.Probed)]
    by_item, by_element = (
        Counter(p.item for p in probes if p.item != RETURN),
        Counter(p.element for p in probes if p.element and p.seeks != "conflict"),
    )
    twice = len(probes) - len({p.probe for p in probes})
    return sum(n > MAX_PER_QUESTION for n in by_item.values()) + sum(n > MAX_PER_ELEMENT for n in by_element.values()) + twice


def main() -> int:
    """Runs everything and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=3)
    parser.add_argument("--styles", nargs="*", default=list(STYLES))
    parser.add_argument("--pace", type=float, default=1.0)
    parser.add_argument("--orders", nargs="*", default=["coverage", "script"], choices=["coverage", "guide", "script"])
    parser.add_argument("--json")
    arguments = parser.parse_args()
    framework, settings = load_framework(), get_settings()
    coder = LiveCoder(live_engine(framework, settings), framework)
    embedder = KeepingEmbedder(make_embedder(settings))
    results: list[Result] = []
    for style in arguments.styles:
        for company in COMPANIES[: arguments.companies]:
            for order in arguments.orders:
                begun = time.perf_counter()
                results.append(run(company, style, order, framework, coder, embedder, arguments.pace))
                print(_row(results[-1]), f"{time.perf_counter() - begun:5.1f}s", flush=True)
    print()
    for style in arguments.styles if len(arguments.orders) == 2 else ():
        print(_mean(style, [r for r in results if r.style == style]))
    ours = [r for r in results if r.style in COOPERATIVE and r.order == "coverage"]
    if ours:
        print(f"cooperative, within 60 minutes: {min(r.at[60] for r in ours)} to {max(r.at[60] for r in ours)} of 17 settled, "
            f"{min(r.narrowed for r in ours)} to {max(r.narrowed for r in ours)} within two stages; repeats {sum(r.repeats for r in results if r.order == 'coverage')}; "
              f"caps broken {sum(r.caps for r in results)}")  # fmt: skip
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as out:
            json.dump([asdict(r) for r in results], out, indent=1)
    return 0


def _row(r: Result) -> str:
    at = " ".join(f"{r.at[m]:2d}" for m in MARKS)
    return (
        f"{r.style:13s} {r.company:13s} {r.order:8s} {r.minutes:5.1f} min {r.turns:3d} turns  settled at {'/'.join(map(str, MARKS))}: {at}  "
        f"narrowed {r.narrowed:2d} evidenced {r.evidenced:2d} right {r.right:2d} wasted {r.wasted:2d} repeats {r.repeats} caps {r.caps} {r.kinds}"
    )


def _mean(style: str, results: list[Result]) -> str:
    ours = [r for r in results if r.order == "coverage"]
    theirs = [r for r in results if r.order != "coverage"]
    at30, base30 = sum(r.at[30] for r in ours) / len(ours), sum(r.at[30] for r in theirs) / len(theirs)
    rate = sum(r.settled for r in ours) / sum(r.minutes for r in ours)
    base = sum(r.settled for r in theirs) / sum(r.minutes for r in theirs)
    return (
        f"{style:13s} settled at 30 min: {at30:.1f} against {base30:.1f} in guide order ({at30 / base30 if base30 else float('inf'):.2f} x); "
        f"at 60: {sum(r.at[60] for r in ours) / len(ours):.1f} against {sum(r.at[60] for r in theirs) / len(theirs):.1f}; per minute {rate:.2f} / {base:.2f}; "
        f"wasted {sum(r.wasted for r in ours) / len(ours):.0f} / {sum(r.wasted for r in theirs) / len(theirs):.0f} turns"
    )


if __name__ == "__main__":
    sys.exit(main())
