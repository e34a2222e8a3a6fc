"""The next question: most unknown elements per expected minute, coherent by section, within the time left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from assistant.interview import events as ev
from assistant.interview.guide import Item
from assistant.interview.ledger import CLOSING, Coverage, Ledger
from assistant.interview.probing import PROBE_MINUTES, Follow, coming_back, probes_toward
from assistant.models import Framework

Order = Literal["coverage", "guide", "script"]
"""coverage: see above; guide: as written, leaving out what was answered or refused; script: every question, whatever is known."""
OFFER_MINUTES: Final = 0.7
"""What an offer for confirmation takes."""
WORTH: Final = {"unknown": 1.0, "mentioned": 1.0, "unplaced": 0.6, "settled": 0.0, "conflict": 0.0}
"""What asking about an element is worth, by what is known of it."""
FADE: Final = 0.5
"""Each question that did not settle an element makes the next one toward it worth so much less."""
OFFER_WORTH: Final = 0.15
"""What confirming something said in passing is worth: less than anything new."""
TOUCH: Final = 0.25
"""What touching an element is worth beside settling it."""
MORE: Final = 0.35
"""What each further element of one question is worth: an answer rarely settles several."""
PACE: Final = (0.5, 2.0)
"""How much faster or slower than the guide expects a respondent is taken to be, at most."""
USUAL: Final = 5.0
"""Minutes at the guide's own pace that count beside what was measured, so that one long answer does not decide."""
STAY: Final = 0.55
"""The conversation stays in its section while the best there is worth so much of the best anywhere."""
LEAST: Final = 0.012
"""Below this many elements per minute a question is no longer asked for its elements: enough has been tried."""


@dataclass(frozen=True)
class Offer:
    """Something said in passing, to be confirmed."""

    element: str
    """``Element.id``."""
    quote: str
    """The respondent's words, to the letter."""


Step = Item | Offer | Follow | Literal["closing", "finish"]
"""What comes next."""


def next_step(ledger: Ledger, framework: Framework, order: Order = "coverage") -> Step:
    """What to ask next when nothing is pending and no probe is due. Pure."""
    if any(isinstance(x.body, ev.Asked) and x.body.item == CLOSING for x in ledger.exchanges):
        return "finish"
    time_left = ledger.minutes_left - ledger.guide.closing.minutes
    if time_left <= 0:
        return "closing"
    if order == "script":
        return next((i for i in ledger.guide.items if ledger.entries[i.key].status == "not reached"), "closing")
    if order == "guide":
        return next((i for i in ledger.guide.items if may_ask(i, ledger)), "closing")
    return _by_worth(ledger, framework, time_left) or "closing"


def _by_worth(ledger: Ledger, framework: Framework, time_left: float) -> Item | Offer | Follow | None:
    """Opening, then what is worth most, then what the guide asks about the setting, then what is supplementary."""
    pace = pace_of(ledger)
    open_items = [i for i in ledger.guide.items if may_ask(i, ledger) and i.part.minutes * pace <= time_left]
    if not ledger.exchanges:
        opening = next((i for i in open_items if i.priority == "introduction"), None)
        if opening is not None:
            return opening
    for tier in (("introduction", "main"), ("supplementary",)):
        best = _best([i for i in open_items if i.priority in tier], ledger)
        other = _instead(best[0] if best else 0.0, ledger, framework, time_left / pace) if tier[0] == "introduction" else None
        if other is not None:
            return other[1]
        if best is not None:
            return best[1]
    if ledger.opened.focus:
        return None
    rest = [i for i in open_items if not i.served]
    return min(rest, key=lambda i: (i.priority == "supplementary", i.order), default=None)


def may_ask(item: Item, ledger: Ledger) -> bool:
    """Not asked yet, not answered in full elsewhere, not about what was refused, and not out of its place."""
    entry = ledger.entries[item.key]
    if entry.status != "not reached" or entry.covered:
        return False
    if item.served and all(ledger.coverage[e].refused for e in item.served):
        return False
    if not item.part.follows:
        return True
    before = ledger.guide.items[item.order - 1]
    here = ledger.last_item
    return here is not None and here.key == before.key and ledger.entries[before.key].status in ("answered", "partial")


def _best(items: list[Item], ledger: Ledger) -> tuple[float, Item] | None:
    """The one worth most per minute; guide order breaks ties; the section at hand is left only for something clearly worth more."""
    rated = [(rate(item, ledger), item) for item in items]
    rated = [(r, i) for r, i in rated if r >= LEAST]
    best = min(rated, key=lambda p: (-round(p[0], 9), p[1].order), default=None)
    here = ledger.last_item
    if best is None or here is None:
        return best
    near = [(r, i) for r, i in rated if i.section.id == here.section.id and r >= STAY * best[0]]
    return min(near, key=lambda p: (-round(p[0], 9), p[1].order), default=best)


def _instead(rated: float, ledger: Ledger, framework: Framework, time_left: float) -> tuple[float, Offer | Follow] | None:
    """Coming back to a practice whose stage stays open, or an offer, where that is worth more per minute than the best question."""
    found: list[tuple[float, Offer | Follow]] = []
    open_ = [c for c in ledger.coverage.values() if c.status == "unplaced" and not c.refused]
    for c in sorted(open_, key=lambda c: probes_toward(c.element, ledger)):
        value = worth(c, ledger) * FADE ** probes_toward(c.element, ledger) / PROBE_MINUTES
        follow = coming_back(ledger, c.element, framework) if value > max(rated, LEAST) and time_left >= PROBE_MINUTES else None
        if follow is not None:
            found.append((value, follow))
            break
    offer = _offer(ledger)
    if offer is not None and rated < OFFER_WORTH / OFFER_MINUTES and time_left >= OFFER_MINUTES:
        found.append((OFFER_WORTH / OFFER_MINUTES, offer))
    return max(found, key=lambda f: f[0], default=None)


def pace_of(ledger: Ledger) -> float:
    """Minutes that this respondent takes for a minute of the guide, from the log alone."""
    taken = expected = USUAL
    for x in ledger.exchanges:
        if x.reply_second is not None:
            taken += (x.reply_second - x.second) / 60
            expected += minutes_of(x.body, ledger)
    return min(max(taken / expected, PACE[0]), PACE[1])


def minutes_of(body: ev.Asked | ev.Probed | ev.Offered, ledger: Ledger) -> float:
    """What the guide expects a question and its answer to take."""
    if isinstance(body, ev.Asked):
        item = ledger.guide.by_key.get(body.item)
        return item.part.minutes if item else ledger.guide.closing.minutes
    return PROBE_MINUTES if isinstance(body, ev.Probed) else OFFER_MINUTES


def rate(item: Item, ledger: Ledger) -> float:
    """Unknown elements that the question may settle, per minute."""
    full = sorted((worth(ledger.coverage[e], ledger) for e in item.part.elements), reverse=True)
    touched = sum(worth(ledger.coverage[e], ledger) for e in item.part.touches)
    return (sum(full[:1]) + MORE * sum(full[1:]) + TOUCH * touched) / item.part.minutes


def worth(coverage: Coverage, ledger: Ledger) -> float:
    """What one more question toward an element is worth."""
    focus = ledger.opened.focus
    if coverage.refused or (focus and coverage.element not in focus):
        return 0.0
    return float(WORTH[coverage.status] * FADE**coverage.questions)


def _offer(ledger: Ledger) -> Offer | None:
    """The first element that was answered in passing (never asked about), not offered yet, in the order of the guide."""
    for element, c in ledger.coverage.items():
        if c.status == "settled" and c.asked == 0 and not c.refused and element not in ledger.offered:
            strongest = max((f for f in c.findings if f.statement), key=lambda f: (f.confidence, -f.turn))
            return Offer(element, strongest.quote)
    return None
