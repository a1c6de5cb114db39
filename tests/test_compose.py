import json
import os
import re
import shlex
import shutil
import stat
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml

from infra.cli import app
from infra.connecting import SOURCES
from infra.metrics import CATALOGUE
from infra.settings import read_settings
from infra.sinking import SINKS
from infra.working import WORKERS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if str(one["image"]).startswith("nabat:")}
STAYING = {
    name: one for name, one in SERVICES.items() if not one["restart"].startswith("on-failure")
}
PLACES = {
    "worker": WORKERS,
    "connect": SOURCES,
    "sink": SINKS,
    "provision": ("topics", "templates", "dashboards"),
}
LOCKS = ("requirements.lock", "infra/requirements.lock")


def test_it_is_valid_by_the_schema_of_compose_files() -> None:
    spec = find_spec("check_jsonschema")  # looked up, not imported: only its files are needed
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).parent / "builtin_schemas/vendor/compose-spec.json"
    schema = json.loads(file.read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(COMPOSE)


def test_it_has_every_part() -> None:
    engines = {"kafka", "elasticsearch", "kibana", "grafana", "prometheus"}
    assert set(SERVICES) >= engines
    commands = {tuple(one["command"]) for one in OURS.values()}
    assert commands >= {("worker", name) for name in WORKERS}
    assert commands >= {("connect", name) for name in SOURCES if name != "files"}
    assert commands >= {("sink", name) for name in SINKS}


@pytest.mark.parametrize("name", OURS)
def test_its_commands_exist(name: str) -> None:
    command = typer.main.get_command(app)
    what, *arguments = OURS[name]["command"]
    assert isinstance(command, typer.core.TyperGroup)
    found = command.commands[what]
    found.make_context(what, list(arguments))
    assert arguments[0] in PLACES[what]


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_for_this_machine_alone(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)
    assert SERVICES[name].get("network_mode") is None


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_and_come_from_no_named_registry(name: str) -> None:
    image = SERVICES[name]["image"]
    assert re.fullmatch(r"(?:[\w-]+/)?[\w-]+:v?\d+\.\d+\.\d+", image)


def test_images_match_the_clients() -> None:
    versions = {
        name: [
            int(part)
            for part in SERVICES[name]["image"].rpartition(":v")[2].split(":")[-1].split(".")
        ]
        for name in ("kafka", "elasticsearch", "kibana", "grafana")
    }
    assert versions["elasticsearch"][:2] == [8, 19]
    assert versions["kibana"] == versions["elasticsearch"]
    assert versions["grafana"] >= [12]
    assert versions["kafka"] == [4, 1, 1]
    tags = re.findall(r"^FROM python:(\S+)", read("infra/Dockerfile"), re.MULTILINE)
    assert len(set(tags)) == 1
    assert tags[0].startswith("3.11.")


@pytest.mark.parametrize("name", STAYING)
def test_what_stays_is_watched_and_ends_in_order(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]
    assert re.fullmatch(r"\d+s", service["stop_grace_period"])


@pytest.mark.parametrize("name", SERVICES)
def test_memory_and_logs_have_bounds(name: str) -> None:
    assert re.fullmatch(r"\d+[mg]", SERVICES[name]["mem_limit"])
    assert set(SERVICES[name]["logging"]["options"]) == {"max-size", "max-file"}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_little(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_dependencies_exist_and_are_waited_for() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            once = other not in STAYING
            expected = "service_completed_successfully" if once else "service_healthy"
            assert how == {"condition": expected}, f"{name} → {other}"


def list_mounts() -> Iterator[str]:
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            bare = re.sub(r"\$\{\w+:-([^}]*)}", r"\1", mount)
            yield bare.split(":")[0]


def test_every_file_that_it_mounts_exists() -> None:
    found = set(list_mounts())
    paths = {one for one in found if one.startswith(".")}
    assert "./nabat.example.toml" in paths
    for path in paths:
        assert (ROOT / path).exists(), path
    assert found - paths == set(COMPOSE["volumes"])


def test_no_password_is_written_into_it() -> None:
    for line in TEXT.splitlines():
        if re.search(r"(PASSWORD|KEY|SECRET\w*): ", line):
            assert re.search(r": \$\{\w+:\?run make up}", line), line


def test_nobody_is_let_into_grafana_unasked() -> None:
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert "GRAFANA_PASSWORD" in environment["GF_SECURITY_ADMIN_PASSWORD"]


def test_grafana_has_the_variables_of_its_provisioning() -> None:
    folder = ROOT / "dashboards/grafana/provisioning"
    named = {
        name for file in folder.rglob("*.yaml") for name in re.findall(r"\$(\w+)", file.read_text())
    }
    assert named <= set(SERVICES["grafana"]["environment"])
    provider = yaml.safe_load((folder / "dashboards/nabat.yaml").read_text("utf-8"))
    path = provider["providers"][0]["options"]["path"]
    assert f"./dashboards/grafana:{path}:ro" in SERVICES["grafana"]["volumes"]


def test_the_settings_of_our_containers_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in COMPOSE["x-nabat"]["environment"].items():
        monkeypatch.setenv(key, value)
    settings = read_settings(ROOT / "nabat.example.toml")
    assert settings.engines.kafka == "kafka:19092"
    assert settings.engines.elasticsearch == "http://elasticsearch:9200"
    assert settings.metrics.host == "0.0.0.0"  # noqa: S104 - inside a container
    assert settings.secret("elasticsearch_password")


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_prometheus_asks_every_process_on_its_port() -> None:
    (jobs,) = (
        job["dns_sd_configs"]
        for job in yaml.safe_load(read("infra/prometheus.yml"))["scrape_configs"]
        if job["job_name"] == "nabat"
    )
    assert set(jobs[0]["names"]) == set(OURS) & set(STAYING)
    default = read_settings(ROOT / "nabat.example.toml").metrics.port
    assert jobs[0]["port"] == default
    for name in jobs[0]["names"]:
        assert f":{default}/metrics" in OURS[name]["healthcheck"]["test"][-1]


def test_rules_use_declared_metrics_and_labels() -> None:
    for group in yaml.safe_load(read("infra/alerts.yml"))["groups"]:
        for rule in group["rules"]:
            for name, selector in re.findall(r"\b(nabat_\w+)(?:{([^}]*)})?", rule["expr"]):
                assert name in CATALOGUE
                assert set(re.findall(r"(\w+)!?=", selector)) <= set(CATALOGUE[name].labels)
            assert rule["annotations"]["summary"]
            assert rule["annotations"]["description"]


def promtool(*arguments: object) -> None:
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")
    command = ["promtool", *map(str, arguments)]
    checked = subprocess.run(command, check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_prometheus_understands_its_files() -> None:
    promtool("check", "config", ROOT / "infra/prometheus.yml")


def test_rules_ring_when_they_should(tmp_path: Path) -> None:
    series = [
        {"series": "nabat_clock_lag_seconds", "values": "10 10 10 90 90 90 90 10 10 10 10 10"},
        {"series": "nabat_sources_live", "values": "12+0x11"},
        {"series": 'nabat_rows_total{stage="decide"}', "values": "0+100x11"},
        {"series": 'nabat_deliveries_total{outcome="retry"}', "values": "0x5 1+1x8"},
    ]
    times = {"2m": [], "6m": ["NabatBehind"], "8m": [], "11m": ["NabatUndelivered"]}
    rules = yaml.safe_load(read("infra/alerts.yml"))["groups"][0]["rules"]
    cases = [
        {"eval_time": time, "alertname": rule["alert"], "exp_alerts": []}
        for time, ringing in times.items()
        for rule in rules
        if rule["alert"] not in ringing
    ]
    labels = {"NabatBehind": {"severity": "page"}, "NabatUndelivered": {"severity": "page"}}
    said = {
        "NabatBehind": "The decider is 1m 30s behind",
        "NabatUndelivered": "Alerts are not delivered",
    }
    for time, ringing in times.items():
        for name in ringing:
            (rule,) = (one for one in rules if one["alert"] == name)
            expected = {
                "exp_labels": labels[name],
                "exp_annotations": {**rule["annotations"], "summary": said[name]},
            }
            cases.append({"eval_time": time, "alertname": name, "exp_alerts": [expected]})
    test = {"interval": "1m", "input_series": series, "alert_rule_test": cases}
    file = tmp_path / "rules.test.yml"
    file.write_text(
        yaml.safe_dump({"rule_files": [str(ROOT / "infra/alerts.yml")], "tests": [test]})
    )
    promtool("test", "rules", file)


def read_pins(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", read(name)))
    return {
        match[1]: (match[2], frozenset(re.findall(r"sha256:\w+", entry)))
        for entry in entries
        if (match := re.match(r"([\w.-]+)==([\w.]+)", entry))
    }


def test_the_image_has_the_versions_that_are_tested() -> None:
    tested, shipped = map(read_pins, LOCKS)
    assert len(shipped) > 50
    assert "pytest" not in shipped
    for name, pin in shipped.items():
        assert tested[name] == pin, f"{name}: run `make lock`"


def test_the_image_is_small_safe_and_made_of_files_that_exist() -> None:
    text = read("infra/Dockerfile")
    assert text.count("\nFROM ") + text.startswith("FROM") == 2
    assert re.search(r"^USER nabat$", text, re.MULTILINE)
    assert text.index("USER nabat") < text.index("ENTRYPOINT")
    assert "--require-hashes" in text
    allowed = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    for name in allowed:
        assert (ROOT / name).exists(), name
    for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE):
        assert source == "." or source.split("/")[0] in allowed


DOCKER = """#!/bin/sh
printf '%s|%s|%s\\n' "$*" "$NABAT_SETTINGS" "$COMPOSE_PROFILES" >> calls
case "$1 $2" in {failing}) exit 1;; esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "infra").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "infra/compose.sh", tmp_path / "infra")
    (tmp_path / "nabat.example.toml").write_text("[[routes]]\n")
    install_docker(tmp_path)
    return tmp_path


def install_docker(clone: Path, failing: str = "nothing") -> None:
    docker = clone / "bin/docker"
    docker.write_text(DOCKER.format(failing=failing))
    docker.chmod(0o755)


def start(clone: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{clone}/bin:{os.environ['PATH']}"}
    return subprocess.run(
        ["sh", "infra/compose.sh"],
        check=False,
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
    )


def list_calls(clone: Path) -> list[str]:
    return (clone / "calls").read_text().splitlines()


def test_the_first_start_makes_passwords_and_later_ones_keep_them(clone: Path) -> None:
    started = start(clone)
    assert started.returncode == 0, started.stderr
    assert started.stdout == ""
    secrets = dict(
        shlex.split(line)[0].split("=") for line in (clone / ".env").read_text().splitlines()[1:]
    )
    assert set(secrets) == set(re.findall(r"\$\{(\w+):\?run make up}", TEXT))
    assert len(set(secrets.values())) == len(secrets)
    assert all(re.fullmatch(r"[0-9a-f]{48}", value) for value in secrets.values())
    assert stat.S_IMODE((clone / ".env").stat().st_mode) == 0o600
    assert not any(value in started.stderr for value in secrets.values())
    before = (clone / ".env").read_text()
    start(clone)
    assert (clone / ".env").read_text() == before


def test_it_builds_waits_and_says_where_things_are(clone: Path) -> None:
    said = start(clone).stderr
    assert any(call.startswith("compose up --detach --build --wait") for call in list_calls(clone))
    for address in ("http://127.0.0.1:3000", "http://127.0.0.1:5601", "http://127.0.0.1:9090"):
        assert address in said


def test_own_settings_and_their_webhooks_are_used(clone: Path) -> None:
    assert "example is used" in start(clone).stderr
    assert list_calls(clone)[-1].endswith("|./nabat.example.toml|")
    (clone / "nabat.toml").write_text('[[sources]]\nsource = "rss/a"\n')
    assert "example is used" not in start(clone).stderr
    assert list_calls(clone)[-1].endswith("|./nabat.toml|")
    (clone / "nabat.toml").write_text('[[routes]]\nname = "desk"\n')
    start(clone)
    assert list_calls(clone)[-1].endswith("|./nabat.toml|webhook")


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        ('"compose version"', "no compose plugin"),
        ('"info "', "does not answer"),
        ('"compose up"', "did not start"),
    ],
)
def test_what_fails_is_explained(clone: Path, failing: str, said: str) -> None:
    install_docker(clone, failing)
    started = start(clone)
    assert started.returncode == 1
    assert said in started.stderr


def test_no_docker(clone: Path) -> None:
    (clone / "bin/docker").unlink()
    tools = clone / "tools"
    tools.mkdir()
    for name in ("sh", "dirname"):
        (tools / name).symlink_to(shutil.which(name) or "")
    started = subprocess.run(
        ["sh", "infra/compose.sh"],
        check=False,
        cwd=clone,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
    )
    assert started.returncode == 1
    assert "docker is not installed" in started.stderr
