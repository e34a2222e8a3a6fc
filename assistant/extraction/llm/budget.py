"""What a run would cost, and caps that stop it cleanly."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assistant.errors import SettingsError
from assistant.extraction.llm.request import Request
from assistant.models import Model
from assistant.settings import Settings
from assistant.store.llm_calls import Arrival


@dataclass(frozen=True)
class Prices:
    """Per million tokens; None where unknown."""

    input: float | None
    cached: float | None
    output: float | None

    @staticmethod
    def of(settings: Settings) -> Prices:
        """From the settings."""
        cached = settings.llm_price_cached if settings.llm_price_cached is not None else settings.llm_price_input
        return Prices(settings.llm_price_input, cached, settings.llm_price_output)

    def cost(self, input_tokens: int, cached_tokens: int, output_tokens: int) -> float | None:
        """None where a price is unknown."""
        if self.input is None or self.cached is None or self.output is None:
            return None
        fresh = max(0, input_tokens - cached_tokens)
        return (fresh * self.input + cached_tokens * self.cached + output_tokens * self.output) / 1_000_000


class Estimate(Model):
    """What a run would send, shown before it starts."""

    transcripts: int
    """Transcripts to code."""
    windows: int
    """Windows of all of them."""
    cached: int
    """Windows whose reply is in the database: not sent again."""
    calls: int
    """Requests to send if nothing fails."""
    input_tokens: int
    """Of the requests to send: messages and schema."""
    output_tokens: int
    """Expected, roughly."""
    cost: float | None
    """At the prices in the settings; None where these are not set."""


def estimate(requests: Sequence[Request], cached: Collection[str], prices: Prices, transcripts: int) -> Estimate:
    """Sums over the requests that are not in the cache; equal ones count once."""
    fresh = list({r.hash: r for r in requests if r.hash not in cached}.values())
    tokens, output = sum(r.tokens for r in fresh), sum(r.expected_output for r in fresh)
    return Estimate(
        transcripts=transcripts, windows=len(requests), cached=sum(r.hash in cached for r in requests), calls=len(fresh),
        input_tokens=tokens, output_tokens=output, cost=prices.cost(tokens, 0, output),
    )  # fmt: skip


class Usage(Model):
    """What a run used, as the endpoint reports it."""

    calls: int = 0
    """Requests sent, retries included."""
    input_tokens: int = 0
    """Cached ones included."""
    cached_tokens: int = 0
    """Of the input tokens."""
    output_tokens: int = 0
    """As reported."""
    cost: float | None = None
    """At the prices in the settings."""


class Budget:
    """Caps of one run. What is under way counts with its estimate, so that many threads together do not pass a cap either.

    Raises SettingsError where a cap on cost is set without prices.
    """

    def __init__(self, settings: Settings) -> None:
        self._prices = Prices.of(settings)
        self._max_calls, self._max_tokens, self._max_cost = settings.llm_max_calls, settings.llm_max_tokens, settings.llm_max_cost
        if self._max_cost is not None and self._prices.cost(1, 0, 1) is None:
            raise SettingsError("a cap on cost needs prices", remedy="set ASSISTANT_LLM_PRICE_INPUT and ASSISTANT_LLM_PRICE_OUTPUT")
        self._lock = threading.Lock()
        self._calls = self._input = self._cached = self._output = 0
        self._reserved_input = self._reserved_output = 0

    def reserve(self, request: Request) -> str | None:
        """Takes room for one call; the cap's name where there is none."""
        with self._lock:
            ahead_in = self._input + self._reserved_input + request.tokens
            ahead_out = self._output + self._reserved_output + request.expected_output
            cost = self._prices.cost(ahead_in, 0, ahead_out)
            if self._max_calls is not None and self._calls + 1 > self._max_calls:
                return f"the cap of {self._max_calls} calls is reached"
            if self._max_tokens is not None and ahead_in + ahead_out > self._max_tokens:
                return f"the cap of {self._max_tokens} tokens is reached"
            if self._max_cost is not None and cost is not None and cost > self._max_cost:
                return f"the cap of {self._max_cost:g} on cost is reached"
            self._calls += 1
            self._reserved_input += request.tokens
            self._reserved_output += request.expected_output
            return None

    def settle(self, request: Request, arrival: Arrival | None) -> None:
        """Replaces the estimate of a call by what it used; nothing where it failed."""
        with self._lock:
            self._reserved_input -= request.tokens
            self._reserved_output -= request.expected_output
            if arrival is not None:
                self._input += arrival.input_tokens
                self._cached += arrival.cached_tokens
                self._output += arrival.output_tokens

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        with self._lock:
            cost = self._prices.cost(self._input, self._cached, self._output)
            return Usage(
                calls=self._calls, input_tokens=self._input, cached_tokens=self._cached, output_tokens=self._output, cost=cost
            )  # fmt: skip
