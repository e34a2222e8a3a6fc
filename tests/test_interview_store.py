"""Interviews in the database: kill -9, two processes, erasure, links, transcripts, the command line. On SQLite and PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from interview_support import WordCoder, framework
from store_support import REFUSED, raw, raw_value

from assistant.errors import InputError, PermissionDenied, SettingsError, StaleEditError, StoreError
from assistant.interview import Conductor, load_guide, service
from assistant.interview import events as ev
from assistant.interview.engine import Setup
from assistant.interview.links import KEY_FILE, make_link, open_link, signing_key
from assistant.interview.logs import StoreLog
from assistant.settings import Settings
from assistant.store import Store, UseCase
from assistant.store.interview_events import InterviewEvents

pytest_plugins = ["store_fixtures"]

HERE = Path(__file__).parent
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = b"k" * 32


@pytest.fixture
def interview(store: Store, use_case: UseCase) -> str:
    return service.create(store, use_case.id, load_guide(), Setup(respondent="Annabel", role="data scientist"))


def talk(store: Store, interview: str, *answers: str) -> Conductor:
    made = Conductor(StoreLog(store, interview), framework(), WordCoder(framework()))
    made.consent(made.consent_text(), by="respondent")
    for text in answers:
        ledger = made.ledger
        assert ledger.pending is not None
        made.answer(text, to=ledger.pending.seq)
    return made


@pytest.mark.slow
def test_killed_at_every_event(url: str) -> None:
    environment = os.environ | {"PYTHONPATH": f"{HERE.parent}{os.pathsep}{HERE}"}
    done = subprocess.run(
        [sys.executable, str(HERE / "interview_killer.py"), url], env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["wrong"] == []
    assert outcome["places"] > 20
    every = {str(b.model_fields["kind"].default) for b in ev.Body.__args__[0].__args__}  # type: ignore[attr-defined]
    assert every - set(outcome["kinds"]) == {"declined", "put_aside"}


def test_answers_are_in_the_database_before_anything_else(store: Store, url: str, interview: str) -> None:
    class Broken(WordCoder):
        def findings(self, ledger: object) -> tuple[ev.Finding, ...]:
            raise StoreError("the engine fell over")

    made = talk(store, interview)
    broken = Conductor(made.log, made.framework, Broken(made.framework))
    text = "Quotes \" ' & <b>tags</b>\r\n\ttabs 🚀 \x00 \ud800"
    with pytest.raises(StoreError, match="fell over"):
        broken.answer(text, to=made.ledger.pending.seq)  # type: ignore[union-attr]
    with Store.open(url) as other:
        assert service.ledger(other, interview).answers == (text,)
        again = Conductor(StoreLog(other, interview), made.framework, made._coder).advance()
        assert again.pending is not None
        assert again.answers == (text,)


def test_two_processes_one_conversation(store: Store, url: str, interview: str) -> None:
    made = talk(store, interview)
    seen = made.ledger.pending.seq  # type: ignore[union-attr]
    with Store.open(url) as other:
        second = Conductor(StoreLog(other, interview), made.framework, WordCoder(made.framework))
        second.answer("From another browser.", to=seen)
    with pytest.raises(StaleEditError):
        made.answer("From this one.", to=seen)
    with pytest.raises(StaleEditError):
        InterviewEvents(store).append(interview, {"kind": "paused"}, expected=seen, by="x")
    assert made.ledger.answers == ("From another browser.",)


def test_the_log_only_grows(store: Store, url: str, interview: str) -> None:
    talk(store, interview, "Something.")
    for statement in ("UPDATE interview_events SET body = '{}'", "DELETE FROM interview_events"):
        with pytest.raises(REFUSED, match="append-only"):
            raw(url, statement)
    if url.startswith("sqlite"):
        with pytest.raises(REFUSED, match="append-only"):
            raw(url, "INSERT OR REPLACE INTO interview_events SELECT * FROM interview_events")


def test_withdrawing_erases_everything_for_good(store: Store, url: str, use_case: UseCase, interview: str) -> None:
    made = talk(store, interview, "The zebra pipeline of Wintermute is mine. #data.management=3")
    made.stop()
    service.keep_transcript(store, interview)
    tombstone = service.withdraw(store, interview)
    assert tombstone.removed["interview_events"] > 4
    assert tombstone.removed["transcripts"] == 1
    with store.engine.connect() as c:
        rows = [str(r) for name in store.engine.dialect.get_table_names(c) for r in c.exec_driver_sql(f"SELECT * FROM {name}")]
    files = b"".join(p.read_bytes() for p in Path(url.removeprefix("sqlite:///")).parent.glob("*")) if url.startswith("sqlite") else b""
    for word in ("zebra", "Wintermute", "Annabel"):
        assert not [r for r in rows if word in r]
        assert word.encode() not in files
    assert raw_value(url, "SELECT count(*) FROM interview_events") == 0
    with pytest.raises(StoreError, match="withdrawn and erased"):
        made.log.append(ev.Paused(), expected=0, by="x")
    with pytest.raises(InputError, match="withdrawn, and nothing of it is kept"):
        service.ledger(store, interview)
    assert InterviewEvents(store).ends(use_case.id) == {}


def test_the_transcript_is_stored_like_an_upload(store: Store, use_case: UseCase, interview: str) -> None:
    made = talk(store, interview, 'I say "this" & that 🚀\r\nand more. #organisation.roles=3', "And this.")
    with pytest.raises(InputError, match="not over"):
        service.keep_transcript(store, interview)
    made.stop()
    kept = service.keep_transcript(store, interview)
    assert service.keep_transcript(store, interview) == kept
    assert kept.format == "interview"
    assert store.transcripts(use_case.id)[0].interview == interview
    elsewhere = store.add_use_case(use_case.organisation, "Upload")
    from assistant.transcripts import read_transcript

    data = service.download(store, interview)
    uploaded = read_transcript(data, name="mine.json")
    store.add_transcript(elsewhere.id, uploaded, data)
    assert uploaded.id == kept.id
    assert [(t.speaker, t.role, t.start, t.end) for t in uploaded.turns] == [(t.speaker, t.role, t.start, t.end) for t in kept.turns]
    assert [p.name for p in store.participants(use_case.id)] == ["Annabel"]


@pytest.mark.slow
def test_live_and_uploaded_give_the_same_evidence(store: Store, interview: str) -> None:
    from assistant.extraction.engines import make_engine
    from assistant.models import CodingTask
    from assistant.transcripts import read_transcript

    settings = Settings()
    made = service.conductor(store, interview, settings)
    made.consent(made.consent_text(), by="respondent")
    answers = (
        "I lead the data science team. Two engineers are responsible for the platform, and each model has one named owner.",
        "All sources land in the lake every night through the same pipeline, nobody has to touch it.",
        "I train in notebooks, and then I copy the model to the server by hand. We retrain once a month.",
        "Every merge request is reviewed by a second person before it's merged, that's the rule for all the repositories.",
    )
    for text in answers:
        made.answer(text, to=made.ledger.pending.seq)  # type: ignore[union-attr]
    made.stop()
    ledger = made.ledger
    transcript = read_transcript(service.download(store, interview), name="x.json")
    engine = make_engine("local", made.framework, settings)
    task = CodingTask(transcript=transcript, framework=made.framework, engine=engine.name, engine_version=engine.version)
    coded = engine.code(task).evidence
    assert coded
    starts = [t.start for t in transcript.turns]
    of = {
        (e.turn, e.start - starts[e.turn], e.end - starts[e.turn], e.element, e.statement, e.status, e.codes, e.confidence) for e in coded
    }
    assert {(f.turn, f.start, f.end, f.element, f.statement, f.status, f.codes, f.confidence) for f in ledger.findings} == of


# ---------------------------------------------------------------- links


def test_a_link_opens_its_interview_and_nothing_else(store: Store, use_case: UseCase, interview: str) -> None:
    other = service.create(store, use_case.id, load_guide(), Setup(respondent="Bob"))
    token = make_link(interview, KEY, NOW)
    assert open_link(token, KEY, NOW, store).interview == interview
    assert open_link(token, KEY, NOW, store, interview=interview).interview == interview
    with pytest.raises(PermissionDenied, match="another interview"):
        open_link(token, KEY, NOW, store, interview=other)
    with pytest.raises(PermissionDenied, match="expired"):
        open_link(token, KEY, NOW + timedelta(days=14), store)
    parts = token.split(".")
    altered = [
        ".".join([other, *parts[1:]]), ".".join([parts[0], str(int(parts[1]) + 1), *parts[2:]]), ".".join([*parts[:2], "A" * 22, parts[3]]),
        token[:-1] + ("A" if token[-1] != "A" else "B"), token + "A", token[:-1], token + "=", f" {token}", "", ".", "...", "a.1.b.c", "é" + token, "x" * 10000,
        token.upper(), f"{token}\n",
    ]  # fmt: skip
    for bad in altered:
        with pytest.raises(PermissionDenied, match="not valid"):
            open_link(bad, KEY, NOW, store)
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if last != token[-1]:
            with pytest.raises(PermissionDenied):
                open_link(token[:-1] + last, KEY, NOW, store)
    with pytest.raises(PermissionDenied, match="not valid"):
        open_link(token, b"another key, thirty-two bytes ..", NOW, store)
    assert make_link(interview, KEY, NOW) != token


def test_a_link_dies_with_the_withdrawal(store: Store, interview: str) -> None:
    token = make_link(interview, KEY, NOW)
    service.withdraw(store, interview)
    with pytest.raises(PermissionDenied, match="withdrawn"):
        open_link(token, KEY, NOW, store)
    with pytest.raises(PermissionDenied, match="withdrawn"):
        open_link(make_link("01890000-0000-7000-8000-000000000000", KEY, NOW), KEY, NOW, store)


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    key = signing_key(settings)
    assert len(key) == 32
    assert signing_key(settings) == key
    assert (tmp_path / "new" / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [p.name for p in (tmp_path / "new").iterdir()] == [KEY_FILE]
    assert signing_key(Settings(data_dir=tmp_path, interview_link_key="x" * 40)) == b"x" * 40
    (tmp_path / "new" / KEY_FILE).write_bytes(b"")
    with pytest.raises(SettingsError, match="is damaged"):
        signing_key(settings)
    with pytest.raises(SettingsError, match="shorter than 32"):
        signing_key(Settings(data_dir=tmp_path, interview_link_key="short"))


# ---------------------------------------------------------------- command line


@pytest.mark.slow
def test_the_command_line_is_scriptable_resumes_and_exports(tmp_path: Path) -> None:
    environment = os.environ | {"ASSISTANT_DATA_DIR": str(tmp_path / "data")}
    environment.pop("ASSISTANT_DATABASE_URL", None)

    def cli(*arguments: str, text: str = "") -> str:
        code = "import sys; from assistant.cli.app import run, app; from assistant.cli import interview\n"
        code += "if 'interview' not in [g.name for g in app.registered_groups]: app.add_typer(interview.app, name='interview')\n"
        code += "sys.exit(run(sys.argv[1:]))"
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=environment, input=text, capture_output=True, text=True, timeout=120, check=False,
            cwd=HERE.parent,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    cli("project", "create", "Acme/Scoring")
    name = cli("interview", "start", "Acme/Scoring", "--respondent", "Ann", "--role", "data scientist").strip()
    script = [{"consent": True}, {"answer": 'I lead "data science" & more 🚀'}, {"skip": True}, {"progress": True}]
    first = [json.loads(line) for line in cli("interview", "run", name, "--json", text="\n".join(map(json.dumps, script))).splitlines()]
    assert "consent" in first[0]
    assert first[-1] == {"paused": True}
    pending = [o for o in first if "ask" in o][-1]
    second = cli("interview", "run", name, text="We do it by hand,\\\nas I said.\n/refuse\n/stop\n")
    assert pending["ask"] in second
    assert "Kept as transcript" in second
    exported = json.loads(cli("interview", "export", name))
    said = [t["text"] for t in exported["turns"] if t["role"] == "respondent"]
    assert said == ['I lead "data science" & more 🚀', "We do it by hand,\nas I said."]
    status = json.loads(cli("interview", "status", name, "--json"))
    assert status["over"] is True
    assert {q["status"] for q in status["questions"].values()} <= {"answered", "partial", "skipped", "refused", "not reached"}
    listed = json.loads(cli("interview", "list", "Acme/Scoring", "--json"))
    assert [row["state"] for row in listed] == ["stopped"]
    assert json.loads(cli("interview", "across", "Acme/Scoring", "--json"))["next"]
    assert cli("interview", "withdraw", name, "--yes").startswith("erased")
