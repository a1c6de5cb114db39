"""Worker processes: order kept, the dead replaced, the poison found."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from infra import workers
from infra.workers import Batch, Pool
from streams.enrich import Failure, Steps, enrich_batch
from streams.models import Document, Enriched, Term, encode
from streams.terms import compile_watch

NOON = datetime(2024, 10, 15, 12, tzinfo=UTC)
LIGHT = Steps(language=False, entities=False, sentiment=False)
TERMS = {"ОДКБ": Term(name="ОДКБ")}


def documents(count: int, text: str = "Саммит ОДКБ") -> list[Document]:
    return [
        Document(id=f"a/{n}", source="a", published_at=NOON, seen_at=NOON, text=f"{text} {n}")
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2, LIGHT) as running:
        yield running


def to_bytes(results: Any) -> list[bytes]:
    return [encode(result) for result in results]


def alone(given: list[Document], steps: Steps = LIGHT) -> list[bytes]:
    return to_bytes(enrich_batch(given, compile_watch(TERMS.values()), steps))


def test_results_are_those_of_one_process_in_order(pool: Pool) -> None:
    given = documents(500)
    assert to_bytes(pool(given, TERMS)) == alone(given)
    assert pool([], TERMS) == []


def test_with_every_step_too() -> None:
    given = documents(70, "Президент Токаев прибыл на саммит ОДКБ в Минск")
    with Pool(2) as pool:
        assert to_bytes(pool(given, TERMS)) == alone(given, Steps())


def test_each_batch_sees_its_terms(pool: Pool) -> None:
    batches = [Batch(documents(3), TERMS if n % 3 else {}) for n in range(20)]
    found = [[len(one.terms) for one in results] for results in pool.enrich(batches)]  # type: ignore[union-attr]
    assert found == [[1 if n % 3 else 0] * 3 for n in range(20)]


def test_a_killed_worker_is_replaced_and_nothing_is_lost(pool: Pool) -> None:
    given = documents(640)
    batches = [Batch(given[at : at + 32], TERMS) for at in range(0, 640, 32)]
    results: list[Any] = []
    for number, part in enumerate(pool.enrich(batches)):
        results += part
        if number in {1, 7, 12}:
            os.kill(pool._workers[0].process.pid or 0, signal.SIGKILL)
    assert to_bytes(results) == alone(given)


def test_a_worker_that_is_killed_while_it_starts_is_replaced_too() -> None:
    with Pool(1, LIGHT) as starting:
        os.kill(starting._workers[0].process.pid or 0, signal.SIGKILL)
        assert to_bytes(starting(documents(5), TERMS)) == alone(documents(5))


def test_a_document_that_kills_its_worker_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "work", work_until_poison)
    given = [*documents(2), *documents(1, "яд"), *documents(2)]
    with Pool(2, LIGHT) as pool:
        results = pool(given, {})
    assert [type(result) for result in results] == [Enriched, Enriched, Failure, Enriched, Enriched]
    assert isinstance(results[2], Failure)
    assert (results[2].reason, results[2].document.id) == ("poison", "a/0")


def work_until_poison(pipe: Any, steps: Steps) -> None:
    """A worker that «яд» kills as a crash in compiled code would."""
    pipe.send_bytes(workers.READY)
    watch = compile_watch([])
    while True:
        try:
            task = workers._DECODED_TASKS.decode(pipe.recv_bytes())
        except EOFError:
            return
        if any("яд" in document.text for document in task.documents):
            os._exit(139)
        pipe.send_bytes(workers._TASKS.encode(enrich_batch(task.documents, watch, steps)))


def test_workers_that_cannot_start_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "work", fail_to_start)
    with Pool(1, LIGHT) as pool, pytest.raises(RuntimeError, match="could not start"):
        pool(documents(1), {})


def fail_to_start(pipe: Any, steps: Steps) -> None:
    del pipe, steps
    os._exit(1)


def test_batches_are_taken_only_as_fast_as_results_are(pool: Pool) -> None:
    taken = 0

    def batches() -> Iterator[Batch]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield Batch(documents(1), TERMS)

    results = pool.enrich(batches())
    next(results)
    assert taken <= workers.AHEAD * 2 + 1
    results.close()  # type: ignore[attr-defined]
    assert to_bytes(pool(documents(5), TERMS)) == alone(documents(5))  # nothing old comes out


@pytest.mark.timeout(60)
def test_ctrl_c_halfway_through_a_result_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    take, interrupted = workers.Worker.take, iter((True,))

    def interrupt(worker: workers.Worker) -> Any:
        result = take(worker)
        if next(interrupted, False):
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(workers.Worker, "take", interrupt)
    with Pool(2, LIGHT) as pool, pytest.raises(KeyboardInterrupt):
        pool(documents(500), TERMS)
