"""Network rules, integrations, secrets and image repositories through the connector; jobs that use them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import DictCursor
from snowflake.connector.errors import ProgrammingError

from local_backend import LocalBackend

Connect = Callable[..., Any]
VALUE = "the value that nobody may see"
POOL = "min_nodes = 1 max_nodes = 2 instance_family = CPU_X64_XS"
RULE = "create network rule {} type = host_port mode = egress value_list = ('a.example', 'b.example:8443')"


@pytest.fixture
def rows(connection: Any) -> Callable[[str], list[dict[str, Any]]]:
    def ask(text: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = connection.cursor(DictCursor).execute(text).fetchall()
        return found

    return ask


@pytest.fixture
def integration(cursor: Any) -> str:
    name = f"EAI_{uuid.uuid4().hex[:8].upper()}"
    cursor.execute(
        f"create external access integration {name} enabled = true"
        " allowed_network_rules = (snowflake.external_access.pypi_rule)"
    )
    return name


def refused(cursor: Any, text: str) -> tuple[int | None, str]:
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute(text)
    return caught.value.errno, str(caught.value.msg)


def test_network_rule__from_creation_to_drop__is_shown_as_documented(
    cursor: Any, rows: Any, database: str
) -> None:
    cursor.execute(RULE.format("r"))
    [shown] = rows("show network rules")
    assert list(shown) == [
        "created_on", "name", "database_name", "schema_name", "owner", "comment", "type", "mode",
        "entries_in_valuelist", "owner_role_type",
    ]  # fmt: skip
    assert (shown["name"], shown["database_name"], shown["comment"]) == ("R", database, "")
    assert (shown["type"], shown["mode"], shown["entries_in_valuelist"]) == ("HOST_PORT", "EGRESS", 2)
    cursor.execute("alter network rule r set value_list = ('c.example') comment = 'one'")
    [described] = rows("describe network rule r")
    assert list(described)[-1] == "value_list"
    assert (described["value_list"], described["comment"]) == ("c.example", "one")
    cursor.execute("alter network rule r unset value_list")
    assert rows("describe network rule r")[0]["value_list"] == ""
    assert cursor.execute("drop network rule r").fetchone() == ("R successfully dropped.",)
    assert rows("show network rules") == []


@pytest.mark.parametrize(
    ("options", "errno"),
    [
        ("type = host_port", 1429),
        ("type = host_port mode = ingress value_list = ('a')", 1008),
        ("type = host_port mode = egress value_list = ('http://a')", 1008),
        ("type = host_port mode = egress value_list = ('a:99999')", 1008),
        ("type = host_port mode = egress value_list = (1)", 1008),
        ("type = bogus value_list = ('a')", 1008),
        ("type = host_port mode = egress value_list = ('a') color = 'red'", 1420),
    ],
)
def test_network_rule__bad_options__are_refused(cursor: Any, rows: Any, options: str, errno: int) -> None:
    assert refused(cursor, f"create network rule bad {options}")[0] == errno
    assert rows("show network rules") == []


def test_integration__from_creation_to_drop__is_shown_as_documented(
    cursor: Any, rows: Any, database: str, integration: str
) -> None:
    cursor.execute(RULE.format("r"))
    cursor.execute(f"create secret s type = generic_string secret_string = '{VALUE}'")
    cursor.execute(
        f"alter integration {integration} set enabled = false"
        " allowed_network_rules = (r) allowed_authentication_secrets = (s)"
    )
    [shown] = rows(f"show integrations like '{integration}'")
    assert list(shown) == ["name", "type", "category", "enabled", "comment", "created_on"]
    assert (shown["type"], shown["category"], shown["enabled"]) == (
        "EXTERNAL_ACCESS",
        "EXTERNAL_ACCESS",
        "false",
    )
    found = {row["property"]: row["property_value"] for row in rows(f"desc integration {integration}")}
    assert found == {
        "ENABLED": "false",
        "ALLOWED_NETWORK_RULES": f"{database}.PUBLIC.R",
        "ALLOWED_API_AUTHENTICATION_INTEGRATIONS": "",
        "ALLOWED_AUTHENTICATION_SECRETS": f"{database}.PUBLIC.S",
        "COMMENT": "",
    }
    cursor.execute(f"drop integration {integration}")
    assert rows(f"show external access integrations like '{integration}'") == []


def test_integration__rule_that_cannot_serve__is_refused(cursor: Any) -> None:
    cursor.execute("create network rule inward type = ipv4 value_list = ('10.0.0.1')")
    create = "create external access integration never allowed_network_rules = ({}) enabled = true"
    assert refused(cursor, create.format("nowhere"))[0] == 2003
    assert refused(cursor, create.format("inward"))[0] == 1008
    assert refused(cursor, "create external access integration never enabled = true")[0] == 1429


def test_secret__in_all_answers__has_no_value(
    backend: LocalBackend, cursor: Any, rows: Any, connection: Any
) -> None:
    cursor.execute(f"create secret s type = password username = 'ana' password = '{VALUE}'")
    created = cursor.sfqid
    [shown] = rows("show secrets")
    assert (shown["name"], shown["secret_type"], shown["owner_role_type"]) == ("S", "PASSWORD", "ROLE")
    [described] = rows("describe secret s")
    assert (described["username"], described["comment"], len(described)) == ("ana", None, 16)
    assert VALUE not in f"{shown} {described}"
    kept = connection.rest.request(f"/monitoring/queries/{created}", method="get", client="rest")
    assert VALUE not in json.dumps(kept)
    assert "create secret s" in json.dumps(kept)
    with_value = [path for path in files(backend.state) if VALUE.encode() in content(path)]
    assert [path.parent.name for path in with_value] == ["secrets"]
    assert (with_value[0].stat().st_mode & 0o777, with_value[0].parent.stat().st_mode & 0o777) == (
        0o600,
        0o700,
    )
    cursor.execute("drop secret s")
    assert not with_value[0].exists()


def files(state: Path) -> list[Path]:
    return [path for path in state.rglob("*") if path.is_file()]


def test_secret__its_schema_is_dropped__goes_with_it(
    backend: LocalBackend, cursor: Any, database: str
) -> None:
    cursor.execute("create schema inner_one")
    value = uuid.uuid4().hex
    cursor.execute(f"create secret s type = generic_string secret_string = '{value}'")
    cursor.execute(f"drop schema {database}.inner_one")
    assert not [path for path in files(backend.state) if value.encode() in content(path)]


@pytest.mark.parametrize(
    ("options", "errno"),
    [
        ("secret_string = 'v'", 1429),
        ("type = generic_string", 1429),
        ("type = password username = 'u'", 1429),
        ("type = generic_string secret_string = 'v' password = 'p'", 1420),
        ("type = generic_string secret_string = 12", 1008),
        ("type = oauth2 secret_string = 'v'", 2),
    ],
)
def test_secret__bad_options__are_refused(cursor: Any, rows: Any, options: str, errno: int) -> None:
    assert refused(cursor, f"create secret bad {options}")[0] == errno
    assert rows("show secrets") == []


def test_image_repository__created__has_its_address(cursor: Any, rows: Any, database: str) -> None:
    answer = cursor.execute("create image repository images").fetchone()
    assert answer == ("Image Repository IMAGES successfully created.",)
    assert refused(cursor, "create image repository images")[0] == 2002
    [shown] = rows("show image repositories")
    assert re.fullmatch(rf"127\.0\.0\.1:\d+/{database.lower()}/public/images", shown["repository_url"])
    assert (shown["encryption"], shown["privatelink_repository_url"]) == ("SNOWFLAKE_FULL", "")
    assert refused(cursor, 'create image repository "Mixed"')[0] == 1008
    cursor.execute("drop image repository images")
    assert database not in {row["database_name"] for row in rows("show image repositories in account")}


@pytest.fixture
def weak(connect: Connect, cursor: Any, database: str) -> Any:
    """A cursor of a role that may run jobs in this test's schema, on its pool, and do nothing else."""
    role = f"WEAK_{uuid.uuid4().hex[:8].upper()}"
    for text in (
        f"create role {role}",
        f"grant role {role} to user {connect().user}",
        f"grant usage on database {database} to role {role}",
        f"grant usage, create service on schema public to role {role}",
        f"create compute pool if not exists secret_pool {POOL}",
        f"grant usage on compute pool secret_pool to role {role}",
        "create stage payload",
    ):
        cursor.execute(text)
    return connect(database=database, schema="PUBLIC", role=role).cursor()


def test_privileges__role_without_them__creates_sees_and_uses_nothing(
    weak: Any, cursor: Any, integration: str
) -> None:
    cursor.execute("create secret s type = generic_string secret_string = 'v'")
    create = "allowed_network_rules = (snowflake.external_access.pypi_rule) enabled = true"
    assert refused(weak, f"create external access integration no_eai {create}")[0] == 3001
    assert refused(weak, RULE.format("r"))[0] == 3001
    assert refused(weak, "create secret t type = generic_string secret_string = 'v'")[0] == 3001
    assert refused(weak, "create image repository i")[0] == 3001
    for text in ("describe secret s", "drop secret s", f"describe integration {integration}"):
        assert refused(weak, text)[0] == 2003
    assert weak.execute("show secrets").fetchall() == []
    assert weak.execute(f"show integrations like '{integration}'").fetchall() == []
    assert refused(weak, job(integrations=[integration]))[0] == 2003
    assert refused(weak, job(secrets=[{**STRING, "snowflakeSecret": "s"}]))[0] == 2003


def test_privileges__granted_one_by_one__suffice(weak: Any, cursor: Any, database: str) -> None:
    role, name = weak.connection.role, f"EAI_{uuid.uuid4().hex[:8].upper()}"
    create = f"create external access integration {name} enabled = true allowed_network_rules = (r)"
    cursor.execute(RULE.format("r"))
    cursor.execute(f"grant create integration on account to role {role}")
    assert refused(weak, create)[0] == 2003
    cursor.execute(f"grant usage on network rule r to role {role}")
    weak.execute(create)
    weak.execute(f"alter integration {name} set enabled = false")
    cursor.execute(f"grant create secret, create image repository on schema public to role {role}")
    weak.execute("create secret mine type = generic_string secret_string = 'v'")
    weak.execute("create image repository mine")
    assert [row[1] for row in weak.execute("show secrets").fetchall()] == ["MINE"]
    weak.execute(f"drop integration {name}")


STRING = {"snowflakeSecret": "text", "envVarName": "TEXT", "secretKeyRef": "secret_string"}
SCRIPT = 'test "$TEXT" = "$WANTED" && test "$(cat /creds/password)" = "$WANTED" && cat /creds/username'


def job(
    *, integrations: list[str] | None = None, secrets: list[dict[str, Any]] | None = None, text: str = "true"
) -> str:
    spec = {
        "STAGE_PATH": "@payload",
        "ARGS": ["bash", "-c", text],
        "RUNTIME": "/images/run:1",
        "SPEC_OVERRIDES": {"spec": {"containers": [{"name": "main", "secrets": secrets or []}]}},
        # Through the environment in two halves: the value itself is nowhere in the specification.
        "ENV_VARS": {"WANTED_1": VALUE[:9], "WANTED_2": VALUE[9:]},
    }
    asked = {"EXTERNAL_ACCESS_INTEGRATIONS": integrations or [], "GENERATE_SUFFIX": True}
    quoted = (json.dumps(part).replace("\\", "\\\\").replace("'", "''") for part in (spec, asked))
    return "call system$execute_ml_job('J_', 'secret_pool', '{}', '{}')".format(*quoted)


def content(path: Path) -> bytes:
    """What the file holds; nothing where the server has removed it meanwhile."""
    with suppress(FileNotFoundError):
        return path.read_bytes()
    return b""


def test_job__granted_integration_and_secrets__finds_their_values(
    backend: LocalBackend, weak: Any, cursor: Any, integration: str
) -> None:
    cursor.execute(f"create secret text type = generic_string secret_string = '{VALUE}'")
    cursor.execute(f"create secret pair type = password username = 'ana' password = '{VALUE}'")
    cursor.execute(f"grant usage on integration {integration} to role {weak.connection.role}")
    for secret in ("text", "pair"):
        cursor.execute(f"grant read on secret {secret} to role {weak.connection.role}")
    entries = [STRING, {"snowflakeSecret": {"objectName": "public.pair"}, "directoryPath": "/creds"}]
    script = f'WANTED="$WANTED_1$WANTED_2"; {SCRIPT}'
    [name] = weak.execute(job(integrations=[integration.lower()], secrets=entries, text=script)).fetchone()
    weak.execute(f"select system$get_service_logs('{name}', 0, 'main')")
    assert weak.fetchone()[0].strip() == "ana"
    [described] = weak.connection.cursor(DictCursor).execute(f"describe service {name}").fetchall()
    assert described["external_access_integrations"].find(integration) >= 0
    assert VALUE not in str(described)
    with_value = [path for path in files(backend.state) if VALUE.encode() in content(path)]
    assert {path.parent.name for path in with_value} == {"secrets"}


@pytest.mark.parametrize(
    ("entry", "errno"),
    [
        ({**STRING, "snowflakeSecret": "nowhere"}, 2003),
        ({**STRING, "secretKeyRef": "password"}, 395018),
        ({**STRING, "secretKeyRef": ""}, 395018),
        ({**STRING, "directoryPath": "/creds"}, 395018),
        ({"snowflakeSecret": "text"}, 395018),
        ({"snowflakeSecret": "text", "directoryPath": "creds"}, 395018),
        ({**STRING, "key": "x"}, 395018),
    ],
)
def test_job__bad_secret__is_refused(weak: Any, cursor: Any, entry: dict[str, Any], errno: int) -> None:
    cursor.execute(f"create secret text type = generic_string secret_string = '{VALUE}'")
    assert refused(cursor, job(secrets=[entry]))[0] == errno


def test_job__integration_absent_or_disabled__is_refused(weak: Any, cursor: Any, integration: str) -> None:
    errno, text = refused(cursor, job(integrations=["nowhere_eai"]))
    assert (errno, "Integration 'NOWHERE_EAI' does not exist" in text) == (2003, True)
    cursor.execute(f"alter external access integration {integration} set enabled = false")
    errno, text = refused(cursor, job(integrations=[integration]))
    assert (errno, "is not enabled" in text) == (1008, True)
