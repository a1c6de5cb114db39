"""What `nabat up` says when something rings: a panel on a terminal, a line in a log."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from infra.embedded import ring
from tests.alarms import burst


def test_on_a_terminal_the_alarm_comes_with_its_evidence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    with capture_logs() as logs:
        ring([burst(), burst(id="b_2", foreseen=True)])
    shown = capsys.readouterr().err
    assert "ALARM  ОДКБ" in shown
    assert "чаще обычного" in shown
    assert [(line["event"], line["id"]) for line in logs] == [("an expected burst", "b_2")]


def test_in_a_log_each_burst_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with capture_logs() as logs:
        ring([burst(), burst(id="b_2", foreseen=True)])
    assert capsys.readouterr().err == ""
    assert [(line["event"], line["id"]) for line in logs] == [
        ("alarm", "b_1"),
        ("an expected burst", "b_2"),
    ]
