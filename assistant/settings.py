"""Typed settings from the environment (``ASSISTANT_*``) and an optional ``assistant.toml`` in the working directory.

Keys are read from the environment only (``OPENAI_API_KEY`` is honoured) and are never written anywhere.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from assistant.errors import SettingsError


def _default_data_dir() -> Path:
    """Where the operating system wants an application's data."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "mlops-interview-assistant"


class Settings(BaseSettings):
    """Everything that can be set. Environment variables win over ``assistant.toml``."""

    model_config = SettingsConfigDict(
        env_prefix="ASSISTANT_", toml_file="assistant.toml", extra="forbid", use_attribute_docstrings=True, populate_by_name=True
    )

    data_dir: Path = Field(default_factory=_default_data_dir)
    """Folder for the database and the retrieval index."""
    database_url: str | None = None
    """SQLAlchemy URL; SQLite in ``data_dir`` where unset."""
    framework: str = "john-2025"
    """Framework used where a command names none."""
    embedding: Literal["local", "openai"] = "local"
    """``local``: the bundled MiniLM, nothing leaves the machine; ``openai``: any OpenAI-compatible embeddings endpoint."""
    embedding_model: str = "text-embedding-3-small"
    """Model name for ``embedding = "openai"``."""
    embedding_base_url: str | None = None
    """Endpoint for ``embedding = "openai"``; ``OPENAI_BASE_URL`` where unset."""
    embedding_model_file: Path | None = None
    """Another copy of the local model's ONNX file; its hash must be the pinned one."""
    threads: int = Field(default_factory=lambda: min(os.cpu_count() or 1, 8), ge=1, le=64)
    """Threads for local embedding."""
    openai_api_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("OPENAI_API_KEY", "ASSISTANT_OPENAI_API_KEY"))
    """Key for an OpenAI-compatible endpoint. Without one nothing leaves the machine."""
    openai_base_url: str | None = Field(default=None, validation_alias=AliasChoices("OPENAI_BASE_URL", "ASSISTANT_OPENAI_BASE_URL"))
    """Base URL of an OpenAI-compatible endpoint."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then ``assistant.toml``."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def resolved_database_url(self) -> str:
        """The URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'assistant.sqlite3'}"

    @property
    def index_dir(self) -> Path:
        """Folder of the retrieval index; deleting it is safe, it is rebuilt."""
        return self.data_dir / "index"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        SettingsError: a variable or a line of ``assistant.toml`` cannot be used; names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"setting {where}: {first['msg']}", remedy=f"correct ASSISTANT_{where.upper()} or `{where}` in assistant.toml"
        ) from error
