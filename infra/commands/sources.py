"""`nabat sources`: who is listened to, and how well."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
import typer

from infra.commands import families
from infra.commands.ground import FAILED, Where, emit, judge, read_settings_of, refuse, say

app = typer.Typer(help="Who is listened to; changes take effect within ten seconds.")
app.command(epilog="Example: nabat sources owners corpus.jsonl.gz")(families.owners)
Name = Annotated[str, typer.Argument(help="Its stable name, such as rss/interfax.ru.")]
TROUBLES = {
    "bad_url": "there is no address that can be asked: name it with --url (of a channel"
    " https://t.me/s/NAME)",
    "broken": "the answer breaks off: try again later",
    "dns": "its host is not known: check its address",
    "no_preview": "this is no public preview of a channel: check its name",
    "not_a_feed": "this is neither RSS nor Atom: look for the address of its feed",
    "private_address": "its address is not public; for trials on this machine set [web]"
    " allow_loopback = true",
    "redirects": "it redirects without end: check its address",
    "refused": "nobody listens there: check its address, or try again later",
    "timeout": "no answer in time: try again later, or raise [web] timeout_seconds",
    "tls": "its certificate is not to be trusted: check its address",
    "too_large": "its answer is too large to be a feed",
}


@app.command("list", epilog="Example: nabat sources list")
@judge
def list_sources(context: typer.Context, shell: Where = "store") -> None:
    """Print the sources in force and their health, one JSON object a line."""
    from infra.corpora.journals import in_force, open_journal
    from infra.vitals.health import read_health

    settings = read_settings_of(context)
    with open_journal(settings, shell) as journal:
        found = in_force(journal.read_settings(), "source")
    health = read_health(settings) if shell == "store" else {}
    for name, value in sorted(found.items()):
        known = health.get(name)
        if known and known["trouble"]:
            known["trouble"] = f"{known['trouble']}: {_tell_trouble(known['trouble'])}"
        emit({**value, "health": known})
    if not found:
        say("nothing is listened to: `nabat sources add`")


@app.command(epilog="Example: nabat sources add rss/interfax.ru --url https://interfax.ru/rss.asp")
@judge
def add(  # noqa: PLR0913, PLR0917 - each is an option of the command
    context: typer.Context,
    name: Name,
    url: Annotated[str | None, typer.Option(help="Address of the feed.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who controls it.")] = None,
    group: Annotated[str | None, typer.Option(help="wires, telegram, regional …")] = None,
    title: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    language: Annotated[str | None, typer.Option(help="What it is written in: ru, kk …")] = None,
    region: Annotated[str | None, typer.Option(help="Where it is read.")] = None,
    zone: Annotated[str | None, typer.Option(help="Of dates without one: Asia/Omsk …")] = None,
    interval: Annotated[float | None, typer.Option(help="Seconds between two polls.")] = None,
    shell: Where = "store",
) -> None:
    """Listen to a source, or change what is known of one: what is not given stays."""
    from infra.corpora.journals import find_setting

    fields: dict[str, Any] = {"source": name, "url": url, "owner": owner, "group": group}
    fields |= {"title": title, "language": language, "region": region, "zone": zone}
    fields["interval_seconds"] = interval
    given = _check_source({key: value for key, value in fields.items() if value is not None})
    value = {**find_setting(read_settings_of(context), shell, "source", name), **given}
    _append(context, shell, name, value)
    if not _is_polled(value):
        say(f"{name} has no address (--url): it is not asked, its documents come from files")


@app.command(epilog="Example: nabat sources remove rss/interfax.ru")
@judge
def remove(context: typer.Context, name: Name, shell: Where = "store") -> None:
    """Listen to a source no longer."""
    from infra.corpora.journals import in_force, open_journal

    with open_journal(read_settings_of(context), shell) as journal:
        known = in_force(journal.read_settings(), "source")
    if name not in known:
        raise refuse(f"there is no source {name!r}; `nabat sources list` shows them", FAILED)
    _append(context, shell, name, None)


@app.command("test", epilog="Example: nabat sources test telegram/readovkanews")
@judge
def try_source(
    context: typer.Context,
    name: Name,
    url: Annotated[str | None, typer.Option(help="Address of the feed.")] = None,
    shell: Where = "store",
) -> None:
    """Ask a source once and say what it gives; nothing is kept."""
    from connectors.polling import probe
    from infra.corpora.journals import fold_sources, read_changes
    from infra.embedded import make_web
    from streams.models import Source

    settings, source = read_settings_of(context), Source(source=name, url=url)
    if not url:
        source = fold_sources({}, read_changes(settings, shell)).get(name, source)

    async def look() -> Any:
        async with make_web(settings) as web:
            return await probe(source, web.fetch)

    found = asyncio.run(look())
    emit(found)
    if found.status != "ok":
        raise refuse(f"{name}: {_tell_trouble(found.status)}", FAILED)


def _tell_trouble(status: str) -> str:
    """What a status means, and what to do."""
    if status.startswith("http_"):
        return f"it answers HTTP {status.removeprefix('http_')}: check its address"
    return TROUBLES.get(status, status)


def _check_source(fields: dict[str, Any]) -> dict[str, Any]:
    from pydantic import ValidationError

    from infra.settings import SourceTable, describe

    try:
        source = SourceTable(**fields).to_source()
    except ValidationError as error:
        raise refuse("\n".join(describe(one) for one in error.errors())) from None
    checked: dict[str, Any] = msgspec.to_builtins(source)
    return checked


def _is_polled(value: dict[str, Any]) -> bool:
    from connectors.reading.looks import is_polled
    from streams.models import Source

    return is_polled(msgspec.convert(value, Source))


def _append(context: typer.Context, shell: str, name: str, value: dict[str, Any] | None) -> None:
    from infra.corpora.journals import make_setting, open_journal

    with open_journal(read_settings_of(context), shell, create=True) as journal:
        row = make_setting("source", name, value)
        journal.append([row])
    emit(row)
