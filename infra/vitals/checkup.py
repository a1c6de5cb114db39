"""Checks of the engines: is each one there, as provisioned, and on time."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, Literal, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec
from msgspec import Struct

from connectors.broker import read_layout
from infra.provision import read_templates
from infra.settings import Settings
from streams.shell.topics import Topics

Status = Literal["ok", "warning", "failed", "skipped"]
TIMEOUT_SECONDS = 5.0
MAJORS = (8, 9)  # Elasticsearch that the client speaks to
SKEW_SECONDS = 5.0  # documents from the future are refused from 5 minutes on; say it long before
OK, DENIED, NOT_FOUND = 200, (401, 403), 404


class Finding(Struct, frozen=True, omit_defaults=True):
    """What a check found: the part, how it is, in words, and what to do if it is not well."""

    check: str
    status: Status
    message: str
    remedy: str = ""


class Answer(NamedTuple):
    """What a server answered: status (0: nobody there), JSON or {}, its clock minus ours."""

    status: int
    body: Mapping[str, Any]
    skew: float | None = None
    error: str = ""


def check_kafka(settings: Settings) -> Iterator[Finding]:
    """Kafka is reachable; its topics are as provisioned."""
    engines = settings.engines
    try:
        there = read_layout(engines.kafka, TIMEOUT_SECONDS)
    except ConnectionError as error:
        remedy = "start Kafka, or set [engines] kafka (NABAT_ENGINES__KAFKA) to its address"
        yield Finding("kafka", "failed", f"{engines.kafka}: {error}", remedy)
        return
    wrong = list(compare_layout(there, Topics(engines.prefix, engines.partitions).layout()))
    if not any(problem.status == "failed" for problem in wrong):
        yield Finding("kafka", "ok", f"{engines.kafka}: the topics are as provisioned")
    yield from wrong


def compare_layout(
    there: Mapping[str, tuple[int, Mapping[str, str]]],
    wanted: Mapping[str, tuple[int, Mapping[str, str]]],
) -> Iterator[Finding]:
    """What differs between the topics that are there and those that are wanted."""
    for name, layout in wanted.items():
        yield from _compare(name, there.get(name), layout)


def _compare(
    name: str, there: tuple[int, Mapping[str, str]] | None, wanted: tuple[int, Mapping[str, str]]
) -> Iterator[Finding]:
    if there is None:
        remedy = "run `nabat provision topics`"
        yield Finding("kafka", "failed", f"the topic {name} does not exist", remedy)
        return
    (count, settings), (partitions, rules) = there, wanted
    if count != partitions:
        message = f"the topic {name} has {count} partitions, not {partitions}"
        remedy = "set [engines] partitions to what is there, or begin with another prefix"
        yield Finding("kafka", "failed", message, remedy)
    policy = settings.get("cleanup.policy", "delete")
    if policy != rules["cleanup.policy"]:
        message = f"the topic {name} has cleanup.policy={policy}, not {rules['cleanup.policy']}"
        remedy = "change it with kafka-configs: with the wrong policy state is lost or never ends"
        yield Finding("kafka", "failed", message, remedy)
    for key in sorted(rules.keys() - {"cleanup.policy"}):
        if key in settings and settings[key] != rules[key]:
            message = f"the topic {name} has {key}={settings[key]}, not {rules[key]}"
            yield Finding("kafka", "warning", message, "fine if you meant it")


def check_elasticsearch(settings: Settings) -> Iterator[Finding]:
    """Elasticsearch is reachable, of a version we speak, healthy, with our templates and alias."""
    url, account = settings.engines.elasticsearch, _find_account(settings)
    answer = ask(url, account)
    trouble = _find_trouble("elasticsearch", url, answer)
    if trouble:
        yield trouble
        return
    version = str(answer.body.get("version", {}).get("number", "0"))
    if int(version.partition(".")[0]) not in MAJORS:
        remedy = "point [engines] elasticsearch at an Elasticsearch 8.19"
        yield Finding("elasticsearch", "failed", f"{url}: version {version}", remedy)
        return
    yield Finding("elasticsearch", "ok", f"{url}: version {version}")
    yield from _check_health(url, account)
    yield from _check_templates(url, account)
    yield from _check_alias(url, account)
    yield _check_lifecycle(url, account)


def _check_health(url: str, account: tuple[str, str] | None) -> Iterator[Finding]:
    status = ask(f"{url}/_cluster/health", account).body.get("status")
    if status == "red":
        remedy = "look for shards without a node: GET _cluster/allocation/explain"
        yield Finding("elasticsearch", "failed", "the cluster is red: some data is away", remedy)


def _check_templates(url: str, account: tuple[str, str] | None) -> Iterator[Finding]:
    found = ask(f"{url}/_index_template/nabat-*", account).body.get("index_templates", [])
    digests = {
        one["name"]: one["index_template"].get("_meta", {}).get("digest", "") for one in found
    }
    wanted = {
        name: hashlib.sha256(msgspec.json.encode(template)).hexdigest()
        for name, template in read_templates().items()
    }
    missing = sorted(wanted.keys() - digests.keys())
    stale = sorted(name for name in wanted.keys() - missing if digests[name] != wanted[name])
    remedy = "run `nabat provision templates`"
    if missing:
        message = f"no index template {', '.join(missing)}"
        yield Finding("elasticsearch", "failed", message, remedy)
    if stale:
        message = f"another version of the index template {', '.join(stale)}"
        yield Finding("elasticsearch", "warning", message, remedy)


def _check_alias(url: str, account: tuple[str, str] | None) -> Iterator[Finding]:
    answer = ask(f"{url}/nabat-documents/_alias", account)
    if "nabat-documents" in answer.body:
        message = "nabat-documents is an index, not an alias: panels would miss every month"
        remedy = "reindex it into nabat-documents-YYYY.MM and delete it"
        yield Finding("elasticsearch", "failed", message, remedy)
    if answer.status == NOT_FOUND:
        yield Finding("elasticsearch", "ok", "no documents yet; the alias comes with the first")


def _check_lifecycle(url: str, account: tuple[str, str] | None) -> Finding:
    if ask(f"{url}/_ilm/status", account).status == OK:
        return Finding("elasticsearch", "ok", "index lifecycle management is there")
    message = "no index lifecycle management here; old months are deleted by hand"
    return Finding("elasticsearch", "skipped", message)


def check_grafana(settings: Settings) -> Iterator[Finding]:
    """Grafana is reachable and has our dashboard."""
    url = settings.engines.grafana
    answer = ask(f"{url}/api/health")
    trouble = _find_trouble("grafana", url, answer)
    if trouble:
        yield trouble
        return
    yield Finding("grafana", "ok", f"{url}: version {answer.body.get('version', 'unknown')}")
    token, password = settings.secret("grafana_token"), settings.secret("grafana_password")
    account = ("admin", password) if password else None
    found = ask(f"{url}/api/dashboards/uid/nabat-now", account, token)
    if found.status in DENIED:
        message = "the dashboard cannot be looked at: Grafana refuses the credentials"
        remedy = "set NABAT_SECRET_GRAFANA_TOKEN or NABAT_SECRET_GRAFANA_PASSWORD"
        yield Finding("grafana", "warning", message, remedy)
    elif found.status != OK:
        remedy = "run `nabat provision dashboards`"
        yield Finding("grafana", "failed", "it has no dashboard nabat-now", remedy)


def check_kibana(settings: Settings) -> Iterator[Finding]:
    """Kibana is reachable and ready."""
    url = settings.engines.kibana
    answer = ask(f"{url}/api/status", _find_account(settings))
    trouble = _find_trouble("kibana", url, answer)
    level = answer.body.get("status", {}).get("overall", {}).get("level", "unknown")
    if trouble:
        yield trouble
    elif level != "available":
        remedy = "wait a minute; then look at its log"
        yield Finding("kibana", "warning", f"{url}: it is {level}", remedy)
    else:
        yield Finding("kibana", "ok", f"{url}: available")


def measure_skew(settings: Settings, engine: str) -> Finding | None:
    """How far an engine's clock is from ours; None if it does not say."""
    url = getattr(settings.engines, engine)
    if engine == "elasticsearch":
        wanted = "/_nodes/_local/stats/os?filter_path=nodes.*.timestamp"
        sent, answer = time.time(), ask(url + wanted, _find_account(settings))
        nodes = list(answer.body.get("nodes", {}).values())
        skew = nodes[0]["timestamp"] / 1000 - (sent + time.time()) / 2 if nodes else None
    else:
        skew = ask(f"{url}/api/health").skew
    if skew is None:
        return None
    if abs(skew) < SKEW_SECONDS:
        return Finding("clock", "ok", f"within {SKEW_SECONDS:.0f} s of {engine}")
    message = f"{abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} {engine}"
    remedy = "switch on time synchronisation (timedatectl set-ntp true) on both machines"
    return Finding("clock", "failed", message, remedy)


def ask(url: str, account: tuple[str, str] | None = None, token: str | None = None) -> Answer:
    """GET with JSON, within five seconds; never raises."""
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    elif account:
        basic = base64.b64encode(":".join(account).encode()).decode()
        headers["Authorization"] = f"Basic {basic}"
    try:
        with urlopen(Request(url, None, headers), timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - http(s) by the settings
            skew = _read_skew(answer.headers.get("Date"))
            return Answer(answer.status, json.load(answer), skew)
    except HTTPError as error:
        return Answer(error.code, _read_body(error), error=f"HTTP {error.code}")
    except (OSError, HTTPException) as error:
        return Answer(0, {}, error=str(getattr(error, "reason", error)))
    except ValueError:
        return Answer(0, {}, error="it does not answer in JSON")


def _read_body(error: HTTPError) -> Mapping[str, Any]:
    try:
        body = json.load(error)
    except (ValueError, OSError, HTTPException):
        return {}
    return body if isinstance(body, dict) else {}


def _read_skew(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() - time.time() if date else None
    except ValueError:
        return None


def _find_account(settings: Settings) -> tuple[str, str] | None:
    password = settings.secret("elasticsearch_password")
    return ("elastic", password) if password else None


def _find_trouble(engine: str, url: str, answer: Answer) -> Finding | None:
    """Why an engine cannot be used at all, if so."""
    if answer.status in DENIED:
        remedy = "set NABAT_SECRET_ELASTICSEARCH_PASSWORD"
        return Finding(engine, "failed", f"{url}: it refuses the credentials", remedy)
    if answer.status != OK:
        variable = f"NABAT_ENGINES__{engine.upper()}"
        remedy = f"start it, or set [engines] {engine} ({variable}) to its address"
        return Finding(engine, "failed", f"{url}: {answer.error}", remedy)
    return None
