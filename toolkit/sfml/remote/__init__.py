"""Dev boxes from Python: set up what one needs, connect to it, tear it down.

The functions are loaded when they are asked for: ssh waits for ``sfml.remote.proxy``, which lies beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfml.remote.api import connect, setup, teardown

__all__ = ["connect", "setup", "teardown"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sfml.remote import api

    return getattr(api, name)
