"""The local backend: a program of its own that speaks Snowflake's protocol on 127.0.0.1.

``running()`` serves one inside a test::

    with sfml.emulator.running() as connection:
        session = Session.builder.configs(connection).create()
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["running"]


@contextmanager
def running(state: Path | str | None = None, **options: Any) -> Iterator[dict[str, Any]]:
    """A local backend for the length of the block, in a thread of this process.

    Gives the parameters of a connection to it (``snowflake.connector.connect(**parameters)``). ``state`` is
    its directory, kept afterwards; without it a temporary one is used. ``options`` are those of
    :class:`sfml.emulator.settings.Settings`, durations in seconds.
    """
    import tempfile

    from sfml.emulator.server import connection_parameters, in_thread
    from sfml.emulator.settings import Settings

    with tempfile.TemporaryDirectory(prefix="sfml-local-") as temporary:
        settings = Settings(state=Path(state or temporary).resolve(), **options)
        with in_thread(settings) as endpoint:
            yield connection_parameters(endpoint, settings.state)
