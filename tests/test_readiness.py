"""The first start: another process compiles the share of `decide`, and this one takes it up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ASKED = """
from infra.readiness import get_ready, is_compiled
from streams.alarms.learning import learn_rows
from streams.compiled import is_kept
from streams.enrich import Steps
from streams.rehearsal import rehearse

QUIET = Steps(language=False, entities=False, sentiment=False)

def main():
    assert not is_kept(learn_rows)
    get_ready(QUIET)
    assert is_compiled(QUIET)
    assert not is_compiled(Steps())
    assert not learn_rows.signatures
    rehearse()
    stats = learn_rows.stats
    print(is_kept(learn_rows), sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))

if __name__ == "__main__":
    main()
"""


@pytest.mark.timeout(300)
def test_what_another_process_compiled_is_taken_up(tmp_path: Path) -> None:
    script = tmp_path / "asked.py"
    script.write_text(ASKED, "utf-8")
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    done = subprocess.run(
        [sys.executable, script], env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["True", "1", "0"]
