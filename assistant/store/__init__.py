"""The database: what was uploaded, coded, decided and assessed; grows only, on SQLite or PostgreSQL.

    Projects       organisations, use cases, participants
    Conversations  interviews, transcripts, roles
    Runs           frameworks, coding runs
    Listing        evidence in pages, counts, all of it for scoring
    Deciding       decisions, edits, evidence by people, decisions on elements
    Assessing      frozen assessments, audit trail
    Erasing        one interview's content, for good
    Checking       is everything as it was put in?

Each class adds methods to the one above; `Store` is the last, and the only one to be used.
"""

from __future__ import annotations

from types import TracebackType

from assistant.store.checking import Checking
from assistant.store.clock import Clock, IdFactory, Uuid7, utc_now
from assistant.store.engine import make_engine
from assistant.store.migrate import migrate
from assistant.store.records import (
    UNCHECKED,
    AddedTranscript,
    AuditEvent,
    EvidenceEdit,
    EvidenceFilter,
    EvidenceItem,
    EvidenceOrder,
    EvidencePage,
    Finding,
    FrozenAssessment,
    Interview,
    InterviewInfo,
    Organisation,
    Participant,
    ReviewMode,
    RoleOverride,
    Run,
    RunState,
    Tombstone,
    TranscriptInfo,
    UseCase,
)

__all__ = [
    "UNCHECKED",
    "AddedTranscript",
    "AuditEvent",
    "EvidenceEdit",
    "EvidenceFilter",
    "EvidenceItem",
    "EvidenceOrder",
    "EvidencePage",
    "Finding",
    "FrozenAssessment",
    "Interview",
    "InterviewInfo",
    "Organisation",
    "Participant",
    "ReviewMode",
    "RoleOverride",
    "Run",
    "RunState",
    "Store",
    "Tombstone",
    "TranscriptInfo",
    "UseCase",
]


class Store(Checking):
    """One database. Safe for threads; every process opens its own. Takes and gives pydantic models only."""

    @classmethod
    def open(cls, url: str, *, clock: Clock = utc_now, ids: IdFactory | None = None) -> Store:
        """Opens the database at ``url`` (``sqlite:///file`` or ``postgresql://…``), creates or migrates it.

        Raises StoreError where it cannot be reached, was made by a newer version, or holds something else.
        """
        engine = make_engine(url)
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, clock, ids or Uuid7(clock))

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
