"""The registry's token server: where `docker login`, `docker push` and `docker pull` are sent to.

Protocol: distribution.github.io/distribution/spec/auth/token. Imported before statements are loaded, so it
imports little.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

TOKEN_PATH = "/registry/token"  # noqa: S105 - a path
LOGIN_PATH = "/login"
"""Where `snow spcs image-repository list-tags` gets a token for all repositories; see entrance.py."""
SERVICE = "sfml-local-backend"
"""The audience of the tokens."""
Credentials = tuple[str, str]


class Refusal(Exception):  # noqa: N818 - an answer of the protocol
    """No token. ``status`` and ``code`` are the protocol's, the text is what the client shows."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Routes:
    """``backend`` gives the loaded backend, and may wait for it; ``in_thread`` runs what blocks."""

    def __init__(
        self,
        *,
        backend: Callable[[], Any],
        in_thread: Callable[[Callable[[], web.Response]], Awaitable[web.Response]],
    ) -> None:
        self._backend = backend
        self._in_thread = in_thread

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_route("*", "/v2/{path:.*}", self._challenge)
        router.add_get(TOKEN_PATH, self._token)
        router.add_post(TOKEN_PATH, self._token)
        router.add_get(LOGIN_PATH, self._login)

    async def _challenge(self, request: web.Request) -> web.Response:
        """Asked only where no registry could be started: the token server, named here, says why."""
        realm = f"{request.scheme}://{request.host}{TOKEN_PATH}"
        header = f'Bearer realm="{realm}",service="{SERVICE}"'
        refusal = Refusal(401, "UNAUTHORIZED", "authentication required")
        return _refused(refusal, {"WWW-Authenticate": header})

    async def _token(self, request: web.Request) -> web.Response:
        """GET with basic authentication, or POST with the form of an OAuth password grant."""
        credentials = _basic(request.headers.get("Authorization", ""))
        if request.method == "GET":
            return await self._in_thread(lambda: self._answer(credentials, request.query.getall("scope", [])))
        form = await request.post()
        if form.get("grant_type") == "password":
            credentials = (str(form.get("username", "")), str(form.get("password", "")))
        scopes = [str(scope) for scope in form.getall("scope", [])]
        return await self._in_thread(lambda: self._answer(credentials, scopes))

    async def _login(self, request: web.Request) -> web.Response:
        credentials = _basic(request.headers.get("Authorization", ""))
        return await self._in_thread(lambda: self._answer(credentials, None))

    def _answer(self, credentials: Credentials | None, scopes: Sequence[str] | None) -> web.Response:
        """``scopes``: None for all that may be read."""
        backend = self._backend()
        try:
            token = backend.images.token(credentials, scopes, backend)
        except Refusal as refusal:
            return _refused(refusal)
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        lifetime = int(backend.images.token_lifetime)
        body = {"token": token, "access_token": token, "expires_in": lifetime, "issued_at": now}
        return web.json_response(body)


def _basic(header: str) -> Credentials | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        username, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return username, password


def _refused(refusal: Refusal, headers: dict[str, str] | None = None) -> web.Response:
    """In the form that clients of registries show (distribution.github.io/distribution/spec/api, Errors)."""
    body = {"errors": [{"code": refusal.code, "message": str(refusal)}]}
    return web.json_response(body, status=refusal.status, headers=headers)
