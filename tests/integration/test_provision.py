"""Engines are set up once; again changes nothing."""

from __future__ import annotations

import pytest

from connectors.broker import read_topic
from infra.provision import Made, provision_templates, provision_topics
from infra.settings import Settings
from streams.shell.topics import PARTS
from tests.integration.engines.servers import Elasticsearch, Kafka

pytestmark = pytest.mark.engine
TEMPLATES = ["nabat-bursts", "nabat-deadletters", "nabat-documents", "nabat-sources"]


def made(**engines: object) -> Settings:
    return Settings.model_validate({"engines": engines})


def test_topics_are_created_once(kafka: Kafka) -> None:
    settings = made(kafka=kafka.bootstrap, prefix="provisioned", partitions=3)
    names = [f"provisioned.{part}" for part in PARTS]
    assert provision_topics(settings) == [Made("topic", name, "written") for name in names]
    assert provision_topics(settings) == [Made("topic", name, "kept") for name in names]
    assert list(read_topic(kafka.bootstrap, "provisioned.work")) == []
    with pytest.raises(ValueError, match=r"provisioned\.work has 3 partitions; 4"):
        provision_topics(made(kafka=kafka.bootstrap, prefix="provisioned", partitions=4))


def test_templates_are_created_once(elasticsearch: Elasticsearch) -> None:
    elasticsearch.wipe()
    settings = made(elasticsearch=elasticsearch.url)
    written = [Made("index template", name, "written") for name in TEMPLATES]
    assert provision_templates(settings) == written
    assert {one.outcome for one in provision_templates(settings)} == {"kept"}
    elasticsearch.wipe()
