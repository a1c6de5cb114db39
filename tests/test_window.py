from __future__ import annotations

from random import Random

import numpy as np
from msgspec.structs import replace

from streams.families.copies import ALTERED, relate
from streams.families.features import mark, pack
from streams.families.window import SPAN, SPARE, Limits, Window
from streams.text import tokenize
from tests.test_copies import LONG, OTHER, replace_words
from tests.test_counts import NOON, entry
from tests.test_origins import SHORT, assign, replace_exactly


def read(text: str) -> bytes:
    marked = mark(tokenize(text))
    return pack(marked, len(marked.keys))


FLASH = "Совет безопасности соберётся в пятницу на закрытое заседание по Сирии"


def test_the_first_of_a_text_is_the_origin_until_it_is_forgotten() -> None:
    window = Window()
    first = replace(entry("1"), features=read(FLASH))
    window.apply(NOON, first)
    assert window.origin_of(read(f"Коротко. {FLASH}"), NOON) == "1"
    assert window.origin_of(read("Совет депутатов разошёлся без решения"), NOON) is None
    assert window.origin_of(b"", NOON) is None
    window.apply(NOON + 10, replace(entry("2"), features=read(FLASH), origin_id="1"))
    assert window.expire(NOON + SPAN) == ([NOON], [first])
    assert window.origin_of(read(FLASH), NOON) == "1"
    window.expire(NOON + SPAN + 10)
    assert window.origin_of(read(FLASH), NOON) is None
    assert not window.blocks


def test_the_window_holds_no_more_documents_than_it_may() -> None:
    window = Window(Limits(documents=3))
    for number in range(5):
        window.apply(NOON + 10 * number, entry(str(number)))
    ticks, ended = window.expire(NOON + 60)
    assert ticks == [NOON, NOON + 10]
    assert [one.id for one in ended] == ["0", "1"]
    assert window.expire(NOON + 60) == ([], [])


def test_texts_are_found_by_their_numbers_however_many_were_forgotten() -> None:
    window, kept = Window(Limits(documents=5)), 5
    count = 2 * SPARE + 100
    texts = [read(f"сообщение номер {number} отправлено вовремя") for number in range(count)]
    for number, text in enumerate(texts):
        window.apply(NOON + number, replace(entry(str(number)), features=text))
        window.expire(NOON + number)
    found = [window.origin_of(text, NOON) for text in texts]
    assert found == [None] * (count - kept) + [str(n) for n in range(count - kept, count)]


def test_a_copy_counts_a_quarter_for_each_of_four_further_owners() -> None:
    window = Window()
    given = []
    for number, owner in enumerate(["a", "b", "b", "c", "d", "e", "f"]):
        given.append(window.further("0", owner))
        window.apply(NOON, replace(entry(str(number)), origin_id="0", owner=owner))
    assert given[1:] == [0.25, 0.0, 0.25, 0.25, 0.25, 0.0]


def test_a_newer_version_replaces_and_outlives_the_older_one() -> None:
    window = Window()
    old = entry("1")
    new = replace(old, version=2)
    assert window.apply(NOON, old) is None
    assert window.apply(NOON + 10, new) == old
    assert window.expire(NOON + SPAN) == ([NOON], [])
    assert window.find("1") == new
    assert window.expire(NOON + SPAN + 10) == ([NOON + 10], [new])
    assert window.find("1") is None


def test_a_reworded_text_that_names_its_origin_is_a_copy_of_it() -> None:
    flash = "Цены на мандарины в декабре вырастут в полтора раза из-за перебоев с поставками"
    told = (
        "В полтора раза в декабре, поставками из-за перебоев, вырастут цены на мандарины, их "
        "обещают привезти позже из соседних стран, говорят оптовики столичных рынков"
    )
    window = Window()
    window.apply(NOON, replace(entry("1"), features=read(flash), origin_id="1", voice="ТАСС"))
    assert window.origin_of(read(told), NOON) is None
    assert window.origin_of(read(told), NOON, "РБК") is None
    assert window.origin_of(read(told), NOON, "ТАСС") == "1"
    assert window.origin_of(read(told), NOON + 8 * 3600, "ТАСС") is None


def test_a_source_does_not_reprint_itself() -> None:
    fire = "Крупный пожар на складе в Каменском районе тушат всю ночь, сообщил губернатор"
    out = "Крупный пожар на складе в Каменском районе потушен, сообщил утром губернатор"
    window = Window()
    window.apply(NOON, replace(entry("1"), features=read(fire), origin_id="1", source="rss/a"))
    assert window.origin_of(read(out), NOON, teller=("rss/b", None)) == "1"
    assert window.origin_of(read(out), NOON, teller=("rss/a", None)) is None
    assert window.origin_of(read(f"{fire} области"), NOON, teller=("rss/a", None)) == "1"


def test_copies_are_counted_until_they_are_forgotten_or_deleted() -> None:
    window = Window()
    told = [replace(entry(str(number)), origin_id="0", duplicate_of="0") for number in range(1, 4)]
    edits = [replace(told[0], version=2), replace(told[1], version=2, deleted=True)]
    counts = []
    for number, one in enumerate([entry("0"), *told, *edits]):
        window.apply(NOON + 10 * number, one)
        counts.append(window.copies("0"))
    assert counts == [0, 1, 2, 3, 3, 2]
    window.expire(NOON + 10 + SPAN)
    anew = Window()
    for tick, block in window.blocks.items():
        for one in block:
            anew.apply(tick, one)
    assert anew.copies("0") == window.copies("0") == 2
    for tick in (30, 40, 50):
        for each in (window, anew):
            each.expire(NOON + tick + SPAN)
        assert anew.copies("0") == window.copies("0") == (1 if tick == 30 else 0)


def tell(*texts: str) -> list[str]:
    """The origins of texts that follow each other by a minute."""
    return assign(Window(), [(read(text), 60.0 * at) for at, text in enumerate(texts)])


def test_a_copy_of_a_copy_is_no_copy_of_an_origin_with_another_number() -> None:
    text = "На складе в Приозёрске сгорели{} грузовики, сообщили утром спасатели"
    assert tell(text.format(" 5"), text.format(""), text.format("")) == ["0", "0", "0"]
    assert tell(text.format(" 5"), text.format(""), text.format(" 7")) == ["0", "0", "2"]


def test_reprints_of_one_text_make_no_flood_of_another() -> None:
    words = LONG.split()
    words[::3] = OTHER[-len(words[::3]) :]
    altered, other = replace_words(LONG, 3), " ".join(words)
    assert relate(*(np.frombuffer(read(text), np.int32) for text in (LONG, altered)), 0) == ALTERED
    assert tell(LONG, LONG, altered) == ["0", "0", "2"]
    assert tell(LONG, other, altered) == ["0", "1", "0"]


def test_a_text_joins_the_family_that_it_is_most_like() -> None:
    words, other = LONG.split(), replace_words(LONG, 3).split()
    between = [*words[:15], *other[15:]]
    assert tell(LONG, " ".join(other), " ".join(between)) == ["0", "1", "1"]
    assert tell(LONG, " ".join(between)) == ["0", "0"]


def test_a_flood_takes_in_a_misspelt_name_and_reprints_do_not() -> None:
    text = "Сборная Таджикистана отказалась от матча с командой {} в ноябре, сообщил её тренер"
    words = [("отказалась", other) for other in OTHER[:3]] + [("матча", "встречи"), ("её", "их")]
    reprints = tell(*[text.format("России")] * 5, text.format("Рассии"))
    altered = [text.format("России").replace(*pair) for pair in words]
    flood = tell(*altered, text.format("Рассии"))
    assert (reprints[-1], flood[-1]) == ("5", "0")


def test_who_tells_a_flood_again_and_again_is_a_robot() -> None:
    """Its copies with another number are copies; anybody else's are another message."""
    random, window = Random(3), Window()
    told = SHORT.replace("рыбаков", "27 рыбаков")
    altered = (replace_exactly(random, told, 0.1) for _ in range(30))
    flood = [read(text) for text in altered if "27" in text.split()][:8]
    for number, features in enumerate(flood):
        origin = window.origin_of(features, NOON) or "0"
        one = replace(entry(str(number)), features=features, at=NOON, source="rss/robot")
        copied = None if number == 0 else origin
        window.apply(NOON, replace(one, origin_id=origin, duplicate_of=copied))
        assert origin == "0"
    other = read(told.replace("27", "35"))
    assert window.origin_of(other, NOON, "", ("rss/robot", None)) == "0"
    assert window.origin_of(other, NOON, "", ("rss/other", None)) is None
