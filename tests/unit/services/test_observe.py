"""Rows of SHOW and of table functions, as evidence."""

from __future__ import annotations

from typing import Any

from sfml.errors import RefusedError
from sfml.services import observe
from sfml.services.evidence import ContainerState, Subject
from sfml.services.status import JobStatus

CONTAINER = {
    "database_name": "D", "schema_name": "S", "service_name": "J",
    "service_status": "FAILED", "instance_id": "0", "instance_status": "FAILED",
    "container_name": "main", "status": "FAILED",
    "message": "User application error, check container logs", "image_name": "host/d/s/r/i:1",
    "image_digest": "sha256:00", "restart_count": 0, "start_time": "", "last_exit_code": 3,
    "last_restart_time": None,
}  # fmt: skip
NONE_YET = {**CONTAINER, "instance_id": None, "container_name": None, "status": None, "last_exit_code": None}
EVENT = {
    "TIMESTAMP": "2026-11-21 10:00:00", "SEVERITY": "ERROR", "EVENT_NAME": "CONTAINER.STATUS_CHANGE",
    "EVENT_DETAILS": '{"status": "PENDING", "message": "Failed to pull image"}', "INSTANCE_ID": 0,
    "CONTAINER_NAME": "main", "RECORD": "{}", "RECORD_ATTRIBUTES": "{}",
}  # fmt: skip


def test_containers__one_failed__has_its_code() -> None:
    (found,) = observe.containers(lambda _: [CONTAINER], "D.S.J")
    assert found == ContainerState(
        name="main", instance="0", status="FAILED", message="User application error, check container logs",
        image="host/d/s/r/i:1", restarts=0, exit_code=3,
    )  # fmt: skip


def test_containers__no_instance_yet__none() -> None:
    assert observe.containers(lambda _: [NONE_YET], "D.S.J") == []


def test_events__details__are_read() -> None:
    (found,) = observe.events(lambda _: [EVENT], "D.S.J")
    assert (found.container, found.instance, found.message) == ("main", "0", "Failed to pull image")


def test_images__several_tags__each_is_an_image() -> None:
    rows = [{"image_name": "a", "tags": "1, latest"}, {"image_name": "b", "tags": None}]
    seen: list[str] = []

    def query(statement: str) -> list[dict[str, Any]]:
        seen.append(statement)
        return rows

    assert observe.images(query, "org-acc.registry.snowflakecomputing.com/d/s/r/a:3") == [
        "a:1",
        "a:latest",
        "b:latest",
    ]
    assert seen == ["SHOW IMAGES IN IMAGE REPOSITORY D.S.R"]


def test_images__not_allowed_or_no_repository__unknown() -> None:
    def refuse(_: str) -> list[dict[str, Any]]:
        raise RefusedError("no")

    assert observe.images(refuse, "/d/s/r/a:3") is None
    assert observe.images(refuse, "a:3") is None


def test_gather__what_the_role_may_not_see__is_left_out() -> None:
    def query(statement: str) -> list[dict[str, Any]]:
        if "CONTAINERS" in statement:
            return [CONTAINER]
        raise RefusedError("no")

    status = JobStatus(
        job_id="D.S.J",
        status="FAILED",
        compute_pool="P",
        nodes=1,
        owner="R",
        created=None,
        ended=None,
        message=None,
    )
    found = observe.gather(query, status, Subject(name="D.S.J", kind="job"), lines={})
    assert (len(found.containers), list(found.events), found.pool, found.role) == (1, [], None, "R")
