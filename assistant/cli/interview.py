"""`assistant interview`: the interview in a terminal, by the same engine as in the browser; ``--json``: one object a line each way."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from assistant.cli.common import emit, note, say, table
from assistant.cli.project import By, Json, Name, find, opened
from assistant.errors import InputError, StaleEditError

if TYPE_CHECKING:
    from assistant.interview import Conductor, Ledger
    from assistant.interview.policy import Order

app = typer.Typer(help="Conduct interviews from a guide: start, go on, export, compare.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="INTERVIEW", help="Id that `assistant interview start` printed.", show_default=False)]
GuideOption = Annotated[str, typer.Option("--guide", help="Id of a guide, or a YAML file.")]
_COMMANDS = ("/skip", "/refuse", "/pause", "/stop", "/withdraw", "/progress")
COMMANDS = "/skip  /refuse  /pause  /stop  /withdraw  /progress; end a line with \\ to go on in the next"


@app.command("guides")
def guides(as_json: Json = False) -> None:
    """Guides that ship with the product."""
    from assistant.interview import list_guides, load_guide

    found = [load_guide(name) for name in list_guides()]
    rows = [{"id": g.id, "version": g.version, "title": g.title, "questions": len(g.items), "minutes": g.budget_minutes} for g in found]
    if as_json:
        emit(rows)
        return
    table(
        ["id", "version", "questions", "minutes", "title"],
        [[str(r[k]) for k in ("id", "version", "questions", "minutes", "title")] for r in rows],
    )


@app.command("check-guide")
def check_guide(guide: Annotated[str, typer.Argument(help="A guide file, or an id.", show_default=False)]) -> None:
    """Every problem of a guide, with line, key and remedy. Exit code 3 where there is any."""
    from assistant.interview.guide import validate_guide

    errors = validate_guide(guide)
    for error in errors:
        say(str(error))
    if errors:
        raise typer.Exit(3)
    say(f"{guide}: no problems")


@app.command("start")
def start(
    name: Name,
    guide: GuideOption = "john-2025-adoption",
    respondent: Annotated[str, typer.Option("--respondent", help="Name or pseudonym of who answers.")] = "Respondent",
    role: Annotated[str, typer.Option("--role", help="Their function, e.g. data scientist.")] = "",
    minutes: Annotated[float | None, typer.Option("--minutes", min=5, help="Time budget; the guide's where absent.")] = None,
    focus: Annotated[list[str] | None, typer.Option("--focus", help="Element to settle (repeatable); for a follow-up.")] = None,
    follow_up: Annotated[bool, typer.Option("--follow-up", help="Focus on what the use case's interviews left open.")] = False,
    by: By = "local",
) -> None:
    """Set an interview up and print its id. Nothing is asked yet: go on with `run` or `link`."""
    from assistant.interview import load_guide, service
    from assistant.interview.engine import Setup

    chosen = load_guide(guide)
    with opened() as store:
        use_case = find(store, name).id
        wanted = tuple(focus or ()) or (service.use_case_across(store, use_case).focus if follow_up else ())
        setup = Setup(mode="terminal", respondent=respondent, role=role, budget_minutes=minutes, focus=wanted)
        say(service.create(store, use_case, chosen, setup, by=by))


@app.command("run")
def run(
    interview: Id,
    as_json: Json = False,
    yes: Annotated[bool, typer.Option("--consent", help="The respondent has read the consent text and agrees.")] = False,
    order: Annotated[
        str | None, typer.Option("--order", help="coverage (what is unknown first) or guide; the guide's own where absent.")
    ] = None,
) -> None:
    """Take the interview here, or go on with it: at the pending question, with nothing lost. The end of input pauses it.

    With --json every line of input is one of {"consent": true}, {"answer": "…"}, {"skip": true}, {"refuse": true}, {"pause": true},
    {"stop": true}, {"withdraw": true}, {"progress": true}.
    """
    from assistant.interview import service
    from assistant.settings import get_settings

    if order not in (None, "coverage", "guide"):
        raise InputError(f"there is no order {order!r}", remedy="use coverage or guide")
    with opened() as store:
        talk = _Talk(service.conductor(store, interview, get_settings(), order=cast("Order | None", order)), as_json, sys.stdin)
        withdrawn = talk.go(consented=yes)
        if withdrawn:
            service.withdraw(store, interview)
            talk.show({"withdrawn": True}, "Withdrawn: your answers are erased for good.")
        elif talk.conductor.ledger.over and talk.conductor.ledger.answers:
            transcript = service.keep_transcript(store, interview)
            talk.show({"transcript": transcript.id}, f"Thank you. Kept as transcript {transcript.id}.")


class _Talk:
    """The conversation on standard input and output."""

    def __init__(self, conductor: Conductor, as_json: bool, lines: Iterable[str]) -> None:
        self.conductor = conductor
        self._json = as_json
        self._lines = iter(lines)

    def show(self, plain: dict[str, Any], text: str) -> None:
        """One line for a program, or text for people."""
        if self._json:
            print(json.dumps(plain, ensure_ascii=False), flush=True)
        else:
            say(text)

    def go(self, *, consented: bool) -> bool:
        """Until the end, a pause, or the end of input; whether the respondent withdrew."""
        ledger = self.conductor.resume() if self.conductor.ledger.paused else self.conductor.advance()
        if ledger.declined:
            self.show({"declined": True}, "The respondent did not agree to this interview: nothing is asked.")
            return False
        if ledger.consent is None and not self._consent(consented):
            return False
        noticed = False
        ledger = self.conductor.ledger
        while ledger.pending is not None:
            if self.conductor.notice() and not noticed:
                noticed = True
                note(self.conductor.notice())
            pending = ledger.pending
            left = round(ledger.minutes_left, 1)
            known = {
                "seq": pending.seq,
                "kind": pending.body.kind,
                "ask": pending.text,
                "minutes_left": left,
                "settled": len(ledger.settled),
            }
            self.show(known, f"\n{pending.text}   [{left:.0f} min left]")
            try:
                said = self._next() or {"pause": True}
                if said.get("withdraw") is True:
                    return True
                if said.get("progress") is True:
                    self.show(progress(ledger), _progress_text(ledger))
                elif not self._done(said, pending.seq):
                    return False
            except (InputError, StaleEditError) as error:
                self.show({"error": str(error)}, str(error))
            ledger = self.conductor.ledger
        return False

    def _done(self, said: dict[str, Any], to: int) -> bool:
        """Does what was said; whether to go on."""
        conductor = self.conductor
        if said.get("pause") is True:
            conductor.pause()
            self.show({"paused": True}, "Paused. The same command goes on from here.")
            return False
        if said.get("stop") is True:
            conductor.stop()
            return False
        if said.get("skip") is True:
            conductor.skip(to=to)
        elif said.get("refuse") is True:
            conductor.refuse(to=to)
        elif isinstance(said.get("answer"), str):
            conductor.answer(said["answer"], to=to)
        else:
            raise InputError(f"{json.dumps(said)[:80]} says nothing that is known here", remedy='give {"answer": "…"}')
        return True

    def _consent(self, given: bool) -> bool:
        """Whether the respondent agrees. Only a plain no declines, for good; at the end of input nothing is decided."""
        text = self.conductor.consent_text()
        if not given:
            self.show({"consent": text.text, "version": text.version}, text.text)
            agrees = self._agrees()
            if agrees is False:
                self.conductor.decline(by="respondent")
            if not agrees:
                self.show({"declined": agrees is False}, "Nothing was asked, and no answer is kept.")
                return False
        self.conductor.consent(text, by="respondent")
        return True

    def _agrees(self) -> bool | None:
        """Asks until there is a yes or a no; None at the end of input, or for a pause."""
        while True:
            if not self._json:
                say("\nDo you agree? (yes/no)")
            try:
                said = self._next()
                if said is None or said.get("pause") is True:
                    return None
                word = said.get(
                    "consent", {"yes": True, "y": True, "no": False, "n": False}.get(str(said.get("answer")).strip().casefold())
                )
                if isinstance(word, bool):
                    return word
                raise InputError("that is neither a yes nor a no", remedy='give {"consent": true} or {"consent": false}; or yes, or no')
            except InputError as error:
                self.show({"error": str(error)}, str(error))

    def _next(self) -> dict[str, Any] | None:
        """What people or programs say next; None at the end of input. Raises InputError for a line of JSON that cannot be used."""
        kept = ""
        for line in self._lines:
            raw = line.rstrip("\n")
            if self._json:
                if raw.strip():
                    return _parsed(raw)
                continue
            if raw.endswith("\\"):
                kept += raw[:-1] + "\n"
                continue
            said, kept = kept + raw, ""
            word = said.strip()
            if word in _COMMANDS:
                return {word[1:]: True}
            if word.startswith("/") and len(word.split()) == 1:
                say(COMMANDS)
            elif word:
                return {"answer": said}
        # A last line that was to go on is said all the same.
        return {"answer": kept} if kept.strip() else None


def _parsed(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(
            f"this line of input is not JSON: {error.msg}", place=line[:60], remedy='give {"answer": "…"}, one object a line'
        ) from error
    if not isinstance(value, dict):
        raise InputError("a line of input must be an object", place=line[:60], remedy='give {"answer": "…"}')
    return value


def progress(ledger: Ledger) -> dict[str, Any]:
    """The ledger for a program."""
    return {
        "minutes": round(ledger.minutes, 2),
        "minutes_left": round(ledger.minutes_left, 2),
        "over": ledger.over,
        "paused": ledger.paused,
        "pending": ledger.pending.text if ledger.pending else None,
        "questions": {k: {"status": e.status, "turns": list(e.turns), "covered": e.covered} for k, e in ledger.entries.items()},
        "elements": {
            k: {"status": c.status, "asked": c.asked, "confirmed": c.confirmed, "refused": c.refused} for k, c in ledger.coverage.items()
        },
    }


def _progress_text(ledger: Ledger) -> str:
    rows = [f"  {name}: {c.status}" for name, c in ledger.coverage.items()]
    return "\n".join(
        [f"{ledger.minutes:.0f} min used, {ledger.minutes_left:.0f} left; {len(ledger.settled)} of {len(rows)} settled", *rows]
    )


@app.command("list")
def list_(name: Name, as_json: Json = False) -> None:
    """Interviews of a use case that were taken here."""
    from assistant.interview import service

    with opened() as store:
        found = service.standings(store, find(store, name).id)
    rows = [
        {"id": one.interview, "respondent": one.ledger.opened.respondent, "role": one.ledger.opened.role,
         "state": service.state_of(one.ledger), "minutes": round(one.ledger.minutes, 1), "settled": len(one.ledger.settled)}
        for one in found
    ]  # fmt: skip
    if as_json:
        emit(rows)
        return
    columns = ["id", "respondent", "role", "state", "minutes", "settled"]
    table(columns, [[str(r[c]) for c in columns] for r in rows])


@app.command("status")
def status(interview: Id, as_json: Json = False) -> None:
    """What was asked and answered, and what is known of each element."""
    from assistant.interview import service

    with opened() as store:
        ledger = service.ledger(store, interview)
    if as_json:
        emit(progress(ledger))
        return
    say(_progress_text(ledger))
    asked = [(k, e) for k, e in ledger.entries.items() if e.status != "not reached"]
    table(["question", "status", "turns"], [[k, e.status, ", ".join(map(str, e.turns))] for k, e in asked])


@app.command("export")
def export(interview: Id, out: Annotated[Path | None, typer.Option("--out", help="File; standard output where absent.")] = None) -> None:
    """The conversation as a transcript file that can be uploaded: the respondent's own copy."""
    from assistant.interview import service
    from assistant.pipeline import write_atomic

    with opened() as store:
        data = service.download(store, interview)
    if out is None:
        sys.stdout.write(data.decode("utf-8"))
        return
    write_atomic(out, data.decode("utf-8"))
    note(f"written: {out}")


@app.command("link")
def link(interview: Id, days: Annotated[float, typer.Option("--days", min=0.01, max=366, help="How long it is good.")] = 14.0) -> None:
    """A signed token for the respondent, as a link where ASSISTANT_APP_URL is set: opens this interview alone, until it expires.

    One that is over opens too: the respondent may download their transcript, or withdraw.
    """
    from assistant.interview import service
    from assistant.interview.links import address, make_link, signing_key
    from assistant.settings import get_settings
    from assistant.store.clock import utc_now

    with opened() as store:
        # Raises where it was not taken here, or was withdrawn.
        service.ledger(store, interview)
    settings = get_settings()
    token = make_link(interview, signing_key(settings), utc_now(), days=days)
    say(address(settings.app_url, token) if settings.app_url else token)


@app.command("withdraw")
def withdraw(
    interview: Id,
    reason: Annotated[
        str, typer.Option("--reason", help="For the audit trail; no names or words of the respondent.")
    ] = "withdrawn by the respondent",
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: By = "local",
) -> None:
    """Erase an interview for good at the respondent's wish; a tombstone stays in the audit trail."""
    from assistant.interview import service

    if not sure and not typer.confirm("Erase all answers and everything quoted from them for good?"):
        raise typer.Abort
    with opened() as store:
        tombstone = service.withdraw(store, interview, by=by, reason=reason)
    say(f"erased: {sum(tombstone.removed.values())} records")


@app.command("across")
def across(name: Name, as_json: Json = False) -> None:
    """All interviews of a use case together: what is known, who differs, what to ask whom next."""
    from assistant.interview import service

    with opened() as store:
        whole = service.use_case_across(store, find(store, name).id)
    if as_json:
        emit(whole.model_dump(mode="json"))
        return
    table(["element", "known", "respondents"], [[m.element, m.status, ", ".join(v.respondent for v in m.voices)] for m in whole.elements])
    for n in whole.next:
        say(f"\n{n.element}: {n.why}\n  ask {', '.join(n.whom) or 'somebody new'} ({n.role}): {n.question or 'all was asked'}")
