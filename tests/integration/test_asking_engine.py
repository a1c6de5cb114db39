"""`explain`, `why-not` and `ack` of the distributed shell: its journal and its alarms."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from connectors.broker import Producer, create_topics
from infra.corpora.journals import open_journal
from infra.corpora.stream import Local, Numbered, Stream
from infra.settings import read_settings
from streams.decide import Decider
from streams.events import Burst
from streams.models import encode
from streams.shell.topics import Topics
from tests.integration.engines.servers import Kafka
from tests.test_asking import AT
from tests.test_cli import nabat
from tests.test_explaining import STEPS, make_rows

pytestmark = pytest.mark.engine


@pytest.fixture
def alarm(kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Burst:
    """An alarm that a distributed shell has told."""
    topics = Topics(f"t{secrets.token_hex(4)}", 1)
    create_topics(kafka.bootstrap, topics.layout())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NABAT_ENGINES__KAFKA", kafka.bootstrap)
    monkeypatch.setenv("NABAT_ENGINES__PREFIX", topics.prefix)
    for step in ("LANGUAGE", "ENTITIES", "SENTIMENT"):
        monkeypatch.setenv(f"NABAT_STEPS__{step}", "false")
    rows = make_rows()
    numbered = [Numbered(number, row) for number, row in enumerate(rows)]
    pushed = Stream(Decider(), Local(STEPS)).push(numbered)
    bursts = [burst for outcome in pushed.outcomes for burst in outcome.bursts]
    with open_journal(read_settings(None), "kafka") as journal:
        journal.append(rows)
    producer = Producer(kafka.bootstrap)
    for burst in bursts:
        producer.send(topics.name("bursts"), burst.event.encode(), encode(burst))
    producer.close()
    return bursts[0]


def test_an_alarm_of_the_distributed_shell_is_explained_and_judged(alarm: Burst) -> None:
    code, (told,), _ = nabat("explain", alarm.id, "--shell", "kafka")
    assert (code, told["id"], told["term"]) == (0, alarm.id, "ОДКБ")
    code, (absence,), _ = nabat("why-not", "ОДКБ", "--at", AT, "--shell", "kafka")
    assert (code, absence["verdict"], absence["alarms"]) == (0, "ringing", [alarm.id])
    words = ("ack", alarm.id, "--false", "--note", "учения", "--shell", "kafka")
    code, _, said = nabat(*words)
    assert (code, "1 of 1 alarm judged, 1 false" in said) == (0, True)
    with open_journal(read_settings(None), "kafka") as journal:
        assert [(one.what, one.key) for one in journal.read_settings()][-1] == ("ack", alarm.id)
    code, (told,), said = nabat("explain", alarm.id, "--shell", "kafka")
    assert (code, told["ack"]["note"]) == (0, "учения")  # type: ignore[index]
    assert "judged false alarm" in said
    code, (quality,), _ = nabat("ack", "--shell", "kafka")
    assert (quality["term"], quality["judged"], quality["false"]) == ("ОДКБ", 1, 1)
    assert not Path("nabat.db").exists()
