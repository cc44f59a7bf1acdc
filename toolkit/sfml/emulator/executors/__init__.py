"""Executors: what turns one instance of a job into running code, and reports how it ended."""
