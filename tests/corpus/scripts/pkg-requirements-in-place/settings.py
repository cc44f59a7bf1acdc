from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    rows: int = 3
