"""Vectors of the sentences of transcripts, for the search by meaning; on disk beside the retrieval index, rebuilt where missing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from assistant.embeddings import Embedder, Matrix


def folder_in(index_dir: Path) -> Path:
    """Where an index of this installation keeps its vectors."""
    return index_dir / "sentences"


def forget(index_dir: Path, transcripts: Iterable[str]) -> None:
    """Removes the vectors of erased transcripts: what somebody said can be guessed from them. Raises OSError where a file cannot go."""
    for transcript in transcripts:
        for path in folder_in(index_dir).glob(f"*{transcript}.*"):
            path.unlink(missing_ok=True)


class SentenceIndex:
    """Embeds sentences once; deleting its folder is safe."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self._embedder = embedder
        self._folder = folder

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Unit vectors of texts; shape (texts, dimension)."""
        return self._embedder.embed(texts)

    def vectors(self, transcript: str, sentences: Sequence[str]) -> Matrix:
        """Unit vectors of a transcript's sentences, from disk where they are there; shape (sentences, dimension)."""
        content = hashlib.sha256("\x1f".join((self._embedder.id, *sentences)).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        path = self._folder / f"{transcript}.{content}.npy"
        if path.is_file():
            try:
                found: Matrix = np.load(path, allow_pickle=False)
                if found.shape == (len(sentences), self._embedder.dimension):
                    return found
            except (OSError, ValueError):
                path.unlink(missing_ok=True)
        fresh = self._embedder.embed(sentences)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}.part.npy")
            np.save(part, fresh)
            part.replace(path)
        except OSError:
            # Without a writable folder the search still works, only slower.
            return fresh
        return fresh
