"""Compute pools as SHOW tells of them, and what fits on one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sfml import pools
from sfml.errors import InputError, NotFoundError
from sfml.pools import Pool

POOL = Pool(name="P", family="CPU_X64_S", state="IDLE", max_nodes=2)
ROW = {
    "name": "GPU_POOL", "state": "ACTIVE", "min_nodes": 1, "max_nodes": 3, "instance_family": "GPU_NV_S",
    "num_services": 1, "num_jobs": 2, "auto_suspend_secs": 300, "auto_resume": "true", "active_nodes": 2,
    "idle_nodes": 1, "target_nodes": 3, "owner": "R", "comment": None,
}  # fmt: skip


class Server:
    """Answers SHOW with its rows, everything else with a status; remembers what was sent."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = rows
        self.sent: list[str] = []

    def __call__(self, statement: str) -> Sequence[dict[str, Any]]:
        self.sent.append(statement)
        return list(self.rows) if statement.startswith("SHOW") else [{"status": "done"}]


def test_find_pool__is_there__has_what_show_says() -> None:
    found = pools.find_pool(Server(ROW), "gpu_pool")
    assert (found.family, found.running_nodes, found.auto_resume) == ("GPU_NV_S", 3, True)


def test_find_pool__suspended__has_no_running_nodes() -> None:
    assert pools.find_pool(Server({**ROW, "state": "SUSPENDED"}), "GPU_POOL").running_nodes == 0


def test_find_pool__is_not_there__names_the_nearest() -> None:
    with pytest.raises(NotFoundError) as raised:
        pools.find_pool(Server(ROW), "GPU_POL")
    assert "Did you mean 'GPU_POOL'?" in str(raised.value.hint)


def test_check_pool__job_does_not_fit__says_why() -> None:
    pools.check_pool(POOL, nodes=2)
    with pytest.raises(InputError, match="3 nodes are more"):
        pools.check_pool(POOL, nodes=3)
    with pytest.raises(InputError, match="has no GPU"):
        pools.check_pool(POOL, nodes=1, gpu=True)


def test_check_pool__stopped_for_good__names_the_command_that_starts_it() -> None:
    stopped = Pool(name="my pool", family="CPU_X64_S", state="SUSPENDED", max_nodes=2, auto_resume=False)
    with pytest.raises(InputError) as raised:
        pools.check_pool(stopped, nodes=1)
    assert raised.value.hint == 'sfml pool resume "my pool"'


def test_create__same_name_is_there__changes_nothing() -> None:
    server = Server(ROW)
    with pytest.raises(InputError, match="already"):
        pools.create(server, "gpu_pool", family="GPU_NV_S")
    assert all(statement.startswith("SHOW") for statement in server.sent)


def test_create__new__costs_nothing_until_it_is_used() -> None:
    server = Server()
    assert pools.create(server, "p", family="CPU_X64_XS") == "done"
    assert "INITIALLY_SUSPENDED = TRUE AUTO_SUSPEND_SECS = 300" in server.sent[-1]


def test_drop__holds_services__is_refused_here() -> None:
    server = Server(ROW)
    with pytest.raises(InputError, match="holds a service"):
        pools.drop(server, pools.find_pool(server, "GPU_POOL"))
    assert "DROP" not in server.sent[-1]


def test_known_family__misspelt__names_the_nearest() -> None:
    assert pools.known_family("gpu_nv_s") == "GPU_NV_S"
    with pytest.raises(InputError) as raised:
        pools.known_family("GPU_NVS")
    assert "GPU_NV_S" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("family", "nodes", "text"),
    [
        ("CPU_X64_S", 3, "0.33 credits/h"),
        ("GPU_NV_L", 1, "14.12 credits/h"),
        ("GEN_X64_G2_2", 2, "price not published"),
    ],
)
def test_price_text__nodes__are_multiplied(family: str, nodes: int, text: str) -> None:
    assert pools.price_text(pools.node_price(family), nodes=nodes) == text
