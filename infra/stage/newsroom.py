"""The invented newsroom behind the scenario: who writes what and when, from a seed alone.

Texts and times are in `data/scenario`; times are hours from the start of three days.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

HOURS = 72
ORDINARY = 560  # documents of three days in which no watched term occurs
# Share of a day's documents by hour (UTC); the region lives three hours ahead.
RHYTHM = (1, 1, 2, 4, 8, 11, 12, 12, 12, 11, 11, 11, 11, 11, 10, 9, 8, 7, 6, 4, 3, 2, 1, 1)
SHAPES = {"sharp": 2.0, "rising": 0.42}  # exponents of an even share of the time
FORWARDED = 0.3  # share of reprints that name where they are from
SHORT = 120  # characters that may be shouted in capitals
Value = TypeVar("Value")
Draw = Callable[[], float]


class Outlet(Struct, frozen=True):
    """A wire, paper or channel; `weight` is its share of what is written."""

    source: str
    title: str
    group: str
    interval: int
    weight: int
    owner: str | None = None


class Post(Struct, frozen=True, kw_only=True):
    """Something written: at which hour, by whom; `seen_hours` where it does not arrive at once."""

    hours: float
    outlet: Outlet
    text: str
    story: str = ""
    seen_hours: float | None = None
    origin: str | None = None
    undated: bool = False


@cache
def read_texts(name: str) -> dict[str, Any]:
    """One of the scenario's files, without its ending."""
    return tomllib.loads((files("infra") / f"data/scenario/{name}.toml").read_text("utf-8"))


@cache
def read_outlets() -> dict[str, Outlet]:
    """All outlets by the name of their source."""
    outlets = msgspec.convert(read_texts("sources")["sources"], list[Outlet])
    return {outlet.source: outlet for outlet in outlets}


def write_posts(seed: int) -> list[Post]:
    """All that is written, in order of publication; the same seed gives the same posts."""
    desk = _Desk(seed)
    posts = [
        *desk.cover_days(),
        *desk.cover_events(),
        *desk.flood(),
        *desk.fall_behind(),
        *desk.dig_out(),
        *desk.misdate(),
    ]
    return sorted(posts, key=lambda post: (post.hours, post.outlet.source, post.text))


class _Desk:
    """Every draw of the dice is made here, in one order."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed).random  # noqa: S311 - a scenario is no secret
        self._hazards = read_texts("hazards")

    def cover_days(self) -> Iterator[Post]:
        """Ordinary days: no watched term, or one at its normal low rate."""
        texts = read_texts("background")
        for share in self._spread(ORDINARY):
            yield self._post(_hour_at(share), texts["plain"])
        for term in texts["terms"].values():
            for share in self._spread(term["documents"]):
                yield self._post(_hour_at(share), term["texts"])

    def cover_events(self) -> Iterator[Post]:
        """What happens: each text once, by many hands, then its reprints."""
        for event in read_texts("events")["events"]:
            originals = list(self._tell(event))
            yield from originals
            for _ in range(event["reprints"]):
                yield self._reprint(_pick(originals, self._draw), event["spread"])

    def flood(self) -> Iterator[Post]:
        """One claim in hundreds of wordings, from channels of one owner."""
        flood = self._hazards["flood"]
        channels = [one for one in read_outlets().values() if one.owner == flood["owner"]]
        for number, share in enumerate(self._spread(flood["copies"])):
            words = {name: _pick(flood["words"][name], self._draw) for name in flood["words"]}
            yield Post(
                hours=flood["at"] + share * flood["spread"],
                outlet=channels[number % len(channels)],
                text=flood["text"].format(**words),
                story="flood",
            )
        for hours, source, text in flood["denials"]:
            yield Post(hours=hours, outlet=read_outlets()[source], text=text)

    def fall_behind(self) -> Iterator[Post]:
        """What a source writes while it cannot be reached: it arrives with its return."""
        outage = self._hazards["outage"]
        outlet = read_outlets()[outage["source"]]
        for text, share in zip(outage["texts"], self._spread(len(outage["texts"])), strict=True):
            hours = outage["from"] + share * (outage["to"] - outage["from"] - 0.6)
            yield Post(hours=hours, outlet=outlet, text=text, story="outage")

    def dig_out(self) -> Iterator[Post]:
        """An archive, days and weeks old, delivered at once."""
        archive = self._hazards["backfill"]
        for share in self._spread(archive["documents"]):
            yield Post(
                hours=archive["at"] - 3 - share * 24 * archive["oldest_days"],
                outlet=read_outlets()[archive["source"]],
                text=_fill(_pick(archive["texts"], self._draw), self._draw),
                story="backfill",
                seen_hours=archive["at"],
            )

    def misdate(self) -> Iterator[Post]:
        """Dates that are missing, or lie after the arrival."""
        texts = read_texts("background")["plain"]
        for hours in self._hazards["undated"]["at"]:
            yield replace(self._post(hours, texts), undated=True, story="undated")
        future = self._hazards["future"]
        for hours, ahead in zip(future["at"], future["hours_ahead"], strict=True):
            post = self._post(hours, texts)
            yield replace(post, hours=hours + ahead, seen_hours=hours, story="future")

    def _post(self, hours: float, texts: Sequence[str]) -> Post:
        """One of `texts` by anybody."""
        outlet = self._author(list(read_outlets().values()))
        return Post(hours=hours, outlet=outlet, text=_fill(_pick(texts, self._draw), self._draw))

    def _tell(self, event: Mapping[str, Any]) -> Iterator[Post]:
        """The texts of an event in their order, shaped in time, by different hands in turn."""
        authors: list[Outlet] = []
        shares = self._spread(len(event["texts"]))
        for text, share in zip(event["texts"], shares, strict=True):
            authors = [*authors, self._author(_press(authors))][-5:]
            hours = event["at"] + event["spread"] * share ** SHAPES[event["shape"]]
            told = _fill(text, self._draw)
            yield Post(hours=hours, outlet=authors[-1], text=told, story=event["name"])

    def _reprint(self, post: Post, spread: float) -> Post:
        """The same text elsewhere, a little later, with small changes."""
        return replace(
            post,
            hours=post.hours + 0.03 + 0.5 * spread * self._draw() ** 2,
            outlet=self._author(_press([post.outlet])),
            text=_pick(CHANGES, self._draw)(post.text),
            origin=post.outlet.source if self._draw() < FORWARDED else None,
        )

    def _author(self, outlets: Sequence[Outlet]) -> Outlet:
        return _pick([one for one in outlets for _ in range(one.weight)], self._draw)

    def _spread(self, count: int) -> list[float]:
        """Rising shares of 0 to 1, one from each of `count` equal parts: never a chance burst."""
        return [(part + self._draw()) / count for part in range(count)]


# What reprints change: marks, quotes, letters, links; one in eight also a word.
CHANGES: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: f"⚡️ {text}",
    lambda text: text.replace("«", '"').replace("»", '"').replace("—", "-"),
    lambda text: text.replace("ё", "е").replace("Ё", "Е"),
    lambda text: f"{text} https://link.example/r",
    lambda text: f"❗️{text} @kray_novosti",
    lambda text: text.upper() if len(text) < SHORT else text.replace(".", "!"),
    lambda text: f"Коротко. {text}",
)


def _press(but: Sequence[Outlet]) -> list[Outlet]:
    """Who covers events: everybody but those named, and but the channels of weight 1."""
    return [one for one in read_outlets().values() if one.weight > 1 and one not in but]


def _pick(choices: Sequence[Value], draw: Draw) -> Value:
    return choices[int(draw() * len(choices))]


def _hour_at(share: float) -> float:
    """The hour before which this share of three days' documents is written."""
    left = share * sum(RHYTHM) * (HOURS / 24)
    for hour in range(HOURS):
        weight = RHYTHM[hour % 24]
        if left < weight:
            return hour + left / weight
        left -= weight
    return float(HOURS)


class _Form(Formatter):
    """`{in_town!c}` begins a sentence: its first letter is a capital."""

    def convert_field(self, value: Any, conversion: Any) -> Any:
        """Add the conversion `c` to those of `str.format`."""
        if conversion == "c":
            return value[0].upper() + value[1:]
        return super().convert_field(value, conversion)


def _fill(text: str, draw: Draw) -> str:
    """Fill the slots of a text; all are drawn, so that texts may change without moving the dice."""
    words = read_texts("background")
    town, in_town, of_town = _pick(words["towns"], draw)
    man, woman = _pick(words["men"], draw), _pick(words["women"], draw)
    slots = {
        "town": town,
        "in_town": in_town,
        "of_town": of_town,
        "man": man,
        "woman": woman,
        "person": _pick((man, woman), draw),
        "weekday": _pick(words["weekdays"], draw),
        "n": 5 + 5 * int(draw() * 18),
        "hundreds": 100 + 5 * int(draw() * 180),
        "share": f"{1 + int(draw() * 9)},{1 + int(draw() * 9)}",
        "hour": 8 + int(draw() * 13),
    }
    return _Form().vformat(text, (), slots)
