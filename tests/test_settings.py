from pathlib import Path

import pytest
from pydantic import ValidationError

from infra.settings import Settings, SettingsError, read_settings
from streams.models import Source, Term

WHOLE = """
[[sources]]
source = "rss/interfax.ru"
url = "https://interfax.ru/rss.asp"
owner = "Интерфакс"
group = "wires"
interval_seconds = 60

[[sources]]
source = "telegram/readovka"

[[terms]]
name = "ОДКБ"
case = "exact"
budget = 2
route = "desk"
mute_until = 2026-11-01T00:00:00Z

[[routes]]
name = "desk"
url = "https://alerts.example/hook"

[engines]
kafka = "kafka:9092"
partitions = 8

[store]
path = "var/nabat.db"

[steps]
entities = false

[detector]
origins = 6
chance_per_day = 1.5
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NABAT_CONFIG", "NABAT_STORE__PATH"):
        monkeypatch.delenv(name, raising=False)


def read(text: str) -> Settings:
    Path("nabat.toml").write_text(text, "utf-8")
    return read_settings()


def problems(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(text)
    return caught.value.problems


def test_a_whole_file_becomes_one_value() -> None:
    settings = read(WHOLE)
    first, second = (table.to_source() for table in settings.sources)
    assert first == Source(
        source="rss/interfax.ru",
        url="https://interfax.ru/rss.asp",
        owner="Интерфакс",
        group="wires",
        interval_seconds=60,
    )
    assert second == Source(source="telegram/readovka")
    (term,) = (table.to_term() for table in settings.terms)
    assert (term.name, term.case, term.budget, term.route) == ("ОДКБ", "exact", 2, "desk")
    assert isinstance(term, Term)
    assert term.mute_until is not None
    assert settings.engines.kafka == "kafka:9092"
    assert settings.engines.elasticsearch == "http://127.0.0.1:9200"
    assert settings.store.path == Path("var/nabat.db")
    assert (settings.steps.language, settings.steps.entities) == (True, False)
    options = settings.detector.to_options()
    assert (options.origins, options.chance_per_day, options.owners) == (6, 1.5, 3)


def test_no_file_is_all_defaults() -> None:
    assert read_settings() == Settings()


def test_a_named_file_must_exist() -> None:
    with pytest.raises(SettingsError, match="No such file"):
        read_settings(Path("absent.toml"))


def test_the_value_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().engines = None  # type: ignore[assignment]


def test_the_environment_goes_on_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABAT_ENGINES__PARTITIONS", "3")
    monkeypatch.setenv("NABAT_STEPS__LANGUAGE", "false")
    monkeypatch.setenv("NABAT_DETECTOR__ORIGINS", "5")
    settings = read(WHOLE)
    assert (settings.engines.partitions, settings.engines.kafka) == (3, "kafka:9092")
    assert (settings.steps.language, settings.steps.entities) == (False, False)
    assert (settings.detector.origins, settings.detector.chance_per_day) == (5, 1.5)


def test_secrets_come_from_the_environment_and_never_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABAT_SECRET_DESK", "whsec_c2VjcmV0")
    settings = read(WHOLE)
    assert settings.secret("desk") == "whsec_c2VjcmV0"
    assert settings.secret("other") is None
    assert "c2VjcmV0" not in repr(settings)


def test_everything_wrong_is_said_at_once_by_key_path() -> None:
    found = problems("""
        [[sources]]
        source = "rss/a"
        interval_seconds = -1
        [[sources]]
        source = "nameless"
        colour = "red"
        [[terms]]
        name = "ОДКБ"
        route = "nowhere"
        [[terms]]
        name = "ОДКБ"
        [[routes]]
        name = "desk"
        url = "ftp://x"
        secret = "in the open"
        [engines]
        partitions = "many"
        [detector]
        coverage = 1.5
        gate = 8
        window_seconds = 3600
        [stroe]
        path = "x"
    """)
    paths = [line.split(":")[0] for line in found]
    assert sorted(paths) == [
        "detector.coverage",
        "detector.gate",
        "detector.window_seconds",
        "engines.partitions",
        "routes[0].secret",
        "routes[0].url",
        "sources[0].interval_seconds",
        "sources[1].colour",
        "sources[1].source",
        "stroe",
        "terms",
        "terms",
    ]


@pytest.mark.parametrize("chance", ["0", "0.0", "-4", "nan", "inf", "1e4"])
def test_chance_may_not_be_ruled_out(chance: str) -> None:
    """No evidence is enough for no chance at all: that is said, by key, before anything runs."""
    (problem,) = problems(f"[detector]\nchance_per_day = {chance}")
    assert problem.startswith("detector.chance_per_day:")


def test_a_variable_for_no_table_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABAT_STROE__PATH", "x")
    monkeypatch.setenv("NABAT_STORE__PTAH", "x")
    monkeypatch.setenv("NABAT_DATA", "not a setting")
    assert problems("") == [
        "store.ptah: there is no such key",
        "NABAT_STROE__PATH: there is no table [stroe]",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[engines", "not TOML"),
        pytest.param("x = " + "[" * 5000, "not TOML: nested too deeply", id="deep"),
        pytest.param("x = " + "1" * 5000, "not TOML", id="long"),
        ("[[terms]]\nname = 'A & '", "terms[0].pattern: the pattern 'A &' is not finished"),
        ("[secrets]\ndesk = 'x'", "secrets come from the environment alone"),
        ("sources = 3", "sources: write it as [[sources]]"),
        ("[terms]\nname = 'A'", "terms: write it as [[terms]]"),
        ("[[terms]]\nname = 'A'\nlang = 'ua'", "terms[0].lang: lang 'ua' is a country's code"),
        ("[[terms]]\nname = 'A'\nbudget = inf", "terms[0].budget: "),
        ("[[sources]]\nsource = 'rss'", "sources[0].source: kind/name is needed: rss/interfax.ru"),
        ("[[sources]]\nsource = 'rss/a'\nzone = 'Asia/Omks'", "sources[0].zone: there is no zone"),
        ("[[sources]]\nsource = 'rss/a'\nzone = '/etc'", "sources[0].zone: there is no zone"),
        *(
            (f"[[sources]]\nsource = 'rss/a'\nurl = '{url}'", "sources[0].url: a full address")
            for url in (
                "http://",
                "http://a b/",
                "http://[::1",
                "http://a:99999/",
                "//a/",
                "http://:8/",
            )
        ),
    ],
)
def test_a_broken_file_says_how(text: str, said: str) -> None:
    assert said in "\n".join(problems(text))


def test_one_mistake_does_not_hide_another_of_the_same_table() -> None:
    found = problems("""
        [[terms]]
        name = "ОДКБ"
        pattern = "("
        lang = "xx"
        budget = nan
    """)
    paths = [line.split(":")[0] for line in found]
    assert paths == ["terms[0].pattern", "terms[0].lang", "terms[0].budget"]


def test_an_address_stays_as_it_is_written() -> None:
    """Of many servers https://…/feed/ is the feed and https://…/feed is not."""
    settings = read("""
        [[sources]]
        source = "rss/a"
        url = "https://a.example/feed/"
        [[routes]]
        name = "desk"
        url = "https://a.example/hook/"
        [engines]
        grafana = "https://a.example/grafana/"
    """)
    assert settings.sources[0].url == "https://a.example/feed/"
    assert settings.routes[0].url == "https://a.example/hook/"
    assert settings.engines.grafana == "https://a.example/grafana"


def test_a_byte_order_mark_does_no_harm() -> None:
    Path("nabat.toml").write_bytes(b"\xef\xbb\xbf[engines]\npartitions = 3\n")
    assert read_settings().engines.partitions == 3


def test_a_variable_that_is_no_json_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABAT_TERMS", "[{")
    with pytest.raises(SettingsError, match="terms"):
        read_settings()
