"""What Grafana's Elasticsearch data source sends for one panel, after its published sources.

It is written from the rules alone and shares no code with what draws the panels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Json = dict[str, Any]
CALENDAR = {"1w", "1M", "1q", "1y"}
SIZED_BY = {"raw_data": "size", "raw_document": "size", "logs": "limit"}


class Span(NamedTuple):
    """A time range in milliseconds, the field that it is over, and the width of `auto` bins."""

    start: int
    stop: int
    field: str
    step: int = 60_000


def to_lines(target: Json, span: Span, index: str) -> list[Json]:
    """The header and the body of one target."""
    header = {"search_type": "query_then_fetch", "ignore_unavailable": True, "index": index}
    return [header, to_body(target, span)]


def to_body(target: Json, span: Span) -> Json:
    """The search of one target: a list of documents, or aggregations."""
    body: Json = {"size": 0, "query": {"bool": {"filter": _filter(target, span)}}}
    first = target["metrics"][0]
    if first["type"] in SIZED_BY:
        return body | _list(first, span)
    return body | {"aggs": _nest(target["bucketAggs"], target["metrics"], span)}


def interpolate(query: str, variables: Mapping[str, str]) -> str:
    """Put the values of variables into a query."""
    for name, value in variables.items():
        query = query.replace(f"${name}", value)
    return query


def _filter(target: Json, span: Span) -> Json | list[Json]:
    limits = {"gte": span.start, "lte": span.stop, "format": "epoch_millis"}
    time = {"range": {span.field: limits}}
    if not target.get("query", "").strip():
        return time
    asked = {"query": target["query"], "analyze_wildcard": True}
    return [time, {"query_string": asked}]


def _list(metric: Json, span: Span) -> Json:
    size = (metric.get("settings") or {}).get(SIZED_BY[metric["type"]], "500")
    newest = {"order": "desc", "unmapped_type": "boolean"}
    # The server's language writes the keys of a map in order, and their order decides.
    sort = dict(sorted({span.field: newest, "_doc": {"order": "desc"}}.items()))
    listed: Json = {"size": int(size), "sort": sort}
    listed |= {"docvalue_fields": [span.field], "script_fields": {}}
    if metric["type"] != "raw_document":
        exact = {"field": span.field, "format": "strict_date_optional_time_nanos"}
        listed["fields"] = [exact]
    return listed


def _nest(buckets: list[Json], metrics: list[Json], span: Span) -> Json:
    """Buckets inside one another, the metrics in the innermost."""
    if not buckets:
        return {one["id"]: _measure(one) for one in metrics if one["type"] != "count"}
    outer, *inner = buckets
    split = _histogram(outer, span) if outer["type"] == "date_histogram" else _terms(outer, metrics)
    below = split.pop("aggs", {}) | _nest(inner, metrics, span)
    return {outer["id"]: split | ({"aggs": below} if below else {})}


def _histogram(bucket: Json, span: Span) -> Json:
    settings = bucket.get("settings") or {}
    step = settings.get("interval", "auto")
    kind = "calendar_interval" if step in CALENDAR else "fixed_interval"
    split = {
        "field": bucket.get("field") or span.field,
        kind: f"{span.step}ms" if step == "auto" else step,
        "min_doc_count": int(settings.get("min_doc_count") or 0),
        "extended_bounds": {"min": span.start, "max": span.stop},
        "format": "epoch_millis",
    }
    return {"date_histogram": split}


def _terms(bucket: Json, metrics: list[Json]) -> Json:
    settings = bucket.get("settings") or {}
    order = settings.get("order", "desc")
    by = settings.get("orderBy")
    if by is None:
        return {"terms": {"field": bucket["field"], "size": 500, "order": {}}}
    split = {
        "field": bucket["field"],
        "size": int(settings.get("size") or 0) or 500,
        "order": {"_key" if by == "_term" else by: order},
    }
    split |= {key: settings[key] for key in ("missing",) if key in settings}
    if "min_doc_count" in settings:
        split["min_doc_count"] = int(settings["min_doc_count"])
    sorting = [one for one in metrics if one["id"] == by]
    if any(one["type"] == "count" for one in sorting):
        split["order"] = {"_count": order}
    repeated = {one["id"]: _measure(one) for one in sorting if one["type"] != "count"}
    return {"terms": split} | ({"aggs": repeated} if repeated else {})


def _measure(metric: Json) -> Json:
    return {metric["type"]: {"field": metric["field"], **(metric.get("settings") or {})}}
