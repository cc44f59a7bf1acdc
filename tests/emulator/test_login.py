"""Logging in, staying in, and leaving, with the connector."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from snowflake.connector import connect as plain_connect
from snowflake.connector.errors import DatabaseError, ProgrammingError

from local_backend import LocalBackend, start

Connect = Callable[..., Any]


def test_login__own_user__lands_where_its_defaults_say(connect: Connect) -> None:
    connection = connect(database=None, schema=None, warehouse=None, role=None)
    assert (connection.database, connection.schema) == ("LOCAL", "PUBLIC")
    assert (connection.role, connection.warehouse) == ("ACCOUNTADMIN", "COMPUTE_WH")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"password": "wrong"}, 390100),
        ({"user": "nobody"}, 390100),
        ({"role": "NO_SUCH_ROLE"}, 390189),
        ({"authenticator": "oauth", "token": "wrong", "user": None, "password": None}, 390303),
        ({"authenticator": "programmatic_access_token", "token": "wrong", "password": None}, 394400),
        ({"database": "NO_SUCH", "validate_default_parameters": True}, 390201),
    ],
)
def test_login__refused__at_once_with_its_code(
    connect: Connect, parameters: dict[str, Any], code: int
) -> None:
    begun = time.monotonic()
    with pytest.raises(DatabaseError) as caught:
        connect(**parameters)
    assert caught.value.errno == code
    assert time.monotonic() - begun < 60  # a refusal that the connector retries takes its login_timeout, 300


def test_login__unknown_schema__the_connection_names_it_and_works_without(connect: Connect) -> None:
    connection = connect(schema="NO_SUCH_SCHEMA")
    assert connection.schema == "NO_SUCH_SCHEMA"
    with pytest.raises(ProgrammingError, match="does not exist"):
        connection.cursor().execute('use schema "NO_SUCH_SCHEMA"')
    assert connection.cursor().execute("select current_schema()").fetchone() == (None,)


def test_login__unknown_database__no_current_database(connect: Connect) -> None:
    connection = connect(database="NO_SUCH_DATABASE")
    assert connection.cursor().execute("select current_database()").fetchone() == (None,)


def test_login__session_parameters__in_force(connect: Connect) -> None:
    connection = connect(session_parameters={"QUERY_TAG": "mine"})
    rows = connection.cursor().execute("show parameters like 'QUERY_TAG' in session").fetchall()
    assert rows[0][:2] == ("QUERY_TAG", "mine")


def test_login__key_pair__registered_with_alter_user(connect: Connect, backend: LocalBackend) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = base64.b64encode(
        key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    parameters = {"authenticator": "SNOWFLAKE_JWT", "private_key": private, "password": None, "user": "KEYED"}
    cursor = connect().cursor()
    cursor.execute("create user keyed default_role = public")
    with pytest.raises(DatabaseError):
        connect(**parameters, role="PUBLIC")
    cursor.execute(f"alter user keyed set rsa_public_key = '{public}'")
    assert connect(**parameters, role="PUBLIC").user == "KEYED"


def test_close__session__its_token_is_worth_nothing(connect: Connect) -> None:
    connection = connect()
    rest = connection.rest
    token, master = rest.token, rest.master_token
    connection.close()
    other = connect()
    other.rest.update_tokens(token, master)
    with pytest.raises(ProgrammingError) as caught:
        other.cursor().execute("select 1")
    assert caught.value.errno == 390111


def test_heartbeat__open_session__valid(connect: Connect) -> None:
    connection = connect()
    assert connection.is_valid()
    connection.close()
    assert not connection.is_valid()


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBackend]:
    """A server whose tokens end after a second, and whose sessions after three."""
    server = start(
        tmp_path_factory.mktemp("hasty") / "state", "--session-lifetime", "1", "--master-lifetime", "3"
    )
    yield server
    server.stop()


@pytest.mark.slow
def test_session_token__expired__the_connector_renews_it_unseen(hasty: LocalBackend) -> None:
    with plain_connect(**hasty.parameters()) as connection:
        before = connection.rest.token
        time.sleep(1.2)
        assert connection.cursor().execute("select 1").fetchone() == (1,)
        assert connection.rest.token != before


@pytest.mark.slow
def test_master_token__expired__the_user_must_log_in_again(hasty: LocalBackend) -> None:
    connection = plain_connect(**hasty.parameters())
    time.sleep(3.2)
    with pytest.raises(ProgrammingError) as caught:
        connection.cursor().execute("select 1")
    assert caught.value.errno == 390114
    assert connection.expired
    connection.close()


@pytest.mark.slow
def test_server__started_again__same_password_and_the_old_session_is_gone(tmp_path: Path) -> None:
    first = start(tmp_path / "state")
    parameters = first.parameters()
    connection = plain_connect(**parameters)
    port = str(first.endpoint["port"])
    first.kill()
    second = start(tmp_path / "state", "--port", port)
    try:
        with pytest.raises(ProgrammingError) as caught:
            connection.cursor().execute("select 1")
        assert caught.value.errno == 390111
        plain_connect(**parameters).close()
    finally:
        second.stop()
