import httpx
import polars as pl

print(pl.DataFrame({"x": [1]}), httpx.__version__)
