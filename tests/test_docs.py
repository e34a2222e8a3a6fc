"""The documents keep up with the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.cli.app import app
from assistant.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_every_setting_is_in_the_reference(field: str) -> None:
    name = {"openai_api_key": "OPENAI_API_KEY", "openai_base_url": "OPENAI_BASE_URL"}.get(field, f"ASSISTANT_{field.upper()}")
    assert f"`{name}`" in (ROOT / "docs" / "reference.md").read_text("utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_no_document_names_a_setting_or_a_file_that_is_not_there(document: Path) -> None:
    text = document.read_text("utf-8")
    known = {f"ASSISTANT_{name.upper()}" for name in Settings.model_fields} | {"ASSISTANT_TEST_POSTGRES", "ASSISTANT_TEST_ROUNDS"}
    assert set(re.findall(r"ASSISTANT_[A-Z_]+[A-Z]", text)) <= known
    for path in re.findall(r"`((?:assistant|benchmarks|docs|frameworks|prompts|tests|transcripts)/[\w./-]+\w)`", text):
        assert (ROOT / path).exists() or (ROOT / path).with_suffix(".py").exists(), path


def test_every_command_is_in_the_reference() -> None:
    text = (ROOT / "docs" / "reference.md").read_text("utf-8")
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
    commands = re.findall(r"^  ([a-z]+)\s{2,}", shown.split("Commands:")[1], re.MULTILINE)
    assert len(commands) > 8, shown
    assert [c for c in commands if f"`{c}" not in text] == []
