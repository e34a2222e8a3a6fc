"""Plain text and Markdown: canonical text, labels that are names and labels that are not."""

from __future__ import annotations

import pytest
from transcript_samples import SHARED, read, said, turns

from assistant.errors import TranscriptError
from assistant.transcripts import read_transcript
from assistant.transcripts.labels import Shape, shape
from assistant.transcripts.times import seconds


@pytest.mark.parametrize(
    "label",
    [
        *(
            "Anna",
            "Speaker 1",
            "SPEAKER_00",
            "INTERVIEWER",
            "Host",
            "P3",
            "R12",
            "Dr. Anne-Marie O'Neil (ACME)",
            "田中さん",
            "محمد",
            "Lee, Anna",
        ),
        *("Ludwig van der Berg", "Participant A", "Unknown Speaker", "Kalo | Obol", "João da Silva", "Анна Петрова", "Q", "A", "DW"),
        *("María-José", "Interviewee #2", "Anna (she/her)", "Mx. Lee", "Gabriel García Márquez", "Speaker"),
    ],
)
def test_names_look_like_names(label: str) -> None:
    assert shape(label) > Shape.LOWER


@pytest.mark.parametrize(
    "label",
    [
        "So the thing is",
        "we met",
        "what I said was",
        "10",
        "12:30",
        "",
        "https",
        "He said",
        "And then we",
        "The Thing",
        "a" * 101,
        "Is it?",
        "x = y",
        "<b>",
        "One, Two, Three",
    ],
)
def test_phrases_do_not(label: str) -> None:
    assert shape(label) <= Shape.LOWER


@pytest.mark.parametrize(
    "text",
    [
        "Note: this is how it goes.\n\nWe deploy weekly.",
        "https: //example.com is the page\n\nwe use it",
        "10:30 we met\n\n11:00 we left",
        "So the thing is: we deploy\n\nand the other thing is: we do not",
        "Deployment: we deploy by hand.\nMonitoring: we have none.\nTesting: some.",
        "Summary: all well\n\nNext Steps: more\n\nSummary: again\n\nNext Steps: less",
        "We have machine learning.\n\nMachine Learning: it is here.\n\nprose\n\nmore prose\n\nMachine Learning: again.\n\nprose",
        "Anna: once\n\nthen a long text without any name\n\nand more of it\n\nand the end",
        "Das Problem: wir haben kein Modell.\n\nUnd das war es.\n\nWirklich das Problem.",
        "Data: x\n\nModel: y\n\nCode: z\n\nInfra: w",
        "we met at 10:30\n\nand left\n\nMeeting 11:30\n\nthe end",
    ],
)
def test_no_speaker_is_invented(text: str) -> None:
    assert read(text, "prose.txt").speakers == ("",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anna: How?\n\nBob: By hand.", [("Anna", "How?"), ("Bob", "By hand.")]),
        ("Anna: How?\nBob: By hand.\nAnna: And?", [("Anna", "How?"), ("Bob", "By hand."), ("Anna", "And?")]),
        ("anna: hi\nbob: hello\nanna: what", [("anna", "hi"), ("bob", "hello"), ("anna", "what")]),
        (
            "Interviewer: Do you?\n\nAnna: Yes: we do.\nNote: it is so.",
            [("Interviewer", "Do you?"), ("Anna", "Yes: we do.\nNote: it is so.")],
        ),
        ("田中さん：こんにちは。\n\n鈴木：はい。", [("田中さん", "こんにちは。"), ("鈴木", "はい。")]),
        ("محمد: نعم\nسارة: لا", [("محمد", "نعم"), ("سارة", "لا")]),
        ("Q: Why?\n\nA: Because.\n\nQ: So?\n\nA: Yes.", [("Q", "Why?"), ("A", "Because."), ("Q", "So?"), ("A", "Yes.")]),
        ("Anna  0:03\nHi there\n\nBob  0:07\nYes.\nmore", [("Anna", "Hi there"), ("Bob", "Yes.\nmore")]),
        ("Anna Lee (00:12):\nhello\n\nBob (00:14):\nyes", [("Anna Lee", "hello"), ("Bob", "yes")]),
        ("Anna [00:12]: hello\nBob [00:14]: yes", [("Anna", "hello"), ("Bob", "yes")]),
        ("[00:12:33] Anna: hello\n[00:12:40] Bob: yes", [("Anna", "hello"), ("Bob", "yes")]),
        ("00:12:33 Anna: hello\n00:12:40 Bob: yes", [("Anna", "hello"), ("Bob", "yes")]),
        ("[Anna] 10:30:15\nhello\n\n[potuz] 10:30:20\nyes", [("Anna", "hello"), ("potuz", "yes")]),
        ("00:52:17\tnixo:\tgm\n00:52:18\tKalo | Obol:\thi\nthere", [("nixo", "gm"), ("Kalo | Obol", "hi\nthere")]),
        ("10:05:01 From Anna to Everyone:\n\thello\n10:06:00 From Bob to Anna(Direct Message) : yes", [("Anna", "hello"), ("Bob", "yes")]),
        ("Anna:\nHi there\n\nBob:\nYes", [("Anna", "Hi there"), ("Bob", "Yes")]),
        ("Anna\u00a0: oui\n\nBob\u00a0: non", [("Anna", "oui"), ("Bob", "non")]),
        ("\u200fأحمد:\u200f نعم\n\n\u200fسارة: لا", [("أحمد", "\u200f نعم"), ("سارة", "لا")]),
        (
            "Title of it\n12 March\n\nAnna: one\n\nBob: two\n\nAnna: three\n\nBob: four",
            [("Anna", "one"), ("Bob", "two"), ("Anna", "three"), ("Bob", "four")],
        ),
        ("ANNA: one\n\nBob: two\n\nAnna: three\n\nAnna: four", [("Anna", "one"), ("Bob", "two"), ("Anna", "three"), ("Anna", "four")]),
        ("[00:00:12] - Anna\nhi\n\n[00:00:15] - Bob\nyes\n\n[00:00:18] - Anna\nso", [("Anna", "hi"), ("Bob", "yes"), ("Anna", "so")]),
        (
            "00:00:01 Speaker 1\nhi\n\n00:00:03 Speaker 2\nyes\n\n00:00:05 Speaker 1\nso",
            [("Speaker 1", "hi"), ("Speaker 2", "yes"), ("Speaker 1", "so")],
        ),
        ("Anna: 😀 hi\n\nBob: e\u0301", [("Anna", "😀 hi"), ("Bob", "e\u0301")]),
    ],
)
def test_labels(text: str, expected: list[tuple[str, str]]) -> None:
    assert said(text) == expected


def test_unlabelled_paragraphs_belong_to_the_speaker_before() -> None:
    text = "Anna: one.\n\ntwo: three.\n\nBob: four\n\nAnna: five\n\nBob: six\n"
    assert said(text)[0] == ("Anna", "one.\n\ntwo: three.")


def test_canonical_text_is_the_file() -> None:
    text = "\ufeff\r\n  Anna: one \r\rBob:\ttwo\u00a0\r\nthree\r\n"
    transcript = read(text, "a.txt")
    assert transcript.text == "\n  Anna: one \n\nBob:\ttwo\u00a0\nthree\n"
    assert turns(transcript) == [("Anna", "one"), ("Bob", "two\u00a0\nthree")]


def test_markdown_labels_breaks_and_headings() -> None:
    text = (
        "# Talk 7\n\n**Anna Lee:** How?\n\n**Bob**: By hand.\n\n\\[08:24\\] And slowly.\n\n**Break:** \\[18:20\\]\n\n---\n\n## Part two\n\n"
        "**Anna Lee:** **Really** so?\n\n__Bob:__ Yes *indeed*.\n\n**Note:** no name.\n\n**Break**: \\[28:20\\]\n"
    )
    transcript = read(text, "talk.md")
    assert transcript.text == text
    assert turns(transcript) == [
        ("Anna Lee", "How?"),
        ("Bob", "By hand.\n\n\\[08:24\\] And slowly."),
        ("Anna Lee", "**Really** so?"),
        ("Bob", "Yes *indeed*.\n\n**Note:** no name."),
    ]
    assert transcript.turns[1].time_at(text.index("slowly")) == 504.0
    assert transcript.format == "md"


def test_markdown_names_as_headings_and_bold_lines() -> None:
    assert said("### Anna (00:12)\n\nhi\n\n### Bob (00:14)\n\nyes\n", "a.md") == [("Anna", "hi"), ("Bob", "yes")]
    text = "**Anna Lee**\n\nhi\n\n**Bob Ray**\n\nyes\n\n**Anna Lee**\n\nso\n\n**Bob Ray** 0:20\n\nno\n"
    assert said(text, "a.md") == [("Anna Lee", "hi"), ("Bob Ray", "yes"), ("Anna Lee", "so"), ("Bob Ray", "no")]
    assert said("### Anna\nhi\n\n### Bob\nyes\n\n### Anna\nso\n\n### Bob\nno", "a.md")[1] == ("Bob", "yes")
    assert said("**Anna (00:12):** hi\n\n**Bob (00:15)**\n\nyes\n", "a.md") == [("Anna", "hi"), ("Bob", "yes")]
    assert said("[0:01] **Anna:** hi\n\n[0:02] **Bob:** yes\n", "a.md") == [("Anna", "hi"), ("Bob", "yes")]
    assert said("**We** deploy\n\n**really** often", "a.md") == [("", "**We** deploy"), ("", "**really** often")]


def test_break_alone_between_turns_of_one_speaker() -> None:
    text = "Anna: one\n\nBob: two\n\nBreak: [18:20]\n\nand on\n\nAnna: three\n\nBob: four"
    assert said(text)[1:3] == [("Bob", "two"), ("Bob", "and on")]


def test_times_of_headings_and_stamps() -> None:
    transcript = read("00:05:00\n\nAnna: one\n\nBob: two\n\n[00:12] more\n\nand more\n\nAnna: three\n\nBob: four", "meet.txt")
    first, second = transcript.turns[0], transcript.turns[1]
    assert first.spans[0].time_start == 300.0
    assert [s.time_start for s in second.spans] == [None, 12.0]
    assert second.spans[-1].end == second.end
    heading = read("Anna  0:03 - 0:05\nHi\n\nBob  1:02:07\nYes", "o.txt")
    assert [(t.spans[0].time_start, t.spans[0].time_end) for t in heading.turns] == [(3.0, 5.0), (3727.0, None)]


def test_stamps_in_front_of_one_word_and_after_a_label() -> None:
    transcript = read("[0:01] Kubernetes\n\n[0:03] is what we use.\n\n[0:05] Every day of it.", "stamps.txt")
    assert transcript.speakers == ("",)
    assert [t.spans[0].time_start for t in transcript.turns] == [1.0, 3.0, 5.0]
    inner = read("Anna: [43:56] Oh\n\nBob: yes", "inner.txt")
    assert inner.turns[0].time_at(inner.turns[0].start) == 2636.0
    assert turns(inner)[0] == ("Anna", "[43:56] Oh")


def test_preamble_is_noted_and_kept() -> None:
    transcript = read("Interview with Anna\n\nAnna: one\n\nBob: two\n\nAnna: three", "a.txt")
    assert "The text before the first speaker is kept but belongs to no turn" in transcript.notes
    assert transcript.text.startswith("Interview with Anna")


def test_older_teams_text_with_ranges() -> None:
    text = (
        "0:0:0.0 --> 0:0:2.450\nAnna Lee\nhello\n\n0:0:3.0 --> 0:0:4.0\nBob Ray\nyes ok\n\n0:0:5.0 --> 0:0:6.0\nso we did this and that\n"
    )
    assert said(text)[:2] == [("Anna Lee", "hello"), ("Bob Ray", "yes ok")]


def test_what_may_be_a_name_after_all_is_noted() -> None:
    text = "Anna: one\n\ntwo\n\nthree\n\nBob: four\n\nfive\n\nCarla: six\n\nAnna: seven\n\nBob: eight\n\nNote: nine\n\nten"
    transcript = read(text, "a.txt")
    assert transcript.speakers == ("Anna", "Bob")
    assert "Not taken for speakers, though they stand where names stand: Carla (1)" in transcript.notes


def test_a_mere_label_gives_no_turn() -> None:
    assert said("Anna:\n\nAnna: one\n\nBob: two\n\nAnna: three\n\nBob:") == [("Anna", "one"), ("Bob", "two"), ("Anna", "three")]


def test_twenty_thousand_turns_and_no_more() -> None:
    line = "Anna: yes\nBob: no\n"
    assert len(read(line * 10_000, "a.txt").turns) == 20_000
    with pytest.raises(TranscriptError, match="20,002 turns"):
        read(line * 10_001, "a.txt")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0:03", 3.0),
        ("12:33", 753.0),
        ("00:12:33.120", 753.12),
        ("0:0:2.45", 2.45),
        ("75:10", 4510.0),
        ("1:75:00", None),
        ("1:99", None),
        ("x", None),
        ("9999:00:00", None),
    ],
)
def test_seconds(text: str, value: float | None) -> None:
    assert seconds(text) == value


@pytest.mark.skipif(not (SHARED / "evaluation" / "transcripts").is_dir(), reason="evaluation transcripts are not at hand")
def test_evaluation_transcripts_stand_as_they_are() -> None:
    paths = sorted((SHARED / "evaluation" / "transcripts").glob("*.txt"))
    assert paths
    for path in paths:
        transcript = read_transcript(path)
        assert transcript.text == path.read_text(encoding="utf-8")
        other = read_transcript(path.with_suffix(".md"))
        assert [t.speaker for t in transcript.turns] == [t.speaker for t in other.turns]
        assert all(len(speaker.split()) >= 2 for speaker in transcript.speakers)
