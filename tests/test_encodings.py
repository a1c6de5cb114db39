import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.encodings import to_text

NEWS = (
    "В порту Астахани горит склад, пожарные тушат огонь с воды. Губернатор сообщил, что людей "
    "вывезли; движение поездов остановлено до утра. «Объезд — по шоссе», — сказал диспетчер."
)
ONE_BYTE = ["cp1251", "koi8-r", "cp866", "iso8859-5"]
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


def spell(text: str, encoding: str) -> bytes:
    return text.encode(encoding, "ignore")


@pytest.mark.parametrize("encoding", ONE_BYTE + UNICODE)
@pytest.mark.parametrize("declared", [None, "utf-8", "windows-1251", "koi8-r", "iso-8859-1", "huh"])
def test_russian_is_read_whatever_is_declared(encoding: str, declared: str | None) -> None:
    page = f"<?xml version='1.0'?><rss>{NEWS}</rss>"
    body = spell(page, encoding)
    assert to_text(body, declared).text == body.decode(encoding).removeprefix("\ufeff")


@pytest.mark.parametrize("encoding", ONE_BYTE)
@pytest.mark.parametrize("declared", ["utf-8", "windows-1251", "koi8-r", "utf-16", "cp-1251"])
def test_a_lie_inside_the_document_is_found_out(encoding: str, declared: str) -> None:
    page = f'<?xml version="1.0" encoding="{declared}"?><rss>{NEWS}</rss>'
    assert to_text(spell(page, encoding)).text == spell(page, encoding).decode(encoding)


def test_the_encoding_is_named() -> None:
    assert to_text(spell(NEWS, "cp1251")).encoding == "cp1251"
    assert to_text(spell(NEWS, "koi8-r")).encoding == "koi8-u"
    assert to_text(NEWS.encode(), "windows-1251").encoding == "utf-8"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("À la gare, l'été dernier, une enquête a été ouverte après l'émeute.", "iso-8859-1"),
        ("Über die Straße führt eine Brücke; schöne Grüße aus München.", "windows-1252"),
        ("Šta će biti sutra? Čovek čeka na žuti autobus.", "iso-8859-2"),
        ("お知らせ", "shift_jis"),
    ],
)
def test_a_true_declaration_of_another_script_stands(text: str, encoding: str) -> None:
    assert to_text(text.encode(encoding), encoding).text == text
    page = f'<meta charset="{encoding}">{text}'
    assert to_text(page.encode(encoding)).text == page


def test_french_without_a_declaration_does_not_become_russian() -> None:
    text = "À la gare, l'été dernier, une enquête a été ouverte après l'émeute."
    assert to_text(text.encode("cp1252")).text == text


def test_a_letter_cut_in_half_does_not_change_the_encoding() -> None:
    body = NEWS.encode()[:101] + b" " + NEWS.encode()[:-3]
    decoded = to_text(body)
    assert decoded.encoding == "utf-8"
    assert decoded.text == body.decode("utf-8", "replace")


@pytest.mark.parametrize("text", ["Взрыв", "ОДКБ", "Пожар в порту", "ё", "Теракт. ЁЛКА"])
@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
def test_short_text_is_read_as_declared(text: str, encoding: str) -> None:
    assert to_text(text.encode(encoding), encoding).text == text


@pytest.mark.parametrize(
    ("text", "encoding"), [("Люди", "koi8-r"), ("Шум", "koi8-r"), ("Эфир", "cp1251")]
)
def test_a_capital_tells_one_word_apart(text: str, encoding: str) -> None:
    assert to_text(text.encode(encoding)).text == text


def test_ukrainian_letters_are_at_home() -> None:
    text = "Її зустріли на вокзалі, ґанок прикрасили; поїзд прибув о восьмій."
    for encoding in ("cp1251", "koi8-u"):
        assert to_text(text.encode(encoding)).text == text


@pytest.mark.parametrize("body", [b"", b"plain", b"\x00", b"\xff\xfe", b"\xff", b"\x80" * 50])
def test_odd_bodies_give_some_text(body: bytes) -> None:
    assert isinstance(to_text(body).text, str)


hostile = st.sampled_from(
    [None, "", "hex", "zip", "idna", "punycode", "undefined", "unicode_escape", "utf_7", "rot13",
     "x" * 500, "windows-1251\x00", "../x", "base64", "mbcs", "cp65001"]
)  # fmt: skip


@given(st.binary(max_size=400), hostile)
def test_no_bytes_and_no_declaration_break_it(body: bytes, charset: str | None) -> None:
    to_text(body, charset)


@given(st.text(max_size=200))
def test_valid_utf8_is_always_itself(text: str) -> None:
    plain = text.replace("\x00", "").removeprefix("\ufeff")
    assert to_text(plain.encode(errors="ignore")).text == plain.encode(errors="ignore").decode()
