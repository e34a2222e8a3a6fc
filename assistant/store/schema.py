"""The tables as SQLAlchemy Core. ``migrations/`` builds them; a test holds both equal.

Everything is scoped by use case: the same conversation uploaded to two use cases is two independent records, so that
a decision, or an erasure, in one never reaches into the other.

Grows only (guarded by triggers, see ``migrations/guards.py``): transcripts, transcript_roles, frameworks, run_evidence, evidence,
rejections, decisions, element_decisions, assessments, assessment_transcripts, interview_events, audit, tombstones. ``runs``
changes state only. ``evidence_states`` is derived from the decisions, kept for fast listings, and can be rebuilt from them.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from assistant.store.types import CanonicalJson, SafeText, UtcTime

HEAD: Final = "0003"
"""The migration that this version of the program needs; a test holds it equal to the newest one."""

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str = "id", **options: Any) -> Column[str]:
    """An id: uuid7, content hash or content-derived."""
    return Column(name, String(80), nullable=False, **options)


def _text(name: str, **options: Any) -> Column[str]:
    """Any text."""
    return Column(name, SafeText, nullable=False, **options)


def _at(name: str = "created_at") -> Column[Any]:
    """A time in UTC."""
    return Column(name, UtcTime, nullable=False)


def _interview() -> Column[str]:
    """The interview whose content a row holds: guards and erasure go by it."""
    return _id("interview")


def _use_case_of_interview() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["use_case", "interview"], ["interviews.use_case", "interviews.id"])


def _evidence_of_row() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["use_case", "evidence"], ["evidence.use_case", "evidence.id"])


organisations = Table(
    "organisations",
    metadata,
    _id(primary_key=True),
    _text("name", unique=True),
    Column("archived", Boolean, nullable=False),
    _at(),
)

use_cases = Table(
    "use_cases",
    metadata,
    _id(primary_key=True),
    Column("organisation", String(80), ForeignKey("organisations.id"), nullable=False),
    _text("name"),
    Column("review", String(10), nullable=False),
    Column("archived", Boolean, nullable=False),
    _at(),
    UniqueConstraint("organisation", "name"),
    CheckConstraint("review IN ('shared', 'blind')", name="review"),
)

participants = Table(
    "participants",
    metadata,
    _id(primary_key=True),
    Column("use_case", String(80), ForeignKey("use_cases.id"), nullable=False),
    Column("number", Integer, nullable=False),
    _text("name"),
    _text("role"),
    _at(),
    UniqueConstraint("use_case", "number"),
    CheckConstraint("number >= 1", name="number"),
)

interviews = Table(
    "interviews",
    metadata,
    _id(primary_key=True),
    Column("use_case", String(80), ForeignKey("use_cases.id"), nullable=False),
    _text("title"),
    _text("held_on"),
    _text("notes"),
    Column("speakers", CanonicalJson, nullable=False),
    _at(),
    UniqueConstraint("use_case", "id"),
)

audit = Table(
    "audit",
    metadata,
    _id(primary_key=True),
    _at("at"),
    _text("actor"),
    _text("kind"),
    Column("use_case", String(80)),
    Column("interview", String(80)),
    _text("subject"),
    Column("details", CanonicalJson, nullable=False),
    Index(None, "use_case", "id"),
)

tombstones = Table(
    "tombstones",
    metadata,
    _id("interview", primary_key=True),
    _id("use_case"),
    _text("by"),
    _text("reason"),
    _at("at"),
    Column("removed", CanonicalJson, nullable=False),
    Column("originals", CanonicalJson, nullable=False),
    Column("audit", String(80), ForeignKey("audit.id"), nullable=False),
    _use_case_of_interview(),
)

transcripts = Table(
    "transcripts",
    metadata,
    _id("use_case", primary_key=True),
    _id(primary_key=True),
    _interview(),
    _text("name"),
    _text("format"),
    _id("sha256"),
    Column("size", Integer, nullable=False),
    _text("encoding"),
    Column("notes", CanonicalJson, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("turn_count", Integer, nullable=False),
    _at(),
    Column("turns", CanonicalJson, nullable=False),
    _text("text"),
    Column("original", LargeBinary, nullable=False),
    UniqueConstraint("use_case", "sha256"),
    Index(None, "interview"),
    _use_case_of_interview(),
)

transcript_roles = Table(
    "transcript_roles",
    metadata,
    _id(primary_key=True),
    _id("use_case"),
    _id("transcript"),
    _interview(),
    Column("speaker", SafeText),
    Column("turn", Integer),
    Column("role", String(20), nullable=False),
    _text("by"),
    _at("at"),
    ForeignKeyConstraint(["use_case", "transcript"], ["transcripts.use_case", "transcripts.id"]),
    Index(None, "use_case", "transcript"),
    CheckConstraint("(speaker IS NULL) <> (turn IS NULL)", name="scope"),
    CheckConstraint("role IN ('interviewer', 'respondent', 'unknown')", name="role"),
)

frameworks = Table(
    "frameworks",
    metadata,
    _id("hash", primary_key=True),
    _text("id"),
    _text("version"),
    Column("content", CanonicalJson, nullable=False),
    _at(),
    Index(None, "id"),
)

runs = Table(
    "runs",
    metadata,
    _id(primary_key=True),
    _id("use_case"),
    _interview(),
    _id("transcript"),
    _id("key"),
    _text("engine"),
    _text("engine_version"),
    _text("coder"),
    Column("settings", CanonicalJson, nullable=False),
    _text("framework"),
    Column("framework_hash", String(80), ForeignKey("frameworks.hash"), nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    _at(),
    _at("started_at"),
    Column("finished_at", UtcTime),
    Column("evidence_count", Integer, nullable=False),
    Column("rejection_count", Integer, nullable=False),
    _text("error"),
    UniqueConstraint("use_case", "key"),
    UniqueConstraint("use_case", "id"),
    _use_case_of_interview(),
    Index(None, "use_case", "transcript"),
    CheckConstraint("state IN ('running', 'done', 'failed', 'cancelled')", name="state"),
    CheckConstraint("attempts >= 1", name="attempts"),
)

evidence = Table(
    "evidence",
    metadata,
    _id("use_case", primary_key=True),
    _id(primary_key=True),
    _interview(),
    _id("transcript"),
    _text("framework"),
    _text("element"),
    Column("start_char", Integer, nullable=False),
    Column("end_char", Integer, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("time", Float),
    Column("polarity", String(10), nullable=False),
    Column("status", String(10), nullable=False),
    Column("stage_low", Integer, nullable=False),
    Column("stage_high", Integer, nullable=False),
    Column("statement", SafeText),
    Column("codes", CanonicalJson, nullable=False),
    Column("confidence", Float, nullable=False),
    _text("engine"),
    _text("speaker"),
    _text("rationale"),
    _at(),
    _text("quote"),
    _text("folded"),
    ForeignKeyConstraint(["use_case", "transcript"], ["transcripts.use_case", "transcripts.id"]),
    _use_case_of_interview(),
    Index("ix_evidence_position", "use_case", "interview", "start_char", "end_char", "id"),
    Index(None, "use_case", "element"),
    Index(None, "use_case", "transcript"),
    CheckConstraint("start_char >= 0 AND end_char > start_char", name="span"),
    CheckConstraint("stage_low >= 1 AND stage_low <= stage_high", name="stages"),
    CheckConstraint("confidence >= 0 AND confidence <= 1", name="confidence"),
    CheckConstraint("polarity IN ('present', 'absent')", name="polarity"),
    CheckConstraint("status IN ('current', 'planned', 'past', 'general')", name="status"),
)

evidence_states = Table(
    "evidence_states",
    metadata,
    _id("use_case", primary_key=True),
    _id("evidence", primary_key=True),
    Column("reviewer", SafeText, primary_key=True, nullable=False),
    _interview(),
    Column("state", String(12), nullable=False),
    Column("last_decision", String(80)),
    Column("outdated", Boolean, nullable=False),
    _evidence_of_row(),
    Index(None, "use_case", "reviewer", "state"),
    CheckConstraint("state IN ('proposed', 'confirmed', 'rejected', 'unsure', 'superseded')", name="state"),
)

run_evidence = Table(
    "run_evidence",
    metadata,
    _id("use_case", primary_key=True),
    _id("run", primary_key=True),
    _id("evidence", primary_key=True),
    _interview(),
    ForeignKeyConstraint(["use_case", "run"], ["runs.use_case", "runs.id"]),
    _evidence_of_row(),
    Index(None, "use_case", "evidence"),
)

rejections = Table(
    "rejections",
    metadata,
    _id("use_case", primary_key=True),
    _id("run", primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    _interview(),
    _text("element"),
    _text("reason"),
    _text("engine"),
    _text("quote"),
    ForeignKeyConstraint(["use_case", "run"], ["runs.use_case", "runs.id"]),
)

decisions = Table(
    "decisions",
    metadata,
    _id(primary_key=True),
    _id("use_case"),
    _id("evidence"),
    _interview(),
    _text("reviewer"),
    Column("action", String(10), nullable=False),
    _text("reason"),
    Column("before", CanonicalJson),
    Column("after", CanonicalJson),
    Column("product", String(80)),
    _at("at"),
    _evidence_of_row(),
    Index(None, "use_case", "evidence"),
    Index(None, "use_case", "product"),
    Index(None, "use_case", "id"),
    CheckConstraint("action IN ('confirm', 'reject', 'unsure', 'reopen', 'edit')", name="action"),
    CheckConstraint("(action = 'edit') = (product IS NOT NULL)", name="product"),
)

element_decisions = Table(
    "element_decisions",
    metadata,
    _id(primary_key=True),
    Column("use_case", String(80), ForeignKey("use_cases.id"), nullable=False),
    _text("framework"),
    _text("element"),
    _text("reviewer"),
    Column("action", String(20), nullable=False),
    Column("statement", SafeText),
    _text("reason"),
    _at("at"),
    Index(None, "use_case", "element"),
    CheckConstraint("action IN ('settle', 'not_applicable', 'missing_evidence', 'reopen')", name="action"),
)

assessments = Table(
    "assessments",
    metadata,
    _id(primary_key=True),
    Column("use_case", String(80), ForeignKey("use_cases.id"), nullable=False),
    _text("label"),
    _text("by"),
    _at("at"),
    _id("hash"),
    Column("framework_hash", String(80), ForeignKey("frameworks.hash"), nullable=False),
    Column("redacted", Boolean, nullable=False),
    _id("content_sha256"),
    Column("content", CanonicalJson, nullable=False),
    UniqueConstraint("use_case", "hash"),
    UniqueConstraint("use_case", "id"),
)

assessment_transcripts = Table(
    "assessment_transcripts",
    metadata,
    _id("assessment", primary_key=True),
    _id("transcript", primary_key=True),
    _id("use_case"),
    _interview(),
    ForeignKeyConstraint(["use_case", "assessment"], ["assessments.use_case", "assessments.id"]),
    _use_case_of_interview(),
    Index(None, "interview"),
)

llm_calls = Table(
    "llm_calls",
    metadata,
    _id(primary_key=True),
    _id("request_hash"),
    _id("transcript"),
    Column("window", Integer, nullable=False),
    Column("purpose", String(20), nullable=False),
    _text("recipient"),
    _text("model"),
    _id("prompt_hash"),
    Column("seed", Integer),
    _at("sent_at"),
    Column("request", CanonicalJson, nullable=False),
    Column("state", String(12), nullable=False),
    Column("finished_at", UtcTime),
    Column("reply", SafeText),
    _text("finish_reason"),
    _text("model_answered"),
    Column("input_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    _text("error"),
    Index(None, "request_hash", "id"),
    Index(None, "transcript"),
    CheckConstraint("state IN ('exported', 'sent', 'answered', 'unusable', 'failed')", name="state"),
    CheckConstraint("(reply IS NOT NULL) = (state IN ('answered', 'unusable'))", name="reply"),
)
"""One row an attempt, written before anything leaves; shared by all runs and use cases, so it goes by transcript, not by interview."""

interview_events = Table(
    "interview_events",
    metadata,
    _id("interview", primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    _id("use_case"),
    _at("at"),
    _text("by"),
    Column("kind", String(24), nullable=False),
    Column("body", CanonicalJson, nullable=False),
    _use_case_of_interview(),
    CheckConstraint("seq >= 1", name="seq"),
)
"""The log of an interview that is taken here: what was asked, answered, probed, in order; the only truth of it."""
