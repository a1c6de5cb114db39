"""The first start after an installation compiles: by two processes, in half the time."""

from __future__ import annotations

import signal
from multiprocessing import get_context

from streams.alarms.learning import learn_rows
from streams.compiled import is_kept
from streams.cues import list_cues
from streams.enrich import Steps, prepare
from streams.families.copies import relate
from streams.rehearsal import rehearse, rehearse_copies
from streams.tagger.vocabulary import look_up


def get_ready(steps: Steps, workers: int = 1) -> None:
    """Compile what the whole pipeline needs, if that was not done yet; else do nothing.

    Several `workers` compile their share by themselves, meanwhile.
    """
    if is_compiled(steps):
        return
    if workers > 1:
        rehearse()
        return
    other = get_context("spawn").Process(target=_rehearse_aside, daemon=True)
    other.start()
    prepare(steps)
    rehearse_copies()
    other.join()  # what it leaves undone, if it dies, is compiled when it is first called


def is_compiled(steps: Steps) -> bool:
    """Whether there is nothing left to do for `get_ready`: by a function of each room in use."""
    rooms = [relate, learn_rows]
    if steps.entities or steps.sentiment:
        rooms.append(look_up)
    if steps.sentiment:
        rooms.append(list_cues)
    return all(map(is_kept, rooms))


def _rehearse_aside() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    rehearse()
