"""Request -> items: from the database where it was answered before, else from the endpoint; an unusable reply is asked for once more."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from assistant.extraction.llm.budget import Budget
from assistant.extraction.llm.client import Answer
from assistant.extraction.llm.reply import Item, ReplyError, parse_reply
from assistant.extraction.llm.request import Builder, Request
from assistant.extraction.llm.retry import Failure, Pacer, reset_wait
from assistant.store.llm_calls import Arrival, Departure, LLMCalls


class Client(Protocol):
    """Whoever sends a body and gives the reply."""

    recipient: str

    def send(self, body: Mapping[str, Any]) -> Answer:
        """See `ChatClient.send`."""


@dataclass(frozen=True)
class Outcome:
    """What became of one window."""

    request: Request
    items: tuple[Item, ...] | None
    """None where the window failed."""
    problem: str = ""
    """Why it failed."""
    model: str = ""
    """As answered."""
    sent: int = 0
    """Requests sent for it in this run."""
    cached: bool = False
    """Whether the reply was in the database."""


@dataclass
class Sender:
    """Sends requests for one run. Safe for threads.

    Raises StoreError (from any method) where the database refuses: nothing is sent that cannot be logged.
    """

    client: Client
    calls: LLMCalls
    budget: Budget
    attempts: int
    max_wait: float
    pacer: Pacer = field(default_factory=Pacer)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _reason: str = ""

    def stop(self, reason: str) -> None:
        """Nothing more is sent; what is under way may finish."""
        if not self._stopped.is_set():
            self._reason = reason
            self._stopped.set()

    def code(self, request: Request, builder: Builder) -> Outcome:
        """The items of one window, or why there are none."""
        sent: list[str] = []
        known = find_known(self.calls, request, builder)
        problem = ""
        try:
            call, arrival = known or self._ask(request, sent)
            items, problem = self._usable(call, arrival, request)
            if items is None and arrival.finish_reason != "refusal":
                repair = builder.repair(request, arrival.reply, problem)
                call, arrival = self._ask(repair, sent)
                items, problem = self._usable(call, arrival, request)
        except Failure as failure:
            reason = f"{problem}; asked again: {failure}" if problem else str(failure)
            return Outcome(request, None, reason, sent=len(sent))
        if items is None:
            return Outcome(request, None, f"the model's reply cannot be used: {problem}", sent=len(sent))
        return Outcome(request, items, model=arrival.model_answered or request.body["model"], sent=len(sent), cached=not sent)

    def _ask(self, request: Request, sent: list[str]) -> tuple[str, Arrival]:
        """The reply, committed. Raises Failure where none came in all attempts."""
        for attempt in range(1, self.attempts + 1):
            self.pacer.turn()
            if self._stopped.is_set():
                raise Failure(f"not sent: {self._reason}", retryable=False)
            full = self.budget.reserve(request)
            if full:
                self.stop(full)
                raise Failure(f"not sent: {full}", retryable=False)
            call = self.calls.depart(self._departure(request))
            sent.append(call)
            try:
                answer = self.client.send(request.body)
            except Failure as failure:
                self.budget.settle(request, None)
                self.calls.fail(call, failure.reason)
                self._after(failure, attempt)
                continue
            # The reply is in the database before anybody looks at it.
            self.calls.arrive(call, answer.arrival)
            self.budget.settle(request, answer.arrival)
            self.pacer.hold(min(self.max_wait, reset_wait(answer.headers) or 0.0))
            return call, answer.arrival
        raise AssertionError("the last attempt returns or raises")

    def _after(self, failure: Failure, attempt: int) -> None:
        """Waits before the next attempt. Raises the failure where there is none."""
        if failure.fatal:
            self.stop(failure.reason)
        if not failure.retryable:
            raise failure
        if attempt >= self.attempts:
            raise Failure(f"{failure.reason}, {attempt} times", retryable=True)
        if failure.wait is None:
            self.pacer.pause(attempt)
        elif failure.wait > self.max_wait:
            raise Failure(f"{failure.reason} and asks to wait {failure.wait:.0f} s: run it again later", retryable=True)
        else:
            self.pacer.hold(failure.wait)

    def _departure(self, request: Request) -> Departure:
        return Departure(
            request_hash=request.hash, transcript=request.transcript, window=request.window.index, purpose=request.purpose,
            recipient=self.client.recipient, model=request.body["model"], prompt_hash=request.prompt_hash,
            seed=request.body.get("seed"), request=request.body,
        )  # fmt: skip

    def _usable(self, call: str, arrival: Arrival, request: Request) -> tuple[tuple[Item, ...] | None, str]:
        """The items of a committed reply; None and the reason where it is no coding."""
        try:
            return items_of(arrival, request), ""
        except ReplyError as error:
            self.calls.unusable(call, str(error))
            return None, str(error)


def items_of(arrival: Arrival, request: Request) -> tuple[Item, ...]:
    """The items of a reply. Raises ReplyError where it is no coding."""
    if arrival.finish_reason == "refusal":
        raise ReplyError(f"the model refused: {' '.join(arrival.reply.split())[:200]}")
    try:
        return parse_reply(arrival.reply, request.context)
    except ReplyError as error:
        if arrival.finish_reason == "length":
            raise ReplyError(f"it was cut off ({error}); give shorter quotes") from error
        raise


def find_known(calls: LLMCalls, request: Request, builder: Builder) -> tuple[str, Arrival] | None:
    """The reply that the database holds: to the request, or to the repair that an unusable reply to it led to."""
    replies = calls.replies(request.hash)
    for reply in replies:
        if reply.state == "answered":
            return reply.id, reply.arrival
    for reply in replies:
        repair = builder.repair(request, reply.reply or "", reply.error)
        for again in calls.replies(repair.hash):
            if again.state == "answered":
                return again.id, again.arrival
    return None
