"""Commands on the database: create, add, code, decide, score, report. A use case is named `ORGANISATION/USE CASE`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from assistant.cli.common import accepting, chosen_of, emit, note, progress, say, summary, table
from assistant.errors import AssistantError, InputError, NotFoundError

if TYPE_CHECKING:
    from assistant.store import Store, UseCase

app = typer.Typer(help="Projects in the database (SQLite by default; ASSISTANT_DATABASE_URL for PostgreSQL).", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="For a program: JSON on standard output.")]
Name = Annotated[str, typer.Argument(metavar="ORGANISATION/USE_CASE", help='E.g. "Acme/Fraud scoring".', show_default=False)]
By = Annotated[str, typer.Option("--by", help="Who does it, for the audit trail.")]
FrameworkOption = Annotated[str | None, typer.Option("--framework", help="Id of a framework, or a file. Default: john-2025.")]


@contextmanager
def opened() -> Iterator[Store]:
    """The database of the settings, created or migrated where needed."""
    from assistant.settings import get_settings
    from assistant.store import Store

    settings = get_settings()
    if settings.database_url is None:
        try:
            settings.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot be created: {error.strerror}", source=str(settings.data_dir), remedy="set ASSISTANT_DATA_DIR"
            ) from error
    with Store.open(settings.resolved_database_url) as store:
        yield store


def split_name(name: str) -> tuple[str, str]:
    """Organisation and use case of `ORGANISATION/USE CASE`."""
    organisation, slash, use_case = name.partition("/")
    if not slash or not organisation.strip() or not use_case.strip():
        raise InputError(f"{name!r} is not a project name", remedy='write it as "Organisation/Use case"')
    return organisation.strip(), use_case.strip()


def find(store: Store, name: str) -> UseCase:
    """The use case of that name. Raises NotFoundError naming those that exist."""
    organisation, use_case = split_name(name)
    names = []
    for o in store.organisations(archived=True):
        for u in store.use_cases(o.id, archived=True):
            if (o.name, u.name) == (organisation, use_case):
                return u
            names.append(f"{o.name}/{u.name}")
    known = f"there are: {'; '.join(names)}" if names else "there is none yet"
    raise NotFoundError(f"there is no project {name!r}", remedy=f'{known}; make it with: assistant project create "{name}"')


@app.command("create")
def create(name: Name, by: By = "local") -> None:
    """Make an organisation and use case; nothing happens where it exists."""
    organisation, use_case = split_name(name)
    with opened() as store:
        owner = next((o for o in store.organisations(archived=True) if o.name == organisation), None) or store.add_organisation(
            organisation, by=by
        )
        if any(u.name == use_case for u in store.use_cases(owner.id, archived=True)):
            say(f"{name} exists")
            return
        store.add_use_case(owner.id, use_case, by=by)
        say(f"{name} created")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Projects with their transcripts and the state of their evidence."""
    with opened() as store:
        rows = []
        for o in store.organisations():
            for u in store.use_cases(o.id):
                counts = store.counts(u.id)
                rows.append(
                    {
                        "project": f"{o.name}/{u.name}",
                        "transcripts": len(store.transcripts(u.id)),
                        "assessments": len(store.assessments(u.id)),
                        "evidence": {state.value: n for state, n in counts.items()},
                    }
                )
    if as_json:
        emit(rows)
        return
    table(
        ["project", "transcripts", "evidence", "assessments"],
        [
            [
                str(r["project"]),
                str(r["transcripts"]),
                ", ".join(f"{n} {s}" for s, n in cast("dict[str, int]", r["evidence"]).items()),
                str(r["assessments"]),
            ]
            for r in rows
        ],
    )


@app.command("add")
def add(
    name: Name,
    files: Annotated[list[Path], typer.Argument(help="Transcripts.", show_default=False)],
    interviewer: Annotated[list[str] | None, typer.Option("--interviewer", help="Who interviews; guessed where absent.")] = None,
    by: By = "local",
) -> None:
    """Add transcripts; the same file twice is stored once. A file that fails does not stop the others."""
    from assistant.pipeline import add_file
    from assistant.transcripts import remarks

    failed: list[AssistantError] = []
    with opened() as store:
        use_case = find(store, name)
        for path in files:
            try:
                transcript, created = add_file(store, use_case.id, path, interviewer=interviewer or (), by=by)
                say(f"{path}: {'added' if created else 'was there already'}, {len(transcript.turns)} turns")
                for remark in remarks(transcript):
                    note(f"  {remark}")
            except AssistantError as error:
                failed.append(error)
                note(f"error: {error}")
    if failed:
        raise typer.Exit(failed[0].exit_code if len(failed) == len(files) else 1)


@app.command("code")
def code(
    name: Name,
    framework: FrameworkOption = None,
    engine: Annotated[str, typer.Option("--engine", help="Coding engine: local.")] = "local",
    by: By = "local",
) -> None:
    """Code every transcript that is not coded yet. Killed and run again, it goes on where it was."""
    from assistant.extraction.engines import make_engine
    from assistant.frameworks import load_framework
    from assistant.pipeline import code_use_case
    from assistant.settings import get_settings

    settings = get_settings()
    chosen = load_framework(framework or settings.framework)
    with opened() as store:
        use_case = find(store, name)
        infos = store.transcripts(use_case.id)
        if not infos:
            raise InputError(f"{name} has no transcripts", remedy=f'add some: assistant project add "{name}" FILE...')
        with progress("coding", len(infos)) as step:
            results = code_use_case(store, use_case.id, chosen, make_engine(engine, chosen, settings), by=by, progress=step)
        found = sum(len(r.evidence) for r in results)
        say(f"{name}: {len(results)} of {len(infos)} transcripts coded now, {found} pieces of evidence proposed")


@app.command("evidence")
def evidence(
    name: Name,
    element: Annotated[str | None, typer.Option("--element", help="Only this element.")] = None,
    state: Annotated[str | None, typer.Option("--state", help="proposed, confirmed, rejected or unsure.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """List evidence with ids to decide on."""
    from assistant.models import EvidenceState
    from assistant.store import EvidenceFilter

    states = (EvidenceState(chosen_of(state, EvidenceState, "--state")),) if state is not None else ()
    wanted = EvidenceFilter(elements=(element,) if element else (), states=states)
    with opened() as store:
        page = store.evidence(find(store, name).id, wanted, limit=limit)
    if element and not page.items:
        _check_element(element)
    if as_json:
        emit([{**i.evidence.model_dump(mode="json"), "last_decision": i.last_decision} for i in page.items])
        return
    for item in page.items:
        e = item.evidence
        reading = f"{e.status.value}, {e.polarity.value}, {e.stage_low}-{e.stage_high}"
        say(f"{e.id}  {e.state.value:<9} {e.element}  {reading}  {e.confidence:.2f}\n    “{e.quote}”")
    if page.next:
        note(f"more than {limit}: raise --limit or choose an --element")


def _check_element(element: str) -> None:
    """Raises InputError where no framework that is here has such an element: most likely a slip."""
    from assistant.frameworks import list_frameworks, load_framework
    from assistant.frameworks.schema import suggestion

    known = {e.id for i in list_frameworks() for e in load_framework(i).elements}
    if element not in known:
        raise InputError(f"there is no element {element}", remedy=suggestion(element, sorted(known)) or "see `assistant frameworks show`")


@app.command("decide")
def decide(
    name: Name,
    evidence_ids: Annotated[
        list[str],
        typer.Argument(metavar="EVIDENCE...", help="Ids of evidence, or `all` for everything still proposed.", show_default=False),
    ],
    action: Annotated[str, typer.Option("--action", help="confirm, reject, unsure or reopen.")],
    reviewer: Annotated[str, typer.Option("--reviewer", help="Who decides.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; needed for reject.")] = "",
) -> None:
    """Decide on evidence. Decisions are only ever added; `reopen` takes the last one back."""
    from assistant.models import EvidenceState
    from assistant.pipeline import evidence_ids_in_state

    chosen_of(action, ("confirm", "reject", "unsure", "reopen"), "--action")
    with opened() as store:
        use_case = find(store, name)
        ids = evidence_ids_in_state(store, use_case.id, EvidenceState.PROPOSED) if evidence_ids == ["all"] else evidence_ids
        for evidence_id in ids:
            if action == "reopen":
                store.undo(use_case.id, evidence_id, reviewer)
            else:
                store.decide(use_case.id, evidence_id, cast('Literal["confirm", "reject", "unsure"]', action), reviewer, reason=reason)
        say(f"{len(ids)} decided: {action}")


@app.command("settle")
def settle(
    name: Name,
    element: Annotated[str, typer.Argument(help="Id of the element.", show_default=False)],
    action: Annotated[str, typer.Option("--action", help="settle, not_applicable, missing_evidence or reopen.")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    reviewer: Annotated[str, typer.Option("--reviewer", help="Who decides.")],
    statement: Annotated[str | None, typer.Option("--statement", help="For settle: the statement that stands.")] = None,
    framework: FrameworkOption = None,
) -> None:
    """Decide on a whole element: settle a conflict, or say that it does not apply."""
    from assistant.frameworks import load_framework
    from assistant.settings import get_settings

    chosen_of(action, ("settle", "not_applicable", "missing_evidence", "reopen"), "--action")
    chosen = load_framework(framework or get_settings().framework)
    of = next((e for e in chosen.elements if e.id == element), None)
    if of is None:
        raise InputError(f"{chosen.id} has no element {element}", remedy=f"use one of {', '.join(e.id for e in chosen.elements)}")
    if statement is not None and of.statement(statement) is None:
        raise InputError(f"{element} has no statement {statement}", remedy=f"use one of {', '.join(s.id for s in of.statements)}")
    kind = cast('Literal["settle", "not_applicable", "missing_evidence", "reopen"]', action)
    with opened() as store:
        store.decide_element(find(store, name).id, chosen.id, element, kind, reviewer, reason=reason, statement=statement)
    say(f"{element}: {action}")


@app.command("score")
def score(
    name: Name,
    accept: Annotated[str, typer.Option("--accept", help="`confirmed`, or `all` as a draft.")] = "confirmed",
    policy: Annotated[str | None, typer.Option("--policy", help="majority, weakest-link or iso33020.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Also write the assessment to a file.")] = None,
    freeze: Annotated[
        str | None, typer.Option("--freeze", metavar="LABEL", help="Keep the assessment in the database under this label.")
    ] = None,
    framework: FrameworkOption = None,
    by: By = "local",
    as_json: Json = False,
) -> None:
    """Score a project from its decisions."""
    from assistant.frameworks import load_framework
    from assistant.models import canonical_json
    from assistant.pipeline import score_use_case, write_atomic
    from assistant.settings import get_settings

    accepted = accepting(accept)
    if freeze is not None and accepted == "all":
        raise InputError("a draft that nobody reviewed cannot be frozen", remedy="review the evidence, then freeze what is confirmed")
    chosen = load_framework(framework or get_settings().framework)
    with opened() as store:
        use_case = find(store, name)
        result = score_use_case(store, use_case.id, chosen, policy=policy, accept=accepted)
        if freeze is not None:
            store.freeze_assessment(use_case.id, result.assessment, chosen, by=by, label=freeze)
    if out is not None:
        write_atomic(out, canonical_json(result.model_dump(mode="json")) + "\n")
    if as_json:
        emit(result.assessment.model_dump(mode="json", exclude={"evidence"}))
    else:
        summary(result.assessment, chosen)


@app.command("report")
def report(
    name: Name,
    out: Annotated[Path, typer.Option("--out", help="Report to write: .html, .md or .json.")],
    accept: Annotated[str, typer.Option("--accept", help="`confirmed`, or `all` as a draft.")] = "confirmed",
    policy: Annotated[str | None, typer.Option("--policy", help="majority, weakest-link or iso33020.")] = None,
    names: Annotated[bool, typer.Option("--names", help="Show participants by name.")] = False,
    framework: FrameworkOption = None,
) -> None:
    """Score a project and write its report."""
    from assistant.frameworks import load_benchmarks, load_framework
    from assistant.pipeline import score_use_case
    from assistant.report import write_report
    from assistant.settings import get_settings

    accepted = accepting(accept)
    chosen = load_framework(framework or get_settings().framework)
    with opened() as store:
        result = score_use_case(store, find(store, name).id, chosen, policy=policy, accept=accepted)
    write_report(out, result, chosen, companies=next(iter(load_benchmarks(chosen.id)), None), names=names)
    say(str(out))
