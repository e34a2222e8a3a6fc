"""What is sent, and what a reply may refer to."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from assistant.extraction.llm.codebook import Codebook, lean, short_id, without_common_end
from assistant.extraction.llm.reply import Context, ReplyError, parse_reply
from assistant.extraction.llm.request import Builder, Sampling, fence
from assistant.extraction.llm.tokens import counter
from assistant.extraction.llm.windows import Planner
from assistant.frameworks import load_framework
from assistant.models import Role
from assistant.prompts import load_prompt
from tests.llm_support import conversation, framework, long_conversation


def plan(talk, limit: int = 5000, which: str = "john-2025"):  # type: ignore[no-untyped-def]
    return Planner(load_framework(which), counter(), limit).plan(talk)


def test_one_small_conversation_is_one_window() -> None:
    talk = conversation()
    (window,) = plan(talk)
    lines = window.text.splitlines()
    assert lines[0] == "Q How do you handle your data?"
    assert lines[1].startswith("[1] A Every night a pipeline")
    assert "Ines" not in window.text
    assert window.turns == (1, 3, 5, 7)
    assert "data.management" in window.elements


def test_windows_are_even_and_lose_nothing() -> None:
    talk = long_conversation(40)
    windows = plan(talk, 400)
    spans = [s for w in windows for s in w.spans]
    assert spans == sorted(set(spans))
    answers = [t for t in talk.turns if t.role is not Role.INTERVIEWER]
    assert all(any(a <= p < b for a, b in spans) for t in answers for p in range(t.start, t.end) if talk.text[p].isalnum())
    sizes = [w.tokens for w in windows]
    assert max(sizes) < 1.5 * 400
    assert len({w.index for w in windows}) == len(windows)


def test_windows_begin_with_an_answer_where_answers_are_short_beside_them() -> None:
    talk = long_conversation(40)
    windows = plan(talk, 2000)
    assert len(windows) >= 2
    assert {w.spans[0][0] for w in windows} <= {t.start for t in talk.turns}


def test_a_window_that_begins_inside_a_turn_gets_context_that_cannot_be_quoted() -> None:
    talk = conversation(
        ("Ines", "And?"), ("Bo", " ".join(f"Pipeline {n} loads the data and checks the schema every night." for n in range(80)))
    )
    windows = plan(talk, 300)
    assert len(windows) > 2
    for earlier, later in pairwise(windows):
        first = later.text.splitlines()[0]
        assert first.startswith("~ ")
        assert first[2:] in earlier.text
        at = talk.text.index(first[2:])
        assert not later.holds(at, at + 5)
        assert earlier.holds(at, at + 5)


def test_small_talk_is_left_out_but_a_short_answer_is_kept() -> None:
    talk = conversation(
        ("Ines", "Nice weather. I went skiing with my uncle. How often do you retrain the model?"),
        ("Bo", "Weekly."),
        ("Ines", "Ha, lovely!"),
        ("Bo", "Cheese melted. Birds sing. Rain fell. The pipeline checks the data against a schema. Sun came. Rain fell. Birds sang."),
    )
    (window,) = plan(talk)
    assert "[1] A Weekly." in window.text
    assert "skiing" not in window.text
    assert "Cheese" not in window.text
    assert "Rain fell. The pipeline checks the data against a schema. Sun came." in window.text
    assert "Birds sang" not in window.text


def test_what_is_left_out_in_the_middle_is_marked() -> None:
    middle = "Birds sing. Rain fell. My uncle ate. Birds sang."
    talk = conversation(("Ines", "Hm."), ("Bo", f"The pipeline checks the data. {middle} The feature store serves the model."))
    (window,) = plan(talk)
    assert "Birds sing. … Birds sang." in window.text


def test_a_long_question_is_shortened_to_its_end() -> None:
    question = "So " + " ".join(f"word{n}" for n in range(60)) + " data?"
    (window,) = plan(conversation(("Ines", question), ("Bo", "The pipeline checks the data.")))
    assert window.text.startswith("Q … word31")


def test_a_framework_without_words_of_its_own_leaves_nothing_out() -> None:
    talk = conversation(("Ines", "Hm."), ("Bo", "Birds sing all day. Rain fell."), ("Ines", "Hm."), ("Ada", "Sun."))
    (window,) = plan(talk, which="plain-concepts-mlops")
    assert window.text == "Q Hm.\n[1] A Birds sing all day. Rain fell.\nQ Hm.\n[3] B Sun."
    assert set(window.elements) == {e.id for e in load_framework("plain-concepts-mlops").elements}


@pytest.mark.parametrize("talk", [conversation(("Ines", "Hello?")), conversation(("Ines", "?"), ("Bo", "…"))])
def test_nothing_said_nothing_sent(talk) -> None:  # type: ignore[no-untyped-def]
    assert plan(talk) == ()


def test_many_speakers_have_letters() -> None:
    pairs = [(f"Person Number{n}", "The pipeline checks the data against a schema.") for n in range(18)]
    (window,) = plan(conversation(*pairs))
    heads = [line.split()[1] for line in window.text.splitlines()]
    assert len(set(heads)) == 18
    assert "Q" not in heads


# ---------------------------------------------------------------- codebook and request


def test_short_ids() -> None:
    assert [short_id(n) for n in (0, 25, 26, 27, 701, 702)] == ["A", "Z", "AA", "AB", "ZZ", "AAA"]


def test_statements_stay_distinct_for_every_framework() -> None:
    for which in ("john-2025", "john-2025-original", "google-mlops", "microsoft-mlops"):
        book = Codebook(load_framework(which))
        for e in book.framework.elements:
            lines = book.text((e.id,)).splitlines()[1:]
            assert len(lines) == len(e.statements) == len({line.split(" ", 1)[1] for line in lines})
            assert all(len(line.split(" ", 1)[1]) >= 2 for line in lines)


def test_lean() -> None:
    assert lean("Ad hoc processes for data management", "Data management") == "Ad hoc"
    assert lean("Data management is continuously improved", "Data management") == "Continuously improved"
    assert lean("Data management", "Data management") == "Data management"
    assert without_common_end(["few models", "many models", "no x"]) == ["few", "many", "no x"]
    assert without_common_end(["talk to team", "go to team", "on team"]) == ["talk", "go", "on team"]
    assert without_common_end(["one"]) == ["one"]


def test_equal_windows_give_equal_requests_and_the_fence_is_never_in_the_text() -> None:
    builder = Builder(framework(), load_prompt("extract"), Sampling("m", None, None), counter())
    talk = conversation()
    (window,) = plan(talk)
    first, second = builder.build(talk, window), builder.build(talk, window)
    assert first.hash == second.hash
    assert set(first.body) == {"model", "messages", "response_format"}
    assert first.tokens < 2300
    mark = fence("x")
    assert fence(f"{mark} x") not in f"{mark} x"
    schema = first.body["response_format"]["json_schema"]
    assert schema["strict"] is True
    items = schema["schema"]["properties"]["items"]["items"]
    assert items["additionalProperties"] is False
    assert sorted(items["required"]) == sorted(items["properties"])


def test_servers_that_take_no_json_schema_get_an_object_with_its_schema() -> None:
    builder = Builder(framework(), load_prompt("extract"), Sampling("m", None, None, "json_object"), counter())
    talk = conversation()
    body = builder.build(talk, plan(talk)[0]).body
    assert body["response_format"]["type"] == "json_object"
    assert body["response_format"]["schema"]["required"] == ["items"]


# ---------------------------------------------------------------- replies

CONTEXT = Context(("A", "B"), (1, 2, 3))
ITEM = {"t": 1, "q": "x", "e": "A", "s": [1], "p": "present", "k": "current", "c": []}


def test_a_reply() -> None:
    (item,) = parse_reply(json.dumps({"items": [ITEM]}), CONTEXT)
    assert (item.t, item.e, item.s) == (1, "A", (1,))
    assert parse_reply('{"items": []}', CONTEXT) == ()


@pytest.mark.parametrize(
    "text",
    ["", "  ", "[]", "null", "{}", '{"items": {}}', "[" * 100_000, '{"items": [{"t": 1}]}']
    + [
        json.dumps({"items": [{**ITEM, key: value}]})
        for key, value in (("e", "C"), ("s", [4]), ("t", "one"), ("p", "maybe"), ("z", 1), ("q", None))
    ]
    + [json.dumps({"items": [ITEM] * 2001})],
)
def test_replies_that_are_none(text: str) -> None:
    with pytest.raises(ReplyError):
        parse_reply(text, CONTEXT)
