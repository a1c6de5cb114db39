"""Compiled functions, kept on the disk until any file that has such functions changes.

numba keeps what it compiled until the file of the function changes. But the functions and numbers
of other files are compiled into it: an update that changed one file would go on counting with the
numbers of the former version.
"""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

_SOURCES = sorted(Path(__file__).parent.glob("*.py"))
_TEXTS = [text for text in (path.read_bytes() for path in _SOURCES) if b"compiled" in text]
STAMP = blake2b(b"\0".join(_TEXTS), digest_size=16).hexdigest()


class _Kept(FunctionCache):  # type: ignore[misc]
    """What was compiled of a function, as long as nothing has changed."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        base = self._impl.filename_base
        self._cache_file = IndexDataCacheFile(self._cache_path, base, STAMP)


def compiled(function: Callable[..., Any]) -> Any:
    """Compile when called first; divisions are not checked, for each check would be a branch."""
    made = njit(error_model="numpy")(function)
    made._cache = _Kept(function)  # noqa: SLF001 - what `cache=True` does
    return made
