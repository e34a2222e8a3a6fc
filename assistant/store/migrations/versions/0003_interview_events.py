"""Interviews that are taken here: their log, which only grows until the interview is erased."""

import sqlalchemy as sa
from alembic import op

from assistant.store.migrations import guards
from assistant.store.types import CanonicalJson, SafeText, UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "interview_events",
        sa.Column("interview", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("use_case", sa.String(length=80), nullable=False),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.Column("by", SafeText(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("body", CanonicalJson(), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_interview_events_seq")),
        sa.ForeignKeyConstraint(
            ["use_case", "interview"], ["interviews.use_case", "interviews.id"], name=op.f("fk_interview_events_use_case_interview")
        ),
        sa.PrimaryKeyConstraint("interview", "seq", name=op.f("pk_interview_events")),
    )
    dialect = op.get_bind().dialect.name
    for statement in guards.grow_only(dialect, "interview_events", [("interview", "seq")], of_interview=True):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("interview_events")
