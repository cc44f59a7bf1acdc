"""Snapshots of block volumes: one suite for both executors; a module that has it brings ``account``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from service_world import POOL, World

_WITHIN = 120


@pytest.fixture
def schema(account: World) -> Iterator[str]:
    """A schema of the test's own, with a service SVC whose volume has the file ``word``."""
    name = f"snaps_{time.monotonic_ns()}"
    account.sql(f"CREATE SCHEMA local.{name}")
    account.sql(f"USE SCHEMA local.{name}")
    serve(account, "svc", "[ -e $DATA/word ] || echo first > $DATA/word; cat $DATA/word")
    yield f"LOCAL.{name.upper()}"
    account.sql(f"DROP SCHEMA local.{name} CASCADE")


def serve(account: World, name: str, script: str, *options: str, **config: Any) -> None:
    """A service that is RUNNING; ``config`` is its volume's blockConfig."""
    volume = {"name": "data", "source": "block", "size": "2Gi", **({"blockConfig": config} if config else {})}
    script = f"{script}; trap 'exit 0' TERM; sleep 600 & wait $!"
    mounts = [{"name": "data", "mountPath": "/data"}]
    container = account.container(script, volumeMounts=mounts, env={"DATA": "/data"})
    text = json.dumps({"spec": {"containers": [container], "volumes": [volume]}})
    account.sql(
        f"CREATE SERVICE {name} IN COMPUTE POOL {POOL} FROM SPECIFICATION $${text}$$ {' '.join(options)}"
    )
    account.sql(f"CALL {name}!SPCS_WAIT_FOR('RUNNING', {_WITHIN})")


def suspend(account: World, name: str) -> None:
    account.sql(f"ALTER SERVICE {name} SUSPEND")
    account.sql(f"CALL {name}!SPCS_WAIT_FOR('SUSPENDED', {_WITHIN})")


def log(account: World, name: str, wanted: str) -> None:
    """Until the last line of the service's log is that."""
    deadline = time.monotonic() + _WITHIN
    while (found := account.one(f"CALL SYSTEM$GET_SERVICE_LOGS('{name}', 0, 'main', 1)")) != wanted:
        assert time.monotonic() < deadline, f"the log of {name} is {found!r}, not {wanted!r}"
        time.sleep(0.1)


def test_snapshot__taken__is_shown_and_fills_another_services_volume(account: World, schema: str) -> None:
    log(account, "svc", "first")
    answer = account.one("CREATE SNAPSHOT snap FROM SERVICE svc VOLUME \"data\" INSTANCE 0 COMMENT='a word'")
    assert answer == "Snapshot SNAP successfully created."
    (shown,) = account.rows("SHOW SNAPSHOTS LIKE 'sn%'")
    assert shown == account.rows("DESCRIBE SNAPSHOT snap")[0]
    wanted = {
        "name": "SNAP", "state": "CREATED", "service_name": f"{schema}.SVC", "volume_name": "data",
        "instance": "0", "size": 2, "comment": "a word", "encryption": "SNOWFLAKE_SSE",
    }  # fmt: skip
    assert {key: shown[key] for key in wanted} == wanted
    serve(account, "other", "cat $DATA/word", initialContents={"fromSnapshot": "snap"})
    log(account, "other", "first")
    account.sql("ALTER SNAPSHOT snap SET COMMENT='mine'")
    assert account.rows("SHOW SNAPSHOTS")[0]["comment"] == "mine"
    assert account.one("DROP SNAPSHOT snap") == "SNAP successfully dropped."
    assert account.rows("SHOW SNAPSHOTS") == []


def test_restore__of_a_suspended_service__brings_the_files_back_and_keeps_the_others(
    account: World, schema: str
) -> None:
    log(account, "svc", "first")
    account.sql('CREATE SNAPSHOT snap FROM SERVICE svc VOLUME "data" INSTANCE 0')
    suspend(account, "svc")
    serve(account, "later", "echo later > $DATA/word; cat $DATA/word")
    log(account, "later", "later")
    account.sql('CREATE SNAPSHOT later FROM SERVICE later VOLUME "data" INSTANCE 0')
    account.sql('ALTER SERVICE svc RESTORE VOLUME "data" INSTANCES 0 FROM SNAPSHOT later')
    account.sql(f"CALL svc!SPCS_WAIT_FOR('RUNNING', {_WITHIN})")
    log(account, "svc", "later")
    names = [row["name"] for row in account.rows("SHOW SNAPSHOTS")]
    assert names[:2] == ["LATER", "SNAP"]
    assert [name.startswith("SYS_BACKUP_ON_DELETE") for name in names[2:]] == [True]
    serve(account, "back", "cat $DATA/word", initialContents={"fromSnapshot": names[2]})
    log(account, "back", "first")


@pytest.mark.parametrize(("asked", "left"), [({}, 1), ({"snapshotOnDelete": False}, 0)])
def test_drop_force__volume__leaves_a_snapshot_unless_told_not_to(
    account: World, schema: str, asked: dict[str, bool], left: int
) -> None:
    serve(account, "going", "echo kept > $DATA/word; cat $DATA/word", **asked)
    log(account, "going", "kept")
    account.sql("DROP SERVICE going FORCE")
    found = account.rows("SHOW SNAPSHOTS")
    assert [row["service_name"] for row in found] == [f"{schema}.GOING"] * left
    for row in found:
        serve(account, "heir", "cat $DATA/word", initialContents={"fromSnapshot": row["name"]})
        log(account, "heir", "kept")


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ('CREATE SNAPSHOT s FROM SERVICE svc VOLUME "nothing" INSTANCE 0', "has no block storage volume"),
        ("CREATE SNAPSHOT s FROM SERVICE svc VOLUME data INSTANCE 0", "has no block storage volume 'DATA'"),
        ('CREATE SNAPSHOT s FROM SERVICE svc VOLUME "data" INSTANCE 1', "has no instance 1"),
        ('CREATE SNAPSHOT s FROM SERVICE none VOLUME "data" INSTANCE 0', "does not exist"),
        ('ALTER SERVICE svc RESTORE VOLUME "data" INSTANCES 0 FROM SNAPSHOT none', "does not exist"),
        ('ALTER SERVICE svc RESTORE VOLUME "data" INSTANCES 0 FROM SNAPSHOT snap', "must be suspended"),
        ('CREATE SNAPSHOT snap FROM SERVICE svc VOLUME "data" INSTANCE 0', "already exists"),
    ],
)
def test_snapshot__cannot_be__is_refused_and_changes_nothing(
    account: World, schema: str, statement: str, text: str
) -> None:
    account.sql('CREATE SNAPSHOT snap FROM SERVICE svc VOLUME "data" INSTANCE 0')
    with pytest.raises(ProgrammingError, match=text):
        account.sql(statement)
    assert [row["name"] for row in account.rows("SHOW SNAPSHOTS")] == ["SNAP"]


def test_service__snapshot_of_other_encryption__is_refused(account: World, schema: str) -> None:
    account.sql('CREATE SNAPSHOT snap FROM SERVICE svc VOLUME "data" INSTANCE 0')
    with pytest.raises(ProgrammingError, match="has encryption SNOWFLAKE_SSE"):
        serve(account, "odd", "true", encryption="SNOWFLAKE_FULL", initialContents={"fromSnapshot": "snap"})
