"""What a value in the settings may be, said in plain words."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field
from pydantic_core import ErrorDetails

_SOURCE = re.compile(r"[^/\s][^/]*/.+")


def check_source(name: str) -> str:
    """A stable name; raises ValueError."""
    if not _SOURCE.fullmatch(name):
        raise ValueError("kind/name is needed: rss/interfax.ru, telegram/readovka")
    return name


def check_zone(name: str) -> str:
    """A time zone that is known here; raises ValueError."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("there is no zone of this name: Asia/Omsk, Europe/Moscow") from None
    return name


def check_url(url: str) -> str:
    """A full address, as it is written; raises ValueError."""
    if not _is_full(url):
        raise ValueError("a full address is needed, beginning with http:// or https://")
    return url


Text = Annotated[str, Field(min_length=1, max_length=512)]
SourceName = Annotated[str, Field(max_length=512), AfterValidator(check_source)]
Zone = Annotated[Text, AfterValidator(check_zone)]
Url = Annotated[str, AfterValidator(check_url)]
Server = Annotated[Url, AfterValidator(lambda url: url.rstrip("/"))]
Interval = Annotated[float, Field(gt=0, le=604_800)]


def explain(error: ErrorDetails, path: str) -> str:
    """What is wrong with the value at `path`."""
    if error["type"] == "tuple_type":
        return f"write it as [[{path}]]"
    if error["type"] == "model_type" and "[" not in path:
        return f"write it as [{path}]"
    return f"{error['msg'].removeprefix('Value error, ')}; given: {_shorten(error['input'])}"


def _is_full(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_plain = not re.search(r"[\s\x00-\x1f]", url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0 and is_plain


def _shorten(given: Any, width: int = 200) -> str:
    text = repr(given)
    return text if len(text) <= width else f"{text[:width]}…"
