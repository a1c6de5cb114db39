"""The sinks of the distributed shell: topics to Elasticsearch, bursts to webhooks.

An offset is committed only after the effect, and every effect may be repeated.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event

import aiohttp
import msgspec
import structlog
from msgspec import Struct

from connectors.broker import Consumer, Producer, Record, consume
from connectors.elastic import Search, StoppedError
from connectors.search import Action, Message, Registry, to_actions
from connectors.webhook import Endpoint, Outcome, deliver
from streams.alerts import Message as Alert
from streams.alerts import to_messages
from streams.events import Burst
from streams.journal import bury
from streams.models import DeadLetter, Place, encode
from streams.shell.topics import Topics

LOG = structlog.get_logger(__name__)
STAGE = "sink"
PARTS = ("enriched", "revisions", "bursts", "deadletters")
WAIT_SECONDS = 1.0  # a poll without records
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0  # seconds between attempts of a delivery, doubling
LIFE_SECONDS = 24 * 3600.0  # until a message that never arrived is given up
REMEMBERED = 10_000  # delivered messages whose repeats are not sent again


class Flow(Struct, frozen=True):
    """What every sink reads from and reports to; `stop` ends it, `reach` is told of each effect."""

    bootstrap: str
    topics: Topics
    stop: Event
    count: Callable[..., None] = lambda *_, **__: None
    reach: Callable[[str], None] = lambda _: None


class Wire(Struct, frozen=True, kw_only=True):
    """A webhook by name, and which bursts it wants."""

    name: str
    endpoint: Endpoint
    wants: Callable[[Burst], bool] = lambda _: True
    life: float = LIFE_SECONDS


Waiting = MutableMapping[tuple[int, bytes], dict[int, Burst]]  # bursts by tick and event


def fill_search(flow: Flow, search: Search) -> None:
    """Carry documents, revisions, bursts and dead letters to Elasticsearch until stopped."""
    parts = {flow.topics.name(part): part for part in PARTS}
    with _open(flow, "elasticsearch", list(parts)) as (consumer, producer):
        registry = search.read_sources()
        while not flow.stop.is_set():
            if records := consumer.poll(WAIT_SECONDS):
                letters = _write(flow, search, read_messages(records, parts), registry)
                flow.reach("sink.after_write")
                _send_letters(flow, producer, letters)
                consumer.commit()


def ring_webhook(flow: Flow, wire: Wire) -> None:
    """Deliver the messages of bursts to one webhook, in order, until stopped."""
    waiting: dict[tuple[int, bytes], dict[int, Burst]] = {}
    delivered: dict[str, None] = {}
    with _open(flow, f"webhook-{wire.name}", [flow.topics.name("bursts")]) as (consumer, producer):
        while not flow.stop.is_set():
            records = consumer.poll(WAIT_SECONDS)
            for alert in (alert for record in records for alert in gather(waiting, record)):
                if alert.id not in delivered and any(map(wire.wants, alert.bursts)):
                    _send_letters(flow, producer, _deliver(flow, wire, alert))
                    flow.reach("sink.after_delivery")
                _remember(delivered, alert.id)
            if records and not waiting:
                consumer.commit()


def read_messages(records: Sequence[Record], parts: dict[str, str]) -> list[Message]:
    """Records as the sink for Elasticsearch takes them; empty ones are left out."""
    now = datetime.now(UTC)
    return [
        Message(
            part=parts[record.topic],
            key=record.key or b"",
            value=record.value,
            place=_locate(record),
            now=now,
        )
        for record in records
        if record.value is not None
    ]


def gather(waiting: Waiting, record: Record) -> list[Alert]:
    """Put a burst to the others of its message; the messages that are whole now.

    Ticks come in order, and repeats before what is new: of an older tick nothing more will come,
    so what waits of it rings as it is.
    """
    headers = dict(record.headers)
    tick, event = int(headers["tick"]), record.key or b""
    parts = waiting.setdefault((tick, event), {})
    parts[int(headers["nth"])] = _BURST.decode(record.value or b"")
    whole = [(tick, event)] if len(parts) == int(headers["of"]) else []
    overdue = sorted(key for key in waiting if key[0] < tick)
    return [alert for key in overdue + whole for alert in to_messages([*waiting.pop(key).values()])]


@contextmanager
def _open(flow: Flow, name: str, topics: Sequence[str]) -> Iterator[tuple[Consumer, Producer]]:
    producer = Producer(flow.bootstrap)
    try:
        with consume(f"{flow.topics.prefix}-sink-{name}", topics, flow.bootstrap) as consumer:
            yield consumer, producer
    except StoppedError:
        LOG.info("stopped while an engine was waited for; the rest is repeated", sink=name)
    finally:
        producer.close()


def _write(
    flow: Flow, search: Search, messages: Sequence[Message], registry: Registry
) -> list[DeadLetter]:
    """Write what can be written; dead letters for the rest."""
    actions, letters = _prepare(messages, registry)
    for refusal in search.write(actions):
        action = refusal.action
        letters.append(bury(action.raw, "refused", STAGE, action.place, refusal.detail))
    documents = sum(message.part == "enriched" for message in messages)
    flow.count("nabat_rows_total", len(messages), stage=STAGE)
    flow.count("nabat_documents_total", documents, stage=STAGE)
    return [letter for letter in letters if _is_new(flow, letter)]


def _prepare(
    messages: Sequence[Message], registry: Registry
) -> tuple[list[Action], list[DeadLetter]]:
    actions, letters = list[Action](), list[DeadLetter]()
    for message in messages:
        try:
            actions += to_actions(message, registry)
        except (msgspec.DecodeError, UnicodeError) as error:
            letters.append(bury(message.value, "bad_field", STAGE, message.place, str(error)))
    return actions, letters


def _is_new(flow: Flow, letter: DeadLetter) -> bool:
    """A dead letter that cannot be indexed stays in its topic: another one would go on for ever."""
    if letter.origin.topic != flow.topics.name("deadletters"):
        return True
    LOG.error("a dead letter cannot be indexed", offset=letter.origin.offset, why=letter.detail)
    return False


def _send_letters(flow: Flow, producer: Producer, letters: Sequence[DeadLetter]) -> None:
    topic = flow.topics.name("deadletters")
    for letter in letters:
        producer.send(topic, letter.sha256.encode(), encode(letter))
        flow.count("nabat_deadletters_total", 1, stage=letter.stage, reason=letter.reason)
    producer.flush()


def _deliver(flow: Flow, wire: Wire, alert: Alert) -> list[DeadLetter]:
    """Try until it has arrived, is refused, or is too old; the last two leave a dead letter."""
    start, pause = time.monotonic(), FIRST_PAUSE
    while True:
        outcome = asyncio.run(_attempt(wire.endpoint, alert))
        is_late = outcome.fate == "retry" and time.monotonic() - start >= wire.life
        fate = "expired" if is_late else outcome.fate
        flow.count("nabat_deliveries_total", 1, outcome=fate)
        if fate != "retry":
            return _bury_alert(wire, alert, fate, outcome)
        LOG.warning("a message was not delivered", route=wire.name, detail=outcome.detail)
        if flow.stop.wait(max(pause, outcome.wait)):
            raise StoppedError
        pause = min(2 * pause, LONGEST_PAUSE)


async def _attempt(endpoint: Endpoint, alert: Alert) -> Outcome:
    async with aiohttp.ClientSession() as session:
        return await deliver(endpoint, alert, session)


def _bury_alert(wire: Wire, alert: Alert, fate: str, outcome: Outcome) -> list[DeadLetter]:
    if fate == "delivered":
        return []
    reason = "undelivered" if fate == "expired" else "refused"
    place = Place(file=f"routes/{wire.name}")
    return [bury(alert.body, reason, "deliver", place, f"{alert.id} {outcome.detail}")]


def _remember(delivered: dict[str, None], name: str) -> None:
    delivered[name] = None
    if len(delivered) > REMEMBERED:
        delivered.pop(next(iter(delivered)))


_BURST = msgspec.json.Decoder(Burst)


def _locate(record: Record) -> Place:
    return Place(topic=record.topic, partition=record.partition, offset=record.offset)
