"""The judges of bursts, judged: alarms written by hand, and what a drawn world must hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from streams.models import Enriched, Source
from tests.benchmarks.bursts.background import Usual
from tests.benchmarks.bursts.hazards import Hazard, Outage, lose
from tests.benchmarks.bursts.judging import judge, judge_world
from tests.benchmarks.bursts.month import permute
from tests.benchmarks.bursts.oracle import time_oracle
from tests.benchmarks.bursts.panels import Bools, Floats
from tests.benchmarks.bursts.planting import Planted, draw_extra
from tests.benchmarks.bursts.truth import BEGIN, LENGTH, World, draw_world
from tests.rows import doc

DAY, HOUR = 86400.0, 3600.0
TERMS = 12


@pytest.fixture(scope="module")
def world() -> World:
    return draw_world(5, TERMS)


def times(*days: float) -> Floats:
    return np.array([day * DAY for day in days])


def hour(days: float, hours: float) -> float:
    return days + hours / 24


def test_alarms_against_two_bursts_of_two_terms(world: World) -> None:
    """Found after 2 h; missed, for 4 h are too late; one false, and one that a flood set off."""
    bursts = (
        Planted(0, 20 * DAY, size=25, extra=25.0, rise=5, fall=15),
        Planted(1, 20 * DAY, size=6, extra=6.0, rise=60, fall=15),
    )
    floods = (Hazard("bots", 1, 30 * DAY, 30 * DAY + HOUR),)
    told = replace(world, planted=bursts, hazards=floods)
    alarms = [times(hour(20, 2), hour(20, 23), 22), times(hour(20, 4), hour(30, 0.5))]
    judged = judge(told, alarms, [times(22), times()])
    assert judged.delays.tolist() == pytest.approx([120, np.nan], nan_ok=True)
    assert (judged.false, judged.term_weeks) == (2, 2 * 4)
    assert judged.precision == pytest.approx(1 / 3)
    assert (judged.large, judged.gradual) == (1, 0)
    assert judged.set_off == {"bots": 1}


def test_what_rings_without_the_flood_is_not_set_off_by_it(world: World) -> None:
    told = replace(world, planted=(), hazards=(Hazard("bots", 0, 30 * DAY, 30 * DAY + HOUR),))
    judged = judge(told, [times(hour(30, 0.5))], [times(hour(30, 2))])
    assert (judged.false, judged.set_off) == (1, {"bots": 0})


class Clairvoyant:
    """Rings in the bin after each onset that it was told of, and never else."""

    def __init__(self, world: World, series: int, bin_seconds: int) -> None:
        self._rings = np.zeros((LENGTH // bin_seconds + 1, series), bool)
        for one in world.planted:
            self._rings[int(one.onset // bin_seconds), one.term] = True
        self._width = bin_seconds

    def push(self, start: int, _: Floats, exposure: Floats | float = 1.0) -> Bools:
        assert np.max(exposure) <= 1
        return np.asarray(self._rings[(start - BEGIN) // self._width])


@pytest.mark.parametrize("bin_seconds", [60, 300])
def test_whoever_knows_the_truth_is_perfect(world: World, bin_seconds: int) -> None:
    judged = judge_world(
        world, bin_seconds, lambda series, width: Clairvoyant(world, series, width)
    )
    assert judged.planted
    assert (judged.false, judged.recall(), judged.precision) == (0, 1, 1)
    assert 0 < judged.delay <= bin_seconds / 60


def test_a_seed_gives_the_same_world_and_another_one_another(world: World) -> None:
    draw_world.cache_clear()
    again, other = draw_world(5, TERMS), draw_world(6, TERMS)
    assert (again.streams.origins == world.streams.origins).all()
    assert again.planted == world.planted
    assert (other.streams.origins != world.streams.origins).any()


def test_wider_bins_hold_the_same_events(world: World) -> None:
    wide = world.streams.to_bins(300)
    assert wide.origins[7].tolist() == world.streams.origins[35:40].sum(0).tolist()
    assert wide.seen[7] == pytest.approx(world.streams.seen[35:40].mean())


def test_an_outage_takes_its_share_and_its_documents_arrive_late() -> None:
    rng = np.random.default_rng(1)
    moments = rng.uniform(0, 10 * HOUR, 100_000)
    kept, returned, late = lose(rng, moments, [Outage(4 * HOUR, 8 * HOUR, 0.6)])
    away = ((moments >= 4 * HOUR) & (moments < 8 * HOUR)).sum()
    assert len(kept) + len(returned) + len(late) == len(moments)
    assert len(returned) + len(late) == pytest.approx(0.6 * away, rel=0.03)
    assert len(returned) == pytest.approx(0.6 * away * 0.5 * 0.15, rel=0.1)
    assert late.min() >= 8 * HOUR
    assert late.max() <= 8 * HOUR + 900


def test_a_burst_adds_its_size_in_the_first_hour() -> None:
    rng = np.random.default_rng(2)
    planted = Planted(0, 1000.0, size=60, extra=20_000.0, rise=15, fall=60)
    moments = draw_extra(rng, planted)
    assert moments.min() >= 1000
    first = moments[moments < 1000 + HOUR]
    assert len(first) == pytest.approx(20_000, rel=0.03)
    peak = np.bincount(((first - 1000) // 300).astype(int)).argmax()
    assert peak in {2, 3}  # minutes 10 to 20


def test_an_oracle_waits_for_evidence_and_for_four_messages() -> None:
    """Ten a minute from the onset on: four of a rare term tell, of a busy one it takes longer."""
    grown = np.arange(0.0, 6000.0, 10.0)
    rare, busy = (Usual(rate, np.full(100, rate), 0.0) for rate in (1e-5, 1.0))
    ten, seventy = (np.arange(1200 + 30 / each, 6000, 60 / each) for each in (10, 70))
    assert time_oracle(1200.0, grown, rare, ten) == 1
    assert np.isnan(time_oracle(1200.0, grown, rare, ten[:3]))
    assert np.isnan(time_oracle(1200.0, grown, rare, ten[::20]))  # far fewer than it brings
    assert time_oracle(1200.0, grown, busy, seventy) == 11  # 0.79 nats a minute


ENDS = datetime(2026, 3, 12, 8, 30, tzinfo=UTC)


def spread_posts() -> list[Enriched]:
    """A post every seven hours from 2 March on, until the export ends."""
    first = doc("0:00", "telegram/a", "")
    moments = (first.published_at + timedelta(hours=7 * place) for place in range(35))
    return [
        doc("0:00", "telegram/a", f"{at}", id=f"{at}", published_at=at, seen_at=at)
        for at in moments
    ]


def test_a_null_month_moves_posts_by_whole_days_within_the_export() -> None:
    posts = spread_posts()
    begin = posts[0].published_at
    source = Source(source="telegram/a", from_=begin, to=ENDS)
    moved = permute(posts, [source], np.random.default_rng(3))
    before = {post.id: post.published_at for post in posts}
    shifts = {post.id: post.published_at - before[post.id] for post in moved}
    assert set(shifts) == set(before)
    assert all(shift % timedelta(days=1) == timedelta() for shift in shifts.values())
    assert len(set(shifts.values())) > 5
    assert all(begin <= post.published_at <= ENDS for post in moved)
    assert [post.published_at for post in moved] == sorted(post.seen_at for post in moved)
    ends = {post.id: (ENDS - before[post.id]) // timedelta(days=1) for post in posts}
    assert len({(ends[one], shift) for one, shift in shifts.items()}) == len(set(ends.values()))
