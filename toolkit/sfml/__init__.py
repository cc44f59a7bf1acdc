"""Dev images, container specs and ML Jobs on Snowflake, one command each."""

__version__ = "0.1.0"
