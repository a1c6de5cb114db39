"""Series of messages that differ in a number or a town, each told by many: how many are merged.

`NABAT_DATA=… python -m tests.benchmarks.series`. Each value is told by 20 sources in turn, half a
minute apart, each time with a share of the other words replaced by any word of the month.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random

from tests.benchmarks.families import assign
from tests.benchmarks.floods import load_month, write
from tests.test_counts import NOON

SHARES = (0.0, 0.05, 0.1, 0.2)
TELLERS = 20
PAUSE = 30  # seconds between two posts
NUMBERS: dict[str, Sequence[object]] = {
    "Силы ПВО за ночь сбили {} беспилотников над территорией Брянской и Курской областей, "
    "сообщили в Минобороны России": range(5, 21, 2),
    "Официальный курс доллара на завтра составит {} рубля, евро подорожает, сообщил Банк России на "
    "своём сайте в пятницу вечером": range(97, 105),
    "Число погибших при обрушении дома в посёлке выросло до {} , спасатели продолжают разбирать "
    "завалы, рассказали в экстренных службах": range(11, 19),
    "Биткоин подорожал до {} долларов впервые с марта, рынок растёт на ожиданиях снижения ставки, "
    "свидетельствуют данные биржи": range(73_000, 75_000, 250),
}
TOWNS = ["Белгороде", "Курске", "Брянске", "Воронеже", "Орле", "Липецке", "Ростове", "Таганроге"]
ALARMS: dict[str, Sequence[object]] = {
    "Ракетная опасность объявлена в {} и прилегающих районах, будьте осторожны": TOWNS,
    "Взрывы слышны в {} , работает ПВО, жителей просят не подходить к окнам и оставаться в "
    "укрытиях": TOWNS,
    "В {} объявлена воздушная тревога, власти призвали жителей спуститься в укрытия и не выходить "
    "на улицу до отбоя": TOWNS,
}


def count_merged(text: str, values: Sequence[object], share: float, words: list[str]) -> int:
    """How many posts have an origin of which most posts say another value."""
    random, told = Random(f"{text}{share}"), [str(one) for one in values for _ in range(TELLERS)]
    posts = (_alter(random, text, share, words).format(value) for value in told)
    families: dict[str, list[str]] = defaultdict(list)
    for one, value in zip(assign(write(posts, NOON, TELLERS, PAUSE)).values(), told, strict=True):
        families[one.origin_id].append(value)
    return sum(len(said) - max(Counter(said).values()) for said in families.values())


def _alter(random: Random, text: str, share: float, words: list[str]) -> str:
    told = text.split()
    return " ".join(
        random.choice(words) if random.random() < share and "{}" not in one else one for one in told
    )


def main() -> None:
    """Print a row for each share of altered words."""
    words = load_month().words
    for name, texts in (("number", NUMBERS), ("town", ALARMS)):
        for share in SHARES:
            found = [count_merged(text, values, share, words) for text, values in texts.items()]
            posts = TELLERS * sum(len(values) for values in texts.values())
            sys.stdout.write(f"another {name}, {share:3.0%}: {sum(found)} of {posts} merged\n")


if __name__ == "__main__":
    main()
