"""The documents keep up with the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from assistant.cli.app import app
from assistant.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md"))]
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")


def commands(node: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, set[str]]]:
    """Every command with its options, as the parser knows them."""
    node = node or typer.main.get_command(app)
    if hasattr(node, "commands"):
        for name, child in node.commands.items():
            yield from commands(child, (*path, name))
        return
    # Arguments have their name without dashes there.
    yield " ".join(path), {name for p in node.params for name in (*p.opts, *p.secondary_opts) if name.startswith("--")}


COMMANDS = dict(commands())


def documented(command: str) -> set[str]:
    """The options that the reference gives to a command: in its own row, or in a row whose second cell names it."""
    found: set[str] = set()
    for line in REFERENCE.split("## Exit codes")[0].splitlines():
        cells = re.split(r"(?<!\\)\|", line)[1:-1]
        own = bool(cells) and re.match(rf" `{re.escape(command)}[ `]", cells[0])
        if own or (len(cells) == 3 and f"`{command}`" in cells[1]):
            found |= set(re.findall(r"--[a-z][a-z-]*", cells[0]))
    if command == "code":
        found |= set(re.findall(r"^\| `\[(--[a-z-]+)", REFERENCE.split("With `--engine llm`")[1].split("###")[0], re.MULTILINE))
    return found


def test_the_parser_is_read() -> None:
    assert len(COMMANDS) > 25
    assert COMMANDS["app"] == {"--port", "--host", "--browser", "--no-browser", "--samples", "--no-samples", "--links-only"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_reference_with_its_options_and_no_others(command: str) -> None:
    assert re.search(rf"^\| `{re.escape(command)}[ `]", REFERENCE, re.MULTILINE)
    assert documented(command) == COMMANDS[command]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_commands_and_options_in_examples_exist(document: Path) -> None:
    text = re.sub(r"#.*", "", document.read_text("utf-8").replace("\n--reviewer", " --reviewer"))
    used = 0
    for example in re.findall(r"(?:^    |`|\()(?:\.venv/bin/)?assistant ([a-z][^`\n)]*)", text, re.MULTILINE):
        words = example.split()
        command = next((c for c in (" ".join(words[:2]), words[0]) if c in COMMANDS), None)
        options = set(re.findall(r"(?<=\s)--[a-z-]+", example))
        if command is None:
            assert not options, example
            assert any(c.startswith(f"{words[0]} ") for c in COMMANDS), example
        else:
            assert options <= COMMANDS[command] | {"--help"}, example
        used += 1
    assert used or document.name in ("ARCHITECTURE.md", "explanation.md", "reference.md")


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_every_setting_is_in_the_reference(field: str) -> None:
    name = {"openai_api_key": "OPENAI_API_KEY", "openai_base_url": "OPENAI_BASE_URL"}.get(field, f"ASSISTANT_{field.upper()}")
    assert f"`{name}`" in REFERENCE


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_no_document_names_a_setting_or_a_file_that_is_not_there(document: Path) -> None:
    text = document.read_text("utf-8")
    known = {f"ASSISTANT_{name.upper()}" for name in Settings.model_fields} | {"ASSISTANT_TEST_POSTGRES", "ASSISTANT_TEST_ROUNDS"}
    assert set(re.findall(r"ASSISTANT_[A-Z_]+[A-Z]", text)) <= known
    for path in re.findall(r"`((?:assistant|benchmarks|docs|frameworks|prompts|tests|transcripts)/[\w./-]+\w)`", text):
        assert (ROOT / path).exists() or (ROOT / path).with_suffix(".py").exists(), path
    for module in re.findall(r"python -m benchmarks\.(\w+)", text):
        assert (ROOT / "benchmarks" / f"{module}.py").is_file(), module
    for link in re.findall(r"\]\(([^)#:]+\.md)", text):
        assert (document.parent / link).is_file(), link


def test_what_the_how_to_calls_by_name_is_in_the_app() -> None:
    text = (ROOT / "docs" / "how-to.md").read_text("utf-8").split("## Let others use it")[0]
    source = "".join(path.read_text("utf-8") for path in (ROOT / "assistant" / "ui").rglob("*.py"))
    labels = {part for found in re.findall(r"(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)", text) for part in found.split(", ")}
    assert len(labels) > 30
    assert {label for label in labels if label not in source} == set()


def test_tests_and_places_that_the_architecture_names_are_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    rows = [line for line in text.split("## Where the promises are kept")[1].splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 10
    for row in rows:
        _, place, test = (cell for cell in row.strip("| ").split(" | "))
        for name in re.findall(r"`((?:ui/)?test_\w+?)(?:_?\*)?`", test):
            assert list((ROOT / "tests").glob(f"{name}*.py")), name
        for path, function in re.findall(r"`([\w/]+\.py): (\w+)`", place):
            assert f"def {function}(" in (ROOT / "assistant" / path).read_text("utf-8"), (path, function)
        for module, function in re.findall(r"`(\w+)\.(\w+)`", place):
            if (ROOT / "assistant" / f"{module}.py").is_file():
                assert f"def {function}(" in (ROOT / "assistant" / f"{module}.py").read_text("utf-8"), (module, function)


def test_the_layers_in_the_architecture_are_those_that_are_checked() -> None:
    configured = (ROOT / "pyproject.toml").read_text("utf-8").split("layers = [")[1].split("]")[0]
    layers = [sorted(re.findall(r"assistant\.(\w+)", line)) for line in configured.splitlines() if "assistant." in line]
    drawn = (ROOT / "ARCHITECTURE.md").read_text("utf-8").split("a layer sees only those below it:")[1].split("`scoring` sees")[0]
    assert [sorted(line.strip().split(" | ")) for line in drawn.splitlines() if line.strip()] == layers
