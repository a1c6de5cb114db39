import html
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.markup import to_line, to_plain


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>Один &amp; два</p><p>три<br/>четыре</p>", "Один & два\n\nтри\nчетыре"),
        ("<p>раз <b>два</b></p>хвост\nстроки", "раз два\nхвост строки"),
        ("без разметки\n\n\n\nи  дальше \n там", "без разметки\n\nи дальше\nтам"),
        ("<ul><li>раз</li><li>два</li></ul>", "раз\n\nдва"),
        ("до<script>алерт('<p>')</script>после<style>p{}</style>", "допосле"),
        ("a<!-- <p>скрыто</p> -->б", "aб"),
        ("5 &lt; 6 &#8212; <i>да</i>", "5 < 6 — да"),
        ("5 < 6, а 7 > 2", "5 < 6, а 7 > 2"),
        ("<table><tr><td>а</td><td>б</td></tr></table>", "а б"),
        ("<img src=x alt='y'>фото", "фото"),
        ("AT&T и R&D", "AT&T и R&D"),
        ("кавычки &laquo;ёлочки&raquo;", "кавычки «ёлочки»"),
        ("<script>не закрыт", ""),
        ("<p", "<p"),
        ("", ""),
    ],
)  # fmt: skip
def test_markup_becomes_its_words(markup: str, text: str) -> None:
    assert to_plain(markup) == text


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("<b>Взрыв</b>  в\nпорту", "Взрыв в порту"),
        ("&lt;b&gt;Взрыв&lt;/b&gt; в «порту»", "Взрыв в «порту»"),
        ("&amp;laquo;Восток&amp;raquo; закрыт", "«Восток» закрыт"),
        ("Ставка < 20 %", "Ставка < 20 %"),
    ],
)
def test_a_title_is_one_line_read_twice(title: str, line: str) -> None:
    assert to_line(title) == line


@pytest.mark.parametrize(
    "nasty",
    ["<div>", "<b", "<", "<!--", "<script>", "</script", "&#1", "<a b='", "\n ", "<![CDATA["],
)
def test_a_hostile_page_costs_linear_time(nasty: str) -> None:
    start = time.process_time()
    to_plain(nasty * 100_000 + "текст")
    assert time.process_time() - start < 5


@given(st.text(alphabet="абв <>&;\n", max_size=80))
def test_escaped_text_comes_back(text: str) -> None:
    assert to_plain(f"<p>{html.escape(text)}</p>").split() == text.split()


@given(st.text(alphabet=st.sampled_from("<>/!-&;#pbr script'\"=а\n"), max_size=80))
def test_no_markup_breaks_it(text: str) -> None:
    plain = to_plain(text)
    assert plain == plain.strip()
    assert "\n\n\n" not in plain
