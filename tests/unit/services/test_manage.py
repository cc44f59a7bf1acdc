"""Services as SHOW and DESCRIBE tell of them, and what can be done with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sfml import sql
from sfml.errors import InputError, RefusedError
from sfml.services import manage

SPEC = """\
---
spec:
  containers:
  - name: "web"
    image: "host/db/s/r/web:1"
    sha256: "@sha256:00"
    env:
      PORT: "8080"
  - name: "side"
    image: "host/db/s/r/side:1"
    sha256: "@sha256:01"
"""
ROW = {
    "name": "WEB",
    "status": "RUNNING",
    "database_name": "DB",
    "schema_name": "S",
    "owner": "R",
    "compute_pool": "P",
    "dns_name": "web.abcd.svc.spcs.internal",
    "current_instances": 2,
    "target_instances": 2,
    "auto_resume": "true",
    "external_access_integrations": '["PYPI_EAI", "HF_EAI"]',
    "created_on": "2026-11-21 10:00:00",
    "comment": None,
    "is_job": "false",
    "is_async_job": "false",
    "spec": SPEC,
}


class Server:
    """Answers everything with its rows, or raises what it was given; remembers what was sent."""

    def __init__(self, *rows: dict[str, Any], error: Exception | None = None) -> None:
        self.rows, self.error = rows, error
        self.sent: list[str] = []

    def __call__(self, statement: str) -> Sequence[dict[str, Any]]:
        self.sent.append(statement)
        if self.error:
            raise self.error
        return list(self.rows)


def test_subject__described_service__has_what_is_to_be_followed() -> None:
    found = manage.subject(Server(ROW), "db.s.web")
    assert (found.name, found.kind, found.instances) == ("DB.S.WEB", "service", 2)
    assert found.containers == ("web", "side")
    assert found.integrations == ("PYPI_EAI", "HF_EAI")
    assert found.spec is not None
    assert found.spec.spec.containers[0].env == {"PORT": "8080"}


def test_subject__spec_is_not_shown_to_this_role__containers_come_from_show() -> None:
    containers = {
        "container_name": "main", "instance_id": "0", "status": "READY", "message": None, "image_name": None,
        "restart_count": 0, "last_exit_code": None,
    }  # fmt: skip
    found = manage.subject(Server({**ROW, "spec": None, **containers}), "db.s.web")  # one row serves both
    assert (found.spec, found.containers) == (None, ("main",))


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"is_job": "true", "is_async_job": "true"}, "job"),
        ({"is_job": False, "is_async_job": False}, "service"),
        ({"is_async_job": "true"}, "job"),  # SHOW JOB SERVICES
        ({}, "service"),  # SHOW SERVICES EXCLUDE JOBS
    ],
)
def test_services__columns_of_each_show__tell_jobs_from_services(columns: dict[str, Any], kind: str) -> None:
    row = {key: value for key, value in ROW.items() if key not in ("is_job", "is_async_job", "spec")}
    (found,) = manage.services(Server({**row, **columns}))
    assert found.kind == kind


def test_services__no_integrations__none() -> None:
    (found,) = manage.services(Server({**ROW, "external_access_integrations": None}))
    assert found.integrations == ()


@pytest.mark.parametrize(
    ("row", "port", "url"),
    [
        ({"port": 80, "port_range": None, "ingress_url": "a-b.host.app"}, "80", "https://a-b.host.app"),
        ({"port": None, "port_range": "1-9", "ingress_url": None}, "1-9", None),
        ({"port": 80, "port_range": "", "ingress_url": "http://x.localhost:1"}, "80", "http://x.localhost:1"),
        (
            {"port": 80, "port_range": None, "ingress_url": "Endpoints provisioning in progress"},
            "80",
            "Endpoints provisioning in progress",
        ),
    ],
)
def test_endpoints__address__is_a_url_once_it_is_one(row: dict[str, Any], port: str, url: str | None) -> None:
    (found,) = manage.endpoints(Server({"name": "e", "protocol": "HTTP", "is_public": "true", **row}), "s")
    assert (found.port, found.url, found.public) == (port, url, True)


def test_change__job__is_refused_here() -> None:
    server = Server({**ROW, "is_job": "true"})
    with pytest.raises(InputError, match="is a job"):
        manage.change(server, manage.describe(server, "web"), "SUSPEND")
    assert not [statement for statement in server.sent if statement.startswith("ALTER")]


class ConnectorError(Exception):
    """As the connector raises it: with Snowflake's number."""

    errno = 395085


def test_drop__block_volumes__names_the_flag_that_deletes_them() -> None:
    error = RefusedError("Failed to drop service WEB since it contains block storage volumes.")
    error.__cause__ = ConnectorError()
    with pytest.raises(InputError, match="has block volumes") as raised:
        manage.drop(Server(error=error), "db.s.web")
    assert "--force" in str(raised.value.hint)


def test_drop__force__says_so_in_the_statement() -> None:
    server = Server({"status": "WEB successfully dropped."})
    assert manage.drop(server, "db.s.web", force=True) == "WEB successfully dropped."
    assert server.sent == [sql.drop_service("db.s.web", force=True)]
