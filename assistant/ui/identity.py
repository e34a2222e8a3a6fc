"""Sign-in as it is configured: the files that Streamlit takes its secrets from, read afresh, so that a role taken away is gone at once.

Streamlit itself logs a damaged file and goes on without it, and stops watching it. For us that would open the app to everybody: here
it is an error that says what to do.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from assistant.errors import SettingsError
from assistant.ui.access import AppRole

WHERE: Final = ".streamlit/secrets.toml"
MIN_SECRET: Final = 32
"""Characters of the secret that signs the sign-in's cookie: who guesses it is whoever they want to be."""
CALLBACK: Final = "/oauth2callback"
NEEDED: Final = ("client_id", "client_secret", "server_metadata_url")
"""What an identity provider's section must hold."""
ROLE_KEYS: Final = frozenset({*(role.value for role in AppRole), "default", "provider_verifies_addresses"})
_PLACEHOLDER: Final = re.compile(
    r"x{2,}|\.{2,}|…|<.*>|\{.*\}|(change|replace)[-_ ]?me.*|your[-_ ].*|todo|placeholder|secret", re.IGNORECASE
)
_NEW_SECRET: Final = 'make one with `python -c "import secrets; print(secrets.token_hex(32))"`'


@dataclass(frozen=True)
class SignIn:
    """Sign-in that can work."""

    providers: tuple[str, ...]
    """Names of identity providers; ``default`` is the one that stands in ``[auth]`` itself."""
    roles: Mapping[str, object]
    """The table ``[roles]``."""
    auth: Mapping[str, Any] = field(repr=False)
    """The table ``[auth]``: holds secrets."""


def read(files: Iterable[str]) -> dict[str, Any]:
    """What Streamlit's secrets hold, later files over earlier ones; empty where there are none. Raises SettingsError for a damaged one."""
    found: dict[str, Any] = {}
    for name in files:
        path = Path(name)
        try:
            if name.endswith(".toml"):
                found |= _toml(path)
            elif path.is_dir():
                found |= _folder(path)
            else:
                raise SettingsError(f"{path} can hold no secrets", remedy="name a .toml file or a folder in the option secrets.files")
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{path} is not valid TOML: {error}", remedy="correct the line; texts stand in quotes") from error
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise SettingsError(f"{path} cannot be read: {reason}", remedy="save it as UTF-8, readable for whoever runs the app") from error
    return found


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def _folder(path: Path) -> dict[str, Any]:
    """Secrets as Kubernetes mounts them: a folder each; a single file in it is the value itself."""
    found: dict[str, Any] = {}
    for folder in path.iterdir():
        values = {file.name: file.read_text(encoding="utf-8").strip() for file in folder.iterdir() if not file.is_dir()}
        found[folder.name] = next(iter(values.values())) if len(values) == 1 else values
    return found


def sign_in(secrets: Mapping[str, Any]) -> SignIn | None:
    """Sign-in as the secrets have it; None where they hold no ``[auth]``. Raises SettingsError for one that cannot work."""
    if "auth" not in secrets:
        return None
    auth = secrets["auth"]
    if not isinstance(auth, Mapping):
        raise _wrong("auth is no table", "begin it with a line [auth]")
    _redirect(auth)
    if len(_text(auth, "cookie_secret", "[auth]", _NEW_SECRET)) < MIN_SECRET:
        raise _wrong(f"cookie_secret in [auth] has fewer than {MIN_SECRET} characters", _NEW_SECRET)
    named = {name: value for name, value in auth.items() if isinstance(value, Mapping) and name != "client_kwargs"}
    unnamed = not named or any(key in auth for key in NEEDED)
    if unnamed:
        _provider(auth, "[auth]")
    for name, section in named.items():
        if "_" in name:
            raise _wrong(f"the provider's name {name} has an underscore", "take another name")
        _provider(section, f"[auth.{name}]")
    return SignIn(tuple(dict.fromkeys((*(("default",) if unnamed else ()), *named))), _roles(secrets.get("roles", {})), auth)


def _wrong(what: str, remedy: str) -> SettingsError:
    return SettingsError(f"sign-in cannot work: {what}", remedy=f"in {WHERE}: {remedy}")


def _text(section: Mapping[str, Any], key: str, where: str, remedy: str = "") -> str:
    """A value that somebody has filled in. Raises SettingsError."""
    value = section.get(key)
    remedy = remedy or f"set {key} to what your identity provider shows"
    if not isinstance(value, str) or not value.strip():
        raise _wrong(f"{where} lacks {key}", remedy)
    if _PLACEHOLDER.fullmatch(value.strip()):
        raise _wrong(f"{key} in {where} is still a placeholder", remedy)
    return value.strip()


def _redirect(auth: Mapping[str, Any]) -> None:
    """The address that the provider sends people back to."""
    remedy = f'set redirect_uri to the address of this app and {CALLBACK}, e.g. "http://localhost:8501{CALLBACK}"'
    parts = urlsplit(_text(auth, "redirect_uri", "[auth]", remedy))
    if parts.scheme not in ("http", "https") or not parts.netloc or not parts.path.endswith(CALLBACK):
        raise _wrong("redirect_uri in [auth] is not an address of this app", remedy)


def _provider(section: Mapping[str, Any], where: str) -> None:
    for key in NEEDED:
        _text(section, key, where)
    url = str(section["server_metadata_url"])
    if urlsplit(url).scheme not in ("http", "https") or "{" in url:
        raise _wrong(f"server_metadata_url in {where} is not an address", "it ends with /.well-known/openid-configuration")


def _roles(roles: object) -> Mapping[str, object]:
    """The table of roles. Raises SettingsError for a slip: a role that nobody gets by mistake is as bad as one that anybody gets."""
    remedy = f'write e.g. admin = ["anna@example.org"]; roles are {", ".join(role.value for role in AppRole)}'
    if not isinstance(roles, Mapping) or not roles:
        raise _wrong("[roles] gives nobody a role", remedy)
    for key, value in roles.items():
        if key not in ROLE_KEYS:
            raise _wrong(f"[roles] has an unknown entry {key}", remedy)
        if key == "provider_verifies_addresses":
            fits = isinstance(value, bool)
        elif key == "default":
            fits = value in {role.value for role in AppRole}
        else:
            fits = isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))
        if not fits:
            raise _wrong(f"{key} in [roles] cannot be used", remedy)
    return roles
