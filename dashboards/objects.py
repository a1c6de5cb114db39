"""Puts data views, searches and a dashboard into Kibana; again and again, with one result.

The file `kibana/nabat.ndjson` is their source: change it in Kibana, export, and commit.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from dashboards.publish import Published, PublishError

FILE = Path(__file__).parent / "kibana" / "nabat.ndjson"
TIMEOUT_SECONDS = 60.0  # a fresh Kibana prepares its indices first
REASONS = {
    401: "it does not know these credentials: set NABAT_SECRET_ELASTICSEARCH_PASSWORD",
    403: "these credentials may not write saved objects",
    404: "it knows no such address: is this the address of Kibana itself?",
    503: "it is not ready yet: try again in a minute",
}


def publish_objects(url: str, account: tuple[str, str] | None = None) -> list[Published]:
    """Import every saved object, over what was there; raises `PublishError`."""
    text = FILE.read_bytes()
    answer = _send(f"{url}/api/saved_objects/_import?overwrite=true", text, account)
    if not answer.get("success"):
        problems = "; ".join(_describe(error) for error in answer.get("errors", []))
        raise PublishError(f"Kibana at {url} does not take the saved objects: {problems}")
    objects = (json.loads(line) for line in text.splitlines())
    return [Published(one["type"], one["id"], "written") for one in objects]


def _send(url: str, text: bytes, account: tuple[str, str] | None) -> dict[str, Any]:
    boundary = secrets.token_hex(16)
    head = 'Content-Disposition: form-data; name="file"; filename="nabat.ndjson"'
    lines = [f"--{boundary}", head, "Content-Type: application/ndjson", "", ""]
    body = "\r\n".join(lines).encode() + text + f"\r\n--{boundary}--\r\n".encode()
    headers = {"kbn-xsrf": "true", "Content-Type": f"multipart/form-data; boundary={boundary}"}
    if account:
        basic = base64.b64encode(":".join(account).encode()).decode()
        headers["Authorization"] = f"Basic {basic}"
    return _ask(Request(url, body, headers, method="POST"))  # noqa: S310 - http(s) by the settings


def _ask(request: Request) -> dict[str, Any]:
    place = f"Kibana at {request.host}"
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above
            found: dict[str, Any] = json.load(answer)
    except HTTPError as error:
        reason = REASONS.get(error.code, "it refuses the request")
        detail = error.read(500).decode(errors="replace")
        raise PublishError(f"{place}: {reason} (HTTP {error.code}: {detail})") from None
    except ValueError as error:
        raise PublishError(f"{place} does not answer as Kibana does") from error
    except (OSError, HTTPException) as error:
        raise PublishError(f"{place} cannot be reached: {error}") from error
    return found


def _describe(error: Mapping[str, Any]) -> str:
    cause = error.get("error", {})
    return f"{error.get('type')} {error.get('id')}: {cause.get('type', cause)}"
