"""Puts data sources, a folder and the dashboards into Grafana; again and again, with one result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from grafana_api.grafana_api import GrafanaException
from grafana_api.grafana_face import GrafanaFace

HERE = Path(__file__).parent / "grafana"
FOLDER, TITLE = "nabat", "Nabat"
TIMEOUT_SECONDS = 15.0
NOT_FOUND, THERE = 404, (409, 412)
REASONS = {
    400: "it refuses the request",
    401: "it does not know these credentials: set NABAT_SECRET_GRAFANA_TOKEN to a service "
    "account's token, or NABAT_SECRET_GRAFANA_PASSWORD to the password of admin",
    403: "these credentials may not write here: the account needs the role Admin",
    404: "it knows no such address: is this the address of Grafana itself?",
}


class PublishError(Exception):
    """Grafana cannot be set up: what was tried, and why it failed."""


class Published(NamedTuple):
    """What was done with one thing: `written`, or `kept` (it was there, or a file owns it)."""

    what: str
    uid: str
    outcome: str


def publish_dashboards(
    url: str, auth: str | tuple[str, str], stores: Mapping[str, Any]
) -> list[Published]:
    """Make sure that data sources, folder and dashboards are there.

    `auth` is a token, or user and password. `stores` has a data source's JSON by its uid; one
    that exists is kept as it is. Raises `PublishError`.
    """
    grafana = _connect(url, auth)
    try:
        kept = [_ensure_store(grafana, uid, store) for uid, store in stores.items()]
        folder = _ensure_folder(grafana)
        return [*kept, folder, *(_write(grafana, file) for file in sorted(HERE.glob("*.json")))]
    except GrafanaException as error:
        reason = REASONS.get(error.status_code, "it failed")
        raise PublishError(f"Grafana at {url}: {reason} ({error.message})") from error
    except ValueError as error:
        raise PublishError(f"{url} does not answer as Grafana does") from error
    except OSError as error:
        raise PublishError(f"Grafana at {url} cannot be reached: {error}") from error


def list_stores(elasticsearch: str, prometheus: str, password: str | None) -> dict[str, Any]:
    """The data sources that the dashboards name, at these addresses."""
    shared = {"access": "proxy"}
    store: dict[str, Any] = {"type": "elasticsearch", "url": elasticsearch, **shared}
    if password:
        account = {"basicAuth": True, "basicAuthUser": "elastic"}
        store |= account | {"secureJsonData": {"basicAuthPassword": password}}
    details = {"timeInterval": "1m", "maxConcurrentShardRequests": 5}
    documents = {"index": "nabat-documents", "timeField": "@timestamp", "logMessageField": "title"}
    bursts = {"index": "nabat-bursts", "timeField": "onset_at"}
    asked = {"httpMethod": "POST", "timeInterval": "15s"}
    metrics = {"type": "prometheus", "url": prometheus, **shared, "jsonData": asked}
    return {
        "nabat-es": store | {"name": "Nabat documents", "jsonData": documents | details},
        "nabat-es-bursts": store | {"name": "Nabat alarms", "jsonData": bursts | details},
        "nabat-prom": metrics | {"name": "Nabat metrics"},
    }


def _connect(url: str, auth: str | tuple[str, str]) -> GrafanaFace:
    parts = urlsplit(url)
    prefix = parts.path.strip("/")
    return GrafanaFace(
        auth=auth,
        host=parts.hostname,
        port=parts.port,
        url_path_prefix=f"{prefix}/" if prefix else "",
        protocol=parts.scheme,
        timeout=TIMEOUT_SECONDS,
    )


def _ensure_store(grafana: GrafanaFace, uid: str, store: Mapping[str, Any]) -> Published:
    try:
        grafana.api.GET(f"/datasources/uid/{uid}")
    except GrafanaException as error:
        if error.status_code != NOT_FOUND:
            raise
        grafana.datasource.create_datasource({"uid": uid, **store})
        return Published("data source", uid, "written")
    return Published("data source", uid, "kept")


def _ensure_folder(grafana: GrafanaFace) -> Published:
    try:
        grafana.folder.create_folder(TITLE, FOLDER)
    except GrafanaException as error:
        if error.status_code not in THERE:
            raise
        return Published("folder", FOLDER, "kept")
    return Published("folder", FOLDER, "written")


def _write(grafana: GrafanaFace, file: Path) -> Published:
    """Write one dashboard; one that Grafana reads from a file is that file's business."""
    drawn = {**json.loads(file.read_text("utf-8")), "id": None}
    letter = {"dashboard": drawn, "folderUid": FOLDER, "overwrite": True, "message": "nabat"}
    try:
        grafana.dashboard.update_dashboard(letter)
    except GrafanaException as error:
        if "provisioned" not in str(error.message).lower():
            raise
        return Published("dashboard", drawn["uid"], "kept")
    return Published("dashboard", drawn["uid"], "written")
