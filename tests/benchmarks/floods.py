"""Floods of altered words among real posts: how many origins each leaves.

`NABAT_DATA=… python -m tests.benchmarks.floods [--seeds 0 16] [--copies 100 200 1000]
[--sources 20]`. A flood is one post of the month in many copies, five seconds apart, by several
sources in turn. In each copy exactly so many words are altered: replaced by any word of the month,
or (mixed) replaced, deleted, followed by another, swapped with the next one, or misspelt. In the
window stands what the month brought in the 72 hours before. Every second post has a number; posts
lose their links.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import product
from random import Random
from statistics import median

from msgspec import Struct
from msgspec.structs import replace

from streams.families.entries import Entry
from streams.families.features import mark, pack
from streams.families.window import SPAN, Window
from streams.text import tokenize
from tests.benchmarks.families import MONTH, assign, read_month
from tests.corpora import read_corpus
from tests.test_counts import entry

LENGTHS = ((12, 20), (20, 40), (40, 80))  # words
SHARES = (0.1, 0.2, 0.3)
SOURCES = {100: 20, 200: 20, 1000: 100}  # by copies
SEEDS = (0, 16)  # the first, and the one behind the last
MOST = 3  # origins of a flood
_LINK = re.compile(r"\[[^\]]*\]\([^)]*\)|https?://\S+")  # most call for readers
PAUSE = 5  # seconds between two copies
LOOKS = dict(zip("аоесрхуАОЕСРХВНКМТ0О1зЗ3", "aoecpxyAOECPXBHKMTО0l33З", strict=True))


class Month(Struct, frozen=True):
    """What floods are drawn from: entries in order, their texts, all words."""

    entries: list[Entry]
    texts: dict[str, list[str]]
    words: list[str]


class Flood(Struct, frozen=True):
    """What is altered how much, and how often it is told."""

    length: tuple[int, int]
    is_mixed: bool
    share: float
    copies: int
    sources: int


def load_month() -> Month:
    """The month with its families."""
    texts = {row["id"]: _LINK.sub("", row["text"]).split() for row in read_corpus(MONTH)}
    words = [word for text in texts.values() for word in text if word.isalnum()]
    return Month(list(assign(read_month()).values()), texts, words)


def count_origins(month: Month, flood: Flood, seed: int) -> int:
    """How many origins the copies of one flood get."""
    kind = flood.length, flood.is_mixed, flood.share, flood.copies
    random = Random(f"{kind}{seed}")
    base = _pick(month, flood.length, random, is_counting=seed % 2 == 1)
    words = month.texts[base.id]
    told = (" ".join(_alter(month, flood, random, words)) for _ in range(flood.copies))
    rows = write(told, base.at, flood.sources, PAUSE)
    return len({one.origin_id for one in assign(rows, _fill(month, base.at)).values()})


def _pick(month: Month, length: tuple[int, int], random: Random, *, is_counting: bool) -> Entry:
    """A post of this length, with a number if asked."""
    while True:
        one = random.choice(month.entries)
        words = month.texts[one.id]
        has_number = any(word.isdigit() for word in words)
        told = sum(word[0].isalnum() for word in words)
        if length[0] <= told <= length[1] and has_number >= is_counting:
            return one


def _fill(month: Month, at: float) -> Window:
    """The window at a moment."""
    window, start = Window(), bisect_left(month.entries, at - SPAN, key=lambda one: one.at)
    for one in month.entries[start : bisect_left(month.entries, at, key=lambda one: one.at)]:
        window.apply(int(one.at) // 10 * 10 + 10, one)
    return window


def write(texts: Iterator[str], at: float, sources: int, pause: float) -> Iterator[Entry]:
    """Posts of several sources in turn."""
    for number, text in enumerate(texts):
        marked, source = mark(tokenize(text)), f"telegram/robot{number % sources}"
        features = pack(marked, len(marked.keys))
        one = replace(entry(f"{source}/{number}"), features=features, at=at + pause * number)
        yield replace(one, source=source, owner=source, voice=source)


def _alter(month: Month, flood: Flood, random: Random, words: list[str]) -> list[str]:
    altered = [[word] for word in words]
    for at in random.sample(range(len(words)), round(flood.share * len(words))):
        word, other = words[at], random.choice(month.words)
        ways = [[other], [word, other], [_misspell(random, word)], [word], list[str]()]
        way = random.choice(ways) if flood.is_mixed else ways[0]
        altered[at] = way
        if way == [word] and at + 1 < len(words):
            altered[at : at + 2] = altered[at + 1], way
    return [word for some in altered for word in some]


def _misspell(random: Random, word: str) -> str:
    """A letter or digit lost, doubled, swapped with the next one, or replaced by a look-alike."""
    at = random.randrange(len(word))
    head, one, rest = word[:at], word[at], word[at + 1 :]
    swapped, alike = rest[:1] + one + rest[1:], LOOKS.get(one, one) + rest
    return head + random.choice((rest, one + one + rest, swapped, alike))


def main(words: Sequence[str] | None = None) -> None:
    """Print a row for each kind of flood, a column for each length of texts."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks.floods")
    parser.add_argument("--seeds", type=int, nargs=2, default=SEEDS)
    parser.add_argument("--copies", type=int, nargs="+", default=list(SOURCES))
    parser.add_argument("--sources", type=int, help="of every flood; 20, of 1,000 copies 100")
    asked, month, started = parser.parse_args(words), load_month(), time.process_time()
    runs = len(range(*asked.seeds))
    sys.stdout.write(f"runs of {runs} with at most {MOST} origins (median, most) of texts of\n")
    sys.stdout.write(" " * 23 + "".join(f"{f'{a} to {b} words':>20}" for a, b in LENGTHS) + "\n")
    for copies in asked.copies:
        found = _print_rows(month, copies, asked.sources or SOURCES[copies], range(*asked.seeds))
        few = sum(count <= MOST for count in found)
        sys.stdout.write(f"{few} of {len(found)} floods of {copies} copies\n")
    sys.stdout.write(f"{time.process_time() - started:.0f} s of processor time\n")


def _print_rows(month: Month, copies: int, sources: int, seeds: range) -> list[int]:
    """A row for each way and share of altering words; the origins of all floods."""
    every = []
    for is_mixed, share in product((True, False), SHARES):
        kind = "mixed" if is_mixed else "replaced"
        sys.stdout.write(f"{copies:4} {kind:8} {share:6.0%}   ")
        for length in LENGTHS:
            flood = Flood(length, is_mixed, share, copies, sources)
            found = [count_origins(month, flood, seed) for seed in seeds]
            few = sum(count <= MOST for count in found)
            sys.stdout.write(f"{f'{few} ({median(found):g}, {max(found)})':>20}")
            every += found
        sys.stdout.write("\n")
        sys.stdout.flush()
    return every


if __name__ == "__main__":
    main()
