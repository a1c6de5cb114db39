"""How often a term was mentioned, when, and in which documents: sums over any stretch of time."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence

from streams.families.entries import Count, Entry, add_to

BIN = 60  # seconds: the finest resolution of a count
BUCKET = 900  # seconds: what baselines learn from, and what slow windows sum


class Tally:
    """The mentions of one term in the window: effective counts by bin and bucket."""

    def __init__(self) -> None:
        self._moments: list[tuple[float, str]] = []
        self._bins: dict[int, float] = {}
        self._buckets: dict[int, float] = {}
        self._authors: dict[tuple[int, str], float] = {}

    def add(self, entry: Entry, count: Count) -> None:
        """Count a document."""
        insort(self._moments, (count.at, entry.id))
        self._change(entry, count, 1.0)

    def remove(self, entry: Entry, count: Count) -> None:
        """Take back what `add` counted."""
        place = bisect_left(self._moments, (count.at, entry.id))
        del self._moments[place]
        self._change(entry, count, -1.0)

    def room(self, author: str | None, at: float) -> float:
        """What an author may still add to the bin of `at`: at most one in all."""
        if author is None:
            return 1.0
        return 1.0 - self._authors.get((int(at // BIN), author), 0.0)

    def sum(self, start: int, stop: int) -> float:
        """The effective count from `start` to `stop` (Unix seconds, multiples of a bin)."""
        first = -(-start // BUCKET)
        last = stop // BUCKET
        if first >= last:
            return self._sum_bins(start, stop)
        inner = sum(self._buckets.get(bucket, 0.0) for bucket in range(first, last))
        return self._sum_bins(start, first * BUCKET) + inner + self._sum_bins(last * BUCKET, stop)

    def sums(self, starts: Sequence[int], stop: int) -> list[float]:
        """The effective count from each of `starts`, the latest first, to `stop`."""
        total, upto, sums = 0.0, stop, []
        for start in starts:
            total += self.sum(start, upto)
            upto = start
            sums.append(total)
        return sums

    def many(self, start: float, stop: float) -> int:
        """How many documents were counted from `start` up to but not at `stop`."""
        first = bisect_left(self._moments, (start, ""))
        return bisect_left(self._moments, (stop, "")) - first

    def between(self, start: float, stop: float) -> list[str]:
        """The documents counted from `start` up to but not at `stop`, by time and id."""
        first = bisect_left(self._moments, (start, ""))
        last = bisect_left(self._moments, (stop, ""))
        return [document_id for _, document_id in self._moments[first:last]]

    def fullest(self, start: float, stop: float) -> int | None:
        """The start of the fullest bin between two times, the earliest of equals."""
        bins = range(int(start // BIN), int(stop // BIN) + 1)
        best = max(bins, key=lambda one: (self._bins.get(one, 0.0), -one), default=None)
        return None if best is None else best * BIN

    def _sum_bins(self, start: int, stop: int) -> float:
        bins = self._bins
        return sum(bins.get(one, 0.0) for one in range(start // BIN, stop // BIN))

    def _change(self, entry: Entry, count: Count, sign: float) -> None:
        if count.late or not count.weight:
            return
        minute, change = int(count.at // BIN), sign * count.weight
        add_to(self._bins, minute, change)
        add_to(self._buckets, int(count.at // BUCKET), change)
        if entry.author is not None:
            add_to(self._authors, (minute, entry.author), change)
