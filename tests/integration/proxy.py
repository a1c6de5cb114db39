"""A proxy on 127.0.0.1 that refuses some bulk requests and forwards the rest."""

from __future__ import annotations

import http.client
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PRODUCT = {"X-Elastic-Product": "Elasticsearch"}
OWN = {"content-length", "transfer-encoding"}


class Proxy:
    """Answers bulk requests with `refusals` first; with 413 above `largest` bytes, always."""

    def __init__(self, target: int, refusals: Iterable[int], largest: int) -> None:
        self.target, self.refusals, self.largest = target, deque(refusals), largest
        self.refused: list[int] = []
        self.url = ""

    def choose_refusal(self, path: str, size: int) -> int:
        """The status to refuse with; 0 lets it pass."""
        if not path.startswith("/_bulk"):
            return 0
        refusal = self.refusals.popleft() if self.refusals else 413 * (size > self.largest)
        if refusal:
            self.refused.append(refusal)
        return refusal


class Forwarder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, proxy: Proxy, *rest: Any) -> None:
        self.proxy = proxy
        super().__init__(*rest)

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if refusal := self.proxy.choose_refusal(self.path, len(body)):
            self.answer(refusal, PRODUCT, b"{}")
            return
        upstream = http.client.HTTPConnection("127.0.0.1", self.proxy.target, timeout=30)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers))
            response = upstream.getresponse()
            self.answer(response.status, dict(response.getheaders()), response.read())
        except OSError:
            self.answer(502, {}, b"")
        finally:
            upstream.close()

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in OWN:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def log_message(self, *_: object) -> None:
        pass


for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
    setattr(Forwarder, f"do_{method}", Forwarder.forward)


@contextmanager
def run_proxy(target: int, refusals: Iterable[int] = (), largest: int = 1 << 30) -> Iterator[Proxy]:
    """A proxy for the local port `target`."""
    proxy = Proxy(target, refusals, largest)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Forwarder, proxy))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
