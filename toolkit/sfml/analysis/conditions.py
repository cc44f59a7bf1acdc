"""When a line of the program is reached, as far as its text says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """When a statement is reached."""

    never: bool = False
    gpu: bool = False  # where there is a GPU
    without_gpu: bool = False  # where there is none
    option: bool = False  # when an option that is off by default is given
    uncertain: bool = False  # by something that only the run knows
    unknown: bool = (
        False  # by something that only the run knows, and that speaks of GPUs or depends on options
    )
    tried: bool = False  # in a try block that goes on after a failure

    def __or__(self, other: Condition) -> Condition:
        if other is ALWAYS or self is ALWAYS:
            return self if other is ALWAYS else other
        return Condition(
            never=self.never or other.never,
            gpu=self.gpu or other.gpu,
            without_gpu=self.without_gpu or other.without_gpu,
            option=self.option or other.option,
            uncertain=self.uncertain or other.uncertain,
            unknown=self.unknown or other.unknown,
            tried=self.tried or other.tried,
        )

    @property
    def always(self) -> bool:
        """Whether nothing stands in the way."""
        return self == ALWAYS


ALWAYS = Condition()
NEVER = Condition(never=True)
