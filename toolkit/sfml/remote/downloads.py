"""Downloads, whole and checked against what their publisher says of them; or none."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError

from sfml.errors import NoConnectionError, NotFoundError

_WITHIN = 60.0
_BLOCK = 1 << 20
_ELSEWHERE = "fetch it elsewhere, then: --server-file FILE"


@dataclass(frozen=True, kw_only=True)
class Download:
    """Where a file is; ``sha256`` in hex digits, where its publisher says it."""

    url: str
    sha256: str | None = None


def told(url: str) -> Download:
    """What VS Code's update service says of a build: JSON with ``url`` and ``sha256hash``.

    https://github.com/microsoft/vscode/issues/122396 names the address.
    """
    with _opened(url) as answer:
        text = answer.read(_BLOCK)
    try:
        said = json.loads(text)
        return Download(url=str(said["url"]), sha256=str(said["sha256hash"]).lower())
    except (ValueError, KeyError, TypeError) as error:
        raise NoConnectionError(
            f"{url} does not say where the build is, and which SHA-256 it has", hint=_ELSEWHERE
        ) from error


def fetch(download: Download, target: Path) -> None:
    """Write the file to ``target``: whole, and with its SHA-256; NoConnectionError where it is not."""
    digest, size = hashlib.sha256(), 0
    with _opened(download.url) as answer, target.open("wb") as file:
        promised = answer.headers.get("Content-Length")
        while block := answer.read(_BLOCK):
            digest.update(block)
            size += file.write(block)
    if promised is not None and size != int(promised):
        raise NoConnectionError(
            f"{download.url} broke off after {size} of {promised} bytes", hint="try again"
        )
    if download.sha256 not in (None, digest.hexdigest()):
        raise NoConnectionError(
            f"{download.url} is not what its publisher promises: "
            f"SHA-256 {digest.hexdigest()}, not {download.sha256}",
            hint="something on the way changes it: a proxy, an inspection of TLS",
        )


@contextmanager
def _opened(url: str) -> Iterator[HTTPResponse]:
    """The answer to a GET over TLS; proxies and certificates are those of the environment."""
    try:
        _require_tls(url)
        with urllib.request.build_opener().open(url, timeout=_WITHIN) as answer:
            _require_tls(answer.url)  # it may have sent us elsewhere
            yield answer
    except HTTPError as error:
        error.close()  # it holds the connection
        if error.code == 404:
            raise NotFoundError(
                f"{url} does not exist: that build was not published, or is withdrawn",
                hint="update the editor",
            ) from error
        raise NoConnectionError(f"{url} answers {error.code} {error.reason}", hint=_ELSEWHERE) from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise NoConnectionError(f"{url} cannot be fetched: {reason}", hint=_ELSEWHERE) from error


def _require_tls(url: str) -> None:
    if not url.startswith("https://"):
        raise NoConnectionError(
            f"{url} is no https address: what it sends could be anybody's", hint=_ELSEWHERE
        )
