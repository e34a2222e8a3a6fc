"""Offsets and sentences."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transcript_samples import SHARED, TEAMS_VTT, read

from assistant.models import Role, TimedSpan, Transcript
from assistant.segments import MAX_WORDS, context, join_spans, line_of, segment, sentences, time_at, trim, turn_at
from assistant.transcripts import read_transcript


def split(text: str) -> list[str]:
    """Sentences of a text."""
    return [text[a:b] for a, b in sentences(text, 0, len(text))]


@pytest.mark.parametrize(
    "expected",
    [
        ["We use v2.0 e.g. for Dr. Smith in the U.S.", "The rest is done."],
        ["He said [unintelligible 00:44:06.08] and so...", "But I know it.", "[laughs] Yeah -- So we did."],
        ["Mr. and Mrs. J. Smith, Ph.D. went at 5 p.m. on Monday.", "We're at Amazon Inc.", "The rest."],
        ["Version 2.", "We go on with node.js 18.2.", "Plan B.", "It is so."],
        ["1. First do.", "2. Then do."],
        ["No. 5 is it.", "Oh no.", "We did."],
        ["i think.", "so we did.", "yes"],
        ["so... we did…", "And?!", "Right??", "ok"],
        ["“Is it so?” he said.", "(He did.)", "No..."],
        ["Etc. and so on.", "We had logs, etc.", "Then it broke."],
        ["我们部署模型。", "然后监控它！", "好吗？"],
        ["هل تعمل؟", "نعم."],
        ["[08:24]", "Because of it.", "\\[09:10\\]", "More at [10:11] then.", "[10:12]"],
        ["- one", "- two", "3) three"],
        ["A paragraph without stop", "and another\nwrapped line."],
        ["The U.S. government did.", "It was the U.S. Navy."],
        ["no stops at all"],
        ["हाँ।", "नहीं।"],
    ],
)
def test_sentences(expected: list[str]) -> None:
    glue = {"- one": "\n", "A paragraph without stop": "\n\n", "我们部署模型。": ""}.get(expected[0], " ")
    assert split(glue.join(expected)) == expected


def test_long_speech_without_stops_is_cut_at_clauses() -> None:
    parts = split("so yeah we do it like that, " * 40)
    assert all(len(part.split()) <= MAX_WORDS for part in parts)
    assert all(part.startswith("so yeah") and part.endswith("that,") for part in parts)
    plain = split("word " * 200)
    assert all(10 < len(part.split()) <= MAX_WORDS for part in plain)


def test_long_speech_without_clauses_is_cut_in_the_middle() -> None:
    assert [len(part.split()) for part in split("word " * 70)] == [35, 35]
    assert [len(part.split()) for part in split("word " * 60)] == [60]
    assert [len(part.split()) for part in split("word " * 61)] == [30, 31]
    assert [len(part.split()) for part in split("word " * 130)] == [60, 35, 35]


def test_a_clause_that_begins_too_early_is_no_place_to_cut() -> None:
    """Ten words are no sentence of their own; eleven may be."""
    assert len(split("word " * 5 + "and " + "word " * 64)[0].split()) == 35
    assert len(split("word " * 11 + "and " + "word " * 58)[0].split()) == 11


def test_long_speech_is_cut_at_cue_borders_first() -> None:
    text = "alpha beta and gamma " * 30
    spans = [TimedSpan(start=n, end=n + 84) for n in range(0, len(text) - 84, 84)]
    cuts = {a for a, _ in sentences(text, 0, len(text), spans)}
    assert len(cuts) > 1
    assert cuts <= {span.start for span in spans}


def test_scripts_without_blanks() -> None:
    assert [len(part) for part in split("第" * 1000)] == [300, 300, 300, 100]
    assert all(part.endswith("、") for part in split("第第第第、" * 200)[:-1])
    assert split("x" * 2000) == ["x" * 2000]
    assert [len(part) for part in split("第" * 299 + "x" * 20 + "第" * 300)] == [319, 300]


@pytest.mark.parametrize(
    "text",
    [
        "." * 300_000 + "x",
        "," * 300_000 + "x",
        ".'" * 150_000 + "x",
        "- " * 150_000,
        "a and " * 60_000,
        "\n" * 300_000 + "x",
        "[" * 300_000,
    ],
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    """Quadratic work would take minutes. CPU time of this thread: what else the machine does is not counted."""
    began = time.thread_time()
    sentences(text, 0, len(text))
    assert time.thread_time() - began < 5


@pytest.mark.skipif(not (SHARED / "evaluation" / "transcripts").is_dir(), reason="evaluation transcripts are not at hand")
def test_ten_thousand_words_take_less_than_a_tenth_of_a_second() -> None:
    transcript = read_transcript(SHARED / "evaluation" / "transcripts" / "pai130-intuit-fintech.txt")
    segment(transcript)
    best = min(_timed(transcript) for _ in range(5))
    assert best * 10_000 / len(transcript.text.split()) < 0.1


def _timed(transcript: Transcript) -> float:
    """CPU seconds."""
    began = time.thread_time()
    segment(transcript)
    return time.thread_time() - began


def test_segments_keep_their_index_whatever_the_roles() -> None:
    transcript = read("Anna: How? Why?\n\nBob: So. There.\n\nAnna: And?", "a.txt")
    everything = segment(transcript)
    assert [(s.index, s.turn, s.text) for s in everything] == [
        (0, 0, "How?"),
        (1, 0, "Why?"),
        (2, 1, "So."),
        (3, 1, "There."),
        (4, 2, "And?"),
    ]
    assert segment(transcript, roles={Role.RESPONDENT}) == everything[2:4]
    assert segment(transcript, roles=()) == ()


def test_trim_and_join() -> None:
    assert trim("  ab c \n", 0, 8) == (2, 6)
    assert trim("   ", 1, 3) == (1, 1)
    assert trim("abc", -5, 99) == (0, 3)
    assert trim("abc", 2, 1) == (2, 2)
    assert join_spans([(5, 7), (0, 2), (2, 3), (6, 9), (4, 4), (1, 2)]) == ((0, 3), (5, 9))
    assert join_spans([]) == ()


def test_turns_times_and_lines() -> None:
    transcript = read(TEAMS_VTT, "a.vtt")
    first, second = transcript.turns
    assert turn_at(transcript, first.start) == first
    assert turn_at(transcript, first.end) is None
    assert turn_at(transcript, 0) is None
    assert turn_at(transcript, second.end - 1) == second
    assert time_at(transcript, first.start) == 3.12
    assert time_at(transcript, second.end - 1) == 8.5
    assert time_at(transcript, 0) is None
    assert [line_of(transcript.text, n) for n in (0, first.end, second.start, 10_000)] == [1, 1, 3, 3]
    assert line_of("a\nb", -1) == 1


def test_context_is_cut_at_words() -> None:
    transcript = read("Anna: one two three four five six", "a.txt")
    text = transcript.text
    start = text.index("three")
    around = context(transcript, start, start + 5, 6)
    assert (around.before, around.quote, around.after) == ("two ", "three", " four")
    assert text[around.start : around.end] == around.before + around.quote + around.after
    assert context(transcript, start, start + 5, 0)[2:] == ("", "three", "")
    assert context(transcript, 0, len(text), 9).quote == text
    tight = context(transcript, start + 1, start + 3, 1)
    assert (tight.before, tight.quote, tight.after) == ("t", "hr", "e")
    with pytest.raises(ValueError, match="outside the text"):
        context(transcript, 5, 4, 1)


# ---------------------------------------------------------------- properties

_PIECES = st.sampled_from(
    [
        "word",
        "Word.",
        " ",
        "  ",
        "\n",
        "\n\n",
        "...",
        "?",
        "! ",
        "e.g. ",
        "Dr. ",
        "U.S. ",
        "--",
        "[08:24] ",
        "[laughs]",
        "。",
        "第" * 40,
        "؟ ",
        "and so ",
        ", ",
        "2.0",
        "\u00a0",
        "😀",
        "e\u0301",
        '"',
        "- ",
    ]
)
_TEXT = st.lists(_PIECES, max_size=150).map("".join) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300)


@given(_TEXT, st.lists(st.integers(0, 400), max_size=8))
@settings(max_examples=300, deadline=None)
def test_sentences_partition_the_text(text: str, borders: list[int]) -> None:
    spans = [TimedSpan(start=b, end=b) for b in borders]
    found = sentences(text, 0, len(text), spans)
    covered = [False] * len(text)
    last = 0
    for start, end in found:
        assert last <= start < end
        assert text[start:end] == text[start:end].strip()
        covered[start:end] = [True] * (end - start)
        last = end
    assert all(done or character.isspace() for done, character in zip(covered, text, strict=True))
    assert all(len(text[a:b].split()) <= MAX_WORDS for a, b in found)


@given(
    st.lists(st.tuples(st.sampled_from(["Anna", "Bob Lee", "田中", "P3"]), _TEXT), min_size=1, max_size=12),
    st.sampled_from(["\n\n", "\n", "\r\n\r\n"]),
)
@settings(max_examples=200, deadline=None)
def test_spans_of_a_transcript_hold(entries: list[tuple[str, str]], gap: str) -> None:
    source = "Anna: begin" + gap + gap.join(f"{name}: {text}" for name, text in entries) + gap + "Bob Lee: end"
    transcript = read(source.encode("utf-8", "replace"), "a.txt")
    last = 0
    for turn in transcript.turns:
        assert last <= turn.start < turn.end <= len(transcript.text)
        assert trim(transcript.text, turn.start, turn.end) == (turn.start, turn.end)
        last = turn.end
    for part in segment(transcript):
        turn = transcript.turns[part.turn]
        assert part.text == transcript.text[part.start : part.end]
        assert turn.start <= part.start < part.end <= turn.end
    spoken = sum(len("".join(transcript.text[t.start : t.end].split())) for t in transcript.turns)
    assert sum(len("".join(s.text.split())) for s in segment(transcript)) == spoken


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=20))
def test_joined_spans_cover_the_same(spans: list[tuple[int, int]]) -> None:
    joined = join_spans(spans)
    assert {n for a, b in spans for n in range(a, b)} == {n for a, b in joined for n in range(a, b)}
    assert all(a[1] < b[0] for a, b in pairwise(joined))
