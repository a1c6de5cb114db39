"""The engines of the integration tests, fetched once from Maven packages and kept in a cache.

A cached engine is whole or absent: it is built beside its place under a lock and then renamed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
MODULES = (
    "aggregations",
    "analysis-common",
    "ingest-common",
    "lang-painless",
    "parent-join",
    "reindex",
    "rest-root",
    "transport-netty4",
)
Finish = Callable[[Path], None]


def missing_tools() -> list[str]:
    """The programs that fetching and running an engine needs and this machine lacks."""
    return [tool for tool in ("java", "javac", "mvn") if shutil.which(tool) is None]


def get_kafka() -> Path:
    """The folder of Kafka's jars."""
    return _get("kafka-4.1.1", HERE / "kafka.xml", lambda _: None)


def get_elasticsearch() -> Path:
    """A folder with lib/, main/ (the compiled starter) and home/ (the modules that tests need)."""
    return _get("elasticsearch-8.19.8", HERE / "elasticsearch.xml", _finish_elasticsearch)


def _get(name: str, pom: Path, finish: Finish) -> Path:
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nabat-engines"
    root.mkdir(parents=True, exist_ok=True)
    with _locked(root / f"{name}.lock"):
        if not (root / name).exists():
            _build(root, name, pom, finish)
    return root / name


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(root: Path, name: str, pom: Path, finish: Finish) -> None:
    with tempfile.TemporaryDirectory(dir=root, prefix=f"{name}.") as scratch:
        made = Path(scratch) / name
        made.mkdir()
        command = ["mvn", "-B", "-q", "-C", "-f", str(pom), f"-Dinto={made}", "process-resources"]
        subprocess.run(command, check=True)
        finish(made)
        made.rename(root / name)


def _finish_elasticsearch(folder: Path) -> None:
    for module in MODULES:
        shutil.copytree(folder / "modules" / module, folder / "home" / "modules" / module)
    (folder / "home" / "plugins").mkdir()
    shutil.rmtree(folder / "modules")
    compile_ = ["javac", "-nowarn", "-d", str(folder / "main"), "-cp", f"{folder}/lib/*"]
    subprocess.run([*compile_, str(HERE / "EsMain.java")], check=True)
