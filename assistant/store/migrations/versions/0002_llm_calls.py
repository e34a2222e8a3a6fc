"""Calls to language models: what left, when, to whom, and what came back; the cache and the log of the LLM engine."""

import sqlalchemy as sa
from alembic import op

from assistant.store.migrations import guards
from assistant.store.types import CanonicalJson, SafeText, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "llm_calls",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("request_hash", sa.String(length=80), nullable=False),
        sa.Column("transcript", sa.String(length=80), nullable=False),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("recipient", SafeText(), nullable=False),
        sa.Column("model", SafeText(), nullable=False),
        sa.Column("prompt_hash", sa.String(length=80), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=True),
        sa.Column("sent_at", UtcTime(timezone=True), nullable=False),
        sa.Column("request", CanonicalJson(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("finished_at", UtcTime(timezone=True), nullable=True),
        sa.Column("reply", SafeText(), nullable=True),
        sa.Column("finish_reason", SafeText(), nullable=False),
        sa.Column("model_answered", SafeText(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("error", SafeText(), nullable=False),
        sa.CheckConstraint("state IN ('exported', 'sent', 'answered', 'unusable', 'failed')", name=op.f("ck_llm_calls_state")),
        sa.CheckConstraint("(reply IS NOT NULL) = (state IN ('answered', 'unusable'))", name=op.f("ck_llm_calls_reply")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_calls")),
    )
    with op.batch_alter_table("llm_calls") as batch:
        batch.create_index(op.f("ix_llm_calls_request_hash_id"), ["request_hash", "id"])
        batch.create_index(op.f("ix_llm_calls_transcript"), ["transcript"])
    dialect = op.get_bind().dialect.name
    fixed = ("id", "request_hash", "transcript", "window", "purpose", "recipient", "model", "prompt_hash", "seed", "sent_at", "request")
    settled = guards.changed(
        ("reply", "finish_reason", "model_answered", "input_tokens", "cached_tokens", "output_tokens", "finished_at"), dialect
    )
    for name, condition, message in (
        ("fixed", guards.changed(fixed, dialect), "what left the machine cannot change"),
        (
            "state",
            f"OLD.state IN ('failed', 'unusable') OR (OLD.state = 'answered' AND (NEW.state <> 'unusable' OR {settled}))",
            "the answer of a model cannot change",
        ),
    ):
        for statement in guards.conditional(dialect, "llm_calls", name, "UPDATE", condition, f"append-only: {message}"):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("llm_calls")
    if op.get_bind().dialect.name == "postgresql":
        for name in ("guard_llm_calls_fixed", "guard_llm_calls_state"):
            op.execute(f"DROP FUNCTION {name}()")
