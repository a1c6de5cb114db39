"""What analysts said of alarms, counted: the last word of each."""

from __future__ import annotations

from pathlib import Path

from connectors.ledger import Applied, apply
from connectors.store import Store
from infra.corpora.journals import make_setting
from infra.settings import Settings, StoreTable
from infra.vitals.quality import Quality, measure_quality
from streams.models import encode
from tests.alarms import burst


def test_the_last_word_on_each_alarm_counts(tmp_path: Path) -> None:
    settings = Settings(store=StoreTable(path=tmp_path / "nabat.db"))
    store = Store(settings.store.path)
    bursts = [burst(id=f"b_{n}", term="мост" if n == 4 else "ОДКБ") for n in range(1, 5)]
    bursts.append(burst(id="b_1", revision=2, type="burst.closed", state="closed"))
    apply(store, Applied(position=0, cells={}, bursts=[(10, one) for one in bursts]))
    said = [("b_1", True), ("b_1", False), ("b_2", False), ("b_3", True), ("b_9", True)]
    store.append(encode(make_setting("ack", name, {"false": false})) for name, false in said)
    store.close()
    by_term, total = measure_quality(settings, "store")
    assert by_term == [
        Quality(term="ОДКБ", alarms=3, judged=3, false=1, precision=1 - 1 / 3),
        Quality(term="мост", alarms=1),
    ]
    assert total == Quality(term=None, alarms=4, judged=3, false=1, precision=1 - 1 / 3)
