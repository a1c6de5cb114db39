"""The door to Elasticsearch: bulk writes that lose nothing, templates, the registry of sources.

Trouble of the engine is waited out with growing pauses; only what the mapping refuses comes back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Any, TypeVar

import msgspec
import stamina
import structlog
from elasticsearch import (
    ApiError,
    BadRequestError,
    Elasticsearch,
    TransportError,
    UnsupportedProductError,
)
from msgspec import Struct
from msgspec.structs import replace

from connectors.search import DOCUMENTS, SOURCES, Action, Fate, classify, read_answer, split
from streams.models import Source

LOG = structlog.get_logger(__name__)
Result = TypeVar("Result")
Templates = Mapping[str, Mapping[str, Any]]
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds between attempts, with up to a second of jitter
TIMEOUT = 60.0  # seconds that a bulk request may take
MOST_HITS = 10_000  # what one search gives


class DeniedError(Exception):
    """Elasticsearch will not let us in: credentials, rights or address are wrong."""


class StoppedError(Exception):
    """The wait for Elasticsearch was given up because the process is to end."""


class UnreadyError(Exception):
    """Elasticsearch cannot be reached or is too busy: a later attempt may succeed."""


class Access(Struct, frozen=True, kw_only=True):
    """Where Elasticsearch is, and the password of `user` if it asks for one."""

    url: str
    user: str = "elastic"
    password: str | None = None


class Refusal(Struct, frozen=True):
    """What the mapping did not take, and why."""

    action: Action
    detail: str


class Search:
    """One connection. `templates` go by name; `count` is called as the metrics demand."""

    def __init__(
        self,
        access: Access,
        templates: Templates,
        count: Callable[..., None] = lambda *_, **__: None,
        stop: Event | None = None,
    ) -> None:
        self._client = Elasticsearch(
            access.url,
            basic_auth=(access.user, access.password) if access.password else None,
            request_timeout=TIMEOUT,
            max_retries=0,
        )
        self._templates, self._count, self._stop = templates, count, stop or Event()
        self._is_prepared = False

    def close(self) -> None:
        """Disconnect."""
        self._client.close()

    def write(self, actions: Sequence[Action]) -> list[Refusal]:
        """Write all; returns when each is written, superseded or refused, however long it takes.

        Raises `DeniedError`, and `StoppedError` when the wait is given up.
        """
        refused = [refusal for batch in split(actions) for refusal in self._write_batch(batch)]
        strays = self._patiently(lambda: self._find_strays(actions))
        return refused + [one for batch in split(strays) for one in self._write_batch(batch)]

    def read_sources(self) -> dict[str, Source]:
        """The registry as it was last written."""
        return self._patiently(self._read_sources)

    def put_templates(self) -> list[str]:
        """Create or update the templates; the names of those that changed.

        Raises `UnreadyError` and `DeniedError`.
        """
        with _translate():
            return [name for name in self._templates if self._put_template(name, update=True)]

    def _write_batch(self, batch: Sequence[Action]) -> list[Refusal]:
        pending, refused = list(batch), list[Refusal]()

        def attempt() -> None:
            sent = list(zip(pending, self._send(pending), strict=True))
            refused.extend(Refusal(action, why) for action, (fate, why) in sent if fate in _LOST)
            pending[:] = [action for action, (fate, _) in sent if fate in _PENDING]
            self._note([fate for _, (fate, _) in sent])
            if pending:
                raise UnreadyError(next(why for _, (fate, why) in sent if fate in _PENDING))

        self._patiently(attempt)
        return refused

    def _send(self, actions: Sequence[Action]) -> list[tuple[Fate, str]]:
        """One bulk request; a request refused as a whole is halved until the culprit is alone."""
        lines: list[Any] = [action.lines for action in actions]
        try:
            answer = self._client.bulk(operations=lines)
        except ApiError as error:
            fate = _classify_whole(error)
            if fate not in _LOST:
                raise
            if len(actions) == 1:
                return [(fate, _describe(error))]
            middle = len(actions) // 2
            return self._send(actions[:middle]) + self._send(actions[middle:])
        return read_answer(answer.body)

    def _note(self, fates: Sequence[Fate]) -> None:
        """Count what became of a request; missing templates and rights are acted upon."""
        for fate in sorted(set(fates)):
            self._count("nabat_bulk_total", fates.count(fate), outcome=fate)
        if "no_index" in fates:
            self._is_prepared = False
        if "denied" in fates:
            raise DeniedError("Elasticsearch does not let us write to an index")

    def _patiently(self, call: Callable[[], Result]) -> Result:
        """Call until it succeeds; look after the templates first, and after each failure."""
        pauses = {"wait_initial": FIRST_PAUSE, "wait_max": LONGEST_PAUSE}
        for attempt in stamina.retry_context(
            on=UnreadyError, attempts=None, timeout=None, **pauses
        ):
            with attempt:
                if self._stop.is_set():
                    raise StoppedError
                return self._try(call)
        raise AssertionError("retried without end")  # pragma: no cover

    def _try(self, call: Callable[[], Result]) -> Result:
        try:
            with _translate():
                if not self._is_prepared:
                    self._prepare()
                return call()
        except UnreadyError:
            self._is_prepared = False
            raise

    def _prepare(self) -> None:
        """No index may come to be without its template, not even after a loss of all data."""
        for name in self._templates:
            if self._put_template(name, update=False):
                LOG.info("index template created", template=name)
        self._is_prepared = True

    def _put_template(self, name: str, *, update: bool) -> bool:
        template = dict(self._templates[name])
        digest = hashlib.sha256(msgspec.json.encode(template)).hexdigest()
        template["_meta"] = {**template.get("_meta", {}), "digest": digest}
        there = self._client.options(ignore_status=404).indices.get_index_template(name=name)
        for found in there.body.get("index_templates", []):
            meta = found["index_template"].get("_meta", {})
            if not update or meta.get("digest") == digest:
                return False
        try:
            self._client.indices.put_index_template(name=name, **_to_arguments(template))
        except BadRequestError as error:
            raise DeniedError(f"the template {name} is refused: {_describe(error)}") from error
        return True

    def _find_strays(self, actions: Sequence[Action]) -> list[Action]:
        """Older copies of edited or deleted documents that stand in the index of another month."""
        wanted = {
            action.id: action
            for action in sorted(actions, key=lambda action: action.version or 0)
            if action.stub
        }
        if not wanted:
            return []
        pattern = f"{DOCUMENTS}-*"
        self._client.indices.refresh(index=pattern)
        found = self._client.search(
            index=pattern,
            query={"ids": {"values": list(wanted)}},
            source=False,
            version=True,
            size=MOST_HITS,
        )
        return [stray for hit in found["hits"]["hits"] if (stray := _replace_stray(hit, wanted))]

    def _read_sources(self) -> dict[str, Source]:
        found = self._client.search(index=SOURCES, size=MOST_HITS, ignore_unavailable=True)
        bodies = (hit["_source"] for hit in found["hits"]["hits"])
        return {body["source"]: msgspec.convert(body, Source) for body in bodies}


_PENDING = frozenset({"again", "no_index", "denied"})
_LOST = frozenset({"refused", "too_large"})


@contextmanager
def _translate() -> Iterator[None]:
    """Name the client's errors by what happens next."""
    try:
        yield
    except UnsupportedProductError as error:
        raise DeniedError(f"this is not Elasticsearch: {error}") from error
    except ApiError as error:
        kind = DeniedError if _classify_whole(error) == "denied" else UnreadyError
        raise kind(_describe(error)) from error
    except TransportError as error:
        raise UnreadyError(f"{type(error).__name__}: {error}") from error


def _classify_whole(error: ApiError) -> Fate:
    cause = error.body.get("error", {}) if isinstance(error.body, dict) else {}
    return classify(error.status_code, cause.get("type", "") if isinstance(cause, dict) else "")


def _describe(error: ApiError) -> str:
    return f"HTTP {error.status_code}: {str(error.body)[:500]}"


def _to_arguments(template: Mapping[str, Any]) -> dict[str, Any]:
    return {("meta" if name == "_meta" else name): value for name, value in template.items()}


def _replace_stray(hit: Mapping[str, Any], wanted: Mapping[str, Action]) -> Action | None:
    """The stub for a copy that is older and elsewhere; None if it is as it should be."""
    action = wanted[hit["_id"]]
    is_stray = hit["_index"] != action.index and hit["_version"] < (action.version or 0)
    return replace(action, index=hit["_index"], body=action.stub, stub=b"") if is_stray else None
