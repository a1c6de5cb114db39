import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from dashboards.publish import Published, PublishError, list_stores, publish_dashboards

PROVISIONED = "Cannot save provisioned dashboard"
FILES = Path(__file__).parents[1] / "dashboards/grafana/provisioning"


class Grafana:
    """As much of Grafana as keeps data sources, folders and dashboards."""

    def __init__(self, server: HTTPServer, prefix: str = "") -> None:
        self.stores: dict[str, Any] = {}
        self.folders: dict[str, str] = {}
        self.dashboards: dict[str, Any] = {}
        self.owned_by_files: set[str] = set()
        self.authorization = ""
        self.url = server.url_for(prefix).rstrip("/")
        api = f"{prefix}/api"
        server.expect_request(f"{api}/folders", "POST").respond_with_handler(self.make_folder)
        server.expect_request(f"{api}/dashboards/db", "POST").respond_with_handler(self.save)
        server.expect_request(f"{api}/datasources", "POST").respond_with_handler(self.add)
        for uid in ("nabat-es", "nabat-es-bursts", "nabat-prom"):
            path = f"{api}/datasources/uid/{uid}"
            server.expect_request(path, "GET").respond_with_handler(self.find)

    def find(self, request: Request) -> Response:
        uid = request.path.rsplit("/", 1)[1]
        known = self.stores.get(uid)
        return answer(known) if known else answer({"message": "Data source not found"}, 404)

    def add(self, request: Request) -> Response:
        store = request.get_json()
        self.stores[store["uid"]] = store
        return answer({"id": 1})

    def make_folder(self, request: Request) -> Response:
        self.authorization = request.headers["Authorization"]
        folder = request.get_json()
        if folder["uid"] in self.folders:
            return answer({"message": "the folder has been changed by someone else"}, 409)
        self.folders[folder["uid"]] = folder["title"]
        return answer(folder)

    def save(self, request: Request) -> Response:
        letter = request.get_json()
        uid = letter["dashboard"]["uid"]
        if uid in self.owned_by_files:
            return answer({"message": PROVISIONED}, 400)
        if uid in self.dashboards and not letter["overwrite"]:
            return answer({"message": "version-mismatch"}, 412)
        assert letter["folderUid"] in self.folders
        assert letter["dashboard"]["id"] is None
        self.dashboards[uid] = letter["dashboard"]
        return answer({"uid": uid, "status": "success"})


def answer(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


STORES = list_stores("http://es:9200", "http://prom:9090", "hunter2")


def test_everything_is_written_once_and_kept_ever_after(httpserver: HTTPServer) -> None:
    grafana = Grafana(httpserver)
    first = publish_dashboards(grafana.url, "token", STORES)
    before = json.dumps([grafana.stores, grafana.folders, grafana.dashboards])
    second = publish_dashboards(grafana.url, "token", STORES)
    assert {one.outcome for one in first} == {"written"}
    assert json.dumps([grafana.stores, grafana.folders, grafana.dashboards]) == before
    assert second[-1] == Published("dashboard", "nabat-now", "written")
    assert {one.outcome for one in second[:-1]} == {"kept"}
    assert grafana.folders == {"nabat": "Nabat"}
    assert grafana.stores["nabat-es"]["url"] == "http://es:9200"


def test_a_store_that_someone_changed_is_left_alone(httpserver: HTTPServer) -> None:
    grafana = Grafana(httpserver)
    grafana.stores["nabat-es"] = {"url": "https://elsewhere"}
    publish_dashboards(grafana.url, "token", STORES)
    assert grafana.stores["nabat-es"] == {"url": "https://elsewhere"}


def test_a_dashboard_that_a_file_owns_is_left_to_it(httpserver: HTTPServer) -> None:
    grafana = Grafana(httpserver)
    grafana.owned_by_files = {"nabat-now"}
    done = publish_dashboards(grafana.url, "token", STORES)
    assert done[-1] == Published("dashboard", "nabat-now", "kept")


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ("glsa_x", "Bearer glsa_x"),
        (("admin", "pw"), "Basic " + base64.b64encode(b"admin:pw").decode()),
    ],
)
def test_a_token_or_a_password(
    httpserver: HTTPServer, auth: str | tuple[str, str], header: str
) -> None:
    grafana = Grafana(httpserver)
    publish_dashboards(grafana.url, auth, {})
    assert grafana.authorization == header


def test_grafana_may_live_under_a_path(httpserver: HTTPServer) -> None:
    grafana = Grafana(httpserver, "/monitoring/grafana")
    publish_dashboards(grafana.url + "/", "token", STORES)
    assert grafana.dashboards


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "refuses"),
        (401, "NABAT_SECRET_GRAFANA_TOKEN"),
        (403, "may not write"),
        (404, "no such address"),
        (500, "failed"),
    ],
)
def test_what_grafana_refuses_is_explained(httpserver: HTTPServer, status: int, said: str) -> None:
    refusal = answer({"message": "no"}, status)
    httpserver.expect_request("/api/folders").respond_with_response(refusal)
    with pytest.raises(PublishError, match=said) as caught:
        publish_dashboards(httpserver.url_for(""), "secret-token", {})
    assert "secret-token" not in str(caught.value)


@pytest.mark.parametrize("body", ["<html>a proxy</html>", ""])
def test_a_server_that_is_no_grafana_is_recognised(httpserver: HTTPServer, body: str) -> None:
    httpserver.expect_request("/api/folders").respond_with_data(body)
    with pytest.raises(PublishError, match="does not answer as Grafana"):
        publish_dashboards(httpserver.url_for(""), "token", {})


def test_nobody_there(httpserver: HTTPServer) -> None:
    url = httpserver.url_for("")
    httpserver.stop()
    with pytest.raises(PublishError, match="cannot be reached"):
        publish_dashboards(url, "token", {})
    httpserver.start()


def test_files_and_api_provision_the_same_stores() -> None:
    text = (FILES / "datasources/nabat.yaml").read_text("utf-8")
    listed = yaml.safe_load(text)["datasources"]
    variables = {"$NABAT_ENGINES__ELASTICSEARCH": "http://es:9200", "$ELASTIC_PASSWORD": "hunter2"}
    variables["$NABAT_PROMETHEUS"] = "http://prom:9090"
    for store in listed:
        assert store.pop("editable") is False
        uid = store.pop("uid")
        store["url"] = variables[store["url"]]
        if "secureJsonData" in store:
            secrets = store["secureJsonData"]
            store["secureJsonData"] = {key: variables[name] for key, name in secrets.items()}
        assert store == STORES[uid]
    assert len(listed) == len(STORES)
