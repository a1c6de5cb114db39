"""Baselines: what a term learns, from which time, how fast, and what a new one borrows."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from statistics import mean, variance

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.alarms import rings
from streams.alarms import scores as s
from streams.bursts import Baselines
from tests.rows import at

MONDAY = int(at("0:00").timestamp())
STEPS = 288  # a day
USUAL = 10.0  # documents an hour
SEEN = (USUAL / 12, USUAL, 1.0)
UNSEEN = (0.0, 7 * USUAL, 0.0)
BY_HOUR = Callable[[int], float]  # mentions in a step of an hour of the day


def one_term(prior: str = "ОДКБ") -> Baselines:
    baselines = Baselines()
    baselines.add(prior)
    return baselines


def learn(baselines: Baselines, days: range, rate: BY_HOUR, exposed: BY_HOUR = lambda _: 1) -> None:
    """Whole days from Monday on; `exposed` is how busy the sources are in an hour of the day."""
    for step in range(days.start * STEPS, days.stop * STEPS):
        hour = step // 12 % 24
        seen = (SEEN[0] * exposed(hour), USUAL, 1.0)
        count = rate(hour)
        counts = dict.fromkeys(baselines.rows, count) if count else {}
        baselines.learn(counts, MONDAY + 300 * step, seen)


def expect_hour(baselines: Baselines, hour: int, documents: float = USUAL) -> float:
    """Mentions expected in an hour of a weekday in which so many documents can be seen."""
    exposed = np.zeros((5, 48))
    exposed[2, hour] = documents
    return float(baselines.weigh(["ОДКБ"], np.zeros((1, 5)), exposed).expected[0, 2])


def steadily(count: float) -> BY_HOUR:
    return lambda _: count


def by_day(count: float) -> BY_HOUR:
    return lambda hour: count if 8 <= hour < 20 else 0.0


def test_a_baseline_learns_the_daily_rhythm() -> None:
    baselines = one_term()
    learn(baselines, range(26), by_day(0.75))
    assert expect_hour(baselines, 12) == pytest.approx(9.0, rel=0.1)
    assert expect_hour(baselines, 2) < 0.5
    assert baselines.hours("ОДКБ") == pytest.approx(26 * 24)
    assert baselines.hourly("ОДКБ")[12] == pytest.approx(expect_hour(baselines, 12))


def test_half_the_exposure_is_half_the_expectation() -> None:
    baselines = one_term()
    learn(baselines, range(3), steadily(0.25))
    full = expect_hour(baselines, 12)
    assert full == pytest.approx(3.0, rel=0.05)
    assert expect_hour(baselines, 12, USUAL / 2) == pytest.approx(full / 2)


def test_a_rate_is_learnt_by_the_document_not_by_the_hour() -> None:
    """Where the sources are four times as busy by day, one mention in ten documents is even."""
    baselines = one_term()
    busy = {hour: 1.6 if 8 <= hour < 20 else 0.4 for hour in range(24)}
    learn(baselines, range(5), lambda hour: busy[hour] * SEEN[0] / 10, lambda hour: busy[hour])
    assert expect_hour(baselines, 12, 16.0) == pytest.approx(1.6, rel=0.02)
    assert expect_hour(baselines, 2, 4.0) == pytest.approx(0.4, rel=0.02)
    assert baselines.hours("ОДКБ") == pytest.approx(120)


def test_no_expectation_falls_below_the_least() -> None:
    baselines = one_term()
    learn(baselines, range(10), steadily(0.0))
    expected = baselines.weigh(["ОДКБ"], np.zeros((1, 5)), np.zeros((5, 48))).expected[0]
    assert expected.tolist() == pytest.approx([0.02 * w / 3600 for w in s.WINDOWS])


@pytest.mark.parametrize("wild", [10.0, 500.0, 1e6])
def test_one_wild_step_moves_the_expectation_little(wild: float) -> None:
    calm, shaken = one_term(), one_term()
    for baselines in (calm, shaken):
        learn(baselines, range(5), steadily(0.25))
    start = MONDAY + 5 * 86400 - 72 * 3600  # an hour of a weekday
    for baselines, count in ((calm, 0.25), (shaken, wild)):
        baselines.learn({"ОДКБ": count}, start + 7 * 86400, SEEN)
    slot = s.slot_of(float(start))
    assert 1.0 < expect_hour(shaken, slot) / expect_hour(calm, slot) < 1.15


def count_loud(baselines: Baselines, days: range, count: float) -> list[int]:
    """On which days a steady count is above the term's own threshold and six nats."""
    loud = []
    for day in days:
        for step in range(day * STEPS, (day + 1) * STEPS):
            start = MONDAY + 300 * step
            counts, exposed = _look(baselines, start, count)
            weighed = baselines.weigh(["ОДКБ"], counts, exposed)
            if ((weighed.scores >= weighed.thresholds) & (weighed.loudest >= 6)).any():
                loud.append(day)
            baselines.learn({"ОДКБ": count}, start, SEEN)
    return sorted(set(loud))


def _look(baselines: Baselines, start: int, count: float) -> tuple[np.ndarray, np.ndarray]:
    """The windows that end with a step, of which the past is in the row."""
    table = baselines._table[:1].copy()
    world = baselines.world.values.copy()
    world[s.NOW] = start // 300
    rings.push_rows(table, np.zeros(1, np.int64), np.array([count]), world)
    exposed = np.zeros((5, 48))
    for window, seconds in enumerate(s.WINDOWS):
        exposed[window, s.slot_of(float(start))] = USUAL * seconds / 3600
    return np.array([[count, *table[0, s.SUMS :]]]), exposed


def test_a_new_level_is_learnt_within_days_and_rings_no_more() -> None:
    baselines = one_term()
    learn(baselines, range(14), steadily(0.5))
    loud = count_loud(baselines, range(14, 24), 2.5)
    assert loud[:1] == [14]
    assert max(loud) <= 17
    assert expect_hour(baselines, 12) > 15


def test_unassessed_time_is_not_learnt() -> None:
    gone, paused = one_term(), one_term()
    for baselines in (gone, paused):
        learn(baselines, range(3), steadily(0.25))
    for step in range(3 * STEPS, 4 * STEPS):
        assert gone.learn({"ОДКБ": 5.0}, MONDAY + 300 * step, UNSEEN) == []
    assert gone.dump("ОДКБ") == paused.dump("ОДКБ")
    assert gone.hours("ОДКБ") == pytest.approx(72)
    assert expect_hour(gone, 12) == expect_hour(paused, 12)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([1, 5, 199, 200]), st.integers(0, 210), st.integers(0, 10**6))
def test_a_term_learns_the_same_whatever_stands_beside_it(
    beside: int, gone: int, seed: int
) -> None:
    """Fewer and more than are worked side by side; two days, so that quantiles follow."""
    random, alone, among = Random(seed), Baselines(), Baselines()
    for number in range(beside):
        among.add(f"другой {number}")
    for baselines in (alone, among):
        baselines.add("ОДКБ")
    among.remove(f"другой {gone}")
    for step in range(200):
        count = {"ОДКБ": random.randrange(9) / 4} if random.random() < 0.3 else {}
        others = {name: random.randrange(9) / 4 for name in among.rows if name != "ОДКБ"}
        alone.learn(count, MONDAY + 900 * step, SEEN)
        among.learn({**others, **count}, MONDAY + 900 * step, SEEN)
    assert alone.dump("ОДКБ") == among.dump("ОДКБ")


def test_a_saved_baseline_goes_on_where_it_was() -> None:
    first, second = one_term(), Baselines()
    learn(first, range(9), by_day(0.5))
    second.world.load(first.world.dump())
    second.add("ОДКБ", first.dump("ОДКБ"))
    for baselines in (first, second):
        learn(baselines, range(9, 11), by_day(2.0))
        baselines.add("новое")
    for name in ("ОДКБ", "новое"):
        assert first.dump(name) == second.dump(name)
    assert first.world.dump() == second.world.dump()
    assert len(first.dump("ОДКБ")) <= 2048


def test_only_terms_of_the_last_day_are_touched() -> None:
    baselines = Baselines()
    for name in ("утро", "никогда"):
        baselines.add(name)
    assert baselines.learn({"утро": 1.0}, MONDAY, SEEN) == ["утро"]
    assert baselines.learn({"никогда": 0.0}, MONDAY + 86400 - 300, SEEN) == ["утро"]
    assert baselines.learn({}, MONDAY + 86400, SEEN) == []


@pytest.mark.parametrize("awake", [1, 4, 5, 6, 30, 40])
def test_whoever_was_touched_is_told(awake: int) -> None:
    """Few among many, and most of them."""
    baselines = Baselines()
    for number in range(40):
        baselines.add(str(number))
    names = [str(7 * number % 40) for number in range(awake)]
    learnt = baselines.learn(dict.fromkeys(names, 1.0), MONDAY, SEEN, {"39", "чужое"})
    assert sorted(learnt) == sorted(names)
    assert sorted(baselines.learn({"чужое": 1.0}, MONDAY + 300, SEEN)) == sorted(names)


def newsroom(days: int = 9) -> Baselines:
    """Twelve terms with steady rates of their own for days."""
    baselines = Baselines()
    for number in range(12):
        baselines.add(str(number))
    for step in range(days * STEPS):
        counts = {str(n): 0.25 for n in range(12) if step % (n + 1) == 0}
        baselines.learn(counts, MONDAY + 300 * step, SEEN)
    return baselines


def test_a_new_term_starts_from_what_the_others_show() -> None:
    """Rates are gamma-distributed over terms: its mean, and its mean by its variance as weight."""
    baselines = newsroom()
    known = baselines._table[:12]
    rates = [float(s.mean_rate(row, baselines.world.values)) for row in known]
    assert rates == pytest.approx([0.3 / (n + 1) for n in range(12)], rel=0.05)
    baselines.add("новое")
    row = baselines._table[baselines.rows["новое"]]
    assert row[s.PRIOR] == pytest.approx(mean(rates))
    spread = variance(rates) * 11 / 12
    assert row[s.WEIGHT] == pytest.approx(mean(rates) / spread)
    assert sum(baselines.hourly("новое")) / 48 == pytest.approx(mean(rates) * USUAL)


def test_a_new_term_borrows_how_far_thresholds_are_from_the_first_ones() -> None:
    baselines = newsroom()
    counts, exposed = np.zeros((13, 5)), np.ones((5, 48))
    baselines.add("новое")
    thresholds = baselines.weigh(list(baselines.rows), counts, exposed).thresholds
    for channel, (least, most) in enumerate([(0.6, 1.3), (0.35, 1.1)]):
        hourly = [sum(baselines.hourly(name)) / 48 for name in baselines.rows]
        first = [min(least + 0.4 * math.log10(max(one, 0.1) / 0.1), most) for one in hourly]
        off = mean((thresholds[:12, channel] - first[:12]).tolist())
        assert thresholds[12, channel] == pytest.approx(first[12] + off, abs=0.01)


def test_terms_known_for_less_than_a_week_tell_nothing() -> None:
    baselines = newsroom(6)
    baselines.add("новое")
    row = baselines._table[baselines.rows["новое"]]
    assert row[s.PRIOR] == 0.05 / USUAL
    assert row[s.OFFSETS : s.OFFSETS + 2].tolist() == [0.0, 0.0]


def test_terms_of_one_tick_start_alike() -> None:
    baselines = newsroom()
    for name in ("новое", "новейшее"):
        baselines.add(name)
    assert baselines.dump("новое") == baselines.dump("новейшее")
    baselines.remove("0")
    baselines.add("последнее")
    assert baselines.dump("последнее") != baselines.dump("новое")


def test_a_known_term_is_left_as_it_is_and_a_gone_one_is_forgotten() -> None:
    baselines = newsroom()
    before = baselines.dump("3")
    baselines.add("3")
    assert baselines.dump("3") == before
    baselines.remove("1")
    baselines.remove("1")
    assert sorted(baselines.rows.values()) == list(range(11))
    assert baselines.dump("3") == before


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 11), min_size=1, max_size=16), st.integers(0, 10**6))
def test_removals_leave_the_others_as_they_were(gone: list[int], seed: int) -> None:
    """Removed and back, in any order: all answer, and teach a new one, as if loaded in order."""
    random, live, loaded = Random(seed), newsroom(), Baselines()
    live.learn(dict.fromkeys(list(live.rows)[3:8], 0.25), MONDAY + 10 * 86400 - 300, SEEN)
    saved = {name: live.dump(name) for name in live.rows}
    for name in map(str, gone):
        live.remove(name)
        if random.random() < 0.5:
            live.add(name, saved[name])
    loaded.world.load(live.world.dump())
    for name in sorted(live.rows):
        loaded.add(name, saved[name])
    counts = dict.fromkeys(sorted(live.rows)[::2], 0.5)
    awake = [set(one.learn(counts, MONDAY + 10 * 86400, SEEN)) for one in (live, loaded)]
    assert awake[0] == awake[1]
    for baselines in (live, loaded):
        baselines.add("новое")
    assert {name: live.dump(name) for name in live.rows} == {
        name: loaded.dump(name) for name in loaded.rows
    }
    ages, rates = (dict(zip(live.rows, of, strict=True)) for of in (live.age(), live.rates(12)))
    assert ages == {name: live.hours(name) for name in live.rows}
    assert rates == dict(zip(loaded.rows, loaded.rates(12), strict=True))


def spike(baselines: Baselines, day: int, count: float) -> None:
    """A quiet day with one loud step at noon."""
    for step in range(day * STEPS, (day + 1) * STEPS):
        here = count if step == day * STEPS + 144 else 0.25 if step % 4 == 0 else 0.0
        baselines.learn({"ОДКБ": here} if here else {}, MONDAY + 300 * step, SEEN)


def test_peaks_are_the_former_days_the_highest_first() -> None:
    baselines, counts = one_term(), {3: 30.0, 5: 90.0, 6: 60.0}
    for day in range(9):
        spike(baselines, day, counts.get(day, 0.25))
    peaks = baselines.peaks("ОДКБ", MONDAY + 9 * 86400)
    assert len(peaks) == 3
    assert peaks == sorted(peaks, reverse=True)
    assert all(one > 0 for one in peaks)
    assert len(baselines.peaks("ОДКБ", MONDAY + 5 * 86400)) == 1
    assert len(baselines.peaks("ОДКБ", MONDAY + 6 * 86400 - 1)) == 1
    assert len(baselines.peaks("ОДКБ", MONDAY + 6 * 86400)) == 2


def test_peaks_are_forgotten_after_thirteen_days() -> None:
    baselines = one_term()
    for day in range(4):
        spike(baselines, day, 30.0 if day == 3 else 0.25)
    for days, many in ((16, 1), (17, 0)):
        assert len(baselines.peaks("ОДКБ", MONDAY + days * 86400)) == many
    for day in range(4, 18):
        spike(baselines, day, 0.25)
    assert baselines.peaks("ОДКБ", MONDAY + 18 * 86400) == []


def test_what_rings_does_not_speak_about_the_model() -> None:
    quiet, loud = one_term(), one_term()
    for baselines, ringing in ((quiet, {"ОДКБ"}), (loud, set())):
        learn(baselines, range(2), steadily(0.25))
        baselines.learn({"ОДКБ": 90.0}, MONDAY + 2 * 86400, SEEN, ringing)
    assert quiet.world.values[s.HITS : s.HITS + 3].tolist() == [0.0] * 3
    assert (loud.world.values[s.HITS : s.HITS + 3] > 0).all()
    assert quiet.dump("ОДКБ") == loud.dump("ОДКБ")
