"""Dead letters of the embedded shell go their way again: into the journal, or out to a route."""

from __future__ import annotations

import time
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from connectors.delivery import STAGE as DELIVER
from connectors.outbox import Delivery, exhume
from connectors.store import Store
from streams.events import Burst
from streams.journal import accept_row
from streams.models import DeadLetter, Document, Source, encode, from_seconds


class _Body(msgspec.Struct):
    event: str
    bursts: tuple[Burst, ...]


def replay_letter(
    store: Store, number: int, letter: DeadLetter, registry: Mapping[str, Source]
) -> str:
    """Give a dead letter another chance; an empty string if it took it, else why not."""
    if letter.length > len(letter.raw):
        return "only its first 64 KiB were kept"
    if letter.stage == DELIVER:
        return _deliver_again(store, number, letter)
    now = time.time()
    row = accept_row(letter.raw, letter.origin, now, registry)
    if isinstance(row, DeadLetter):
        return f"{row.reason}: {row.detail}"
    if isinstance(row, Document):
        row = replace(row, seen_at=from_seconds(now))
    exhume(store, number, [encode(row)])
    return ""


def _deliver_again(store: Store, number: int, letter: DeadLetter) -> str:
    """The receiver knows the message by the id that it had."""
    try:
        body = msgspec.json.decode(letter.raw, type=_Body)
    except msgspec.DecodeError as error:
        return str(error)
    delivery = Delivery(
        message=letter.detail.split(" ", 1)[0],
        route=(letter.origin.file or "").removeprefix("routes/"),
        bursts=tuple(burst.id for burst in body.bursts),
        body=letter.raw,
        queued_at=time.time(),
        due_at=0.0,
    )
    exhume(store, number, [], [delivery])
    return ""
