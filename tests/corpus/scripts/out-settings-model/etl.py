from pathlib import Path

import pandas as pd
from pydantic import BaseModel


class Settings(BaseModel):
    source: Path = Path("in.csv")
    target: Path = Path("out")


settings = Settings()
pd.read_csv(settings.source).to_parquet(settings.target / "rows.parquet")
