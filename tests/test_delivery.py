import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from connectors.delivery import LIFE, Queue, choose, choose_wait, make_letter
from connectors.outbox import Delivery, enqueue, read_deadletters, read_deliveries
from connectors.store import Store
from connectors.webhook import Endpoint, Outcome

Answer = Callable[[str, int], web.Response]


def make(
    number: int, *bursts: str, due_at: float = 0.0, attempts: int = 0, queued_at: float = 0.0
) -> Delivery:
    return Delivery(
        number=number,
        message=f"m{number}",
        route="desk",
        bursts=bursts,
        body=b"{}",
        attempts=attempts,
        queued_at=queued_at,
        due_at=due_at,
    )


def chosen(waiting: list[Delivery], busy: set[int], now: float) -> list[int]:
    return [one.number for one in choose(waiting, busy, now)]


def test_a_later_message_of_a_burst_waits_for_the_earlier() -> None:
    waiting = [make(1, "a", due_at=9), make(2, "a", "b"), make(3, "b"), make(4, "c")]
    assert chosen(waiting, set(), 5) == [4]
    assert chosen(waiting, set(), 9) == [1, 4]
    assert chosen(waiting[1:], set(), 9) == [2, 4]


def test_a_message_under_way_is_not_sent_twice() -> None:
    assert chosen([make(1, "a"), make(2, "a"), make(3, "b")], {1}, 1) == [3]


@given(
    st.lists(st.tuples(st.sets(st.sampled_from("abcd"), min_size=1), st.booleans()), max_size=12)
)
def test_of_each_burst_only_the_oldest_message_may_go(plan: list[tuple[set[str], bool]]) -> None:
    waiting = [
        make(number, *sorted(bursts), due_at=0 if is_due else 9)
        for number, (bursts, is_due) in enumerate(plan)
    ]
    for number in chosen(waiting, set(), 5):
        earlier = {burst for one in waiting[:number] for burst in one.bursts}
        assert earlier.isdisjoint(waiting[number].bursts)


def test_waits_double_up_to_five_minutes_and_obey_the_receiver() -> None:
    silent, asking = Outcome("retry", ""), Outcome("retry", "", wait=1000.0)
    waits = [choose_wait(make(1, attempts=tries), silent) for tries in (0, 1, 2, 8, 9, 500)]
    assert waits == [1, 2, 4, 256, 300, 300]
    assert choose_wait(make(1), asking) == 1000


def test_what_was_given_up_is_kept_with_its_reason() -> None:
    assert make_letter(make(1), "delivered", Outcome("delivered", "HTTP 200")) is None
    letter = make_letter(make(1), "expired", Outcome("retry", "HTTP 503"))
    assert letter is not None
    assert (letter.reason, letter.stage, letter.detail) == ("undelivered", "deliver", "m1 HTTP 503")
    assert (letter.raw, letter.origin.file) == (b"{}", "routes/desk")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "nabat.db")
    yield opened
    opened.close()


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.delivery.FIRST_WAIT", 0.05)
    monkeypatch.setattr("connectors.delivery.PAUSE", 0.02)


class Receiver:
    """Answers by a function of message id and attempt, and keeps the order of arrivals."""

    def __init__(self, answer: Answer = lambda *_: web.Response()) -> None:
        self.got: list[str] = []
        self.answer = answer
        self.slow: dict[str, float] = {}

    async def receive(self, request: web.Request) -> web.Response:
        name = request.headers["webhook-id"]
        await asyncio.sleep(self.slow.get(name, 0))
        self.got.append(name)
        return self.answer(name, self.got.count(name))


@asynccontextmanager
async def working(store: Store, receiver: Receiver) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_post("/", receiver.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    async with aiohttp.ClientSession() as session:
        task = asyncio.create_task(Queue(store, "desk", Endpoint(url=url)).run(session))
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await runner.cleanup()


def put(store: Store, *deliveries: Delivery) -> None:
    with store.write() as base:
        enqueue(base, deliveries)


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.02)


def is_empty(store: Store) -> bool:
    return not read_deliveries(store, "desk", 1)


@pytest.mark.usefixtures("_quick")
async def test_messages_arrive_each_once_in_the_order_of_their_burst(store: Store) -> None:
    receiver = Receiver()
    receiver.slow = {"m1": 0.3}
    now = time.time()
    put(store, make(1, "a", queued_at=now), make(2, "a", queued_at=now), make(3, "b"))
    async with working(store, receiver):
        await until(lambda: is_empty(store))
    assert sorted(receiver.got) == ["m1", "m2", "m3"]
    assert receiver.got.index("m1") < receiver.got.index("m2")
    assert receiver.got[0] == "m3", "a slow message does not hold up another burst"


@pytest.mark.usefixtures("_quick")
async def test_a_receiver_that_was_down_gets_everything_later(store: Store) -> None:
    down = Receiver(lambda *_: web.Response(status=503))
    now = time.time()
    put(store, *[make(number, f"b{number}", queued_at=now) for number in range(6)])
    async with working(store, down):
        await until(lambda: len(down.got) >= 8)
        down.answer = lambda *_: web.Response(status=204)
        await until(lambda: is_empty(store))
    assert set(down.got) == {f"m{number}" for number in range(6)}
    assert read_deadletters(store) == []


@pytest.mark.usefixtures("_quick")
async def test_one_success_wakes_what_waits_for_long(store: Store) -> None:
    receiver = Receiver(lambda _, attempt: web.Response(status=503 if attempt == 1 else 200))
    now = time.time()
    put(store, make(1, "a", queued_at=now), make(2, "b", due_at=now + 999, queued_at=now))
    async with working(store, receiver):
        await until(lambda: is_empty(store))
    assert receiver.got[-2:] == ["m2", "m2"] or receiver.got[-1] == "m2"


@pytest.mark.usefixtures("_quick")
async def test_refused_and_expired_messages_become_dead_letters(store: Store) -> None:
    receiver = Receiver(lambda name, _: web.Response(status=410 if name == "m1" else 500))
    now = time.time()
    put(store, make(1, "a", queued_at=now), make(2, "b", queued_at=now - LIFE))
    async with working(store, receiver):
        await until(lambda: is_empty(store))
    assert sorted(receiver.got) == ["m1", "m2"]
    reasons = sorted((letter.reason, letter.detail) for _, letter in read_deadletters(store))
    assert reasons == [("refused", "m1 HTTP 410"), ("undelivered", "m2 HTTP 500")]
