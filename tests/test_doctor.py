import io
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest
from pytest_httpserver import HTTPServer

from connectors.store import Store as Kept
from infra.corpora.journals import make_setting
from infra.provision import read_templates
from infra.settings import Settings, read_settings
from infra.vitals import checkup, doctor
from infra.vitals.checkup import Finding
from infra.vitals.doctor import diagnose, report
from streams.journal import seed
from streams.models import Source, Term, encode
from streams.shell.topics import Topics

SECRET = "whsec_" + "c2VjcmV0" * 4


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checkup, "TIMEOUT_SECONDS", 1.0)
    for name in ("NABAT_CONFIG", "NABAT_STORE__PATH"):
        monkeypatch.delenv(name, raising=False)


def configure(text: str = "") -> Settings:
    Path("nabat.toml").write_text(text, "utf-8")
    return read_settings()


def statuses(findings: Iterable[Finding]) -> list[str]:
    return [finding.status for finding in findings]


def only(findings: Iterable[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_an_empty_folder_is_well_and_engines_are_not_asked() -> None:
    findings = diagnose(configure())
    by_check = {finding.check: finding.status for finding in findings}
    assert by_check == {
        "python": "ok",
        "models": "ok",
        "store": "ok",
        "watch": "warning",
        "webhooks": "skipped",
        "kafka": "skipped",
        "elasticsearch": "skipped",
        "grafana": "skipped",
        "kibana": "skipped",
    }


def test_what_is_not_well_says_what_to_do() -> None:
    for finding in diagnose(configure('[engines]\nelasticsearch = "http://127.0.0.1:1"')):
        assert finding.remedy or finding.status in ("ok", "skipped"), finding


def test_engines_that_are_not_there(free_port: int) -> None:
    text = "[engines]\n" + "\n".join(
        f'{name} = "http://127.0.0.1:{free_port}"'
        for name in ("elasticsearch", "grafana", "kibana")
    )
    settings = configure(text + f'\nkafka = "127.0.0.1:{free_port}"')
    failed = {finding.check for finding in diagnose(settings) if finding.status == "failed"}
    assert failed == {"kafka", "elasticsearch", "grafana", "kibana"}


@pytest.fixture
def free_port(httpserver: HTTPServer) -> Iterable[int]:
    port = httpserver.port
    httpserver.stop()
    yield port
    httpserver.start()


def test_the_environment_configures_an_engine_too(
    monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    monkeypatch.setenv("NABAT_ENGINES__GRAFANA", f"http://127.0.0.1:{free_port}")
    failed = [finding for finding in diagnose(configure()) if finding.status == "failed"]
    assert [finding.check for finding in failed] == ["grafana"]
    assert "NABAT_ENGINES__GRAFANA" in failed[0].remedy


def test_json_lines_are_for_programs_and_words_for_people() -> None:
    findings = [
        Finding("store", "ok", "fine"),
        Finding("kafka", "failed", "нет [брокера]", "start"),
    ]
    results, people = io.StringIO(), io.StringIO()
    assert report(findings, results, people) == 1
    first, second = map(json.loads, results.getvalue().splitlines())
    assert first == {"check": "store", "status": "ok", "message": "fine"}
    assert second["remedy"] == "start"
    assert "broken: kafka" in people.getvalue()
    people = io.StringIO()
    assert report(findings, None, people) == 1
    assert "нет [брокера]" in people.getvalue()
    assert "→ start" in people.getvalue()


def test_the_whole_report(capsys: pytest.CaptureFixture[str], free_port: int) -> None:
    assert doctor.run_doctor(configure())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["check"] for line in lines} >= {"python", "models", "kafka"}
    broken = configure(f'[engines]\nkibana = "http://127.0.0.1:{free_port}"')
    assert not doctor.run_doctor(broken, as_json=False)
    out, err = capsys.readouterr()
    assert out == ""
    assert "broken: kibana" in err


def test_a_warning_breaks_nothing() -> None:
    assert report([Finding("watch", "warning", "nothing watched")], None, io.StringIO()) == 0


def test_an_old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "OLDEST", (9, 0))
    assert only(doctor.check_python(configure())).status == "failed"


def test_models_are_tried_as_far_as_they_are_switched_on() -> None:
    off = configure("[steps]\nlanguage = false\nentities = false\nsentiment = false")
    finding = only(doctor.check_models(off))
    assert (finding.status, finding.message) == ("ok", "terms")


def test_models_that_understand_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SAMPLE", "Good morning.")
    finding = only(doctor.check_models(configure("[steps]\nentities = false")))
    assert finding.status == "failed"
    assert "terms, language" in finding.message


def test_a_store_that_cannot_be_written() -> None:
    finding = only(doctor.check_store(configure('[store]\npath = "missing/folder/nabat.db"')))
    assert finding.status == "failed"
    assert "NABAT_STORE__PATH" in finding.remedy


def test_a_file_that_is_no_store() -> None:
    Path("nabat.db").write_text("a letter to a friend, not a database")
    assert only(doctor.check_store(configure())).status == "failed"


def test_a_folder_that_is_no_store() -> None:
    Path("nabat.db").mkdir()
    assert only(doctor.check_store(configure())).status == "failed"


def test_a_store_whose_pages_are_spoilt() -> None:
    journal = Path("nabat.db")
    with closing(Kept(journal)) as store:
        store.append([b"x" * 1000] * 100)
    pages = bytearray(journal.read_bytes())
    pages[4096:-4096] = b"\xff" * (len(pages) - 8192)
    journal.write_bytes(pages)
    finding = only(doctor.check_store(configure()))
    assert finding.status == "failed"
    assert "put a back-up in its place" in finding.message + finding.remedy


def test_what_is_watched_is_what_the_journal_says() -> None:
    settings = configure('[[terms]]\nname = "ОДКБ"')
    with closing(Kept(Path("nabat.db"))) as store:
        store.seed(map(encode, seed([Term(name="мир")], [Source(source="rss/a", url="https://a")])))
        assert statuses(doctor.check_watch(settings)) == ["ok"]
        store.append([encode(make_setting("term", "мир", None))])
    finding = only(doctor.check_watch(settings))
    assert (finding.status, finding.message) == ("warning", "1 source, 0 terms")


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ROOM_BYTES", 1 << 60)
    assert only(doctor.check_store(configure())).status == "failed"


def test_no_store_is_needed_beside_kafka() -> None:
    assert only(doctor.check_store(configure('[engines]\nkafka = "k:9092"'))).status == "skipped"


def make_route(url: str) -> Settings:
    return configure(f'[[routes]]\nname = "desk"\nurl = "{url}"')


def test_webhooks_signed_and_unsigned(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = httpserver.url_for("/hook")
    assert only(doctor.check_routes(make_route(url))).status == "warning"
    monkeypatch.setenv("NABAT_SECRET_WEBHOOK_DESK", SECRET)
    assert only(doctor.check_routes(make_route(url))).status == "ok"
    monkeypatch.setenv("NABAT_SECRET_WEBHOOK_DESK", "whsec_%%%")
    finding = only(doctor.check_routes(make_route(url)))
    assert finding.status == "failed"
    assert "%%%" not in finding.message
    assert httpserver.log == [], "nothing may be sent to a receiver"


def test_a_webhook_whose_host_is_away(free_port: int) -> None:
    finding = only(doctor.check_routes(make_route(f"http://127.0.0.1:{free_port}/hook")))
    assert finding.status == "failed"
    assert "tried again" in finding.remedy


class Store:
    """As much of Elasticsearch as a check asks for; change an answer, then ask."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.settings = configure(f'[engines]\nelasticsearch = "{server.url_for("")}"')
        self.answers: dict[str, tuple[object, int]] = {
            "/": ({"version": {"number": "8.19.8"}}, 200),
            "/_cluster/health": ({"status": "yellow"}, 200),
            "/_index_template/nabat-*": (describe_templates(), 200),
            "/nabat-documents/_alias": ({"nabat-documents-2026.11": {}}, 200),
            "/_ilm/status": ({"operation_mode": "RUNNING"}, 200),
        }

    def check(self) -> list[Finding]:
        self.server.clear()
        for path, (body, status) in self.answers.items():
            self.server.expect_request(path).respond_with_json(body, status)
        return list(checkup.check_elasticsearch(self.settings))


def describe_templates() -> dict[str, Any]:
    found = [
        {"name": name, "index_template": {"_meta": {"digest": digest(template)}}}
        for name, template in read_templates().items()
    ]
    return {"index_templates": found}


def digest(template: object) -> str:
    return sha256(msgspec.json.encode(template)).hexdigest()


@pytest.fixture
def store(httpserver: HTTPServer) -> Store:
    return Store(httpserver)


def test_a_store_that_is_well(store: Store) -> None:
    assert statuses(store.check()) == ["ok", "ok"]


def test_a_store_without_documents_or_lifecycle_is_well_too(store: Store) -> None:
    store.answers["/nabat-documents/_alias"] = ({"error": "alias missing"}, 404)
    store.answers["/_ilm/status"] = ({"error": "no handler"}, 400)
    assert statuses(store.check()) == ["ok", "ok", "skipped"]


@pytest.mark.parametrize("version", ["7.17.29", "2.0", "10.0.0", ""])
def test_a_store_of_a_version_that_we_do_not_speak(store: Store, version: str) -> None:
    store.answers["/"] = ({"version": {"number": version or "0"}}, 200)
    assert only(store.check()).status == "failed"


def test_a_store_that_asks_who_we_are(store: Store) -> None:
    store.answers["/"] = ({"error": "missing authentication"}, 401)
    assert "NABAT_SECRET_ELASTICSEARCH_PASSWORD" in only(store.check()).remedy


def test_the_password_is_sent(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABAT_SECRET_ELASTICSEARCH_PASSWORD", "pw")
    store.settings = read_settings()
    store.check()
    assert store.server.log
    for request, _ in store.server.log:
        assert request.authorization is not None
        assert request.authorization.password == "pw"  # noqa: S105 - invented


def test_a_red_cluster(store: Store) -> None:
    store.answers["/_cluster/health"] = ({"status": "red"}, 200)
    assert "failed" in statuses(store.check())


def test_templates_that_are_missing_or_old(store: Store) -> None:
    described = describe_templates()
    gone = described["index_templates"].pop()["name"]
    described["index_templates"][0]["index_template"]["_meta"]["digest"] = "old"
    old = described["index_templates"][0]["name"]
    store.answers["/_index_template/nabat-*"] = (described, 200)
    failed, warned = (f for f in store.check() if f.remedy)
    assert (failed.status, warned.status) == ("failed", "warning")
    assert gone in failed.message
    assert old in warned.message
    assert failed.remedy == warned.remedy == "run `nabat provision templates`"


def test_an_index_in_the_place_of_the_alias(store: Store) -> None:
    store.answers["/nabat-documents/_alias"] = ({"nabat-documents": {}}, 200)
    assert "failed" in statuses(store.check())


def test_grafana_with_and_without_our_dashboard(httpserver: HTTPServer) -> None:
    settings = configure(f'[engines]\ngrafana = "{httpserver.url_for("")}"')
    health = {"database": "ok", "version": "13.2.3"}
    for status, expected in ((200, ["ok"]), (404, ["ok", "failed"]), (401, ["ok", "warning"])):
        httpserver.clear()
        httpserver.expect_request("/api/health").respond_with_json(health)
        board = httpserver.expect_request("/api/dashboards/uid/nabat-now")
        board.respond_with_json({"dashboard": {}}, status)
        assert statuses(checkup.check_grafana(settings)) == expected


@pytest.mark.parametrize(("level", "status"), [("available", "ok"), ("degraded", "warning")])
def test_kibana(httpserver: HTTPServer, level: str, status: str) -> None:
    settings = configure(f'[engines]\nkibana = "{httpserver.url_for("")}"')
    body = {"status": {"overall": {"level": level}}}
    httpserver.expect_request("/api/status").respond_with_json(body)
    assert only(checkup.check_kibana(settings)).status == status


def test_a_server_of_another_kind(httpserver: HTTPServer) -> None:
    settings = configure(f'[engines]\nkibana = "{httpserver.url_for("")}"')
    httpserver.expect_request("/api/status").respond_with_data("<html>")
    assert "JSON" in only(checkup.check_kibana(settings)).message


class Grafana(BaseHTTPRequestHandler):
    """A server whose clock is not ours."""

    ahead = 0

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(int((timestamp or time.time()) + self.ahead))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def grafana() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Grafana) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("ahead", "status"), [(0, "ok"), (90, "failed"), (-90, "failed")])
def test_clocks_are_compared(
    httpserver: HTTPServer,
    grafana: str,
    monkeypatch: pytest.MonkeyPatch,
    ahead: int,
    status: str,
) -> None:
    monkeypatch.setattr(Grafana, "ahead", ahead)
    url = httpserver.url_for("")
    settings = configure(f'[engines]\ngrafana = "{grafana}"\nelasticsearch = "{url}"')
    nodes = {"nodes": {"a": {"timestamp": int((time.time() + ahead) * 1000)}}}
    httpserver.expect_request("/_nodes/_local/stats/os").respond_with_json(nodes)
    found = list(doctor.check_clock(settings))
    assert statuses(found) == [status, status]
    if ahead:
        assert all(("behind" if ahead > 0 else "ahead of") in one.message for one in found)


LAYOUT = Topics().layout()


def test_topics_as_provisioned() -> None:
    assert list(checkup.compare_layout(LAYOUT | {"another": (1, {})}, LAYOUT)) == []


@pytest.mark.parametrize(
    ("name", "change", "status", "said"),
    [
        ("nabat.journal", None, "failed", "does not exist"),
        ("nabat.work", (3, LAYOUT["nabat.work"][1]), "failed", "3 partitions, not 4"),
        ("nabat.offsets", (1, {}), "failed", "cleanup.policy=delete, not compact"),
        (
            "nabat.journal",
            (1, {**LAYOUT["nabat.journal"][1], "retention.ms": "5"}),
            "warning",
            "retention.ms=5",
        ),
    ],
)
def test_topics_that_are_not_as_provisioned(name: str, change: Any, status: str, said: str) -> None:
    there = {key: value for key, value in (LAYOUT | {name: change}).items() if value}
    finding = only(checkup.compare_layout(there, LAYOUT))
    assert finding.status == status
    assert said in finding.message
