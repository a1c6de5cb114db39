from __future__ import annotations

import pytest

from streams.words.joints import joins


@pytest.mark.parametrize(
    ("kind", "gap", "answer"),
    [
        ("space", " ", True),
        ("space", "\n«", True),
        ("space", "\n\n", False),
        ("space", ", ", False),
        ("space", "-", True),
        ("hyphen", "‑", True),
        ("hyphen", " — ", True),
        ("hyphen", ", ", False),
        ("number", " ", False),
        ("number", "-", True),
        ("initial", ". ", True),
        ("initial", "", True),
        ("initial", "! ", False),
        ("apostrophe", "’", True),
        (".", ".", True),
        (".", " ", False),
    ],
)
def test_what_may_stand_between_words(kind: str, gap: str, *, answer: bool) -> None:
    assert joins(kind, gap) is answer
