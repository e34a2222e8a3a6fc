"""Answers read by a language model as they come: each once, with the question before it, by the same engine as uploaded transcripts.

What it says of earlier answers stands. Requests are kept under `of_interview`, so that a withdrawal erases them too, and a reply that
was received before a crash is not paid for again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from assistant.extraction.llm.client import recipient
from assistant.extraction.llm.engine import LLMEngine
from assistant.extraction.llm.redact import Names
from assistant.interview.coding import as_finding
from assistant.interview.events import Finding
from assistant.interview.ledger import Exchange, Ledger
from assistant.interview.transcript import to_transcript
from assistant.models import CodingTask, Framework
from assistant.settings import Settings
from assistant.store import Store
from assistant.store.llm_calls import of_interview


@dataclass(frozen=True)
class Page:
    """What would be sent to read the new answers."""

    prompt: str
    """Hash of the prompt file."""
    text: str
    """Everything that leaves, to the letter."""


class Reader(Protocol):
    """Something outside this machine that reads answers."""

    recipient: str
    """Endpoint that sees them."""
    model: str
    """Model that sees them."""
    redacts: bool
    """Whether known names, addresses and numbers are replaced before."""

    def page(self, ledger: Ledger) -> Page:
        """What would be sent; nothing leaves."""

    def findings(self, ledger: Ledger) -> tuple[Finding, ...]:
        """What is now read in the conversation. Raises EngineError where the model did not answer."""


class ModelReader:
    """Reads with an OpenAI-compatible model. Raises SettingsError without a model or key, PromptError."""

    def __init__(self, settings: Settings, store: Store, interview: str, framework: Framework, names: Names | None = None) -> None:
        self.recipient = recipient(settings)
        self.redacts = settings.llm_redact
        self._engine = LLMEngine(settings, store, names=names)
        self.model = self._engine.model
        self._interview = interview
        self._framework = framework

    def page(self, ledger: Ledger) -> Page:
        """See `Reader.page`."""
        requests = [r for x in _new(ledger) for r in self._engine.plan(self._task(ledger, x)).requests]
        messages = [m["content"] for r in requests for m in r.body["messages"]]
        return Page(requests[0].prompt_hash if requests else "", "\n\n".join(map(str, messages)))

    def findings(self, ledger: Ledger) -> tuple[Finding, ...]:
        """See `Reader.findings`."""
        found = list(ledger.findings)
        for x in _new(ledger):
            if x.reply_turn is None:
                continue
            task = self._task(ledger, x)
            for e in self._engine.code(task).evidence:
                # The excerpt's second turn is the answer; offsets count from its beginning.
                found.append(as_finding(e, task.transcript.turns[e.turn].start, turn=x.reply_turn))
        return tuple(found)

    def _task(self, ledger: Ledger, x: Exchange) -> CodingTask:
        excerpt = to_transcript(replace(ledger, exchanges=(x,)))
        return self._engine.task(excerpt.model_copy(update={"id": of_interview(self._interview)}), self._framework)


def _new(ledger: Ledger) -> list[Exchange]:
    """Answers that nobody has read yet."""
    return [x for x in ledger.exchanges if x.reply is not None and (x.reply_seq or 0) > ledger.coded_upto]
