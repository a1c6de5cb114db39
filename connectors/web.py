"""Polite fetching that cannot be led into the house: one page in, one value out.

Nothing here raises for what the web does: a failure is a page whose status names it. Addresses are
checked where the socket is made, so that names, numbers, redirects and changing DNS answers all
pass the same gate.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from ipaddress import IPv6Address, ip_address
from types import TracebackType
from typing import Any, Self

import aiohttp
from msgspec import Struct
from yarl import URL

from connectors.dates import read_date

REDIRECTS = frozenset((301, 302, 303, 307, 308))
PERMANENT = frozenset((301, 308))
UNCHANGED = 304
_CHUNK = 64 << 10


class Manners(Struct, frozen=True, kw_only=True):
    """How to behave: times in seconds, sizes in bytes (after decompression)."""

    contact: str | None = None
    spacing_seconds: float = 2.0  # between requests to one host; t.me serves this without limit
    timeout_seconds: float = 30.0
    body_limit: int = 8 << 20
    concurrency: int = 16
    redirects: int = 5
    allow_loopback: bool = False


class Validators(Struct, frozen=True):
    """What a server said of a page, to be sent back to it letter by letter."""

    etag: str | None = None
    last_modified: str | None = None


class Page(Struct, frozen=True, kw_only=True):
    """An answer, or the lack of one.

    `status`: `ok`, `unchanged`, `http_<code>`, or what went wrong: `timeout`, `dns`, `tls`,
    `refused`, `broken`, `too_large`, `bad_url`, `private_address`, `redirects`, `blocked`.
    """

    url: str
    asked_at: datetime
    seen_at: datetime
    status: str
    body: bytes = b""
    charset: str | None = None
    validators: Validators = Validators()
    moved_to: str | None = None
    wait_seconds: float | None = None
    fresh_seconds: float | None = None
    age_seconds: float = 0.0


class _FetchError(Exception):
    """A failure that is already named."""


class _PrivateAddressError(PermissionError):
    """An address inside the house."""


class Web:
    """Fetches pages, one request at a time and host, within `manners`; use as a context."""

    def __init__(
        self, manners: Manners | None = None, now: Callable[[], datetime] | None = None
    ) -> None:
        self._manners = manners or Manners()
        self._now = now or (lambda: datetime.now(UTC))
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._slots = asyncio.Semaphore(self._manners.concurrency)
        self._free_at: dict[str, float] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=0, socket_factory=self._open_socket)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._manners.timeout_seconds),
            headers=_to_headers(self._manners),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, url: str, validators: Validators | None = None) -> Page:
        """Get one page, following redirects; validators make it `unchanged` if nothing changed."""
        asked_at = self._now()
        try:
            answer = await self._follow(url, _to_conditions(validators or Validators()))
        except Exception as error:  # noqa: BLE001 - unknown ones are raised again by _to_status
            answer = {"url": url, "status": _to_status(error)}
        return Page(asked_at=asked_at, seen_at=self._now(), **answer)

    async def _follow(self, url: str, conditions: Mapping[str, str]) -> dict[str, Any]:
        here, last_host, permanent = _to_url(url), None, True
        for _ in range(self._manners.redirects + 1):
            async with self._turn(None if here.host == last_host else here.host):
                answer = await self._ask(here, conditions)
            if "location" not in answer:
                return {**answer, "moved_to": str(here) if permanent and str(here) != url else None}
            permanent = permanent and answer["code"] in PERMANENT
            last_host, here = here.host, _to_url(answer["location"], here)
        raise _FetchError("redirects")

    async def _ask(self, url: URL, conditions: Mapping[str, str]) -> dict[str, Any]:
        assert self._session is not None  # noqa: S101 - a Web is used as a context
        async with self._session.get(url, headers=conditions, allow_redirects=False) as response:
            if response.status in REDIRECTS and "Location" in response.headers:
                return {"location": response.headers["Location"], "code": response.status}
            answer = _read_headers(response, self._now())
            if answer["status"] == "ok":
                answer["body"] = await self._read_body(response)
            return answer

    async def _read_body(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > self._manners.body_limit:
                raise _FetchError("too_large")
        return bytes(body)

    @asynccontextmanager
    async def _turn(self, host: str | None) -> AsyncIterator[None]:
        """One request at a time and host, and a pause after each; None needs no turn."""
        if host is None:
            yield
            return
        clock = asyncio.get_running_loop().time
        async with self._turns[host]:
            await asyncio.sleep(max(0.0, self._free_at.get(host, 0.0) - clock()))
            try:
                async with self._slots:  # before the time-out begins, unlike the pool's own limit
                    yield
            finally:
                self._free_at[host] = clock() + self._manners.spacing_seconds

    def _open_socket(self, address: Any) -> socket.socket:
        family, kind, protocol, _, place = address
        if not is_public(place[0], allow_loopback=self._manners.allow_loopback):
            raise _PrivateAddressError("the address is not public")
        return socket.socket(family, kind, protocol)


def is_public(address: str, *, allow_loopback: bool = False) -> bool:
    """Whether an IP address is on the open internet; one wrapped in IPv6 is judged unwrapped."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        wrapped = found.ipv4_mapped or found.sixtofour or _unwrap_nat64(found)
        found = wrapped or found
    if found.is_loopback:
        return allow_loopback
    return found.is_global and not found.is_multicast


def _unwrap_nat64(address: IPv6Address) -> Any:
    packed = address.packed
    is_nat64 = packed.startswith(bytes.fromhex("0064ff9b") + bytes(8))
    return ip_address(packed[12:]) if is_nat64 else None


def _to_url(text: str, base: URL | None = None) -> URL:
    try:
        url = base.join(URL(text)) if base else URL(text)
    except ValueError:
        raise _FetchError("bad_url") from None
    if url.scheme not in {"http", "https"} or not url.host or url.user:
        raise _FetchError("bad_url")
    return url


def _to_headers(manners: Manners) -> dict[str, str]:
    contact = f"; {manners.contact}" if manners.contact else ""
    return {
        "User-Agent": f"nabat/{version('nabat')} (media monitor{contact})",
        "Accept": "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5",
        "Accept-Language": "ru, *;q=0.5",
    }


def _to_conditions(validators: Validators) -> dict[str, str]:
    pairs = (("If-None-Match", validators.etag), ("If-Modified-Since", validators.last_modified))
    return {name: value for name, value in pairs if value}


def _read_headers(response: aiohttp.ClientResponse, now: datetime) -> dict[str, Any]:
    headers = response.headers
    is_stale = headers.get("Expires", "").strip() == "0"
    return {
        "url": str(response.url),
        "status": _name_status(response.status, headers),
        "charset": response.charset,
        "validators": Validators()
        if is_stale
        else Validators(headers.get("ETag"), headers.get("Last-Modified")),
        "wait_seconds": _read_wait(headers.get("Retry-After", ""), now),
        "fresh_seconds": _read_max_age(headers.get("Cache-Control", "")),
        "age_seconds": _read_number(headers.get("Age", "")) or 0.0,
    }


def _name_status(code: int, headers: Mapping[str, str]) -> str:
    if headers.get("cf-mitigated"):  # a challenge for people, whatever the code
        return "blocked"
    if code == UNCHANGED:
        return "unchanged"
    return "ok" if 200 <= code < 300 else f"http_{code}"  # noqa: PLR2004


def _read_number(text: str) -> float | None:
    text = text.strip()
    return float(text) if text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004


def _read_wait(text: str, now: datetime) -> float | None:
    """`Retry-After`: seconds, or a date."""
    seconds = _read_number(text)
    if seconds is not None:
        return seconds
    until = read_date(text)
    return max(0.0, (until - now).total_seconds()) if until else None


def _read_max_age(text: str) -> float | None:
    for part in text.lower().split(","):
        name, _, value = part.strip().partition("=")
        if name == "max-age":
            return _read_number(value.strip('"'))
    return None


def _to_status(error: Exception) -> str:
    """Name what went wrong on the way; an error that is not the web's is raised again."""
    if isinstance(error, _FetchError):
        return str(error)
    if isinstance(getattr(error, "os_error", None), _PrivateAddressError):
        return "private_address"
    for kinds, status in _STATUSES:
        if isinstance(error, kinds):
            return status
    raise error


_STATUSES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((asyncio.TimeoutError,), "timeout"),
    ((aiohttp.ClientConnectorDNSError,), "dns"),
    ((aiohttp.ClientSSLError, ssl.SSLError), "tls"),
    ((aiohttp.InvalidURL, UnicodeError), "bad_url"),
    ((aiohttp.ClientConnectorError,), "refused"),
    ((aiohttp.ClientError, OSError, EOFError), "broken"),
)
