"""`nabat export`: documents, alerts and journal of either shell as lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import chain

import msgspec

from connectors.ledger import each_burst, each_document
from connectors.store import Store
from infra.corpora.journals import open_journal, reach_kafka
from infra.settings import Settings
from streams.alerts import tick_of
from streams.events import Burst
from streams.models import Enriched, Revision, decode_enriched, encode
from streams.shell.topics import Topics


def export_lines(settings: Settings, part: str, shell: str) -> Iterator[bytes]:
    """The latest state of each document, all revisions of all bursts, or the journal."""
    if part == "journal":
        with open_journal(settings, shell) as journal:
            yield from journal.read()
    elif shell == "kafka":
        yield from {"documents": _gather_documents, "alerts": _gather_bursts}[part](settings)
    else:
        each = {"documents": each_document, "alerts": each_burst}[part]
        with closing(Store(settings.store.path, create=False)) as store:
            yield from each(store)


def _gather_bursts(settings: Settings) -> Iterator[bytes]:
    """By tick, id and revision, repeats left out."""
    found = {
        (tick_of(burst), burst.id, burst.revision): raw
        for raw in _read_topic(settings, "bursts")
        for burst in [msgspec.json.decode(raw, type=Burst)]
    }
    return (raw for _, raw in sorted(found.items()))


def _gather_documents(settings: Settings) -> Iterator[bytes]:
    """By time of publication and id, each in its highest version and revision."""
    latest: dict[str, tuple[int, int, Enriched]] = {}
    passed = map(decode_enriched, _read_topic(settings, "enriched"))
    first = ((0, one) for one in passed if isinstance(one, Enriched))
    revisions = (
        msgspec.json.decode(raw, type=Revision) for raw in _read_topic(settings, "revisions")
    )
    for revision, document in chain(first, ((one.revision, one.document) for one in revisions)):
        before = latest.get(document.id)
        if before is None or before[:2] <= (document.version, revision):
            latest[document.id] = (document.version, revision, document)
    ordered = sorted(
        (one for *_, one in latest.values()), key=lambda one: (one.published_at, one.id)
    )
    return map(encode, ordered)


def _read_topic(settings: Settings, part: str) -> Iterator[bytes]:
    from connectors.broker import read_topic

    reach_kafka(settings)
    name = Topics(settings.engines.prefix).name(part)
    return (kept.value for kept in read_topic(settings.engines.kafka, name) if kept.value)
