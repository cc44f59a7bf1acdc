import httpx
import polars as pl
import pydantic_settings

print(pl.DataFrame({"x": [1]}), httpx.__version__, pydantic_settings.__version__)
