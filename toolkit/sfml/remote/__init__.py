"""Dev boxes from Python: set up what one needs, connect to it, tear it down."""

from sfml.remote.api import connect, setup, teardown

__all__ = ["connect", "setup", "teardown"]
