"""Brings a database to the schema of this version of the program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, inspect, text

from assistant.errors import StoreError
from assistant.store.engine import WRITE
from assistant.store.schema import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x6173_7369
"""Key of PostgreSQL's advisory lock: one process migrates, the others wait."""


def current_revision(connection: Connection) -> str | None:
    """The migration that the database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the migrations inside the package."""
    # Imported here: alembic costs as much to load as the rest of the store, and a database that is up to date needs none of it.
    from alembic.config import Config

    # Its default for stdout is the one at the time of the import, which may be closed by now.
    config = Config(stdout=sys.stdout)
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> None:
    """Runs the migrations that are missing, in one transaction.

    Raises StoreError where the database was made by a newer version of the program, or holds other tables than ours.
    """
    with engine.connect() as connection:
        if current_revision(connection) == HEAD:
            return
    with engine.connect().execution_options(**{WRITE: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        found = current_revision(connection)
        if found == HEAD:
            return
        _check(connection, found)
        from alembic import command

        command.upgrade(alembic_config(connection), "head")


def _check(connection: Connection, found: str | None) -> None:
    """Raises StoreError where migrating would be wrong."""
    from alembic.script import ScriptDirectory

    where = connection.engine.url.render_as_string(hide_password=True)
    if found is None:
        foreign = sorted(set(inspect(connection).get_table_names()) & {"evidence", "runs", "interviews", "transcripts"})
        if foreign:
            raise StoreError(f"{where} holds other tables called {', '.join(foreign)}", remedy="give the assistant a database of its own")
        return
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if found not in known:
        raise StoreError(
            f"{where} was made by a newer version of the assistant (schema {found}; this version knows up to {HEAD})",
            remedy="upgrade the assistant, or name another database; nothing was changed",
        )
