"""Fixtures for tests of engine, pipeline and command line: settings of their own, one loaded model for all, the samples with their codings.

Used by ``pytest_plugins = ["pipeline_fixtures"]``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline_support import SAMPLES, Oracle, clean_environment, read_oracle

from assistant.embeddings import LocalEmbedder, make_embedder
from assistant.extraction.base import Engine
from assistant.extraction.engines import make_engine
from assistant.frameworks import load_framework
from assistant.models import CodingResult, Framework, Transcript
from assistant.pipeline import make_task
from assistant.settings import Settings, get_settings
from assistant.transcripts import read_transcript


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory, and settings that know only their defaults and a data folder of the test's own."""
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "data"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    get_settings.cache_clear()
    yield work
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def embedder() -> LocalEmbedder:
    """The bundled model, loaded once; the command line shares it (``make_embedder`` keeps it)."""
    found = make_embedder(Settings(embedding="local", embedding_model_file=None))
    assert isinstance(found, LocalEmbedder)
    return found


@pytest.fixture(scope="session")
def john() -> Framework:
    return load_framework("john-2025")


@pytest.fixture(scope="session")
def engine(embedder: LocalEmbedder, john: Framework, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The local engine on the default framework."""
    return make_engine("local", john, Settings(data_dir=tmp_path_factory.mktemp("engine")))


@pytest.fixture(scope="session")
def samples() -> dict[str, Transcript]:
    """The sample transcripts by stem."""
    return {path.stem: read_transcript(path) for path in SAMPLES}


@pytest.fixture(scope="session")
def sample_results(engine: Engine, john: Framework, samples: dict[str, Transcript]) -> dict[str, CodingResult]:
    """What the local engine finds in each sample."""
    return {stem: engine.code(make_task(transcript, john, engine)) for stem, transcript in samples.items()}


@pytest.fixture(scope="session")
def oracles(samples: dict[str, Transcript], john: Framework) -> dict[str, Oracle]:
    """The codings by hand of the samples, by stem."""
    return {stem: read_oracle(stem, transcript, john) for stem, transcript in samples.items()}
