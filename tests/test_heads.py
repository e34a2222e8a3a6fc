"""The heads file: damaged, old or foreign ones are refused; written twice it is the same bytes."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ModelFileError
from assistant.extraction import heads
from assistant.extraction.features import VERSION, Sentence
from assistant.extraction.heads import Columns, Heads, sigmoid, softmax
from assistant.frameworks import load_framework

SHIPPED = heads.heads_path("john-2025")


@pytest.fixture(scope="module")
def shipped() -> Heads:
    return heads.load(SHIPPED)


def parts(path: Path) -> tuple[dict[str, object], dict[str, np.ndarray]]:  # type: ignore[type-arg]
    """Meta and arrays of a file."""
    with zipfile.ZipFile(path) as archive:
        arrays = {n[:-4]: np.load(archive.open(n), allow_pickle=False) for n in archive.namelist() if n.endswith(".npy")}
        return json.loads(archive.read("meta.json")), arrays


def altered(path: Path, **meta: object) -> Path:
    """The shipped heads with other meta data, in a new file."""
    before, arrays = parts(SHIPPED)
    heads.save(path, before | meta, arrays)
    return path


def test_the_shipped_heads_are_of_the_shipped_framework(shipped: Heads) -> None:
    john = load_framework("john-2025")
    assert shipped.columns.elements == tuple(e.id for e in john.elements)
    assert {c.removeprefix("!") for c in shipped.columns.codes} == {p.code for p in john.practices}
    assert {stage for pair in shipped.columns.pairs for stage in pair} <= {s.number for s in john.stages}
    assert set(shipped.meta["dense_scale"]) == {"self", "previous", "next", "question"}
    for name in ("threshold", "threshold_other", "threshold_absent", "threshold_retrieval", "widen"):
        values = np.asarray(shipped.meta[name])
        assert ((values >= 0) & (values < 1)).all()
    assert shipped.meta["rows"] > 1000


def test_columns_follow_each_other_without_gap_or_overlap(shipped: Heads) -> None:
    c = shipped.columns
    slices = [c.gate, c.any, c.status, c.absent, c.stage, c.code]
    assert slices[0].start == 0
    assert [s.stop for s in slices[:-1]] == [s.start for s in slices[1:]]
    assert c.code.stop == c.total
    assert Columns(("a", "b"), ((1, 1),), ("D1", "!D1")).total == 2 + 2 + 2 + 4 + 1 + 1 + 2


def test_saved_again_it_is_the_same_bytes(tmp_path: Path) -> None:
    meta, arrays = parts(SHIPPED)
    once, twice = tmp_path / "a" / "once.npz", tmp_path / "twice.npz"
    heads.save(once, meta, arrays)
    heads.save(twice, dict(reversed(meta.items())), dict(reversed(arrays.items())))
    assert once.read_bytes() == twice.read_bytes() == SHIPPED.read_bytes()
    assert heads.load(once).digest == heads.load(SHIPPED).digest


def test_any_other_content_has_another_digest(tmp_path: Path, shipped: Heads) -> None:
    assert heads.load(altered(tmp_path / "h.npz", threshold=0.123)).digest != shipped.digest


def refused(path: Path, match: str) -> None:
    with pytest.raises(ModelFileError, match=match) as caught:
        heads.load(path)
    assert str(path) in caught.value.message
    assert "make train" in caught.value.remedy
    assert caught.value.exit_code == 5


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    refused(tmp_path / "none.npz", "No such file")


@pytest.mark.parametrize("version", [VERSION - 1, VERSION + 1])
def test_heads_of_another_feature_version_are_refused(tmp_path: Path, version: int) -> None:
    refused(altered(tmp_path / "h.npz", features=version), f"feature version {version}, {VERSION} is needed")


@pytest.mark.parametrize("keep", [0, 10, 1000, 0.5, 0.999])
def test_a_cut_file_is_refused(tmp_path: Path, keep: float) -> None:
    data = SHIPPED.read_bytes()
    path = tmp_path / "cut.npz"
    path.write_bytes(data[: int(keep * len(data)) if 0 < keep < 1 else int(keep)])
    refused(path, "cannot be read")


@pytest.mark.parametrize("share", [0.001, 0.1, 0.3, 0.5, 0.7, 0.9])
def test_flipped_bits_are_refused(tmp_path: Path, share: float) -> None:
    data = bytearray(SHIPPED.read_bytes())
    at = int(share * len(data))
    data[at : at + 64] = bytes(b ^ 0xFF for b in data[at : at + 64])
    path = tmp_path / "bits.npz"
    path.write_bytes(data)
    refused(path, "cannot be read")


@pytest.mark.parametrize("name", ["meta.json", "dense.npy", "words.npy", "second.npy", "idf.npy"])
def test_a_missing_part_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "part.npz"
    with zipfile.ZipFile(SHIPPED) as old, zipfile.ZipFile(path, "w") as new:
        for n in old.namelist():
            if n != name:
                new.writestr(n, old.read(n))
    refused(path, "cannot be read")


@pytest.mark.parametrize("meta", [b"{", b"[1]", b"{}", b'"x"', b"\xff\xfe"])
def test_broken_meta_data_is_refused(tmp_path: Path, meta: bytes) -> None:
    path = tmp_path / "meta.npz"
    with zipfile.ZipFile(path, "w") as new:
        new.writestr("meta.json", meta)
    refused(path, "cannot be read")


def test_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    meta, arrays = parts(SHIPPED)
    path = tmp_path / "pickle.npz"
    heads.save(path, meta, {k: v for k, v in arrays.items() if k != "bias"})
    with zipfile.ZipFile(path, "a") as new, new.open("bias.npy", "w") as out:
        np.save(out, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    refused(path, "cannot be read")


def test_loaded_once_a_path(tmp_path: Path) -> None:
    path = tmp_path / "copy.npz"
    shutil.copy(SHIPPED, path)
    assert heads.load(path) is heads.load(path)


# ---------------------------------------------------------------- what they say


def sentence(text: str, position: int = 0) -> Sentence:
    return Sentence(text, ("t", 0), position, "")


def test_predictions_are_probabilities_of_the_right_shape(shipped: Heads) -> None:
    said = [sentence("We deploy by hand.", 0), sentence("…", 1), sentence("Nobody watches it.", 2)]
    vectors = np.random.default_rng(1).normal(size=(3, 4 * 384)).astype(np.float32)
    p = shipped.predict(said, vectors)
    c = shipped.columns
    assert p.current.shape == p.any.shape == (3, c.n)
    assert p.status.shape == (3, 4)
    assert p.absent.shape == (3,)
    assert p.stage_logits.shape == (3, len(c.pairs))
    assert p.code_logits.shape == (3, len(c.codes))
    assert ((p.current >= 0) & (p.current <= 1)).all()
    assert p.status.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


def test_cues_are_words_of_the_sentence_strongest_first(shipped: Heads) -> None:
    text = "We get an alert on the dashboard when the accuracy of the model drops in production."
    found = shipped.cues(text, "operations.monitoring")
    assert 1 <= len(found) <= 3
    assert all(term in text.lower() for term in found)
    assert shipped.cues(text, "operations.monitoring", top=1) == found[:1]
    assert shipped.cues("Xyzzy.", "operations.monitoring") == []


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=8))
def test_logistic_and_softmax_hold_for_any_size(values: list[float]) -> None:
    x = np.array(values, dtype=np.float32)
    assert ((sigmoid(x) >= 0) & (sigmoid(x) <= 1)).all()
    assert sigmoid(x) + sigmoid(-x) == pytest.approx(np.ones(len(x)), abs=1e-6)
    assert softmax(x).sum() == pytest.approx(1, abs=1e-5)
    assert softmax(x)[np.argmax(x)] == softmax(x).max()
