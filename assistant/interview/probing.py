"""After an answer: enough, or one probe of the right type toward what the evidence lacks, in the respondent's own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from assistant.interview import events as ev
from assistant.interview.details import clause, does_not_know, given, refuses
from assistant.interview.gate import form_faults, stage_words, words_of
from assistant.interview.guide import Item
from assistant.interview.languages import language_of
from assistant.interview.ledger import RETURN, Coverage, Exchange, Ledger
from assistant.models import Element, Framework, Probe

MAX_PER_QUESTION: Final = 2
"""Probes after one question, whatever the answers."""
MAX_AT_FIRST: Final = 1
"""The same while there are elements that nothing was asked about yet: first a word on everything, then the details."""
MAX_PER_ELEMENT: Final = 4
"""Probes toward one element in the whole interview."""
MAX_EXAMPLES: Final = 2
"""Examples ("tell me of the last time") asked about one element."""
MAX_LANGUAGE: Final = 1
"""Times that an answer in another language is asked again."""
SURE: Final = 0.6
"""Confidence from which something said in passing is worth a probe of its own."""
PROBE_MINUTES: Final = 1.0
"""What a probe and its answer take."""
_ORDER_UNKNOWN: Final[tuple[ev.Seeks, ...]] = (
    "practice",
    "example",
    "automation",
    "frequency",
    "agreement",
    "owner",
    "tool",
    "since",
    "improvement",
)
_ORDER_UNPLACED: Final[tuple[ev.Seeks, ...]] = (
    "automation",
    "agreement",
    "frequency",
    "example",
    "improvement",
    "owner",
    "since",
    "tool",
    "practice",
)
_ORDER_FREQUENCY: Final[tuple[ev.Seeks, ...]] = ("frequency", "example", "since", "agreement", "owner", "improvement", "practice")


@dataclass(frozen=True)
class Follow:
    """The probe to ask."""

    body: ev.Probed
    """As the guide or framework words it, with the respondent's words where they fit."""
    said: str
    """What it follows up, to the letter."""
    question: str
    """The probe alone, without the respondent's words."""


def next_probe(ledger: Ledger, framework: Framework, at_first: int = MAX_AT_FIRST) -> Follow | None:
    """The probe that is due after the last answer; None: enough. Pure.

    ``at_first``: probes to one question while some element was not asked about yet; whoever never comes back asks them all at once.
    """
    last = ledger.last
    item = ledger.last_item
    if last is None or item is None or last.reply is None or last.outcome != "answered" or isinstance(last.body, ev.Offered):
        return None
    if last.body.item != item.key or ledger.entries[item.key].probes >= (at_first if _much_is_new(ledger) else MAX_PER_QUESTION):
        return None
    if ledger.minutes_left - ledger.guide.closing.minutes < PROBE_MINUTES:
        return None
    if refuses(last.reply):
        return None
    if language_of(last.reply) not in ("en", ""):
        return _other_language(ledger, last, item)
    return _conflict(ledger, last, item, framework) or _detail(ledger, last, item, framework)


def _much_is_new(ledger: Ledger) -> bool:
    """Whether some element is unknown and was never asked about, although a question of the guide could settle it."""
    if ledger.opened.focus:
        return False
    direct = {e for i in ledger.guide.items for e in i.elements if ledger.entries[i.key].status == "not reached"}
    return any(c.status == "unknown" and not c.asked and not c.refused for e, c in ledger.coverage.items() if e in direct)


def _other_language(ledger: Ledger, last: Exchange, item: Item) -> Follow | None:
    asked = sum(isinstance(x.body, ev.Probed) and x.body.seeks == "language" for x in ledger.exchanges)
    if asked >= MAX_LANGUAGE or last.reply is None:
        return None
    text = ledger.guide.language_request
    body = ev.Probed(item=item.key, element="", seeks="language", type="clarifying", probe=f"language@{item.key}", text=text)
    return Follow(body, last.reply, text)


def _conflict(ledger: Ledger, last: Exchange, item: Item, framework: Framework) -> Follow | None:
    """Two statements of one element: both are given back, once."""
    for c in ledger.coverage.values():
        name = f"conflict@{c.element}"
        new = [f for f in c.findings if f.turn == last.reply_turn and f.statement]
        if c.status != "conflict" or not new or name in ledger.probed or c.refused:
            continue
        now = max(new, key=lambda f: f.confidence)
        old = [f for f in c.findings if f.turn < now.turn and f.statement and f.statement != now.statement]
        if not old:
            continue
        before = max(old, key=lambda f: f.confidence)
        # Neighbouring stages told apart by one word are not worth a confrontation; the reviewer sees both.
        if max(before.stage_low, now.stage_low) - min(before.stage_high, now.stage_high) < 2:
            continue
        first, second = clause(before.quote, 7), clause(now.quote, 7)
        text = f"Earlier you said “{first}”, and just now “{second}”. {ledger.guide.conflict}"
        if first and second and not form_faults(text, framework=framework):
            body = ev.Probed(item=item.key, element=c.element, seeks="conflict", type="clarifying", probe=name, text=text)
            return Follow(body, now.quote, ledger.guide.conflict)
    return None


def _detail(ledger: Ledger, last: Exchange, item: Item, framework: Framework) -> Follow | None:
    """The element of the question that lacks most, and the first detail it lacks."""
    passing = (f for f in ledger.findings if f.turn == last.reply_turn and (f.element in item.served or f.confidence >= SURE))
    named = dict.fromkeys((*item.elements, *(f.element for f in passing)))
    lacking = [ledger.coverage[e] for e in named if _worth_probing(ledger.coverage[e], ledger)]
    if not lacking or (last.reply is not None and does_not_know(last.reply)):
        return None
    # What was just spoken of comes first: a practice whose stage stays open is one detail away.
    lacking.sort(key=lambda c: (c.status != "unplaced", probes_toward(c.element, ledger)))
    for coverage in lacking:
        element = framework.element(coverage.element)
        probe = _choose(ledger, coverage, element, item)
        if probe is not None:
            name, chosen = probe
            said, text = _anchored(chosen.text, coverage, last, framework)
            body = ev.Probed(item=item.key, element=element.id, seeks=chosen.seeks, type=chosen.type, probe=name, text=text)
            return Follow(body, said, chosen.text)
    return None


def coming_back(ledger: Ledger, element: str, framework: Framework) -> Follow | None:
    """A probe toward a practice that was spoken of earlier and whose stage stays open; None where all has been tried. Pure."""
    c = ledger.coverage[element]
    if c.status != "unplaced" or not _worth_probing(c, ledger):
        return None
    found = _choose(ledger, c, framework.element(element), None)
    if found is None:
        return None
    name, probe = found
    source = max(c.findings, key=lambda f: (f.confidence, -f.turn)).quote
    text = _led("Earlier you said", source, probe.text, framework, element)
    body = ev.Probed(item=RETURN, element=element, seeks=probe.seeks, type=probe.type, probe=name, text=text)
    return Follow(body, source, probe.text)


def _worth_probing(c: Coverage, ledger: Ledger) -> bool:
    focus = ledger.opened.focus
    open_ = c.status in ("unknown", "mentioned", "unplaced")
    return open_ and not c.refused and (not focus or c.element in focus) and probes_toward(c.element, ledger) < MAX_PER_ELEMENT


def probes_toward(element: str, ledger: Ledger) -> int:
    """Probes so far."""
    return sum(isinstance(x.body, ev.Probed) and x.body.element == element for x in ledger.exchanges)


def _choose(ledger: Ledger, c: Coverage, element: Element, item: Item | None) -> tuple[str, Probe] | None:
    """Name and text of the first unused probe, in the order of what the evidence needs, for a detail that was not given yet."""
    order = _ORDER_UNPLACED if c.status == "unplaced" else _ORDER_UNKNOWN
    if element.probes and element.probes[0].seeks == "frequency":
        order = _ORDER_FREQUENCY
    told = given(" ".join(f.quote for f in c.findings), element) if c.findings else frozenset[ev.Seeks]()
    bodies = [x.body for x in ledger.exchanges if isinstance(x.body, ev.Probed) and x.body.element == element.id]
    # The same detail is not sought twice, and nothing is asked in the same words again.
    told |= {b.seeks for b in bodies if b.seeks not in ("practice", "example")}
    worded = tuple(x.body.text for x in ledger.exchanges)
    available = [
        (n, p) for n, p in _available(ledger, element, item) if n not in ledger.probed and not any(w.endswith(p.text) for w in worded)
    ]
    if sum(b.type == "idiographic" for b in bodies) >= MAX_EXAMPLES:
        available = [(n, p) for n, p in available if p.type != "idiographic"]
    for seeks in order:
        if seeks not in told:
            for name, probe in available:
                if probe.seeks == seeks:
                    return name, probe
    return None


def _available(ledger: Ledger, element: Element, item: Item | None) -> Iterator[tuple[str, Probe]]:
    """The question's own probes, then the element's, then the general ones."""
    if item is not None and item.served[:1] == (element.id,):
        yield from ((f"{item.question.id}:{p.id}", p) for p in item.probes)
    yield from ((f"{element.id}:{p.id}", p) for p in element.probes)
    yield from ((f"general:{p.id}@{element.id}", p) for p in ledger.guide.general_probes)


def _subject(element: str, framework: Framework) -> frozenset[str]:
    """Words that tell the element from the others: what is repeated to the respondent must belong to the probe behind it."""
    told = {e.id: words_of(" ".join((e.name, e.description, *(p.text for p in e.probes)))) for e in framework.elements}
    return frozenset(w for w in told[element] if sum(w in words for words in told.values()) <= len(told) / 3)


def _anchored(text: str, c: Coverage, last: Exchange, framework: Framework) -> tuple[str, str]:
    """What the probe follows up, and the probe with a piece of it in front, where that passes the gate."""
    new = [f for f in c.findings if f.turn == last.reply_turn]
    if not new:
        return last.reply or "", text
    source = max(new, key=lambda f: (f.confidence, -f.start)).quote
    return source, _led("You said", source, text, framework, c.element)


def _led(opening: str, source: str, text: str, framework: Framework, element: str) -> str:
    """The probe with a piece of the respondent's words in front, where that passes the gate."""
    piece = clause(source, about=_subject(element, framework))
    led = f"{opening} “{piece}”. {text}"
    named = any(word.casefold() in piece.casefold() for word in stage_words(framework))
    return text if not piece or named or form_faults(led, framework=framework) else led
