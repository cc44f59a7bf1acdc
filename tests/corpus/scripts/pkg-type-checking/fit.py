from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from plotly.graph_objects import Figure


def mean(frame: pl.DataFrame) -> float:
    return float(np.mean(frame))


def plot(frame: pl.DataFrame) -> Figure: ...


print(mean([1.0, 2.0]))
