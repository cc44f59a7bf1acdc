"""An engine with a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine_sql import Sql


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sql]:
    found = Sql(tmp_path_factory.mktemp("engine"))
    yield found
    found.engine.close()
    found.catalog.close()
