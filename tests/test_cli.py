"""The command line: every command, what programs read of it, exit codes, errors that name the file and the remedy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pipeline_support import ALERTS, MANUAL, ROOT, SAMPLES, SHORT, clean_environment

from assistant import __version__, errors
from assistant.cli import app as cli_app
from assistant.cli import doctor
from assistant.cli.app import run
from assistant.settings import get_settings
from assistant.store import Store
from assistant.ui import preferences

pytest_plugins = ["pipeline_fixtures"]
pytestmark = pytest.mark.usefixtures("workdir")

FIELDS = [
    "id",
    "transcript",
    "element",
    "quote",
    "start",
    "end",
    "speaker",
    "time",
    "polarity",
    "status",
    "stage_low",
    "stage_high",
    "statement",
    "codes",
    "confidence",
    "engine",
    "framework",
    "rationale",
]
"""What the issue asks of a line, at least."""
SHEET = """dimension,element,Start,Middle,End
Shipping,Deployment,Models are copied to the server by hand,A script deploys the model,A pipeline deploys the model
Shipping,Monitoring,Nobody watches the model in production,A dashboard shows the accuracy,Alerts tell when data drifts
"""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Done]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], embedder: object) -> Cli:
    """Runs a command in this process, where the model is loaded already."""

    def command(*arguments: object, ok: bool = True) -> Done:
        capsys.readouterr()
        code = run([str(a) for a in arguments])
        out, err = capsys.readouterr()
        assert not ok or code == 0, err
        return Done(code, out, err)

    return command


@pytest.fixture
def short(workdir: Path) -> Path:
    path = workdir / "short.txt"
    path.write_text(SHORT, encoding="utf-8")
    return path


@pytest.fixture
def scored(cli: Cli, short: Path) -> Path:
    """An assessment file of the short conversation, accepted unseen."""
    cli("code", short, "--out", "coded")
    cli("score", "coded", "--accept", "all", "--out", "assessment.json")
    return Path("assessment.json")


def script(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Runs the program as a user does."""
    return subprocess.run(
        program(*arguments),
        cwd=cwd,
        env=variables(cwd) | environment,
        capture_output=True,
        timeout=120,
        check=False,
    )


def program(*arguments: object) -> list[str]:
    return [sys.executable, "-c", "from assistant.cli import main; main()", *map(str, arguments)]


def variables(folder: Path) -> dict[str, str]:
    return clean_environment() | {"ASSISTANT_DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT)}


# ---------------------------------------------------------------- code


def test_code_writes_one_evidence_a_line(cli: Cli, short: Path) -> None:
    done = cli("code", short, "--out", "coded")
    lines = Path("coded/short.jsonl").read_text(encoding="utf-8").splitlines()
    assert done.out == f"coded/short.jsonl: {len(lines)} pieces of evidence, {len(lines)} of current practice\n"
    assert "Interviewer" in done.err, "who was taken for the interviewer is shown"
    rows = [json.loads(line) for line in lines]
    assert {MANUAL, ALERTS} <= {row["quote"] for row in rows}
    text = json.loads(Path("coded/short.transcript.json").read_text(encoding="utf-8"))["text"]
    for row in rows:
        assert set(FIELDS) <= set(row)
        assert text[row["start"] : row["end"]] == row["quote"]
        assert row["speaker"] == "Anna"
        assert row["time"] is None
        assert row["polarity"] in ("present", "absent")
        assert row["status"] in ("current", "planned", "past", "general")
        assert row["framework"] == "john-2025"
        assert row["engine"].startswith("local/")


def test_code_for_a_program(cli: Cli, short: Path) -> None:
    done = cli("code", short, "gone.txt", "--out", "coded", "--json", ok=False)
    good, bad = done.json
    lines = Path("coded/short.jsonl").read_text(encoding="utf-8").splitlines()
    assert good == {"file": str(short), "out": "coded/short.jsonl", "evidence": len(lines), "error": None, "notes": good["notes"]}
    assert "Interviewer" in good["notes"][0]
    assert (bad["file"], bad["out"], bad["evidence"]) == ("gone.txt", None, 0)
    assert "gone.txt" in bad["error"]
    assert done.code == 1


def test_times_of_the_recording_are_kept(cli: Cli) -> None:
    cli("code", ROOT / "transcripts" / "e-vehicles.srt", "--out", "coded")
    rows = [json.loads(line) for line in Path("coded/e-vehicles.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) > 10
    assert all(row["time"] > 0 for row in rows)


def test_a_bad_file_among_good_ones(cli: Cli, short: Path, workdir: Path) -> None:
    (workdir / "picture.vtt").write_bytes(b"\x89PNG\r\n\x1a\n")
    (workdir / "last.md").write_text(SHORT.replace("Porto", "Parma"), encoding="utf-8")
    done = cli("code", short, "picture.vtt", "last.md", "--out", "coded", ok=False)
    assert done.code == 1
    assert "error: picture.vtt" in done.err
    assert "Traceback" not in done.err
    assert sorted(p.name for p in Path("coded").glob("*.jsonl")) == ["last.jsonl", "short.jsonl"]


def test_only_bad_files(cli: Cli, workdir: Path) -> None:
    (workdir / "empty.txt").touch()
    done = cli("code", "empty.txt", "gone.txt", "--out", "coded", ok=False)
    assert done.code == errors.TranscriptError.exit_code == 3
    assert done.err.count("error: ") == 2
    assert "the file is empty — download the transcript again" in done.err


def test_the_same_name_twice(cli: Cli, short: Path, workdir: Path) -> None:
    (workdir / "short.md").write_text(SHORT, encoding="utf-8")
    done = cli("code", short, "short.md", "--out", "coded", ok=False)
    assert done.code == 1
    assert f"short.md: has the same name as {short}" in done.err


def test_a_folder_that_cannot_be_written(cli: Cli, short: Path, workdir: Path) -> None:
    (workdir / "taken").write_text("x")
    done = cli("code", short, "--out", "taken", ok=False)
    assert done.code == errors.EvidenceError.exit_code == 3
    assert "taken" in done.err
    assert "choose another folder with --out" in done.err


def test_an_interviewer_by_name(cli: Cli, short: Path) -> None:
    cli("code", short, "--out", "coded", "--interviewer", "Anna")
    rows = [json.loads(line) for line in Path("coded/short.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["speaker"] for row in rows} <= {"Interviewer"}
    done = cli("code", short, "--out", "coded", "--interviewer", "Nobody", ok=False)
    assert done.code == 3
    assert "Nobody" in done.err


def test_run_again_it_is_the_same_to_the_byte(cli: Cli, short: Path) -> None:
    def everything() -> dict[str, bytes]:
        cli("code", short, "--out", "coded")
        cli("score", "coded", "--accept", "all", "--out", "out/assessment.json")
        for ending in ("html", "md", "json"):
            cli("report", "out/assessment.json", "--out", f"out/report.{ending}")
        return {str(p): p.read_bytes() for folder in ("coded", "out") for p in Path(folder).iterdir()}

    first = everything()
    assert len(first) == 6
    assert everything() == first


@pytest.mark.parametrize("name", ["google-mlops", "microsoft-mlops"])
def test_other_frameworks_that_ship(cli: Cli, short: Path, name: str) -> None:
    cli("code", short, "--framework", name, "--out", "coded")
    rows = [json.loads(line) for line in Path("coded/short.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows
    assert {row["framework"] for row in rows} == {name}
    cli("score", "coded", "--accept", "all", "--out", "a.json")
    assert cli("verify", "a.json", "--json").json["recomputed"] is True
    cli("report", "a.json", "--out", "r.html")
    assert rows[0]["quote"][:20] in Path("r.html").read_text(encoding="utf-8")


def test_a_sheet_of_ones_own_as_framework(cli: Cli, short: Path, workdir: Path) -> None:
    (workdir / "ours.csv").write_text(SHEET, encoding="utf-8")
    cli("code", short, "--framework", "ours.csv", "--out", "coded")
    rows = [json.loads(line) for line in Path("coded/short.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["framework"] for row in rows} == {"ours"}
    assert {(row["element"], row["quote"]) for row in rows} >= {("shipping.deployment", MANUAL)}
    told = cli("score", "coded", "--accept", "all", "--out", "a.json", ok=False)
    assert told.code == errors.FrameworkError.exit_code == 3
    assert "no framework 'ours'" in told.err
    cli("score", "coded", "--accept", "all", "--out", "a.json", "--framework", "ours.csv")
    assert cli("verify", "a.json", "--framework", "ours.csv", "--json").json["quotes"] == len(rows)
    cli("report", "a.json", "--out", "r.md", "--framework", "ours.csv")
    assert "Shipping" in Path("r.md").read_text(encoding="utf-8")


# ---------------------------------------------------------------- score, report, verify


def test_score_all_is_a_draft(cli: Cli, scored: Path) -> None:
    done = cli("score", "coded", "--accept", "all", "--out", "again.json")
    assert done.out.startswith("DRAFT, reviewed by nobody: ")
    assert "overall:" in done.out
    assert Path("again.json").read_bytes() == scored.read_bytes()
    found = cli("score", "coded", "--accept", "all", "--out", "again.json", "--json").json
    assert found["draft"] is True
    assert "evidence" not in found
    assert found["hash"] == json.loads(scored.read_text(encoding="utf-8"))["assessment"]["hash"]
    assert len(found["elements"]) == 17


def test_score_confirmed_counts_nothing_that_nobody_saw(cli: Cli, scored: Path) -> None:
    done = cli("score", "coded", "--out", "confirmed.json")
    assert "DRAFT" not in done.out
    assert "nothing is confirmed yet" in done.err
    found = cli("score", "coded", "--accept", "confirmed", "--out", "confirmed.json", "--json").json
    assert (found["draft"], found["overall"]["rated"], found["overall"]["stage"]) == (False, 0, None)


def test_confirmed_lines_count(cli: Cli, scored: Path) -> None:
    path = Path("coded/short.jsonl")
    path.write_text(path.read_text(encoding="utf-8").replace('"state": "proposed"', '"state": "confirmed"', 1), encoding="utf-8")
    found = cli("score", "coded", "--out", "confirmed.json", "--json").json
    assert sum(len(e["evidence"]) for e in found["elements"]) == 1


@pytest.mark.parametrize("policy", ["majority", "weakest-link", "iso33020"])
def test_score_by_any_policy(cli: Cli, scored: Path, policy: str) -> None:
    assert cli("score", "coded", "--accept", "all", "--policy", policy, "--out", "p.json", "--json").json["policy"] == policy


def test_an_unknown_policy(cli: Cli, scored: Path) -> None:
    done = cli("score", "coded", "--policy", "hope", "--out", "p.json", ok=False)
    assert done.code == 3
    assert "use one of majority, weakest-link, iso33020" in done.err
    assert not Path("p.json").exists()


def test_score_of_what_is_not_there(cli: Cli, workdir: Path) -> None:
    done = cli("score", "nowhere", "--out", "p.json", ok=False)
    assert done.code == 3
    assert "nowhere: holds no coded transcript (*.jsonl)" in done.err


@pytest.mark.parametrize("ending", ["html", "md", "json"])
def test_report_by_its_ending(cli: Cli, scored: Path, ending: str) -> None:
    assert cli("report", scored, "--out", f"r.{ending}").out == f"r.{ending}\n"
    text = Path(f"r.{ending}").read_text(encoding="utf-8")
    assert MANUAL[:20] in text
    assert "Anna" not in text, "participants are pseudonyms unless asked otherwise"
    if ending == "json":
        assert json.loads(text)
    if ending == "html":
        assert text.lower().startswith("<!doctype html>")
    cli("report", scored, "--out", f"named.{ending}", "--names")
    assert "Anna" in Path(f"named.{ending}").read_text(encoding="utf-8")


def test_a_report_of_another_kind(cli: Cli, scored: Path) -> None:
    done = cli("report", scored, "--out", "r.docx2", ok=False)
    assert done.code == 3
    assert "r.docx2" in done.err


@pytest.mark.parametrize("command", ["report", "verify"])
def test_an_assessment_that_is_none(cli: Cli, workdir: Path, command: str) -> None:
    more = ["--out", "r.html"] if command == "report" else []
    (workdir / "broken.json").write_text('{"assessment": 1}')
    for name in ("gone.json", "broken.json"):
        done = cli(command, name, *more, ok=False)
        assert done.code == 3
        assert f"error: {name}" in done.err
        assert "assistant score" in done.err


def test_verify(cli: Cli, scored: Path) -> None:
    count = len(Path("coded/short.jsonl").read_text(encoding="utf-8").splitlines())
    assert cli("verify", scored).out == f"{count} quotes are verbatim; the score recomputes to the byte\n"
    found = cli("verify", scored, "--json").json
    assert found == {"quotes": count, "recomputed": True, "hash": json.loads(scored.read_text(encoding="utf-8"))["assessment"]["hash"]}


def altered(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    Path("altered.json").write_text(json.dumps(content), encoding="utf-8")
    return Path("altered.json")


def test_verify_refuses_an_altered_quote(cli: Cli, scored: Path) -> None:
    def change(file: dict[str, Any]) -> None:
        first = file["assessment"]["evidence"][0]
        first["quote"] = first["quote"][:-1] + "!"

    done = cli("verify", altered(scored, change), ok=False)
    assert done.code == errors.GroundingError.exit_code == 4
    assert "does not say" in done.err


def test_verify_refuses_an_altered_transcript(cli: Cli, scored: Path) -> None:
    def change(file: dict[str, Any]) -> None:
        file["transcripts"][0]["text"] = file["transcripts"][0]["text"].replace("by hand", "by robot")
        for e in file["assessment"]["evidence"]:
            e["quote"] = file["transcripts"][0]["text"][e["start"] : e["end"]]

    done = cli("verify", altered(scored, change), ok=False)
    assert done.code in (3, 4)


def raise_stage(file: dict[str, Any]) -> None:
    rated = next(e for e in file["assessment"]["elements"] if e["stage"] is not None)
    rated["stage"] += 1


def raise_overall(file: dict[str, Any]) -> None:
    file["assessment"]["overall"]["stage"] = 5


def hide_draft(file: dict[str, Any]) -> None:
    file["assessment"]["draft"] = False


def move_evidence(file: dict[str, Any]) -> None:
    file["assessment"]["evidence"][0]["state"] = "rejected"


def other_hash(file: dict[str, Any]) -> None:
    file["assessment"]["hash"] = "0" * 64


@pytest.mark.parametrize("change", [raise_stage, raise_overall, hide_draft, move_evidence, other_hash])
def test_verify_refuses_an_altered_result(cli: Cli, scored: Path, change: Callable[[dict[str, Any]], None]) -> None:
    done = cli("verify", altered(scored, change), ok=False)
    assert done.code == errors.EvidenceError.exit_code == 3
    assert "DOES NOT RECOMPUTE" in done.out
    assert "altered.json: the stages are not those of its evidence" in done.err
    as_json = cli("verify", "altered.json", "--json", ok=False)
    assert (as_json.code, as_json.json["recomputed"]) == (3, False)


# ---------------------------------------------------------------- transcripts, frameworks


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.suffix[1:])
def test_transcripts_show(cli: Cli, path: Path) -> None:
    shown = cli("transcripts", "show", path)
    found = cli("transcripts", "show", path, "--json").json
    assert shown.out.startswith(f"{path.stem}: {found['format']}, {len(found['turns'])} turns")
    assert "interviewer" in shown.out
    last = found["turns"][-1]
    assert found["text"][last["start"] : last["end"]] in shown.out


def test_transcripts_show_what_cannot_be_read(cli: Cli, workdir: Path) -> None:
    done = cli("transcripts", "show", "gone.vtt", ok=False)
    assert done.code == 3
    assert done.err.startswith("error: gone.vtt: the file cannot be opened")
    assert done.err.count("\n") == 1


def test_frameworks_list(cli: Cli) -> None:
    found = cli("frameworks", "list", "--json").json
    assert found[0]["id"] == "john-2025"
    assert {"google-mlops", "microsoft-mlops", "john-2025-original"} <= {f["id"] for f in found}
    assert found[0]["elements"] == 17
    assert found[0]["stages"] == 5
    table = cli("frameworks", "list").out
    assert all(f["id"] in table for f in found)


def test_frameworks_show(cli: Cli) -> None:
    shown, found = cli("frameworks", "show").out, cli("frameworks", "show", "--json").json
    assert found["id"] == "john-2025"
    assert len(found["hash"]) == 64
    for dimension in found["dimensions"]:
        for element in dimension["elements"]:
            assert element["id"] in shown
            assert all(s["text"] in shown for s in element["statements"])
    done = cli("frameworks", "show", "jon-2025", ok=False)
    assert done.code == 3
    assert "john-2025" in done.err


def test_frameworks_validate(cli: Cli, workdir: Path) -> None:
    genuine = (ROOT / "frameworks" / "google-mlops.yaml").read_text(encoding="utf-8")
    (workdir / "good.yaml").write_text(genuine, encoding="utf-8")
    (workdir / "bad.yaml").write_text(genuine + "\ncolour: red\n", encoding="utf-8")
    assert cli("frameworks", "validate", "good.yaml").out == "good.yaml: valid\n"
    done = cli("frameworks", "validate", "good.yaml", "bad.yaml", ok=False)
    assert done.code == errors.FrameworkError.exit_code == 3
    line = len((workdir / "bad.yaml").read_text(encoding="utf-8").splitlines())
    assert "error: bad.yaml" in done.err
    assert "colour" in done.err
    assert f"line {line}" in done.err
    found = cli("frameworks", "validate", "good.yaml", "bad.yaml", "--json", ok=False)
    assert (found.json["good.yaml"], len(found.json["bad.yaml"])) == ([], 1)
    assert cli("frameworks", "validate", "gone.yaml", ok=False).code == 3


# ---------------------------------------------------------------- project


def test_a_project_from_create_to_report(cli: Cli, short: Path, workdir: Path) -> None:
    name = "Acme/Fraud scoring"
    assert cli("project", "create", name).out == f"{name} created\n"
    assert cli("project", "create", name).out == f"{name} exists\n"
    assert cli("project", "add", name, short).out == f"{short}: added, 10 turns\n"
    assert "was there already" in cli("project", "add", name, short).out
    assert "1 of 1 transcripts coded now" in cli("project", "code", name).out
    assert "0 of 1 transcripts coded now, 0 pieces" in cli("project", "code", name).out
    proposed = cli("project", "evidence", name, "--json").json
    assert {MANUAL, ALERTS} <= {e["quote"] for e in proposed}
    assert all(set(FIELDS) <= set(e) and e["last_decision"] is None for e in proposed)
    listed = cli("project", "list", "--json").json[0]
    assert (listed["project"], listed["transcripts"], listed["assessments"]) == (name, 1, 0)
    assert listed["evidence"]["proposed"] == len(proposed) == sum(listed["evidence"].values())
    assert cli("project", "score", name, "--json").json["overall"]["rated"] == 0

    of_process = next(e for e in proposed if e["element"] == "deployment.process")
    cli("project", "decide", name, of_process["id"], "--action", "confirm", "--reviewer", "ann")
    scored = cli("project", "score", name, "--json").json
    assert [e["element"] for e in scored["elements"] if e["evidence"]] == ["deployment.process"]
    assert scored["draft"] is False
    cli("project", "decide", name, of_process["id"], "--action", "reopen", "--reviewer", "ann")
    assert cli("project", "score", name, "--json").json["overall"]["rated"] == 0, "taken back, it counts no more"

    cli("project", "decide", name, "all", "--action", "confirm", "--reviewer", "ann")
    confirmed = cli("project", "evidence", name, "--state", "confirmed", "--json").json
    assert {e["id"] for e in confirmed} == {e["id"] for e in proposed}
    shown = cli("project", "evidence", name, "--element", "deployment.process").out
    assert f"“{MANUAL}”" in shown
    assert "operations.monitoring" not in shown
    assert cli("project", "evidence", name, "--limit", "1").err.startswith("more than 1")

    cli("project", "settle", name, "data.feature_store", "--action", "not_applicable", "--reason", "No features.", "--reviewer", "ann")
    draft = cli("project", "score", name, "--accept", "all", "--freeze", "May", ok=False)
    assert "a draft that nobody reviewed cannot be frozen" in draft.err
    slip = cli("project", "evidence", name, "--element", "deployment.proces", ok=False)
    assert "did you mean 'deployment.process'?" in slip.err
    assert cli("project", "evidence", name, "--element", "data.versioning").out == ""
    scored = cli("project", "score", name, "--out", "p.json", "--freeze", "May", "--json").json
    by_id = {e["element"]: e for e in scored["elements"]}
    assert by_id["data.feature_store"]["status"] == "not applicable"
    assert by_id["deployment.process"]["status"] == "rated"
    assert cli("verify", "p.json", "--json").json == {"quotes": len(proposed), "recomputed": True, "hash": scored["hash"]}
    assert cli("project", "list", "--json").json[0]["assessments"] == 1
    assert f"{name}  1 " in cli("project", "list").out
    for ending in ("html", "md", "json"):
        cli("project", "report", name, "--out", f"r.{ending}")
        assert MANUAL[:20] in Path(f"r.{ending}").read_text(encoding="utf-8")
    with Store.open(get_settings().resolved_database_url) as store:
        assert store.check() == ()


def test_a_conflict_is_settled_by_a_statement(cli: Cli, short: Path) -> None:
    cli("project", "create", "A/B")
    cli("project", "add", "A/B", short)
    statement = "deployment.process#4-4"
    settle = ("project", "settle", "A/B", "deployment.process", "--action", "settle", "--reason", "Asked.", "--reviewer", "ann")
    cli(*settle, "--statement", statement)
    done = cli(*settle, "--statement", "deployment.process#9-9", ok=False)
    assert done.code == 3
    assert statement in done.err
    done = cli("project", "settle", "A/B", "no.such", "--action", "reopen", "--reason", "x", "--reviewer", "ann", ok=False)
    assert done.code == 3
    assert "deployment.process" in done.err


def test_what_a_project_refuses(cli: Cli, short: Path, workdir: Path) -> None:
    missing = cli("project", "code", "No/Where", ok=False)
    assert missing.code == errors.NotFoundError.exit_code == 6
    assert "assistant project create" in missing.err
    for name in ("noslash", "/x", "x/", " / "):
        done = cli("project", "create", name, ok=False)
        assert done.code == errors.InputError.exit_code == 3
        assert "Organisation/Use case" in done.err
    cli("project", "create", "A/B")
    empty = cli("project", "code", "A/B", ok=False)
    assert empty.code == 3
    assert "assistant project add" in empty.err
    assert cli("project", "score", "A/B", "--json").json["overall"]["stage"] is None
    both = cli("project", "add", "A/B", "gone.txt", short, ok=False)
    assert both.code == 1
    assert "error: gone.txt" in both.err
    assert "added" in both.out
    alone = cli("project", "add", "A/B", "gone.txt", ok=False)
    assert alone.code == 3
    cli("project", "code", "A/B")
    first = cli("project", "evidence", "A/B", "--json").json[0]["id"]
    no_reason = cli("project", "decide", "A/B", first, "--action", "reject", "--reviewer", "ann", ok=False)
    assert no_reason.code == 3
    assert "reason" in no_reason.err
    stranger = cli("project", "decide", "A/B", "e-0000000000000000", "--action", "confirm", "--reviewer", "ann", ok=False)
    assert stranger.code == 6
    assert "e-0000000000000000" in stranger.err
    cli("project", "decide", "A/B", first, "--action", "reject", "--reviewer", "ann", "--reason", "Hearsay.")
    assert [e["id"] for e in cli("project", "evidence", "A/B", "--state", "rejected", "--json").json] == [first]


def test_a_database_of_something_else(cli: Cli, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (workdir / "notes.sqlite3").write_bytes(b"not a database at all" * 100)
    monkeypatch.setenv("ASSISTANT_DATABASE_URL", f"sqlite:///{workdir}/notes.sqlite3")
    get_settings.cache_clear()
    done = cli("project", "list", ok=False)
    assert done.code == errors.StoreError.exit_code == 6
    assert done.err.startswith("error: ")
    assert (workdir / "notes.sqlite3").read_bytes().startswith(b"not a database")


def test_a_data_folder_that_cannot_be_made(cli: Cli, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (workdir / "file").write_text("x")
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(workdir / "file" / "data"))
    get_settings.cache_clear()
    done = cli("project", "list", ok=False)
    assert done.code == 3
    assert "set ASSISTANT_DATA_DIR" in done.err


# ---------------------------------------------------------------- doctor, demo


def test_doctor_says_what_is_there_and_that_nothing_leaves(cli: Cli) -> None:
    found = cli("doctor", "--json").json
    assert found["version"] == __version__
    assert all(check["ok"] for check in found["checks"].values())
    assert set(found["checks"]) == {"embedding model", "trained heads", "frameworks", "database", "retrieval index"}
    assert found["leaves_the_machine"] == []
    assert found["packages"]["chromadb"][0].isdigit()
    text = cli("doctor").out
    assert "what would leave the machine: nothing" in text
    assert "FAIL" not in text
    assert sum(line.startswith("ok  ") for line in text.splitlines()) == 5


def test_doctor_names_what_is_broken_and_goes_on(cli: Cli, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_EMBEDDING_MODEL_FILE", str(workdir / "gone.onnx"))
    get_settings.cache_clear()
    done = cli("doctor", ok=False)
    assert done.code == errors.ModelFileError.exit_code == 5
    assert "FAIL embedding model:" in done.out
    assert "gone.onnx" in done.out
    assert "ok   database" in done.out


def test_doctor_says_what_would_leave(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("ASSISTANT_EMBEDDING", "openai")
    monkeypatch.setenv("ASSISTANT_EMBEDDING_BASE_URL", "http://127.0.0.1:9/v1")
    get_settings.cache_clear()
    monkeypatch.setattr(doctor, "_index", lambda: "not asked")
    done = cli("doctor", "--json")
    assert "text-embedding-3-small at http://127.0.0.1:9/v1" in done.json["leaves_the_machine"][0]
    assert "secret" not in done.out + done.err


def test_doctor_says_what_the_app_would_send_as_it_was_set_there(cli: Cli) -> None:
    preferences.save(get_settings(), preferences.Preferences(engine="llm", llm_model="m-1", llm_base_url="http://127.0.0.1:9/v1"))
    (coded,) = cli("doctor", "--json").json["leaves_the_machine"]
    assert coded == "in the app, answers that are coded, names redacted (m-1 at http://127.0.0.1:9/v1)"
    preferences.save(get_settings(), preferences.Preferences(interview_model="m-2", llm_base_url="http://127.0.0.1:9/v1"))
    (worded,) = cli("doctor", "--json").json["leaves_the_machine"]
    assert worded.startswith("in the app's interviews, where the respondent agrees")
    assert "m-2 at http://127.0.0.1:9/v1" in worded


@pytest.mark.slow
def test_demo(cli: Cli, workdir: Path) -> None:
    done = cli("demo", "--out", "demo")
    for path in SAMPLES:
        folder = workdir / "demo" / path.stem
        assert f"report: {folder / 'report.html'}" in done.out
        assert (folder / "report.html").stat().st_size > 20_000
        assert (folder / f"{path.stem}.jsonl").stat().st_size > 5_000
        assert path.name in done.out
    assert cli("verify", "demo/b-banking/assessment.json", "--json").json["recomputed"] is True


# ---------------------------------------------------------------- usage and exit codes


def test_the_version(cli: Cli) -> None:
    assert cli("--version").out == f"mlops-interview-assistant {__version__}\n"


@pytest.mark.parametrize("group", [(), ("project",), ("frameworks",), ("transcripts",)])
def test_help(cli: Cli, group: tuple[str, ...]) -> None:
    found = cli(*group, "--help").out
    assert f"Usage: {' '.join(('assistant', *group))}" in found
    assert cli(*group, "-h").out == found


@pytest.mark.parametrize(
    "arguments",
    [
        ("nope",),
        ("code",),
        ("code", "x.txt"),
        ("code", "x.txt", "--out", "o", "--colour", "red"),
        ("score", "d", "--out", "a", "--accept", "some"),
        ("project", "score", "A/B", "--accept", "some"),
        ("project", "report", "A/B", "--out", "r.md", "--accept", "some"),
        ("project", "evidence", "A/B", "--state", "fine"),
        ("project", "evidence", "A/B", "--limit", "0"),
        ("project", "decide", "A/B", "e-1", "--action", "love", "--reviewer", "ann"),
        ("project", "settle", "A/B", "x.y", "--action", "love", "--reviewer", "ann", "--reason", "x"),
    ],
)
def test_wrong_usage_is_two(cli: Cli, arguments: tuple[str, ...]) -> None:
    done = cli(*arguments, ok=False)
    assert done.code == 2
    assert "Error" in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_wrong_settings_are_two(cli: Cli, short: Path) -> None:
    Path("assistant.toml").write_text('embedding = "cloud"\n')
    done = cli("code", short, "--out", "o", ok=False)
    assert done.code == errors.SettingsError.exit_code == 2
    assert "embedding" in done.err


def test_an_engine_that_is_not_there(cli: Cli, short: Path) -> None:
    done = cli("code", short, "--out", "o", "--engine", "magic", ok=False)
    assert done.code == errors.EngineError.exit_code == 7
    assert "magic" in done.err


DOCUMENTED = {
    errors.SettingsError: 2, errors.TranscriptError: 3, errors.FrameworkError: 3, errors.EvidenceError: 3, errors.PromptError: 3,
    errors.GroundingError: 4, errors.ModelFileError: 5, errors.IndexError_: 5, errors.StoreError: 6, errors.NotFoundError: 6,
    errors.StaleEditError: 6, errors.AppendOnlyError: 6, errors.EngineError: 7, errors.PermissionDenied: 8, errors.AssistantError: 1,
}  # fmt: skip


@pytest.mark.parametrize("kind", DOCUMENTED, ids=lambda k: k.__name__)
def test_every_error_ends_in_its_documented_code_and_one_line(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, kind: type[errors.AssistantError]
) -> None:
    def fails(**_: object) -> None:
        raise kind("something is wrong", remedy="do something")

    monkeypatch.setattr(cli_app, "app", fails)
    done = cli("frameworks", "list", ok=False)
    assert (done.code, done.err) == (DOCUMENTED[kind], "error: something is wrong — do something\n")


def test_every_kind_of_error_is_documented() -> None:
    def below(kind: type[errors.AssistantError]) -> set[type[errors.AssistantError]]:
        return {kind}.union(*(below(k) for k in kind.__subclasses__() if k.__module__ == errors.__name__))

    assert below(errors.AssistantError) - set(DOCUMENTED) == {errors.InputError}


def test_a_defect_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(cli_app, "app", fails)
    with pytest.raises(ZeroDivisionError):
        run(["frameworks", "list"])


# ---------------------------------------------------------------- real processes


def test_in_a_process_of_its_own(workdir: Path, short: Path, cli: Cli) -> None:
    done = script("code", short, "--out", "by-script", "--json", cwd=workdir)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["evidence"] > 0
    cli("code", short, "--out", "in-process")
    for name in ("short.jsonl", "short.transcript.json"):
        assert (workdir / "by-script" / name).read_bytes() == (workdir / "in-process" / name).read_bytes()


def test_a_name_that_is_not_utf8(workdir: Path) -> None:
    path = os.path.join(os.fsencode(workdir), b"caf\xe9.txt")
    Path(os.fsdecode(path)).write_text(SHORT, encoding="utf-8")
    done = script("code", os.fsdecode(path), "--out", "coded", "--json", cwd=workdir)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)[0]
    assert found["error"] is None
    assert found["evidence"] > 0
    rows = next((workdir / "coded").glob("*.jsonl")).read_bytes().decode("utf-8").splitlines()
    assert len(rows) == found["evidence"]


def test_what_a_program_reads_is_utf8_whatever_the_terminal(workdir: Path) -> None:
    (workdir / "emoji.txt").write_text(SHORT.replace("by hand", "by 🙂 ‘hand’"), encoding="utf-8")
    done = script("transcripts", "show", "emoji.txt", "--json", cwd=workdir, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "by 🙂 ‘hand’" in json.loads(done.stdout.decode("utf-8"))["text"]


def test_an_error_is_one_line_and_its_code(workdir: Path) -> None:
    done = script("report", "gone.json", "--out", "r.html", cwd=workdir)
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.decode() == "error: gone.json: cannot be read: No such file or directory — make it with assistant score\n"


def test_a_reader_that_closes_early_is_no_crash(workdir: Path) -> None:
    command = " ".join(f"'{a}'" for a in program("frameworks", "show"))
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -n 1"], cwd=workdir, env=variables(workdir), capture_output=True, timeout=60, check=True
    )
    assert done.stdout.startswith(b"MLOps framework")
    assert b"Traceback" not in done.stderr


def test_interrupted_it_says_so_and_keeps_what_is_done(workdir: Path, short: Path) -> None:
    names = []
    for n in range(400):
        (workdir / f"t{n}.txt").write_text(SHORT.replace("Porto", f"Porto {n}"), encoding="utf-8")
        names.append(f"t{n}.txt")
    running = subprocess.Popen(
        program("code", *names, "--out", "coded"),
        cwd=workdir,
        env=variables(workdir),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        # Where the tests run in the background their children would ignore the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        deadline = time.monotonic() + 120
        while not list((workdir / "coded").glob("*.jsonl")) and time.monotonic() < deadline:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        err = running.communicate(timeout=120)[1].decode()
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 130, err
    assert "interrupted; what was finished is kept" in err
    assert "Traceback" not in err
    written = sorted((workdir / "coded").glob("*.jsonl"))
    assert 1 <= len(written) < 400
    assert all(path.read_text(encoding="utf-8").endswith("}\n") for path in written)
    assert not list((workdir / "coded").glob("*.part"))


@pytest.mark.parametrize("arguments", [("--help",), ("project", "--help"), ("code", "--help")], ids=" ".join)
def test_help_loads_nothing_heavy(workdir: Path, arguments: tuple[str, ...]) -> None:
    heavy = ("numpy", "chromadb", "onnxruntime", "sqlalchemy", "openai", "langchain", "streamlit", "rich")
    code = (
        "import sys; from assistant.cli.app import run; code = run(sys.argv[1:]); "
        f"print([m for m in {heavy!r} if m in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=workdir,
        env=variables(workdir),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "Usage:" in done.stdout
    assert done.stderr.strip().splitlines()[-1] == "[]"
