"""Typed settings from the environment (``ASSISTANT_*``) and an optional ``assistant.toml`` in the working directory.

Keys are read from the environment only (``OPENAI_API_KEY`` is honoured) and are never written anywhere.
"""

from __future__ import annotations

import os
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings import SettingsError as SourceError

from assistant.errors import SettingsError


def _default_data_dir() -> Path:
    """Where the operating system wants an application's data."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "mlops-interview-assistant"


def _none(value: object) -> object:
    """``none`` in a variable or file means unset."""
    return None if isinstance(value, str) and value.strip().lower() == "none" else value


class _File(TomlConfigSettingsSource):
    """``assistant.toml``: lies in a project's folder and is shared with it, so it holds no key."""

    def __call__(self) -> dict[str, Any]:
        found = super().__call__()
        if kept := sorted(name for name in found if name.lower() in ("openai_api_key", "assistant_openai_api_key")):
            raise SettingsError(
                f"assistant.toml holds a key: {kept[0]}", remedy="remove that line, and set OPENAI_API_KEY in the environment"
            )
        return found


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

    llm_model: str | None = None
    """Model for ``--engine llm`` where ``--model`` names none."""
    llm_base_url: str | None = None
    """Endpoint for ``--engine llm``; ``OPENAI_BASE_URL`` where unset, else OpenAI's own."""
    llm_window_tokens: int = Field(default=5000, ge=200, le=100_000)
    """Tokens of conversation in one request, at most."""
    llm_concurrency: int = Field(default=8, ge=1, le=64)
    """Requests under way at once."""
    llm_timeout: float = Field(default=120.0, gt=0)
    """Seconds until a request without an answer counts as failed."""
    llm_attempts: int = Field(default=5, ge=1, le=20)
    """Times that one request is sent at most, where the failure is worth another try."""
    llm_max_wait: float = Field(default=90.0, ge=0)
    """Seconds to wait at most where an endpoint asks to; longer, and the window is listed as failed."""
    llm_temperature: Annotated[float | None, BeforeValidator(_none)] = 0.0
    """Sent with every request; ``none`` for models that refuse it."""
    llm_seed: Annotated[int | None, BeforeValidator(_none)] = 1
    """Sent with every request; further passes count on from it."""
    llm_response_format: Literal["json_schema", "json_object"] = "json_schema"
    """How the reply's schema is sent: ``json_schema`` as OpenAI, Azure, vLLM, Ollama and llama.cpp's own server take it; ``json_object``
    (with the schema beside it) for the server of llama-cpp-python."""
    llm_price_input: float | None = Field(default=None, ge=0)
    """Price of a million input tokens; unset: cost is not shown."""
    llm_price_cached: float | None = Field(default=None, ge=0)
    """Price of a million input tokens that the provider had cached; ``llm_price_input`` where unset."""
    llm_price_output: float | None = Field(default=None, ge=0)
    """Price of a million output tokens."""
    llm_max_calls: int | None = Field(default=None, ge=0)
    """Requests that one run may send, retries included."""
    llm_max_tokens: int | None = Field(default=None, ge=0)
    """Input and output tokens that one run may use."""
    llm_max_cost: float | None = Field(default=None, ge=0)
    """Cost that one run may cause; needs the prices."""
    llm_redact: bool = True
    """Whether names, addresses and numbers are replaced before anything is sent."""
    llm_redact_names: tuple[str, ...] = ()
    """Further names that must not leave the machine."""
    llm_phone_region: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    """Country (``GB``) whose national phone numbers are found; international ones are found without."""

    interview_model: str | None = None
    """Model that words follow-up questions in interviews, at ``llm_base_url``; unset: the guide's own questions, nothing leaves."""
    interview_coder: Literal["local", "llm"] = "local"
    """What reads answers as they come: ``local``, or ``llm``: the model ``llm_model`` at ``llm_base_url``, which consent then names."""
    interview_timeout: float = Field(default=20.0, gt=0)
    """Seconds to wait for a model's wording before the guide's own question is asked."""
    interview_speech_model: str | None = None
    """Model that transcribes recorded answers; unset: no recording. Consent names it."""
    interview_speech_base_url: str | None = None
    """Its endpoint (``/audio/transcriptions`` below it); the language model's where unset."""
    interview_speech_timeout: float = Field(default=60.0, gt=0)
    """Seconds to wait for the words of a recording."""
    interview_link_key: SecretStr | None = None
    """Signs respondents' links, 32 bytes or more; unset: made once in ``data_dir``."""
    app_links_only: bool = False
    """The app serves respondents' links and no other page: then it may be reached from other machines without sign-in."""
    app_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]+$")
    """Address under which respondents reach the app, for their links; unset: the one that the assessor's browser uses."""

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
        return init_settings, env_settings, _File(settings_cls)

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
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"assistant.toml is not valid TOML: {error}", remedy="correct the line") from error
    except SourceError as error:
        # E.g. a list that is not JSON; the library's message names the field.
        raise SettingsError(f"a variable cannot be read: {error}", remedy='write lists as JSON, e.g. ["Anna Berg"]') from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"assistant.toml cannot be read: {error}", remedy="save it as UTF-8, or remove it") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"setting {where}: {first['msg']}", remedy=f"correct ASSISTANT_{where.upper()} or `{where}` in assistant.toml"
        ) from error
