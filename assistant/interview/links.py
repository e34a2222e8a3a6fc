"""Links for respondents: signed, expiring, good for one interview and nothing else.

A token is ``<interview>.<expiry>.<nonce>.<signature>``; the signature is HMAC-SHA256 over the three before it, with a key from the
settings, else one that is made once in the data folder and that only its owner may read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from assistant.errors import NotFoundError, PermissionDenied, SettingsError
from assistant.models import Model
from assistant.settings import Settings
from assistant.store import Store

KEY_FILE: Final = "interview-links.key"
"""In the data folder, mode 0600."""
DAYS: Final = 14
"""How long a link is good unless said otherwise."""
PARAMETER: Final = "k"
"""Parameter of the app's address that holds the token."""
KEY_BYTES: Final = 32
"""Shortest key."""
_TOKEN: Final = re.compile(r"([0-9A-Za-z-]{1,80})\.(\d{1,12})\.([0-9A-Za-z_-]{16,64})\.([0-9A-Za-z_-]{43})")
_CONTEXT: Final = b"assistant-interview-link-v1\0"


class Grant(Model):
    """What a good link opens."""

    interview: str
    """The one interview."""
    expires: int
    """Seconds since 1970, UTC."""


def signing_key(settings: Settings) -> bytes:
    """The key of the settings, else of the data folder, made there where it is missing.

    Raises SettingsError for a key that is too short or damaged, or a folder that cannot hold one.
    """
    given = settings.interview_link_key
    if given is not None:
        secret = given.get_secret_value().encode("utf-8")
        if len(secret) < KEY_BYTES:
            raise SettingsError(
                f"the key for interview links is shorter than {KEY_BYTES} bytes",
                remedy="set ASSISTANT_INTERVIEW_LINK_KEY to a longer random text",
            )
        return secret
    path = settings.data_dir / KEY_FILE
    try:
        kept = _read_or_make(path)
    except OSError as error:
        raise SettingsError(
            f"the key for interview links cannot be kept in {path}: {error.strerror}", remedy="set ASSISTANT_INTERVIEW_LINK_KEY"
        ) from error
    if len(kept) < KEY_BYTES:
        # With an empty key anybody could sign.
        raise SettingsError(
            f"the key for interview links in {path} is damaged",
            remedy="restore it from a backup, or delete it: links that were sent are then no longer good",
        )
    return kept


def _read_or_make(path: Path) -> bytes:
    """The file's key; two processes that make one at once end up with the same. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            os.unlink(draft)
    return path.read_bytes()


def make_link(interview: str, key: bytes, now: datetime, *, days: float = DAYS) -> str:
    """A token for one interview, good for ``days`` from ``now``."""
    expires = int((now + timedelta(days=days)).timestamp())
    head = f"{interview}.{expires}.{secrets.token_urlsafe(16)}"
    return f"{head}.{_sign(head, key)}"


def address(base: str, token: str) -> str:
    """What is sent to the respondent: the address of the app at ``base`` with the token."""
    return f"{base.rstrip('/')}/?{PARAMETER}={token}"


def token_of(text: str) -> str:
    """The token in a link, or the text itself where it is no link; checks nothing."""
    found = re.search(rf"[?&]{PARAMETER}=([^&#\s]*)", text)
    return found[1] if found else text.strip()


def open_link(token: str, key: bytes, now: datetime, store: Store, *, interview: str | None = None) -> Grant:
    """What a token opens; with ``interview`` only if it is that one.

    Raises PermissionDenied: altered, expired, of another interview, or of one that was withdrawn or erased.
    """
    found = _TOKEN.fullmatch(token)
    head = token.rpartition(".")[0]
    # Compared in any case, so that a malformed token takes no other time than a wrong one.
    good = hmac.compare_digest(_sign(head, key), token.rpartition(".")[2]) if token.isascii() else False
    if found is None or not good or not _canonical(found[4]):
        raise PermissionDenied("this link is not valid", remedy="use the link exactly as it was sent, or ask for a new one")
    grant = Grant(interview=found[1], expires=int(found[2]))
    if now.timestamp() >= grant.expires:
        raise PermissionDenied("this link has expired", remedy="ask for a new one")
    if interview is not None and interview != grant.interview:
        raise PermissionDenied("this link belongs to another interview", remedy="use the link that was sent for this one")
    try:
        gone = store.interview(grant.interview).erased
    except NotFoundError:
        gone = True
    if gone:
        raise PermissionDenied(
            "this interview was withdrawn", remedy="nothing of it is kept; ask for a new interview if you wish to take part"
        )
    return grant


def _sign(head: str, key: bytes) -> str:
    digest = hmac.new(key, _CONTEXT + head.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _canonical(signature: str) -> bool:
    """Whether the text is the one encoding of its bytes: the last character must not hide spare bits."""
    try:
        return base64.urlsafe_b64encode(base64.urlsafe_b64decode(signature + "=")).rstrip(b"=").decode("ascii") == signature
    except (binascii.Error, ValueError):
        return False
