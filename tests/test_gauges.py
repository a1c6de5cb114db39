from itertools import count

from infra.metrics import CATALOGUE
from infra.vitals.gauges import Gauged
from streams.decide import Decider
from streams.models import Passed, to_seconds
from tests.rows import at, beat, clock, doc, setting

ROWS: list[Passed] = [
    setting("11:59", "source", "rss/a", {"source": "rss/a"}),
    setting("11:59", "source", "rss/b", {"source": "rss/b"}),
    setting("11:59", "term", "ОДКБ", {"name": "ОДКБ"}),
    beat("12:00", "rss/a"),
    beat("12:00", "rss/b"),
    doc("12:00", "rss/a", "[ОДКБ] собралась"),
    clock("12:01"),
    clock("12:02"),
    beat("12:10", "rss/a"),
    clock("12:11"),
    clock("12:12"),
]


class Gauges:
    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.reports = 0

    def __call__(self, name: str, value: float) -> None:
        assert CATALOGUE[name].kind == "gauge"
        self.reports += name == "nabat_terms"
        self.values[name] = value


def test_the_state_is_shown_and_a_silent_source_is_missed() -> None:
    gauges = Gauges()
    wall = count(to_seconds(at("12:20")))  # a second later at every row
    decider = Gauged(Decider(), gauges, lambda: next(wall))
    shown = []
    for number, row in enumerate(ROWS):
        decider.push(number, row)
        shown.append(gauges.values.get("nabat_sources_live"))
    assert max(one for one in shown if one is not None) == 2
    assert gauges.values["nabat_sources_live"] == 1
    assert gauges.values["nabat_terms"] == 1
    assert gauges.values["nabat_open_bursts"] == 0
    # The last tick that ended is that of the row at 12:11; the wall stood at 12:20:10.
    assert gauges.values["nabat_clock_lag_seconds"] == 9 * 60


def test_a_replay_is_not_held_up_by_reports() -> None:
    gauges = Gauges()
    decider = Gauged(Decider(), gauges, lambda: 5.0)
    for number in range(200):
        decider.push(number, clock(f"12:{number // 60:02}:{number % 60:02}"))
    assert gauges.reports == 1


def test_decisions_are_the_same() -> None:
    plain, gauged = Decider(), Gauged(Decider(), Gauges())
    for number, row in enumerate(ROWS):
        assert plain.push(number, row) == gauged.push(number, row)
        assert plain.position == gauged.position
    assert plain.take_changed() == gauged.take_changed()
