import ast
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from infra import metrics
from infra.metrics import CATALOGUE, Meter, serve_metrics

ROOT = Path(__file__).parents[1]
REPORTING = {"count", "observe", "set_gauge"}


def scrape(meter: Meter) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """What Prometheus reads: {(name, labels): value}."""
    with serve_metrics(0, meter=meter) as port, urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        text = page.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labels(**pairs: str) -> frozenset[tuple[str, str]]:
    return frozenset(pairs.items())


def test_counters_add_up_by_their_labels() -> None:
    meter = Meter()
    meter.count("nabat_documents_total", stage="enrich")
    meter.count("nabat_documents_total", 4, stage="enrich")
    meter.count("nabat_documents_total", 7, stage="sink")
    seen = scrape(meter)
    assert seen["nabat_documents_total", labels(stage="enrich")] == 5
    assert seen["nabat_documents_total", labels(stage="sink")] == 7


def test_gauges_show_the_last_value() -> None:
    meter = Meter()
    for value in (3, 1):
        meter.set_gauge("nabat_open_bursts", value)
        meter.set_gauge("nabat_lag_rows", value * 10, stage="decide")
    seen = scrape(meter)
    assert seen["nabat_open_bursts", labels()] == 1
    assert seen["nabat_lag_rows", labels(stage="decide")] == 10


def test_histograms_sort_measurements() -> None:
    meter = Meter()
    for seconds in (0.002, 0.02, 100):
        meter.observe("nabat_batch_seconds", seconds, stage="enrich")
    seen = scrape(meter)
    assert seen["nabat_batch_seconds_count", labels(stage="enrich")] == 3
    assert seen["nabat_batch_seconds_bucket", labels(stage="enrich", le="0.003")] == 1
    assert seen["nabat_batch_seconds_bucket", labels(stage="enrich", le="30.0")] == 2


def test_one_function_reports_every_kind() -> None:
    meter = Meter()
    for name, metric in CATALOGUE.items():
        meter.count(name, 2, **dict.fromkeys(metric.labels, "x"))
    seen = scrape(meter)
    for name, metric in CATALOGUE.items():
        suffix = "_sum" if metric.kind == "histogram" else ""
        assert seen[name + suffix, labels(**dict.fromkeys(metric.labels, "x"))] == 2, name


@pytest.mark.parametrize("report", [metrics.count, metrics.observe, metrics.set_gauge])
def test_an_undeclared_name_is_refused(report: Callable[..., None]) -> None:
    with pytest.raises(KeyError, match="nabat_dreams"):
        report("nabat_dreams", 1)


def test_a_name_of_another_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        metrics.set_gauge("nabat_rows_total", 1, stage="decide")
    with pytest.raises(KeyError):
        metrics.observe("nabat_terms", 1)


@pytest.mark.parametrize("wrong", [{}, {"step": "enrich"}, {"stage": "enrich", "host": "a"}])
def test_labels_must_be_the_declared_ones(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="label"):
        metrics.count("nabat_rows_total", 1, **wrong)


def test_the_process_itself_is_shown() -> None:
    assert scrape(Meter())["process_resident_memory_bytes", labels()] > 1e6


def test_the_endpoint_is_for_this_machine_alone_and_ends_with_its_block() -> None:
    with serve_metrics(0, meter=Meter()) as port:
        socket.create_connection(("127.0.0.1", port), 1).close()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", port), 1)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 1)


def test_workers_of_one_machine_take_neighbouring_ports() -> None:
    with serve_metrics(0, meter=Meter()) as port, serve_metrics(port, meter=Meter()) as other:
        assert port < other < port + 20


def test_a_machine_without_a_free_port_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "NEIGHBOURS", 1)
    with (
        serve_metrics(0, meter=Meter()) as port,
        pytest.raises(OSError, match="in use"),
        serve_metrics(port, meter=Meter()),
    ):
        pytest.fail("two endpoints on one port")


def test_names_follow_the_rules_of_prometheus() -> None:
    for name, metric in CATALOGUE.items():
        assert re.fullmatch(r"nabat_[a-z]+(_[a-z]+)*", name)
        assert name.endswith("_total") == (metric.kind == "counter"), name
        assert metric.help
        assert metric.unit


def find_reports() -> Iterator[tuple[str, str, set[str]]]:
    """Every call in the code that reports a metric by a literal name, with its labels."""
    for room in ("streams", "connectors", "infra", "dashboards"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not (isinstance(node, ast.Call) and node.args):
                    continue
                called = getattr(node.func, "attr", getattr(node.func, "id", "")).lstrip("_")
                name = node.args[0]
                if called in REPORTING and isinstance(name, ast.Constant):
                    keywords = {word.arg or "**" for word in node.keywords}
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", str(name.value), keywords


def test_the_code_reports_only_declared_metrics_with_their_labels() -> None:
    for place, name, given in find_reports():
        if not name.startswith("nabat_"):
            continue
        assert name in CATALOGUE, f"{place}: {name} is not declared"
        expected = set(CATALOGUE[name].labels)
        assert given == expected or "**" in given, f"{place}: {name} takes {expected}"


def test_an_address_that_is_not_ours_is_named() -> None:
    with (
        pytest.raises(OSError, match="assign") as caught,
        serve_metrics(9464, "192.0.2.1", Meter()),
    ):
        pytest.fail("somebody else's address")
    assert caught.value.filename == "[metrics] 192.0.2.1:9464"
