"""Simulated interviews: how much is settled, how fast, and at what cost, against asking in the order of the guide.

    python -m benchmarks.interview [--companies 7] [--styles cooperative talkative several terse] [--json FILE]

Two baselines with the same probes and caps: ``guide`` asks as the guide has it and leaves out what was answered already, ``script`` asks every
question whatever was said. The aim at 30 minutes is held against ``guide``, the stricter of the two in most runs; both are printed.
Respondents (`benchmarks/respondents.py`) see only the words that are shown. Elements *settled* are those with current evidence that one statement
fits; *right* are those of them whose most frequent statement overlaps the stages planted in the sample. Exit code 1 where an aim is missed,
each named.

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
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from assistant.embeddings import make_embedder
from assistant.frameworks import load_framework
from assistant.interview import Conductor, load_guide
from assistant.interview import events as ev
from assistant.interview.coding import KeepingEmbedder, LiveCoder, live_engine
from assistant.interview.engine import Setup, begin
from assistant.interview.gate import form_faults
from assistant.interview.guide import Guide
from assistant.interview.ledger import RETURN, Ledger, fold
from assistant.interview.logs import MemoryLog
from assistant.interview.policy import OFFER_MINUTES, Order
from assistant.interview.probing import MAX_PER_ELEMENT, MAX_PER_QUESTION, PROBE_MINUTES
from assistant.models import Framework
from assistant.settings import get_settings
from benchmarks.respondents import COMPANIES, COOPERATIVE, STYLES, Respondent

MARKS = (10, 20, 30, 40, 50, 60)
SETTLED = 14
"""Aim: elements settled within the budget in every interview with a cooperative respondent."""
OVERRUN = 2.0
"""Minutes that the closing answer may run over."""
FASTER = 1.3
"""Aim: elements settled after 30 minutes against guide order, over the cooperative styles."""
ORDERS: tuple[Order, ...] = ("coverage", "guide", "script")


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
    bad: int
    """Wordings shown that the gate speaks against."""
    repeats: int
    """Questions asked although everything they serve was settled."""
    caps: int
    """Caps that were broken."""
    kinds: dict[str, int]


def run(
    company: str,
    style: str,
    order: Order,
    framework: Framework,
    coder: LiveCoder,
    embedder: KeepingEmbedder,
    pace: float = 1.0,
    budget: float | None = None,
) -> Result:
    """One interview from consent to the end; ``budget`` minutes, the guide's where None."""
    clock = Clock()
    log = MemoryLog(clock)
    other = COMPANIES[(COMPANIES.index(company) + 3) % len(COMPANIES)] if style == "contradicting" else None
    respondent = Respondent(company, style, embedder, other)
    begin(log, load_guide(), framework, Setup(budget_minutes=budget))
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
    known: dict[str, float] = {}
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
        sum(fits(final, e, respondent, framework) for e in settled(final)), bad_wordings(final, framework), repeats, broken_caps(final),
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


def bad_wordings(ledger: Ledger, framework: Framework) -> int:
    """Shown wordings, of whatever source, that the gate would refuse."""
    return sum(bool(form_faults(x.body.text, framework=framework)) for x in ledger.exchanges)


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
    """Runs everything and prints a table; 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--companies", type=int, default=3)
    parser.add_argument("--styles", nargs="*", default=list(STYLES), choices=STYLES)
    parser.add_argument("--pace", type=float, default=1.0)
    parser.add_argument("--orders", nargs="*", default=list(ORDERS), choices=ORDERS)
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
    print("\n".join(["", _HEAD, *(_summary(style, results) for style in arguments.styles)]))
    missed = misses(results)
    print("\n".join(["", *(f"MISSED: {m}" for m in missed)] if missed else ["", "every aim is met"]))
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as out:
            json.dump([asdict(r) for r in results], out, indent=1)
    return int(bool(missed))


def misses(results: list[Result]) -> list[str]:
    """Aims that are not met, in words."""
    ours = [r for r in results if r.order == "coverage"]
    found = [
        f"{r.style}, {r.company}: {r.at[60]} of 17 settled within the hour, {SETTLED} wanted"
        for r in ours
        if r.style in COOPERATIVE and r.at[60] < SETTLED
    ]
    ratio = faster([r for r in results if r.style in COOPERATIVE], "guide")
    if ratio is not None and ratio < FASTER:
        found.append(f"after 30 minutes {ratio:.2f} x what guide order has settled with cooperative respondents, {FASTER} wanted")
    for what, count in (("repeated questions", "repeats"), ("broken caps", "caps"), ("bad wordings shown", "bad")):
        found += [f"{r.style}, {r.company}: {getattr(r, count)} {what}" for r in ours if getattr(r, count)]
    return found + [f"{r.style}, {r.company}: {r.minutes:.0f} minutes, 60 are agreed" for r in ours if r.minutes > MARKS[-1] + OVERRUN]


def faster(results: list[Result], baseline: str) -> float | None:
    """Elements settled after 30 minutes, all interviews together, against a baseline; None where there is nothing to compare."""
    ours = sum(r.at[30] for r in results if r.order == "coverage")
    theirs = sum(r.at[30] for r in results if r.order == baseline)
    return ours / theirs if theirs and ours else None


def _row(r: Result) -> str:
    at = " ".join(f"{r.at[m]:2d}" for m in MARKS)
    return (
        f"{r.style:13s} {r.company:13s} {r.order:8s} {r.minutes:5.1f} min {r.turns:3d} turns  settled at {'/'.join(map(str, MARKS))}: {at}  "
        f"narrowed {r.narrowed:2d} evidenced {r.evidenced:2d} right {r.right:2d} wasted {r.wasted:2d} bad {r.bad} repeats {r.repeats} "
        f"caps {r.caps} {r.kinds}"
    )


_HEAD = (
    "coverage order / guide / script, means over the companies\n"
    "style          settled at 30 min    x guide x script   at 60 min (least)           right   a minute           wasted turns   bad"
)


def _summary(style: str, results: list[Result]) -> str:
    by = {order: [r for r in results if r.style == style and r.order == order] for order in ORDERS}

    def each(value: Callable[[list[Result]], float], form: str) -> str:
        return " / ".join(format(value(found), form) if found else "-" for found in by.values())

    def mean(name: str) -> Callable[[list[Result]], float]:
        return lambda found: sum(float(getattr(r, name)) for r in found) / len(found)

    at30, at60 = (each(lambda found, m=m: sum(r.at[m] for r in found) / len(found), ".1f") for m in (30, 60))  # type: ignore[misc]
    ratios = [faster([r for r in results if r.style == style], baseline) for baseline in ORDERS[1:]]
    shown = [f"{x:7.2f}" if x is not None else "      -" for x in ratios]
    ours = by["coverage"]
    right = sum(r.right for r in ours) / max(1, sum(r.settled for r in ours))
    rate = each(lambda found: sum(r.settled for r in found) / sum(r.minutes for r in found), ".2f")
    return (
        f"{style:13s} {at30:>20s}  {shown[0]} {shown[1]}   {at60} ({min((r.at[60] for r in ours), default=0)})   {right:4.0%}   {rate}   "
        f"{each(mean('wasted'), '.0f')}   {sum(r.bad for r in ours)}"
    )


if __name__ == "__main__":
    sys.exit(main())
