"""SQL of the triggers that make tables grow-only, for SQLite and PostgreSQL.

Migrations call these with the connection's dialect name. What a call returned for an earlier migration must never change:
add a function, or a parameter, instead (a test pins the hash of the first migration's SQL).

Every refusal begins with ``append-only:``, which the engine turns into ``AppendOnlyError``.
A row that belongs to an interview may be deleted only once the interview has a tombstone, and a tombstone needs its entry in
the audit trail; from then on nothing of that interview can be added.
"""

from __future__ import annotations

from collections.abc import Sequence

_TOMBSTONE = "SELECT 1 FROM tombstones WHERE tombstones.interview = {row}.interview"


def functions(dialect: str) -> list[str]:
    """What the triggers of PostgreSQL call; nothing on SQLite, whose triggers hold their own body."""
    if dialect == "sqlite":
        return []
    forbid = (
        "CREATE FUNCTION assistant_forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'append-only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
    )
    tombstoned = (
        "CREATE FUNCTION assistant_delete_needs_tombstone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NOT EXISTS ({_TOMBSTONE.format(row='OLD')}) THEN "
        "RAISE EXCEPTION 'append-only: DELETE of % is refused: its interview has no tombstone', TG_TABLE_NAME "
        "USING ERRCODE = 'restrict_violation'; END IF; RETURN OLD; END $$"
    )
    erased = (
        "CREATE FUNCTION assistant_interview_not_erased() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF EXISTS ({_TOMBSTONE.format(row='NEW')}) THEN "
        "RAISE EXCEPTION 'append-only: INSERT into % is refused: its interview was erased', TG_TABLE_NAME "
        "USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END $$"
    )
    return [forbid, tombstoned, erased]


def drop_functions(dialect: str) -> list[str]:
    """Undoes `functions`."""
    names = ("assistant_forbid", "assistant_delete_needs_tombstone", "assistant_interview_not_erased")
    return [] if dialect == "sqlite" else [f"DROP FUNCTION {name}()" for name in names]


def grow_only(dialect: str, table: str, keys: Sequence[Sequence[str]], *, of_interview: bool = False, update: bool = True) -> list[str]:
    """Triggers that refuse UPDATE (unless ``update`` is False: the caller guards it), DELETE, and replacing by INSERT.

    ``keys`` are the unique keys of the table: ``INSERT OR REPLACE`` of SQLite deletes by them without asking delete triggers.
    ``of_interview``: the table has a column ``interview``; erasing that interview may delete its rows.
    """
    if dialect == "sqlite":
        return _sqlite(table, keys, of_interview=of_interview, update=update)
    statements = [_postgres(table, "truncate", "TRUNCATE", "STATEMENT", "assistant_forbid")]
    if update:
        statements.append(_postgres(table, "update", "UPDATE", "ROW", "assistant_forbid"))
    if of_interview:
        statements.append(_postgres(table, "delete", "DELETE", "ROW", "assistant_delete_needs_tombstone"))
        statements.append(_postgres(table, "insert", "INSERT", "ROW", "assistant_interview_not_erased"))
    else:
        statements.append(_postgres(table, "delete", "DELETE", "ROW", "assistant_forbid"))
    return statements


def _postgres(table: str, name: str, operation: str, level: str, function: str) -> str:
    return f"CREATE TRIGGER guard_{table}_{name} BEFORE {operation} ON {table} FOR EACH {level} EXECUTE FUNCTION {function}()"


def _sqlite(table: str, keys: Sequence[Sequence[str]], *, of_interview: bool, update: bool) -> list[str]:
    same = " OR ".join("(" + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")" for key in keys)
    statements = [
        sqlite_trigger(
            table, "replace", "INSERT", f"EXISTS (SELECT 1 FROM {table} WHERE {same} OR rowid = NEW.rowid)",
            f"append-only: replacing a row of {table} is refused",
        )
    ]  # fmt: skip
    if update:
        statements.append(sqlite_trigger(table, "update", "UPDATE", "1", f"append-only: UPDATE of {table} is refused"))
    if of_interview:
        statements.append(
            sqlite_trigger(
                table, "delete", "DELETE", f"NOT EXISTS ({_TOMBSTONE.format(row='OLD')})",
                f"append-only: DELETE of {table} is refused: its interview has no tombstone",
            )
        )  # fmt: skip
        statements.append(
            sqlite_trigger(
                table, "insert", "INSERT", f"EXISTS ({_TOMBSTONE.format(row='NEW')})",
                f"append-only: INSERT into {table} is refused: its interview was erased",
            )
        )  # fmt: skip
    else:
        statements.append(sqlite_trigger(table, "delete", "DELETE", "1", f"append-only: DELETE of {table} is refused"))
    return statements


def sqlite_trigger(table: str, name: str, operation: str, condition: str, message: str) -> str:
    """One refusing trigger of SQLite."""
    return f"CREATE TRIGGER guard_{table}_{name} BEFORE {operation} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END"


def conditional(dialect: str, table: str, name: str, operation: str, condition: str, message: str) -> list[str]:
    """A trigger that refuses ``operation`` where ``condition`` (SQL over OLD and NEW, the same on both databases) is true."""
    if dialect == "sqlite":
        return [sqlite_trigger(table, name, operation, condition, message)]
    function = f"guard_{table}_{name}"
    return [
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
        f"RAISE EXCEPTION '{message}' USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END $$",
        f"CREATE TRIGGER {function} BEFORE {operation} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
    ]


def changed(columns: Sequence[str], dialect: str) -> str:
    """SQL that is true where an update changes one of ``columns``."""
    differs = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
    # Quoted: PL/pgSQL has keywords of its own (`by`).
    return " OR ".join(f'OLD."{column}" {differs} NEW."{column}"' for column in columns)
