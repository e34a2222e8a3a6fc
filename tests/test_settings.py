"""Settings: environment over file over defaults; every fault names the setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import SettingsError
from assistant.settings import Settings, get_settings

pytest_plugins = ["pipeline_fixtures"]


def test_defaults_keep_everything_on_the_machine(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSISTANT_DATA_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", str(workdir / "xdg"))
    found = get_settings()
    assert found.embedding == "local"
    assert found.openai_api_key is None
    assert found.framework == "john-2025"
    assert found.data_dir == workdir / "xdg" / "mlops-interview-assistant"
    assert found.index_dir == found.data_dir / "index"
    assert found.resolved_database_url == f"sqlite:///{found.data_dir}/assistant.sqlite3"
    assert not found.data_dir.exists(), "reading settings makes no folder"


def test_home_where_there_is_no_xdg(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSISTANT_DATA_DIR")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(workdir))
    assert Settings().data_dir == workdir / ".local" / "share" / "mlops-interview-assistant"


def test_the_environment_wins_over_the_file(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("assistant.toml").write_text('framework = "google-mlops"\nthreads = 3\n')
    assert (get_settings().framework, get_settings().threads) == ("google-mlops", 3)
    monkeypatch.setenv("ASSISTANT_FRAMEWORK", "microsoft-mlops")
    get_settings.cache_clear()
    assert (get_settings().framework, get_settings().threads) == ("microsoft-mlops", 3)
    assert Settings(framework="mine").framework == "mine"


def test_they_are_read_once(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = get_settings()
    monkeypatch.setenv("ASSISTANT_THREADS", "2")
    assert get_settings() is before


def test_a_key_is_never_shown(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    found = get_settings()
    assert found.openai_api_key is not None
    assert found.openai_api_key.get_secret_value() == "sk-very-secret"
    assert "very-secret" not in repr(found) + str(found) + found.model_dump_json()


def test_a_database_url_is_taken_as_given(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_DATABASE_URL", "postgresql://u@h/d")
    assert get_settings().resolved_database_url == "postgresql://u@h/d"


@pytest.mark.parametrize("value", ["none", "None", " NONE "])
def test_none_unsets(workdir: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ASSISTANT_LLM_TEMPERATURE", value)
    assert get_settings().llm_temperature is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ASSISTANT_EMBEDDING", "cloud"),
        ("ASSISTANT_THREADS", "0"),
        ("ASSISTANT_THREADS", "many"),
        ("ASSISTANT_LLM_TIMEOUT", "-1"),
        ("ASSISTANT_LLM_PHONE_REGION", "britain"),
        ("ASSISTANT_LLM_REDACT_NAMES", "not json"),
    ],
)
def test_a_wrong_variable_is_named(workdir: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        get_settings()
    assert variable.removeprefix("ASSISTANT_").lower() in str(caught.value)
    assert caught.value.remedy
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'framework = "x\n', "not valid TOML"),
        (b"= 1", "at line 1, column 1"),
        (b'colour = "red"\n', "colour"),
        (b"threads = 1000\n", "threads"),
        (b'framework = ["a"]\n', "framework"),
        (b'framework = "\xff"\n', "cannot be read"),
    ],
)
def test_a_wrong_file_is_named(workdir: Path, content: bytes, told: str) -> None:
    Path("assistant.toml").write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        get_settings()
    assert told in str(caught.value)
    assert "assistant.toml" in str(caught.value)


@pytest.mark.parametrize("name", ["openai_api_key", "OPENAI_API_KEY"])
def test_a_key_in_the_file_is_refused_and_not_printed(workdir: Path, name: str) -> None:
    Path("assistant.toml").write_text(f'{name} = "sk-very-secret"\n')
    with pytest.raises(SettingsError, match="holds a key") as caught:
        get_settings()
    assert "secret" not in str(caught.value)


def test_a_key_in_a_faulty_setting_is_not_printed(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("ASSISTANT_THREADS", "x")
    with pytest.raises(SettingsError) as caught:
        get_settings()
    assert "secret" not in str(caught.value)
