"""What panels are made of: the data sources, and queries in the words of the analyst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grafana_foundation_sdk.builders import common, dashboard, elasticsearch, prometheus, stat
from grafana_foundation_sdk.models.common import BigValueColorMode, BigValueGraphMode, DataSourceRef
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.elasticsearch import TermsOrder

DOCUMENTS = DataSourceRef(type_val="elasticsearch", uid="nabat-es")
BURSTS = DataSourceRef(type_val="elasticsearch", uid="nabat-es-bursts")
METRICS = DataSourceRef(type_val="prometheus", uid="nabat-prom")
# Okabe and Ito (2008): eight colours that all kinds of colour vision tell apart.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
SKY, RED, YELLOW = "#56B4E9", "#D55E00", "#F0E442"


def ask_store(source: DataSourceRef, query: str = "") -> elasticsearch.Dataquery:
    """A query of Elasticsearch that still needs its aggregations."""
    time = "@timestamp" if source is DOCUMENTS else "onset_at"
    return elasticsearch.Dataquery().ref_id("A").datasource(source).query(query).time_field(time)


def count_over_time(field: str, query: str, size: int = 10) -> elasticsearch.Dataquery:
    """Documents over time, one series for each of the largest values of `field`."""
    steps = elasticsearch.ElasticsearchDateHistogramSettings().interval("auto").min_doc_count("0")
    over_time = elasticsearch.DateHistogram().id("2").field("@timestamp").settings(steps)
    by_field = rank_by(field, "_count", size, "3")
    counted = ask_store(DOCUMENTS, query).metrics([elasticsearch.Count().id("1")])
    return counted.bucket_aggs([by_field, over_time]).alias("{{term " + field + "}}")


def rank_by(field: str, order_by: str, size: int, name: str) -> elasticsearch.Terms:
    """The largest values of `field` by `order_by` (a metric's id, or `_count`)."""
    settings = elasticsearch.ElasticsearchTermsSettings()
    settings = settings.size(str(size)).min_doc_count("1").order(TermsOrder.DESC).order_by(order_by)
    return elasticsearch.Terms().id(name).field(field).settings(settings)


def list_newest(source: DataSourceRef, size: int, query: str = "") -> elasticsearch.Dataquery:
    """The newest documents as they are, one a row."""
    settings = elasticsearch.ElasticsearchRawDataSettings().size(str(size))
    rows = elasticsearch.RawData().id("1").settings(settings)
    return ask_store(source, query).metrics([rows]).bucket_aggs([])


def keep_columns(columns: Mapping[str, str]) -> list[DataTransformerConfig]:
    """Show only these columns, in this order, under these names."""
    order = {name: place for place, name in enumerate(columns)}
    renamed = {name: title for name, title in columns.items() if name != title}
    return [
        DataTransformerConfig(
            id_val="filterFieldsByName", options={"include": {"names": list(columns)}}
        ),
        DataTransformerConfig(
            id_val="organize", options={"indexByName": order, "renameByName": renamed}
        ),
    ]


def set_property(name: str, value: Any) -> DynamicConfigValue:
    """One property of an override."""
    return DynamicConfigValue(id_val=name, value=value)


def link_to(title: str, url: str, *, elsewhere: bool = False) -> DynamicConfigValue:
    """A link on every cell of a column; `elsewhere` opens another tab."""
    link = {"title": title, "url": url, "targetBlank": elsewhere}
    return set_property("links", [link])


def colour_at(steps: Sequence[tuple[float | None, str]]) -> dashboard.ThresholdsConfig:
    """Colours from values on; the first step starts at None."""
    config = dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE)
    return config.steps([Threshold(value=value, color=colour) for value, colour in steps])


def show_number(title: str, expression: str, explanation: str) -> stat.Panel:
    """One number of Prometheus with its recent course."""
    query = prometheus.Dataquery().ref_id("A").datasource(METRICS).expr(expression).range()
    panel = stat.Panel().title(title).description(explanation).datasource(METRICS)
    last = common.ReduceDataOptions().calcs(["lastNotNull"])
    panel = panel.with_target(query).span(4).height(4).no_value("–").reduce_options(last)
    return panel.color_mode(BigValueColorMode.VALUE).graph_mode(BigValueGraphMode.AREA)
