"""HTML to plain text: blocks become lines, everything else becomes its words.

A tokenizer, not a tree: it is linear in its input, whatever a hostile page nests.
"""

from __future__ import annotations

import html
import re

BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption"),
        *("figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main"),
        *("nav", "ol", "p", "pre", "section", "table", "tr", "ul"),
    )
)
CELLS = frozenset(("td", "th", "option", "img"))

_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(script|style|noscript|template|iframe|svg)\b.*?(?:</\1\s*>|\Z)"
    r"|</?(?P<name>[a-z][a-z0-9]*)[^<>]*>"
    r"|<[!?][^<>]*>",
    re.IGNORECASE | re.DOTALL,
)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]\w+);", re.IGNORECASE)
_SPACES = re.compile(r"[^\S\n]+")
_AROUND = re.compile(r" ?\n ?")
_BLANK = re.compile(r"\n{3,}")


def to_plain(markup: str) -> str:
    """Give the text of an HTML fragment, or of plain text that holds no markup.

    Blocks stand on lines of their own, at most one empty line apart; spaces are single.
    """
    if _TOKEN.search(markup):
        markup = html.unescape(_TOKEN.sub(_read_token, " ".join(markup.split())))
    elif _ENTITY.search(markup):
        markup = html.unescape(markup)
    return _BLANK.sub("\n\n", _AROUND.sub("\n", _SPACES.sub(" ", markup))).strip()


def to_line(markup: str) -> str:
    """Give the text of a title on one line; markup that was escaped twice is read twice."""
    return " ".join(to_plain(to_plain(markup)).split())


def _read_token(token: re.Match[str]) -> str:
    name = (token["name"] or "").lower()
    if name in BLOCKS:
        return "\n"
    return " " if name in CELLS else ""
