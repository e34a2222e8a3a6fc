"""Answers -> findings as they come: the conversation so far through the local engine, embeddings kept between answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from assistant.embeddings import Embedder, Matrix, make_embedder
from assistant.extraction import heads
from assistant.extraction.base import Engine
from assistant.extraction.local import REFERENCE, LocalEngine
from assistant.interview.events import Finding
from assistant.interview.ledger import Ledger
from assistant.interview.transcript import to_transcript
from assistant.models import CodingTask, Evidence, Framework
from assistant.retrieval import Retriever
from assistant.settings import Settings

KEPT = 20_000
"""Sentences whose vectors are kept; some 30 MB."""


class Coder(Protocol):
    """Reads the conversation so far."""

    @property
    def name(self) -> str:
        """Coder and version."""

    def findings(self, ledger: Ledger) -> tuple[Finding, ...]:
        """Everything now read in the conversation. Raises EngineError."""


class KeepingEmbedder:
    """An embedder that remembers: each answer brings a few new sentences, and the whole conversation is read anew."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._known: dict[str, Matrix] = {}
        self.id = inner.id
        self.dimension = inner.dimension

    def embed(self, texts: Sequence[str]) -> Matrix:
        """See `Embedder.embed`."""
        if not texts:
            return self._inner.embed([])
        # Several pages share one embedder: what is known is never emptied in place, only replaced.
        known = self._known if len(self._known) + len(texts) <= KEPT else {}
        new = [t for t in dict.fromkeys(texts) if t not in known]
        if new:
            known = known | dict(zip(new, self._inner.embed(new), strict=True))
            self._known = known
        found: Matrix = np.stack([known[t] for t in texts])
        return found


def live_engine(framework: Framework, settings: Settings) -> LocalEngine:
    """The local engine for one process's interviews: the same findings as `make_engine("local", …)`, faster the second time.

    Raises ModelFileError, IndexError_ where its model or index cannot be used.
    """
    local = settings.model_copy(update={"embedding": "local"})
    embedder = KeepingEmbedder(make_embedder(local))
    trained = heads.load(heads.heads_path(REFERENCE)).columns.elements
    own = tuple(e.id for e in framework.elements) == tuple(trained)
    return LocalEngine(embedder, retriever=None if own else Retriever(framework, embedder, settings.index_dir))


class LiveCoder:
    """Codes with an engine; what it finds is the same as in the finished transcript up to that answer."""

    def __init__(self, engine: Engine, framework: Framework) -> None:
        self._engine = engine
        self._framework = framework

    @property
    def name(self) -> str:
        """Coder and version."""
        return f"{self._engine.name}/{self._engine.version}"

    def findings(self, ledger: Ledger) -> tuple[Finding, ...]:
        """Everything now read in the conversation. Raises EngineError."""
        transcript = to_transcript(ledger)
        task = CodingTask(
            transcript=transcript, framework=self._framework, engine=self._engine.name, engine_version=self._engine.version
        )  # fmt: skip
        return tuple(as_finding(e, transcript.turns[e.turn].start) for e in self._engine.code(task).evidence)


def as_finding(e: Evidence, base: int, *, turn: int | None = None) -> Finding:
    """Evidence whose turn begins at ``base``, as a finding of that turn (or of ``turn``)."""
    return Finding(
        turn=e.turn if turn is None else turn, start=e.start - base, end=e.end - base, quote=e.quote, element=e.element,
        statement=e.statement, stage_low=e.stage_low, stage_high=e.stage_high, polarity=e.polarity, status=e.status, codes=e.codes,
        confidence=e.confidence,
    )  # fmt: skip
