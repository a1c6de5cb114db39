"""`nabat terms`: what is watched."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from infra.commands.corpora import Registry, read_registry
from infra.commands.ground import (
    FAILED,
    Where,
    emit,
    judge,
    progress,
    read_moment,
    read_settings_of,
    refuse,
    say,
    show,
)
from infra.commands.pasts import SHELLS, find_file, read_texts, show_forms

app = typer.Typer(help="What is watched; changes take effect within ten seconds.")
Name = Annotated[str, typer.Argument(help="The name of the term.")]


@app.command("list", epilog="Example: nabat terms list")
@judge
def list_terms(context: typer.Context, shell: Where = "store") -> None:
    """Print the terms in force and how each stands, one JSON object a line."""
    from infra.vitals.standings import read_standings

    terms = _read_terms(context, shell)
    standings = read_standings(read_settings_of(context)) if shell == "store" else {}
    for name, value in sorted(terms.items()):
        one = standings.get(name)
        known = msgspec.to_builtins(one) if one else {}
        emit({**value, "state": None, **known})
    say(_sum_up(len(terms), shell, [standings[name] for name in terms if name in standings]))


@app.command(epilog='Example: nabat terms add "Министерство обороны" --budget 2')
@judge
def add(  # noqa: PLR0913, PLR0917 - each is an option of the command
    context: typer.Context,
    name: Name,
    pattern: Annotated[str | None, typer.Option(help="What matches (default: the name).")] = None,
    lang: Annotated[str | None, typer.Option(help="Language of the pattern.")] = None,
    case: Annotated[str | None, typer.Option(help="any, exact or capital.")] = None,
    entity: Annotated[str | None, typer.Option(help="PER, LOC or ORG.")] = None,
    budget: Annotated[float | None, typer.Option(help="Alerts a week that are welcome.")] = None,
    route: Annotated[str | None, typer.Option(help="The webhook that its alerts go to.")] = None,
    shell: Where = "store",
) -> None:
    """Watch a term, or change one that is watched: what is not given stays."""
    from infra.corpora.journals import find_setting

    fields = {
        "name": name,
        "pattern": pattern,
        "lang": lang,
        "case": case,
        "entity": entity,
        "budget": budget,
        "route": route,
    }
    given = {key: value for key, value in fields.items() if value is not None}
    _check_route(context, route)
    _check_term(given)  # what is refused makes no store
    known = find_setting(read_settings_of(context), shell, "term", name)
    _append(context, shell, [("term", name, _check_term({**known, **given}))])


@app.command(epilog="Example: nabat terms remove ОДКБ")
@judge
def remove(context: typer.Context, name: Name, shell: Where = "store") -> None:
    """Watch a term no longer."""
    _check_watched(context, name, shell)
    _append(context, shell, [("term", name, None)])


@app.command(epilog="Example: nabat terms mute ОДКБ --hours 12")
@judge
def mute(
    context: typer.Context,
    name: Name,
    hours: Annotated[
        float, typer.Option(min=0, max=87_600, help="For how long; 0 ends it.")
    ] = 24.0,
    shell: Where = "store",
) -> None:
    """Count a term, but do not ring for it, for a while."""
    _check_watched(context, name, shell)
    until = datetime.now(UTC) + timedelta(hours=hours)
    _append(context, shell, [("mute", name, {"until": until.isoformat()} if hours else None)])


@app.command(epilog="Example: nabat terms expect выборы --until 2026-09-20T21:00:00Z")
@judge
def expect(
    context: typer.Context,
    name: Name,
    until: Annotated[str, typer.Option(help="Until when; a time that has passed ends it.")],
    shell: Where = "store",
) -> None:
    """Record the bursts of a scheduled event, but do not ring for them; afterwards it rings."""
    _check_watched(context, name, shell)
    end = read_moment("--until", until)
    is_over = end <= datetime.now(UTC)
    _append(context, shell, [("expect", name, None if is_over else {"until": end.isoformat()})])
    say(f"{name}: {'it rings again' if is_over else f'expected until {end:%Y-%m-%d %H:%M} UTC'}")


@app.command(epilog='Example: nabat terms preview "Касым-Жомарт Токаев"')
@judge
def preview(  # noqa: PLR0913, PLR0917 - each is an option of the command
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A term as you would add it.")],
    lang: Annotated[str, typer.Option(help="Language of the pattern.")] = "ru",
    case: Annotated[str, typer.Option(help="any, exact or capital.")] = "any",
    on: Annotated[
        str | None, typer.Option(help="Documents to find it in; store, kafka: a shell's journal.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write the forms as JSON lines.")] = False,
    budget: Annotated[
        float | None, typer.Option(help="Alarms a week: what would have rung with it?")
    ] = None,
    sources: Registry = None,
) -> None:
    """Print every form that a term matches, what it collides with, first hits; or past alarms."""
    from infra.stage.bell import to_amount
    from infra.watching import preview as look

    fields = {"name": name, "lang": lang, "case": case}
    if budget is not None:
        term = _to_term(_check_term({**fields, "budget": budget}))
        _preview_budget(context, term, on, sources)
        return
    found = look(_to_term(_check_term(fields)), read_texts(context, on) if on else ())
    if json:
        for form in found.forms:
            emit(form)
    else:
        show_forms(found.forms)
    for one in found.collisions:
        words = ", ".join(one.words)
        say(f"collides: {one.form} is a frequent word ({one.per_million} in a million): {words}")
    for sample in found.samples:
        say(f"found: {sample}")
    if on and not found.samples:
        say("found: nothing")
    say(to_amount(len(found.forms), "form"))


def _preview_budget(context: typer.Context, term: Any, on: str | None, registry: Any) -> None:
    from infra.corpora.explaining import read_journal
    from infra.corpora.previewing import preview_budget, read_file, watch_from_start
    from infra.corpora.telling import tell_preview

    settings = read_settings_of(context)
    if on is None:
        raise refuse("--budget needs a past: --on FILE, --on store or --on kafka")
    if on in SHELLS:
        known = _read_terms(context, on).get(term.name)
        term = _to_term({**known, "budget": term.budget}) if known else term
        rows = watch_from_start(read_journal(settings, on), term)
    else:
        rows = read_file(find_file(on), term, read_registry(registry))
    options = settings.detector.to_options()
    with progress("preview") as report:
        found = preview_budget(rows, term, options, lambda number: report(f"{number} rows"))
    for one in (*found.rung, *found.trials):
        emit(one)
    show(tell_preview(found))


@app.command(epilog="Example: nabat terms check cases.jsonl --json")
@judge
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="term/text/match.")],
    json: Annotated[bool, typer.Option("--json", help="Write the result as JSON.")] = False,
) -> None:
    """Measure the matching on cases: precision, recall, F1 and each failure."""
    from infra.watching import check as measure

    report = measure(file)
    if json:
        emit(report)
        return
    for case in report.failures:
        say(f"{'missed' if case.match else 'wrong'}: {case.term} in: {case.text}")
    say(
        f"{report.cases} cases: precision {report.precision:.3f}, recall {report.recall:.3f},"
        f" F1 {report.f1:.3f}, {len(report.failures)} failures"
    )


@app.command("import", epilog="Example: nabat terms import terms.csv")
@judge
def import_terms(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    shell: Where = "store",
) -> None:
    """Watch all terms of a file: .jsonl, .csv by header, else one a line."""
    from infra.stage.bell import to_amount
    from infra.watching import import_terms as read

    listed = [msgspec.to_builtins(term) for term in read(file)]
    _append(context, shell, [("term", value["name"], value) for value in listed])
    say(to_amount(len(listed), "term"))


@app.command("export", epilog="Example: nabat terms export --format csv > terms.csv")
@judge
def export_terms(
    context: typer.Context,
    form: Annotated[str, typer.Option("--format", help="jsonl, csv or txt.")] = "jsonl",
    shell: Where = "store",
) -> None:
    """Print the terms in force as a file that `import` reads."""
    from infra.stage.bell import to_amount
    from infra.watching import is_plain
    from streams.terms import write_terms

    if form not in {"jsonl", "csv", "txt"}:
        raise refuse(f"--format {form}: there are jsonl, csv, txt")
    terms = [_to_term(value) for _, value in sorted(_read_terms(context, shell).items())]
    typer.echo(write_terms(terms, f".{form}"), nl=False)
    lost = sum(not is_plain(term) for term in terms)
    if form == "txt" and lost:
        told = f"{to_amount(lost, 'term')} {'is' if lost == 1 else 'are'} not kept whole"
        say(f"plain lines hold patterns alone: {told}; csv and jsonl keep everything")


def _sum_up(terms: int, shell: str, standings: list[Any]) -> str:
    """How many stand how, and when; or why that is not known."""
    from infra.stage.bell import to_amount

    if not terms:
        return "nothing is watched: `nabat terms add`"
    if not standings:
        reasons = {"store": "`nabat up` has not decided anything yet"}
        why = reasons.get(shell, "only the embedded shell tells how they stand")
        return f"{to_amount(terms, 'term')}; {why}"
    states = Counter(one.state for one in standings).most_common()
    told = ", ".join(f"{count} {state}" for state, count in states)
    last = standings[0]
    seen = f"{last.coverage:.0%} of the usual documents seen in the hour before"
    return f"{to_amount(terms, 'term')} as of {last.as_of:%Y-%m-%d %H:%M} UTC: {told}; {seen}"


def _read_terms(context: typer.Context, shell: str) -> dict[str, dict[str, Any]]:
    from infra.corpora.journals import in_force, open_journal

    with open_journal(read_settings_of(context), shell) as journal:
        return in_force(journal.read_settings(), "term")


def _append(context: typer.Context, shell: str, changes: list[tuple[str, str, Any]]) -> None:
    from infra.corpora.journals import make_setting, open_journal

    with open_journal(read_settings_of(context), shell, create=True) as journal:
        rows = [make_setting(*change) for change in changes]
        journal.append(rows)
    for row in rows:
        emit(row)


def _check_term(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a term that can be read; raises `TermError`."""
    from streams.terms import make_term

    checked: dict[str, Any] = msgspec.to_builtins(make_term(fields))
    return checked


def _to_term(fields: dict[str, Any]) -> Any:
    from streams.models import Term

    return msgspec.convert(fields, Term)


def _check_watched(context: typer.Context, name: str, shell: str) -> None:
    if name not in _read_terms(context, shell):
        raise refuse(f"{name!r} is not watched; `nabat terms list` shows what is", FAILED)


def _check_route(context: typer.Context, route: str | None) -> None:
    names = [one.name for one in read_settings_of(context).routes]
    if route is not None and route not in names:
        raise refuse(f"--route {route}: the settings have {', '.join(names) or 'no route'}")
