"""Real servers on free local ports: start, kill -9, restart on the same port and data, stop.

A server dies with the thread that started it (the kernel sees to that), so start it from the
main thread; a killed test run leaves nothing behind.
"""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.integration.engines.cache import get_elasticsearch, get_kafka

JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError", "-Xmx512m")
PATIENCE_SECONDS = 120
STOP_SECONDS = 20
TAIL_BYTES = 6000


class Server:
    """One server process; a subclass says how to run it and when it is healthy."""

    name = "server"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = find_port()
        self.log = folder / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """The command line that runs the server in the foreground."""
        raise NotImplementedError

    def is_healthy(self) -> bool:
        """Whether the server answers its clients."""
        raise NotImplementedError

    def start(self) -> None:
        """Run the server and wait until it is healthy; raises with the tail of its log."""
        guard = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
        environment = {k: v for k, v in os.environ.items() if k != "JAVA_TOOL_OPTIONS"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*guard, *self.command()],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        if not wait_until(lambda: self._is_dead() or self.is_healthy()) or self._is_dead():
            self.kill()
            raise RuntimeError(f"{self.name} did not start:\n{self.tail()}")

    def stop(self) -> None:
        """End the server in order; with force after 20 s."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Start again on the same port and data; a server that runs is killed first."""
        self.kill()
        self.start()

    def tail(self) -> str:
        """The end of the log."""
        return self.log.read_bytes()[-TAIL_BYTES:].decode(errors="replace")

    def _is_dead(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(how)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class Kafka(Server):
    """A single Apache Kafka broker that is its own controller; topics are made by hand."""

    name = "kafka"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.jars = get_kafka()
        self.controller = find_port()

    @property
    def bootstrap(self) -> str:
        """What clients connect to."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Format the data folder once, then start."""
        settings = self.folder / "server.properties"
        settings.write_text(self._settings(), "utf-8")
        if not (self.folder / "log" / "meta.properties").exists():
            cluster = secrets.token_urlsafe(16)
            ask = f"--cluster-id={cluster}"  # it may begin with a dash
            tool = ["kafka.tools.StorageTool", "format", ask, "-c", str(settings)]
            subprocess.run([*self._java(), *tool], check=True, capture_output=True)
        super().start()

    def command(self) -> list[str]:
        """The broker."""
        return [*self._java(), "kafka.Kafka", str(self.folder / "server.properties")]

    def is_healthy(self) -> bool:
        """Whether the broker answers a request for its topics."""
        if not is_listening(self.port):
            return False
        try:
            admin = KafkaAdminClient(bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=2000)
        except (KafkaError, OSError):
            return False
        try:
            admin.list_topics()
        except (KafkaError, OSError):
            return False
        finally:
            admin.close()
        return True

    def _java(self) -> list[str]:
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        return ["java", *JVM, quiet, "-cp", f"{self.jars}/*"]

    def _settings(self) -> str:
        here, controller = f"127.0.0.1:{self.port}", f"127.0.0.1:{self.controller}"
        lines = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{here},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{here}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": self.folder / "log",
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
        }
        return "".join(f"{key}={value}\n" for key, value in lines.items())


class Elasticsearch(Server):
    """A single Elasticsearch node with the modules that the tests need, without security."""

    name = "elasticsearch"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.bundle = get_elasticsearch()

    @property
    def url(self) -> str:
        """What clients connect to."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Write the settings, then start."""
        config = self.folder / "config"
        for path in (config, self.folder / "tmp"):
            path.mkdir(exist_ok=True)
        (config / "elasticsearch.yml").write_text(self._settings(), "utf-8")
        (config / "log4j2.properties").write_text(_LOG, "utf-8")
        super().start()

    def command(self) -> list[str]:
        """The node in one JVM."""
        library, home = self.bundle / "lib", self.bundle / "home"
        defines = {
            "java.io.tmpdir": self.folder / "tmp",
            "io.netty.noUnsafe": "true",
            "log4j2.disable.jmx": "true",
            "file.encoding": "UTF-8",
            "es.path.home": home,
            "es.nativelibs.path": library / "platform" / "linux-x64",
        }
        modules = f"--module-path={library}", "--add-modules=jdk.net,ALL-MODULE-PATH"
        return [
            *("java", *JVM, *(f"-D{key}={value}" for key, value in defines.items()), *modules),
            *("-cp", f"{self.bundle}/main", "EsMain", str(home), str(self.folder / "config")),
        ]

    def is_healthy(self) -> bool:
        """Whether every index can be read and written."""
        path = "/_cluster/health?wait_for_status=yellow&timeout=5s"
        return self.request("GET", path) == http.HTTPStatus.OK

    def wipe(self) -> None:
        """Forget every index and template of Nabat."""
        self.request("DELETE", "/nabat-*?expand_wildcards=all")
        self.request("DELETE", "/_index_template/nabat-*")

    def request(self, method: str, path: str) -> int:
        """The status of a request without a body; 0 if nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def _settings(self) -> str:
        lines = {
            "cluster.name": "nabat-tests",
            "network.host": "127.0.0.1",
            "http.port": self.port,
            "transport.port": 0,
            "discovery.type": "single-node",
            "path.data": self.folder / "data",
            "path.logs": self.folder / "logs",
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            "action.destructive_requires_name": "false",
        }
        return "".join(f"{key}: {value}\n" for key, value in lines.items())


_LOG = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


def wait_until(is_done: Callable[[], bool], patience: float = PATIENCE_SECONDS) -> bool:
    """Ask until it is done; False when `patience` seconds have passed."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if is_done():
            return True
        time.sleep(0.2)
    return False


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections on a local port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def find_port() -> int:
    """A free port below the ones that the kernel gives to clients, so that a restart finds it free.

    Raises RuntimeError if a hundred attempts find none.
    """
    for _ in range(100):
        port = 15_000 + secrets.randbelow(17_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port below 32000")
