"""A fixture for users' own tests; pytest finds it by itself where sfml is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sfml.emulator import running


@pytest.fixture(scope="session")
def local_snowflake() -> Iterator[dict[str, Any]]:
    """The parameters of a connection to a local backend that lives as long as the test session."""
    with running() as connection:
        yield connection
