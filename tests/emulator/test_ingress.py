"""A service's public endpoint from outside, with real HTTP and WebSocket clients."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import json
import random
import re
import socket
import sys
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local_backend import LocalBackend, start

pytestmark = pytest.mark.slow

IDLE = 2.0
WITHIN = 60.0
PAGE = "https://app.example.com"
CORS = {"Access-Control-Allow-Origin": [PAGE], "Access-Control-Allow-Methods": ["POST"]}
PROGRAM = Path(__file__).parents[1] / "support" / "echo_service.py"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBackend]:
    """A server of this module's own: it cuts idle connections early, and expired ones."""
    options = ("--ingress-idle", str(IDLE), "--ingress-cut-expired", "--session-lifetime", "600")
    running = start(tmp_path_factory.mktemp("ingress") / "state", *options)
    yield running
    assert running.stop() == 0
    assert "Traceback" not in (running.state / "server.log").read_text()


@pytest.fixture(scope="module")
def admin(server: LocalBackend) -> Iterator[Any]:
    from snowflake.connector import connect

    parameters = {"session_parameters": {"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "json"}}
    connection = connect(**server.parameters(**parameters))
    yield connection
    connection.close()


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One public endpoint of a service."""

    service: str
    url: str  # host and port, as SHOW ENDPOINTS has it
    port: int

    @property
    def port_of_ingress(self) -> int:
        return int(self.url.rpartition(":")[2])


def free_port() -> int:
    """One that no outgoing connection can take while the service is suspended."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@pytest.fixture(scope="module")
def echo(admin: Any) -> Endpoint:
    """A service that tells what it gets, ready."""
    cursor, port = admin.cursor(), free_port()
    pool = "create compute pool ingress_pool min_nodes=1 max_nodes=3 instance_family=CPU_X64_XS"
    cursor.execute(pool)
    cursor.execute("create image repository repo")
    container = {"name": "main", "image": "/local/public/repo/app:1",
                 "command": [sys.executable, str(PROGRAM), str(port)]}  # fmt: skip
    endpoints = [{"name": "web", "port": port, "public": True, "corsSettings": CORS}]
    roles = [{"name": "visitor", "endpoints": ["web"]}]
    text = json.dumps({"spec": {"containers": [container], "endpoints": endpoints}, "serviceRoles": roles})
    cursor.execute(f"create service echo in compute pool ingress_pool from specification $${text}$$")
    cursor.execute("show endpoints in service echo")
    endpoint = Endpoint(service="ECHO", url=cursor.fetchone()[5], port=port)
    until_answered(admin, endpoint)
    return endpoint


def until_answered(admin: Any, endpoint: Endpoint) -> None:
    """Wait for the service to be ready; a failure says how it stands."""
    deadline = time.monotonic() + WITHIN
    while (answer := get(endpoint, "/", token(admin)))[0] != 200:
        if time.monotonic() > deadline:
            text = f"call system$get_service_logs('{endpoint.service}', 0, 'main', 100)"
            pytest.fail(f"{answer[2]!r}\n{admin.cursor().execute(text).fetchone()[0]}")
        time.sleep(0.2)


def token(connection: Any) -> str:
    return str(connection.rest.token)


def get(
    endpoint: Endpoint, target: str, secret: str = "", *, method: str = "GET", body: Any = None, **fields: str
) -> tuple[int, Any, bytes]:
    """Status, header fields and content of an answer."""
    headers = {name.replace("_", "-"): text for name, text in fields.items()}
    if secret:
        headers["Authorization"] = f'Snowflake Token="{secret}"'
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port_of_ingress, timeout=WITHIN)
    try:
        connection.request(method, target, body=body, headers=headers, encode_chunked=body is not None)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def raw(endpoint: Endpoint, request: str) -> bytes:
    """What comes back for these bytes, until the ingress hangs up."""
    with socket.create_connection(("127.0.0.1", endpoint.port_of_ingress), timeout=WITHIN) as connection:
        connection.sendall(request.encode("latin-1"))
        found = b""
        while data := connection.recv(65536):
            found += data
    return found


def told(answer: tuple[int, Any, bytes]) -> dict[str, Any]:
    assert answer[0] == 200, answer
    found: dict[str, Any] = json.loads(answer[2])
    return found


def headers_of(answer: tuple[int, Any, bytes]) -> dict[str, str]:
    return {name.lower(): value for name, value in told(answer)["headers"]}


# --- who may pass


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


def exchange(admin: Any, **form: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(admin.host, admin.port, timeout=WITHIN)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/oauth/token", urllib.parse.urlencode(form), kind)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


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


# --- what passes


def test_request__body_of_any_framing__arrives_whole(admin: Any, echo: Endpoint) -> None:
    body = b"0123456789abcdef" * 100_000
    assert told(get(echo, "/", token(admin), method="POST", body=body))["body"] == body.decode()
    parts = iter([body[:70_000], body[70_000:]])
    assert told(get(echo, "/", token(admin), method="PUT", body=parts))["body"] == body.decode()


def test_answer__header_fields__are_scrubbed_and_secured(admin: Any, echo: Endpoint) -> None:
    _, headers, _ = get(echo, "/", token(admin))
    assert headers["X-Own"] == "kept"
    for gone in ("Server", "X-Powered-By", "Access-Control-Allow-Origin"):
        assert gone not in headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Embedder-Policy"] == "credentialless"
    assert "default-src 'self'" in headers["Content-Security-Policy"]


def test_answer__executable_content__is_held_back(admin: Any, echo: Endpoint) -> None:
    assert get(echo, "/script", token(admin))[0] == 403


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_request__method_that_is_not_forwarded__is_refused(admin: Any, echo: Endpoint, method: str) -> None:
    assert get(echo, "/", token(admin), method=method)[0] == 405


def test_request__second_one_behind_the_first__goes_nowhere(admin: Any, echo: Endpoint) -> None:
    head = f'Host: x\r\nAuthorization: Snowflake Token="{token(admin)}"\r\n'
    forged = "GET /forged HTTP/1.1\r\nHost: x\r\nSf-Context-Current-User: BOSS\r\n\r\n"
    for first in (f"POST /a HTTP/1.1\r\n{head}Content-Length: 2\r\n\r\nok", f"GET /a HTTP/1.1\r\n{head}\r\n"):
        answer = raw(echo, first + forged)
        assert answer.count(b"HTTP/1.1 200") == 1
        assert b"/forged" not in answer
        assert b"BOSS" not in answer


@pytest.mark.parametrize(
    "lines",
    ["Content-Length: 2\r\nTransfer-Encoding: chunked", "Content-Length: 2\r\nContent-Length: 3",
     "Transfer-Encoding: chunked, identity", "Content-Length: +2", "Bad Name: x", "X: a\r\n folded",
     "X: a\x00b"],
)  # fmt: skip
def test_request__head_that_could_be_read_in_two_ways__is_refused(
    admin: Any, echo: Endpoint, lines: str
) -> None:
    head = f'POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Snowflake Token="{token(admin)}"\r\n'
    assert raw(echo, f"{head}{lines}\r\n\r\n0\r\n\r\n").startswith(b"HTTP/1.1 400")


# --- WebSockets


def over_websocket(endpoint: Endpoint, secret: str, talk: Callable[[Any], Any]) -> Any:
    async def run() -> Any:
        headers = {"Authorization": f'Snowflake Token="{secret}"'}
        url = f"http://127.0.0.1:{endpoint.port_of_ingress}/ws"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, headers=headers, max_msg_size=0, autoclose=False) as opened,
        ):
            return await talk(opened)

    return asyncio.run(run())


def test_websocket__messages_of_all_sizes__come_back_as_they_were(admin: Any, echo: Endpoint) -> None:
    sizes = (0, 1, 125, 126, 65_536, 8 << 20)

    async def talk(opened: Any) -> list[Any]:
        found = [await opened.receive_str()]
        for size in sizes:
            await opened.send_bytes(b"x" * size)
            found.append(len(await opened.receive_bytes()))
        return found

    assert over_websocket(echo, token(admin), talk) == ["LOCAL", *sizes]


def test_websocket__silent_for_the_idle_limit__is_cut(admin: Any, echo: Endpoint) -> None:
    async def talk(opened: Any) -> tuple[float, Any]:
        await opened.receive_str()
        for _ in range(3):  # a message now and then keeps it
            await asyncio.sleep(IDLE / 2)
            await opened.send_str("x")
            await opened.receive_str()
        began = time.monotonic()
        message = await opened.receive(timeout=WITHIN)
        return time.monotonic() - began, message.type

    waited, kind = over_websocket(echo, token(admin), talk)
    assert kind in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR)
    assert waited > IDLE * 0.8


# --- the service's life


def test_service__suspended__resumes_on_a_request(admin: Any, echo: Endpoint) -> None:
    cursor = admin.cursor()
    cursor.execute("alter service echo suspend")
    status, _, body = get(echo, "/", token(admin))
    text = "Service ECHO not reachable: no service hosts found."
    assert (status, json.loads(body)["detail"]) == (503, text)
    until_answered(admin, echo)
    cursor.execute("alter service echo set auto_resume = false")
    cursor.execute("alter service echo suspend")
    assert get(echo, "/", token(admin))[0] == 503
    cursor.execute("show services like 'echo'")
    assert cursor.fetchone()[1] in ("SUSPENDING", "SUSPENDED")
    cursor.execute("alter service echo resume")
    until_answered(admin, echo)


def test_service__dropped_and_made_again__has_another_address(admin: Any, echo: Endpoint) -> None:
    cursor = admin.cursor()
    container = {"name": "main", "image": "/local/public/repo/app:1", "command": ["sleep", "60"]}
    endpoints = [{"name": "web", "port": 9, "public": True}, {"name": "in", "port": 10}]
    text = json.dumps({"spec": {"containers": [container], "endpoints": endpoints}})
    addresses = []
    for _ in range(2):
        cursor.execute(f"create service other in compute pool ingress_pool from specification $${text}$$")
        first, second = cursor.execute("show endpoints in service other").fetchall()
        addresses.append(first[5])
        assert second[5] is None
        cursor.execute("drop service other")
    assert addresses[0] != addresses[1]
    gone = Endpoint(service="OTHER", url=addresses[0], port=9)
    assert get(gone, "/", token(admin))[0] == 404


def test_address__provisioned_and_after_a_restart__is_a_sentence_and_then_the_same(tmp_path: Path) -> None:
    from snowflake.connector import connect

    options = ("--ingress-provisioning", "3", "--ingress-token-lifetime", "3", "--ingress-cut-expired")
    first, port = start(tmp_path / "state", *options), free_port()
    with connect(**first.parameters()) as connection:
        cursor = connection.cursor()
        cursor.execute("create compute pool p min_nodes=1 max_nodes=1 instance_family=CPU_X64_XS")
        cursor.execute("create image repository repo")
        container = {"name": "main", "image": "/local/public/repo/app:1",
                     "command": [sys.executable, str(PROGRAM), str(port)]}  # fmt: skip
        text = json.dumps(
            {
                "spec": {
                    "containers": [container],
                    "endpoints": [{"name": "web", "port": port, "public": True}],
                }
            }
        )
        cursor.execute(f"create service echo in compute pool p from specification $${text}$$")
        show = "show endpoints in service echo"
        assert "provisioning in progress" in cursor.execute(show).fetchone()[5].lower()
        time.sleep(3)
        address = cursor.execute(show).fetchone()[5]
        secret = cursor.execute("alter user local add programmatic access token t").fetchone()[1]
        endpoint = Endpoint(service="ECHO", url=address, port=port)
        deadline = time.monotonic() + WITHIN
        while get(endpoint, "/", secret)[0] != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        ticket = exchange(connection, grant_type="urn:ietf:params:oauth:grant-type:token-exchange",
                          subject_token=secret, subject_token_type="programmatic_access_token",
                          scope=address)[1]  # fmt: skip

        async def talk(opened: Any) -> Any:
            await opened.receive_str()
            async with asyncio.timeout(WITHIN):
                while True:  # until the ingress cuts it, though it is never silent
                    await opened.send_str("x")
                    if (await opened.receive()).type is not aiohttp.WSMsgType.TEXT:
                        return True
                    await asyncio.sleep(0.1)

        with contextlib.suppress(ConnectionError):
            assert over_websocket(endpoint, ticket, talk)
        assert get(endpoint, "/", ticket)[0] == 401
    assert first.stop() == 0
    second = start(tmp_path / "state")
    with connect(**second.parameters()) as connection:
        assert connection.cursor().execute("show endpoints in service echo").fetchone()[5] == address
    assert second.stop() == 0
