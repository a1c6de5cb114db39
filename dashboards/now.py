"""The dashboard *Now*: what is coming in, what is ringing, what it says.

`python -m dashboards.now` writes it to `dashboards/grafana/now.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    elasticsearch,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    FieldColorModeId,
    VariableRefresh,
)

from dashboards import panels
from dashboards.panels import BURSTS, DOCUMENTS

FILE = Path(__file__).parent / "grafana" / "now.json"
IN_GROUP = "group:$group"
GROUP_COLOURS = {
    "wires": panels.BLUE,
    "telegram": panels.SKY,
    "rss": panels.ORANGE,
    "regional": panels.GREEN,
    "press": panels.PURPLE,
    "mastodon": panels.YELLOW,
}
TO_TERM = (
    "/d/nabat-now?var-filters=term_names%7C%3D%7C${__value.raw:percentencode}&${__url_time_range}"
)
CALM, WARM, HOT = panels.BLUE, panels.ORANGE, panels.RED


class Number(NamedTuple):
    """One number of the first row: what it asks of Prometheus, and where its colour turns."""

    title: str
    expression: str
    explanation: str
    colours: tuple[tuple[float | None, str], ...] = ((None, CALM),)
    unit: str = "short"


NUMBERS = (
    Number(
        "Documents a minute",
        '60 * sum(rate(nabat_documents_total{stage="connect"}[5m]))',
        "Documents that sources brought a minute, over the last five minutes.",
    ),
    Number(
        "Alarms open",
        "max(nabat_open_bursts)",
        "Bursts that are open now.",
        ((None, CALM), (1, WARM)),
    ),
    Number(
        "Sources live",
        "max(nabat_sources_live)",
        "Sources with a recent good heartbeat.",
        ((None, HOT), (1, CALM)),
    ),
    Number(
        "Behind",
        "max(nabat_clock_lag_seconds)",
        "How far the decider's clock is behind the wall clock: alarms are late by this.",
        ((None, CALM), (30, WARM), (60, HOT)),
        "s",
    ),
    Number(
        "Rows waiting",
        "sum(nabat_lag_rows)",
        "Rows that some stage has not finished yet; dispatch waits at 20,000.",
        ((None, CALM), (5_000, WARM), (20_000, HOT)),
    ),
    Number(
        "Dead letters",
        "sum(increase(nabat_deadletters_total[1h]))",
        "What could not be used in the last hour; `nabat deadletters list` shows it.",
        ((None, CALM), (1, WARM)),
    ),
)
RANG = "NOT state:retracted AND NOT foreseen:true"
ALARMS: dict[str, Any] = {
    "name": "Alarms",
    "enable": True,
    "iconColor": panels.RED,
    "datasource": BURSTS,
    "target": {"refId": "Anno", "query": RANG},
    "timeField": "onset_at",
    "timeEndField": "closed_at",
    "textField": "reason",
    "tagsField": "term",
}


def build_now() -> str:
    """The dashboard as JSON text."""
    built = (
        dashboard.Dashboard("Nabat: now")
        .uid("nabat-now")
        .description("What is coming in, what is ringing, and what it says.")
        .tags(["nabat"])
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time("now-24h", "now")
        .refresh("10s")
        .timezone("browser")
        .variables([_choose_group(), _narrow_down()])
    )
    for number, panel in enumerate([*_list_numbers(), *_list_pictures()], start=1):
        built = built.with_panel(panel.id(number))
    drawn = json.loads(json.dumps(built.build(), cls=JSONEncoder))
    drawn["annotations"] = {"list": [ALARMS]}
    return json.dumps(drawn, cls=JSONEncoder, ensure_ascii=False, indent=2) + "\n"


def _choose_group() -> dashboard.QueryVariable:
    query = {"find": "terms", "field": "group", "size": 100, "orderBy": "doc_count"}
    variable = dashboard.QueryVariable("group").label("Group").datasource(DOCUMENTS)
    variable = variable.query(json.dumps(query)).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    return variable.multi(multi=True).include_all(include_all=True).all_value("*")


def _narrow_down() -> dashboard.AdHocVariable:
    return dashboard.AdHocVariable("filters").label("Filters").datasource(DOCUMENTS)


def _list_numbers() -> list[stat.Panel]:
    return [
        panels.show_number(number.title, number.expression, number.explanation)
        .unit(number.unit)
        .decimals(0)
        .thresholds(panels.colour_at(number.colours))
        for number in NUMBERS
    ]


def _list_pictures() -> list[Any]:
    return [
        _draw("Documents by source group", "group").span(24).height(9),
        _list_terms().span(10).height(9),
        _draw("Documents by watched term", "term_names").span(14).height(9),
        _list_alarms().span(24).height(8),
        _list_documents().span(24).height(12),
    ]


def _draw(title: str, field: str) -> timeseries.Panel:
    """Stacked bars of documents over time by `field`."""
    sums = common.VizLegendOptions().show_legend(show_legend=True).calcs(["sum"])
    sums = sums.display_mode(LegendDisplayMode.TABLE).placement(LegendPlacement.RIGHT)
    tooltip = common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
    panel = timeseries.Panel().title(title).datasource(DOCUMENTS).no_value("No documents")
    panel = panel.with_target(panels.count_over_time(field, IN_GROUP)).legend(sums)
    panel = panel.tooltip(tooltip).draw_style(GraphDrawStyle.BARS).fill_opacity(80).line_width(0)
    panel = panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL)).min(0).decimals(0)
    for group, colour in GROUP_COLOURS.items():
        fixed = {"mode": FieldColorModeId.FIXED, "fixedColor": colour}
        panel = panel.override_by_name(group, [panels.set_property("color", fixed)])
    return panel


def _list_terms() -> table.Panel:
    measured = [
        elasticsearch.Count().id("1"),
        elasticsearch.Max().id("2").field("observed"),
        elasticsearch.Max().id("3").field("expected"),
        elasticsearch.Max().id("4").field("ratio"),
    ]
    query = panels.ask_store(BURSTS, RANG).metrics(measured)
    query = query.bucket_aggs([panels.rank_by("term", "2", 50, "5")])
    columns = {
        "term": "Term",
        "Count": "Alarms",
        "Max observed": "Observed",
        "Max expected": "Expected",
        "Max ratio": "Times",
    }
    panel = table.Panel().title("Terms that rang").datasource(BURSTS).no_value("No alarms")
    explanation = "Peaks of each term's alarms: effective counts of a window, and what was usual."
    panel = panel.description(explanation).with_target(query).decimals(1)
    panel = panel.transformations(panels.keep_columns(columns))
    panel = panel.override_by_name("Alarms", [panels.set_property("decimals", 0)])
    return panel.override_by_name("Term", [panels.link_to("Its documents", TO_TERM)])


def _list_alarms() -> table.Panel:
    columns = {
        "onset_at": "Since",
        "term": "Term",
        "state": "State",
        "foreseen": "Expected to come",
        "observed": "Observed",
        "expected": "Expected",
        "documents": "Documents",
        "origins": "Origins",
        "owners": "Owners",
        "reason": "Why",
    }
    panel = table.Panel().title("Alarms").datasource(BURSTS).no_value("No alarms")
    panel = panel.with_target(panels.list_newest(BURSTS, 50))
    panel = panel.transformations(panels.keep_columns(columns))
    for name in ("Observed", "Expected"):
        panel = panel.override_by_name(name, [panels.set_property("decimals", 1)])
    widths = {"Since": 170, "Term": 160, "State": 90, "Why": 700}
    for name, width in widths.items():
        panel = panel.override_by_name(name, [panels.set_property("custom.width", width)])
    return panel.override_by_name("Term", [panels.link_to("Its documents", TO_TERM)])


def _list_documents() -> table.Panel:
    columns = {
        "@timestamp": "Time",
        "source": "Source",
        "title": "Title",
        "text": "Text",
        "term_names": "Terms",
        "url": "Link",
    }
    panel = table.Panel().title("Newest documents").datasource(DOCUMENTS).no_value("No documents")
    panel = panel.with_target(panels.list_newest(DOCUMENTS, 100, IN_GROUP))
    panel = panel.transformations(panels.keep_columns(columns))
    opening = panels.link_to("Open at its source", "${__data.fields.Link}", elsewhere=True)
    for name in ("Title", "Text", "Link"):
        panel = panel.override_by_name(name, [opening])
    widths = {"Time": 170, "Source": 200, "Terms": 160, "Link": 220}
    for name, width in widths.items():
        panel = panel.override_by_name(name, [panels.set_property("custom.width", width)])
    return panel


if __name__ == "__main__":
    FILE.write_text(build_now(), "utf-8")
