import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.now import FILE, build_now
from infra.metrics import CATALOGUE
from tests.msearch import Span, interpolate, to_body

ROOT = Path(__file__).parents[1]
PROVISIONING = ROOT / "dashboards/grafana/provisioning"
NOW: dict[str, Any] = json.loads(build_now())
PANELS: list[dict[str, Any]] = NOW["panels"]
TEMPLATES = {"nabat-es": "nabat-documents", "nabat-es-bursts": "nabat-bursts"}


def list_properties(mapping: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, field in mapping.get("properties", {}).items():
        yield prefix + name
        yield from list_properties(field, f"{prefix}{name}.")


def read_fields(template: str) -> set[str]:
    text = (ROOT / f"infra/templates/{template}.json").read_text("utf-8")
    return set(list_properties(json.loads(text)["template"]["mappings"]))


FIELDS = {uid: read_fields(template) for uid, template in TEMPLATES.items()}


def targets() -> Iterator[tuple[str, dict[str, Any]]]:
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target


STORED = [(title, target) for title, target in targets() if "metrics" in target]
ASKED = [(title, target["expr"]) for title, target in targets() if "expr" in target]


def test_the_committed_file_is_what_the_code_builds() -> None:
    assert FILE.read_text("utf-8") == build_now(), "run `python -m dashboards.now`"


def test_panels_have_their_own_numbers_and_do_not_overlap() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    cells = [
        (x, y)
        for panel in PANELS
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
    assert len(cells) == 24 * (max(y for _, y in cells) + 1), "there are holes"


def test_it_shows_what_an_analyst_on_duty_needs() -> None:
    titles = [panel["title"] for panel in PANELS]
    for needed in (
        "Documents a minute",
        "Alarms open",
        "Behind",
        "Documents by source group",
        "Terms that rang",
        "Alarms",
        "Newest documents",
    ):
        assert needed in titles
    (alarms,) = NOW["annotations"]["list"]
    assert alarms["timeField"] == "onset_at"
    assert set(alarms) >= {"timeEndField", "textField", "tagsField"}


def test_every_data_source_is_provisioned() -> None:
    text = (PROVISIONING / "datasources/nabat.yaml").read_text("utf-8")
    provisioned = {store["uid"]: store["type"] for store in yaml.safe_load(text)["datasources"]}
    named = re.findall(r'"type": "(\w+)",\s+"uid": "([\w-]+)"', build_now())
    assert named
    for kind, uid in named:
        assert provisioned[uid] == kind


def test_the_provider_reads_the_folder_that_publishing_writes_to() -> None:
    text = (PROVISIONING / "dashboards/nabat.yaml").read_text("utf-8")
    (provider,) = yaml.safe_load(text)["providers"]
    assert (provider["folderUid"], provider["folder"]) == ("nabat", "Nabat")
    assert provider["allowUiUpdates"] is False


@pytest.mark.parametrize(("title", "expression"), ASKED, ids=[title for title, _ in ASKED])
def test_questions_to_prometheus_use_declared_metrics_and_labels(
    title: str, expression: str
) -> None:
    names = re.findall(r"\bnabat_\w+", expression)
    assert names, title
    for name in names:
        assert name in CATALOGUE
    for name, selector in re.findall(r"\b(nabat_\w+){([^}]*)}", expression):
        assert set(re.findall(r"(\w+)=", selector)) <= set(CATALOGUE[name].labels)


def test_questions_to_prometheus_can_be_parsed(tmp_path: Path) -> None:
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")
    rules = [
        {"record": f"check:{number}", "expr": expression}
        for number, (_, expression) in enumerate(ASKED)
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "check", "rules": rules}]}))
    checked = subprocess.run(
        ["promtool", "check", "rules", file], check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr


def list_fields(target: dict[str, Any]) -> Iterator[str]:
    yield target["timeField"]
    for part in [*target["metrics"], *target.get("bucketAggs", [])]:
        yield from ([part["field"]] if "field" in part else [])
    yield from re.findall(r"(\w+):", target.get("query", ""))


@pytest.mark.parametrize(("title", "target"), STORED, ids=[title for title, _ in STORED])
def test_questions_to_the_store_use_fields_that_exist(title: str, target: dict[str, Any]) -> None:
    known = FIELDS[target["datasource"]["uid"]]
    assert set(list_fields(target)) <= known, title


def list_columns(panel: dict[str, Any]) -> list[str]:
    first = panel["transformations"][0]["options"]["include"]["names"]
    return [str(name) for name in first]


@pytest.mark.parametrize("title", ["Alarms", "Newest documents"])
def test_tables_of_documents_show_columns_that_exist(title: str) -> None:
    (panel,) = (panel for panel in PANELS if panel["title"] == title)
    assert set(list_columns(panel)) <= FIELDS[panel["datasource"]["uid"]]


def test_the_table_of_terms_shows_the_columns_that_its_question_makes() -> None:
    (panel,) = (panel for panel in PANELS if panel["title"] == "Terms that rang")
    measured = panel["targets"][0]["metrics"]
    made = {f"Max {one['field']}" for one in measured if one["type"] == "max"}
    assert set(list_columns(panel)) == made | {"term", "Count"}


@pytest.mark.parametrize("panel", [p for p in PANELS if p.get("transformations")])
def test_overrides_name_columns_that_are_shown(panel: dict[str, Any]) -> None:
    renamed = panel["transformations"][1]["options"]["renameByName"]
    shown = {renamed.get(name, name) for name in list_columns(panel)}
    for override in panel["fieldConfig"]["overrides"]:
        assert override["matcher"]["options"] in shown
    for name in re.findall(r"__data\.fields\.(\w+)", json.dumps(panel)):
        assert name in shown


def test_the_group_chooser_follows_the_time_range_and_is_valid_inside() -> None:
    (group,) = (one for one in NOW["templating"]["list"] if one["name"] == "group")
    assert group["refresh"] == 2
    assert group["allValue"] == "*"
    assert json.loads(group["query"])["field"] in FIELDS["nabat-es"]


def test_every_variable_in_a_query_exists() -> None:
    known = {one["name"] for one in NOW["templating"]["list"]}
    for _, target in STORED:
        assert set(re.findall(r"\$(\w+)", target.get("query", ""))) <= known


def test_newest_documents_come_newest_first() -> None:
    """Keys are sent in order: the time field must come before `_doc`."""
    (target,) = (target for title, target in STORED if title == "Newest documents")
    body = to_body(target, Span(0, 1, target["timeField"]))
    assert list(body["sort"]) == ["@timestamp", "_doc"]


def test_the_builder_of_searches_writes_what_the_rules_show() -> None:
    """A published example of such a search."""
    target = {
        "query": "source:rss*",
        "metrics": [{"id": "1", "type": "avg", "field": "score"}],
        "bucketAggs": [
            {
                "id": "3",
                "type": "terms",
                "field": "source",
                "settings": {
                    "size": "10",
                    "order": "desc",
                    "orderBy": "_count",
                    "min_doc_count": "1",
                    "missing": "—",
                },
            },
            {"id": "2", "type": "date_histogram", "settings": {"interval": "auto"}},
        ],
    }
    expected = """
    {"size":0,"query":{"bool":{"filter":[
       {"range":{"@timestamp":{"gte":1735686000000,"lte":1735725600000,"format":"epoch_millis"}}},
       {"query_string":{"query":"source:rss*","analyze_wildcard":true}}]}},
     "aggs":{"3":{"terms":{"field":"source","size":10,"order":{"_count":"desc"},
      "min_doc_count":1,"missing":"—"},
      "aggs":{"2":{"date_histogram":{"field":"@timestamp","fixed_interval":"60000ms",
         "min_doc_count":0,"extended_bounds":{"min":1735686000000,"max":1735725600000},
         "format":"epoch_millis"},
       "aggs":{"1":{"avg":{"field":"score"}}}}}}}}"""
    span = Span(1735686000000, 1735725600000, "@timestamp")
    assert to_body(target, span) == json.loads(expected)


def test_a_metric_that_sorts_is_repeated_beside_its_buckets() -> None:
    (target,) = (target for title, target in STORED if title == "Terms that rang")
    aggs = to_body(target, Span(0, 1, "onset_at"))["aggs"]
    assert aggs["5"]["terms"]["order"] == {"2": "desc"}
    assert aggs["5"]["aggs"]["2"] == {"max": {"field": "observed"}}


def test_variables_are_put_into_queries() -> None:
    assert interpolate("group:$group", {"group": "*"}) == "group:*"
