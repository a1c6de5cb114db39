"""Data sets that tests measure on; they live in the folder that NABAT_DATA names."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def find_corpus(name: str) -> Path:
    """The path of a data set; the test is skipped where it is absent."""
    folder = os.environ.get("NABAT_DATA")
    if not folder:
        pytest.skip("NABAT_DATA names no folder with data sets")
    path = Path(folder) / name
    if not path.exists():
        pytest.skip(f"no data set {name} in the folder that NABAT_DATA names")
    return path


def read_corpus(name: str) -> Iterator[dict[str, Any]]:
    """The objects of a (gzipped) file of JSON lines."""
    path = find_corpus(name)
    raw = path.read_bytes()
    yield from map(json.loads, (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines())


def read_texts(name: str, limit: int | None = None) -> list[str]:
    """The texts that say anything, at most `limit` of them."""
    texts = (row["text"] for row in read_corpus(name))
    return [
        text for text, _ in zip(filter(str.strip, texts), range(limit or 1 << 30), strict=False)
    ]
