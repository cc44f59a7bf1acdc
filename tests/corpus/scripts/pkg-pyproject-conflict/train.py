import polars as pl

print(pl.DataFrame({"x": [1]}))
