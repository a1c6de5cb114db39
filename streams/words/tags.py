"""What the tagger says of a word, and how far it is to be believed."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from streams.words.agreement import Slot
from streams.words.guesses import CASES

_CASES = {"Nom": "nomn", "Gen": "gent", "Dat": "datv", "Acc": "accs", "Ins": "ablt", "Loc": "loct"}
_GENDERS = {"Masc": "masc", "Fem": "femn", "Neut": "neut"}
_NUMBERS = {"Sing": "sing", "Plur": "plur"}
# What the tagger said of 4,400 names in posts, each made a word that no dictionary has: per mille
# of nominative genitive dative accusative instrumental prepositional (rows: what they were), first
# of people, then of places and organisations; likewise of masculine, feminine and neuter.
_CASE_SAID = {
    True: {
        "nomn": (930, 40, 5, 11, 6, 3),
        "gent": (92, 828, 26, 45, 6, 3),
        "datv": (97, 32, 849, 20, 5, 5),
        "accs": (67, 52, 10, 859, 7, 7),
        "ablt": (40, 20, 20, 40, 880, 5),
        "loct": (20, 20, 20, 20, 20, 900),
    },
    False: {
        "nomn": (910, 72, 6, 5, 4, 4),
        "gent": (229, 724, 9, 16, 11, 8),
        "datv": (111, 89, 711, 67, 5, 22),
        "accs": (110, 32, 23, 575, 9, 251),
        "ablt": (70, 39, 8, 8, 867, 5),
        "loct": (11, 4, 5, 36, 5, 944),
    },
}
_GENDER_SAID = {  # "": what was in the plural
    True: {
        "masc": (976, 13, 5),
        "femn": (394, 594, 5),
        "neut": (400, 20, 580),
        "": (750, 40, 10),
    },
    False: {
        "masc": (952, 40, 5),
        "femn": (832, 158, 5),
        "neut": (832, 63, 97),
        "": (680, 80, 10),
    },
}
_PLURAL_SAID = {"sing": 3, "plur": 50}
_WOMEN = 0.4  # people in news are women less often than names in the dictionary are a woman's
_GENDERS_SAID = ("masc", "femn", "neut")


class Tag(NamedTuple):
    """What a tag says of a word, in pymorphy's terms."""

    part: str
    case: str | None
    number: str | None
    gender: str | None


@lru_cache(maxsize=1024)
def read_tag(text: str) -> Tag:
    """A tag in the terms of Universal Dependencies: `PROPN|Case=Gen|Gender=Masc|Number=Sing`."""
    part, _, rest = text.partition("|")
    features = dict(feature.split("=", 1) for feature in rest.split("|") if feature)
    return Tag(
        part,
        _CASES.get(features.get("Case", "")),
        _NUMBERS.get(features.get("Number", "")),
        _GENDERS.get(features.get("Gender", "")),
    )


@lru_cache(maxsize=1 << 12)
def believe(slot: Slot, tag: Tag, of_person: bool) -> float:
    """How likely the tagger says what it says of a word that stands in a slot."""
    case, number, gender = slot
    likely = 1.0
    if tag.case:
        likely *= _CASE_SAID[of_person][case][CASES.index(tag.case)] / 1000
    if of_person and gender == "femn":
        likely *= _WOMEN
    if tag.gender:
        likely *= _GENDER_SAID[of_person][gender][_GENDERS_SAID.index(tag.gender)] / 1000
    if tag.number:
        plural = _PLURAL_SAID[number] / 1000
        likely *= plural if tag.number == "plur" else 1 - plural
    return likely
