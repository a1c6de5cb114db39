"""The internals of Faust and aiokafka that the shell stands on: changed ones must be read again."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from pathlib import Path
from typing import Any

import aiokafka
import faust
import mode
import pytest
from aiokafka.consumer import group_coordinator
from aiokafka.producer import message_accumulator, sender
from faust.transport import consumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams import app as shell
from streams.app import Shell
from streams.shell.engine import PINNED, check_versions
from streams.shell.parts import Options
from streams.shell.topics import Topics


def test_the_pinned_versions_are_installed() -> None:
    check_versions()


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PINNED, "faust-streaming", "0.15.4")
    with pytest.raises(RuntimeError, match=r"0\.15\.4 is needed"):
        check_versions()


@pytest.mark.parametrize(
    ("name", "function", "digest"),
    [
        (
            "which offsets may be committed",
            consumer.Consumer._filter_committable_offsets,
            "dc5e9baf5d994485",
        ),
        ("who asks for them", consumer.Consumer._commit_tps, "a20e230b05ae8b15"),
        ("never backwards", consumer.Consumer._should_commit, "5ce941793947ad42"),
        ("the generation of a record", driver.Consumer._to_message, "7c24f6511b2fcef7"),
        (
            "the generation of the group",
            driver.ConsumerRebalanceListener.on_partitions_assigned,
            "1c1f8406ad3698a6",
        ),
        ("reading a gap again", consumer.Consumer.seek, "b86a9fe05f956b30"),
        ("where the consumer is made", faust.App._new_transport, "42db531312dd776f"),
        ("how records are passed on", consumer.Consumer._drain_messages, "44a2500309e83c63"),
        ("how many of them at a time", mode.Service.wait_first, "feade6a31f8a6789"),
        (
            "when a group is formed again",
            group_coordinator.BaseCoordinator._handle_metadata_update,
            "b2832b6d82bea7c4",
        ),
        ("batches", faust.Stream.take_events, "607d48aead118ba8"),
        (
            "a batch without leader expires",
            message_accumulator.MessageAccumulator.drain_by_nodes,
            "fc995afbfc5718e2",
        ),
        (
            "where its patience comes from",
            message_accumulator.MessageAccumulator._append_batch,
            "4762abfc42cbaa15",
        ),
        ("sent again for ever", sender.SendProduceReqHandler._can_retry, "7ff5d491d977aacf"),
        ("what directories are for", faust.App._create_directories, "a9f571c3b04abec3"),
        ("stop before the consumer", faust.App.on_stop, "bfe5a933defb2324"),
    ],
)
def test_internals_are_as_they_were_read(name: str, function: Any, digest: str) -> None:
    """Look at a function again before its hash is renewed."""
    del name
    source = inspect.getsource(inspect.unwrap(function))
    assert hashlib.sha256(source.encode()).hexdigest()[:16] == digest


def make_shell() -> Shell:
    return Shell("decide", "t.enriched", Options("127.0.0.1:1", Topics("t", 1)))


def test_only_what_the_shell_says_is_committed() -> None:
    made = make_shell()
    transport = made.app._new_transport()
    assert isinstance(transport, driver.Transport)
    commits = transport.Consumer._new_offset
    assert commits is not consumer.Consumer._new_offset
    tp = TP("t.enriched", 0)
    fake = type("Fake", (), {"_acked": {tp: [5, 6, 7]}, "_acked_index": {tp: {5}}, "_gap": {}})()
    assert commits(fake, tp) is None
    made._safe[tp] = 3
    fake._acked[tp] = [8]
    assert commits(fake, tp) == 3
    assert fake._acked[tp] == []
    assert fake._acked_index[tp] == set()


def test_settings_that_the_shell_depends_on() -> None:
    conf = make_shell().app.conf
    assert conf.id == "t-decide"
    assert conf.processing_guarantee.value == "at_least_once"
    assert not conf.stream_wait_empty
    assert not conf.web_enabled
    assert conf.broker_session_timeout == 10.0
    assert conf.consumer_auto_offset_reset == "earliest"


def test_a_worker_leaves_nothing_where_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_shell().attach(lambda _: pytest.fail("no partition comes"))
    asyncio.run(app.on_first_start())
    assert app.conf.datadir.absolute().parent == tmp_path
    assert list(tmp_path.iterdir()) == []


async def test_a_batch_never_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    async def start(_: object) -> None:
        return None

    monkeypatch.setattr(aiokafka.AIOKafkaProducer, "start", start)
    producer = await shell._start_producer("127.0.0.1:1")
    assert producer._message_accumulator._batch_ttl == float("inf")
    assert producer._txn_manager is not None
    await producer.stop()
