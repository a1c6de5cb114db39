"""The files that a replay writes: one message a line, and exactly once when it is resumed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from msgspec import Struct

from streams.models import encode


class Outputs:
    """Named outputs, each a path or `-` for stdout; `sizes` are what a resumed run left of them.

    A file that was written to before is cut to its size then and continued; another begins anew.
    """

    def __init__(self, paths: Mapping[str, str], sizes: Mapping[str, int] | None = None) -> None:
        self._paths, self._before = dict(paths), dict(sizes or {})
        self._open: dict[str, BinaryIO] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Open every file; raises OSError for one that cannot be written."""
        with ExitStack() as stack:
            for name, path in self._paths.items():
                self._open[name] = self._open_one(path, stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every file."""
        self._stack.close()
        sys.stdout.flush()

    def write(self, name: str, messages: Iterable[Struct]) -> None:
        """Write messages to an output, if there is one of that name."""
        stream = self._open.get(name)
        if stream is not None:
            stream.writelines(encode(message) + b"\n" for message in messages)

    def sizes(self) -> dict[str, int]:
        """How long each file is now, in bytes, for the run that goes on."""
        files = {str(Path(path).resolve()): path for path in self._paths.values() if path != "-"}
        for stream in self._open.values():
            stream.flush()
        return {**self._before, **{name: Path(path).stat().st_size for name, path in files.items()}}

    def _open_one(self, path: str, stack: ExitStack) -> BinaryIO:
        if path == "-":
            return sys.stdout.buffer
        size = self._before.get(str(Path(path).resolve()))
        if size is None:
            return stack.enter_context(Path(path).open("wb"))
        stream = stack.enter_context(Path(path).open("ab"))  # noqa: SIM115 - the stack closes it
        stream.truncate(size)
        return stream
