import asyncio
import gzip
import itertools
import socket
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from connectors.web import Manners, Validators, Web, is_public

QUICK = Manners(
    allow_loopback=True,
    spacing_seconds=0,
    timeout_seconds=2,
    body_limit=100_000,
    contact="duty@vestnik.example",
)
NOWHERE = "0.0.0.0"  # noqa: S104 - asked for, not bound
NOON = datetime(2024, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with Web(QUICK, lambda: NOON) as opened:
        yield opened


async def answer_raw(raw: bytes) -> tuple[asyncio.Server, str]:
    """Serve the same bytes to whoever connects."""

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_a_page_comes_with_what_its_server_said(httpserver: HTTPServer, web: Web) -> None:
    headers = {
        "Content-Type": "text/xml; charset=windows-1251",
        "ETag": 'W/"1"',
        "Last-Modified": "yesterday, they say",
        "Cache-Control": "public, max-age=120",
        "Age": "7",
    }
    httpserver.expect_request("/rss").respond_with_data("тело".encode("cp1251"), headers=headers)
    page = await web.fetch(httpserver.url_for("/rss"))
    assert (page.status, page.body, page.charset) == ("ok", "тело".encode("cp1251"), "windows-1251")
    assert page.validators == Validators('W/"1"', "yesterday, they say")
    assert (page.fresh_seconds, page.age_seconds, page.moved_to) == (120.0, 7.0, None)
    assert (page.asked_at, page.seen_at) == (NOON, NOON)


async def test_validators_go_back_letter_by_letter(httpserver: HTTPServer, web: Web) -> None:
    said = Validators('W/"a b"', "Thu, 28 Nov 2024 07:28:16 +0000")
    conditions = {
        "If-None-Match": 'W/"a b"',
        "If-Modified-Since": "Thu, 28 Nov 2024 07:28:16 +0000",
    }
    httpserver.expect_request("/rss", headers=conditions).respond_with_data(status=304)
    assert (await web.fetch(httpserver.url_for("/rss"), said)).status == "unchanged"


async def test_validators_of_a_page_that_expires_at_once_are_not_kept(
    httpserver: HTTPServer, web: Web
) -> None:
    httpserver.expect_request("/").respond_with_data("x", headers={"ETag": "1", "Expires": "0"})
    assert (await web.fetch(httpserver.url_for("/"))).validators == Validators()


async def test_it_says_who_asks_and_keeps_no_cookies(httpserver: HTTPServer, web: Web) -> None:
    seen: list[Request] = []

    def reply(request: Request) -> Response:
        seen.append(request)
        return Response("x", headers={"Set-Cookie": "a=b"})

    httpserver.expect_request("/").respond_with_handler(reply)
    for _ in range(2):
        await web.fetch(httpserver.url_for("/"))
    agent = seen[1].headers["User-Agent"]
    assert agent.startswith("nabat/")
    assert "duty@vestnik.example" in agent
    assert "gzip" in seen[1].headers["Accept-Encoding"]
    assert "Cookie" not in seen[1].headers


async def test_gzip_is_unpacked(httpserver: HTTPServer, web: Web) -> None:
    packed = gzip.compress("Пожар".encode())
    httpserver.expect_request("/").respond_with_data(packed, headers={"Content-Encoding": "gzip"})
    assert (await web.fetch(httpserver.url_for("/"))).body == "Пожар".encode()


@pytest.mark.parametrize("size", [100_000, 100_001, 50 << 20])
async def test_a_body_has_a_limit_after_unpacking(
    httpserver: HTTPServer, web: Web, size: int
) -> None:
    packed = gzip.compress(bytes(size), 1)
    httpserver.expect_request("/").respond_with_data(packed, headers={"Content-Encoding": "gzip"})
    page = await web.fetch(httpserver.url_for("/"))
    assert (page.status, len(page.body)) == (("ok", size) if size == 100_000 else ("too_large", 0))


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 429, 500, 503])
async def test_a_refusal_is_named_by_its_code(httpserver: HTTPServer, web: Web, code: int) -> None:
    httpserver.expect_request("/").respond_with_data("x", status=code)
    page = await web.fetch(httpserver.url_for("/"))
    assert (page.status, page.body) == (f"http_{code}", b"")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120.0),
        ("Thu, 28 Nov 2024 12:05:00 GMT", 300.0),
        ("Thu, 28 Nov 2024 11:05:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
async def test_the_wish_to_wait_is_read(
    httpserver: HTTPServer, web: Web, said: str, seconds: float | None
) -> None:
    httpserver.expect_request("/").respond_with_data(status=429, headers={"Retry-After": said})
    assert (await web.fetch(httpserver.url_for("/"))).wait_seconds == seconds


async def test_a_challenge_for_people_is_a_block(httpserver: HTTPServer, web: Web) -> None:
    headers = {"cf-mitigated": "challenge"}
    httpserver.expect_request("/").respond_with_data("<html>", status=200, headers=headers)
    assert (await web.fetch(httpserver.url_for("/"))).status == "blocked"


@pytest.mark.parametrize(
    ("code", "is_move"), [(301, True), (308, True), (302, False), (307, False)]
)
async def test_redirects_are_followed_and_moves_reported(
    httpserver: HTTPServer, web: Web, code: int, is_move: bool
) -> None:
    httpserver.expect_request("/old").respond_with_data(
        status=code, headers={"Location": "/new?a=б"}
    )
    httpserver.expect_request("/new").respond_with_data("новое")
    page = await web.fetch(httpserver.url_for("/old"))
    assert (page.status, page.body.decode()) == ("ok", "новое")
    assert page.url.startswith(httpserver.url_for("/new"))
    assert page.moved_to == (page.url if is_move else None)


async def test_a_ring_of_redirects_ends(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_request("/").respond_with_data(status=302, headers={"Location": "/"})
    assert (await web.fetch(httpserver.url_for("/"))).status == "redirects"
    assert len(httpserver.log) == 6


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ("http://10.0.0.1/", "private_address"),
        ("http://169.254.169.254/latest/meta-data/", "private_address"),
        ("http://[fd00::1]/", "private_address"),
        ("http://[::ffff:192.168.0.1]/", "private_address"),
        ("http://[64:ff9b::a00:1]/", "private_address"),
        (f"http://{NOWHERE}/", "private_address"),
        ("http://2130706433/", "bad_url"),
        ("http://127.1/", "bad_url"),
        ("file:///etc/passwd", "bad_url"),
        ("gopher://127.0.0.1/", "bad_url"),
        ("http://user:word@127.0.0.1/", "bad_url"),
    ],
)
async def test_a_redirect_does_not_lead_into_the_house(
    httpserver: HTTPServer, web: Web, place: str, status: str
) -> None:
    httpserver.expect_request("/").respond_with_data(status=302, headers={"Location": place})
    assert (await web.fetch(httpserver.url_for("/"))).status == status
    assert (await web.fetch(place)).status == status


async def test_loopback_is_closed_unless_it_is_opened(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("secret")
    async with Web(Manners(spacing_seconds=0)) as web:
        for host in ("127.0.0.1", "localhost", "[::1]"):
            page = await web.fetch(f"http://{host}:{httpserver.port}/")
            assert (page.status, page.body) == ("private_address", b"")
    assert httpserver.log == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2a02:6b8::1", True), ("64:ff9b::808:808", True),
        ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False),
        ("127.0.0.1", False), ("::1", False), ("169.254.169.254", False),
        ("100.64.0.1", False), (NOWHERE, False), ("255.255.255.255", False),
        ("224.0.0.1", False), ("ff02::1", False), ("fe80::1%eth0", False), ("fc00::1", False),
        ("::ffff:10.0.0.1", False), ("2002:a00:1::", False), ("64:ff9b::7f00:1", False),
        ("::", False), ("192.0.2.1", False), ("198.18.0.1", False),
    ],
)  # fmt: skip
def test_only_the_open_internet_is_public(address: str, public: bool) -> None:
    assert is_public(address) == public


def test_loopback_may_be_opened_and_nothing_else_with_it() -> None:
    assert is_public("127.0.0.1", allow_loopback=True)
    assert is_public("::ffff:127.0.0.1", allow_loopback=True)
    assert not is_public("10.0.0.1", allow_loopback=True)


@pytest.mark.parametrize(
    "url", ["", "rss", "//", "http://[", "ftp://x.example/", "http://", "https:///a"]
)
async def test_what_is_no_address_is_no_address(web: Web, url: str) -> None:
    assert (await web.fetch(url)).status == "bad_url"


async def test_a_name_that_does_not_exist_is_dns(web: Web) -> None:
    assert (await web.fetch("http://nowhere.invalid/")).status == "dns"


async def test_a_closed_port_refuses(web: Web) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        page = await web.fetch(f"http://127.0.0.1:{held.getsockname()[1]}/")
    assert page.status == "refused"


async def test_a_server_without_tls_fails_as_tls(httpserver: HTTPServer, web: Web) -> None:
    assert (await web.fetch(f"https://127.0.0.1:{httpserver.port}/")).status == "tls"


async def test_a_server_that_never_answers_times_out() -> None:
    manners = Manners(allow_loopback=True, timeout_seconds=0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        async with Web(manners) as web:
            page = await web.fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert page.status == "timeout"


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"nonsense\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_a_broken_answer_is_broken(web: Web, raw: bytes) -> None:
    server, url = await answer_raw(raw)
    async with server:
        assert (await web.fetch(url)).status == "broken"


async def test_a_host_is_asked_one_at_a_time_with_a_pause(httpserver: HTTPServer) -> None:
    spans: list[tuple[float, float]] = []

    def reply(_: Request) -> Response:
        start = time.monotonic()
        time.sleep(0.05)
        spans.append((start, time.monotonic()))
        return Response("x")

    httpserver.expect_request("/").respond_with_handler(reply)
    async with Web(Manners(allow_loopback=True, spacing_seconds=0.2)) as web:
        await asyncio.gather(*(web.fetch(httpserver.url_for("/")) for _ in range(3)))
    pauses = [later[0] - earlier[1] for earlier, later in itertools.pairwise(spans)]
    assert len(pauses) == 2
    assert all(pause >= 0.19 for pause in pauses)


async def test_another_host_does_not_wait(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("x")
    start = time.monotonic()
    async with Web(Manners(allow_loopback=True, spacing_seconds=30)) as web:
        for host in ("127.0.0.1", "localhost"):
            assert (await web.fetch(f"http://{host}:{httpserver.port}/")).status == "ok"
    assert time.monotonic() - start < 5


async def test_a_failure_frees_the_host(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_ordered_request("/").respond_with_data(status=500)
    httpserver.expect_ordered_request("/").respond_with_data("x")
    statuses = [(await web.fetch(httpserver.url_for("/"))).status for _ in range(2)]
    assert statuses == ["http_500", "ok"]
