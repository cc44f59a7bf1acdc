"""The local backend: a program of its own that speaks Snowflake's protocol on 127.0.0.1."""
