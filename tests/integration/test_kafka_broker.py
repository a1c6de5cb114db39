"""The door to Kafka: acknowledged, in order, committed after the effect."""

from __future__ import annotations

import secrets

import pytest

from connectors.broker import (
    Consumer,
    Producer,
    Record,
    consume,
    create_topics,
    follow,
    read_ends,
    read_latest,
    read_topic,
)
from streams.shell.topics import PARTS, Topics
from tests.integration.engines.servers import Kafka

pytestmark = pytest.mark.engine


@pytest.fixture
def topics(kafka: Kafka) -> Topics:
    topics = Topics(f"t{secrets.token_hex(4)}", 3)
    create_topics(kafka.bootstrap, topics.layout())
    return topics


def send(kafka: Kafka, topic: str, *keys: str) -> None:
    producer = Producer(kafka.bootstrap)
    for number, key in enumerate(keys):
        producer.send(topic, key.encode(), f"{number}".encode(), [("nth", b"1")])
    producer.close()


def poll(consumer: Consumer, count: int) -> list[Record]:
    records: list[Record] = []
    for _ in range(20):
        records += consumer.poll(0.5)
        if len(records) >= count:
            break
    return records


def test_topics_are_created_once_and_never_resized(kafka: Kafka, topics: Topics) -> None:
    assert create_topics(kafka.bootstrap, topics.layout()) == []
    assert len(read_ends(kafka.bootstrap, topics.name("work"))) == 3
    assert len(read_ends(kafka.bootstrap, topics.name("snapshots"))) == 4
    larger = Topics(topics.prefix, 5).layout()
    with pytest.raises(ValueError, match="has 3 partitions; 5 are configured"):
        create_topics(kafka.bootstrap, larger)


def test_every_part_has_a_topic(topics: Topics) -> None:
    assert [topics.name(part) for part in PARTS] == list(topics.layout())
    with pytest.raises(ValueError, match="no topic"):
        topics.name("other")


def test_what_was_not_committed_comes_again(kafka: Kafka, topics: Topics) -> None:
    journal = topics.name("journal")
    send(kafka, journal, "a", "b")
    for _ in range(2):
        with consume("group", [journal], kafka.bootstrap) as consumer:
            assert [(one.key, one.value) for one in poll(consumer, 2)] == [
                (b"a", b"0"),
                (b"b", b"1"),
            ]
    with consume("group", [journal], kafka.bootstrap) as consumer:
        assert poll(consumer, 2)[0].headers == (("nth", b"1"),)
        assert consumer.commit()
    send(kafka, journal, "c")
    with consume("group", [journal], kafka.bootstrap) as consumer:
        assert [one.key for one in poll(consumer, 1)] == [b"c"]


def test_the_last_value_of_each_key_is_read(kafka: Kafka, topics: Topics) -> None:
    offsets = topics.name("offsets")
    send(kafka, offsets, "a", "b", "a", "c")
    producer = Producer(kafka.bootstrap)
    producer.send(offsets, b"c", None)
    producer.close()
    assert read_latest(kafka.bootstrap, offsets) == {b"a": b"2", b"b": b"1"}


def test_a_topic_is_read_whole_partition_by_partition(kafka: Kafka, topics: Topics) -> None:
    keys = [str(number) for number in range(2_000)]
    send(kafka, topics.name("work"), *keys)
    records = list(read_topic(kafka.bootstrap, topics.name("work")))
    assert sorted(int(one.key or b"") for one in records) == list(range(2_000))
    places = [(one.partition, one.offset) for one in records]
    assert places == sorted(places)
    assert list(read_topic(kafka.bootstrap, topics.name("bursts"))) == []


def test_a_partition_is_followed_from_its_beginning(kafka: Kafka, topics: Topics) -> None:
    journal = topics.name("journal")
    send(kafka, journal, "a")
    with follow(kafka.bootstrap, journal, 0) as consumer:
        assert [one.key for one in poll(consumer, 1)] == [b"a"]
        send(kafka, journal, "b")
        assert [one.key for one in poll(consumer, 1)] == [b"b"]


def test_large_messages_pass(kafka: Kafka, topics: Topics) -> None:
    producer = Producer(kafka.bootstrap)
    large = secrets.token_bytes(3 << 20)
    producer.send(topics.name("journal"), b"large", large)
    producer.close()
    assert [one.value for one in read_topic(kafka.bootstrap, topics.name("journal"))] == [large]
