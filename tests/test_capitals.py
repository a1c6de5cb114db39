from __future__ import annotations

import pytest

from streams.matching import find_mentions
from streams.models import Term
from streams.terms import compile_watch


@pytest.mark.parametrize(
    ("term", "text", "answer"),
    [
        ("ПУТИН", "указ Путина", True),
        ("ПУТИН", "лососевая путина", False),
        ("ДОНАЛЬД ТРАМП", "Дональду Трампу", True),
        ("ТЕРАКТ", "после теракта", True),
        ("МИНИСТЕРСТВО ОБОРОНЫ", "министерства обороны", True),
        ("ЮНЕСКО", "ЮНЕСКО", True),
        ("МИД", "мид", False),
        ("эльвира набиуллина", "Эльвиры Набиуллиной", True),
        ("рамзан кадыров", "Р. Кадырову", True),
        ("вера в бога", "верой в бога", True),
        ("вейп недели", "вейп недели", True),
    ],
)
def test_patterns_in_careless_letters_say_what_they_mean(
    term: str, text: str, *, answer: bool
) -> None:
    assert bool(find_mentions(text, compile_watch([Term(name=term)]))) is answer


def test_exact_letters_stay_as_written() -> None:
    watch = compile_watch([Term(name="ПУТИН", case="exact")])
    assert find_mentions("ПУТИН", watch)
    assert not find_mentions("Путин", watch)
