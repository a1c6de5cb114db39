"""The settings: `nabat.toml`, the environment on top, secrets from the environment alone.

A variable `NABAT_ENGINES__KAFKA` overrides `kafka` of `[engines]`; `NABAT_SECRET_…` names a
secret. Everything is read once into one frozen value; what is wrong is said all at once.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as EnvironmentSettingsError

from infra.detector import DetectorTable
from infra.values import Interval, Server, SourceName, Text, Url, Zone, explain
from streams.models import Source, Term
from streams.terms import make_term
from streams.words.patterns import parse_pattern

FILE = "nabat.toml"
PREFIX = "NABAT_"
SECRET = "NABAT_SECRET_"  # noqa: S105 - the prefix of variables, not a secret
FROZEN = ConfigDict(frozen=True, extra="forbid")
NAMED = {"sources": "source", "terms": "name", "routes": "name"}


class SettingsError(Exception):
    """What is wrong with the settings: one line each, by key path."""

    def __init__(self, place: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join([f"the settings of {place} cannot be used:", *problems]))


class SourceTable(BaseModel):
    """One `[[sources]]`: what is polled, where, how often, and who is behind it."""

    model_config = FROZEN
    source: SourceName
    url: Url | None = None
    owner: Text | None = None
    group: Text | None = None
    title: Text | None = None
    language: Text | None = None
    region: Text | None = None
    zone: Zone | None = None
    interval_seconds: Interval | None = None
    extra: bool = False

    def to_source(self) -> Source:
        """The same as a value of the registry."""
        return msgspec.convert(self.model_dump(exclude_none=True), Source)


class TermTable(BaseModel):
    """One `[[terms]]`: what is watched."""

    model_config = FROZEN
    name: Text
    pattern: Annotated[str, Field(validate_default=True)] = ""
    lang: Text = "ru"
    case: Literal["any", "exact", "capital"] = "any"
    entity: Literal["PER", "LOC", "ORG"] | None = None
    mute_until: AwareDatetime | None = None
    expected_until: AwareDatetime | None = None
    budget: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    route: Text | None = None

    @field_validator("pattern")
    @classmethod
    def _check_pattern(cls, pattern: str, info: ValidationInfo) -> str:
        if "name" in info.data:
            parse_pattern(pattern or info.data["name"])  # raises a ValueError
        return pattern

    @field_validator("lang")
    @classmethod
    def _check_lang(cls, lang: str) -> str:
        return make_term({"name": lang, "lang": lang}).lang  # raises a ValueError

    def to_term(self) -> Term:
        """The same as a watched term."""
        return msgspec.convert(self.model_dump(exclude_none=True), Term)


class Route(BaseModel):
    """One `[[routes]]`: a webhook; `default` routes get what no term sends elsewhere."""

    model_config = FROZEN
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
    url: Url
    default: bool = True
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 15.0


class Engines(BaseModel):
    """`[engines]`: where the distributed shell finds its servers."""

    model_config = FROZEN
    kafka: Text = "127.0.0.1:9092"
    partitions: Annotated[int, Field(ge=1, le=1_000)] = 4
    prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=64)] = "nabat"
    elasticsearch: Server = "http://127.0.0.1:9200"
    kibana: Server = "http://127.0.0.1:5601"
    grafana: Server = "http://127.0.0.1:3000"
    prometheus: Server = "http://127.0.0.1:9090"


class StoreTable(BaseModel):
    """`[store]`: the file of the embedded shell."""

    model_config = FROZEN
    path: Path = Path("nabat.db")


class WebTable(BaseModel):
    """`[web]`: how sources are asked; `contact` tells them who asks."""

    model_config = FROZEN
    contact: Text | None = None
    spacing_seconds: Annotated[float, Field(ge=0, le=3_600)] = 2.0
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    allow_loopback: bool = False


class MetricsTable(BaseModel):
    """`[metrics]`: where each process answers Prometheus; a taken port gives way to the next."""

    model_config = FROZEN
    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 9464


class LogsTable(BaseModel):
    """`[logs]`: from which level on, as JSON or for people (none: people on a terminal)."""

    model_config = FROZEN
    level: Literal["debug", "info", "warning", "error"] = "info"
    human: bool | None = None


class StepsTable(BaseModel):
    """`[steps]`: which steps of the enrichment are on."""

    model_config = FROZEN
    language: bool = True
    entities: bool = True
    sentiment: bool = True


class Settings(BaseSettings):
    """Everything that can be set, in one frozen value."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__"
    )
    sources: tuple[SourceTable, ...] = ()
    terms: tuple[TermTable, ...] = ()
    routes: tuple[Route, ...] = ()
    engines: Engines = Engines()
    store: StoreTable = StoreTable()
    steps: StepsTable = StepsTable()
    detector: DetectorTable = DetectorTable()
    web: WebTable = WebTable()
    metrics: MetricsTable = MetricsTable()
    logs: LogsTable = LogsTable()
    secrets: Mapping[str, SecretStr] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    def secret(self, name: str) -> str | None:
        """The secret that the environment holds as `NABAT_SECRET_<NAME>`."""
        found = self.secrets.get(name.lower())
        return found.get_secret_value() if found else None


def read_settings(path: Path | None = None) -> Settings:
    """Read `path`, else the file that `NABAT_CONFIG` names, else `nabat.toml` if it is there.

    Raises `SettingsError` with every wrong key and value.
    """
    place = path or Path(os.environ.get("NABAT_CONFIG", FILE))
    named = path is not None or "NABAT_CONFIG" in os.environ
    tables = _read_toml(place) if named or place.exists() else {}
    problems = [*_find_secrets(tables), *_find_strays(), *_find_clashes(tables)]
    try:
        settings = Settings(**{**tables, "secrets": _read_secrets()})
    except ValidationError as error:
        problems = [*(describe(one) for one in error.errors(include_url=False)), *problems]
    except EnvironmentSettingsError as error:
        problems.append(f"{error}: {error.__cause__}")
    if problems:
        raise SettingsError(str(place), problems)
    return settings


def _read_toml(place: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(place.read_text("utf-8-sig"))
    except OSError as error:
        raise SettingsError(str(place), [f"{error.strerror or error}"]) from None
    except UnicodeDecodeError:
        raise SettingsError(str(place), ["the file is not UTF-8"]) from None
    except ValueError as error:
        raise SettingsError(str(place), [f"not TOML: {error}"]) from None
    except RecursionError:
        raise SettingsError(str(place), ["not TOML: nested too deeply"]) from None


def _read_secrets() -> dict[str, str]:
    start = len(SECRET)
    return {
        name[start:].lower(): value for name, value in os.environ.items() if name.startswith(SECRET)
    }


def _find_strays() -> Iterator[str]:
    """A variable with two underscores is meant as a setting: its table must exist."""
    for name in sorted(os.environ):
        table = name.removeprefix(PREFIX).split("__")[0].lower()
        nested = name.startswith(PREFIX) and "__" in name and not name.startswith(SECRET)
        if nested and table not in Settings.model_fields:
            yield f"{name}: there is no table [{table}]"


def _find_secrets(tables: Mapping[str, Any]) -> Iterator[str]:
    if "secrets" in tables:
        yield f"secrets: secrets come from the environment alone ({SECRET}<NAME>)"


def _find_clashes(tables: Mapping[str, Any]) -> Iterator[str]:
    """Names that occur twice, and routes that nobody defined."""
    names = {table: _list_names(tables, table, key) for table, key in NAMED.items()}
    for table, listed in names.items():
        for name in sorted({name for name in listed if listed.count(name) > 1}):
            yield f"{table}: {name!r} is there twice"
    for route in _list_names(tables, "terms", "route"):
        if route not in names["routes"]:
            yield f"terms: the route {route!r} does not exist"


def _list_names(tables: Mapping[str, Any], table: str, key: str) -> list[str]:
    entries = tables.get(table)
    rows = entries if isinstance(entries, list) else []
    return [str(row[key]) for row in rows if isinstance(row, dict) and key in row]


def describe(error: ErrorDetails) -> str:
    """One mistake, by its key path."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
    path = "".join(parts).removeprefix(".")
    if error["type"] == "extra_forbidden":
        hint = f" (secrets come from {SECRET}…)" if "secret" in path else ""
        return f"{path}: there is no such key{hint}"
    return f"{path}: {explain(error, path)}"
