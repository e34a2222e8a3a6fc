"""The Conductor: takes one interview from consent to closing. Every step is derived from the log and committed before the next.

Killed after any event, `Conductor.advance` does what is still due and comes to the same pending question: nothing is kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from assistant.errors import EngineError, InputError, PermissionDenied, StaleEditError
from assistant.frameworks.schema import suggestion
from assistant.interview import events as ev
from assistant.interview.coding import Coder
from assistant.interview.consent import ConsentText, consent_text
from assistant.interview.details import refuses, verdict
from assistant.interview.events import Finding
from assistant.interview.gate import Context, faults, form_faults, vocabulary_of
from assistant.interview.guide import Guide, Item
from assistant.interview.ledger import CLOSING, OWN, Ledger, fold
from assistant.interview.logs import EventLog
from assistant.interview.policy import Offer, Order, may_ask, next_step, rate
from assistant.interview.probing import MAX_AT_FIRST, MAX_PER_QUESTION, Follow, next_probe
from assistant.interview.reading import Reader
from assistant.interview.speech import Listener, checked
from assistant.interview.wording import ATTEMPTS, MAX_FAILURES, Worder
from assistant.models import Framework
from assistant.transcripts.labels import clean

MAX_ANSWER: Final = 50_000
"""Longest answer, in characters: some five hours of speech."""
ASSISTANT: Final = "assistant"
"""``Event.by`` of what the program does itself."""
MAX_BUDGET: Final = 480.0
"""Longest interview, in minutes: as for a guide."""
_RACES: Final = 50
"""Times that another tab may be faster before giving up."""


@dataclass(frozen=True)
class Setup:
    """How an interview is to be conducted."""

    mode: ev.Mode = "self-service"
    """Who puts the questions, and where."""
    interviewer: str = "Interviewer"
    """Speaker label of the questions."""
    respondent: str = "Respondent"
    """Speaker label of the answers: a name or a pseudonym."""
    role: str = ""
    """The respondent's function."""
    budget_minutes: float | None = None
    """Time that it should take, above 0 and up to `MAX_BUDGET`; the guide's where None."""
    focus: tuple[str, ...] = ()
    """Elements that a follow-up interview is to settle."""
    verbatim: bool = True
    """False: a person notes answers in their own words, and the transcript says so."""


def begin(log: EventLog, guide: Guide, framework: Framework, setup: Setup | None = None, *, by: str = "local") -> None:
    """Writes the opening of a new interview.

    Raises InputError for speaker names that cannot be told apart, a time that is none, and a focus that the framework does not have;
    StaleEditError where it is open already.
    """
    setup = setup or Setup()
    # As they will stand in the transcript, so that the two are the same label.
    names = (clean(setup.interviewer), clean(setup.respondent))
    if not all(names) or names[0].casefold() == names[1].casefold():
        raise InputError("interviewer and respondent need names that differ", remedy="name them, e.g. Interviewer and Respondent")
    minutes = guide.budget_minutes if setup.budget_minutes is None else setup.budget_minutes
    if not 0 < minutes <= MAX_BUDGET:
        raise InputError(f"an interview cannot take {minutes:g} minutes", remedy=f"give between a few minutes and {MAX_BUDGET:g}")
    known = [e.id for e in framework.elements]
    for element in setup.focus:
        if element not in known:
            raise InputError(
                f"there is no element '{element}' in {framework.id}", place="focus",
                remedy=f"{suggestion(element, known)}Known: {', '.join(known)}",
            )  # fmt: skip
    opened = ev.Opened(
        guide=guide.model_dump(mode="json"), framework=framework.id, framework_hash=framework.hash, mode=setup.mode, interviewer=names[0],
        respondent=names[1], role=setup.role, budget_minutes=minutes, focus=setup.focus, verbatim=setup.verbatim,
    )  # fmt: skip
    log.append(opened, expected=0, by=by)


class Conductor:
    """One interview. Cheap to make: each page run may make its own; several at once come to one conversation."""

    def __init__(
        self,
        log: EventLog,
        framework: Framework,
        coder: Coder,
        worder: Worder | None = None,
        *,
        order: Order | None = None,
        listener: Listener | None = None,
        reader: Reader | None = None,
    ) -> None:
        self.log = log
        self.framework = framework
        self._coder = coder
        self._worder = worder
        self._order = order
        self._listener = listener
        self._reader = reader
        self._events: list[ev.Event] = []
        self._sent = 0
        """``seq`` of the record of what this Conductor is about to send; 0: none."""

    # ------------------------------------------------------------ looking

    @property
    def ledger(self) -> Ledger:
        """The present state, other tabs' doings included. Raises InputError where the interview was never opened."""
        self._events += self.log.read(after=len(self._events))
        return fold(self._events)

    @property
    def events(self) -> tuple[ev.Event, ...]:
        """The whole log."""
        self._events += self.log.read(after=len(self._events))
        return tuple(self._events)

    def consent_text(self) -> ConsentText:
        """What the respondent is to agree to, naming the model that this Conductor would use."""
        opened = self.ledger.opened
        redacted = all(party.redacts for party in (self._worder, self._reader) if party is not None)
        return consent_text(
            self.ledger.guide, wording=_party(self._worder), reading=_party(self._reader), speech=_party(self._listener),
            redacted=redacted, minutes=opened.budget_minutes, verbatim=opened.verbatim,
        )  # fmt: skip

    def notice(self) -> str:
        """What a respondent or assessor must know about the questions' wording; empty: nothing."""
        failures = self.ledger.model_failures
        said = []
        if self._worder is not None and failures.get("wording"):
            said.append(f"The language model {self._worder.model} did not answer; the guide's own questions are asked instead.")
        if self._reader is not None and failures.get("reading"):
            said.append(f"The language model {self._reader.model} did not answer; answers are read on this machine instead.")
        return " ".join([*said, "Nothing is lost."]) if said else ""

    def suggestions(self, count: int = 3) -> tuple[Item, ...]:
        """For the person who interviews: questions worth most now, best first, the pending one left out."""
        ledger = self.ledger
        free = [i for i in ledger.guide.items if not i.part.follows and may_ask(i, ledger)]
        return tuple(sorted(free, key=lambda i: (-rate(i, ledger), i.order))[:count])

    # ------------------------------------------------------------ what people do

    def consent(self, text: ConsentText, *, by: str) -> Ledger:
        """The respondent agrees to this text; gives the state with the first question.

        Raises InputError where the text is not the one that is to be shown now.
        """
        if text != self.consent_text():
            raise InputError("the consent text has changed since it was shown", remedy="show the present one and ask again")
        body = ev.Consented(**text.model_dump())
        self._commit(lambda now: None if now.consent or now.over else body, by)
        return self.advance()

    def decline(self, *, by: str) -> Ledger:
        """The respondent does not agree: the interview is over before it began."""
        return self._commit(lambda now: None if now.consent or now.over else ev.Declined(), by)

    def answer(self, text: str, *, to: int, by: str = "respondent", go_on: bool = True) -> Ledger:
        """Commits an answer to the pending question ``to`` (its ``seq``) byte for byte, then goes on (or leaves that to `advance`).

        Raises StaleEditError where that question is no longer pending (another tab, a double click), InputError for an answer without
        words or far too long, PermissionDenied before consent.
        """
        if not text.strip():
            raise InputError("the answer is empty", remedy="write something, or skip the question")
        if len(text) > MAX_ANSWER:
            raise InputError(f"the answer has {len(text):,} characters, more than {MAX_ANSWER:,}", remedy="send it in parts")
        self._reply(ev.Answered(to=to, text=text), to, by)
        return self.advance() if go_on else self.ledger

    def skip(self, *, to: int, by: str = "respondent", go_on: bool = True) -> Ledger:
        """Passes over the pending question. Raises like `answer`."""
        self._reply(ev.Skipped(to=to), to, by)
        return self.advance() if go_on else self.ledger

    def refuse(self, *, to: int, by: str = "respondent", go_on: bool = True) -> Ledger:
        """The respondent does not want to speak of this; nothing about it is asked again. Raises like `answer`."""
        self._reply(ev.Refused(to=to), to, by)
        return self.advance() if go_on else self.ledger

    @property
    def hears(self) -> bool:
        """Whether an answer may be spoken: an endpoint is configured, and the respondent agreed to that very one."""
        consent, listener = self.ledger.consent, self._listener
        if consent is None or listener is None:
            return False
        return (consent.speech_recipient, consent.speech_model) == (listener.recipient, listener.model)

    def hear(self, sound: bytes, *, by: str) -> str:
        """The words of a recorded answer, for the respondent to read and send. That it leaves is on record before; the sound is not kept.

        Raises PermissionDenied where the respondent did not agree to that, InputError for a recording that is empty or too long,
        EngineError where no words came back.
        """
        listener = self._listener
        if listener is None or not self.hears:
            raise PermissionDenied("a recording may not be sent: the respondent did not agree to it", remedy="type the answer instead")
        body = ev.Sent(purpose="recording", recipient=listener.recipient, model=listener.model, prompt="", text=checked(sound))

        def record(now: Ledger) -> ev.Body:
            _check_open(now)
            return body

        self._commit(record, by, last=body)
        return listener.words(sound)

    def pause(self, *, by: str = "respondent") -> Ledger:
        """Stops the clock; the pending question stays."""
        return self._commit(lambda now: None if now.paused or now.over else ev.Paused(), by)

    def resume(self, *, by: str = "respondent") -> Ledger:
        """Goes on after a pause, at the pending question."""
        self._commit(lambda now: ev.Resumed() if now.paused and not now.over else None, by)
        return self.advance()

    def stop(self, *, by: str = "respondent") -> Ledger:
        """Ends the interview; what was said stays and counts."""
        body = ev.Stopped(reason="respondent" if by == "respondent" else "interviewer")
        self._commit(lambda now: None if now.over else body, by)
        return self.advance()

    def choose(self, item: str, *, by: str) -> Ledger:
        """The person who interviews asks another question of the guide instead of the pending one. Raises InputError for an unknown one."""
        guide = self.ledger.guide
        if item not in guide.by_key:
            raise InputError(f"there is no question {item}", remedy="choose one of the guide's")
        return self._ask_instead(ev.Asked(item=item, text=guide.by_key[item].text, wording=ev.Wording(source="person")), by)

    def ask_own(self, text: str, *, by: str) -> tuple[Ledger, list[str]]:
        """The person who interviews asks a question of their own; gives what the gate would say against it, which does not stop it."""
        if not text.strip():
            raise InputError("the question is empty", remedy="write it out")
        ledger = self._ask_instead(ev.Asked(item=OWN, text=text, wording=ev.Wording(source="person")), by)
        return ledger, form_faults(text, framework=self.framework)

    # ------------------------------------------------------------ going on

    def advance(self) -> Ledger:
        """Does all that is due: reads the last answer, then shows what comes next. Does nothing while something is pending.

        Raises EngineError, ModelFileError where the local engine cannot work (the answer is safe; call again).
        """
        for _ in range(_RACES):
            ledger = self.ledger
            body = self._due(ledger)
            if body is None:
                return ledger
            done = self._append(body, ledger.seq)
            if done is not None and isinstance(body, ev.Sent):
                self._sent = done.seq
        return self.ledger

    def _append(self, body: ev.Body, expected: int) -> ev.Event | None:
        """Commits what is due after event ``expected``; None where another tab did something first, which the next round reads."""
        for _ in range(_RACES):
            try:
                return self.log.append(body, expected=expected, by=ASSISTANT)
            except StaleEditError:
                since = self.events[expected:]
                # Another tab that waits for a model, too, has changed nothing: the first to have a result ends it for both.
                if isinstance(body, ev.Sent) or not all(isinstance(e.body, ev.Sent) for e in since):
                    return None
                expected += len(since)
        return None

    def _may_send(self) -> bool:
        """Whether this Conductor's record of what it is about to send is the last thing that happened; it is good for one sending."""
        sent, self._sent = self._sent, 0
        return sent > 0 and all(isinstance(e.body, ev.Sent) for e in self._events[sent - 1 :])

    def _due(self, ledger: Ledger) -> ev.Body | None:
        """The one event that the program owes next."""
        last = ledger.last
        if ledger.consent is None or ledger.declined:
            return None
        if ledger.uncoded:
            return self._coded(ledger)
        if last is not None and last.reply is not None and last.outcome == "answered":
            if refuses(last.reply):
                return ev.Refused(to=last.seq)
            if isinstance(last.body, ev.Offered) and last.seq not in ledger.confirmations:
                return ev.Confirmed(to=last.seq, element=last.body.element, outcome=verdict(last.reply))
        if ledger.over or ledger.paused or ledger.pending is not None:
            return None
        return self._next(ledger)

    def _coded(self, ledger: Ledger) -> ev.Body:
        """What is now read in the answers: by the model that the respondent agreed to, else, or where it fails, on this machine."""
        reader = self._reader if _agreed(self._reader, ledger, "reading") else None
        if reader is None:
            return _change(ledger, self._coder.name, self._coder.findings(ledger))
        if _given_up(ledger, "reading"):
            new = {x.reply_turn for x in ledger.exchanges if (x.reply_seq or 0) > ledger.coded_upto}
            # What the model read of earlier answers stands.
            kept = [f for f in ledger.findings if f.turn not in new]
            return _change(ledger, self._coder.name, [*kept, *(f for f in self._coder.findings(ledger) if f.turn in new)])
        if not self._may_send():
            page = reader.page(ledger)
            if page.text:
                return ev.Sent(purpose="reading", recipient=reader.recipient, model=reader.model, prompt=page.prompt, text=page.text)
        try:
            return _change(ledger, f"llm/{reader.model}", reader.findings(ledger))
        except EngineError as error:
            return ev.ModelFailed(purpose="reading", reason=error.message)

    def _next(self, ledger: Ledger) -> ev.Body | None:
        order = self._order or ledger.guide.order
        follow = next_probe(ledger, self.framework, MAX_AT_FIRST if order == "coverage" else MAX_PER_QUESTION)
        if follow is not None:
            return self._worded(ledger, follow)
        step = next_step(ledger, self.framework, order)
        if step == "finish":
            return ev.Stopped(reason="finished")
        if step == "closing":
            return ev.Asked(item=CLOSING, text=ledger.guide.closing.text)
        if isinstance(step, Follow):
            return self._worded(ledger, step)
        if isinstance(step, Offer):
            return self._offered(ledger, step)
        if isinstance(step, Item):
            return ev.Asked(item=step.key, text=step.text)
        return None

    def _offered(self, ledger: Ledger, offer: Offer) -> ev.Offered:
        """The respondent's own words and a neutral question; a long quote is shortened at its end until the gate lets it pass."""
        words = offer.quote.replace("“", "'").replace("”", "'").split()
        for count in range(min(len(words), 28), 2, -3):
            text = f"Earlier you said “{' '.join(words[:count]).rstrip(' .,;:!?…')}”. {ledger.guide.confirm}"
            if not form_faults(text, framework=self.framework):
                return ev.Offered(element=offer.element, text=text, quote=offer.quote)
        return ev.Offered(element=offer.element, text=ledger.guide.confirm, quote=offer.quote)

    # ------------------------------------------------------------ wording

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        guide = self.ledger.guide
        probes = [p.text for e in self.framework.elements for p in e.probes] + [p.text for p in guide.general_probes]
        return vocabulary_of([*probes, *(i.text for i in guide.items), *(e.name for e in self.framework.elements)])

    def _worded(self, ledger: Ledger, follow: Follow) -> ev.Body:
        """The probe in a model's words where they pass the gate, else in the guide's; or the record of a wording that failed."""
        worder = self._worder
        if worder is None or follow.body.seeks in ("language", "conflict"):
            return follow.body
        if not _agreed(worder, ledger, "wording"):
            return _noted(follow.body, "the respondent did not agree to this model")
        if _given_up(ledger, "wording"):
            return _noted(follow.body, f"the model {worder.model} did not answer")
        if ledger.rejected >= ATTEMPTS:
            return _noted(follow.body, f"{ATTEMPTS} wordings were refused")
        return self._generated(ledger, follow, worder)

    def _generated(self, ledger: Ledger, follow: Follow, worder: Worder) -> ev.Body:
        draft = worder.draft(follow.question, follow.body.seeks, follow.said)
        if not self._may_send():
            # On record before it leaves; the next round, finding its own record to be the last event, sends.
            return ev.Sent(recipient=worder.recipient, model=worder.model, prompt=draft.prompt, text=draft.text)
        try:
            text = worder.word(draft).strip()
        except EngineError as error:
            return ev.ModelFailed(reason=error.message)
        reasons = faults(text, Context(self.framework, ledger.answers, self._vocabulary, follow.body.text))
        if reasons:
            return ev.WordingRejected(text=text[:1000], reasons=tuple(reasons))
        return follow.body.model_copy(update={"text": text, "wording": ev.Wording(source="model", model=worder.model)})

    # ------------------------------------------------------------ inside

    def _commit(self, due: Callable[[Ledger], ev.Body | None], by: str, *, last: ev.Body | None = None) -> Ledger:
        """Commits what ``due`` says of the present state, one event after the other, until ``last`` or None; gives the state then.

        Where another tab is faster, ``due`` is asked again. Raises what ``due`` raises; StaleEditError where that happens too often.
        """
        for _ in range(_RACES):
            ledger = self.ledger
            body = due(ledger)
            if body is None:
                return ledger
            with suppress(StaleEditError):
                self.log.append(body, expected=ledger.seq, by=by)
                if body is last:
                    return self.ledger
        raise StaleEditError("the interview goes on in too many windows", remedy="close the others, and try again")

    def _reply(self, body: ev.Answered | ev.Skipped | ev.Refused, to: int, by: str) -> None:
        def due(now: Ledger) -> ev.Body:
            _check_open(now)
            if now.pending is None or now.pending.seq != to:
                raise StaleEditError(
                    "this question was answered already, perhaps in another window", current=now.pending, attempted=body,
                    remedy="go on from the question shown now",
                )  # fmt: skip
            return ev.Resumed() if now.paused else body

        self._commit(due, by, last=body)

    def _ask_instead(self, asked: ev.Asked, by: str) -> Ledger:
        """Shows another question; the one that is pending, if any, was not spoken."""

        def due(now: Ledger) -> ev.Body:
            _check_open(now)
            return asked if now.pending is None else ev.PutAside(to=now.pending.seq)

        return self._commit(due, by, last=asked)


def _check_open(ledger: Ledger) -> None:
    """Raises PermissionDenied before consent, InputError where the interview is over."""
    if ledger.consent is None:
        raise PermissionDenied("nothing is asked before the respondent agreed", remedy="show the consent text first")
    if ledger.over:
        raise InputError("this interview is over", remedy="begin another one")


def _agreed(party: Worder | Reader | None, ledger: Ledger, purpose: ev.Purpose) -> bool:
    """Whether the respondent agreed to this endpoint and model for this, and to what it does with names."""
    consent = ledger.consent
    if party is None or consent is None:
        return False
    reading = (consent.reading_recipient, consent.reading_model)
    named = reading if purpose == "reading" else (consent.recipient, consent.model)
    return named == _party(party) and (party.redacts or not consent.redacted)


def _given_up(ledger: Ledger, purpose: ev.Purpose) -> bool:
    """Whether the model just failed at this, or too often in the whole interview."""
    return purpose in ledger.failed or ledger.model_failures.get(purpose, 0) >= MAX_FAILURES


def _change(ledger: Ledger, coder: str, findings: Iterable[Finding]) -> ev.Coded:
    """What is now read, as the difference to what was read before."""
    found = {f.key: f for f in findings}
    known = {f.key for f in ledger.findings}
    upto = max(x.reply_seq for x in ledger.exchanges if x.reply_seq is not None)
    return ev.Coded(
        upto=upto, engine=coder, added=tuple(f for key, f in found.items() if key not in known), removed=tuple(sorted(known - set(found)))
    )


def _party(who: Worder | Reader | Listener | None) -> tuple[str, str]:
    """Endpoint and model; empty where there is none."""
    return (who.recipient, who.model) if who is not None else ("", "")


def _noted(body: ev.Probed, note: str) -> ev.Probed:
    return body.model_copy(update={"wording": ev.Wording(note=note)})
