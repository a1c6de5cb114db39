"""Sets up the engines: topics, index templates, dashboards; again and again, with one result."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import stamina

from connectors.broker import create_topics
from connectors.elastic import Access, Search, UnreadyError
from dashboards.objects import publish_objects
from dashboards.publish import list_stores, publish_dashboards
from infra.corpora.journals import reach_kafka
from infra.settings import Settings
from streams.shell.topics import Topics

TEMPLATES = Path(__file__).parent / "templates"
PATIENCE_SECONDS = 60.0  # for an engine that is starting


class Made(NamedTuple):
    """What was done with one thing: `written`, or `kept` as it was."""

    what: str
    name: str
    outcome: str


def provision_topics(settings: Settings) -> list[Made]:
    """Create the topics that are missing.

    Raises ConnectionError after a minute without Kafka, ValueError if a topic has another number
    of partitions than is configured.
    """
    for attempt in stamina.retry_context(
        on=ConnectionError, attempts=None, timeout=PATIENCE_SECONDS
    ):
        with attempt:
            reach_kafka(settings)
    layout = Topics(settings.engines.prefix, settings.engines.partitions).layout()
    created = create_topics(settings.engines.kafka, layout)
    return [Made("topic", name, _outcome(name in created)) for name in layout]


def provision_templates(settings: Settings) -> list[Made]:
    """Create or update the index templates; indices that exist keep the mapping they have.

    Raises `UnreadyError` after a minute without Elasticsearch, `DeniedError` if it refuses us.
    """
    templates = read_templates()
    with closing(Search(make_access(settings), templates)) as search:
        changed = _put_patiently(search)
    return [Made("index template", name, _outcome(name in changed)) for name in templates]


def provision_dashboards(settings: Settings) -> list[Made]:
    """Fill Grafana, and Kibana where the settings name it; raises `PublishError`."""
    is_named = "kibana" in settings.engines.model_fields_set
    return provision_grafana(settings) + (provision_objects(settings) if is_named else [])


def provision_grafana(settings: Settings) -> list[Made]:
    """Put data sources and dashboards into Grafana; raises `PublishError`."""
    engines = settings.engines
    password = settings.secret("elasticsearch_password")
    stores = list_stores(engines.elasticsearch, engines.prometheus, password)
    auth = settings.secret("grafana_token") or (
        "admin",
        settings.secret("grafana_password") or "admin",
    )
    published = publish_dashboards(engines.grafana, auth, stores)
    return [Made(one.what, one.uid, one.outcome) for one in published]


def provision_objects(settings: Settings) -> list[Made]:
    """Put data views, searches and a dashboard into Kibana; raises `PublishError`."""
    password = settings.secret("elasticsearch_password")
    account = ("elastic", password) if password else None
    published = publish_objects(settings.engines.kibana, account)
    return [Made(one.what, one.uid, one.outcome) for one in published]


def make_access(settings: Settings) -> Access:
    """How Elasticsearch is reached."""
    password = settings.secret("elasticsearch_password")
    return Access(url=settings.engines.elasticsearch, password=password)


def read_templates() -> dict[str, Any]:
    """The index templates by name."""
    return {
        path.stem: json.loads(path.read_text("utf-8")) for path in sorted(TEMPLATES.glob("*.json"))
    }


def _put_patiently(search: Search) -> list[str]:
    for attempt in stamina.retry_context(on=UnreadyError, attempts=None, timeout=PATIENCE_SECONDS):
        with attempt:
            return search.put_templates()
    raise AssertionError("retried without end")  # pragma: no cover


def _outcome(changed: bool) -> str:
    return "written" if changed else "kept"
