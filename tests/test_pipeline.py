"""The steps in order, on files and on the store."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pipeline_support import ALERTS, MANUAL, SHORT, talk

from assistant import pipeline
from assistant.errors import EngineError, EvidenceError, FrameworkError, GroundingError, TranscriptError
from assistant.extraction.base import Coding, Engine, to_evidence
from assistant.frameworks import load_framework
from assistant.models import AssessmentFile, CodingResult, CodingTask, EvidenceState, Framework, Role, Transcript
from assistant.pipeline import (
    accepted,
    add_file,
    check_quotes,
    code_files,
    code_use_case,
    evidence_ids_in_state,
    framework_of,
    make_task,
    read_assessment,
    read_evidence,
    read_folder,
    score_folder,
    score_use_case,
    to_jsonl,
    write_atomic,
)
from assistant.scoring import verify
from assistant.store import Store, UseCase
from assistant.transcripts import to_json

pytest_plugins = ["pipeline_fixtures", "store_fixtures"]


@dataclass
class Scripted:
    """An engine that codes every answer with an ``x`` in front of it; fails where told."""

    name: str = "scripted"
    version: str = "1"
    fail_on: str = ""
    coded: list[str] = field(default_factory=list)

    def code(self, task: CodingTask) -> CodingResult:
        if self.fail_on and self.fail_on in task.transcript.text:
            raise EngineError("the engine gave up", remedy="try again")
        self.coded.append(task.transcript.name)
        element = task.framework.elements[0]
        turns = [t for t in task.transcript.turns if t.role is not Role.INTERVIEWER]
        found = tuple(
            to_evidence(task.transcript, task.framework.id, element, t, Coding(element.id, t.start, t.end, stage_high=1), "scripted/1")
            for t in turns
        )
        return CodingResult(key=task.key, evidence=found)


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


def write(folder: Path, *names: str, text: str = SHORT) -> list[Path]:
    paths = [folder / name for name in names]
    for n, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("Porto", f"Porto {n}"), encoding="utf-8")
    return paths


# ---------------------------------------------------------------- files


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "er" / "a.txt"
    write_atomic(path, "first\n")
    assert path.read_bytes() == b"first\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(EvidenceError, match="No space left on device"):
        write_atomic(path, "second\n")
    assert path.read_bytes() == b"first\n"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"], "no half file stays"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(EvidenceError) as caught:
        write_atomic(tmp_path / "file" / "a.txt", "x")
    assert str(tmp_path / "file" / "a.txt") in caught.value.message
    assert "--out" in caught.value.remedy


def test_files_are_coded_one_by_one_and_a_bad_one_stops_nobody(tmp_path: Path, john: Framework, scripted: Scripted) -> None:
    good = write(tmp_path, "a.txt", "b.md", "c.txt")
    bad = tmp_path / "bad.vtt"
    bad.write_bytes(b"\x89PNG\r\n")
    seen: list[tuple[str, int, int]] = []
    given = [good[0], bad, good[1], tmp_path / "gone.txt", good[2]]
    outcomes = code_files(given, john, scripted, tmp_path / "out", progress=lambda *x: seen.append(x))
    assert [o.error is None for o in outcomes] == [True, False, True, False, True]
    assert [o.source for o in outcomes] == given
    assert "bad.vtt" in str(outcomes[1].error)
    assert "gone.txt" in str(outcomes[3].error)
    assert [s[1:] for s in seen] == [(n, 5) for n in range(1, 6)]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(f"{s}{e}" for s in "abc" for e in (".jsonl", ".transcript.json"))


def test_an_engine_that_fails_on_one_goes_on_with_the_next(tmp_path: Path, john: Framework, scripted: Scripted) -> None:
    scripted.fail_on = "Porto 0"
    outcomes = code_files(write(tmp_path, "a.txt", "b.txt"), john, scripted, tmp_path / "out")
    assert isinstance(outcomes[0].error, EngineError)
    assert outcomes[1].evidence
    assert not (tmp_path / "out" / "a.jsonl").exists()


def test_the_same_name_twice_is_refused_for_the_second(tmp_path: Path, john: Framework, scripted: Scripted) -> None:
    paths = write(tmp_path, "one/a.txt", "two/a.md")
    outcomes = code_files(paths, john, scripted, tmp_path / "out")
    assert outcomes[0].error is None
    assert isinstance(outcomes[1].error, EvidenceError)
    assert str(paths[0]) in str(outcomes[1].error)
    assert "rename" in outcomes[1].error.remedy
    assert read_folder(tmp_path / "out")[0][0].text == outcomes[0].transcript.text  # type: ignore[union-attr]


def test_an_interviewer_can_be_named(tmp_path: Path, john: Framework, scripted: Scripted) -> None:
    outcome = code_files(write(tmp_path, "a.txt"), john, scripted, tmp_path / "out", interviewer=["Anna"])[0]
    assert {e.speaker for e in outcome.evidence} == {"Interviewer"}


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c", "🙂", '"', "\\", "\u202e"])
def test_quotes_with_odd_characters_come_back_as_they_were(tmp_path: Path, john: Framework, scripted: Scripted, odd: str) -> None:
    """U+2028 and its like end a line for some readers of text, not in JSON."""
    path = tmp_path / "a.txt"
    path.write_text(SHORT.replace("pickle file", f"pickle{odd}file"), encoding="utf-8")
    outcome = code_files([path], john, scripted, tmp_path / "out")[0]
    assert outcome.error is None
    _, evidence = read_folder(tmp_path / "out")
    assert tuple(evidence) == outcome.evidence


def test_coding_again_writes_the_same_bytes(tmp_path: Path, john: Framework, engine: Engine) -> None:
    names = write(tmp_path, "a.txt", "b.txt")
    for out in ("one", "two", "one"):
        code_files(names if out == "one" else names[::-1], john, engine, tmp_path / out)
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / out).iterdir()} for out in ("one", "two"))
    assert one == two
    assert MANUAL.encode() in one["a.jsonl"]


# ---------------------------------------------------------------- reading what was written


@pytest.fixture
def coded(tmp_path: Path, john: Framework, scripted: Scripted) -> Path:
    """A folder with one coded transcript."""
    code_files(write(tmp_path, "a.txt"), john, scripted, tmp_path / "coded")
    return tmp_path / "coded"


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "a.jsonl").read_text(encoding="utf-8").splitlines()]


def rewrite(folder: Path, rows: Sequence[object]) -> None:
    (folder / "a.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def test_blank_lines_do_not_matter(coded: Path) -> None:
    before = read_folder(coded)
    (coded / "a.jsonl").write_text("\n" + (coded / "a.jsonl").read_text(encoding="utf-8") + "\n  \n", encoding="utf-8")
    assert read_folder(coded) == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"quote": "x" * 10}, "the quote has 10 characters"),
        ({"stage_low": 9}, "stage_low 9 is above"),
        ({"start": -1}, "start: "),
        ({"colour": "red"}, "colour: "),
        ({"element": None}, "element: "),
        ({"transcript": "t-0"}, "is of transcript t-0"),
    ],
)
def test_a_line_that_is_no_evidence_is_named(coded: Path, change: dict[str, object], told: str) -> None:
    rows = lines(coded)
    rewrite(coded, [rows[0], rows[1] | change, *rows[2:]])
    with pytest.raises(EvidenceError, match=told) as caught:
        read_folder(coded)
    assert caught.value.source == str(coded / "a.jsonl")
    assert caught.value.place == "line 2"
    assert caught.value.remedy


@pytest.mark.parametrize("content", [b"{nope\n", b"[]\n", b"\xff\xfe\n", b'"x"\n'])
def test_a_damaged_file_is_named(coded: Path, content: bytes) -> None:
    (coded / "a.jsonl").write_bytes(content)
    with pytest.raises(EvidenceError) as caught:
        read_folder(coded)
    assert str(coded / "a.jsonl") in caught.value.message


def test_a_quote_that_was_never_said_is_no_evidence(coded: Path) -> None:
    rows = lines(coded)
    quote = str(rows[1]["quote"])
    rewrite(coded, [rows[0], rows[1] | {"quote": "X" + quote[1:]}])
    with pytest.raises(GroundingError, match=r"a\.jsonl, line 2: .*does not say") as caught:
        read_folder(coded)
    assert caught.value.exit_code == 4


def test_what_the_interviewer_said_is_no_evidence(coded: Path) -> None:
    transcript = read_folder(coded)[0][0]
    question = transcript.turns[4]
    assert question.role is Role.INTERVIEWER
    rewrite(
        coded, [lines(coded)[0] | {"quote": transcript.text[question.start : question.end], "start": question.start, "end": question.end}]
    )
    with pytest.raises(GroundingError, match="respondent"):
        read_folder(coded)


def test_an_altered_copy_of_the_transcript_is_refused(coded: Path) -> None:
    copy = coded / "a.transcript.json"
    copy.write_text(copy.read_text(encoding="utf-8").replace("Porto", "Parma"), encoding="utf-8")
    with pytest.raises(EvidenceError, match="damaged"):
        read_folder(coded)


def test_a_missing_copy_and_an_empty_folder_are_named(coded: Path, tmp_path: Path) -> None:
    (coded / "a.transcript.json").unlink()
    with pytest.raises(EvidenceError, match=r"a\.transcript\.json is missing"):
        read_folder(coded)
    for folder in (tmp_path / "none", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(EvidenceError, match="holds no coded transcript") as caught:
            read_folder(folder)
        assert "assistant code" in caught.value.remedy


def test_a_folder_in_place_of_a_file(coded: Path) -> None:
    (coded / "a.jsonl").unlink()
    (coded / "a.jsonl").mkdir()
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_folder(coded)


# ---------------------------------------------------------------- scoring


def test_all_confirms_what_is_open_and_nothing_else(coded: Path) -> None:
    evidence = read_folder(coded)[1]
    states = [EvidenceState.PROPOSED, EvidenceState.UNSURE, EvidenceState.REJECTED, EvidenceState.CONFIRMED, EvidenceState.SUPERSEDED]
    mixed = [e.model_copy(update={"state": s}) for e, s in zip(evidence, states, strict=True)]
    assert [e.state for e in accepted(mixed, "all")] == [EvidenceState.CONFIRMED] * 2 + states[2:]
    assert accepted(mixed, "confirmed") == mixed


def test_unreviewed_evidence_scores_only_as_a_draft(coded: Path) -> None:
    options = {"policy": None, "framework": None, "default_framework": "john-2025"}
    reviewed = score_folder(coded, accept="confirmed", **options).assessment  # type: ignore[arg-type]
    draft = score_folder(coded, accept="all", **options).assessment  # type: ignore[arg-type]
    assert (reviewed.draft, reviewed.overall.stage, reviewed.overall.rated) == (False, None, 0)
    assert (draft.draft, draft.overall.rated) == (True, 1)
    assert verify(load_framework("john-2025"), draft)


def test_the_framework_is_the_one_that_the_evidence_names(coded: Path) -> None:
    evidence = read_folder(coded)[1]
    assert framework_of(evidence, None, "google-mlops").id == "john-2025"
    assert framework_of([], None, "google-mlops").id == "google-mlops"
    assert framework_of(evidence, "microsoft-mlops", "google-mlops").id == "microsoft-mlops"
    other = [e.model_copy(update={"framework": "google-mlops"}) for e in evidence]
    with pytest.raises(EvidenceError, match="google-mlops, john-2025"):
        framework_of([*evidence, *other], None, "john-2025")
    with pytest.raises(FrameworkError, match="no framework 'mine'"):
        framework_of([evidence[0].model_copy(update={"framework": "mine"})], None, "john-2025")


def test_another_framework_than_the_evidences_is_refused(coded: Path) -> None:
    with pytest.raises(EvidenceError):
        score_folder(coded, accept="all", policy=None, framework="google-mlops", default_framework="john-2025")


# ---------------------------------------------------------------- assessment files


@pytest.fixture
def assessment(coded: Path) -> AssessmentFile:
    return score_folder(coded, accept="all", policy=None, framework=None, default_framework="john-2025")


def test_quotes_of_an_assessment_are_counted_and_checked(assessment: AssessmentFile) -> None:
    assert check_quotes(assessment) == len(assessment.assessment.evidence) == 5


def changed(file: AssessmentFile, **update: object) -> AssessmentFile:
    first, *rest = file.assessment.evidence
    evidence = (first.model_copy(update=update), *rest)
    return file.model_copy(update={"assessment": file.assessment.model_copy(update={"evidence": evidence})})


def test_an_altered_quote_is_refused(assessment: AssessmentFile) -> None:
    quote = assessment.assessment.evidence[0].quote
    with pytest.raises(GroundingError, match=assessment.assessment.evidence[0].id):
        check_quotes(changed(assessment, quote="X" + quote[1:]))
    with pytest.raises(GroundingError, match="is not in the file"):
        check_quotes(changed(assessment, transcript="t-0000000000000000"))


def test_a_quote_altered_together_with_its_transcript_is_refused(assessment: AssessmentFile) -> None:
    transcript = assessment.transcripts[0]
    first = assessment.assessment.evidence[0]
    forged = transcript.text[: first.start] + "Z" + transcript.text[first.start + 1 :]
    both = changed(assessment, quote="Z" + first.quote[1:]).model_copy(
        update={"transcripts": (transcript.model_copy(update={"text": forged}),)}
    )
    with pytest.raises(EvidenceError, match="somebody changed them"):
        check_quotes(both)


def test_an_assessment_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(EvidenceError, match="No such file"):
        read_assessment(path)
    for content in (b"", b"{", b"[]", b'{"assessment": {}}', b"\xff"):
        path.write_bytes(content)
        with pytest.raises(EvidenceError) as caught:
            read_assessment(path)
        assert str(path) in caught.value.message
        assert "assistant score" in caught.value.remedy


# ---------------------------------------------------------------- database


def test_a_file_is_kept_with_its_bytes_and_once(store: Store, use_case: UseCase, tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt")[0]
    transcript, created = add_file(store, use_case.id, path)
    assert created
    assert store.original(use_case.id, transcript.id) == path.read_bytes()
    assert add_file(store, use_case.id, path) == (transcript, False)
    assert len(store.transcripts(use_case.id)) == 1


def test_a_file_that_cannot_be_read_adds_nothing(store: Store, use_case: UseCase, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    for name in ("gone.txt", "empty.txt", "."):
        with pytest.raises(TranscriptError):
            add_file(store, use_case.id, tmp_path / name)
    assert store.transcripts(use_case.id) == ()


def test_a_use_case_is_coded_once(store: Store, use_case: UseCase, tmp_path: Path, john: Framework, scripted: Scripted) -> None:
    for path in write(tmp_path, "a.txt", "b.txt"):
        add_file(store, use_case.id, path)
    seen: list[tuple[str, int, int]] = []
    first = code_use_case(store, use_case.id, john, scripted, progress=lambda *x: seen.append(x))
    assert sum(len(r.evidence) for r in first) == 10
    assert seen == [("a", 1, 2), ("b", 2, 2)]
    assert code_use_case(store, use_case.id, john, scripted) == []
    assert scripted.coded == ["a", "b"]
    assert len(evidence_ids_in_state(store, use_case.id, EvidenceState.PROPOSED)) == 10
    add_file(store, use_case.id, write(tmp_path, "x.txt", "y.txt", "c.txt")[2])
    assert len(code_use_case(store, use_case.id, john, scripted)) == 1
    assert scripted.coded == ["a", "b", "c"]


def test_a_failure_is_on_record_and_what_was_coded_stays(
    store: Store, use_case: UseCase, tmp_path: Path, john: Framework, scripted: Scripted
) -> None:
    for path in write(tmp_path, "a.txt", "b.txt"):
        add_file(store, use_case.id, path)
    scripted.fail_on = "Porto 1"
    with pytest.raises(EngineError, match="gave up"):
        code_use_case(store, use_case.id, john, scripted)
    assert [(r.state, r.error) for r in store.runs(use_case.id)] == [("done", ""), ("failed", "the engine gave up — try again")]
    scripted.fail_on = ""
    assert len(code_use_case(store, use_case.id, john, scripted)) == 1
    assert [r.state for r in store.runs(use_case.id)] == ["done", "done"]
    assert len(evidence_ids_in_state(store, use_case.id, EvidenceState.PROPOSED)) == 10


def test_a_use_case_scores_from_its_decisions(store: Store, use_case: UseCase, tmp_path: Path, john: Framework, scripted: Scripted) -> None:
    add_file(store, use_case.id, write(tmp_path, "a.txt")[0])
    code_use_case(store, use_case.id, john, scripted)
    element = john.elements[0].id
    assert score_use_case(store, use_case.id, john).assessment.rating(element).stage is None
    assert score_use_case(store, use_case.id, john, accept="all").assessment.rating(element).stage == 1
    chosen = evidence_ids_in_state(store, use_case.id, EvidenceState.PROPOSED)[0]
    store.decide(use_case.id, chosen, "confirm", "ann")
    file = score_use_case(store, use_case.id, john)
    assert file.assessment.rating(element).evidence == (chosen,)
    assert (file.assessment.rating(element).stage, file.assessment.draft) == (1, False)
    assert check_quotes(file) == 5
    store.undo(use_case.id, chosen, "ann")
    assert score_use_case(store, use_case.id, john).assessment.rating(element).stage is None


def test_folder_and_database_give_the_same(store: Store, use_case: UseCase, tmp_path: Path, john: Framework, engine: Engine) -> None:
    path = write(tmp_path, "talk.txt")[0]
    code_files([path], john, engine, tmp_path / "out")
    add_file(store, use_case.id, path)
    code_use_case(store, use_case.id, john, engine)
    by_folder = score_folder(tmp_path / "out", accept="all", policy=None, framework=None, default_framework=john.id)
    by_store = score_use_case(store, use_case.id, john, accept="all")
    assert by_store.assessment == by_folder.assessment
    assert by_store.transcripts == by_folder.transcripts


# ---------------------------------------------------------------- small things


def test_evidence_as_lines_and_back(sample_results: dict[str, CodingResult], samples: dict[str, Transcript], tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(to_jsonl(sample_results["c-healthcare"].evidence), encoding="utf-8")
    assert tuple(read_evidence(path, samples["c-healthcare"])) == sample_results["c-healthcare"].evidence
    assert to_jsonl([]) == ""


def test_a_task_names_its_engine(john: Framework, scripted: Scripted) -> None:
    task = make_task(talk(SHORT), john, scripted)
    assert (task.engine, task.engine_version, task.framework.id) == ("scripted", "1", "john-2025")
    assert ALERTS in task.transcript.text
    assert pipeline.ref(task.transcript).sha256 == task.transcript.sha256
    assert json.loads(to_json(task.transcript))["id"] == task.transcript.id
