"""Fixtures for the store's tests: every test that takes ``url`` or ``store`` runs on SQLite and on PostgreSQL.

Used by ``pytest_plugins = ["store_fixtures"]``.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_support import Ticking, on_server, server_url, template_database

from assistant.store import Store, UseCase

BACKENDS = [pytest.param("sqlite", id="sqlite"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session", autouse=True)
def _drop_template() -> Iterator[None]:
    yield
    if template_database.cache_info().currsize:
        on_server(f"DROP DATABASE IF EXISTS {template_database()} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "template.sqlite3"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=BACKENDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    name = f"assistant_empty_{uuid.uuid4().hex}"
    server = server_url()
    on_server(f"CREATE DATABASE {name}")
    yield server.set(database=name).render_as_string(hide_password=False)
    on_server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database without any row."""
    if request.param == "sqlite":
        path = tmp_path / "store.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = server_url()
    name = f"assistant_test_{uuid.uuid4().hex}"
    on_server(f"CREATE DATABASE {name} TEMPLATE {template_database()}")
    yield server.set(database=name).render_as_string(hide_password=False)
    on_server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url, clock=Ticking()) as opened:
        yield opened


@pytest.fixture
def use_case(store: Store) -> UseCase:
    return store.add_use_case(store.add_organisation("Acme").id, "Forecasts")
