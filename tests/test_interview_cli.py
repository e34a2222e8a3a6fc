"""`assistant interview run`: what is typed or piped in, line by line; nothing said is lost, and nothing is decided by a slip."""

from __future__ import annotations

import json
from typing import Any

import pytest
from interview_support import conductor, fresh

from assistant.cli.interview import _Talk
from assistant.interview import Conductor


def talk(made: Conductor, *lines: str, as_json: bool = False) -> bool:
    return _Talk(made, as_json, [f"{line}\n" for line in lines]).go(consented=False)


def shown(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_only_a_plain_no_declines(capsys: pytest.CaptureFixture[str]) -> None:
    made = fresh()
    talk(made, "yse", "/progress", "yes", "I lead the team.")
    assert made.ledger.consent is not None
    assert made.ledger.answers == ("I lead the team.",)
    assert "neither a yes nor a no" in capsys.readouterr().out
    made = fresh()
    talk(made, "No")
    assert made.ledger.declined
    capsys.readouterr()
    talk(made, "yes")
    assert "did not agree" in capsys.readouterr().out
    assert made.ledger.consent is None


@pytest.mark.parametrize("lines", [(), ("/pause",), ("hm",)])
def test_the_end_of_input_decides_nothing(lines: tuple[str, ...]) -> None:
    made = fresh()
    talk(made, *lines)
    assert not made.ledger.declined
    assert made.ledger.consent is None


def test_a_program_is_told_of_a_line_that_cannot_be_used_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    made = fresh()
    talk(
        made, "{oops", '{"progress": true}', '{"consent": true}', "no JSON", "[1]", '{"what": 1}', '{"answer": "I lead it."}', as_json=True
    )
    assert made.ledger.answers == ("I lead it.",)
    assert made.ledger.paused, "the end of input pauses it"
    lines = shown(capsys)
    assert [kind for line in lines for kind in ("error", "paused") if kind in line] == ["error"] * 5 + ["paused"]
    assert sum("consent" in line for line in lines) == 1


def test_answers_that_begin_with_a_slash_or_end_in_the_middle_are_answers(capsys: pytest.CaptureFixture[str]) -> None:
    made = conductor()
    talk(made, "/data is our lake", "/skp", "And one\\", "more\\")
    assert made.ledger.answers == ("/data is our lake", "And one\nmore\n")
    assert "/skip  /refuse" in capsys.readouterr().out
