"""An executor on the real engine, and runs on it."""

from pods import api, executor, runs, server

__all__ = ["api", "executor", "runs", "server"]
