"""Organisations, use cases and participants: what may be renamed and archived, never deleted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, func, select

from assistant.errors import NotFoundError, StoreError
from assistant.store.base import Base, checked_name, required
from assistant.store.records import Organisation, Participant, ReviewMode, UseCase
from assistant.store.schema import organisations, participants, use_cases


class Projects(Base):
    """Part of `Store`."""

    def add_organisation(self, name: str, *, by: str = "local") -> Organisation:
        """Creates an organisation. Raises InputError for an unusable name, StoreError where it is taken."""
        name = checked_name(name, "organisation")
        with self._write() as c:
            self._refuse_taken(c, organisations, name, "organisation")
            row = {"id": self._new_id(), "name": name, "archived": False, "created_at": self._now()}
            c.execute(organisations.insert().values(**row))
            self._log(c, "organisation.added", by, str(row["id"]), name=name)
        return Organisation.model_validate(row)

    def organisation(self, organisation: str) -> Organisation:
        """One organisation. Raises NotFoundError."""
        with self._read() as c:
            return Organisation.model_validate(_one(c, organisations, organisation, "organisation"))

    def organisations(self, *, archived: bool = False) -> tuple[Organisation, ...]:
        """All organisations by name; ``archived`` adds the archived ones."""
        query = select(organisations).order_by(func.lower(organisations.c.name), organisations.c.id)
        if not archived:
            query = query.where(organisations.c.archived.is_(False))
        with self._read() as c:
            return tuple(Organisation.model_validate(dict(row)) for row in c.execute(query).mappings())

    def rename_organisation(self, organisation: str, name: str, *, by: str = "local") -> Organisation:
        """Gives another name. Raises NotFoundError, InputError for an unusable name, StoreError where it is taken."""
        name = checked_name(name, "organisation")
        with self._write() as c:
            before = _one(c, organisations, organisation, "organisation")
            if before["name"] != name:
                self._refuse_taken(c, organisations, name, "organisation")
                c.execute(organisations.update().where(organisations.c.id == organisation).values(name=name))
                self._log(c, "organisation.renamed", by, organisation, before=before["name"], after=name)
            return Organisation.model_validate(before | {"name": name})

    def archive_organisation(self, organisation: str, *, archived: bool = True, by: str = "local") -> Organisation:
        """Hides it from lists, or brings it back. Raises NotFoundError."""
        with self._write() as c:
            before = _one(c, organisations, organisation, "organisation")
            if before["archived"] != archived:
                c.execute(organisations.update().where(organisations.c.id == organisation).values(archived=archived))
                self._log(c, "organisation.archived" if archived else "organisation.restored", by, organisation)
            return Organisation.model_validate(before | {"archived": archived})

    def add_use_case(
        self, organisation: str, name: str, *, review: ReviewMode = ReviewMode.SHARED, by: str = "local"
    ) -> UseCase:  # fmt: skip
        """Creates a use case. Raises NotFoundError, InputError for an unusable name, StoreError where it is taken."""
        name = checked_name(name, "use case")
        with self._write() as c:
            _one(c, organisations, organisation, "organisation")
            self._refuse_taken(c, use_cases, name, "use case", organisation=organisation)
            row: dict[str, Any] = {
                "id": self._new_id(), "organisation": organisation, "name": name, "review": review.value, "archived": False,
                "created_at": self._now(),
            }  # fmt: skip
            c.execute(use_cases.insert().values(**row))
            self._log(c, "use_case.added", by, row["id"], use_case=row["id"], name=name, review=review.value)
        return UseCase.model_validate(row)

    def use_case(self, use_case: str) -> UseCase:
        """One use case. Raises NotFoundError."""
        with self._read() as c:
            return UseCase.model_validate(_one(c, use_cases, use_case, "use case"))

    def use_cases(self, organisation: str | None = None, *, archived: bool = False) -> tuple[UseCase, ...]:
        """Use cases by name, of one organisation or all; ``archived`` adds the archived ones."""
        query = select(use_cases).order_by(func.lower(use_cases.c.name), use_cases.c.id)
        if organisation is not None:
            query = query.where(use_cases.c.organisation == organisation)
        if not archived:
            query = query.where(use_cases.c.archived.is_(False))
        with self._read() as c:
            return tuple(UseCase.model_validate(dict(row)) for row in c.execute(query).mappings())

    def rename_use_case(self, use_case: str, name: str, *, by: str = "local") -> UseCase:
        """Gives another name. Raises NotFoundError, InputError for an unusable name, StoreError where it is taken."""
        name = checked_name(name, "use case")
        with self._write() as c:
            before = _one(c, use_cases, use_case, "use case")
            if before["name"] != name:
                self._refuse_taken(c, use_cases, name, "use case", organisation=before["organisation"])
                c.execute(use_cases.update().where(use_cases.c.id == use_case).values(name=name))
                self._log(c, "use_case.renamed", by, use_case, use_case=use_case, before=before["name"], after=name)
            return UseCase.model_validate(before | {"name": name})

    def archive_use_case(self, use_case: str, *, archived: bool = True, by: str = "local") -> UseCase:
        """Hides it from lists, or brings it back. Raises NotFoundError."""
        with self._write() as c:
            before = _one(c, use_cases, use_case, "use case")
            if before["archived"] != archived:
                c.execute(use_cases.update().where(use_cases.c.id == use_case).values(archived=archived))
                self._log(c, "use_case.archived" if archived else "use_case.restored", by, use_case, use_case=use_case)
            return UseCase.model_validate(before | {"archived": archived})

    def add_participant(self, use_case: str, name: str, *, role: str = "", by: str = "local") -> Participant:
        """Adds a person under the next free pseudonym. Raises NotFoundError, InputError for an unusable name."""
        name = checked_name(name, "participant")
        with self._write() as c:
            self._lock_use_case(c, use_case)
            return self._add_participant(c, use_case, name, role, by)

    def participants(self, use_case: str) -> tuple[Participant, ...]:
        """Everybody interviewed in a use case, in order of pseudonym."""
        query = select(participants).where(participants.c.use_case == use_case).order_by(participants.c.number)
        with self._read() as c:
            return tuple(_participant(dict(row)) for row in c.execute(query).mappings())

    def describe_participant(self, participant: str, *, name: str, role: str, by: str = "local") -> Participant:
        """Sets name and function; the pseudonym stays. Raises NotFoundError, InputError for an unusable name."""
        name = checked_name(name, "participant")
        with self._write() as c:
            before = _one(c, participants, participant, "participant")
            c.execute(participants.update().where(participants.c.id == participant).values(name=name, role=role))
            self._log(c, "participant.described", by, participant, use_case=before["use_case"])
            return _participant(before | {"name": name, "role": role})

    def _add_participant(self, c: Connection, use_case: str, name: str, role: str, by: str) -> Participant:
        """Under the use case's lock, so that no pseudonym is given twice."""
        by = required(by, "who does it")
        last = c.execute(select(func.max(participants.c.number)).where(participants.c.use_case == use_case)).scalar_one()
        row = {
            "id": self._new_id(), "use_case": use_case, "number": (last or 0) + 1, "name": name, "role": role, "created_at": self._now(),
        }  # fmt: skip
        c.execute(participants.insert().values(**row))
        self._log(c, "participant.added", by, str(row["id"]), use_case=use_case, pseudonym=f"P{row['number']}")
        return _participant(row)

    def _refuse_taken(self, c: Connection, table: Table, name: str, what: str, **within: str) -> None:
        """Raises StoreError where the name is in use; two at once are stopped by the unique key."""
        conditions = [table.c[column] == value for column, value in within.items()]
        if c.execute(select(table.c.id).where(table.c.name == name, *conditions)).first():
            raise StoreError(f"there is a {what} called '{name}' already", remedy="choose another name, or use (or restore) that one")


def _one(c: Connection, table: Table, row_id: str, what: str) -> dict[str, Any]:
    """The row with this id, locked where the database locks rows. Raises NotFoundError."""
    row = c.execute(select(table).where(table.c.id == row_id)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no {what} {row_id}", remedy="list them with `assistant project`")
    return dict(row)


def _participant(row: dict[str, Any]) -> Participant:
    return Participant.model_validate({k: v for k, v in row.items() if k != "number"} | {"pseudonym": f"P{row['number']}"})
