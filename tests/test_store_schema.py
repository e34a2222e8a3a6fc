"""Migrations, guards, and what a database shell may not do."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from killing import all_end_well
from sqlalchemy import text
from store_support import (
    REFUSED,
    coded,
    raw,
    raw_value,
    sample_assessment,
    sample_framework,
)

from assistant.errors import AppendOnlyError, StoreError
from assistant.models import Role
from assistant.store import RoleOverride, Store, UseCase
from assistant.store.migrate import alembic_config
from assistant.store.migrations import initial_guards
from assistant.store.schema import HEAD, metadata

pytest_plugins = ["store_fixtures"]

GROW_ONLY = (
    "audit", "tombstones", "transcripts", "transcript_roles", "frameworks", "evidence", "run_evidence", "rejections", "decisions",
    "element_decisions", "assessments", "assessment_transcripts",
)  # fmt: skip


def test_migrations_from_empty_give_the_metadata(empty_url: str) -> None:
    with Store.open(empty_url) as opened, opened.engine.connect() as connection:
        command.check(alembic_config(connection))
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == HEAD


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [HEAD]


def test_every_table_of_an_interview_is_erased_or_kept_on_purpose() -> None:
    from assistant.store.erasing import CONTENT

    with_interview = {table.name for table in metadata.tables.values() if "interview" in table.c}
    kept = {"audit", "tombstones", "runs", "assessment_transcripts"}
    assert with_interview - kept == {table.name for table in CONTENT}


def test_migrations_down_leave_nothing(empty_url: str) -> None:
    with Store.open(empty_url) as opened, opened.engine.connect() as connection:
        command.downgrade(alembic_config(connection), "base")
        connection.commit()
        assert opened.engine.dialect.get_table_names(connection) == ["alembic_version"]
        command.upgrade(alembic_config(connection), "head")
        command.check(alembic_config(connection))


@pytest.mark.parametrize(("dialect", "digest"), [("sqlite", "4923cb999003494a"), ("postgresql", "d80ffc153a7f772a")])
def test_the_sql_of_the_first_guards_never_changes(dialect: str, digest: str) -> None:
    statements = "\n".join(initial_guards.statements(dialect))
    assert hashlib.sha256(statements.encode()).hexdigest()[:16] == digest, "0001 has been released: write a new migration instead"


def test_opening_again_changes_nothing(store: Store, url: str, use_case: UseCase) -> None:
    with Store.open(url) as again:
        assert again.use_cases() == (use_case,)


def test_a_newer_database_is_refused_and_untouched(store: Store, url: str) -> None:
    raw(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"newer version .*9999.*upgrade the assistant"):
        Store.open(url)
    assert raw_value(url, "SELECT version_num FROM alembic_version") == "9999"


def test_a_password_is_not_shown(store: Store, url: str) -> None:
    raw(url, "UPDATE alembic_version SET version_num = '9999'")
    if url.startswith("sqlite"):
        pytest.skip("SQLite has no password")
    with pytest.raises(StoreError) as caught:
        Store.open(url.replace("postgres@", "postgres:hunter2@"))
    assert "hunter2" not in str(caught.value)


def test_another_programs_tables_are_refused(empty_url: str) -> None:
    raw(empty_url, "CREATE TABLE evidence (a int)")
    with pytest.raises(StoreError, match="other tables called evidence"):
        Store.open(empty_url)


@pytest.mark.parametrize("bad", ["sqlite://", "sqlite:///:memory:", "mysql://somewhere/db", "::", "postgresql://nobody@127.0.0.1:1/none"])
def test_unusable_urls_say_what_to_do(bad: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open(bad)
    assert "ASSISTANT_DATABASE_URL" in caught.value.remedy or "sqlite:///" in caught.value.remedy


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello, I am not a database at all")
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(f"sqlite:///{path}")
    assert path.read_text() == "hello, I am not a database at all"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be created"):
        Store.open(f"sqlite:///{tmp_path / 'file' / 'sub' / 'x.sqlite3'}")


def test_sqlite_settings(sqlite_template: Path) -> None:
    with Store.open(f"sqlite:///{sqlite_template}") as opened, opened.engine.connect() as connection:
        wanted = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "secure_delete": 1, "busy_timeout": 30000}
        assert {name: connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in wanted} == wanted


def test_many_processes_may_open_an_empty_database_at_once(empty_url: str) -> None:
    script = "import sys; from assistant.store import Store; Store.open(sys.argv[1]).add_organisation(sys.argv[2])"
    running = [
        subprocess.Popen([sys.executable, "-c", script, empty_url, f"org {n}"], cwd=Path(__file__).parent.parent, stderr=subprocess.PIPE)
        for n in range(4)
    ]
    all_end_well(running)
    with Store.open(empty_url) as opened:
        assert len(opened.organisations()) == 4


# ---------------------------------------------------------------- append-only, by the bare driver


@pytest.fixture
def full(store: Store, use_case: UseCase) -> Store:
    """At least one row in every guarded table but tombstones."""
    transcript, found = coded(store, use_case.id)
    store.override_roles(use_case.id, transcript.id, [RoleOverride(role=Role.INTERVIEWER, speaker="Bob")])
    store.decide(use_case.id, found[0].id, "confirm", "ann")
    store.decide_element(use_case.id, "tiny", "ops.x", "not_applicable", "ann", reason="none here")
    store.freeze_assessment(use_case.id, sample_assessment(transcript, found), sample_framework(), by="ann")
    return store


@pytest.fixture
def buried(full: Store, use_case: UseCase) -> Store:
    """Additionally one tombstone, of another interview."""
    coded(full, use_case.id, name="other", answer="Something else entirely was said here, and at length.")
    full.erase_interview(full.interviews(use_case.id)[-1].id, "dpo", "withdrawn")
    return full


@pytest.mark.parametrize("table", GROW_ONLY)
def test_no_update_of_any_column_no_delete_no_replace(buried: Store, url: str, table: str) -> None:
    before = raw_value(url, f"SELECT count(*) FROM {table}")
    assert before
    for column in metadata.tables[table].c:
        with pytest.raises(REFUSED, match="append-only"):
            raw(url, f'UPDATE {table} SET "{column.name}" = "{column.name}"')
    with pytest.raises(REFUSED, match="append-only"):
        raw(url, f"DELETE FROM {table}")
    if url.startswith("sqlite"):
        for extra in ("", "rowid, "):
            with pytest.raises(REFUSED, match="append-only"):
                raw(url, f"INSERT OR REPLACE INTO {table} ({extra}{_columns(table)}) SELECT {extra}{_columns(table)} FROM {table}")
    else:
        with pytest.raises(REFUSED, match="append-only"):
            raw(url, f"TRUNCATE {table} CASCADE")
    assert raw_value(url, f"SELECT count(*) FROM {table}") == before


def _columns(table: str) -> str:
    return ", ".join(f'"{column.name}"' for column in metadata.tables[table].c)


def test_replacing_by_row_number_is_refused(full: Store, url: str) -> None:
    """``rowid`` is a key of every SQLite table that no schema shows."""
    if not url.startswith("sqlite"):
        pytest.skip("only SQLite has row numbers")
    fresh = _columns("decisions").replace('"id"', "'another'")
    with pytest.raises(sqlite3.Error, match="append-only"):
        raw(url, f"INSERT OR REPLACE INTO decisions (rowid, {_columns('decisions')}) SELECT rowid, {fresh} FROM decisions")


def test_the_stores_own_engine_translates(full: Store) -> None:
    for statement in ("UPDATE evidence SET quote = 'x'", "DELETE FROM decisions", "UPDATE assessments SET label = 'x'"):
        with pytest.raises(AppendOnlyError, match="append-only"), full.engine.begin() as connection:
            connection.execute(text(statement))


def test_an_error_does_not_repeat_what_was_said(full: Store) -> None:
    with pytest.raises(AppendOnlyError) as caught, full.engine.begin() as connection:
        connection.execute(text("UPDATE evidence SET quote = :said"), {"said": "a secret sentence"})
    assert "secret" not in repr(caught.value) + repr(caught.value.__cause__) + repr(caught.value.__context__)


@pytest.mark.parametrize(
    "change",
    ["state = 'running'", "state = 'failed'", "attempts = 0", "error = 'x'", "key = 'x'", "settings = '{}'", "framework_hash = 'x'"],
)
def test_a_run_that_is_done_stays_so(full: Store, url: str, change: str) -> None:
    with pytest.raises(REFUSED):
        raw(url, f"UPDATE runs SET {change}")
    with pytest.raises(REFUSED, match="append-only"):
        raw(url, "DELETE FROM runs")


def test_a_tombstone_needs_its_entry_in_the_audit_trail(full: Store, url: str, use_case: UseCase) -> None:
    interview = full.interviews(use_case.id)[0].id
    some = raw_value(url, "SELECT id FROM audit ORDER BY id LIMIT 1")
    insert = """INSERT INTO tombstones (interview, use_case, "by", reason, at, removed, originals, audit)
                VALUES (?, ?, 'x', 'x', '2026-01-01 00:00:00', '{}', '[]', ?)"""
    for entry in (some, "none"):
        with pytest.raises(REFUSED, match="append-only"):
            raw(url, insert, interview, use_case.id, entry)
    with pytest.raises(REFUSED, match="tombstone"):
        raw(url, "DELETE FROM evidence")


def test_check_finds_a_removed_guard_and_a_changed_row(full: Store, url: str) -> None:
    assert full.check() == ()
    on = "" if url.startswith("sqlite") else " ON transcripts"
    raw(url, f"DROP TRIGGER guard_transcripts_update{on}")
    raw(url, "UPDATE transcripts SET original = ?", b"forged")
    raw(url, "UPDATE evidence_states SET state = 'rejected' WHERE state = 'confirmed'")
    assert [f.problem for f in full.check()] == ["missing trigger", "altered transcript", "stale state"]


def test_states_can_be_rebuilt(full: Store, url: str, use_case: UseCase) -> None:
    raw(url, "UPDATE evidence_states SET state = 'rejected' WHERE state = 'confirmed'")
    full.rebuild_states(use_case.id)
    assert full.check() == ()
