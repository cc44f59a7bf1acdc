from pathlib import Path

import pandas as pd
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="ETL_")

    source: Path = Path("in.csv")
    target: Path = Path("out")


settings = Settings()
pd.read_csv(settings.source).to_parquet(settings.target / "rows.parquet")
