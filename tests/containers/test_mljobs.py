"""ML Jobs in containers: the suite of all executors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_backend import LocalBackend
from mljob_operations import *  # noqa: F403 - the whole suite
from mljob_operations import serve
from pods import api, left

__all__ = ["api"]


@pytest.fixture(scope="module")
def backend(api: Any, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBackend]:
    state = tmp_path_factory.mktemp("backend") / "state"
    yield from serve(shared, state, "--executor", "docker")
    assert left(api, state) == []
