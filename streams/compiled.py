"""Compiled functions, kept on the disk until a file that may have gone into them changes.

numba keeps what it compiled until the file of the function changes. But functions and numbers of
other files are compiled into it: an update that changed one file would go on counting with the
numbers of the former version. A compiled function may use those of its own folder and below it.
"""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile


class _Kept(FunctionCache):  # type: ignore[misc]
    """What was compiled of a function, as long as nothing has changed."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        folder = Path(function.__code__.co_filename).parent
        base = self._impl.filename_base
        self._cache_file = IndexDataCacheFile(self._cache_path, base, _stamp(folder))


@cache
def _stamp(folder: Path) -> str:
    """What changes with any file in a folder, or below it, that has compiled functions."""
    texts = (path.read_bytes() for path in sorted(folder.rglob("*.py")))
    made = blake2b(digest_size=16)
    for text in texts:
        if b"streams.compiled" in text:
            made.update(text)
    return made.hexdigest()


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile when called first; `options` are those of `numba.njit`."""
    if function is None:
        return partial(compiled, **options)
    made = njit(**options)(function)
    made._cache = _Kept(function)  # noqa: SLF001 - what `cache=True` does
    return made


def is_kept(made: Any) -> bool:
    """Whether a compiled function is on the disk as the files would have it now."""
    return bool(made._cache._cache_file._load_index())  # noqa: SLF001 - numba tells nobody


def unchecked(function: Callable[..., Any]) -> Any:
    """The same without checks of divisions: each would be a branch."""
    return compiled(function, error_model="numpy")
