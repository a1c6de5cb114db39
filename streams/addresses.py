"""One address for one page, however it was shared."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

TRACKING = ("utm_", "fbclid", "gclid", "yclid", "ysclid", "_openstat")


def canonical(url: str) -> str:
    """One address for one page: lower-case host, no fragment, no tracking, sorted query."""
    try:
        parts = urlsplit(url.strip())
        query = sorted(
            (key, value)
            for key, value in parse_qsl(parts.query, keep_blank_values=True)
            if not key.lower().startswith(TRACKING)
        )
        host = (parts.hostname or "") + (
            f":{parts.port}" if parts.port not in {None, 80, 443} else ""
        )
    except ValueError:
        return url
    path = parts.path.strip() or "/"
    return urlunsplit((parts.scheme.lower(), host, path, urlencode(query), ""))
