"""Fixtures of the app's tests: a project of its own for every test, AppTest through the entry point, a real server and browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from ui_support import Project, Server, make_project

from assistant.settings import get_settings


def _forget() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()
    get_settings.cache_clear()


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Caches leak between AppTests; a database of its own, and the address that the command sets."""
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    before = config.get_option("server.address")
    config.set_option("server.address", "127.0.0.1")
    _forget()
    yield
    config.set_option("server.address", before)
    _forget()


@pytest.fixture
def project() -> Iterator[Project]:
    """A use case with one small transcript and a few pieces of evidence."""
    with make_project(get_settings().resolved_database_url) as made:
        yield made


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The app as `assistant app` starts it, without samples, on a database of its own."""
    with Server(Path(os.environ["ASSISTANT_DATA_DIR"]), tmp_path / "server.log") as running:
        yield running
