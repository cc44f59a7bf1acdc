"""Single sign-on before a local backend, as the connector's ``externalbrowser`` meets it: an address for the
browser, which goes back to the connector with a token. It counts windows, and can say no at first."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

_TOKEN, _PROOF = "from-the-identity-provider", "proof"
_BROWSER = f"""#!{sys.executable}
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(sys.argv[1]).read()
"""
_OWN = ("host", "content-length", "content-encoding", "transfer-encoding", "connection")


@dataclass(kw_only=True)
class SignIn:
    """What stands before the backend at ``url``."""

    url: str
    password: str
    port: int = 0
    asked: int = 0
    windows: int = 0
    logins: int = 0
    refusals: int = 0
    ready: threading.Event = field(default_factory=threading.Event)

    async def begin(self, request: web.Request) -> web.Response:
        """``authenticator-request``: where the browser has to go."""
        self.asked += 1
        if self.asked <= self.refusals:
            no = {
                "success": False,
                "code": "390190",
                "message": "There was an error with the identity provider.",
            }
            return web.json_response({**no, "data": None})
        back = json.loads(await request.read())["data"]["BROWSER_MODE_REDIRECT_PORT"]
        data = {"ssoUrl": f"http://127.0.0.1:{self.port}/sso?port={back}", "proofKey": _PROOF}
        return web.json_response({"success": True, "code": None, "message": None, "data": data})

    async def window(self, request: web.Request) -> web.Response:
        """What the browser shows: the user is known already, and is sent back with a token."""
        self.windows += 1
        raise web.HTTPFound(f"http://127.0.0.1:{request.query['port']}/?token={_TOKEN}")

    async def log_in(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        data = body["data"]
        assert (data["AUTHENTICATOR"], data["TOKEN"], data["PROOF_KEY"]) == (
            "EXTERNALBROWSER",
            _TOKEN,
            _PROOF,
        )
        self.logins += 1
        known = {
            key: text for key, text in data.items() if key not in ("AUTHENTICATOR", "TOKEN", "PROOF_KEY")
        }
        return await self._pass(request, json.dumps({"data": {**known, "PASSWORD": self.password}}).encode())

    async def rest(self, request: web.Request) -> web.Response:
        return await self._pass(request, await request.read())

    async def _pass(self, request: web.Request, body: bytes) -> web.Response:
        headers = {name: text for name, text in request.headers.items() if name.lower() not in _OWN}
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, self.url + request.path_qs, data=body, headers=headers) as answer,
        ):
            return web.Response(
                status=answer.status, body=await answer.read(), content_type="application/json"
            )

    async def _serve(self, ended: asyncio.Event) -> None:
        application = web.Application(client_max_size=1 << 24)
        application.router.add_post("/session/authenticator-request", self.begin)
        application.router.add_get("/sso", self.window)
        application.router.add_post("/session/v1/login-request", self.log_in)
        application.router.add_route("*", "/{path:.*}", self.rest)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        self.ready.set()
        await ended.wait()
        await runner.cleanup()


@contextmanager
def running(url: str, parameters: Mapping[str, Any]) -> Iterator[SignIn]:
    """Single sign-on before the backend at this URL, for its user."""
    made = SignIn(url=url, password=str(parameters["password"]))
    loop, ended = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(made._serve(ended)), daemon=True)
    thread.start()
    assert made.ready.wait(60)
    yield made
    loop.call_soon_threadsafe(ended.set)
    thread.join(60)
    loop.close()


def browser(folder: Path) -> str:
    """A value for BROWSER: goes where it is sent, in the background as browsers do."""
    program = folder / "browser"
    program.write_text(_BROWSER)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{program} %s &"
