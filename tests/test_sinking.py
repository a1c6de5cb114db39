from __future__ import annotations

import base64

import pytest

from infra.settings import Settings, SettingsError
from infra.sinking import make_wires, run_sink
from tests.alarms import burst

ROUTES = [
    {"name": "desk", "url": "http://127.0.0.1:1/a"},
    {"name": "sport", "url": "http://127.0.0.1:1/b", "default": False},
]
TERMS = [{"name": "футбол", "route": "sport"}, {"name": "ОДКБ"}]
SECRET = "whsec_" + base64.b64encode(b"twenty-four random bytes").decode()


def made(**tables: object) -> Settings:
    return Settings.model_validate(tables)


@pytest.mark.parametrize(
    ("term", "goes_to"), [("футбол", ["sport"]), ("ОДКБ", ["desk"]), ("новый", ["desk"])]
)
def test_a_burst_goes_where_its_term_says_or_to_the_default(term: str, goes_to: list[str]) -> None:
    wires = make_wires(made(routes=ROUTES, terms=TERMS))
    assert [wire.name for wire in wires if wire.wants(burst(term=term))] == goes_to


def test_a_route_signs_with_its_own_secret() -> None:
    wires = make_wires(made(routes=ROUTES, secrets={"webhook_desk": SECRET}))
    assert [wire.endpoint.secret for wire in wires] == [SECRET, None]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (Settings(), "routes"),
        (made(routes=ROUTES, secrets={"webhook_desk": "x"}), "NABAT_SECRET_WEBHOOK_DESK"),
    ],
)
def test_what_cannot_ring_is_refused_at_the_start(settings: Settings, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        make_wires(settings)


def test_an_unknown_sink_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(ValueError, match="elasticsearch, webhook"):
        run_sink("kibana", Settings())
