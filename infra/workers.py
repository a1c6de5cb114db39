"""Enrichment in several processes: the same results in the same order, whatever dies."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple, Self

import msgspec
from msgspec import Struct

from streams.enrich import ALL_STEPS, Failure, Steps, enrich_batch, prepare
from streams.models import Document, Enriched, Term

BATCH = 64  # documents that a worker takes at a time
AHEAD = 4  # batches a worker, done before an earlier one, that wait for it
HELD = 2  # batches that a worker holds: it goes on while its results are on their way
TRIES = 2  # deaths of workers that a batch may cause before it is taken apart
STARTS = 3  # processes in a row that may die before they are ready
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
READY = b"ready"
NO_START = "a worker could not start: see what it wrote to stderr"

Result = Enriched | Failure


class Batch(NamedTuple):
    """Documents, and the terms in force for them."""

    documents: Sequence[Document]
    terms: Mapping[str, Term]


class Task(Struct, frozen=True):
    """What goes to a worker; `terms` null: as before."""

    documents: list[Document]
    terms: list[Term] | None


class Job(Struct):
    """A batch on its way: its number, and how many workers died over it."""

    number: int
    batch: Batch
    deaths: int = 0


class Worker:
    """A process that enriches the batches that it holds, one after the other."""

    def __init__(self, steps: Steps) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, steps), daemon=True)
        with _environment(ONE_THREAD):
            self.process.start()
        theirs.close()
        self.jobs: deque[Job] = deque()
        self._is_ready = False
        self._terms: Mapping[str, Term] | None = None

    def is_ready(self) -> bool:
        """Whether the process is able to take batches; waits until that is known."""
        try:
            self._is_ready = self._is_ready or self.pipe.recv_bytes() == READY
        except (EOFError, OSError):
            return False
        return self._is_ready

    def give(self, job: Job) -> None:
        """Hand over a batch to a process that is ready."""
        documents, terms = job.batch
        changed = None if terms is self._terms else list(terms.values())
        self.jobs.append(job)
        self._terms = terms
        try:
            self.pipe.send_bytes(_TASKS.encode(Task(list(documents), changed)))
        except OSError:
            return  # it died: `take` will tell

    def take(self) -> list[Result] | None:
        """The results of the first batch that it holds; None if the process died over it."""
        try:
            return _RESULTS.decode(self.pipe.recv_bytes())
        except (EOFError, OSError):
            return None

    def stop(self) -> None:
        """End the process; it holds nothing that could be lost."""
        self.pipe.close()
        self.process.terminate()
        self.process.join()


class Pool:
    """Workers that start at once, end with the context, and are replaced when they die."""

    def __init__(self, workers: int, steps: Steps = ALL_STEPS) -> None:
        self._steps = steps
        self._workers = [Worker(steps) for _ in range(workers)]

    def __enter__(self) -> Self:
        """The pool itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.stop()

    def __call__(self, documents: Sequence[Document], terms: Mapping[str, Term]) -> list[Result]:
        """Enrich documents under the terms in force, in small batches, in order."""
        starts = range(0, len(documents), BATCH)
        batches = (Batch(documents[at : at + BATCH], terms) for at in starts)
        return [result for results in self.enrich(batches) for result in results]

    def enrich(self, batches: Iterable[Batch]) -> Iterator[list[Result]]:
        """The results of each batch, in order; batches are taken as workers get free."""
        jobs = (Job(number, batch) for number, batch in enumerate(batches))
        try:
            yield from self._run(jobs)
        except KeyboardInterrupt:  # perhaps halfway through a result: waiting for it may be forever
            raise
        except BaseException:
            self._abandon()
            raise

    def _run(self, jobs: Iterator[Job]) -> Iterator[list[Result]]:
        waiting: deque[Job] = deque()
        done: dict[int, list[Result]] = {}
        following, ahead = 0, AHEAD * len(self._workers)
        while True:
            self._hand_out(waiting, jobs, following + ahead)
            busy = [worker for worker in self._workers if worker.jobs]
            if not busy:
                return
            for worker in _wait(busy):
                self._collect(worker, waiting, done)
            self._hand_out(waiting, jobs, following + ahead)  # none idles while results are used
            while following in done:
                yield done.pop(following)
                following += 1

    def _abandon(self) -> None:
        """Wait for batches whose results nobody asks for any more."""
        for worker in list(self._workers):
            while worker.jobs:
                worker.jobs.popleft()
                if worker.take() is None:
                    self._replace(worker)
                    break

    def _hand_out(self, waiting: deque[Job], jobs: Iterator[Job], before: int) -> None:
        """Give each worker the next batches, while their numbers are below `before`."""
        for held in range(HELD):
            for worker in self._workers:
                if len(worker.jobs) > held:
                    continue
                job = waiting.popleft() if waiting else next(jobs, None)
                if job is None:
                    return
                if job.number >= before:
                    waiting.appendleft(job)
                    return
                self._ready(worker).give(job)

    def _collect(self, worker: Worker, waiting: deque[Job], done: dict[int, list[Result]]) -> None:
        """Take a result; after a death the batch goes again, or alone document by document."""
        job, results = worker.jobs.popleft(), worker.take()
        if results is not None:
            done[job.number] = results
            return
        self._replace(worker)
        waiting.extendleft(reversed(worker.jobs))
        job.deaths += 1
        if job.deaths < TRIES:
            waiting.appendleft(job)
        else:
            done[job.number] = [self._isolate(job.batch, one) for one in job.batch.documents]

    def _isolate(self, batch: Batch, document: Document) -> Result:
        """The result of a document alone in a process of its own; a second death is its fault."""
        worker = Worker(self._steps)
        if not worker.is_ready():
            raise RuntimeError(NO_START)
        worker.give(Job(0, Batch([document], batch.terms)))
        results = worker.take()
        worker.stop()
        return results[0] if results else Failure(document, "poison", "its worker died")

    def _ready(self, worker: Worker) -> Worker:
        """The worker, or one that took its place because it died while it started."""
        for _ in range(STARTS):
            if worker.is_ready():
                return worker
            worker = self._replace(worker)
        raise RuntimeError(NO_START)

    def _replace(self, dead: Worker) -> Worker:
        dead.stop()
        fresh = self._workers[self._workers.index(dead)] = Worker(self._steps)
        return fresh


def work(pipe: Connection, steps: Steps) -> None:
    """What a worker process does until its pipe is closed."""
    from streams.terms import compile_watch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    prepare(steps)
    pipe.send_bytes(READY)
    watch = compile_watch([])
    for raw in _receive(pipe):
        task = _DECODED_TASKS.decode(raw)
        if task.terms is not None:
            watch = compile_watch(task.terms, watch)
        pipe.send_bytes(_TASKS.encode(enrich_batch(task.documents, watch, steps)))


def _receive(pipe: Connection) -> Iterator[bytes]:
    """What comes through a pipe until it is closed, read at once: the sender never waits."""
    received: SimpleQueue[bytes | None] = SimpleQueue()

    def read() -> None:
        try:
            while True:
                received.put(pipe.recv_bytes())
        except (EOFError, OSError):
            received.put(None)

    Thread(target=read, daemon=True).start()
    return iter(received.get, None)


_TASKS = msgspec.msgpack.Encoder()
_DECODED_TASKS = msgspec.msgpack.Decoder(Task)
_RESULTS = msgspec.msgpack.Decoder(list[Result])


def _wait(busy: Sequence[Worker]) -> list[Worker]:
    ready = set(map(id, wait([worker.pipe for worker in busy])))
    return [worker for worker in busy if id(worker.pipe) in ready]


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables that a child inherits; libraries read them when they are loaded."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name)
        else:
            os.environ[name] = value
