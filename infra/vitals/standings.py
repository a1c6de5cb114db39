"""How watched terms stand, by what the embedded shell kept last."""

from __future__ import annotations

from contextlib import closing

from connectors.ledger import read_light_cells
from connectors.store import Store
from infra.settings import Settings
from streams.alarms.standing import Standing, stand
from streams.decide import Decider
from streams.ticks import TICK


def read_standings(settings: Settings) -> dict[str, Standing]:
    """Each term that the decider of a store knows; none while it has decided nothing."""
    options = settings.detector.to_options()
    with closing(Store(settings.store.path, create=False)) as store:
        sight = Decider(options, read_light_cells(store)).sight()
    if sight.now <= TICK:  # it has read the settings that open a journal, and nothing else
        return {}
    found = {name: stand(sight, name, options) for name in sight.state.terms}
    return {name: one for name, one in found.items() if one is not None}
