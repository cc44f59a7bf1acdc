import httpx
import polars as pl

from settings import Settings

print(pl.DataFrame({"x": range(Settings().rows)}), httpx.__version__)
