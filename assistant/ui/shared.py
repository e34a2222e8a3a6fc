"""What all sessions of the server share, and how pages show what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from assistant.embeddings import make_embedder
from assistant.errors import AssistantError, InputError
from assistant.extraction.base import Engine
from assistant.models import Assessment, Framework, Transcript
from assistant.pipeline import Accept
from assistant.retrieval import Retriever
from assistant.sentences import SentenceIndex, folder_in
from assistant.settings import Settings, get_settings
from assistant.store import Store
from assistant.ui.access import READ, REVIEW, User, check
from assistant.ui.jobs import Jobs
from assistant.ui.markup import md
from assistant.ui.parts import Headline
from assistant.ui.services import assessing, library, transcripts
from assistant.ui.services.coding import build_engine


def open_store(settings: Settings) -> Store:
    """The database of the settings, created where it is missing. Raises InputError, StoreError."""
    if settings.database_url is None:
        try:
            settings.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot be created: {error.strerror}", source=str(settings.data_dir), remedy="set ASSISTANT_DATA_DIR"
            ) from error
    return Store.open(settings.resolved_database_url)


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """One database for the server; it keeps a pool of connections."""
    return open_store(get_settings())


@st.cache_resource(show_spinner=False)
def _engine(name: str, framework_hash: str, use_case: str, _framework: Framework) -> Engine:
    return build_engine(store(), get_settings(), name, _framework, use_case)


def _engine_for(name: str, framework: Framework, use_case: str) -> Engine:
    """The local engine is loaded once; one that asks a model is built anew, since its settings may have changed."""
    if name == "local":
        return _engine(name, framework.hash, "", framework)
    return build_engine(store(), get_settings(), name, framework, use_case)


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    """The coding worker of the server."""
    return Jobs(store(), _engine_for)


@st.cache_resource(show_spinner=False)
def sentences() -> SentenceIndex:
    """Vectors of transcripts for the search by meaning; always by the local model, so that nothing leaves the machine."""
    settings = get_settings()
    return SentenceIndex(make_embedder(settings.model_copy(update={"embedding": "local"})), folder_in(settings.index_dir))


@st.cache_resource(show_spinner=False, max_entries=8)
def _retriever(framework_hash: str, _framework: Framework) -> Retriever:
    settings = get_settings()
    return Retriever(_framework, make_embedder(settings), settings.index_dir)


def retriever(framework: Framework) -> Retriever:
    """Search over a framework's texts, which are nobody's words: the one search that may ask an embedding endpoint.

    Raises SettingsError, ModelFileError, EngineError.
    """
    return _retriever(framework.hash, framework)


@st.cache_resource(show_spinner=False, max_entries=8)
def _assessment(
    use_case: str, revision: str, framework_hash: str, accept: Accept, policy: str | None, _user: User, _framework: Framework
) -> Assessment:
    return assessing.assess(_user, store(), use_case, _framework, accept, policy)


def assessment(user: User, use_case: str, revision: str, framework: Framework, accept: Accept, policy: str | None = None) -> Assessment:
    """The live assessment, computed once for every state of the use case. Raises PermissionDenied, from the cache too."""
    check(user, READ, "assess")
    return _assessment(use_case, revision, framework.hash, accept, policy, user, framework)


@st.cache_resource(show_spinner=False, max_entries=16, ttl=60)
def _transcript(use_case: str, transcript: str, _user: User) -> Transcript:
    return transcripts.read(_user, store(), use_case, transcript)


def transcript(user: User, use_case: str, transcript_id: str) -> Transcript:
    """A transcript to show beside evidence; who speaks, where that is corrected, shows within a minute. Raises PermissionDenied."""
    check(user, REVIEW, "read")
    return _transcript(use_case, transcript_id, user)


def forget_transcripts() -> None:
    """After a change of roles: shows it at once."""
    _transcript.clear()


def framework(user: User, chosen: str) -> Framework:
    """The framework of the session, or the installation's. Raises FrameworkError."""
    known = library.frameworks(user)
    return library.framework(user, chosen if chosen in known else get_settings().framework)


def show_error(error: AssistantError) -> None:
    """What is wrong, and what to do: never a traceback."""
    remedy = f"\n\n{md(error.remedy[:1].upper() + error.remedy[1:])}" if error.remedy else ""
    # The name of a file stays as it is.
    named = isinstance(error, InputError) and error.source
    message = error.message if named else error.message[:1].upper() + error.message[1:]
    st.error(f"**{md(message)}**{remedy}", icon=":material/error:")


@contextmanager
def problems() -> Iterator[None]:
    """Errors that the assistant raises on purpose are shown in place."""
    try:
        yield
    except AssistantError as error:
        show_error(error)


_LATER = "assistant-later"


def later(error: AssistantError) -> None:
    """Keeps an error of a button's callback until the page draws."""
    st.session_state[_LATER] = error


def show_later() -> None:
    """Shows what `later` kept, once."""
    error = st.session_state.pop(_LATER, None)
    if isinstance(error, AssistantError):
        show_error(error)


@st.cache_data(show_spinner=False, max_entries=500)
def _headline(use_case: str, revision: str, framework_hash: str, reviewed: bool, _user: User, _framework: Framework) -> Headline:
    found = assessing.assess(_user, store(), use_case, _framework, "confirmed" if reviewed else "all")
    overall = found.overall
    return Headline(overall.stage if overall.sufficient else None, found.draft, overall.explanation)


def headline(user: User, use_case: str, revision: str, framework: Framework, reviewed: bool) -> Headline:
    """The result of a use case in a line, computed once for every state of it; of the proposals where nothing is confirmed yet.

    Raises PermissionDenied, from the cache too.
    """
    check(user, READ, "assess")
    return _headline(use_case, revision, framework.hash, reviewed, user, framework)
