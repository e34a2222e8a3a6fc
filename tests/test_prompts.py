"""Prompts: declared, strict, hashed."""

from __future__ import annotations

import pytest

from assistant.errors import PromptError
from assistant.extraction.llm.request import Builder, Sampling, check_examples
from assistant.extraction.llm.tokens import counter
from assistant.prompts import load_prompt, parse_prompt, versions
from tests.llm_support import framework

GOOD = """---
task: t
version: 1
description: d
variables: [a, b]
---
# system
Say {{a}}.
# user
{{ b }} and {{a}}
"""


def test_renders_once() -> None:
    prompt = parse_prompt(GOOD, "t/v1.md")
    assert prompt.render({"a": "{{b}}", "b": "x\\1"}) == ("Say {{b}}.", "x\\1 and {{b}}")
    assert len(prompt.hash) == 64
    assert parse_prompt(GOOD + "\n\n", "t/v1.md").hash != prompt.hash


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[a, b]", "[a]", "used but not declared: b"),
        ("[a, b]", "[a, b, c]", "declared but not used: c"),
        ("[a, b]", "[a, b, b]", "no list of names"),
        ("[a, b]", "[a, b, 'B C']", "no list of names"),
        ("{{a}}.", "{{A b}}.", "no list of names"),
        ("version: 1", "version: 0", "greater than or equal to 1"),
        ("version: 1", "version: 1\nextra: 2", "not permitted"),
        ("description: d", "description: [", "not YAML"),
        ("task: t\nversion: 1\ndescription: d\nvariables: [a, b]", "text", "no list of keys"),
        ("# user", "# User", "is not front matter"),
    ],
)
def test_a_wrong_file_is_refused(old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(PromptError) as raised:
        parse_prompt(GOOD.replace(old, new), "t/v1.md")
    assert told in str(raised.value)
    assert "t/v1.md" in str(raised.value)


@pytest.mark.parametrize("values", [{"a": "x"}, {"a": "x", "b": "y", "c": "z"}])
def test_missing_and_unknown_values_are_refused(values: dict[str, str]) -> None:
    with pytest.raises(PromptError):
        parse_prompt(GOOD, "t/v1.md").render(values)


def test_the_shipped_prompts_are_valid() -> None:
    assert versions("extract") == (1,)
    assert load_prompt("extract") == load_prompt("extract", 1)
    check_examples(load_prompt("extract"))


@pytest.mark.parametrize(("task", "version"), [("extract", 99), ("nothing", None), ("../extract", None)])
def test_unknown_prompts(task: str, version: int | None) -> None:
    with pytest.raises(PromptError):
        load_prompt(task, version)


@pytest.mark.parametrize(
    ("key", "value"),
    [("q", "a script makes it every week"), ("q", "Who makes the forecast?"), ("e", "Z"), ("s", [7]), ("t", 99), ("k", "later")],
)
def test_examples_that_are_not_grounded_or_valid_stop_before_anything_is_sent(key: str, value: object) -> None:
    prompt = load_prompt("extract")
    example = prompt.examples[0]
    wrong = prompt.model_copy(update={"examples": ({**example, "items": [{**example["items"][0], key: value}]},)})
    with pytest.raises(PromptError) as raised:
        Builder(framework(), wrong, Sampling("m", 0.0, 1), counter())
    assert "example 1" in str(raised.value)
