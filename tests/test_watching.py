from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from infra.watching import check, export_terms, import_terms, preview, read_texts
from streams.models import Term
from streams.terms import TermError

DATA = Path(os.environ.get("NABAT_DATA", "absent"))


def write_cases(path: Path, *cases: tuple[str, str, bool]) -> Path:
    rows = [json.dumps(dict(zip(("term", "text", "match"), case, strict=True))) for case in cases]
    path.write_text("\n".join(rows), "utf-8")
    return path


def test_preview_shows_forms_collisions_and_hits(tmp_path: Path) -> None:
    corpus = tmp_path / "posts.jsonl.gz"
    with gzip.open(corpus, "wt", encoding="utf-8") as out:
        out.write('{"text": "стеклянная банка"}\n{"title": "Банки", "text": "в банке"}\nbroken\n')
    shown = preview(Term(name="банк"), read_texts(corpus))
    assert {"банком", "банки", "банков"} <= {form.text for form in shown.forms}
    assert "банка" in {one.form for one in shown.collisions}
    assert shown.samples == ("[Банки] в банке", "Банки в [банке]")


def test_texts_are_read_as_far_as_they_can_be(tmp_path: Path) -> None:
    row = b'{"text": "\xd0\xbc\xd0\xb8\xd1\x80"}\n'
    whole, cut = gzip.compress(row * 5000), tmp_path / "cut.jsonl.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    assert set(read_texts(cut)) <= {"мир", ""}
    plain = tmp_path / "plain.jsonl.gz"
    plain.write_bytes(row)
    assert list(read_texts(plain)) == ["мир"]
    deep = tmp_path / "deep.jsonl"
    deep.write_bytes(b'{"a":' * 50_000 + b"\n" + row)
    assert list(read_texts(deep)) == ["", "мир"]
    lines = tmp_path / "lines.txt"
    lines.write_text('мир\n"ток', "utf-8")
    assert list(read_texts(lines)) == ["мир", '"ток']


def test_a_prefix_stands_for_any_case() -> None:
    (form,) = preview(Term(name="террор*")).forms
    assert (form.text, form.cases, form.letters) == ("террор*", "any", "any")
    (form,) = preview(Term(name="Террор*", case="capital")).forms
    assert (form.text, form.cases, form.letters) == ("Террор*", "any", "capital")


def test_preview_writes_phrases_out() -> None:
    forms = {form.text.lower() for form in preview(Term(name="Министерство обороны")).forms}
    assert {"министерством обороны", "министерстве обороны"} <= forms
    assert "министерстве оборону" not in forms


def test_check_counts_by_hand(tmp_path: Path) -> None:
    path = write_cases(
        tmp_path / "cases.jsonl",
        ("Токаев", "Токаеву", True),
        ("Токаев", "Путину", False),
        ("Токаев", "Путину", True),
        ("Токаев", "Токаеву", False),
    )
    report = check(path)
    assert (report.cases, report.precision, report.recall, report.f1) == (4, 0.5, 0.5, 0.5)
    assert [case.match for case in report.failures] == [True, False]


def test_check_names_the_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"term": "А", "text": "А"}', "utf-8")
    with pytest.raises(TermError, match="line 1"):
        check(path)
    with pytest.raises(TermError, match="grouping"):
        check(write_cases(path, ("(", "А", True)))


def test_files_go_round(tmp_path: Path) -> None:
    terms = [Term(name="Токаев", budget=2.0), Term(name="Мир", pattern='"Мир"')]
    for name in ("a.csv", "b.jsonl"):
        assert export_terms(terms, tmp_path / name) == 2
        assert import_terms(tmp_path / name) == terms


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "terms.txt").write_bytes("Токаев".encode("cp1251"))
    with pytest.raises(TermError, match=r"terms\.txt is not UTF-8"):
        import_terms(tmp_path / "terms.txt")


@pytest.mark.parametrize(
    ("name", "recall", "precision"),
    [
        ("names.jsonl", 0.98, 0.99),
        ("wire.jsonl", 0.98, 0.98),
        ("bulletins.jsonl", 0.98, 0.95),
        ("dispatches.jsonl", 0.98, 0.99),
        ("chronicle.jsonl", 0.98, 0.99),
    ],
)
def test_real_names_are_found(name: str, recall: float, precision: float) -> None:
    report = check(Path(__file__).parent / "cases" / name)
    assert report.cases >= 150
    assert report.recall >= recall
    assert report.precision >= precision


@pytest.mark.parametrize("name", ["terms-dev.jsonl", "terms-forms-dev.jsonl"])
def test_labelled_sets(name: str) -> None:
    if not (DATA / name).exists():
        pytest.skip(f"NABAT_DATA names no folder with {name}")
    assert check(DATA / name).f1 >= 0.985
