"""Web sites of others, with TLS and their own names, behind an HTTP proxy on the loopback interface."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

MISSING = None if shutil.which("openssl") else "no openssl"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a site says to a GET; ``length`` where it promises another one than it sends."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None


class Sites(ThreadingHTTPServer):
    """``answers`` by URL; ``asked`` are the URLs that were asked for, ``users`` the proxy's users."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Proxy)
        self.context = context
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.users: set[str | None] = set()

    @property
    def proxy(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Quiet(BaseHTTPRequestHandler):
    def log_request(self, code: object = "-", size: object = "-") -> None:
        pass


class _Proxy(_Quiet):
    def do_CONNECT(self) -> None:
        sites = cast("Sites", self.server)
        sites.users.add(self.headers.get("Proxy-Authorization"))
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        # Who does not trust the certificate goes away.
        with suppress(ssl.SSLError), sites.context.wrap_socket(self.connection, server_side=True) as inside:
            _Site(inside, self.client_address, sites)


class _Site(_Quiet):
    def do_GET(self) -> None:
        sites = cast("Sites", self.server)
        url = f"https://{self.headers['Host']}{self.path}"
        sites.asked.append(url)
        answer = sites.answers.get(url, Answer(status=404))
        self.send_response(answer.status)
        length = len(answer.body) if answer.length is None else answer.length
        for name, value in {**answer.headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)


@contextmanager
def running(folder: Path, *names: str) -> Iterator[tuple[Sites, Path]]:
    """The sites of these names, and the certificate to trust for them."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    alternatives = ",".join(f"DNS:{name}" for name in names)
    command = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", "/CN=sites",
        "-addext", f"subjectAltName={alternatives}", "-keyout", str(key), "-out", str(cert),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with Sites(context) as sites:
        thread = threading.Thread(target=sites.serve_forever, daemon=True)
        thread.start()
        yield sites, cert
        sites.shutdown()
        thread.join(60)
