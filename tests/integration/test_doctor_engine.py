"""The doctor beside a real Kafka and a real Elasticsearch, before and after provisioning."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from infra.provision import provision_templates, provision_topics
from infra.settings import Settings, read_settings
from infra.vitals import checkup
from infra.vitals.checkup import Finding, check_elasticsearch, check_kafka, measure_skew
from tests.integration.engines.servers import Elasticsearch, Kafka, find_port

pytestmark = pytest.mark.engine


def configure(folder: Path, engines: str) -> Settings:
    file = folder / "nabat.toml"
    file.write_text(f"[engines]\n{engines}\n", "utf-8")
    return read_settings(file)


def list_failures(findings: list[Finding]) -> list[str]:
    return [finding.message for finding in findings if finding.status == "failed"]


def test_topics_before_and_after_they_are_provisioned(kafka: Kafka, tmp_path: Path) -> None:
    prefix = f"doc{secrets.token_hex(4)}"
    settings = configure(tmp_path, f'kafka = "{kafka.bootstrap}"\nprefix = "{prefix}"')
    before = list_failures(list(check_kafka(settings)))
    assert len(before) == 8
    assert all("does not exist" in message for message in before)
    provision_topics(settings)
    (finding,) = check_kafka(settings)
    assert finding.status == "ok"
    wider = configure(tmp_path, f'kafka = "{kafka.bootstrap}"\nprefix = "{prefix}"\npartitions = 6')
    wrong = list_failures(list(check_kafka(wider)))
    assert wrong == [
        f"the topic {prefix}.work has 4 partitions, not 6",
        f"the topic {prefix}.snapshots has 5 partitions, not 7",
    ]


def test_no_broker_is_said_within_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "TIMEOUT_SECONDS", 1.0)
    (finding,) = check_kafka(configure(tmp_path, f'kafka = "127.0.0.1:{find_port()}"'))
    assert finding.status == "failed"
    assert "NABAT_ENGINES__KAFKA" in finding.remedy


def test_the_store_after_provisioning(elasticsearch: Elasticsearch, tmp_path: Path) -> None:
    settings = configure(tmp_path, f'elasticsearch = "{elasticsearch.url}"')
    provision_templates(settings)
    assert list_failures(list(check_elasticsearch(settings))) == []
    skew = measure_skew(settings, "elasticsearch")
    assert skew is not None
    assert skew.status == "ok"
