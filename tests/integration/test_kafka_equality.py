"""However the work is divided, what comes out is what a plain fold over the journal gives."""

from __future__ import annotations

import secrets
import signal
from pathlib import Path

import pytest

from streams.shell.topics import Topics
from tests.integration.engines.servers import Kafka
from tests.integration.fleet import RIGHT, Writer, judge, run_fleet, wait_for_rows

pytestmark = pytest.mark.engine
ROWS = 3_000


@pytest.mark.parametrize(
    ("partitions", "enrichers"),
    [
        (4, 1),
        # the scenario goes both ways each time
        pytest.param(1, 1, marks=pytest.mark.nightly),
        pytest.param(4, 3, marks=pytest.mark.nightly),
    ],
)
def test_division_of_work_changes_nothing(
    kafka: Kafka, tmp_path: Path, partitions: int, enrichers: int
) -> None:
    topics = Topics(f"t{secrets.token_hex(4)}", partitions)
    with run_fleet(kafka.bootstrap, topics, tmp_path) as fleet, Writer(fleet) as writer:
        writer.write(ROWS)
        for name in ("dispatch", "decide", *["enrich"] * enrichers):
            fleet.add(name)
        wait_for_rows(fleet, ROWS)
        assert fleet.end(signal.SIGTERM) == [0] * len(fleet.workers)
        assert judge(fleet) == dict.fromkeys(("enriched", "bursts", "deadletters"), RIGHT)
        assert fleet.deaths == []
