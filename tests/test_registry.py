"""Changes of settings: what cannot be read changes nothing, and stops nothing."""

from typing import get_args, get_type_hints

import pytest

from streams.models import Setting
from streams.registry import fold_setting
from streams.state import State
from tests.rows import at

KINDS = get_args(get_type_hints(Setting)["what"])


@pytest.mark.parametrize("what", sorted({*KINDS} - {"ack"}))
def test_a_value_that_cannot_be_read_changes_nothing(what: str) -> None:
    state = State()
    row = Setting(seen_at=at("12:00"), id="1", what=what, key="x", value={"x": []})  # type: ignore[arg-type]
    fold_setting(state, row)
    tables = (state.terms, state.sources, state.owners, state.mutes, state.expectations)
    assert not any(tables)
