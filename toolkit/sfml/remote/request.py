"""One HTTPS request and its answer: through the proxy of the environment, with the CA that it names."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sfml.tunnel import dial

_TIMEOUT = 10.0
_LONGEST = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    text: str = field(repr=False)  # it may be a token
    date: str


def send(
    method: str, url: str, *, headers: Mapping[str, str], proxy: str | None, body: bytes | None = None
) -> Answer:
    """The answer to a request; OSError where there is no way."""
    parts = urlsplit(url)
    place = dial.Place(url=url, proxy=proxy)
    kind = http.client.HTTPSConnection if place.is_encrypted else http.client.HTTPConnection
    connection = kind(*place.address, timeout=_TIMEOUT)
    connection.sock = dial.connect(place, timeout=_TIMEOUT)
    try:
        connection.request(method, parts.path or "/", body, {**headers, "Connection": "close"})
        answer = connection.getresponse()
        text = answer.read(_LONGEST).decode(errors="replace").strip()
        return Answer(status=answer.status, text=text, date=answer.headers.get("Date", ""))
    except http.client.HTTPException as error:
        raise ConnectionError(f"no answer that could be read: {error}") from error
    finally:
        connection.close()
