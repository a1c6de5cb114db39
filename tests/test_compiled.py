"""What was compiled is taken up again, until a file that it was made of changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import streams

ASKED = """
from streams.alarms.rings import turn
from streams.alarms.world import World
from streams.compiled import is_kept
before = is_kept(turn)
lengths = turn(World(300, 900).values).lengths.tolist()
print(lengths[0], sum(turn.stats.cache_hits.values()), int(before))
"""


def ask(folder: Path) -> list[int]:
    """The steps of the shortest window, whether the function was taken up, and said to be kept."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "NUMBA_CACHE_DIR": str(folder / "kept")}
    command = [sys.executable, "-P", "-c", ASKED]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, cwd=folder)
    return [int(word) for word in done.stdout.split()]


def test_a_number_of_another_file_is_compiled_in(tmp_path: Path) -> None:
    source = Path(streams.__file__).parent
    shutil.copytree(source, tmp_path / "streams", ignore=shutil.ignore_patterns("__pycache__"))
    assert ask(tmp_path) == [1, 0, 0]
    assert ask(tmp_path) == [1, 1, 1]
    scores = tmp_path / "streams/alarms/scores.py"
    text = scores.read_text("utf-8")
    scores.write_text(text.replace("WINDOWS = (300,", "WINDOWS = (600,"), "utf-8")
    assert ask(tmp_path) == [2, 0, 0]


def test_every_compiled_function_is_kept_so() -> None:
    """One that is kept by the file of the function alone may go on with old numbers."""
    using = [
        path
        for path in Path(streams.__file__).parent.rglob("*.py")
        if "njit" in path.read_text("utf-8")
    ]
    assert [path.name for path in using] == ["compiled.py"]
