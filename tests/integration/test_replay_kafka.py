"""The same files into Kafka, and the journal out of it again as a file."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.broker import create_topics, read_topic
from streams.models import Clock, Document, Place, Setting, decode_row, encode, from_seconds
from streams.shell.topics import Topics
from tests.integration.engines.servers import Kafka

pytestmark = pytest.mark.engine
START = 1_760_000_000
ROOT = Path(__file__).parents[2]


def make_lines() -> list[bytes]:
    documents = [
        Document(
            id=f"rss/a/{number}",
            source="rss/a",
            published_at=from_seconds(START + number),
            seen_at=from_seconds(START + number),
            text=f"Новость {number}",
        )
        for number in range(50)
    ]
    return [encode(row) for row in (*documents, Clock(seen_at=from_seconds(START + 60)))]


def test_a_replay_into_kafka_comes_out_as_the_same_journal(kafka: Kafka, tmp_path: Path) -> None:
    topics = Topics(f"t{secrets.token_hex(4)}", 1)
    create_topics(kafka.bootstrap, topics.layout())
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "NABAT_ENGINES__KAFKA": kafka.bootstrap,
        "NABAT_ENGINES__PREFIX": topics.prefix,
    }

    def nabat(*words: str) -> bytes:
        command = [sys.executable, "-m", "infra.cli", *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True
        )
        return done.stdout

    lines = make_lines()
    (tmp_path / "rows.jsonl").write_bytes(b"\n".join([lines[0], b"nonsense", *lines[1:]]) + b"\n")
    (tmp_path / "terms.txt").write_text("ОДКБ\n", "utf-8")
    nabat("replay", "rows.jsonl", "--terms", "terms.txt", "--to", "kafka")
    nabat("terms", "add", "Токаев", "--shell", "kafka")

    journal = nabat("export", "journal", "--shell", "kafka").splitlines()
    first, *rows, last = map(decode_row, journal)
    assert isinstance(first, Setting)
    assert isinstance(last, Setting)
    assert (first.key, last.key) == ("ОДКБ", "Токаев")
    assert [encode(row) for row in rows] == lines
    watched = nabat("terms", "list", "--shell", "kafka").splitlines()
    assert [json.loads(line)["name"] for line in watched] == ["ОДКБ", "Токаев"]
    (letter,) = read_topic(kafka.bootstrap, topics.name("deadletters"))
    assert json.loads(letter.value or b"")["origin"] == json.loads(
        encode(Place(file="rows.jsonl", line=2))
    )
    assert all(one.key for one in read_topic(kafka.bootstrap, topics.name("journal")))
