"""Reading published weights: slovnet packs (tagging models) and a navec pack (word vectors)."""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import gzip
import json
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.compiled import compiled

Floats = NDArray[np.float32]


class Layer(NamedTuple):
    """Weights (inputs, outputs × kernel) and what follows: + bias, ReLU, × scale, + shift."""

    weights: Floats
    bias: Floats
    scale: Floats
    shift: Floats


class Model(NamedTuple):
    """A tagging model: shape vectors, convolutions, a linear head, perhaps tag transitions."""

    shape_ids: Mapping[str, int]
    shapes: Floats
    layers: tuple[Layer, ...]
    head: Layer
    transitions: Floats  # (0, 0) where tags are chosen one by one
    tags: tuple[str, ...]


class Words:
    """Word vectors, quantised: 100 bytes a word, each the number of a triple of floats."""

    def __init__(self, ids: Mapping[str, int], indexes: NDArray[np.uint8], codes: Floats) -> None:
        self._ids, self._indexes, self._codes = ids, indexes, codes
        self._unknown = ids["<unk>"]

    @property
    def size(self) -> int:
        """Floats in a vector."""
        return self._codes.shape[0] * self._codes.shape[2]

    def find(self, word: str) -> int:
        """The number of `word` in any case; all unknown words share one."""
        return self._ids.get(word.lower(), self._unknown)

    def knows(self, word: str) -> bool:
        """Whether `word` has a vector of its own."""
        return word.lower() in self._ids

    def embed(self, ids: NDArray[np.int64], out: Floats) -> None:
        """Write the vectors of numbered words (words, 300) into `out`."""
        _gather(self._indexes, self._codes, ids, out)


@compiled
def _gather(indexes: NDArray[np.uint8], codes: Floats, ids: NDArray[np.int64], out: Floats) -> None:
    for row in range(ids.shape[0]):
        index = indexes[ids[row]]
        for part in range(codes.shape[0]):
            code = codes[part, index[part]]
            out[row, 3 * part], out[row, 3 * part + 1] = code[0], code[1]
            out[row, 3 * part + 2] = code[2]


def read_words(path: Path) -> Words:
    """Read a navec pack; the 25 MB of indexes stay on the disk's cache, shared by processes."""
    with tarfile.open(path) as pack:
        place = pack.getmember("pq.bin").offset_data
        vocabulary = gzip.decompress(_read(pack, "vocab.bin"))
    count = int(np.frombuffer(vocabulary, np.uint32, 1)[0])
    words = vocabulary[4 * (count + 1) :].decode().splitlines()
    vectors, size, parts, centroids = np.fromfile(path, np.uint32, 4, offset=place).tolist()
    place += 16
    indexes = np.asarray(np.memmap(path, np.uint8, "r", place, (vectors, parts)))
    codes = np.fromfile(
        path, np.float32, parts * centroids * (size // parts), offset=place + indexes.size
    )
    return Words(
        {word: i for i, word in enumerate(words)}, indexes, codes.reshape(parts, centroids, -1)
    )


def read_model(path: Path) -> Model:
    """Read a slovnet pack of a tagging model."""
    with tarfile.open(path) as pack:
        model = json.loads(_read(pack, "model.json"))
        return Model(
            {shape: i for i, shape in enumerate(_read_vocabulary(pack, "shape"))},
            _read_array(pack, model["emb"]["shape"]["weight"]),
            tuple(_read_layer(pack, layer) for layer in model["encoder"]["layers"]),
            _read_head(pack, model["head"]["proj"]),
            _read_transitions(pack, model["head"]),
            _read_vocabulary(pack, "tag"),
        )


def _read(pack: tarfile.TarFile, name: str) -> bytes:
    file = pack.extractfile(name)
    if file is None:
        raise FileNotFoundError(name)
    return file.read()


def _read_vocabulary(pack: tarfile.TarFile, name: str) -> tuple[str, ...]:
    return tuple(gzip.decompress(_read(pack, f"vocabs/{name}.gz")).decode().splitlines())


def _read_array(pack: tarfile.TarFile, weight: dict[str, Any]) -> Floats:
    raw = _read(pack, f"arrays/{weight['array']}.bin")
    return np.frombuffer(raw, np.float32).reshape(weight["shape"])


def _read_layer(pack: tarfile.TarFile, layer: dict[str, Any]) -> Layer:
    weights = _read_array(pack, layer["conv"]["weight"])  # outputs, inputs, kernel
    norm = {
        name: _read_array(pack, layer["norm"][name]) for name in ("weight", "bias", "mean", "std")
    }
    scale = norm["weight"] / norm["std"]
    return Layer(
        np.concatenate([weights[:, :, k].T for k in range(weights.shape[2])], axis=1),
        _read_array(pack, layer["conv"]["bias"]),
        scale,
        norm["bias"] - norm["mean"] * scale,
    )


def _read_head(pack: tarfile.TarFile, head: dict[str, Any]) -> Layer:
    bias = _read_array(pack, head["bias"])
    return Layer(_read_array(pack, head["weight"]), bias, np.ones_like(bias), np.zeros_like(bias))


def _read_transitions(pack: tarfile.TarFile, head: dict[str, Any]) -> Floats:
    if "crf" not in head:
        return np.zeros((0, 0), np.float32)
    return _read_array(pack, head["crf"]["transitions"])


_MARKS = "!#$%&()[]\\/*+,.:;<=>?@^_{|}~-‐−‒⁃–—―`\"'«»„“ʼʻ”№…"
_TYPE = re.compile(
    rf"(?P<RU>[а-яё]+)|(?P<EN>[a-z]+)|(?P<NUM>[+-]?\d+)|(?P<PUNCT>[{re.escape(_MARKS)}]+)",
    re.IGNORECASE,
)


def to_shape(word: str) -> str:
    """The shape that slovnet's models know a word by: `RU_Xx`, `EN_XX`, `NUM`, `PUNCT_,`."""
    match = _TYPE.match(word)
    kind = match.lastgroup if match else "OTHER"
    if kind in {"RU", "EN"}:
        return f"{kind}_{_to_outline(word)}"
    if kind == "PUNCT":
        return f"PUNCT_{word}" if word in _MARKS and len(word) == 1 else "PUNCT_OTHER"
    return kind or "OTHER"


def _to_outline(word: str) -> str:
    if len(word) == 1:
        return "X" if word.isupper() else "x"
    if word.isupper():
        return "XX"
    if word.islower():
        return "xx"
    if _is_title(word):
        return "Xx"
    left, dash, right = word.partition("-")
    return "Xx-Xx" if dash and _is_title(left) and _is_title(right) else "OTHER"


def _is_title(word: str) -> bool:
    return len(word) > 1 and word[0].isupper() and word[1:].islower()
