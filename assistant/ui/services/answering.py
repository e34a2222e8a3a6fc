"""What a respondent may do with their link, and nothing else: every call checks the link again and reaches its one interview only."""

from __future__ import annotations

from collections.abc import Callable

from assistant.interview import Conductor, service
from assistant.interview.links import Grant, open_link, signing_key
from assistant.models import Transcript
from assistant.settings import Settings
from assistant.store import Store, Tombstone
from assistant.store.clock import utc_now
from assistant.ui import preferences
from assistant.ui.access import EVERYONE, User, call


def _grant(store: Store, settings: Settings, token: str) -> Grant:
    return open_link(token, signing_key(settings), utc_now(), store)


@call(EVERYONE)
def check_link(user: User, store: Store, settings: Settings, token: str) -> Grant:
    """What the link opens. Raises PermissionDenied: altered, expired, or of an interview that was withdrawn; SettingsError."""
    return _grant(store, settings, token)


@call(EVERYONE)
def answer(
    user: User, store: Store, settings: Settings, token: str, *, watch: Callable[[str], None] | None = None
) -> Conductor:  # fmt: skip
    """What conducts the link's interview. Raises like `check_link`; InputError, ModelFileError."""
    chosen = preferences.applied(settings, preferences.load(settings))
    return service.conductor(store, _grant(store, settings, token).interview, chosen, watch=watch)


@call(EVERYONE)
def keep_answers(user: User, store: Store, settings: Settings, token: str) -> Transcript:
    """The finished conversation as a transcript; nothing is written where it is one already.

    Raises like `check_link`; InputError while it is not over, StoreError.
    """
    interview = _grant(store, settings, token).interview
    use_case = store.interview(interview).use_case
    kept = next((info.id for info in store.transcripts(use_case) if info.interview == interview), None)
    return store.transcript(use_case, kept) if kept else service.keep_transcript(store, interview, by="respondent")


@call(EVERYONE)
def own_words(user: User, store: Store, settings: Settings, token: str) -> bytes:
    """The respondent's own transcript as a file. Raises like `check_link`."""
    return service.download(store, _grant(store, settings, token).interview)


@call(EVERYONE)
def withdraw_answers(user: User, store: Store, settings: Settings, token: str) -> Tombstone:
    """Erases the link's interview for good; the link opens nothing afterwards. Raises like `check_link`."""
    return service.withdraw(store, _grant(store, settings, token).interview)
