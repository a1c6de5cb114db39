"""One real Kafka and one real Elasticsearch for all tests marked `engine`."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import TypeVar

import pytest

from tests.integration.engines.cache import missing_tools
from tests.integration.engines.servers import Elasticsearch, Kafka, Server

_RUNNING: list[Server] = []
AnyServer = TypeVar("AnyServer", bound=Server)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker at `.bootstrap`; whoever kills it restarts it."""
    yield from _run(Kafka, tmp_path_factory)


@pytest.fixture(scope="session")
def elasticsearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elasticsearch]:
    """A node at `.url`; whoever kills it restarts it."""
    yield from _run(Elasticsearch, tmp_path_factory)


def _run(kind: type[AnyServer], folders: pytest.TempPathFactory) -> Iterator[AnyServer]:
    if tools := missing_tools():
        complain = pytest.fail if os.environ.get("CI") else pytest.skip
        complain(f"{kind.name} needs Java 17 with its compiler, and Maven; missing: {tools}")
    server = kind(folders.mktemp(kind.name))
    server.start()
    _RUNNING.append(server)
    try:
        yield server
    finally:
        _RUNNING.remove(server)
        server.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of the logs of the engines that a failed test used."""
    report = yield
    if report.failed:
        used = [s for s in _RUNNING if s.name in getattr(item, "fixturenames", ())]
        report.sections += [(f"log of {s.name}: {s.log}", s.tail()) for s in used]
    return report
