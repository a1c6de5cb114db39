"""What an operator may set of the detector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from streams.alarms.gates import Options


class DetectorTable(BaseModel):
    """`[detector]`: when a burst rings, and how much is remembered; as `Options` of the gates.

    Least `window_seconds`: the longest window and what baselines learn from behind it. An alarm is
    remembered for a day, hence the most of `refractory_seconds`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    chance_per_day: Annotated[float, Field(gt=0, le=1_000)] = 4.0
    origins: Annotated[int, Field(ge=1, le=1_000)] = 4
    owners: Annotated[int, Field(ge=1, le=1_000)] = 3
    coverage: Annotated[float, Field(ge=0, le=1)] = 0.3
    warm_hours: Annotated[float, Field(ge=0, le=8_760)] = 24.0
    escalation: Annotated[float, Field(gt=0, le=10)] = 0.5
    refractory_seconds: Annotated[int, Field(ge=0, le=86_400)] = 86_400
    quiet_seconds: Annotated[int, Field(ge=0, le=86_400)] = 1_800
    window_seconds: Annotated[int, Field(ge=93_600, le=604_800)] = 259_200
    window_documents: Annotated[int, Field(ge=1_000, le=10_000_000)] = 1_000_000

    def to_options(self) -> Options:
        """The same as the decider takes it."""
        from streams.alarms.gates import Options

        return Options(**self.model_dump())
