"""In processes of their own: in this one other tests have compiled what they needed."""

from __future__ import annotations

import subprocess
import sys

COUNT = """
import sys
from numba.core.registry import CPUDispatcher

from infra.corpora.stream import Local, Stream, read_rows
from infra.stage.scenario import build_scenario
from streams.decide import Decider
from streams.enrich import Steps
from streams.journal import seed
from streams.models import encode
from streams.rehearsal import rehearse
from streams.terms import read_terms

def count():
    modules = [module for name, module in sys.modules.items() if name.startswith("streams.")]
    values = {id(value): value for module in modules for value in vars(module).values()}
    return sum(len(one.signatures) for one in values.values() if isinstance(one, CPUDispatcher))

if "rehearse" in sys.argv:
    rehearse()
before = count()
scenario = build_scenario()
opening = seed(read_terms(scenario.terms, ".jsonl"), scenario.sources)
rows = enumerate([*map(encode, opening), *scenario.lines])
quiet = Steps(language=False, entities=False, sentiment=False)
Stream(Decider(), Local(quiet)).push(read_rows(rows, "scenario"))
print(before, count())
"""


def count_compiled(*arguments: str) -> list[int]:
    """How many functions are compiled before and after the scenario."""
    command = [sys.executable, "-c", COUNT, *arguments]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [int(number) for number in told.split()]


def test_after_a_rehearsal_nothing_is_left_to_compile() -> None:
    count_compiled()  # what calls another compiles both; taken from the disk, it comes alone
    before, after = count_compiled()
    assert before == 0
    assert count_compiled("rehearse") == [after, after]
