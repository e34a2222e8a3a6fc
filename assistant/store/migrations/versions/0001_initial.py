"""The first schema: organisations to assessments, with the guards of what only grows."""

import sqlalchemy as sa
from alembic import op

from assistant.store.migrations import guards, initial_guards
from assistant.store.types import CanonicalJson, SafeText, UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _organisations()
    _audit()
    _transcripts()
    _runs()
    _evidence()
    _decisions()
    _assessments()
    for statement in initial_guards.statements(op.get_bind().dialect.name):
        op.execute(statement)


def _organisations() -> None:
    op.create_table(
        "organisations",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("name", SafeText(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("name", name=op.f("uq_organisations_name")),
    )
    op.create_table(
        "use_cases",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("organisation", sa.String(length=80), nullable=False),
        sa.Column("name", SafeText(), nullable=False),
        sa.Column("review", sa.String(length=10), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint("review IN ('shared', 'blind')", name=op.f("ck_use_cases_review")),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=op.f("fk_use_cases_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_cases")),
        sa.UniqueConstraint("organisation", "name", name=op.f("uq_use_cases_organisation_name")),
    )
    op.create_table(
        "participants",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", SafeText(), nullable=False),
        sa.Column("role", SafeText(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_participants_number")),
        sa.ForeignKeyConstraint(["use_case"], ["use_cases.id"], name=op.f("fk_participants_use_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participants")),
        sa.UniqueConstraint("use_case", "number", name=op.f("uq_participants_use_case_number")),
    )
    op.create_table(
        "interviews",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("title", SafeText(), nullable=False),
        sa.Column("held_on", SafeText(), nullable=False),
        sa.Column("notes", SafeText(), nullable=False),
        sa.Column("speakers", CanonicalJson(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["use_case"], ["use_cases.id"], name=op.f("fk_interviews_use_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interviews")),
        sa.UniqueConstraint("use_case", "id", name=op.f("uq_interviews_use_case_id")),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.Column("actor", SafeText(), nullable=False),
        sa.Column("kind", SafeText(), nullable=False),
        sa.Column("use_case", sa.String(length=80), nullable=True),
        sa.Column("interview", sa.String(length=80), nullable=True),
        sa.Column("subject", SafeText(), nullable=False),
        sa.Column("details", CanonicalJson(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_use_case_id"), "audit", ["use_case", "id"])
    op.create_table(
        "tombstones",
        sa.Column("interview", sa.String(length=80), nullable=False),
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("by", SafeText(), nullable=False),
        sa.Column("reason", SafeText(), nullable=False),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.Column("removed", CanonicalJson(), nullable=False),
        sa.Column("originals", CanonicalJson(), nullable=False),
        sa.Column("audit", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["audit"], ["audit.id"], name=op.f("fk_tombstones_audit")),
        sa.ForeignKeyConstraint(
            ["use_case", "interview"], ["interviews.use_case", "interviews.id"], name=op.f("fk_tombstones_use_case_interview")
        ),
        sa.PrimaryKeyConstraint("interview", name=op.f("pk_tombstones")),
    )


def _transcripts() -> None:
    op.create_table(
        "transcripts",
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("interview", sa.String(length=80), nullable=False),
        sa.Column("name", SafeText(), nullable=False),
        sa.Column("format", SafeText(), nullable=False),
        sa.Column("sha256", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("encoding", SafeText(), nullable=False),
        sa.Column("notes", CanonicalJson(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("turn_count", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("turns", CanonicalJson(), nullable=False),
        sa.Column("text", SafeText(), nullable=False),
        sa.Column("original", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["use_case", "interview"], ["interviews.use_case", "interviews.id"], name=op.f("fk_transcripts_use_case_interview")
        ),
        sa.PrimaryKeyConstraint("use_case", "id", name=op.f("pk_transcripts")),
        sa.UniqueConstraint("use_case", "sha256", name=op.f("uq_transcripts_use_case_sha256")),
    )
    op.create_index(op.f("ix_transcripts_interview"), "transcripts", ["interview"])
    op.create_table(
        "transcript_roles",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("transcript", sa.String(length=80), nullable=False),
        sa.Column("interview", sa.String(length=80), nullable=False),
        sa.Column("speaker", SafeText(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("by", SafeText(), nullable=False),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('interviewer', 'respondent', 'unknown')", name=op.f("ck_transcript_roles_role")),
        sa.CheckConstraint("(speaker IS NULL) <> (turn IS NULL)", name=op.f("ck_transcript_roles_scope")),
        sa.ForeignKeyConstraint(
            ["use_case", "transcript"], ["transcripts.use_case", "transcripts.id"], name=op.f("fk_transcript_roles_use_case_transcript")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcript_roles")),
    )
    op.create_index(op.f("ix_transcript_roles_use_case_transcript"), "transcript_roles", ["use_case", "transcript"])


def _runs() -> None:
    op.create_table(
        "frameworks",
        sa.Column("hash", sa.String(length=80), nullable=False),
        sa.Column("id", SafeText(), nullable=False),
        sa.Column("version", SafeText(), nullable=False),
        sa.Column("content", CanonicalJson(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_frameworks")),
    )
    op.create_index(op.f("ix_frameworks_id"), "frameworks", ["id"])
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("interview", sa.String(length=80), nullable=False),
        sa.Column("transcript", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("engine", SafeText(), nullable=False),
        sa.Column("engine_version", SafeText(), nullable=False),
        sa.Column("coder", SafeText(), nullable=False),
        sa.Column("settings", CanonicalJson(), nullable=False),
        sa.Column("framework", SafeText(), nullable=False),
        sa.Column("framework_hash", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("started_at", UtcTime(timezone=True), nullable=False),
        sa.Column("finished_at", UtcTime(timezone=True), nullable=True),
        sa.Column("evidence_count", sa.Integer(), nullable=False),
        sa.Column("rejection_count", sa.Integer(), nullable=False),
        sa.Column("error", SafeText(), nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'failed', 'cancelled')", name=op.f("ck_runs_state")),
        sa.CheckConstraint("attempts >= 1", name=op.f("ck_runs_attempts")),
        sa.ForeignKeyConstraint(["framework_hash"], ["frameworks.hash"], name=op.f("fk_runs_framework_hash")),
        sa.ForeignKeyConstraint(
            ["use_case", "interview"], ["interviews.use_case", "interviews.id"], name=op.f("fk_runs_use_case_interview")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("use_case", "id", name=op.f("uq_runs_use_case_id")),
        sa.UniqueConstraint("use_case", "key", name=op.f("uq_runs_use_case_key")),
    )
    op.create_index(op.f("ix_runs_use_case_transcript"), "runs", ["use_case", "transcript"])


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("interview", sa.String(length=80), nullable=False),
        sa.Column("transcript", sa.String(length=80), nullable=False),
        sa.Column("framework", SafeText(), nullable=False),
        sa.Column("element", SafeText(), nullable=False),
        sa.Column("start_char", sa.Integer(), nullable=False),
        sa.Column("end_char", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("time", sa.Float(), nullable=True),
        sa.Column("polarity", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("stage_low", sa.Integer(), nullable=False),
        sa.Column("stage_high", sa.Integer(), nullable=False),
        sa.Column("statement", SafeText(), nullable=True),
        sa.Column("codes", CanonicalJson(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("engine", SafeText(), nullable=False),
        sa.Column("speaker", SafeText(), nullable=False),
        sa.Column("rationale", SafeText(), nullable=False),
        sa.Column("created_at", UtcTime(timezone=True), nullable=False),
        sa.Column("quote", SafeText(), nullable=False),
        sa.Column("folded", SafeText(), nullable=False),
        sa.CheckConstraint("polarity IN ('present', 'absent')", name=op.f("ck_evidence_polarity")),
        sa.CheckConstraint("status IN ('current', 'planned', 'past', 'general')", name=op.f("ck_evidence_status")),
        sa.CheckConstraint("confidence >= 0 AND confidence <= 1", name=op.f("ck_evidence_confidence")),
        sa.CheckConstraint("stage_low >= 1 AND stage_low <= stage_high", name=op.f("ck_evidence_stages")),
        sa.CheckConstraint("start_char >= 0 AND end_char > start_char", name=op.f("ck_evidence_span")),
        sa.ForeignKeyConstraint(
            ["use_case", "interview"], ["interviews.use_case", "interviews.id"], name=op.f("fk_evidence_use_case_interview")
        ),
        sa.ForeignKeyConstraint(
            ["use_case", "transcript"], ["transcripts.use_case", "transcripts.id"], name=op.f("fk_evidence_use_case_transcript")
        ),
        sa.PrimaryKeyConstraint("use_case", "id", name=op.f("pk_evidence")),
    )
    op.create_index("ix_evidence_position", "evidence", ["use_case", "interview", "start_char", "end_char", "id"])
    op.create_index(op.f("ix_evidence_use_case_element"), "evidence", ["use_case", "element"])
    op.create_index(op.f("ix_evidence_use_case_transcript"), "evidence", ["use_case", "transcript"])
    op.create_table(
        "evidence_states",
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("evidence", sa.String(length=80), nullable=False),
        sa.Column("reviewer", SafeText(), nullable=False),
        sa.Column("interview", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("last_decision", sa.String(length=80), nullable=True),
        sa.Column("outdated", sa.Boolean(), nullable=False),
        sa.CheckConstraint("state IN ('proposed', 'confirmed', 'rejected', 'unsure', 'superseded')", name=op.f("ck_evidence_states_state")),
        sa.ForeignKeyConstraint(
            ["use_case", "evidence"], ["evidence.use_case", "evidence.id"], name=op.f("fk_evidence_states_use_case_evidence")
        ),
        sa.PrimaryKeyConstraint("use_case", "evidence", "reviewer", name=op.f("pk_evidence_states")),
    )
    op.create_index(op.f("ix_evidence_states_use_case_reviewer_state"), "evidence_states", ["use_case", "reviewer", "state"])
    op.create_table(
        "run_evidence",
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("run", sa.String(length=80), nullable=False),
        sa.Column("evidence", sa.String(length=80), nullable=False),
        sa.Column("interview", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["use_case", "evidence"], ["evidence.use_case", "evidence.id"], name=op.f("fk_run_evidence_use_case_evidence")
        ),
        sa.ForeignKeyConstraint(["use_case", "run"], ["runs.use_case", "runs.id"], name=op.f("fk_run_evidence_use_case_run")),
        sa.PrimaryKeyConstraint("use_case", "run", "evidence", name=op.f("pk_run_evidence")),
    )
    op.create_index(op.f("ix_run_evidence_use_case_evidence"), "run_evidence", ["use_case", "evidence"])
    op.create_table(
        "rejections",
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("run", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("interview", sa.String(length=80), nullable=False),
        sa.Column("element", SafeText(), nullable=False),
        sa.Column("reason", SafeText(), nullable=False),
        sa.Column("engine", SafeText(), nullable=False),
        sa.Column("quote", SafeText(), nullable=False),
        sa.ForeignKeyConstraint(["use_case", "run"], ["runs.use_case", "runs.id"], name=op.f("fk_rejections_use_case_run")),
        sa.PrimaryKeyConstraint("use_case", "run", "position", name=op.f("pk_rejections")),
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("evidence", sa.String(length=80), nullable=False),
        sa.Column("interview", sa.String(length=80), nullable=False),
        sa.Column("reviewer", SafeText(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("reason", SafeText(), nullable=False),
        sa.Column("before", CanonicalJson(), nullable=True),
        sa.Column("after", CanonicalJson(), nullable=True),
        sa.Column("product", sa.String(length=80), nullable=True),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint("(action = 'edit') = (product IS NOT NULL)", name=op.f("ck_decisions_product")),
        sa.CheckConstraint("action IN ('confirm', 'reject', 'unsure', 'reopen', 'edit')", name=op.f("ck_decisions_action")),
        sa.ForeignKeyConstraint(
            ["use_case", "evidence"], ["evidence.use_case", "evidence.id"], name=op.f("fk_decisions_use_case_evidence")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_use_case_evidence"), "decisions", ["use_case", "evidence"])
    op.create_index(op.f("ix_decisions_use_case_id"), "decisions", ["use_case", "id"])
    op.create_index(op.f("ix_decisions_use_case_product"), "decisions", ["use_case", "product"])
    op.create_table(
        "element_decisions",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("framework", SafeText(), nullable=False),
        sa.Column("element", SafeText(), nullable=False),
        sa.Column("reviewer", SafeText(), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("statement", SafeText(), nullable=True),
        sa.Column("reason", SafeText(), nullable=False),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "action IN ('settle', 'not_applicable', 'missing_evidence', 'reopen')", name=op.f("ck_element_decisions_action")
        ),
        sa.ForeignKeyConstraint(["use_case"], ["use_cases.id"], name=op.f("fk_element_decisions_use_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_element_decisions")),
    )
    op.create_index(op.f("ix_element_decisions_use_case_element"), "element_decisions", ["use_case", "element"])


def _assessments() -> None:
    op.create_table(
        "assessments",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("label", SafeText(), nullable=False),
        sa.Column("by", SafeText(), nullable=False),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.Column("hash", sa.String(length=80), nullable=False),
        sa.Column("framework_hash", sa.String(length=80), nullable=False),
        sa.Column("redacted", sa.Boolean(), nullable=False),
        sa.Column("content_sha256", sa.String(length=80), nullable=False),
        sa.Column("content", CanonicalJson(), nullable=False),
        sa.ForeignKeyConstraint(["framework_hash"], ["frameworks.hash"], name=op.f("fk_assessments_framework_hash")),
        sa.ForeignKeyConstraint(["use_case"], ["use_cases.id"], name=op.f("fk_assessments_use_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
        sa.UniqueConstraint("use_case", "hash", name=op.f("uq_assessments_use_case_hash")),
        sa.UniqueConstraint("use_case", "id", name=op.f("uq_assessments_use_case_id")),
    )
    op.create_table(
        "assessment_transcripts",
        sa.Column("assessment", sa.String(length=80), nullable=False),
        sa.Column("transcript", sa.String(length=80), nullable=False),
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("interview", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["use_case", "assessment"],
            ["assessments.use_case", "assessments.id"],
            name=op.f("fk_assessment_transcripts_use_case_assessment"),
        ),
        sa.ForeignKeyConstraint(
            ["use_case", "interview"], ["interviews.use_case", "interviews.id"], name=op.f("fk_assessment_transcripts_use_case_interview")
        ),
        sa.PrimaryKeyConstraint("assessment", "transcript", name=op.f("pk_assessment_transcripts")),
    )
    op.create_index(op.f("ix_assessment_transcripts_interview"), "assessment_transcripts", ["interview"])


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    for table in (
        "assessment_transcripts",
        "assessments",
        "element_decisions",
        "decisions",
        "rejections",
        "run_evidence",
        "evidence_states",
        "evidence",
        "runs",
        "frameworks",
        "transcript_roles",
        "transcripts",
        "tombstones",
        "audit",
        "interviews",
        "participants",
        "use_cases",
        "organisations",
    ):
        op.drop_table(table)
    functions = ["guard_tombstones_audited", "guard_runs_fixed", "guard_runs_state", "guard_assessments_update"]
    for statement in guards.drop_functions(dialect):
        op.execute(statement)
    for name in functions if dialect == "postgresql" else []:
        op.execute(f"DROP FUNCTION {name}()")
