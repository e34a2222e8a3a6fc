"""The SQLAlchemy engine: URL, SQLite's settings, transactions that lock at their start, errors in the assistant's words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError

from assistant.errors import AppendOnlyError, StoreError

BUSY_SECONDS: Final = 30
"""How long a writer waits for another one."""
WRITE: Final = "assistant_write"
"""Execution option of connections that will write."""
_PREFIX: Final = "append-only:"
_PRAGMAS: Final = (
    ("foreign_keys", "ON"),
    # What was committed must survive a power cut, too: an answer is in the database before the next step runs.
    ("synchronous", "FULL"),
    # Erased words are overwritten in the file, not only unlinked.
    ("secure_delete", "ON"),
    # INSERT OR REPLACE asks the delete triggers, too.
    ("recursive_triggers", "ON"),
)


def parse_url(url: str) -> URL:
    """The URL with the driver that is installed.

    Raises StoreError for a URL that is none, or for another database.
    """
    remedy = "give sqlite:///path/to/file or postgresql://user@host/database as ASSISTANT_DATABASE_URL"
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("the database URL cannot be read", remedy=remedy) from error
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise StoreError(f"the database '{parsed.drivername}' is not supported", remedy=remedy)
    if not parsed.database or parsed.database == ":memory:":
        raise StoreError("a database in memory would lose what was confirmed", remedy=remedy)
    return parsed


def make_engine(url: str) -> Engine:
    """An engine for ``url``; a SQLite file's folder is created.

    Raises StoreError for a URL that cannot be used or a folder that cannot be created.
    """
    parsed = parse_url(url)
    # hide_parameters: an error's text must not carry what participants said into a log.
    if parsed.get_backend_name() == "sqlite":
        path = Path(str(parsed.database))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = f"the folder {path.parent} cannot be created: {error.strerror}"
            raise StoreError(reason, remedy="set ASSISTANT_DATA_DIR to another") from error
        engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(parsed, pool_pre_ping=True, pool_size=5, max_overflow=15, hide_parameters=True)
    event.listen(engine, "handle_error", _translate)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Settings that hold for one connection."""
    # The driver's own BEGIN comes too late (before the first write, not the first read) and without IMMEDIATE: we say it ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        # Only a file that is not in WAL mode yet: the switch needs the file alone, even if nothing changes.
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            _patiently(lambda: cursor.execute("PRAGMA journal_mode=WAL"))
        for name, value in _PRAGMAS:
            cursor.execute(f"PRAGMA {name}={value}")
    except sqlite3.Error as error:
        raise StoreError(f"the database file cannot be opened: {error}", remedy="name another file, or restore it from a backup") from error
    finally:
        cursor.close()


def _patiently(switch: Callable[[], object]) -> None:
    """SQLite does not wait by itself where two processes turn a new file to WAL at once."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            switch()
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: two that read first and then both want to write would end in a dead end."""
    write = connection.get_execution_options().get(WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _translate(context: ExceptionContext) -> None:
    """Raises the assistant's own error in place of the driver's (SQLAlchemy calls it for every failed statement or connection)."""
    original = context.original_exception
    text = str(original)
    at = text.find(_PREFIX)
    if at >= 0:
        raise AppendOnlyError(
            text[at:].splitlines()[0], remedy="add a decision or a new record instead; an interview is erased only through erase_interview"
        ) from original
    wrapped = context.sqlalchemy_exception
    reason = (text.strip().splitlines() or ["no reason given"])[0]
    if isinstance(wrapped, OperationalError):
        if "locked" in text or "busy" in text:
            raise StoreError(f"another process kept the database locked for {BUSY_SECONDS} s", remedy="try again") from original
        if context.connection is None or context.is_disconnect:
            raise StoreError(
                f"the database cannot be reached: {reason}", remedy="check ASSISTANT_DATABASE_URL and that it runs"
            ) from original
        raise StoreError(f"the database refused: {reason}", remedy="try again; see `assistant doctor`") from original
    if isinstance(wrapped, IntegrityError):
        raise StoreError(f"the database refused: {reason}", remedy="it exists already, or refers to nothing") from original
    if isinstance(wrapped, DBAPIError):
        raise StoreError(
            f"the database refused: {reason}", remedy="this should not happen: report it with the output of `assistant doctor`"
        ) from original
