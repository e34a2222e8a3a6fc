"""Organisations and use cases, with how far each has come."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.errors import InputError
from assistant.store import Organisation, Participant, Store, UseCase
from assistant.ui.access import READ, WORK, User, call
from assistant.ui.services import queries
from assistant.ui.services.queries import Progress


@dataclass(frozen=True)
class Project:
    """A use case as Home shows it."""

    organisation: Organisation
    use_case: UseCase
    progress: Progress


@call(READ)
def overview(user: User, store: Store, framework: str, *, archived: bool = False) -> tuple[tuple[Organisation, tuple[Project, ...]], ...]:
    """Every organisation with its use cases and their progress under a framework."""
    progress = queries.progress(store, framework)
    lines = []
    for organisation in store.organisations(archived=archived):
        cases = store.use_cases(organisation.id, archived=archived)
        lines.append((organisation, tuple(Project(organisation, u, progress.get(u.id, Progress())) for u in cases)))
    return tuple(lines)


@call(READ)
def choices(user: User, store: Store) -> tuple[tuple[Organisation, UseCase], ...]:
    """Every use case that is not archived, with its organisation."""
    return tuple((organisation, use_case) for organisation in store.organisations() for use_case in store.use_cases(organisation.id))


@call(READ)
def open_use_case(user: User, store: Store, use_case: str) -> tuple[Organisation, UseCase]:
    """One use case with its organisation. Raises NotFoundError."""
    found = store.use_case(use_case)
    return store.organisation(found.organisation), found


@call(READ)
def revision(user: User, store: Store, use_case: str) -> str:
    """Changes whenever anything of the use case does."""
    return queries.revision(store, use_case)


@call(READ)
def participants(user: User, store: Store, use_case: str) -> tuple[Participant, ...]:
    """Everybody interviewed; a reader gets pseudonyms only."""
    found = store.participants(use_case)
    return found if user.role in WORK else tuple(p.model_copy(update={"name": ""}) for p in found)


@call(READ)
def pseudonyms(user: User, store: Store, use_case: str) -> dict[tuple[str, str], str]:
    """Transcript and speaker -> P1, P2 …, where the speaker is a participant."""
    people = {p.id: p.pseudonym for p in store.participants(use_case)}
    interviews = {i.id: i for i in store.interviews(use_case)}
    return {
        (info.id, speaker): people[person]
        for info in store.transcripts(use_case)
        for speaker, person in interviews[info.interview].speakers.items()
        if person in people
    }


@call(WORK)
def create(user: User, store: Store, organisation: str, use_case: str) -> UseCase:
    """A use case, in the organisation of that name or a new one. Raises InputError, StoreError."""
    with store.unit():
        owner = next((o for o in store.organisations(archived=True) if o.name == organisation.strip()), None)
        if owner is not None and owner.archived:
            raise InputError(f"the organisation {owner.name} is archived", remedy="show archived ones and bring it back first")
        owner = owner or store.add_organisation(organisation, by=user.name)
        return store.add_use_case(owner.id, use_case, by=user.name)


@call(WORK)
def rename_organisation(user: User, store: Store, organisation: str, name: str) -> Organisation:
    """Raises NotFoundError, InputError, StoreError."""
    return store.rename_organisation(organisation, name, by=user.name)


@call(WORK)
def rename_use_case(user: User, store: Store, use_case: str, name: str) -> UseCase:
    """Raises NotFoundError, InputError, StoreError."""
    return store.rename_use_case(use_case, name, by=user.name)


@call(WORK)
def archive_organisation(user: User, store: Store, organisation: str, archived: bool) -> Organisation:
    """Hides it, or brings it back. Raises NotFoundError."""
    return store.archive_organisation(organisation, archived=archived, by=user.name)


@call(WORK)
def archive_use_case(user: User, store: Store, use_case: str, archived: bool) -> UseCase:
    """Hides it, or brings it back. Raises NotFoundError."""
    return store.archive_use_case(use_case, archived=archived, by=user.name)


@call(WORK)
def describe_participant(user: User, store: Store, participant: str, *, name: str, role: str) -> Participant:
    """Name and function of somebody interviewed; the pseudonym stays. Raises NotFoundError, InputError."""
    return store.describe_participant(participant, name=name, role=role, by=user.name)
