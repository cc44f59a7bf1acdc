"""An account whose statements are handled right here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from handled import Account


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    found = Account(tmp_path)
    yield found
    found.close()
