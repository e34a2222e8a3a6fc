"""WebVTT and SRT as Teams, Zoom and recognisers write them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from transcript_samples import SHARED, TEAMS_VTT, read, said, turns

from assistant.errors import TranscriptError
from assistant.transcripts import read_transcript


def vtt(*cues: str) -> str:
    """A WebVTT file of cues one second apart."""
    return "WEBVTT\n\n" + "\n\n".join(f"00:{n:02}.000 --> 00:{n:02}.900\n{text}" for n, text in enumerate(cues)) + "\n"


def test_teams_file_with_bom_guid_ids_and_entities() -> None:
    transcript = read(TEAMS_VTT, "teams.vtt")
    assert transcript.text == "Anna O'Neil: How do you deploy?\n\nBob Lee: By hand, on <Fridays> & only then. Sorry."
    assert turns(transcript) == [("Anna O'Neil", "How do you deploy?"), ("Bob Lee", "By hand, on <Fridays> & only then. Sorry.")]
    spans = transcript.turns[1].spans
    assert [(s.time_start, s.time_end) for s in spans] == [(6.0, 8.5), (8.5, 9.0)]
    assert [transcript.text[s.start : s.end] for s in spans] == ["By hand, on <Fridays> & only then.", "Sorry."]
    assert (transcript.format, transcript.encoding, transcript.name) == ("vtt", "utf-8", "teams")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_newlines_do_not_matter(newline: str) -> None:
    assert read(TEAMS_VTT.replace("\n", newline), "a.vtt").id == read(TEAMS_VTT, "b.vtt").id


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("<v Anna>Hello <v Bob>Hi", [("Anna", "Hello"), ("Bob", "Hi")]),
        ("<v Anna>Hello</v> <v Bob>Hi</v>", [("Anna", "Hello"), ("Bob", "Hi")]),
        ("<v.loud.first Anna Lee>Hello", [("Anna Lee", "Hello")]),
        ("<v Anna>I <i>do</i> <00:00:00.500><c.x>mean</c> it", [("Anna", "I do mean it")]),
        ("<v Anna>one</v> nobody", [("Anna", "one"), ("", "nobody")]),
        ("<v>Hello", [("", "Hello")]),
        ("<v Anna>AT&T &amp; R&D &#x1F600; &nosuch; 1 < 2 <laughs>", [("Anna", "AT&T & R&D 😀 &nosuch; 1 < 2 <laughs>")]),
        ("<v Anna>So the thing is: we deploy", [("Anna", "So the thing is: we deploy")]),
        ("<v Anna>cut off <v Bo", [("Anna", "cut off")]),
        ("<v محمد>نعم", [("محمد", "نعم")]),
    ],
)
def test_voice_tags(payload: str, expected: list[tuple[str, str]]) -> None:
    assert said(vtt(payload), "t.vtt") == expected


def test_class_only_voice_tag_names_nobody() -> None:
    assert said(vtt("<v Anna>a</v>", "<v.loud>b"), "t.vtt") == [("Anna", "a"), ("", "b")]


def test_blocks_settings_and_hourless_times() -> None:
    text = (
        "WEBVTT - a title\nKind: captions\nLanguage: en\n\nNOTE Anna: not speech\nnor this\n\nSTYLE\n::cue(v) { color: red }\n\nREGION\n"
        "id:fred\n\n"
        "intro\n00:01.500 --> 1:00:02.000 align:start position:0% line:-1\nAnna: one\n\n"
        "NOTEBOOK\n00:03.000 --> 00:04.000\nBob: NOTE is a word\n"
    )
    transcript = read(text, "a.vtt")
    assert turns(transcript) == [("Anna", "one"), ("Bob", "NOTE is a word")]
    assert transcript.turns[0].spans[0].time_start == 1.5
    assert transcript.turns[0].spans[0].time_end == 3602.0


def test_zoom_labels_and_joined_cues() -> None:
    transcript = read(vtt("Anna Lee: How?", "Bob: By hand.", "Bob: Note: always.", "Anna Lee: I see"), "zoom.vtt")
    assert turns(transcript) == [("Anna Lee", "How?"), ("Bob", "By hand. Note: always."), ("Anna Lee", "I see")]


def test_a_cue_without_label_among_labelled_ones_is_nobodys() -> None:
    assert said(vtt("Anna: a", "Bob: b", "who knows", "Anna: c", "Bob: d"), "z.vtt")[2] == ("", "who knows")


def test_captions_that_name_only_changes_carry_the_speaker() -> None:
    cues = ["Anna: one", "two", "three", "Bob: four", "five", "six", "Anna: seven", "eight", "nine", "Bob: ten", "eleven", "twelve"]
    expected = [("Anna", "one two three"), ("Bob", "four five six"), ("Anna", "seven eight nine"), ("Bob", "ten eleven twelve")]
    assert said(vtt(*cues), "c.vtt") == expected


def test_no_speaker_is_invented_in_cues() -> None:
    transcript = read(vtt("So the thing is: we deploy", "Note: this is so", "https: //a.b", "10:30 we met"), "n.vtt")
    assert transcript.speakers == ("",)
    assert "No speaker names were found in the text" in transcript.notes


def test_unnamed_speech_breaks_at_pauses() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\none\n\n00:02.100 --> 00:03.000\ntwo\n\n00:09.000 --> 00:10.000\nthree\n"
    assert said(text, "n.vtt") == [("", "one two"), ("", "three")]


def test_damaged_times_keep_their_text_and_are_noted() -> None:
    text = vtt("Anna: one", "Bob: two", "Anna: three") + "\n99:99 --> 00:05.000\nBob: kept\n\n00:08.000 --> 00:07.000\nAnna: back\n"
    transcript = read(text, "d.vtt")
    assert [t for _, t in turns(transcript)][-2:] == ["kept", "back"]
    assert any(note.startswith("Times that cannot be read") and "line 12" in note for note in transcript.notes)
    assert any(note.startswith("Cues that end before they begin") for note in transcript.notes)
    assert transcript.turns[-1].spans[0].time_end is None
    assert transcript.turns[-2].spans == ()


@pytest.mark.parametrize(
    "bad", ["-00:00:01.000 --> 00:00:02.000", "00:75:00.000 --> 00:76:00.000", "1e9:00 --> 2", "9999:00:00.000 --> 9999:00:01.000"]
)
def test_absurd_times_are_refused_if_there_are_no_others(bad: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read(f"WEBVTT\n\n{bad}\nAnna: hi\n", "a.vtt")
    assert caught.value.source == "a.vtt"
    assert caught.value.place == "line 3"
    assert caught.value.remedy


def test_mostly_damaged_times_are_refused() -> None:
    text = vtt("Anna: a") + "\n00:zz --> 00:01\nx\n\n00:yy --> 00:03\ny\n"
    with pytest.raises(TranscriptError, match="2 of 3 timing lines"):
        read(text, "a.vtt")


def test_arrows_in_speech_are_speech() -> None:
    assert said(vtt("<v Anna>from A --> B we go", "<v Anna>a -> b"), "a.vtt") == [("Anna", "from A --> B we go a -> b")]


def test_stray_paragraphs_are_kept() -> None:
    transcript = read("lost words\n\n" + vtt("<v Anna>one\n\nmore of it\n\n17").removeprefix("WEBVTT\n\n"), "a.vtt")
    assert turns(transcript) == [("", "lost words"), ("Anna", "one more of it")]
    assert "17" not in transcript.text
    assert any("without a time" in note for note in transcript.notes)


def test_srt_with_commas_dots_and_missing_blank_lines() -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,500\nAnna: hi\nthere\n2\n"
        "00:00:03.000 --> 00:00:04\nBob: <i>hi</i> {\\an8}you\n\n3\n00:00:05,000 --> 00:00:06,000\nAnna: ok\n"
    )
    transcript = read(text, "s.srt")
    assert turns(transcript) == [("Anna", "hi there"), ("Bob", "hi you"), ("Anna", "ok")]
    assert transcript.format == "srt"
    assert transcript.turns[0].spans[0].time_end == 2.5
    assert read(text, "s.txt").format == "srt"


def test_two_speakers_in_one_cue() -> None:
    assert said(vtt("Anna: hi\nBob: hello", "Anna: so", "Bob: yes"), "a.vtt") == [
        ("Anna", "hi"),
        ("Bob", "hello"),
        ("Anna", "so"),
        ("Bob", "yes"),
    ]


def test_rolling_captions_are_said_once() -> None:
    lines = [f"this is caption number {n}" for n in range(6)]
    rolled = vtt(lines[0], *(f"{a}\n{b}" for a, b in pairwise(lines)))
    transcript = read(rolled, "live.vtt")
    assert transcript.text == " ".join(lines)
    assert "Repeated lines of rolling captions were taken out" in transcript.notes


def test_what_somebody_says_again_is_not_taken_for_rolling_captions() -> None:
    """Two repeats, or few among many cues, are people; three among few cues are a recogniser."""
    lines = [f"this is caption number {n}" for n in range(3)]
    twice = vtt(lines[0], *(f"{a}\n{b}" for a, b in pairwise(lines)))
    assert [text.count("caption") for _, text in said(twice, "a.vtt")] == [5]
    others = [f"something else is said here {n}" for n in range(9)]
    rare = vtt(*others, *(f"{a}\n{b}" for a, b in pairwise([others[-1], *lines])))
    assert read(rare, "a.vtt").text.count("caption number 0") == 2
    few = vtt(*others[:6], *(f"{a}\n{b}" for a, b in pairwise([others[5], *lines])))
    assert read(few, "a.vtt").text.count("caption number 0") == 1


def test_repairs_name_the_line() -> None:
    source = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\nAnna: hi\n\nagain a line\n\n00:05.000 --> 00:03.000\nBob: x\n\n"
        "00:zz --> 00:07.000\nBob: y\n\n00:08.000 --> 00:08.000\nBob: z\n"
    )
    transcript = read(source, "a.vtt")
    assert transcript.notes[:3] == (
        "Times that cannot be read, whose text is kept without a time: 1 (first in line 11)",
        "Cues that end before they begin, whose end was left out: 1 (first in line 8)",
        "Paragraphs without a time, each added to the cue before it: 1 (first in line 6)",
    )
    assert turns(transcript) == [("Anna", "hi again a line"), ("Bob", "x y z")]
    assert [(s.time_start, s.time_end) for s in transcript.turns[1].spans] == [(5.0, None), (None, None), (8.0, 8.0)]


def test_header_without_empty_line_and_header_only() -> None:
    assert said("WEBVTT\n1\n00:01.000 --> 00:02.000\n<v A B>x\n", "a.vtt") == [("A B", "x")]
    assert said("WEBVTT\n00:01.000 --> 00:02.000\n<v A B>x\n", "a.vtt") == [("A B", "x")]
    for empty in ("WEBVTT", "WEBVTT\nKind: captions", "WEBVTT\n\nNOTE only\n", "WEBVTT\n\n00:01.000 --> 00:02.000\n\n"):
        with pytest.raises(TranscriptError):
            read(empty, "a.vtt")


def test_web_page_renamed() -> None:
    with pytest.raises(TranscriptError, match="web page"):
        read("<!DOCTYPE html><html><body>Sign in</body></html>", "meeting.vtt")


@pytest.mark.skipif(not (SHARED / "formats").is_dir(), reason="real files are not at hand")
def test_real_zoom_files() -> None:
    first = read_transcript(SHARED / "formats" / "zoom_zoomGroupStats_meeting001.vtt")
    # Two cues of this file name nobody, and nobody is made up for them.
    assert [text for speaker, text in turns(first) if not speaker] == ["And that", "Yes. Okay."]
    assert set(first.speakers) - {""} == {"Andrew Knight", "Paul McCartney", "George Harrison", "Ringo Starr", "John Lennon"}
    assert sum(len(turn.spans) for turn in first.turns) == 300
    second = read_transcript(SHARED / "formats" / "zoom_ethereum-pm_acdc174.vtt")
    assert len(second.speakers) == 15
    assert "" not in second.speakers
    assert sum(len(turn.spans) for turn in second.turns) == 348
    assert {"stokes", "soispoke", "Raúl Kripalani"} <= set(second.speakers)
    chat = read_transcript(SHARED / "formats" / "zoom_ethereum-pm_acdc174_chat.txt")
    assert {"Kalo | Obol", "nixo", "Enrico Del Fante (tbenr)", "Iván | Lambda"} <= set(chat.speakers)
    assert turns(chat)[0] == ("Potuz", "gm")
    assert chat.turns[0].spans[0].time_start == 13 * 60 + 46
