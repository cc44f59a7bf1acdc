"""Who may pass a public endpoint, with real HTTP clients."""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.parse
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ingress import Endpoint, exchange, get, headers_of, token, told
from local_backend import LocalBackend

pytestmark = pytest.mark.slow

PAGE = "https://app.example.com"


def test_request__no_token__is_sent_to_sign_in(echo: Endpoint) -> None:
    status, headers, _ = get(echo, "/a?b=1")
    assert (status, headers["Location"]) == (302, "/sfc-endpoint/login?next=%2Fa%3Fb%3D1")
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec_WebSocket_Key": "x",
        "Origin": "http://x",
    }
    assert get(echo, "/ws", **upgrade)[0] == 302


@pytest.mark.parametrize("quote", ['"', ""])
def test_request__session_token__reaches_the_container_as_the_user(
    admin: Any, echo: Endpoint, quote: str
) -> None:
    sent = f"Snowflake Token={quote}{token(admin)}{quote}"
    answer = get(echo, "/a?b=1", Authorization=sent, X_Mine="kept")
    assert told(answer)["target"] == "/a?b=1"
    headers = headers_of(answer)
    assert headers["sf-context-current-user"] == "LOCAL"
    assert headers["x-mine"] == "kept"
    assert "authorization" not in headers


def test_request__session_with_arrow_results__is_an_internal_error(
    server: LocalBackend, echo: Endpoint
) -> None:
    from snowflake.connector import connect

    with connect(**server.parameters()) as connection:
        connection.cursor().execute("select 1")
        assert get(echo, "/", token(connection))[0] == 500
        connection.cursor().execute("alter session set PYTHON_CONNECTOR_QUERY_RESULT_FORMAT = 'JSON'")
        assert get(echo, "/", token(connection))[0] == 200
        closed = token(connection)
    assert get(echo, "/", closed)[0] == 401


def test_request__wrong_token__is_refused(echo: Endpoint) -> None:
    status, _, body = get(echo, "/", "nonsense")
    assert status == 401
    assert json.loads(body)["responseType"] == "ERROR"


@pytest.fixture
def visitor(server: LocalBackend, admin: Any) -> Any:
    """A connection of a user with a role of their own, and no other."""
    from snowflake.connector import connect

    name = f"V_{uuid.uuid4().hex[:8].upper()}"
    cursor = admin.cursor()
    cursor.execute(f"create role {name}")
    for place in ("database local", "schema local.public"):
        cursor.execute(f"grant usage on {place} to role {name}")
    cursor.execute(f"create user {name} password = 'secret-{name}' default_role = {name}")
    cursor.execute(f"grant role {name} to user {name}")
    json_results = {"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "json"}
    own = {"user": name, "password": f"secret-{name}", "role": name, "session_parameters": json_results}
    connection = connect(**server.parameters(**own))
    yield connection
    connection.close()


@pytest.mark.parametrize("role", ["visitor", "all_endpoints_usage"])
def test_request__service_role_granted_and_revoked__is_let_in_and_not(
    admin: Any, visitor: Any, echo: Endpoint, role: str
) -> None:
    assert get(echo, "/", token(visitor))[0] == 403
    admin.cursor().execute(f"grant service role echo!{role} to role {visitor.role}")
    answer = get(echo, "/", token(visitor), Sf_Context_Current_User="LOCAL", sf_context_current_user_x="y")
    assert headers_of(answer)["sf-context-current-user"] == visitor.user
    assert "sf-context-current-user-x" not in headers_of(answer)
    admin.cursor().execute(f"revoke service role echo!{role} from role {visitor.role}")
    assert get(echo, "/", token(visitor))[0] == 403


@pytest.mark.parametrize("place", ["database local", "schema local.public"])
def test_request__no_usage_on_where_the_service_is__is_refused(
    admin: Any, visitor: Any, echo: Endpoint, place: str
) -> None:
    cursor = admin.cursor()
    cursor.execute(f"grant service role echo!visitor to role {visitor.role}")
    assert get(echo, "/", token(visitor))[0] == 200
    cursor.execute(f"revoke usage on {place} from role {visitor.role}")
    status, _, body = get(echo, "/", token(visitor))
    assert status == 403
    assert b"USAGE" in body


def test_request__service_role_of_another_role_of_the_user__is_let_in(
    admin: Any, visitor: Any, echo: Endpoint
) -> None:
    admin.cursor().execute(f"grant service role echo!visitor to role {visitor.role}")
    restricted = "add programmatic access token narrow role_restriction = 'PUBLIC'"
    secret = admin.cursor().execute(f"alter user {visitor.user} {restricted}").fetchone()[1]
    assert headers_of(get(echo, "/", secret))["sf-context-current-user"] == visitor.user


def test_request__token_or_user_disabled__is_refused(admin: Any, visitor: Any, echo: Endpoint) -> None:
    cursor, user = admin.cursor(), visitor.user
    cursor.execute(f"grant service role echo!visitor to role {visitor.role}")
    secret = cursor.execute(f"alter user {user} add programmatic access token t").fetchone()[1]
    exchanged = exchange(admin, grant_type="urn:ietf:params:oauth:grant-type:token-exchange",
                         subject_token=secret, subject_token_type="programmatic_access_token",
                         scope=echo.url)[1]  # fmt: skip
    assert get(echo, "/", secret)[0] == 200
    cursor.execute(f"alter user {user} modify programmatic access token t set disabled = true")
    assert get(echo, "/", secret)[0] == 401
    cursor.execute(f"alter user {user} modify programmatic access token t set disabled = false")
    for credential in (secret, exchanged, token(visitor)):
        assert get(echo, "/", credential)[0] == 200
    cursor.execute(f"alter user {user} set disabled = true")
    for credential in (secret, exchanged, token(visitor)):
        assert get(echo, "/", credential)[0] == 401


def test_endpoint__owner_may_bind_no_more__answers_no_more(admin: Any, visitor: Any) -> None:
    role, cursor = visitor.role, admin.cursor()
    cursor.execute(f"grant bind service endpoint on account to role {role}")
    cursor.execute(f"grant usage on compute pool ingress_pool to role {role}")
    cursor.execute(f"grant create service on schema local.public to role {role}")
    cursor.execute(f"grant read on image repository repo to role {role}")
    container = {"name": "main", "image": "/local/public/repo/app:1", "command": ["sleep", "60"]}
    text = json.dumps(
        {"spec": {"containers": [container], "endpoints": [{"name": "web", "port": 9, "public": True}]}}
    )
    visitor.cursor().execute(
        f"create service bound_{role} in compute pool ingress_pool from specification $${text}$$"
    )
    url = visitor.cursor().execute(f"show endpoints in service bound_{role}").fetchone()[5]
    endpoint = Endpoint(service=f"BOUND_{role}", url=url, port=9)
    assert get(endpoint, "/")[0] == 302
    cursor.execute(f"revoke bind service endpoint on account from role {role}")
    assert get(endpoint, "/")[0] == 404
    cursor.execute(f"grant bind service endpoint on account to role {role}")
    assert get(endpoint, "/")[0] == 302
    cursor.execute(f"drop service bound_{role}")


def test_request__access_token__reaches_the_container(admin: Any, echo: Endpoint) -> None:
    name = f"T_{uuid.uuid4().hex[:8]}"
    added = admin.cursor().execute(
        f"alter user local add programmatic access token {name} days_to_expiry = 1"
    )
    assert added.description[1].name == "token_secret"
    secret = added.fetchone()[1]
    assert get(echo, "/", secret)[0] == 200
    exchanged = exchange(admin, grant_type="urn:ietf:params:oauth:grant-type:token-exchange",
                         subject_token=secret, subject_token_type="programmatic_access_token",
                         scope=f"session:role:ACCOUNTADMIN {echo.url}")  # fmt: skip
    assert exchanged[0] == 200
    assert jwt.decode(exchanged[1], options={"verify_signature": False})["exp"] > time.time()
    assert get(echo, "/", exchanged[1])[0] == 200
    admin.cursor().execute(f"alter user remove programmatic access token {name}")
    assert get(echo, "/", secret)[0] == 401


def test_request__key_pair_jwt_exchanged__reaches_this_endpoint_only(admin: Any, echo: Endpoint) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    admin.cursor().execute(f"alter user local set rsa_public_key = '{base64.b64encode(der).decode()}'")
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    fingerprint = base64.b64encode(digest.finalize()).decode()
    now = datetime.now(UTC)
    claims = {"iss": f"LOCAL.LOCAL.SHA256:{fingerprint}", "sub": "LOCAL.LOCAL", "iat": now}
    assertion = jwt.encode({**claims, "exp": now + timedelta(minutes=59)}, key, "RS256")
    kind = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    status, text = exchange(admin, grant_type=kind, assertion=assertion, scope=echo.url)
    assert status == 200
    assert get(echo, "/", text)[0] == 200
    assert exchange(admin, grant_type=kind, assertion=assertion, scope="elsewhere.localhost:1")[0] == 401
    assert exchange(admin, grant_type=kind, assertion=assertion[:-4] + "AAAA", scope=echo.url)[0] == 401


def test_cors__listed_origin__may_ask_and_read(admin: Any, echo: Endpoint) -> None:
    asked = {"Origin": PAGE, "Access_Control_Request_Method": "POST"}
    status, headers, _ = get(echo, "/", method="OPTIONS", **asked)
    assert (status, headers["Access-Control-Allow-Methods"]) == (204, "POST")
    assert get(echo, "/", method="OPTIONS", **{**asked, "Origin": "https://evil.example.com"})[0] == 302
    status, headers, _ = get(echo, "/", token(admin), Origin=PAGE)
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, PAGE)
    status, _, text = get(echo, "/", method="POST", body=b"x", Origin=PAGE, Cookie="sfc-ss-any=1")
    assert status == 403
    assert b"does not have an auth header" in text


def test_browser__signs_in_and_out__has_a_cookie_meanwhile(server: LocalBackend, echo: Endpoint) -> None:
    page = get(echo, "/sfc-endpoint/login?next=%2Fa")[2].decode()
    action = re.search("action='([^']+)'", page)
    assert action
    kind = {"Content_Type": "application/x-www-form-urlencoded"}
    wrong = urllib.parse.urlencode({"user": "local", "password": "wrong"})
    assert get(echo, action[1], method="POST", body=wrong, **kind)[0] == 401
    right = urllib.parse.urlencode({"user": "local", "password": server.parameters()["password"]})
    status, headers, _ = get(echo, action[1], method="POST", body=right, **kind)
    assert (status, headers["Location"]) == (302, "/a")
    assert "HttpOnly" in headers["Set-Cookie"]
    cookie = headers["Set-Cookie"].partition(";")[0]
    answer = get(echo, "/a", Cookie=f"mine=1; {cookie}")
    assert headers_of(answer)["cookie"] == "mine=1"
    assert "Max-Age=0" in get(echo, "/sfc-endpoint/logout", Cookie=cookie)[1]["Set-Cookie"]


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_sign_in__next_page_elsewhere__stays_here(server: LocalBackend, echo: Endpoint, target: str) -> None:
    body = urllib.parse.urlencode({"user": "local", "password": server.parameters()["password"]})
    path = "/sfc-endpoint/login?" + urllib.parse.urlencode({"next": target})
    assert get(echo, path, method="POST", body=body)[1]["Location"] == "/"
