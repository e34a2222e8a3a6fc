"""Segments <-> framework statements: dense (Chroma) and lexical (BM25) retrieval, fused.

The index holds, for each element, its statements, description, synonyms and example phrasings. It is derived data: its
collection is named after the framework's content hash and the embedding model, so a changed framework or model gets a new
one, and deleting the folder is always safe.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.embeddings import Embedder, Matrix
from assistant.errors import IndexError_
from assistant.models import Framework, Statement

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

FORMAT = 2
"""Raised whenever what is put into the index changes."""
RRF_K = 60
"""Rank constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""


@dataclass(frozen=True)
class Item:
    """One text of the index."""

    id: str
    text: str
    element: str
    kind: str
    """statement, description, synonyms or example."""
    statement: str | None = None


@dataclass(frozen=True)
class Hit:
    """One element found for a query, with its best scores."""

    element: str
    score: float
    """Fused; comparable within one query only."""
    dense: float
    """Best cosine similarity over the element's items, -1..1."""
    lexical: float
    """Best BM25 score over the element's items, 0 and up."""
    item: str
    """Text of the item that matched best by meaning."""
    statement: str | None
    """Statement whose text is nearest by meaning, of all statements of the element."""


def index_items(framework: Framework) -> tuple[Item, ...]:
    """Everything that is indexed of a framework, in a stable order."""
    items: list[Item] = []
    for e in framework.elements:
        items += [Item(f"{e.id}|statement|{s.id}", s.text, e.id, "statement", s.id) for s in e.statements]
        items.append(Item(f"{e.id}|description", e.description, e.id, "description"))
        words = ", ".join((*e.synonyms, *e.tools))
        if words:
            items.append(Item(f"{e.id}|synonyms", f"{e.name}: {words}", e.id, "synonyms"))
        stands_for = {text: s.id for s in e.statements for text in s.examples}
        items += [Item(f"{e.id}|example|{i}", text, e.id, "example", stands_for.get(text)) for i, text in enumerate(e.examples)]
    return tuple(items)


_WORD = re.compile(r"[^\W_]+(?:[/+'-][^\W_]+)*")
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "being",
        "but",
        "by",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "like",
        "me",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "so",
        "some",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "too",
        "up",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "will",
        "with",
        "would",
        "you",
        "your",
        "kind",
        "lot",
        "mean",
        "really",
        "right",
        "sort",
        "thing",
        "things",
        "well",
        "yeah",
        "yes",
    ]
)


def words(text: str) -> list[str]:
    """Lower-case content words, plural ``s`` folded; enough of a stemmer for BM25 over short texts."""
    found = (w.lower() for w in _WORD.findall(text))
    return [w[:-1] if len(w) > 4 and w.endswith("s") and not w.endswith("ss") else w for w in found if w not in _STOP]


class Lexical:
    """Okapi BM25 over the index items (Robertson and Zaragoza 2009), k1 = 1.2, b = 0.75.

    A few hundred short texts: a dictionary of postings answers in microseconds, where the array libraries pay for their set-up.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        docs = [Counter(words(i.text)) for i in items]
        mean = sum(map(Counter.total, docs)) / max(len(docs), 1) or 1.0
        self._postings: dict[str, list[tuple[int, float]]] = {}
        for n, doc in enumerate(docs):
            norm = 1.2 * (0.25 + 0.75 * doc.total() / mean)
            for word, tf in doc.items():
                self._postings.setdefault(word, []).append((n, tf * 2.2 / (tf + norm)))
        self._idf = {w: math.log(1 + (len(docs) - len(p) + 0.5) / (len(p) + 0.5)) for w, p in self._postings.items()}
        self._size = len(docs)

    def scores(self, text: str) -> Matrix:
        """BM25 of ``text`` against every item; shape (items,), float32."""
        out = np.zeros(self._size, dtype=np.float32)
        for word in dict.fromkeys(words(text)):
            for n, weight in self._postings.get(word, ()):
                out[n] += self._idf[word] * weight
        return out


class Retriever:
    """Finds the elements and statements that a text speaks of.

    Args:
        framework: What to search.
        embedder: Must stay the same for one folder and framework, else another collection is built.
        folder: Where the Chroma index lives; None keeps it in memory.

    Raises:
        IndexError_: the folder cannot be opened or written.
    """

    def __init__(self, framework: Framework, embedder: Embedder, folder: Path | None) -> None:
        self.framework = framework
        self.items = index_items(framework)
        self._embedder = embedder
        self._folder = folder
        self._element_of = np.array([i.element for i in self.items])
        self._lexical = Lexical(self.items)

    @cached_property
    def name(self) -> str:
        """Name of the Chroma collection: framework, content hash, model, index format."""
        model = re.sub(r"[^a-zA-Z0-9._-]", "-", self._embedder.id)
        return f"{self.framework.id[:80]}.{self.framework.hash[:16]}.{model[:80]}.v{FORMAT}"

    @cached_property
    def _client(self) -> ClientAPI:
        import chromadb
        from chromadb.config import Settings as ChromaSettings

        quiet = ChromaSettings(anonymized_telemetry=False)
        try:
            if self._folder is None:
                return chromadb.EphemeralClient(settings=quiet)
            self._folder.mkdir(parents=True, exist_ok=True)
            return chromadb.PersistentClient(path=str(self._folder), settings=quiet)
        except (OSError, ValueError, RuntimeError, chromadb.errors.ChromaError) as error:
            raise self._failed("opened", error) from error

    def _failed(self, what: str, error: BaseException) -> IndexError_:
        return IndexError_(
            f"the retrieval index in {self._folder} cannot be {what}: {error}",
            remedy=f"delete the folder {self._folder}; it is rebuilt by itself",
        )

    @cached_property
    def collection(self) -> Collection:
        """The collection, built where it is missing or incomplete (an interrupted build is completed)."""
        import chromadb

        try:
            collection = self._client.get_or_create_collection(
                self.name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
            )
            if collection.count() != len(self.items):
                self._build(collection)
            return collection
        except (OSError, ValueError, RuntimeError, chromadb.errors.ChromaError) as error:
            raise self._failed("built", error) from error

    def _build(self, collection: Collection) -> None:
        vectors = self._embedder.embed([i.text for i in self.items])
        metadata: list[Any] = [{"element": i.element, "kind": i.kind, "statement": i.statement or ""} for i in self.items]
        collection.upsert(ids=[i.id for i in self.items], embeddings=vectors, documents=[i.text for i in self.items], metadatas=metadata)
        mine = re.compile(re.escape(self.framework.id[:80]) + r"\.[0-9a-f]{16}\.")
        for other in self._client.list_collections():
            # Older versions of this framework are dead weight; other frameworks are not ours to touch.
            if mine.match(other.name) and other.name != self.name:
                self._client.delete_collection(other.name)

    @cached_property
    def vectors(self) -> Matrix:
        """Vectors of all items in the order of ``items``, read from the index; shape (items, dimension)."""
        import chromadb

        collection = self.collection
        try:
            found = collection.get(ids=[i.id for i in self.items], include=["embeddings"])
            by_id = dict(zip(found["ids"], np.asarray(found["embeddings"], dtype=np.float32), strict=True))
            return np.stack([by_id[i.id] for i in self.items])
        except (OSError, KeyError, ValueError, RuntimeError, chromadb.errors.ChromaError) as error:
            raise self._failed("read", error) from error

    def similarities(self, queries: Matrix) -> Matrix:
        """Cosine of every query with every item; shape (queries, items).

        The index holds a few hundred items: exact products are faster than an approximate search, and deterministic.
        """
        product: Matrix = queries @ self.vectors.T
        return product

    def search(self, text: str, k: int = 5) -> list[Hit]:
        """The ``k`` elements nearest to a text, best first."""
        return self.candidates([text], self._embedder.embed([text]), k)[0]

    def candidates(self, texts: Sequence[str], vectors: Matrix, k: int = 5) -> list[list[Hit]]:
        """For each text (with its vector) the ``k`` best elements by reciprocal rank fusion of dense and lexical rank."""
        dense = self.similarities(vectors)
        return [self._fuse(row, self._lexical.scores(text), k) for text, row in zip(texts, dense, strict=True)]

    def element_scores(self, texts: Sequence[str], vectors: Matrix) -> tuple[Matrix, Matrix]:
        """Best dense and lexical score per element; two arrays of shape (texts, elements) in framework order."""
        dense = self.similarities(vectors)
        lexical = np.stack([self._lexical.scores(t) for t in texts]) if texts else np.zeros((0, len(self.items)), np.float32)
        columns = [np.flatnonzero(self._element_of == e.id) for e in self.framework.elements]
        best = [
            np.stack([m[:, c].max(axis=1) for c in columns], axis=1) if len(texts) else np.zeros((0, len(columns)))
            for m in (dense, lexical)
        ]
        return best[0].astype(np.float32), best[1].astype(np.float32)

    def _fuse(self, dense: Matrix, lexical: Matrix, k: int) -> list[Hit]:
        best: dict[str, tuple[float, float, int]] = {}
        for n, item in enumerate(self.items):
            d, x, at = best.get(item.element, (-2.0, 0.0, n))
            best[item.element] = (float(dense[n]), max(x, float(lexical[n])), n) if dense[n] > d else (d, max(x, float(lexical[n])), at)
        by_dense = sorted(best, key=lambda e: -best[e][0])
        by_words = [e for e in sorted(best, key=lambda e: -best[e][1]) if best[e][1] > 0]
        fused = {e: 1 / (RRF_K + r) for r, e in enumerate(by_dense, 1)}
        for r, e in enumerate(by_words, 1):
            fused[e] += 1 / (RRF_K + r)
        order = sorted(best, key=lambda e: (-fused[e], -best[e][0], e))[:k]
        return [Hit(e, fused[e], best[e][0], best[e][1], self.items[best[e][2]].text, self._nearest_statement(e, dense)) for e in order]

    def _nearest_statement(self, element: str, dense: Matrix) -> str | None:
        rows = [n for n, i in enumerate(self.items) if i.element == element and i.statement]
        return self.items[max(rows, key=lambda n: dense[n])].statement if rows else None

    def nearest_statements(self, element: str, vector: Matrix) -> list[tuple[Statement, float]]:
        """Statements of one element, nearest first, by the best cosine of a vector of shape (dimension,) with their text or examples."""
        of = self.framework.element(element)
        row = self.similarities(vector[None, :])[0]
        best: dict[str, float] = {}
        for n, i in enumerate(self.items):
            if i.element == element and i.statement:
                best[i.statement] = max(best.get(i.statement, -1.0), float(row[n]))
        return sorted(((s, best[s.id]) for s in of.statements), key=lambda pair: -pair[1])
