import typing as t

if t.TYPE_CHECKING:
    from plotly.graph_objects import Figure
else:
    import polars as pl

print(pl.DataFrame({"x": [1]}))
