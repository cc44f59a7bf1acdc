"""Snapshots of block volumes in containers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pods import api, left
from service_world import World, world
from snapshot_operations import (
    schema,
    test_drop_force__volume__leaves_a_snapshot_unless_told_not_to,
    test_restore__of_a_suspended_service__brings_the_files_back_and_keeps_the_others,
    test_snapshot__taken__is_shown_and_fills_another_services_volume,
)

__all__ = [
    "api",
    "schema",
    "test_drop_force__volume__leaves_a_snapshot_unless_told_not_to",
    "test_restore__of_a_suspended_service__brings_the_files_back_and_keeps_the_others",
    "test_snapshot__taken__is_shown_and_fills_another_services_volume",
]


@pytest.fixture(scope="module")
def account(api: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    state = tmp_path_factory.mktemp("backend") / "state"
    with world(state, api) as made:
        yield made
    assert left(api, state) == []
