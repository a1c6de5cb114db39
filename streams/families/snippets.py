"""What an alert quotes of a document."""

from __future__ import annotations

from streams.models import Enriched

AROUND = 90  # characters on either side of the first mention


def cut_snippet(document: Enriched) -> str:
    """Whole words around the first mention in the text, else its beginning, on one line.

    The title, which alerts show beside it, is quoted only where there is no text.
    """
    content = document.content
    begins = len(content) - len(document.text) if document.text else 0
    inside = [(one.start, one.stop) for one in document.terms if one.start >= begins]
    first, last = min(inside, default=(begins, begins + AROUND))
    start, stop = max(begins, first - AROUND), min(len(content), last + AROUND)
    if start > begins:
        start += len(content[start:first].partition(" ")[0])
    if stop < len(content):
        stop -= len(content[last:stop].rpartition(" ")[2])
    head = "…" if start > begins else ""
    tail = "…" if stop < len(content) else ""
    return f"{head}{' '.join(content[start:stop].split())}{tail}"
