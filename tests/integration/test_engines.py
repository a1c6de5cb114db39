"""The engines keep what they acknowledged through kill -9, and end with their starter."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch as Client
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic

from tests.integration.engines import cache
from tests.integration.engines.servers import Elasticsearch, Kafka, is_listening, wait_until

pytestmark = pytest.mark.engine
ROOT = Path(__file__).parents[2]


@contextmanager
def connect(server: Elasticsearch) -> Iterator[Client]:
    client = Client(server.url)
    try:
        yield client
    finally:
        client.close()


def test_kafka_keeps_acknowledged_records_through_kill(kafka: Kafka) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics([NewTopic("kept", 1, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    producer.send("kept", key=b"1", value="ёлка".encode()).get(30)
    producer.close()
    kafka.kill()
    assert not is_listening(kafka.port)
    kafka.restart()
    consumer = KafkaConsumer(
        "kept", bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest"
    )
    record = next(iter(consumer))
    consumer.close()
    assert (record.key, record.value.decode()) == (b"1", "ёлка")


def test_elasticsearch_keeps_acknowledged_documents_through_kill(
    elasticsearch: Elasticsearch,
) -> None:
    with connect(elasticsearch) as client:
        client.index(index="nabat-kept", id="1", document={"text": "ёлка"})
    elasticsearch.kill()
    assert not is_listening(elasticsearch.port)
    elasticsearch.restart()
    with connect(elasticsearch) as client:
        assert client.get(index="nabat-kept", id="1")["_source"] == {"text": "ёлка"}
    elasticsearch.wipe()
    with connect(elasticsearch) as client:
        assert not client.indices.exists(index="nabat-kept")


STARTER = """
import sys, time
from pathlib import Path
from tests.integration.engines.servers import Kafka
kafka = Kafka(Path(sys.argv[1]))
kafka.start()
print(kafka.port, kafka.process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_an_engine_ends_when_its_starter_is_killed(kafka: Kafka, tmp_path: Path) -> None:
    assert is_listening(kafka.port)  # tools are present, or the fixture has skipped
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    ) as starter:
        assert starter.stdout is not None
        port, pid = map(int, starter.stdout.readline().split())
        assert is_listening(port)
        starter.kill()
    try:
        assert wait_until(lambda: not is_listening(port), patience=10)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_download_cut_short_leaves_no_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if cache.missing_tools():
        pytest.skip("needs Java and Maven")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    broken = tmp_path / "broken.xml"
    broken.write_text("<project/>", "utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        cache._get("broken", broken, lambda _: None)
    assert [p.name for p in (tmp_path / "nabat-engines").iterdir()] == ["broken.lock"]
