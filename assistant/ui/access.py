"""Roles, and the one check that every service call goes through.

A service function takes the acting user first and is marked with the roles that may call it; `CALLS` lists them all, so that a test can
try every call as every role.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from assistant.errors import PermissionDenied

P = ParamSpec("P")
R = TypeVar("R")


class AppRole(StrEnum):
    """What somebody may do in the app."""

    ADMIN = "admin"
    ASSESSOR = "assessor"
    REVIEWER = "reviewer"
    RESPONDENT = "respondent"
    READER = "reader"


@dataclass(frozen=True)
class User:
    """Who is acting."""

    name: str
    """As decisions and the audit trail name them."""
    role: AppRole
    """What they may do."""
    local: bool = False
    """The single user of a local installation: nobody signed in."""
    role_now: Callable[[], AppRole] | None = field(default=None, compare=False, repr=False)
    """Asks again for the role of somebody who signed in: it may have been taken away since the page was drawn. Raises AssistantError."""


EVERYONE: Final = frozenset(AppRole)
READ: Final = frozenset({AppRole.ADMIN, AppRole.ASSESSOR, AppRole.REVIEWER, AppRole.READER})
"""Results with their quotes."""
REVIEW: Final = frozenset({AppRole.ADMIN, AppRole.ASSESSOR, AppRole.REVIEWER})
"""Whole transcripts, and decisions on evidence."""
WORK: Final = frozenset({AppRole.ADMIN, AppRole.ASSESSOR})
"""Projects, uploads, coding, freezing."""
ADMIN: Final = frozenset({AppRole.ADMIN})
"""Settings of the installation."""

CALLS: Final[dict[str, tuple[Callable[..., Any], frozenset[AppRole]]]] = {}
"""Every service call by name, with the roles that may make it."""


def allowed(user: User, roles: frozenset[AppRole]) -> bool:
    """Whether the user's role is one of these."""
    return user.role in roles


def check(user: User, roles: frozenset[AppRole], what: str) -> None:
    """Raises PermissionDenied unless the user's role, as it is now, is one of these."""
    role = user.role_now() if user.role_now is not None else user.role
    if role not in roles:
        who = ", ".join(role.value for role in AppRole if role in roles)
        raise PermissionDenied(f"the role {role.value} may not {what}", remedy=f"ask for it, or sign in as one of: {who}")


def call(roles: frozenset[AppRole]) -> Callable[[Callable[Concatenate[User, P], R]], Callable[Concatenate[User, P], R]]:
    """Marks a service function: it is refused before anything else is done unless the user has one of the roles."""

    def mark(function: Callable[Concatenate[User, P], R]) -> Callable[Concatenate[User, P], R]:
        what = function.__name__.replace("_", " ")

        @wraps(function)
        def checked(user: User, /, *args: P.args, **kwargs: P.kwargs) -> R:
            check(user, roles, what)
            return function(user, *args, **kwargs)

        CALLS[f"{function.__module__.rsplit('.', 1)[-1]}.{function.__name__}"] = (checked, roles)
        return checked

    return mark


def role_of(email: str, roles: Mapping[str, object]) -> AppRole:
    """The role that the table (role -> addresses, or ``default`` -> role) gives to an address; the strongest where several do.

    Raises PermissionDenied where it gives none.
    """
    wanted = email.strip().casefold()
    for role in AppRole:
        listed = roles.get(role.value, ())
        addresses = [listed] if isinstance(listed, str) else listed if isinstance(listed, list | tuple) else []
        if wanted and wanted in {str(address).strip().casefold() for address in addresses}:
            return role
    default = roles.get("default")
    if default in set(AppRole):
        return AppRole(str(default))
    who = f"the account {email}" if email else "this account"
    raise PermissionDenied(f"{who} has no role here", remedy="ask an admin to add you to [roles] in secrets.toml")


def signed_in(claims: Mapping[str, object], roles: Callable[[], Mapping[str, object]]) -> User:
    """The user of an identity provider's claims. ``roles`` gives the table as it is now, and is asked again at every service call.

    Raises PermissionDenied for an address that the provider did not verify, or one without a role.
    """
    email, verified = str(claims.get("email") or "").strip(), claims.get("email_verified")
    # Some providers verify every address and do not say so; whether yours does only an admin can know.
    trusted = verified is True or (verified is None and roles().get("provider_verifies_addresses") is True)
    if not email or not trusted:
        raise PermissionDenied(
            "the identity provider gave no verified e-mail address",
            remedy="verify it there and sign in again; if your provider verifies every address without saying so, "
            "an admin sets provider_verifies_addresses = true in [roles]",
        )
    return User(email, role_of(email, roles()), role_now=lambda: role_of(email, roles()))
