"""Engine names -> engines, and one task as a self-contained unit of work."""

from __future__ import annotations

from assistant.embeddings import make_embedder
from assistant.errors import EngineError
from assistant.extraction import heads
from assistant.extraction.base import Engine
from assistant.extraction.local import REFERENCE, LocalEngine
from assistant.models import CodingResult, CodingTask, Framework
from assistant.retrieval import Retriever
from assistant.settings import Settings, get_settings

ENGINES = ("local",)


def make_engine(name: str, framework: Framework, settings: Settings) -> Engine:
    """The engine of that name, ready for transcripts of one framework.

    Raises:
        EngineError: no engine of that name.
        ModelFileError, IndexError_: its model or index cannot be used.
    """
    if name != "local":
        raise EngineError(f"there is no engine {name}", remedy=f"use one of {', '.join(ENGINES)}")
    local = settings.model_copy(update={"embedding": "local"})
    # The heads were trained on the local model's vectors; another embedding would make them nonsense.
    embedder = make_embedder(local)
    trained = heads.load(heads.heads_path(REFERENCE)).columns.elements
    needs_index = tuple(e.id for e in framework.elements) != trained
    return LocalEngine(embedder, retriever=Retriever(framework, embedder, settings.index_dir) if needs_index else None)


def run_task(task: CodingTask) -> CodingResult:
    """Code one transcript: everything it needs is in the task, so that it can be pickled and run on another machine.

    Raises:
        EngineError: the task asks for another version of the engine than this machine has.
    """
    engine = make_engine(task.engine, task.framework, get_settings())
    if engine.version != task.engine_version:
        raise EngineError(
            f"the task asks for {task.engine} {task.engine_version}, this machine has {engine.version}",
            remedy="install the same version everywhere",
        )
    return engine.code(task)
