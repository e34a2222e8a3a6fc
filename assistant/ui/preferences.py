"""What an admin sets in the app: kept as a small file beside the database, laid over the settings of the environment. Never keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from assistant.errors import InputError, SettingsError
from assistant.models import Model
from assistant.pipeline import write_atomic
from assistant.settings import Settings

FILE = "app-settings.json"


class Preferences(Model):
    """What is None stays as the environment says."""

    engine: Literal["local", "llm"] = "local"
    """What is proposed for coding."""
    llm_model: str | None = None
    """Model name."""
    llm_base_url: str | None = None
    """Endpoint."""
    llm_max_calls: int | None = Field(default=None, ge=0)
    """Requests of one run, at most."""
    llm_max_cost: float | None = Field(default=None, ge=0)
    """Cost of one run, at most; needs the prices."""
    llm_price_input: float | None = Field(default=None, ge=0)
    """Of a million input tokens."""
    llm_price_output: float | None = Field(default=None, ge=0)
    """Of a million output tokens."""
    interview_model: str | None = None
    """Model that words follow-up questions; needs each respondent's consent."""
    interview_coder: Literal["local", "llm"] | None = None
    """What reads answers as they come."""
    interview_speech_model: str | None = None
    """Model that transcribes spoken answers."""
    llm_redact_names: tuple[str, ...] = ()
    """Names that must not leave the machine."""


def load(settings: Settings) -> Preferences:
    """What was saved; the defaults where nothing was. Raises SettingsError for a damaged file."""
    path = settings.data_dir / FILE
    if not path.is_file():
        return Preferences()
    try:
        return Preferences.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise SettingsError(f"{path} cannot be read", remedy="delete it and save the settings again") from error


def save(settings: Settings, preferences: Preferences) -> Path:
    """Writes the file. Raises InputError for what cannot be an endpoint, EvidenceError where the folder cannot be written."""
    url = preferences.llm_base_url
    if url and not url.startswith(("https://", "http://")):
        raise InputError("the endpoint is not an address", remedy="begin it with https:// (or http:// on your own network)")
    if url and "@" in url.split("//", 1)[1].split("/", 1)[0]:
        raise InputError("the endpoint holds a password", remedy="give the address alone; keys come from the environment")
    path = settings.data_dir / FILE
    write_atomic(path, preferences.model_dump_json(indent=1) + "\n")
    return path


def applied(settings: Settings, preferences: Preferences) -> Settings:
    """The settings with what was saved laid over them."""
    changes: dict[str, Any] = {
        name: value for name, value in preferences.model_dump(exclude={"engine", "llm_redact_names"}).items() if value is not None
    }
    names = (*settings.llm_redact_names, *preferences.llm_redact_names)
    return settings.model_copy(update={**changes, "llm_redact_names": tuple(dict.fromkeys(names))})
