"""Interviews that are taken here, for those who assess: setting up, inviting, conducting, watching, and all of a use case together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from assistant.errors import InputError
from assistant.interview import Conductor, Guide, Ledger, list_guides, load_guide, service
from assistant.interview.across import Across
from assistant.interview.engine import Setup
from assistant.interview.guide import read_guide
from assistant.interview.links import DAYS, make_link, signing_key
from assistant.models import Framework, Transcript
from assistant.settings import Settings
from assistant.store import Interview, Store, Tombstone
from assistant.store.clock import utc_now
from assistant.transcripts import read_transcript
from assistant.ui import preferences
from assistant.ui.access import REVIEW, WORK, User, call


@dataclass(frozen=True)
class Taken:
    """An interview that is, was or will be taken here."""

    info: Interview
    ledger: Ledger
    at: datetime
    """UTC, of its last event."""
    kept: str
    """``Transcript.id`` once its conversation is a transcript, else empty."""

    @property
    def state(self) -> str:
        """In a word or two."""
        return service.state_of(self.ledger)


@call(REVIEW)
def guides(user: User) -> tuple[Guide, ...]:
    """The guides that ship, the default first."""
    return tuple(load_guide(name) for name in list_guides())


@call(WORK)
def own_guide(user: User, raw: bytes, name: str) -> Guide:
    """A guide from an uploaded YAML file; nothing is saved. Raises FrameworkError with line, key and remedy."""
    return read_guide(raw, name)


@call(WORK)
def set_up(user: User, store: Store, use_case: str, guide: Guide, setup: Setup) -> str:
    """A new interview, not begun, and its id. Raises NotFoundError, InputError for unusable names, FrameworkError."""
    return service.create(store, use_case, guide, setup, by=user.name)


@call(WORK)
def invite(user: User, store: Store, settings: Settings, interview: str, *, days: float = DAYS) -> str:
    """A token for the respondent's link. Raises NotFoundError, InputError where it was not taken here or is erased, SettingsError."""
    service.ledger(store, interview)
    if not 0 < days <= 366:
        raise InputError(f"a link cannot be good for {days:g} days", remedy="give between a few minutes and 366 days")
    return make_link(interview, signing_key(settings), utc_now(), days=days)


@call(REVIEW)
def taken(user: User, store: Store, use_case: str) -> tuple[Taken, ...]:
    """Those of a use case that were not erased, newest first."""
    kept = {info.interview: info.id for info in store.transcripts(use_case)}
    infos = {info.id: info for info in store.interviews(use_case)}
    standing = [s for s in service.standings(store, use_case) if s.interview in infos]
    return tuple(Taken(infos[s.interview], s.ledger, s.at, kept.get(s.interview, "")) for s in reversed(standing))


@call(REVIEW)
def watch(user: User, store: Store, interview: str) -> Taken:
    """One as it stands. Raises NotFoundError; InputError where it was not taken here, or was erased."""
    owner = store.interview(interview)
    kept = next((info.id for info in store.transcripts(owner.use_case) if info.interview == interview), "")
    one = service.standing(store, interview)
    return Taken(owner, one.ledger, one.at, kept)


@call(WORK)
def conduct(
    user: User, store: Store, settings: Settings, interview: str, *, watch: Callable[[str], None] | None = None
) -> Conductor:  # fmt: skip
    """What conducts it, under the settings in force. Raises NotFoundError, InputError, SettingsError, ModelFileError."""
    return service.conductor(store, interview, preferences.applied(settings, preferences.load(settings)), watch=watch)


@call(WORK)
def captions(user: User, text: str) -> Transcript:
    """Live captions or a piece of a meeting's transcript, as pasted: who said what. Raises TranscriptError for what cannot be read."""
    return read_transcript(text.encode("utf-8", "replace"), name="pasted captions.txt")


@call(WORK)
def keep(user: User, store: Store, interview: str) -> Transcript:
    """The conversation as a transcript of the use case. Raises InputError while it is not over, TranscriptError, StoreError."""
    return service.keep_transcript(store, interview, by=user.name)


@call(WORK)
def withdraw(user: User, store: Store, interview: str, reason: str) -> Tombstone:
    """Erases it for good at the respondent's wish. Raises NotFoundError, InputError without a reason."""
    return service.withdraw(store, interview, by=user.name, reason=reason)


@call(REVIEW)
def export(user: User, store: Store, interview: str) -> bytes:
    """The conversation as a file that can be uploaded. Raises InputError."""
    return service.download(store, interview)


@call(REVIEW)
def together(user: User, store: Store, use_case: str, framework: Framework) -> Across:
    """All interviews of a use case as one: who was asked what, what is known, who differs, what to ask whom next."""
    return service.use_case_across(store, use_case, framework)
