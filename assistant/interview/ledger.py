"""The log folded: what was asked and answered, what is known of each element, what is pending. Pure: the same log gives the same ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal, cast

from pydantic import ValidationError

from assistant.errors import InputError
from assistant.interview import events as ev
from assistant.interview.guide import Guide, Item
from assistant.models import Status

MAX_GAP_MINUTES: Final = 10.0
"""What one question and answer count at most: whoever leaves without pausing must not lose the hour."""
CLOSING: Final = "closing"
"""``Asked.item`` of the last question."""
OWN: Final = "own"
"""``Asked.item`` of a question that the interviewer made up."""
RETURN: Final = "return"
"""``Probed.item`` where the conversation comes back to something said earlier."""

QuestionStatus = Literal["answered", "partial", "refused", "skipped", "not reached", "pending"]
ElementStatus = Literal["unknown", "mentioned", "unplaced", "settled", "conflict"]
"""unknown: nothing said; mentioned: only plans, the past or others; unplaced: current practice, but which stage stays open; settled: one
statement fits; conflict: current statements that differ."""


@dataclass(frozen=True)
class Pending:
    """What was shown and is not answered yet."""

    seq: int
    """``Event.seq`` of it: what a reply names."""
    body: ev.Asked | ev.Probed | ev.Offered
    """What was shown."""

    @property
    def text(self) -> str:
        """As shown."""
        return self.body.text


@dataclass(frozen=True)
class Entry:
    """One question of the guide in the ledger."""

    item: str
    """``Item.key``."""
    status: QuestionStatus
    """What became of it."""
    turns: tuple[int, ...] = ()
    """``Turn.index`` of its questions, probes and answers."""
    covered: bool = False
    """Not asked, because everything it serves was answered elsewhere."""
    probes: int = 0
    """Probes asked after it."""


@dataclass(frozen=True)
class Coverage:
    """What is known of one element."""

    element: str
    """``Element.id``."""
    status: ElementStatus
    """What its findings leave known."""
    findings: tuple[ev.Finding, ...] = ()
    """Current ones."""
    confirmed: bool = False
    """The respondent confirmed what was read in passing."""
    refused: bool = False
    """The respondent does not want to speak of it."""
    asked: int = 0
    """Questions and probes toward it so far."""
    questions: int = 0
    """Of these, questions of the guide."""

    @property
    def statements(self) -> tuple[str, ...]:
        """Distinct statements that findings are placed on, in order of appearance."""
        return tuple(dict.fromkeys(f.statement for f in self.findings if f.statement))


@dataclass(frozen=True)
class Exchange:
    """One shown question and what came back."""

    seq: int
    """``Event.seq`` of the question."""
    body: ev.Asked | ev.Probed | ev.Offered
    """What was shown."""
    turn: int
    """``Turn.index`` of the question."""
    second: float = 0.0
    """Active seconds of the interview at which it was shown."""
    reply_second: float | None = None
    """The same for the answer."""
    reply: str | None = None
    """The answer to the letter; None where there is none."""
    reply_turn: int | None = None
    """``Turn.index`` of the answer."""
    reply_seq: int | None = None
    """``seq`` of the answer."""
    outcome: Literal["pending", "answered", "skipped", "refused"] = "pending"
    """What came of it; refused with a reply: the refusal was in words."""


@dataclass(frozen=True)
class Ledger:
    """Everything derived from a log."""

    guide: Guide
    """The one that the interview began with."""
    opened: ev.Opened
    """How it was set up."""
    seq: int
    """``seq`` of the last event: what the next one is counted from."""
    consent: ev.Consented | None
    """What was agreed to; None: nothing yet."""
    declined: bool
    """Whether the respondent did not agree."""
    pending: Pending | None
    """What waits for a reply."""
    paused: bool
    """Whether the clock stands still."""
    stopped: ev.Stopped | None
    """How it ended; None: it did not."""
    minutes: float
    """Used so far, pauses left out."""
    entries: dict[str, Entry]
    """By ``Item.key``, in the order of the guide."""
    coverage: dict[str, Coverage]
    """By element, in the order of first service in the guide, then of appearance."""
    exchanges: tuple[Exchange, ...]
    """Everything shown and not put aside, in order."""
    findings: tuple[ev.Finding, ...]
    """What the engine now reads, current or not."""
    coded_upto: int
    """``seq`` of the last answer that was coded."""
    rejected: int
    """Wordings refused since something was last shown."""
    failed: frozenset[ev.Purpose]
    """What a model was asked for in vain since something was last shown."""
    model_failures: Mapping[ev.Purpose, int]
    """Times that a model did not answer, by what it was asked for."""
    probed: frozenset[str]
    """Prewritten probes that were used."""
    offered: frozenset[str]
    """Elements that were offered for confirmation."""
    confirmations: frozenset[int]
    """``seq`` of offers with an outcome."""

    @property
    def over(self) -> bool:
        """Nothing more will be asked."""
        return self.stopped is not None or self.declined

    @property
    def minutes_left(self) -> float:
        """Of the budget; never negative."""
        return max(self.opened.budget_minutes - self.minutes, 0.0)

    @property
    def uncoded(self) -> bool:
        """Whether an answer has not been read by the engine yet."""
        return any((x.reply_seq or 0) > self.coded_upto for x in self.exchanges)

    @property
    def last(self) -> Exchange | None:
        """What was shown last."""
        return self.exchanges[-1] if self.exchanges else None

    @property
    def last_item(self) -> Item | None:
        """The guide's question that the conversation is at."""
        for x in reversed(self.exchanges):
            if not isinstance(x.body, ev.Offered) and x.body.item in self.guide.by_key:
                return self.guide.by_key[x.body.item]
        return None

    @property
    def settled(self) -> tuple[str, ...]:
        """Elements about which nothing more needs to be asked."""
        return tuple(e for e, c in self.coverage.items() if c.status in ("settled", "conflict"))

    @property
    def answers(self) -> tuple[str, ...]:
        """All that the respondent said, in order."""
        return tuple(x.reply for x in self.exchanges if x.reply is not None)


def fold(log: Sequence[ev.Event]) -> Ledger:
    """The ledger of a log.

    Raises InputError where the log does not begin with its opening or has gaps (it is damaged), or its guide is of another version.
    """
    if not log or not isinstance(log[0].body, ev.Opened):
        raise InputError("this interview has no beginning", remedy="open it again, or restore the database from a backup")
    folder = _Folder(log[0].body)
    for place, event in enumerate(log, start=1):
        if event.seq != place:
            raise InputError(f"event {place} of this interview is missing", remedy="restore the database from a backup")
        folder.take(event)
    return folder.ledger()


@dataclass
class _Folder:
    """What `fold` builds up."""

    opened: ev.Opened
    consent: ev.Consented | None = None
    declined: bool = False
    paused: bool = False
    stopped: ev.Stopped | None = None
    seconds: float = 0.0
    seq: int = 0
    last_at: datetime | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    findings: dict[str, ev.Finding] = field(default_factory=dict)
    coded_upto: int = 0
    rejected: int = 0
    failed: set[ev.Purpose] = field(default_factory=set)
    model_failures: Counter[ev.Purpose] = field(default_factory=Counter)
    probed: set[str] = field(default_factory=set)
    offers: dict[int, ev.Offered] = field(default_factory=dict)
    outcomes: dict[int, ev.Confirmed] = field(default_factory=dict)

    def take(self, event: ev.Event) -> None:
        """One event more."""
        body = event.body
        if self.last_at is not None and not self.paused and self.consent is not None and self.stopped is None:
            self.seconds += min(max((event.at - self.last_at).total_seconds(), 0.0), MAX_GAP_MINUTES * 60)
        self.last_at, self.seq = event.at, event.seq
        if isinstance(body, ev.SHOWN):
            self._shown(event.seq, body)
        elif isinstance(body, ev.Answered | ev.Skipped | ev.Refused):
            self._replied(event.seq, body)
        elif isinstance(body, ev.PutAside):
            self.exchanges = [x for x in self.exchanges if x.seq != body.to]
        elif isinstance(body, ev.Coded):
            for key in body.removed:
                self.findings.pop(key, None)
            self.findings |= {f.key: f for f in body.added}
            self.coded_upto = body.upto
        elif isinstance(body, ev.Confirmed):
            self.outcomes[body.to] = body
        else:
            self._other(body)

    def _shown(self, seq: int, body: ev.Asked | ev.Probed | ev.Offered) -> None:
        turn = sum(1 if x.reply is None else 2 for x in self.exchanges)
        self.exchanges.append(Exchange(seq, body, turn, self.seconds))
        self.rejected, self.failed = 0, set()
        if isinstance(body, ev.Probed):
            self.probed.add(body.probe)
        elif isinstance(body, ev.Offered):
            self.offers[seq] = body

    def _replied(self, seq: int, body: ev.Answered | ev.Skipped | ev.Refused) -> None:
        x = self.exchanges[-1]
        if isinstance(body, ev.Answered):
            new = replace(x, reply=body.text, reply_turn=x.turn + 1, reply_seq=seq, reply_second=self.seconds, outcome="answered")
        else:
            # After an answer a refusal means that the answer was one in words: it stays.
            new = replace(x, outcome="skipped" if isinstance(body, ev.Skipped) else "refused")
        self.exchanges[-1] = new

    def _other(self, body: ev.Body) -> None:
        if isinstance(body, ev.Consented):
            self.consent = body
        elif isinstance(body, ev.Declined):
            self.declined = True
        elif isinstance(body, ev.Paused):
            self.paused = True
        elif isinstance(body, ev.Resumed):
            self.paused = False
        elif isinstance(body, ev.Stopped):
            self.stopped = body
        elif isinstance(body, ev.WordingRejected):
            self.rejected += 1
        elif isinstance(body, ev.ModelFailed):
            self.failed.add(body.purpose)
            self.model_failures[body.purpose] += 1

    # ------------------------------------------------------------ results

    def ledger(self) -> Ledger:
        """What has been built up."""
        guide = _guide(self.opened)
        last = self.exchanges[-1] if self.exchanges else None
        waiting = last is not None and last.outcome == "pending" and self.stopped is None
        coverage = self._coverage(guide)
        return Ledger(
            guide=guide, opened=self.opened, seq=self.seq, consent=self.consent, declined=self.declined,
            pending=Pending(last.seq, last.body) if waiting and last is not None else None, paused=self.paused, stopped=self.stopped,
            minutes=self.seconds / 60, entries=self._entries(guide, coverage, waiting), coverage=coverage,
            exchanges=tuple(self.exchanges), findings=tuple(self.findings.values()), coded_upto=self.coded_upto, rejected=self.rejected,
            failed=frozenset(self.failed), model_failures=dict(self.model_failures), probed=frozenset(self.probed),
            offered=frozenset(o.element for o in self.offers.values()), confirmations=frozenset(self.outcomes),
        )  # fmt: skip

    def _coverage(self, guide: Guide) -> dict[str, Coverage]:
        elements = dict.fromkeys(e for item in guide.items for e in item.served)
        elements |= dict.fromkeys(f.element for f in self.findings.values())
        confirmed = {o.element for o in self.outcomes.values() if o.outcome == "confirmed"}
        asked: Counter[str] = Counter()
        questions: Counter[str] = Counter()
        refused: set[str] = set()
        for x in self.exchanges:
            toward = elements_of(x.body, guide)
            asked.update(toward)
            questions.update(toward if isinstance(x.body, ev.Asked) else ())
            if x.outcome == "refused":
                refused.update(toward)
        return {
            e: replace(self._of_element(e), confirmed=e in confirmed, refused=e in refused, asked=asked[e], questions=questions[e])
            for e in elements
        }

    def _of_element(self, element: str) -> Coverage:
        mine = sorted((f for f in self.findings.values() if f.element == element), key=lambda f: (f.turn, f.start, f.end))
        current = tuple(f for f in mine if f.status is Status.CURRENT)
        placed = {f.statement for f in current if f.statement}
        status: ElementStatus = "unknown"
        if len(placed) > 1:
            status = "conflict"
        elif placed:
            status = "settled"
        elif current:
            status = "unplaced"
        elif mine:
            status = "mentioned"
        return Coverage(element, status, current)

    def _entries(self, guide: Guide, coverage: dict[str, Coverage], waiting: bool) -> dict[str, Entry]:
        of_item: dict[str, list[Exchange]] = {}
        for x in self.exchanges:
            if not isinstance(x.body, ev.Offered):
                of_item.setdefault(x.body.item, []).append(x)
        known = {e for e, c in coverage.items() if c.status in ("settled", "conflict")}
        return {item.key: _entry(item, of_item.get(item.key, []), known, waiting) for item in guide.items}


def _guide(opened: ev.Opened) -> Guide:
    try:
        return Guide.model_validate(opened.guide)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise InputError(
            "the guide that this interview began with cannot be read", place=place, remedy="upgrade the assistant, or restore a backup"
        ) from error


def elements_of(body: ev.Asked | ev.Probed | ev.Offered, guide: Guide) -> tuple[str, ...]:
    """Elements that a shown question is to settle."""
    if isinstance(body, ev.Asked):
        item = guide.by_key.get(body.item)
        return item.elements if item else ()
    return (body.element,) if body.element else ()


def _entry(item: Item, exchanges: list[Exchange], known: set[str], waiting: bool) -> Entry:
    settled = bool(item.served) and set(item.served) <= known
    # What was on the screen when the interview was stopped was not answered by anybody.
    outcomes = [x.outcome for x in exchanges if isinstance(x.body, ev.Asked) and (x.outcome != "pending" or waiting)]
    if not outcomes:
        return Entry(item.key, "not reached", covered=settled)
    turns = tuple(t for x in exchanges for t in (x.turn, x.reply_turn) if t is not None)
    probes = sum(isinstance(x.body, ev.Probed) for x in exchanges)
    status: QuestionStatus
    # Whoever interviews may come back to a question: what was skipped at first may be answered then.
    if outcomes[-1] == "pending" or "answered" not in outcomes:
        status = cast("QuestionStatus", outcomes[-1])
    elif settled or set(item.elements) <= known:
        status = "answered"
    else:
        status = "partial"
    return Entry(item.key, status, turns, False, probes)
