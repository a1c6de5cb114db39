"""The terminal: what feeds and people wrote is read there, and does nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Terminal(Console):
    """A console on which texts neither style (`[red]`) nor steer (escape sequences)."""

    def __init__(self, **options: Any) -> None:
        """The options of `rich.console.Console`."""
        super().__init__(**options, highlight=False, markup=False, emoji=False)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The segments of anything, without the control characters of its texts."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(clean(segment.text), segment.style)


def clean(text: str) -> str:
    """A text without control characters; lines and tabs stay."""
    return _CONTROLS.sub("", text)
