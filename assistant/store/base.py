"""What every part of the store stands on: units of work, the clock, ids, locks, the audit trail."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, Table, select
from sqlalchemy.dialects import postgresql

from assistant.errors import InputError, NotFoundError, StoreError
from assistant.store.clock import Clock, IdFactory, id_after
from assistant.store.engine import WRITE
from assistant.store.schema import audit, use_cases

CHUNK: Final = 400
"""Values in one IN list: below the limits of every database."""
MAX_NAME: Final = 300
"""Longest name of an organisation or use case, in characters."""


class _Open(NamedTuple):
    """The unit of work that the current thread or task is in."""

    connection: Connection
    write: bool


class Base:
    """Holds the engine and the current unit of work; its subclasses are the parts of `Store`."""

    def __init__(self, engine: Engine, clock: Clock, ids: IdFactory) -> None:
        self.engine = engine
        """The SQLAlchemy engine; its statements raise the assistant's errors."""
        self._clock = clock
        self._ids = ids
        self._open: ContextVar[_Open | None] = ContextVar(f"store-{id(self)}", default=None)

    @contextmanager
    def unit(self) -> Iterator[None]:
        """A unit of work: everything done on this store inside (by this thread or task) is committed together, or not at all.

        Raises StoreError where the database refuses, or another process keeps it locked for long.
        """
        with self._write():
            yield

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """A connection that may write; inside a unit the unit's own, where a failure takes back only what the inner block did."""
        current = self._open.get()
        if current is not None:
            if not current.write:
                raise StoreError("a read cannot turn into a write", remedy="open a unit of work around both")
            with current.connection.begin_nested():
                yield current.connection
            return
        with self.engine.connect().execution_options(**{WRITE: True}) as connection, connection.begin():
            token = self._open.set(_Open(connection, True))
            try:
                yield connection
            finally:
                self._open.reset(token)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        """A connection that sees one state of the database; inside a unit the unit's own."""
        current = self._open.get()
        if current is not None:
            yield current.connection
            return
        with self.engine.connect() as connection, connection.begin():
            token = self._open.set(_Open(connection, False))
            try:
                yield connection
            finally:
                self._open.reset(token)

    def _now(self, not_before: datetime | None = None) -> datetime:
        """The present, or ``not_before`` where another machine's clock is ahead."""
        now = self._clock()
        return max(now, not_before) if not_before else now

    def _new_id(self, after: str | None = None) -> str:
        """A new id that sorts behind ``after``."""
        return id_after(self._ids(), after)

    def _lock_use_case(self, connection: Connection, use_case: str) -> str:
        """Makes writers of one use case wait for each other, and gives its review mode.

        One lock for all that belongs to a use case: nothing can deadlock, and people do not write fast. On SQLite the transaction
        holds the only write lock already. Raises NotFoundError.
        """
        mode = connection.execute(select(use_cases.c.review).where(use_cases.c.id == use_case).with_for_update()).scalar_one_or_none()
        if mode is None:
            raise NotFoundError(f"there is no use case {use_case}", remedy="list them with `assistant project`")
        return str(mode)

    def _log(
        self,
        connection: Connection,
        kind: str,
        by: str,
        subject: str,
        *,
        use_case: str | None = None,
        interview: str | None = None,
        **details: Any,
    ) -> str:
        """Adds to the audit trail and gives the entry's id. ``details`` must hold ids and figures, never a participant's words or name."""
        event = {"id": self._new_id(), "at": self._now(), "actor": by, "kind": kind, "subject": subject, "details": details}
        connection.execute(audit.insert().values(**event, use_case=use_case, interview=interview))
        return str(event["id"])


def required(value: str, what: str) -> str:
    """``value`` without surrounding blanks. Raises InputError where nothing is left."""
    stripped = value.strip()
    if not stripped:
        raise InputError(f"{what} is missing", remedy=f"give {what}")
    return stripped


def checked_name(name: str, what: str) -> str:
    """A name that people can use. Raises InputError where it is empty or too long."""
    stripped = required(name, f"the name of the {what}")
    if len(stripped) > MAX_NAME:
        raise InputError(f"the name of the {what} has {len(stripped)} characters", remedy=f"use at most {MAX_NAME}")
    return stripped


def chunks(values: Iterable[str], size: int = CHUNK) -> Iterator[list[str]]:
    """Lists of at most ``size``."""
    everything = list(values)
    for at in range(0, len(everything), size):
        yield everything[at : at + size]


def insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], scope: dict[str, str], key: str) -> list[str]:
    """Inserts the rows whose ``key`` (within ``scope``) is not there yet, and gives their keys.

    The caller holds the use case's lock, so looking first is safe; on SQLite the guards would refuse ON CONFLICT.
    """
    known: set[str] = set()
    within = [table.c[name] == value for name, value in scope.items()]
    for some in chunks(row[key] for row in rows):
        known.update(connection.execute(select(table.c[key]).where(*within, table.c[key].in_(some))).scalars())
    fresh = list({row[key]: row for row in rows if row[key] not in known}.values())
    if fresh:
        statement = table.insert()
        if connection.dialect.name == "postgresql":
            statement = postgresql.insert(table).on_conflict_do_nothing()
        connection.execute(statement, fresh)
    return [row[key] for row in fresh]


def encode_cursor(values: Sequence[Any]) -> str:
    """Opaque text for the place behind the last row of a page."""
    return base64.urlsafe_b64encode(json.dumps(list(values)).encode("utf-8")).decode("ascii")


def decode_cursor(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """The values of a cursor. Raises InputError where it is damaged or belongs to another listing."""
    try:
        values: Any = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (ValueError, binascii.Error) as error:
        raise InputError("the page cursor cannot be read", remedy="start from the first page") from error
    fits = isinstance(values, list) and len(values) == len(kinds)
    if not fits or not all(isinstance(value, kind) for value, kind in zip(values, kinds, strict=True)):
        raise InputError("the page cursor belongs to another listing", remedy="start from the first page")
    return list(values)
