"""Plain cues of the local engine: denials, loose ways, frequencies; and what only looks like one."""

from __future__ import annotations

import pytest

from assistant.extraction.cues import denies, is_loose, rate


@pytest.mark.parametrize(
    "text",
    [
        "There is no build pipeline.", "There isn’t any record of it.", "We don't review code.", "Nobody looks at it.", "No, nothing like that.",
        "I have no log of that.", "We never test it.", "Not at all.",
    ],
)  # fmt: skip
def test_a_denial(text: str) -> None:
    assert denies(text)


@pytest.mark.parametrize(
    "text",
    [
        "The pipeline does it, nobody has to touch it.", "No one needs to be awake for it.", "There's no need to copy anything.",
        "There's no way around the gate.", "If nobody answers, the pager rings again.", "The pipeline runs every night.",
        "We know each other.",
    ],
)  # fmt: skip
def test_no_denial(text: str) -> None:
    assert not denies(text)


@pytest.mark.parametrize(
    ("text", "loose"),
    [
        ("There's no fixed procedure.", True), ("It depends on who is in.", True), ("Everybody keeps his own copy.", True),
        ("We talk when something comes up.", True), ("It's done differently each time.", True), ("It isn't written down.", True),
        ("It is the same written procedure for all.", False), ("Every team uses the same pipeline.", False),
    ],
)  # fmt: skip
def test_loose_ways(text: str, loose: bool) -> None:
    assert is_loose(text) is loose


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("Hardly ever.", 1), ("Once in two years perhaps.", 1), ("About twice a year.", 2), ("Every quarter.", 3), ("Monthly, roughly.", 3),
        ("Every week, sometimes every night.", 4), ("It's continuous.", 5), ("I would like it to be each quarter.", None),
        ("Weekly, and once a quarter for the big one.", None), ("It depends.", None),
    ],
)  # fmt: skip
def test_frequencies(text: str, stage: int | None) -> None:
    assert rate(text) == stage
