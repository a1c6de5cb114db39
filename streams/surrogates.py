"""Halves of signs beyond U+FFFF that lost the other half: they cannot be written in UTF-8.

Texts that were cut by UTF-16 units end in one («…🔥» without its second half), and bytes that are
no UTF-8 become some where Python reads names of files and arguments. U+FFFD takes their place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict, replace

from streams.models import Document

_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|.)",
    re.DOTALL,
)


def is_whole(text: str) -> bool:
    """Whether a text can be written in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def mend(text: str) -> str:
    """Join what belongs together, and put U+FFFD for what stands alone; others are left."""
    if is_whole(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def mend_json(raw: bytes) -> bytes:
    r"""The same for the escapes of a JSON text: `\ud83d` alone becomes `\ufffd`."""
    return _ESCAPES.sub(lambda found: rb"\ufffd" if found[1] else found[0], raw)


def mend_document(document: Document) -> Document:
    """The same for every text of a document, extra fields included."""
    changed = {name: _mend_any(value) for name, value in asdict(document).items()}
    return replace(document, **changed)


def _mend_any(value: Any) -> Any:
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, Mapping):
        return {mend(key): _mend_any(one) for key, one in value.items()}
    return [_mend_any(one) for one in value] if isinstance(value, list) else value
