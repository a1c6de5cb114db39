"""Webhooks, signed by the Standard Webhooks rules (webhook-id, webhook-timestamp, v1 HMAC-SHA256).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, Protocol

import aiohttp
from msgspec import Struct
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from streams.models import to_seconds

Fate = Literal["delivered", "retry", "refused"]
LONGEST_WAIT = 24 * 3600.0  # seconds of a Retry-After that are believed
PASSING = frozenset({408, 409, 425, 429})  # what a later attempt may change; so does every 5xx
AGENT = "nabat (alerts by Standard Webhooks)"


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where messages go; without a secret (`whsec_` and base64) they go unsigned."""

    url: str
    secret: str | None = None
    timeout: float = 15.0


class Message(Protocol):
    """What is delivered: the id stays the same in every attempt."""

    @property
    def id(self) -> str:
        """Unique, the same for each attempt."""

    @property
    def body(self) -> bytes:
        """JSON, sent and signed as it is."""


class Outcome(Struct, frozen=True):
    """What became of an attempt; `wait` is how many seconds the receiver asks for."""

    fate: Fate
    detail: str
    wait: float = 0.0


def check_secret(secret: str) -> str | None:
    """Why a secret cannot sign; None if it can."""
    try:
        Webhook(secret)
    except (EmptyWebhookSecretError, ValueError) as error:
        return f"not a signing secret (whsec_ and base64): {error}"
    return None


def make_headers(endpoint: Endpoint, message: Message, now: datetime) -> dict[str, str]:
    """The headers of an attempt at `now`."""
    headers = {
        "content-type": "application/json; charset=utf-8",
        "user-agent": AGENT,
        "webhook-id": message.id,
        "webhook-timestamp": str(int(to_seconds(now))),
    }
    if endpoint.secret:
        signature = Webhook(endpoint.secret).sign(message.id, now, message.body.decode())
        headers["webhook-signature"] = signature
    return headers


def classify(status: int, headers: Mapping[str, str], now: datetime) -> Outcome:
    """2xx has arrived; 429, 5xx and their like may be tried again; the rest is refused for good."""
    detail = f"HTTP {status}"
    if 200 <= status < 300:  # noqa: PLR2004 - the bounds of success
        return Outcome("delivered", detail)
    if status in PASSING or status >= 500:  # noqa: PLR2004 - the bound of the server's errors
        return Outcome("retry", detail, read_wait(headers.get("Retry-After", ""), now))
    return Outcome("refused", detail)


def read_wait(value: str, now: datetime) -> float:
    """Seconds that a Retry-After asks for: a number or a date; 0 if it cannot be read."""
    try:
        seconds = float(value) if value.strip().isdigit() else _until(value, now)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), LONGEST_WAIT)


async def deliver(endpoint: Endpoint, message: Message, session: aiohttp.ClientSession) -> Outcome:
    """Send a message once. Redirects are refused: they would lead a signed body elsewhere."""
    now = datetime.now(UTC)
    try:
        async with session.post(
            endpoint.url,
            data=message.body,
            headers=make_headers(endpoint, message, now),
            timeout=aiohttp.ClientTimeout(total=endpoint.timeout),
            allow_redirects=False,
        ) as response:
            return classify(response.status, response.headers, now)
    except TimeoutError:
        return Outcome("retry", f"no answer in {endpoint.timeout:g} s")
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        return Outcome("refused", f"{type(error).__name__}: {error}")
    except (aiohttp.ClientError, OSError) as error:
        return Outcome("retry", f"{type(error).__name__}: {error}")


def _until(value: str, now: datetime) -> float:
    moment = parsedate_to_datetime(value)
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
