"""What all commands stand on: how they end."""

import pytest

from infra.commands.ground import judge


def test_ctrl_c_within_a_compiled_loop_is_ctrl_c() -> None:
    """CPython reports it as a SystemError: a function returned a result with an exception set."""

    @judge
    def command() -> None:
        raise SystemError("returned a result with an exception set") from KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        command()


def test_a_bug_stays_loud() -> None:
    @judge
    def command() -> None:
        raise SystemError("something else")

    with pytest.raises(SystemError):
        command()
