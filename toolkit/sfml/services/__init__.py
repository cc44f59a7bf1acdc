"""Services and jobs in containers: run them, watch them, manage them, explain what went wrong."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfml.services.api import create_service, drop_service, get_service, run_job

__all__ = ["create_service", "drop_service", "get_service", "run_job"]


def __getattr__(name: str) -> Any:
    """The functions come when they are asked for: the package's parts are also used one by one."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sfml.services import api

    return getattr(api, name)
