"""${message}"""

import sqlalchemy as sa
from alembic import op

from assistant.store.migrations import guards
from assistant.store.types import CanonicalJson, SafeText, UtcTime

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
    # A table that only grows: for statement in guards.grow_only(op.get_bind().dialect.name, "name", [("id",)]): op.execute(statement)


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
