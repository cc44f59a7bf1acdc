"""The first things that an ML Job needs, in a container; the whole suite runs in tests/containers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_backend import LocalBackend
from mljob_operations import (
    serve,
    session,
    shared,
    submit,
    test_submit_file__fails__exception_and_traceback_come_back,
    test_submit_file__hostile_arguments__arrive_as_they_are,
)
from pods import api, left

__all__ = [
    "api",
    "session",
    "shared",
    "submit",
    "test_submit_file__fails__exception_and_traceback_come_back",
    "test_submit_file__hostile_arguments__arrive_as_they_are",
]


@pytest.fixture(scope="module")
def backend(api: Any, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBackend]:
    state = tmp_path_factory.mktemp("backend") / "state"
    yield from serve(shared, state, "--executor", "docker")
    assert left(api, state) == []
