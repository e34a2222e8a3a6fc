"""The index: kept, used again, rebuilt when something changes, completed when interrupted; search by meaning and by words."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import chromadb
import numpy as np
import pytest

from assistant.embeddings import LocalEmbedder, Matrix
from assistant.errors import IndexError_
from assistant.frameworks import load_framework
from assistant.models import Framework
from assistant.retrieval import Item, Lexical, Retriever, index_items, words

pytest_plugins = ["pipeline_fixtures"]


class Counting:
    """Vectors from a hash of the text; counts what it is asked for."""

    dimension = 16

    def __init__(self, name: str = "counting-1") -> None:
        self.id = name
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Matrix:
        self.asked.extend(texts)
        seeds = [int.from_bytes(hashlib.sha256(t.encode()).digest()[:8], "big") for t in texts]
        made = np.array([np.random.default_rng(s).normal(size=self.dimension) for s in seeds], dtype=np.float32).reshape(-1, self.dimension)
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture(scope="module")
def small() -> Framework:
    return load_framework("plain-concepts-mlops")


@pytest.fixture(scope="module")
def real(embedder: LocalEmbedder, john: Framework, tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    """John 2025 with the real model."""
    return Retriever(john, embedder, tmp_path_factory.mktemp("index"))


def renamed(framework: Framework, title: str) -> Framework:
    return framework.model_copy(update={"title": title})


# ---------------------------------------------------------------- kept, rebuilt, completed


def test_built_once_and_used_again(small: Framework, tmp_path: Path) -> None:
    first = Counting()
    built = Retriever(small, first, tmp_path)
    before = built.vectors
    assert first.asked == [i.text for i in index_items(small)]
    second = Counting()
    again = Retriever(small, second, tmp_path)
    assert np.allclose(again.vectors, before, atol=1e-6)
    assert second.asked == []
    assert built.collection.count() == len(index_items(small))


def test_nothing_is_built_before_it_is_needed(small: Framework, tmp_path: Path) -> None:
    counting = Counting()
    Retriever(small, counting, tmp_path / "index")
    assert counting.asked == []
    assert not (tmp_path / "index").exists()


def collections(folder: Path) -> list[str]:
    return sorted(c.name for c in Retriever(load_framework("plain-concepts-mlops"), Counting(), folder)._client.list_collections())


def test_a_changed_framework_is_built_anew_and_the_old_one_goes(small: Framework, tmp_path: Path) -> None:
    old = Retriever(small, Counting(), tmp_path)
    assert old.collection.count()
    counting = Counting()
    changed = Retriever(renamed(small, "Another title"), counting, tmp_path)
    assert changed.name != old.name
    assert changed.vectors.shape[0] == len(counting.asked) == len(index_items(small))
    assert collections(tmp_path) == [changed.name]


def test_a_changed_model_is_built_anew(small: Framework, tmp_path: Path) -> None:
    assert Retriever(small, Counting("one"), tmp_path).collection.count()
    counting = Counting("two/with strange:letters")
    other = Retriever(small, counting, tmp_path)
    assert other.collection.count() == len(counting.asked)
    assert collections(tmp_path) == [other.name]
    assert re.fullmatch(r"[a-zA-Z0-9._-]{3,512}", other.name)


def test_frameworks_live_side_by_side(small: Framework, tmp_path: Path) -> None:
    other = load_framework("google-mlops")
    names = []
    for framework in (small, other, small):
        retriever = Retriever(framework, Counting(), tmp_path)
        assert retriever.vectors.shape[0] == len(index_items(framework))
        names.append(retriever.name)
    assert collections(tmp_path) == sorted(set(names))
    assert len(set(names)) == 2


def test_an_id_that_begins_like_another_is_another_framework(small: Framework, tmp_path: Path) -> None:
    longer = small.model_copy(update={"id": small.id + ".own"})
    first = Retriever(longer, Counting(), tmp_path)
    assert first.collection.count()
    assert Retriever(small, Counting(), tmp_path).collection.count()
    again = Counting()
    assert Retriever(longer, again, tmp_path).collection.count()
    assert again.asked == []


def test_an_interrupted_build_is_completed(small: Framework, tmp_path: Path) -> None:
    whole = Retriever(small, Counting(), tmp_path)
    expected = whole.vectors
    whole.collection.delete(ids=[i.id for i in whole.items[3:]])
    counting = Counting()
    again = Retriever(small, counting, tmp_path)
    assert np.allclose(again.vectors, expected, atol=1e-6)
    assert counting.asked == [i.text for i in whole.items]


def test_a_build_that_was_only_begun_is_completed(small: Framework, tmp_path: Path) -> None:
    class Failing(Counting):
        def embed(self, texts: Sequence[str]) -> Matrix:
            raise RuntimeError("the process ended here")

    with pytest.raises(IndexError_, match="cannot be built: the process ended here"):
        _ = Retriever(small, Failing(), tmp_path).collection
    assert Retriever(small, Counting(), tmp_path).collection.count() == len(index_items(small))


def test_deleting_the_folder_is_safe(small: Framework, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    before = Retriever(small, Counting(), folder).vectors
    chromadb.api.client.SharedSystemClient.clear_system_cache()
    shutil.rmtree(folder)
    assert np.allclose(Retriever(small, Counting(), folder).vectors, before, atol=1e-6)


def test_in_memory_without_a_folder(small: Framework) -> None:
    assert Retriever(small, Counting("memory"), None).vectors.shape == (len(index_items(small)), 16)


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize("damage", ["garbage", "cut", "pages", "another program's"])
def test_a_damaged_folder_says_what_to_do(small: Framework, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "index"
    assert Retriever(small, Counting(), folder).vectors.any()
    chromadb.api.client.SharedSystemClient.clear_system_cache()
    database = folder / "chroma.sqlite3"
    data = database.read_bytes()
    if damage == "garbage":
        database.write_bytes(b"garbage" * 1000)
    elif damage == "cut":
        database.write_bytes(data[:5000])
    elif damage == "pages":
        database.write_bytes(data[:8000] + b"\xff" * 60_000 + data[68_000:])
    else:
        import sqlite3

        shutil.rmtree(folder)
        folder.mkdir()
        with sqlite3.connect(database) as other:
            other.execute("CREATE TABLE collections (a)")
        other.close()
    with pytest.raises(IndexError_) as caught:
        _ = Retriever(small, Counting(), folder).vectors
    assert str(folder) in caught.value.message
    assert caught.value.remedy == f"delete the folder {folder}; it is rebuilt by itself"
    assert caught.value.exit_code == 5
    chromadb.api.client.SharedSystemClient.clear_system_cache()
    shutil.rmtree(folder)
    assert Retriever(small, Counting(), folder).vectors.any()


def test_a_file_where_the_folder_should_be(small: Framework, tmp_path: Path) -> None:
    (tmp_path / "index").write_text("x")
    with pytest.raises(IndexError_, match="cannot be opened"):
        _ = Retriever(small, Counting(), tmp_path / "index").collection


def test_an_index_with_other_texts_is_damaged(small: Framework, tmp_path: Path) -> None:
    """As many texts as there should be, but not these."""
    made = Retriever(small, Counting(), tmp_path)
    collection = made.collection
    collection.delete(ids=[made.items[0].id])
    collection.add(ids=["stranger"], embeddings=Counting().embed(["x"]), documents=["x"])
    with pytest.raises(IndexError_, match="cannot be read"):
        _ = Retriever(small, Counting(), tmp_path).vectors


# ---------------------------------------------------------------- what is in it


def test_items_hold_every_statement_description_and_example(john: Framework) -> None:
    items = index_items(john)
    assert len({i.id for i in items}) == len(items)
    by_kind = {kind: [i for i in items if i.kind == kind] for kind in {i.kind for i in items}}
    assert set(by_kind) == {"statement", "description", "synonyms", "example"}
    assert len(by_kind["description"]) == len(john.elements) == 17
    assert {i.statement for i in by_kind["statement"]} == {s.id for e in john.elements for s in e.statements}
    assert sorted(i.text for i in by_kind["example"]) == sorted(t for e in john.elements for t in e.examples)
    assert all(i.text.strip() for i in items)


# ---------------------------------------------------------------- search


def test_search_by_meaning_finds_what_shares_no_word(real: Retriever) -> None:
    found = real.search("Somebody notices when predictions get worse and fixes it by training once more", k=3)
    assert "operations.monitoring" in [h.element for h in found]
    assert found == sorted(found, key=lambda h: -h.score)
    assert all(-1 <= h.dense <= 1.0001 and h.lexical >= 0 for h in found)


@pytest.mark.parametrize(
    ("query", "element"),
    [
        ("The same computed columns are shared between training and serving", "data.feature_store"),
        ("Whoever wants to can look up which commit a run came from", "model.code_versioning"),
        ("Data scientists and engineers sit together every morning", "organisation.team_communication"),
        ("Jenkins builds, tests and releases it", "deployment.cicd"),
    ],
)
def test_the_right_element_is_among_the_first(real: Retriever, query: str, element: str) -> None:
    assert element in [h.element for h in real.search(query, k=3)]


def test_as_many_elements_as_asked_each_once(real: Retriever, john: Framework) -> None:
    assert len(real.search("data", k=4)) == 4
    every = [h.element for h in real.search("data", k=100)]
    assert sorted(every) == sorted(e.id for e in john.elements)


def test_the_text_of_a_statement_finds_itself(real: Retriever, john: Framework, embedder: LocalEmbedder) -> None:
    for element in john.elements:
        for statement in element.statements[-1:]:
            nearest, score = real.nearest_statements(element.id, embedder.embed([statement.text])[0])[0]
            assert nearest.text == statement.text
            assert score == pytest.approx(1, abs=1e-4)


def test_scores_by_element_are_the_best_of_its_items(real: Retriever, john: Framework, embedder: LocalEmbedder) -> None:
    texts = ["We watch the accuracy.", "Nothing of interest."]
    vectors = embedder.embed(texts)
    dense, lexical = real.element_scores(texts, vectors)
    assert dense.shape == lexical.shape == (2, 17)
    row = real.similarities(vectors)[0]
    for column, element in enumerate(john.elements):
        own = [n for n, i in enumerate(real.items) if i.element == element.id]
        assert dense[0, column] == pytest.approx(row[own].max())
    empty = real.element_scores([], embedder.embed([]))
    assert [part.shape for part in empty] == [(0, 17), (0, 17)]


def test_words_help_where_meaning_is_unsure(small: Framework, tmp_path: Path) -> None:
    """With vectors that mean nothing, the element whose words are used comes first."""
    retriever = Retriever(small, Counting(), tmp_path)
    element = small.elements[-1]
    query = element.statements[-1].text
    found = retriever.search(query, k=len(small.elements))
    assert found[0].element == element.id
    assert found[0].lexical == max(h.lexical for h in found) > 0


# ---------------------------------------------------------------- words


def item(text: str, element: str = "e") -> Item:
    return Item(text, text, element, "statement")


def test_content_words_without_plural() -> None:
    found = words("The pipelines are deployed by CI/CD, don't process the classes")
    assert found == ["pipeline", "deployed", "ci/cd", "don't", "process", "classe"]
    assert words("is it us or gas") == ["us", "gas"]


def test_bm25_by_hand() -> None:
    """Two texts of two words: idf ln(1 + 1.5/1.5), tf part 2.2/2.2."""
    scores = Lexical([item("feature store"), item("model registry")]).scores("the feature, the feature")
    assert scores == pytest.approx([np.log(2), 0])


def test_rare_words_and_short_texts_weigh_more() -> None:
    lexical = Lexical([item("model drift"), item("model registry"), item("model registry with lots more words around everything")])
    model, drift = lexical.scores("model"), lexical.scores("drift")
    assert drift[0] > model[0] > 0
    registry = lexical.scores("registry")
    assert registry[1] > registry[2] > 0
    assert lexical.scores("nothing known").tolist() == [0, 0, 0]
    assert Lexical([]).scores("x").shape == (0,)
