# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "polars>=1.0,<2",
#   "rich",
#   "numpy",
# ]
# ///
import polars as pl
from rich import print

print(pl.DataFrame({"x": [1, 2]}).describe())
