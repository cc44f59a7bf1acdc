"""Snapshots of block volumes on the process executor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_backend import LocalBackend
from service_world import POOL, World
from snapshot_operations import (
    schema,
    test_drop_force__volume__leaves_a_snapshot_unless_told_not_to,
    test_restore__of_a_suspended_service__brings_the_files_back_and_keeps_the_others,
    test_service__snapshot_of_other_encryption__is_refused,
    test_snapshot__cannot_be__is_refused_and_changes_nothing,
    test_snapshot__taken__is_shown_and_fills_another_services_volume,
)

__all__ = [
    "schema",
    "test_drop_force__volume__leaves_a_snapshot_unless_told_not_to",
    "test_restore__of_a_suspended_service__brings_the_files_back_and_keeps_the_others",
    "test_service__snapshot_of_other_encryption__is_refused",
    "test_snapshot__cannot_be__is_refused_and_changes_nothing",
    "test_snapshot__taken__is_shown_and_fills_another_services_volume",
]


@pytest.fixture
def account(backend: LocalBackend) -> Iterator[World]:
    from snowflake.connector import connect

    with connect(**backend.parameters()) as connection:
        made = World(backend=backend, connection=connection, image="/local/public/snapshots/app:1")
        made.sql(
            f"CREATE COMPUTE POOL IF NOT EXISTS {POOL} MIN_NODES=1 MAX_NODES=9 INSTANCE_FAMILY=CPU_X64_S"
        )
        made.sql("CREATE IMAGE REPOSITORY IF NOT EXISTS local.public.snapshots")
        yield made
