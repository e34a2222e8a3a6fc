"""What pages and commands call: interviews in the database, from the invitation to the stored transcript."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from assistant import sentences
from assistant.errors import InputError, PermissionDenied, StoreError
from assistant.extraction.llm.client import recipient
from assistant.extraction.llm.redact import Names
from assistant.extraction.local import LocalEngine
from assistant.frameworks import load_framework
from assistant.interview.across import Across, across
from assistant.interview.coding import LiveCoder, live_engine
from assistant.interview.engine import Conductor, Setup, begin
from assistant.interview.events import Opened
from assistant.interview.guide import Guide
from assistant.interview.ledger import Ledger, fold
from assistant.interview.logs import StoreLog
from assistant.interview.policy import Order
from assistant.interview.reading import ModelReader
from assistant.interview.speech import make_listener
from assistant.interview.transcript import to_json_bytes, to_transcript
from assistant.interview.wording import Worder, make_worder
from assistant.models import Framework, Transcript
from assistant.settings import Settings, get_settings
from assistant.store import InterviewInfo, Store, Tombstone
from assistant.store.interview_events import InterviewEvents


def create(store: Store, use_case: str, guide: Guide, setup: Setup | None = None, *, title: str = "", by: str = "local") -> str:
    """Sets up an interview and gives its id; nothing is asked before consent. All or nothing.

    Raises NotFoundError, InputError for unusable names, FrameworkError where the guide's framework is absent.
    """
    setup = setup or Setup()
    framework = load_framework(guide.framework)
    with store.unit():
        interview = InterviewEvents(store).create(use_case, title or f"Interview with {setup.respondent}", by=by)
        begin(StoreLog(store, interview), guide, framework, setup, by=by)
    return interview


def conductor(
    store: Store,
    interview: str,
    settings: Settings,
    *,
    worder: Worder | None = None,
    order: Order | None = None,
    watch: Callable[[str], None] | None = None,
) -> Conductor:
    """The Conductor of a stored interview; without ``worder`` the one of the settings, if any. ``watch`` gets its words as they come.

    Raises InputError where the interview was not taken here, FrameworkError, ModelFileError, SettingsError.
    """
    log = StoreLog(store, interview)
    opened = ledger(store, interview).opened
    framework = load_framework(opened.framework)
    coder = LiveCoder(_engine(framework, settings), framework)
    names = _names(store, interview, opened)
    chosen = worder or make_worder(settings, names, watch=watch)
    reader = ModelReader(settings, store, interview, framework, names) if settings.interview_coder == "llm" else None
    return Conductor(log, framework, coder, chosen, order=order, listener=make_listener(settings), reader=reader)


def leaving(settings: Settings) -> tuple[tuple[str, str, str], ...]:
    """What interviews would send under these settings, where the respondent agrees: what it is for, endpoint, model."""
    out = []
    if settings.interview_model:
        out.append(("the last answer, to word a follow-up question", recipient(settings), settings.interview_model))
    if settings.interview_coder == "llm":
        out.append(("each answer with its question, to code it", recipient(settings), settings.llm_model or ""))
    if settings.interview_speech_model:
        at = settings.interview_speech_base_url or recipient(settings)
        out.append(("recordings of spoken answers", at.rstrip("/"), settings.interview_speech_model))
    return tuple(out)


def check_agreed(store: Store, interview: str, endpoint: str, model: str, *, redacted: bool = True) -> None:
    """Before an interview's transcript is sent to a model: raises PermissionDenied unless its respondent agreed to that very one.

    ``redacted``: whether known names, addresses and numbers are replaced before. An interview that was not taken here is the
    assessor's to answer for.
    """
    events = StoreLog(store, interview).read()
    if not events:
        return
    consent = fold(events).consent
    if consent is None or (consent.reading_recipient, consent.reading_model) != (endpoint, model):
        raise PermissionDenied(
            f"the respondent did not agree that the model {model} at {endpoint} reads this interview",
            remedy="code it with the local engine; with ASSISTANT_INTERVIEW_CODER=llm the consent of further interviews names the model",
        )
    if consent.redacted and not redacted:
        raise PermissionDenied(
            "the respondent did not agree that this interview is sent with its names",
            remedy="set ASSISTANT_LLM_REDACT=true, or code it with the local engine",
        )


_ENGINES: Final[dict[tuple[str, str, str], LocalEngine]] = {}
"""By framework, model file and index: an engine keeps the sentences it has seen, so that the next answer is read at once."""


def _engine(framework: Framework, settings: Settings) -> LocalEngine:
    """One engine a process and framework; made twice where two threads ask at once, which does no harm."""
    key = (framework.hash, str(settings.embedding_model_file), str(settings.index_dir))
    if key not in _ENGINES:
        _ENGINES[key] = live_engine(framework, settings)
    return _ENGINES[key]


def _names(store: Store, interview: str, opened: Opened) -> Names:
    """Who and what must not be named to a model: the use case's people, both who speak here, and the organisation."""
    use_case = store.use_case(store.interview(interview).use_case)
    people = [p.name for p in store.participants(use_case.id)]
    organisation = store.organisation(use_case.organisation).name
    return Names(organisations=(organisation,)).with_people((*people, opened.respondent, opened.interviewer))


@dataclass(frozen=True)
class Standing:
    """An interview as its log leaves it."""

    interview: str
    """``Interview.id``."""
    ledger: Ledger
    """The log, folded."""
    at: datetime
    """UTC, of the last event."""


KEPT: Final = 300
"""Folded logs that are kept in memory; some 50 KB each."""
_FOLDED: Final[OrderedDict[tuple[str, int], Standing]] = OrderedDict()
"""By interview and number of its last event: a log only grows, so the same number means the same log."""
_FOLDING: Final = threading.Lock()


def standings(store: Store, use_case: str) -> tuple[Standing, ...]:
    """All interviews of a use case that were taken here and not erased, in the order of set-up; only what is new is read and folded."""
    found = []
    for interview, last in InterviewEvents(store).ends(use_case).items():
        try:
            found.append(_standing(store, interview, last))
        except InputError:
            # Withdrawn since the list was read: it is no longer one of them.
            if not store.interview(interview).erased:
                raise
    return tuple(found)


def standing(store: Store, interview: str) -> Standing:
    """One as it stands. Raises NotFoundError; InputError where it was not taken here, or was erased."""
    events = StoreLog(store, interview).read()
    if not events and store.interview(interview).erased:
        raise InputError("this interview was withdrawn, and nothing of it is kept", remedy="set up a new one")
    if not events:
        raise InputError("this interview was not taken here", remedy="its transcript was uploaded: read it under Transcripts")
    return Standing(interview, fold(events), events[-1].at)


def _standing(store: Store, interview: str, last: int) -> Standing:
    key = (interview, last)
    with _FOLDING:
        known = _FOLDED.get(key)
    if known is not None:
        return known
    made = standing(store, interview)
    with _FOLDING:
        for old in [k for k in _FOLDED if k[0] == interview]:
            del _FOLDED[old]
        _FOLDED[interview, made.ledger.seq] = made
        while len(_FOLDED) > KEPT:
            _FOLDED.popitem(last=False)
    return made


def ledger(store: Store, interview: str) -> Ledger:
    """The state of a stored interview. Raises like `standing`."""
    return standing(store, interview).ledger


def state_of(ledger: Ledger) -> str:
    """Where an interview stands, in a word or two."""
    if ledger.declined:
        return "declined"
    if ledger.stopped is not None:
        return "finished" if ledger.stopped.reason == "finished" else "stopped"
    if ledger.consent is None:
        return "not begun"
    return "paused" if ledger.paused else "under way"


def download(store: Store, interview: str) -> bytes:
    """The respondent's own transcript, as JSON that can be uploaded. Raises InputError."""
    return to_json_bytes(ledger(store, interview))


def keep_transcript(store: Store, interview: str, *, by: str = "local") -> Transcript:
    """Stores the conversation as a Transcript of its interview, like an upload; a second call gives the stored one.

    Raises InputError while the interview is not over, TranscriptError where nothing was said, StoreError.
    """
    state = ledger(store, interview)
    if not state.over:
        raise InputError("the interview is not over", remedy="finish or stop it first")
    owner = store.interview(interview)
    original = to_json_bytes(state)
    info = InterviewInfo(title=owner.title)
    transcript = to_transcript(state, name=owner.title or "interview")
    with store.unit():
        added = store.add_transcript(owner.use_case, transcript, original, info, interview=interview, by=by)
        _describe(store, interview, state, by)
    return store.transcript(owner.use_case, added.info.id)


def _describe(store: Store, interview: str, state: Ledger, by: str) -> None:
    """The respondent's function, as it was given when the interview was set up, where the participant has none yet."""
    owner = store.interview(interview)
    person = owner.speakers.get(state.opened.respondent)
    known = next((p for p in store.participants(owner.use_case) if p.id == person), None)
    if known is not None and state.opened.role and not known.role and known.name:
        store.describe_participant(known.id, name=known.name, role=state.opened.role, by=by)


def withdraw(store: Store, interview: str, *, by: str = "respondent", reason: str = "withdrawn by the respondent") -> Tombstone:
    """The respondent withdraws: log, transcript, evidence, names and search vectors are erased for good; a tombstone stays.

    Raises NotFoundError; StoreError where the vectors cannot be removed: nothing is erased then, and it can be tried again.
    """
    owner = store.interview(interview).use_case
    spoken = [t.id for t in store.transcripts(owner) if t.interview == interview]
    _forget_vectors(spoken)
    tombstone = store.erase_interview(interview, by, reason)
    # Once more: a search may have made them anew meanwhile.
    _forget_vectors(spoken)
    with _FOLDING:
        for old in [k for k in _FOLDED if k[0] == interview]:
            del _FOLDED[old]
    return tombstone


def _forget_vectors(transcripts: Sequence[str]) -> None:
    folder = get_settings().index_dir
    try:
        sentences.forget(folder, transcripts)
    except OSError as error:
        raise StoreError(
            f"the search vectors of this interview cannot be removed from {sentences.folder_in(folder)}: {error.strerror}",
            remedy="delete that folder, it is made anew when needed; then withdraw again",
        ) from error


def use_case_across(store: Store, use_case: str, framework: Framework | None = None) -> Across:
    """All interviews that were taken here for a use case, together. Those of another framework are left out."""
    chosen = framework or load_framework()
    found = {one.interview: one.ledger for one in standings(store, use_case)}
    return across({name: one for name, one in found.items() if one.opened.framework == chosen.id}, chosen)


__all__ = [
    "Standing",
    "check_agreed",
    "conductor",
    "create",
    "download",
    "keep_transcript",
    "leaving",
    "ledger",
    "standing",
    "standings",
    "state_of",
    "use_case_across",
    "withdraw",
]
