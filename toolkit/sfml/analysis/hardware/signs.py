"""A sign that a program wants a GPU, as strong as the condition that it stands under leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sfml.analysis.conditions import Condition
from sfml.analysis.findings import Evidence, Gpu


@dataclass(frozen=True, slots=True)
class Sign:
    """What one line says."""

    gpu: Gpu
    evidence: Evidence


def sign(gpu: Gpu | None, condition: Condition, where: Evidence) -> Iterator[Sign]:
    """The sign of a line, if it is one: behind a question for GPUs, or an option, a need is only a use."""
    if gpu in {None, Gpu.NEVER} or condition.never or (condition.without_gpu and not condition.gpu):
        return
    softened = condition.gpu or condition.option or condition.unknown or condition.tried
    yield Sign(Gpu.USES if softened or gpu is None else gpu, where)
