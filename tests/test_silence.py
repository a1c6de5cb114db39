"""Why nothing rang: counts that leave out zeros, gates that name what they needed."""

from __future__ import annotations

import pytest

from infra.stage.silence import Silence
from streams.alarms.gates import Gate, Options, gates
from streams.alarms.sight import Sight, view
from tests.test_gates import NOON, newsroom


def silence(**changes: object) -> Silence:
    return Silence(hazard="flood", term="теракт", **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        (
            {"documents": 2, "origins": {"1": "a", "2": "a"}, "owners": {"x", "y"}},
            ["2 documents, 1 origin, 2 owners"],
        ),
        ({"resembling": 1}, ["1 document only with its letters"]),
        ({"late": 3}, ["3 came too late to open anything"]),
        ({"withdrawn": 4}, ["4 withdrawn"]),
        ({"silent": {"rss/a"}, "coverage": 0.904}, ["1 source away, 90% exposed"]),
    ],
)
def test_what_arrived_is_told_without_zeros(changes: dict[str, object], told: list[str]) -> None:
    assert silence(**changes).counted == told


def test_only_failed_gates_hold_back() -> None:
    passed, failed = Gate("origins", 309, 4), Gate("owners", 1, 3)
    assert silence(gates=(passed, failed)).failed == ["owners (1 of 3)"]


def test_every_gate_of_the_detector_can_be_told_and_so_can_a_new_one() -> None:
    sight = Sight(newsroom(), NOON)
    every = gates(sight, view(sight, "ОДКБ"), 0, Options())
    told = silence(gates=[Gate(gate.name, 0.0, 1.0) for gate in every]).failed
    assert len(told) == len(every) >= 8
    assert not [text for text in told if "_" in text]
    assert silence(gates=(Gate("new", 0.5, 2.0),)).failed == ["new (0.5 of 2.0)"]
