"""The way to the bridge: TLS, an HTTP proxy, and what stands before the bridge and refuses."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sfml import keypair
from sfml.remote.entry import KEY_PAIR, Entry, SshFolder
from sfml.remote.exchange import token as get_token
from sfml.remote.proxy import TokenHeaders
from sfml.tunnel.dial import Place, UnreachableError, proxy_for
from tunnels import EchoTarget, bridge, client, exchange


class Relay:
    """A server on the loopback interface: ``meet`` makes of each connection the one to forward it to."""

    def __init__(self, meet: Callable[[socket.socket], tuple[socket.socket, socket.socket] | None]) -> None:
        self._meet = meet
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            ends = self._meet(connection)
            if ends is None:
                connection.close()
                return
            for source, sink in (ends, ends[::-1]):
                threading.Thread(target=_copy, args=(source, sink), daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    if shutil.which("openssl") is None:
        pytest.skip("no openssl")
    command = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost,DNS:acme.example", "-keyout", str(key), "-out", str(cert),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


@pytest.fixture
def tls(echo: EchoTarget, certificate: tuple[Path, Path]) -> Iterator[Relay]:
    """TLS before a bridge."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with bridge(echo.port) as server:

        def meet(connection: socket.socket) -> tuple[socket.socket, socket.socket]:
            inside = context.wrap_socket(connection, server_side=True)
            # One thread reads and another writes: Python's TLS sockets serve that only when they block.
            return inside, socket.create_connection(("127.0.0.1", server.port))

        relay = Relay(meet)
        yield relay
        relay.close()


class Account(BaseHTTPRequestHandler):
    """What gives tokens: keeps what it is asked with."""

    asked: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        self.asked.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")  # as a server may have it
        self.end_headers()
        self.wfile.write(b"5\r\nthe.t\r\n4\r\noken\r\n0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def account(certificate: tuple[Path, Path]) -> Iterator[int]:
    """The port of an account that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), Account) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def key_pair(port: int) -> keypair.KeyPair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    way = {"account": "acme", "user": "ana", "host": "acme.example", "port": port}
    found = keypair.of({**way, "authenticator": "SNOWFLAKE_JWT", "private_key_raw": text}, {})
    assert found
    return found


def test_exchange__proxy_and_own_authority__are_those_of_the_environment(
    account: int, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    proxy = connect_proxy(b"HTTP/1.1 200 Connection established\r\n\r\n", seen)
    environ = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
    endpoint = "https://box.example"
    with pytest.raises(ConnectionError, match=r"acme\.example, which has to give a token.*certificate"):
        get_token(key_pair(account), endpoint, "ML", environ=environ)

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert get_token(key_pair(account), endpoint, "ML", environ=environ) == "the.token"

    proxy.close()
    assert {head.split(b"\r\n")[0] for head in seen} == {f"CONNECT acme.example:{account} HTTP/1.1".encode()}
    path, body = Account.asked.pop()
    form = dict(parse_qsl(body.decode()))
    assert path == "/oauth/token"
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert form["scope"] == "session:role:ML box.example"
    assert form["assertion"].count(".") == 2
    assert not Account.asked


def connect_proxy(answer: bytes, seen: list[bytes]) -> Relay:
    """An HTTP proxy that takes CONNECT."""

    def meet(connection: socket.socket) -> tuple[socket.socket, socket.socket] | None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        seen.append(head)
        connection.sendall(answer)
        if b" 200 " not in answer:
            return None
        port = int(head.split()[1].rpartition(b":")[2])
        return connection, socket.create_connection(("127.0.0.1", port))

    return Relay(meet)


def test_tls__trusted_certificate__carries_the_bytes(
    tls: Relay, echo: EchoTarget, certificate: tuple[Path, Path]
) -> None:
    data = bytes(range(256)) * 16_000
    with client(f"https://localhost:{tls.port}/ssh", SSL_CERT_FILE=str(certificate[0])) as process:
        assert exchange(process, data) == echo.GREETING + data


def test_tls__unknown_certificate__is_refused(tls: Relay, echo: EchoTarget) -> None:
    with client(f"https://localhost:{tls.port}/ssh") as process:
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 255
    assert b"certificate" in errors.lower()
    assert echo.connections == 0


def test_proxy__name_that_only_it_finds__speaks_tls_through_it(
    tls: Relay, echo: EchoTarget, certificate: tuple[Path, Path]
) -> None:
    seen: list[bytes] = []
    proxy = connect_proxy(b"HTTP/1.1 200 Connection established\r\n\r\n", seen)
    environ = {
        "HTTPS_PROXY": f"http://ana:gehe%20im@127.0.0.1:{proxy.port}",
        "SSL_CERT_FILE": str(certificate[0]),
    }
    with client(f"https://box.example:{tls.port}/ssh", **environ) as process:
        _, errors = process.communicate(b"", timeout=120)
    proxy.close()
    assert seen[0].startswith(f"CONNECT box.example:{tls.port} HTTP/1.1\r\n".encode())
    assert b"Proxy-Authorization: Basic YW5hOmdlaGUgaW0=\r\n" in seen[0]
    # TLS is spoken through it to the end: the certificate that arrives is localhost's.
    assert b"box.example" in errors


def test_proxy__refuses__says_what_it_answered() -> None:
    proxy = connect_proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", [])
    with client("https://box.example/ssh", HTTPS_PROXY=f"http://127.0.0.1:{proxy.port}") as process:
        _, errors = process.communicate(timeout=120)
    proxy.close()
    assert process.returncode == 255
    assert b"407" in errors


def test_token__no_way_to_the_box_after_a_loss__is_not_asked_for(tmp_path: Path) -> None:
    """Without a network a session that gives tokens seems lost, and a login would begin for nothing."""
    (tmp_path / "connections.toml").write_text(
        '[dev]\naccount = "acme"\nuser = "ana"\nhost = "127.0.0.1"\nport = 1\nprotocol = "http"\n'
        f'private_key_raw = """\n{key_pair(1).content}"""\nauthenticator = "SNOWFLAKE_JWT"\n'
    )
    box = Entry(host="box", url="http://127.0.0.1:2", service="S", connection="dev", role=None, state="",
                way=KEY_PAIR)  # fmt: skip
    where, environ = Place(url=box.url), {"SNOWFLAKE_HOME": str(tmp_path)}
    headers = TokenHeaders(box, SshFolder(tmp_path), where, environ)
    with pytest.raises(UnreachableError, match="which has to give a token"):
        headers(0)
    with pytest.raises(UnreachableError, match=r"^127\.0\.0\.1:2 cannot be reached"):
        headers(0)


def test_ingress__sends_to_its_sign_in__says_that_the_token_is_missing() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: https://sign.in\r\nContent-Length: 0\r\n\r\n"

    def meet(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    ingress = Relay(meet)
    with client(f"http://127.0.0.1:{ingress.port}/ssh") as process:
        _, errors = process.communicate(timeout=120)
    ingress.close()
    assert process.returncode == 255
    assert b"the ingress wants a login" in errors
    assert ingress.connections == 2  # once more with another token


def test_ingress__refuses__is_asked_with_another_token_and_its_reason_shown() -> None:
    body = b'{"responseType": "ERROR", "detail": "User EVE may not use this endpoint."}'
    answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    def meet(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    ingress = Relay(meet)
    with client(f"http://127.0.0.1:{ingress.port}/ssh") as process:
        _, errors = process.communicate(timeout=120)
    ingress.close()
    assert process.returncode == 255
    assert b"not allowed to use this endpoint (HTTP 403: User EVE may not use this endpoint.)" in errors
    assert ingress.connections == 2


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        ("https://a.b.c", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://a.b.c", {"https_proxy": "p:1"}, "http://p:1"),
        ("http://a.b.c", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://a.b.c", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "x,.b.c"}, None),
        ("https://a.b.c", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "b"}, "http://p:1"),
        ("https://a.b.c", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ("https://127.0.0.1:8", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://x.localhost:8", {"HTTPS_PROXY": "http://p:1"}, None),
    ],
)
def test_proxy_for__environment__decides(url: str, environ: dict[str, str], proxy: str | None) -> None:
    assert proxy_for(url, environ) == proxy
