"""Fixtures of tests in which a model reads answers as they come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from llm_server import LLMServer

from assistant.settings import Settings

SAID = "We keep every version of the data in a store. A script tags it each night, and Bea Lund looks at it."


@pytest.fixture
def reader_server() -> Iterator[LLMServer]:
    """An endpoint on loopback."""
    with LLMServer() as running:
        yield running


@pytest.fixture
def reader_settings(reader_server: LLMServer, tmp_path: Path) -> Settings:
    """A model there reads answers."""
    return Settings(
        data_dir=tmp_path, interview_coder="llm", llm_model="reader", llm_base_url=reader_server.url, openai_api_key="k", llm_attempts=1
    )  # type: ignore[arg-type]
