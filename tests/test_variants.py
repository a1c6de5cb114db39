"""Forms of one unknown name in a document settle each other."""

from __future__ import annotations

from streams.words.variants import Named, reconcile


def test_the_form_that_explains_more_of_the_document_wins() -> None:
    names: list[Named] = [("PER", "Штольменца", "Штольменец"), ("PER", "Штольменц", "Штольменц")]
    assert reconcile(names) == ["Штольменц", "Штольменц"]


def test_a_form_alone_stays() -> None:
    alone: list[Named] = [("PER", "Штольменца", "Штольменец"), ("LOC", "Берлин", "Берлин")]
    assert reconcile(alone) == ["Штольменец", "Берлин"]


def test_a_first_name_weighs_more() -> None:
    names: list[Named] = [
        ("PER", "Дарья Трегубенцова", "Дарья Трегубенцова"),
        ("PER", "Трегубенцова", "Трегубенцова"),
        ("PER", "Трегубенцову", "Трегубенцова"),
    ]
    assert reconcile(names) == ["Дарья Трегубенцова", "Трегубенцова", "Трегубенцова"]


def test_what_is_written_out_and_what_the_dictionary_has_stays() -> None:
    names: list[Named] = [
        ("ORG", "Минпромторг", "Министерство промышленности и торговли"),
        ("ORG", "Минпромторга", "Министерство промышленности и торговли"),
        ("LOC", "Москве", "Москва"),
        ("LOC", "Москвы", "Москва"),
    ]
    assert reconcile(names) == [name for _, _, name in names]
