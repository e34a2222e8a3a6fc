"""Small conversations and engines for the tests of the LLM engine."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from assistant.extraction.llm.engine import LLMEngine
from assistant.frameworks import load_framework
from assistant.models import Framework, Role, Transcript, Turn
from assistant.settings import Settings
from assistant.store import Store

QA = (
    ("Ines", "Thanks for coming. How do you handle your data?"),
    (
        "Bo Berg",
        "Every night a pipeline loads the sensor data into the lake. It checks the schema and we get an alert if a batch is broken.",
    ),
    ("Ines", "And versions of the datasets?"),
    ("Bo Berg", "We don't version the datasets, to be honest. I'd like to have snapshots next year."),
    ("Ines", "How do models get into production?"),
    (
        "Bo Berg",
        "Our CI pipeline builds the container on each merge and deploys the model after 3 approvals. It takes about twenty minutes.",
    ),
    ("Ines", "Who looks after them?"),
    ("Bo Berg", "Two platform engineers watch the dashboards with Prometheus. When accuracy drops, they call us and we retrain by hand."),
)


def conversation(*pairs: tuple[str, str], interviewer: str = "Ines") -> Transcript:
    """A transcript of (speaker, text)."""
    turns, text = [], ""
    for n, (speaker, said) in enumerate(pairs or QA):
        text += f"{speaker}: "
        role = Role.INTERVIEWER if speaker == interviewer else Role.RESPONDENT
        turns.append(Turn(index=n, speaker=speaker, role=role, start=len(text), end=len(text) + len(said)))
        text += said + "\n\n"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Transcript(id=f"t-{digest[:16]}", name="talk", format="txt", text=text, turns=tuple(turns), sha256=digest, size=len(text))


def long_conversation(rounds: int = 12) -> Transcript:
    """A conversation of several windows, no turn like another."""
    pairs = []
    for n in range(rounds):
        pairs.append(("Ines", f"What about project number {n}?"))
        pairs.append(
            (
                "Bo Berg",
                " ".join(f"In project {n} step {k} the data pipeline checks the schema and loads dataset {n * 10 + k}." for k in range(6)),
            )
        )
    return conversation(*pairs)


def framework() -> Framework:
    """The default one."""
    return load_framework()


def settings(url: str, **changes: Any) -> Settings:
    """Fast retries are the caller's: only what every test needs."""
    given: dict[str, Any] = {"openai_base_url": url, "openai_api_key": "k", "llm_model": "m", "llm_timeout": 5.0, "llm_window_tokens": 200}
    return Settings(**(given | changes))


def engine(url: str, folder: Path, **changes: Any) -> tuple[LLMEngine, Store]:
    """An engine on a database of its own."""
    store = Store.open(f"sqlite:///{folder / 'llm.sqlite3'}")
    return LLMEngine(settings(url, **changes), store), store
