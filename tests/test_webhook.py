import asyncio
import base64
import hashlib
import hmac
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from msgspec import Struct
from standardwebhooks.webhooks import Webhook

from connectors.webhook import Endpoint, check_secret, classify, deliver, make_headers, read_wait

KEY = b"twenty-four random bytes"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
NOW = datetime(2026, 11, 20, 12, 0, 0, 700_000, tzinfo=UTC)


class Note(Struct, frozen=True):
    id: str = "msg_1"
    body: bytes = '{"event":"e_1","bursts":["ОДКБ"]}'.encode()


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


class Receiver:
    """Answers each POST by the next of its answers and keeps what it got."""

    def __init__(self, *answers: web.Response | float) -> None:
        self.answers, self.got = list(answers), list[tuple[dict[str, str], bytes]]()

    async def answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((headers, await request.read()))
        answer = self.answers.pop(0) if self.answers else web.Response()
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return web.Response()
        return answer

    async def open(self) -> tuple[web.AppRunner, str]:
        app = web.Application()
        app.router.add_post("/hook", self.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        return runner, f"http://{host}:{port}/hook"


def sign_by_hand(message_id: str, timestamp: str, body: bytes) -> str:
    """The scheme of the specification, written out."""
    digest = hmac.new(KEY, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def test_headers_follow_the_specification() -> None:
    headers = make_headers(Endpoint(url="http://x", secret=SECRET), Note(), NOW)
    assert headers["webhook-id"] == "msg_1"
    assert headers["webhook-timestamp"] == "1795176000"
    assert headers["webhook-signature"] == sign_by_hand("msg_1", "1795176000", Note().body)


def test_without_a_secret_nothing_is_signed() -> None:
    assert "webhook-signature" not in make_headers(Endpoint(url="http://x"), Note(), NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%"])
def test_a_secret_that_cannot_sign_is_told(secret: str) -> None:
    assert check_secret(secret)
    assert check_secret(SECRET) is None


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (200, "delivered"),
        (204, "delivered"),
        (301, "refused"),
        (400, "refused"),
        (404, "refused"),
        (408, "retry"),
        (410, "refused"),
        (429, "retry"),
        (500, "retry"),
        (503, "retry"),
    ],
)
def test_fates(status: int, fate: str) -> None:
    assert classify(status, {}, NOW).fate == fate


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("Fri, 20 Nov 2026 12:01:00 GMT", 59.3),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("99999999", 86_400),
        ("soon", 0),
        ("", 0),
        ("-5", 0),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float) -> None:
    assert read_wait(value, NOW) == pytest.approx(seconds)


async def test_a_delivered_message_verifies_at_the_receiver(
    session: aiohttp.ClientSession,
) -> None:
    receiver = Receiver()
    runner, url = await receiver.open()
    outcome = await deliver(Endpoint(url=url, secret=SECRET), Note(), session)
    await runner.cleanup()
    assert outcome.fate == "delivered"
    ((headers, body),) = receiver.got
    assert body == Note().body
    assert Webhook(SECRET).verify(body, headers) == {"event": "e_1", "bursts": ["ОДКБ"]}
    sent = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert abs(datetime.now(UTC) - sent) < timedelta(seconds=30)


async def test_what_the_receiver_asks_for_is_heard(session: aiohttp.ClientSession) -> None:
    receiver = Receiver(
        web.Response(status=429, headers={"Retry-After": "7"}),
        web.Response(status=302, headers={"Location": "/hook"}),
        1.0,
    )
    runner, url = await receiver.open()
    endpoint = Endpoint(url=url, timeout=0.2)
    outcomes = [await deliver(endpoint, Note(), session) for _ in range(3)]
    await runner.cleanup()
    assert [(one.fate, one.wait) for one in outcomes] == [
        ("retry", 7),
        ("refused", 0),
        ("retry", 0),
    ]
    assert len(receiver.got) == 3, "a redirect is not followed"


async def test_nobody_there_is_a_reason_to_try_again(session: aiohttp.ClientSession) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    outcome = await deliver(Endpoint(url=f"http://127.0.0.1:{port}"), Note(), session)
    assert outcome.fate == "retry"


async def test_an_address_that_is_none_is_refused(session: aiohttp.ClientSession) -> None:
    assert (await deliver(Endpoint(url="mailto:desk"), Note(), session)).fate == "refused"
