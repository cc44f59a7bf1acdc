"""Thirty services at once, asked for in SQL from several connections, in containers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pods import api, left
from service_world import World, joined, world

__all__ = ["api"]
MANY, CONNECTIONS = 30, 3
POOL = "WIDE_POOL"
WITHIN = 600
SCRIPT = "trap 'exit 0' TERM; echo $SNOWFLAKE_SERVICE_NAME; sleep 1000 & wait $!"


@pytest.fixture
def account(api: Any, tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "state", api) as made:
        made.sql(f"CREATE COMPUTE POOL {POOL} MIN_NODES=1 MAX_NODES={MANY} INSTANCE_FAMILY=CPU_X64_S")
        yield made
    assert left(api, tmp_path / "state") == []


def create(account: World, numbers: range) -> None:
    """Services with these numbers, from a connection of their own."""
    spec = json.dumps({"spec": {"containers": [account.container(SCRIPT)]}})
    with joined(account.backend) as own:
        for number in numbers:
            own.sql(f"CREATE SERVICE s{number} IN COMPUTE POOL {POOL} FROM SPECIFICATION $${spec}$$")


def statuses(account: World) -> dict[str, str]:
    return {row["name"]: row["status"] for row in account.rows("SHOW SERVICES")}


def test_services__thirty_at_once__all_run_and_all_go(account: World) -> None:
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        parts = [range(first, MANY, CONNECTIONS) for first in range(CONNECTIONS)]
        list(threads.map(lambda part: create(account, part), parts))
    names = [f"S{number}" for number in range(MANY)]
    deadline = time.monotonic() + WITHIN
    while (found := statuses(account)) != dict.fromkeys(names, "RUNNING"):
        assert time.monotonic() < deadline, found
        time.sleep(1)
    (pool,) = account.rows(f"SHOW COMPUTE POOLS LIKE '{POOL}'")
    assert (pool["num_services"], pool["active_nodes"]) == (MANY, MANY)
    assert [account.log(name) for name in names] == names
    account.sql(f"ALTER COMPUTE POOL {POOL} STOP ALL")
    assert statuses(account) == {}
