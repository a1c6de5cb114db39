import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from dashboards.objects import FILE, publish_objects
from dashboards.publish import PublishError

TEMPLATES = Path(__file__).parents[1] / "infra/templates"
OBJECTS: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
KNOWN = {(one["type"], one["id"]): one for one in OBJECTS}
VIEWS = {one["id"]: one["attributes"] for one in OBJECTS if one["type"] == "index-pattern"}


def list_properties(mapping: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, field in mapping.get("properties", {}).items():
        yield prefix + name
        yield from list_properties(field, f"{prefix}{name}.")


def read_fields(view: str) -> set[str]:
    template = json.loads((TEMPLATES / f"{VIEWS[view]['title']}.json").read_text("utf-8"))
    return set(list_properties(template["template"]["mappings"]))


def read_inner(value: Any) -> Iterator[Any]:
    """Every JSON text inside a JSON value, parsed."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.endswith("JSON"):
                yield json.loads(inner)
            else:
                yield from read_inner(inner)


def test_every_object_is_named_once_and_says_from_which_version_it_is() -> None:
    assert len(KNOWN) == len(OBJECTS)
    for one in OBJECTS:
        assert re.fullmatch(r"\d+\.\d+\.\d+", one["typeMigrationVersion"])
        assert one["attributes"]["title"]


def test_text_inside_text_is_json() -> None:
    assert sum(1 for one in OBJECTS for _ in read_inner(one["attributes"])) == 5


def test_references_lead_to_objects_and_every_name_is_used() -> None:
    for one in OBJECTS:
        for reference in one["references"]:
            assert (reference["type"], reference["id"]) in KNOWN
            used = json.dumps([one["attributes"], *read_inner(one["attributes"])])
            name = reference["name"].removeprefix("indexpattern-datasource-layer-").split(":")[-1]
            assert f'"{name}"' in used, name


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_an_index_template_and_its_time_field(view: str) -> None:
    assert VIEWS[view]["timeFieldName"] in read_fields(view)


@pytest.mark.parametrize("one", [o for o in OBJECTS if o["type"] == "search"])
def test_searches_show_fields_that_exist(one: dict[str, Any]) -> None:
    fields = read_fields(one["references"][0]["id"])
    (source,) = read_inner(one["attributes"])
    assert set(one["attributes"]["columns"]) <= fields
    assert {name for name, _ in one["attributes"]["sort"]} <= fields
    assert set(re.findall(r"(\w+) :", source["query"]["query"])) <= fields


@pytest.mark.parametrize("one", [o for o in OBJECTS if o["type"] == "lens"])
def test_charts_count_by_fields_that_exist(one: dict[str, Any]) -> None:
    (layer,) = one["attributes"]["state"]["datasourceStates"]["formBased"]["layers"].values()
    fields = read_fields(one["references"][0]["id"]) | {"___records___"}
    assert {column["sourceField"] for column in layer["columns"].values()} <= fields
    (drawn,) = one["attributes"]["state"]["visualization"]["layers"]
    assert {drawn["xAccessor"], drawn["splitAccessor"], *drawn["accessors"]} == set(
        layer["columns"]
    )


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    board = KNOWN["dashboard", "nabat"]["attributes"]
    places = [panel["gridData"] for panel in json.loads(board["panelsJSON"])]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 47


def test_objects_are_imported_over_what_was_there(httpserver: HTTPServer) -> None:
    asked: list[tuple[Any, ...]] = []

    def take(request: Request) -> Response:
        sent = request.files["file"].read()
        headers = request.headers
        asked.append((sent, request.args["overwrite"], headers["kbn-xsrf"], request.authorization))
        return Response(json.dumps({"success": True, "successCount": len(OBJECTS)}))

    httpserver.expect_request("/api/saved_objects/_import", "POST").respond_with_handler(take)
    done = publish_objects(httpserver.url_for(""), ("elastic", "pw"))
    sent, overwrite, xsrf, account = asked[0]
    assert [json.loads(line) for line in sent.splitlines()] == OBJECTS
    assert (overwrite, xsrf) == ("true", "true")
    assert (account.username, account.password) == ("elastic", "pw")
    assert len(done) == len(OBJECTS)


def test_what_kibana_does_not_take_is_named(httpserver: HTTPServer) -> None:
    lost = {"type": "lens", "id": "nabat-by-group", "error": {"type": "missing_references"}}
    answer = {"success": False, "errors": [lost]}
    httpserver.expect_request("/api/saved_objects/_import").respond_with_json(answer)
    with pytest.raises(PublishError, match="lens nabat-by-group: missing_references"):
        publish_objects(httpserver.url_for(""))


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, "no", "NABAT_SECRET_ELASTICSEARCH_PASSWORD"),
        (403, "no", "may not write"),
        (404, "no", "no such address"),
        (503, "Kibana server is not ready yet", "not ready yet"),
        (200, "<html>", "does not answer as Kibana"),
    ],
)
def test_refusals_are_explained(httpserver: HTTPServer, status: int, body: str, said: str) -> None:
    httpserver.expect_request("/api/saved_objects/_import").respond_with_data(body, status)
    with pytest.raises(PublishError, match=said):
        publish_objects(httpserver.url_for(""))


def test_nobody_there(httpserver: HTTPServer) -> None:
    url = httpserver.url_for("")
    httpserver.stop()
    with pytest.raises(PublishError, match="cannot be reached"):
        publish_objects(url)
    httpserver.start()
