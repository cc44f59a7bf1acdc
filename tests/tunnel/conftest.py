from __future__ import annotations

from collections.abc import Iterator

import pytest

from tunnels import EchoTarget


@pytest.fixture
def echo() -> Iterator[EchoTarget]:
    target = EchoTarget()
    yield target
    target.close()
