"""Every metric, declared once, and the endpoint that shows them to Prometheus.

An undeclared name is a `KeyError`, a wrong set of labels a `ValueError`: a panel, a rule and the
code that counts cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EADDRINUSE
from threading import Thread
from typing import Literal
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    start_http_server,
)

LOG = structlog.get_logger(__name__)
NEIGHBOURS = 20  # workers of one machine that share a setting
Kind = Literal["counter", "gauge", "histogram"]
# From one fast batch without models (ms) to a batch of long texts on a loaded machine.
SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


@dataclass(frozen=True)
class Metric:
    """A declared metric: what it is, what it counts, and the labels it must be given."""

    kind: Kind
    help: str
    unit: str
    labels: tuple[str, ...] = ()


CATALOGUE = {
    "nabat_documents_total": Metric(
        "counter", "Documents that passed a stage, each once a stage", "documents", ("stage",)
    ),
    "nabat_rows_total": Metric("counter", "Journal rows that passed a stage", "rows", ("stage",)),
    "nabat_deadletters_total": Metric(
        "counter", "What could not be used", "dead letters", ("stage", "reason")
    ),
    "nabat_bursts_total": Metric("counter", "Steps in the life of bursts", "events", ("type",)),
    "nabat_deliveries_total": Metric(
        "counter", "Attempts to deliver an alert", "attempts", ("outcome",)
    ),
    "nabat_polls_total": Metric(
        "counter", "Times that a source was asked", "polls", ("source_type", "status")
    ),
    "nabat_bulk_total": Metric(
        "counter", "Documents of bulk requests by what became of them", "documents", ("outcome",)
    ),
    "nabat_lag_rows": Metric(
        "gauge", "Rows between a stage and the end of its input", "rows", ("stage",)
    ),
    "nabat_clock_lag_seconds": Metric(
        "gauge", "Wall clock minus the clock of the journal at the decider", "seconds"
    ),
    "nabat_sources_live": Metric("gauge", "Sources whose last good heartbeat is recent", "sources"),
    "nabat_open_bursts": Metric("gauge", "Bursts that are open", "bursts"),
    "nabat_terms": Metric("gauge", "Watched terms in force", "terms"),
    "nabat_batch_seconds": Metric("histogram", "Time a batch took", "seconds", ("stage",)),
}


class Meter:
    """The catalogue with a value each, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._counters = {
            name: Counter(name, metric.help, metric.labels, registry=self.registry)
            for name, metric in _list_kind("counter")
        }
        self._gauges = {
            name: Gauge(name, metric.help, metric.labels, registry=self.registry)
            for name, metric in _list_kind("gauge")
        }
        self._histograms = {
            name: Histogram(
                name, metric.help, metric.labels, buckets=SECONDS, registry=self.registry
            )
            for name, metric in _list_kind("histogram")
        }

    def count(self, name: str, value: float = 1, **labels: str) -> None:
        """Report `value` as its kind demands: counters add it, gauges show it, histograms sort it.

        A shell is given this one function and needs no other.
        """
        kind = CATALOGUE[name].kind
        if kind == "gauge":
            self.set_gauge(name, value, **labels)
        elif kind == "histogram":
            self.observe(name, value, **labels)
        else:
            counter = self._counters[name]
            (counter.labels(**labels) if labels else counter).inc(value)

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Add a measurement to a histogram; `KeyError` if `name` is not a declared one."""
        histogram = self._histograms[name]
        (histogram.labels(**labels) if labels else histogram).observe(value)

    def set_gauge(self, name: str, value: float, **labels: str) -> None:
        """Show `value` on a gauge; `KeyError` if `name` is not a declared one."""
        gauge = self._gauges[name]
        (gauge.labels(**labels) if labels else gauge).set(value)


def _list_kind(kind: Kind) -> list[tuple[str, Metric]]:
    return [(name, metric) for name, metric in CATALOGUE.items() if metric.kind == kind]


METER = Meter()  # one a process, as the endpoint is
count, observe, set_gauge = METER.count, METER.observe, METER.set_gauge


@contextmanager
def serve_metrics(port: int, host: str = "127.0.0.1", meter: Meter = METER) -> Iterator[int]:
    """Answer Prometheus while the block runs; gives the port (0 takes any free one).

    If `port` is taken, as by another worker of the same machine, the next free one of
    `NEIGHBOURS` serves. Raises `OSError` if there is none.
    """
    server, thread = _listen(port, host, meter)
    LOG.info("metrics are served", host=host, port=server.server_port)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _listen(port: int, host: str, meter: Meter) -> tuple[WSGIServer, Thread]:
    for candidate in range(port, port + NEIGHBOURS):
        try:
            return start_http_server(candidate, addr=host, registry=meter.registry)
        except OSError as error:
            if error.errno != EADDRINUSE or candidate == port + NEIGHBOURS - 1:
                place = f"[metrics] {host}:{candidate}"
                raise OSError(error.errno, error.strerror, place) from None
    raise AssertionError("no port was tried")  # pragma: no cover
