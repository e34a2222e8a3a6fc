"""Choice of the reader, encodings, limits, JSON, roles, ids and the stored copy."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from transcript_samples import SHARED, TEAMS_VTT, read, said, turns

from assistant.errors import EvidenceError, TranscriptError
from assistant.models import Role, Turn
from assistant.transcripts import from_json, guess_interviewers, read_transcript, to_json, with_roles
from assistant.transcripts.build import Utterance, compose
from assistant.transcripts.limits import MAX_BYTES, MAX_CHARACTERS

TALK = "Anna Lee: How do you deploy?\n\nBob: By hand.\n\nAnna Lee: And who does it?\n\nBob: I do.\n"


def roles(text: str, name: str = "talk.txt") -> dict[str, Role]:
    """Role by speaker."""
    return {turn.speaker: turn.role for turn in read(text, name).turns}


# ---------------------------------------------------------------- choice of the reader


def test_path_name_and_hash(tmp_path: Path) -> None:
    path = tmp_path / "we̊ird näme;$(x) 1.txt"
    path.write_text(TALK, encoding="utf-8")
    transcript = read_transcript(path)
    assert transcript.name == "we̊ird näme;$(x) 1"
    assert transcript.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert transcript.size == len(path.read_bytes())
    assert read_transcript(str(path), name="../../etc/a b.txt").name == "a b"
    assert read_transcript(TALK.encode()).name == "transcript"
    assert read_transcript(TALK.encode(), name="C:\\Users\\x\\talk.v2.txt").name == "talk.v2"


@pytest.mark.parametrize("name", ["missing.txt", "", "a\0b.txt"])
def test_file_that_cannot_be_opened(tmp_path: Path, name: str) -> None:
    with pytest.raises(TranscriptError, match="cannot be opened"):
        read_transcript(f"{tmp_path}/{name}")


@pytest.mark.parametrize(
    ("content", "name", "format"),
    [
        (TEAMS_VTT, "a.txt", "vtt"),
        (TEAMS_VTT, "a", "vtt"),
        ("1\n00:00:01,000 --> 00:00:02,000\nAnna: a\n", "a.log", "srt"),
        (TALK, "a.log", "txt"),
        (TALK, "noextension", "txt"),
        ('{"segments": [{"text": "a"}]}', "a.xyz", "json"),
        (TALK, "a.MD", "md"),
        (TALK, "a.text", "txt"),
    ],
)
def test_content_decides_where_the_extension_does_not(content: str, name: str, format: str) -> None:
    assert read(content, name).format == format


@pytest.mark.parametrize(
    ("data", "name", "match"),
    [
        (b"", "a.txt", "empty"),
        (b" \n\t\n", "a.txt", "no spoken text"),
        (b"x" * (MAX_BYTES + 1), "a.txt", "larger than 20 MB"),
        (b"x" * (MAX_CHARACTERS + 1), "a.txt", "characters"),
        (b"{\\rtf1 x}", "a.docx", "rich text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "a.doc", "old Word"),
        (b"\x89PNG\r\n" + b"\0" * 99, "a.txt", "picture"),
        (b"ID3" + b"\0" * 99, "a.mp3", "recording"),
        (b"\x1f\x8b" + b"\0" * 99, "a.gz", "unpack it"),
        (b"<html><body>x", "a.txt", "web page"),
        (b"<?xml version='1.0'?><x/>", "a.ttml", "web page"),
        (bytes(range(256)) * 4, "a.bin", "not text"),
        (b"12345 678", "a.dat", "cannot be read"),
        (b"12345 678", "a", "type none"),
        (b"\xff\xfe\x00\xd8a\0" + b"b\0" * 9, "a.txt", "byte 2"),
    ],
)
def test_refused_files(data: bytes, name: str, match: str) -> None:
    with pytest.raises(TranscriptError, match=match) as caught:
        read(data, name)
    assert caught.value.source == name
    assert caught.value.remedy


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    ("encoding", "mark", "text"),
    [
        ("utf-8", b"\xef\xbb\xbf", TALK),
        ("utf-16-le", b"\xff\xfe", TALK),
        ("utf-16-be", b"\xfe\xff", TALK),
        ("utf-32-le", b"\xff\xfe\0\0", TALK),
        ("utf-32-be", b"\0\0\xfe\xff", TALK),
        ("utf-16-le", b"", TALK),
        ("utf-16-be", b"", TALK),
        ("utf-16-le", b"", "Anna: hi\nمحمد: نعم\n"),
        ("utf-16-be", b"", "田中さん：こんにちは。\n鈴木：はい、そうです。\n"),
        ("cp1252", b"", "José: “Größe” – naïve\n\nAnna: señor\n"),
        ("cp1251", b"", "Анна: привет, как дела? Мы развертываем модели каждую неделю.\n" * 4),
        ("cp932", b"", "田中さん：こんにちは。モデルを毎週デプロイします。\n" * 4),
    ],
)
def test_encodings(encoding: str, mark: bytes, text: str) -> None:
    transcript = read(mark + text.encode(encoding), "a.txt")
    assert transcript.text == text
    assert transcript.encoding == encoding


def test_repaired_encodings() -> None:
    mixed = "José: “a”\n\nAnna: ".encode() + b"\x93b\x94 caf\xe9\n"
    assert said(mixed) == [("José", "“a”"), ("Anna", "“b” café")]
    assert any("Windows-1252" in note for note in read(mixed, "a.txt").notes)
    for cut in (
        "José: a\n\nAnna: 😀".encode()[:-1],
        b"\xef\xbb\xbf" + "José: a\n\nAnna: é".encode()[:-1],
        "\ufeffAnna: a\n\nBob: 😀".encode("utf-16-le")[:-2],
    ):
        transcript = read(cut, "a.txt")
        assert any("cut off" in note for note in transcript.notes)
    assert read("\ufeffJosé: é".encode() + b"\x93 x \x94 \xe9a", "a.txt").text == "José: é“ x ” éa"
    with pytest.raises(TranscriptError, match="says it is utf-8"):
        read(b"\xef\xbb\xbfAnna: " + b"\x93\xe9\xa1 x" * 9, "a.txt")
    assert read(b"Anna: \x81 caf\xe9 \x8d", "a.txt").text == "Anna: � café �"


def test_nul_characters_keep_offsets() -> None:
    transcript = read(TALK.replace("hand", "h\0nd").encode(), "a.txt")
    assert transcript.text == TALK.replace("hand", "h�nd")
    assert any("NUL" in note for note in transcript.notes)


# ---------------------------------------------------------------- JSON


def test_own_schema_keeps_turns_and_roles() -> None:
    value = {
        "format": "assistant-transcript",
        "version": 1,
        "synthetic": True,
        "title": "Sample",
        "turns": [
            {"speaker": "Anna", "role": "interviewer", "start": 0, "end": "00:00:02.5", "text": "How?"},
            {"speaker": "Bob", "role": "respondent", "start": 3, "text": "By hand?\r\n\r\nYes."},
            {"speaker": "Bob", "text": "Again?"},
            {"speaker": "", "text": "noise"},
            {"text": " "},
        ],
    }
    transcript = read(json.dumps(value), "a.json")
    assert transcript.text == "Anna: How?\n\nBob: By hand?\n\nYes.\n\nBob: Again?\n\nnoise"
    assert [t.role for t in transcript.turns] == [Role.INTERVIEWER, Role.RESPONDENT, Role.RESPONDENT, Role.UNKNOWN]
    assert transcript.notes == ("Synthetic transcript: nobody said this", "1 entries without text were left out")
    assert transcript.turns[0].spans[0].time_end == 2.5
    over = read_transcript(json.dumps(value).encode(), name="a.json", roles={"bob": Role.INTERVIEWER, "Anna": Role.RESPONDENT})
    assert [t.role for t in over.turns][:2] == [Role.RESPONDENT, Role.INTERVIEWER]


def test_whisper_output_and_lists() -> None:
    segments = [
        {"start": 0.0, "end": 1.5, "text": " So how", "speaker": "SPEAKER_00", "words": [{"word": "So"}]},
        {"start": 1.5, "end": 2.0, "text": " is it?", "speaker": "SPEAKER_00"},
        {"start": 2.5, "end": 2.0, "text": " Fine \ud800.", "speaker": "SPEAKER_01"},
    ]
    for value in ({"text": "x", "segments": segments, "language": "en"}, segments):
        transcript = read(json.dumps(value), "w.json")
        assert turns(transcript) == [("SPEAKER_00", "So how is it?"), ("SPEAKER_01", "Fine �.")]
        assert [len(t.spans) for t in transcript.turns] == [2, 1]
    assert said('[{"text": "a", "speaker": 3, "start": "", "end": null}]', "l.json") == [("Speaker 3", "a")]
    assert said('{"text": "just a text"}', "t.json") == [("", "just a text")]
    assert said('[{"text": "a", "speaker_label": "Bo", "start": "1.5"}]', "l.json") == [("Bo", "a")]


@pytest.mark.parametrize(
    ("text", "place", "match"),
    [
        ("{", "line 1, column 2", "not valid JSON"),
        ("3", "", "must be an object"),
        ("{}", "", "its keys: none"),
        ('{"a": 1}', "", "its keys: 'a'"),
        ('[{"text": NaN}]', "", "NaN"),
        ('[{"text": "a", "start": 1e999}]', "[0].start", "thousand hours"),
        ('[{"text": "a", "start": -1}]', "[0].start", "negative"),
        ('[{"text": "a", "start": true}]', "[0].start", "not bool"),
        ('[{"text": "a", "start": [1]}]', "[0].start", "not list"),
        ('[{"text": "a", "start": "soon"}]', "[0].start", "no time"),
        ('[{"text": "a", "start": "nan"}]', "[0].start", "thousand hours"),
        ('[{"text": "a", "start": ' + "9" * 5000 + "}]", "", "too many digits"),
        ('[{"text": "a", "speaker": {}}]', "[0].speaker", "must be text"),
        ('[{"text": 5}]', "[0].text", "must be text"),
        ('[{"speaker": "a"}]', "[0]", "text is missing"),
        ('["a"]', "[0]", "must be an object"),
        ("\n" + "[" * 99_999, "line 2", "nested"),
        ('{"format": "assistant-transcript", "version": 2, "turns": []}', "version", "version '2'"),
        ('{"format": "assistant-transcript", "version": true, "turns": []}', "version", "not known"),
        ('{"format": "assistant-transcript", "version": 1}', "turns", "missing"),
        (
            '{"format": "assistant-transcript", "version": 1, "turns": [{"text": "a", "role": "boss"}]}',
            "turns[0].role",
            "one of interviewer",
        ),
        ("[]", "", "no spoken text"),
        ('{"segments": [{"text": ""}]}', "", "no spoken text"),
    ],
)
def test_faulty_json(text: str, place: str, match: str) -> None:
    with pytest.raises(TranscriptError, match=match) as caught:
        read(text, "a.json")
    assert (caught.value.source, caught.value.place) == ("a.json", place)
    assert caught.value.remedy


# ---------------------------------------------------------------- roles


def test_guess_is_noted_and_overridden() -> None:
    transcript = read(TALK, "a.txt")
    assert roles(TALK) == {"Anna Lee": Role.INTERVIEWER, "Bob": Role.RESPONDENT}
    assert transcript.notes[-1] == "Guessed as interviewer: Anna Lee (2 of 2 turns end in a question, opens the conversation)"
    for wanted in (["bob"], ["BO"], "bob"):
        other = read_transcript(TALK.encode(), name="a.txt", interviewer=wanted)
        assert [t.role for t in other.turns[:2]] == [Role.RESPONDENT, Role.INTERVIEWER]
        assert other.id == transcript.id
    changed = with_roles(transcript, ["bob", "anna"])
    assert {t.role for t in changed.turns} == {Role.INTERVIEWER}
    assert changed.notes[-1] == "Interviewer set by hand: Anna Lee, Bob"
    assert changed.id == transcript.id
    assert with_roles(changed, []).notes == ("Interviewer set by hand: nobody",)


@pytest.mark.parametrize(("wanted", "match"), [("Carl", "no speaker 'Carl'"), ("", "no speaker ''"), ("An", "several")])
def test_unknown_interviewer_lists_the_speakers(wanted: str, match: str) -> None:
    text = TALK + "\nAndrea: And me?\n\nAndrea: Yes."
    with pytest.raises(TranscriptError, match=match) as caught:
        read_transcript(text.encode(), name="a.txt", interviewer=[wanted])
    assert "Anna Lee, Bob, Andrea" in caught.value.remedy
    with pytest.raises(TranscriptError, match="nobody is named"):
        with_roles(read("prose", "a.txt"), [wanted])


def test_exact_name_beats_prefix() -> None:
    text = "Ann: How?\n\nAnna: So.\n\nAnn: And?\n\nAnna: Well."
    assert read_transcript(text.encode(), name="a.txt", interviewer=["ann"]).turns[0].role is Role.INTERVIEWER


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Interviewer: So.\n\nAnna: What?\n\nInterviewer: Well.\n\nAnna: How?", {"Interviewer"}),
        ("Anna (Moderator): So.\n\nBob: What?\n\nAnna (Moderator): Well.\n\nBob: How?", {"Anna (Moderator)"}),
        ("Q: So.\n\nA: What?\n\nQ: Well.\n\nA: How?", {"Q"}),
        ("Host 1: a\n\nHost 2: b\n\nGuest: c\n\nHost 1: d\n\nHost 2: e\n\nGuest: f", {"Host 1", "Host 2"}),
        ("P1: I do?\n\nAnna: So tell me more about it.\n\nP1: I do?\n\nAnna: Can you say why?", {"Anna"}),
        ("Anna: Right?\n\nBob: Right?\n\nAnna: Yes.\n\nBob: Yes.", set()),
        (
            "Anna: Welcome to the show. With me is my co-host, Bob.\n\nBob: Hello.\n\n"
            "Carl: Thanks for having me. We deploy models by hand every single week.\n\n"
            "Bob: You mentioned hands.\n\n"
            "Carl: Yes, we have several of them, and they are all in use most of the time.\n\nAnna: And eyes?\n\nCarl: Two.",
            {"Anna", "Bob"},
        ),
        ("Host: a\n\nHost: b", set()),
    ],
)
def test_who_interviews(text: str, expected: set[str]) -> None:
    assert {speaker for speaker, role in roles(text).items() if role is Role.INTERVIEWER} == expected


def test_nobody_named_nobody_guessed() -> None:
    assert set(roles("We deploy by hand.\n\nDo we?").values()) == {Role.UNKNOWN}
    assert guess_interviewers([], "").interviewers == ()
    only = [Turn(index=0, speaker="Host", start=0, end=3), Turn(index=1, speaker="Moderator", start=4, end=7)]
    assert guess_interviewers(only, "abc def").interviewers == ()


@pytest.mark.skipif(not (SHARED / "evaluation" / "transcripts").is_dir(), reason="evaluation transcripts are not at hand")
@pytest.mark.parametrize("suffix", [".txt", ".md"])
def test_podcasts_with_two_hosts(suffix: str) -> None:
    hosts = {"Daniel Whitenack", "Chris Benson"}
    paths = sorted((SHARED / "evaluation" / "transcripts").glob(f"*{suffix}"))
    assert len(paths) == 4
    for path in paths:
        transcript = read_transcript(path)
        assert {t.speaker for t in transcript.turns if t.role is Role.INTERVIEWER} == hosts & set(transcript.speakers)


def test_the_guess_does_not_know_names() -> None:
    folder = SHARED / "evaluation" / "transcripts"
    if not folder.is_dir():
        pytest.skip("evaluation transcripts are not at hand")
    paths = sorted(folder.glob("*.txt"))
    assert paths
    for path in paths:
        text = path.read_text(encoding="utf-8")
        for old, new in (
            ("Daniel Whitenack", "Uma Xu"),
            ("Chris Benson", "Ola Fry"),
            ("Daniel", "Uma"),
            ("Chris", "Ola"),
            ("Benson", "Fry"),
            ("Whitenack", "Xu"),
        ):
            text = text.replace(old, new)
        found = read(text, "renamed.txt")
        assert {t.speaker for t in found.turns if t.role is Role.INTERVIEWER} == {"Uma Xu", "Ola Fry"} & set(found.speakers)


# ---------------------------------------------------------------- id and stored copy


def test_id_depends_on_text_and_turns_only() -> None:
    first = read(TALK, "a.txt")
    assert first.id.startswith("t-")
    assert len(first.id) == 18
    assert read(TALK, "b.md").id == first.id
    assert read(TALK.replace("hand", "cart"), "a.txt").id != first.id


def test_compose_leaves_out_empty_and_unspoken() -> None:
    text, drafts = compose(
        [Utterance("", "Title", spoken=False), Utterance("A", " "), Utterance("A", "a"), Utterance("A", "b", glue="\n"), Utterance("", "c")]
    )
    assert text == "Title\n\nA: a\nb\n\nc"
    assert [(d.speaker, text[d.start : d.end]) for d in drafts] == [("A", "a\nb"), ("", "c")]


def test_stored_copy_round_trip() -> None:
    for transcript in (read(TEAMS_VTT, "a.vtt"), read(TALK, "a.txt")):
        assert from_json(to_json(transcript)) == transcript
        assert from_json(to_json(transcript).encode()) == transcript


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda v: v["turns"][0].update(end=9999), "outside the text"),
        (lambda v: v["turns"][1].update(index=5), "out of order"),
        (lambda v: v["turns"][0]["spans"][0].update(end=9999), "outside its turn"),
        (lambda v: v.update(text=v["text"].replace("hand", "cart")), "do not fit the id"),
        (lambda v: v.update(sha256="x"), "checksum"),
        (lambda v: v.update(extra=1), "extra"),
        (lambda v: v.pop("turns"), "turns: this copy"),
    ],
)
def test_changed_copies_are_refused(change: object, match: str) -> None:
    value = json.loads(to_json(read(TEAMS_VTT, "a.vtt")))
    change(value)  # type: ignore[operator]
    with pytest.raises(EvidenceError, match=match) as caught:
        from_json(json.dumps(value), source="run/transcript.json")
    assert caught.value.source == "run/transcript.json"
    assert caught.value.remedy
    with pytest.raises(EvidenceError):
        from_json("{")
