"""The HTTP routes that the clients know: bytes in, the answers of ``wire`` out, decisions made elsewhere.

Every refusal is HTTP 200 with ``success: false``: the connector retries 5xx, 400, 403 and 405 for minutes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from aiohttp import web

from sfml import __version__
from sfml.emulator import rest
from sfml.emulator.auth import refusals
from sfml.emulator.auth.login import asked_for, context_of
from sfml.emulator.auth.sessions import Session
from sfml.emulator.faults import Fault
from sfml.emulator.files import Files
from sfml.emulator.parts import Parts, close, load_in_thread
from sfml.emulator.queries import Query, history, internal_error
from sfml.emulator.registry.routes import Routes
from sfml.emulator.results import Target, Transfer
from sfml.emulator.statement import Language, Runner
from sfml.emulator.wire import answers
from sfml.emulator.wire.requests import MAX_BODY, QueryRequest, bad_request, read_body, read_login, read_query

_LOG = logging.getLogger(__name__)
_SCHEME = "Snowflake Token="
T = TypeVar("T")


class App:
    """One server's routes over its parts."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._loading: Future[Language] | None = None
        self._runner = Runner(self._language, parts.queries)
        self._last_request = time.monotonic()
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="request")
        self._files = Files(parts, self._threads)
        self._registry = Routes(backend=lambda: self._language().backend, in_thread=self._in_thread)

    def application(self) -> web.Application:
        """The aiohttp application; to be run with ``auto_decompress=False`` (uploads keep their encoding)."""
        application = web.Application(client_max_size=MAX_BODY, middlewares=[self._edge])
        router = application.router
        router.add_get("/", self._hello)
        router.add_post("/session/v1/login-request", self._login)
        router.add_post("/session/token-request", self._renew)
        router.add_post("/session/heartbeat", self._heartbeat)
        router.add_post("/session", self._close_session)
        router.add_post("/queries/v1/query-request", self._query)
        router.add_post("/queries/v1/abort-request", self._abort_request)
        router.add_post("/queries/{id}/abort-request", self._abort_query)
        router.add_get("/queries/{id}/result", self._result)
        router.add_get("/monitoring/queries/{id}", self._monitor)
        router.add_post("/telemetry/send", self._telemetry)
        router.add_post("/telemetry/send/sessionless", self._telemetry)
        router.add_route("*", "/fs/{stage}/{path:.+}", self._files.serve)
        self._registry.add_to(router)
        router.add_post("/oauth/token", self._exchange)
        router.add_route("*", rest.PREFIX + "{path:.+}", self._rest)
        return application

    def load(self) -> None:
        """Begin to load what statements need; call it when the server answers, because jobs may start."""
        self._loading = load_in_thread(self.parts, asyncio.get_running_loop())

    def _language(self) -> Language:
        if self._loading is None:
            raise RuntimeError("a statement came before load()")
        return self._loading.result()

    def idle_seconds(self) -> float:
        """How long nobody has asked for anything and nothing has run."""
        if self._busy():
            self._last_request = time.monotonic()
        return time.monotonic() - self._last_request

    def _busy(self) -> bool:
        if self.parts.queries.running() or self._loading is None or not self._loading.done():
            return True
        language = self._language()
        return bool(language.backend.services.active()) or language.doors.in_use()

    def restart_doors(self) -> None:
        """Close the public endpoints for a moment; from the loop's thread."""
        if self._loading is not None and self._loading.done() and not self._loading.exception():
            self._loading.result().doors.restart()

    def close_doors(self) -> None:
        """Cut the connections into services; from the event loop."""
        if self._loading is not None and self._loading.done() and not self._loading.exception():
            self._loading.result().doors.close()

    def close(self) -> None:
        """Stop what runs and let go of the state directory."""
        close(self.parts, self._loading)
        self._threads.shutdown(wait=False, cancel_futures=True)

    @web.middleware
    async def _edge(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """The emulator's edge: a refusal or a bug becomes an answer, and no traceback leaves the log."""
        self._last_request = time.monotonic()
        try:
            return await handler(request)
        except Fault as fault:
            return web.json_response(answers.failure(fault))
        except web.HTTPRequestEntityTooLarge:
            return web.json_response(answers.failure(bad_request("the body is too large.")))
        except web.HTTPException:
            raise
        except ConnectionError as error:  # the client went away: nobody reads this answer
            _LOG.info("%s %s: %s", request.method, request.path, error)
            return web.Response(status=400)
        except Exception:  # noqa: BLE001 - the one edge: no bug may answer 5xx or hang a client
            _LOG.exception("%s %s failed: a bug of the local backend", request.method, request.path)
            return web.json_response(answers.failure(internal_error()))

    async def _hello(self, _: web.Request) -> web.Response:
        return web.json_response(answers.success({"server": "sfml local backend", "version": __version__}))

    async def _login(self, request: web.Request) -> web.Response:
        login = read_login(await _body(request), request.query)
        parts = self.parts

        def enter() -> answers.Reply:
            context = context_of(parts.door.identify(login), login, parts.catalog)
            tokens = parts.sessions.open(context)
            return answers.logged_in(tokens.session, tokens.master, context, parts.settings, asked_for(login))

        reply = await self._in_thread(enter)
        self._let_go()
        return web.json_response(reply)

    async def _renew(self, request: web.Request) -> web.Response:
        kind = (await _body(request)).get("requestType")
        if kind not in ("RENEW", "ISSUE"):
            raise bad_request("requestType is neither RENEW nor ISSUE.")
        tokens = self.parts.sessions.renew(_token(request))
        session_id = self.parts.sessions.find(tokens.session).context.session_id
        reply = answers.renewed(tokens.session, tokens.master, session_id, self.parts.settings)
        return web.json_response(reply)

    async def _heartbeat(self, request: web.Request) -> web.Response:
        self.parts.sessions.prolong(self._session(request))
        return web.json_response(answers.success())

    async def _close_session(self, request: web.Request) -> web.Response:
        if request.query.get("delete") != "true":
            raise bad_request("a session can only be deleted here.")
        self.parts.sessions.close(self._session(request))
        self._let_go()
        return web.json_response(answers.success())

    def _let_go(self) -> None:
        """End what lived as long as the sessions that are over."""
        for context in self.parts.sessions.take_ended():
            self._runner.end(context)

    async def _query(self, request: web.Request) -> web.Response:
        session = self._session(request)
        asked = read_query(await _body(request))
        request_id = request.query.get("requestId", "")
        query = self._runner.start(asked, session.context, request_id=request_id)
        if asked.asynchronous:
            return web.json_response(answers.in_progress(query.id, asynchronous=True))
        return await self._outcome(query, request)

    async def _result(self, request: web.Request) -> web.Response:
        return await self._outcome(self._own_query(request), request)

    async def _outcome(self, query: Query, request: web.Request) -> web.Response:
        """The result when there is one in time; otherwise the client is told to ask again."""
        if not query.future.done():
            waiting = asyncio.wrap_future(query.future)
            waiting.add_done_callback(_seen)  # its failure is read from the query
            await asyncio.wait({waiting}, timeout=self.parts.settings.answer_after)
        if not query.future.done():
            return web.json_response(answers.in_progress(query.id, asynchronous=False))
        if query.fault is not None:
            return web.json_response(answers.failure(query.fault, query_id=query.id))
        origin = f"{request.scheme}://{request.host}"
        return await self._in_thread(lambda: self._render(query, origin))

    def _render(self, query: Query, origin: str) -> web.Response:
        def sign(transfer: Transfer, target: Target) -> str:
            path = self.parts.signer.path(transfer.direction, target, overwrite=transfer.overwrite)
            return origin + path

        reply = answers.result(
            query.future.result(),
            query.context,
            query_id=query.id,
            requested=query.parameters,
            sign=sign,
            children=query.children,
        )
        return web.json_response(reply)

    async def _monitor(self, request: web.Request) -> web.Response:
        session = self._session(request)
        query = self.parts.queries.get(request.match_info["id"])
        if query is None or query.context.user != session.context.user:
            return web.json_response(answers.monitored(None, None))
        return web.json_response(answers.monitored(history(query), query.fault))

    async def _abort_request(self, request: web.Request) -> web.Response:
        session = self._session(request)
        request_id = str((await _body(request)).get("requestId", ""))
        query = self.parts.queries.by_request(session.context.session_id, request_id)
        return self._aborted(query)

    async def _abort_query(self, request: web.Request) -> web.Response:
        return self._aborted(self._own_query(request))

    def _aborted(self, query: Query | None) -> web.Response:
        if query is None or not self.parts.queries.cancel(query.id):
            message = "Identified SQL statement is not currently executing."
            return web.json_response(answers.failure(Fault("000605", "57014", message)))
        return web.json_response(answers.success())

    async def _rest(self, request: web.Request) -> web.Response:
        """Objects over REST: the request as a statement, its result or refusal as HTTP has it."""
        try:
            session, at = self._session(request), rest.resource(request.match_info["path"])
            if request.method not in ("GET", "POST"):
                raise web.HTTPMethodNotAllowed(request.method, ("GET", "POST"))
            text = rest.listing(at)
            if request.method == "POST":
                mode = request.query.get("createMode", "errorIfExists")
                text = rest.creation(at, await _body(request), mode=mode)
            query = self._runner.start(QueryRequest(text=text), session.context, request_id="")
            await asyncio.wait({asyncio.wrap_future(query.future)})
            if query.fault is not None:
                raise query.fault
            found = query.future.result()
            return web.json_response(rest.answer(at, found, created=request.method == "POST"))
        except rest.NotFoundError as error:
            return web.json_response({"code": "404", "message": f"{error} was not found."}, status=404)
        except Fault as fault:
            body = {"code": fault.code, "message": fault.message}
            return web.json_response(body, status=rest.status_of(fault))

    async def _exchange(self, request: web.Request) -> web.Response:
        """A token for an endpoint of a service, as text; the refusal in the form of RFC 6749, section 5.2."""
        form = {key: str(value) for key, value in (await request.post()).items()}
        try:
            token = await self._in_thread(lambda: self._language().doors.token(form))
        except Fault as fault:
            body = {"error": "invalid_grant", "error_description": fault.message, "code": fault.code}
            return web.json_response(body, status=401)
        return web.Response(text=token)

    async def _telemetry(self, _: web.Request) -> web.Response:
        return web.json_response(answers.success("Log Received"))

    def _session(self, request: web.Request) -> Session:
        return self.parts.sessions.find(_token(request))

    def _own_query(self, request: web.Request) -> Query:
        """The query that the path names, if its user is the one who asks."""
        session, query_id = self._session(request), request.match_info["id"]
        query = self.parts.queries.get(query_id)
        if query is None or query.context.user != session.context.user:
            raise Fault("000709", "02000", f"Statement {query_id} not found")
        return query

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def _seen(done: asyncio.Future[Any]) -> None:
    """Keep asyncio from reporting a failure that nobody takes from this future."""
    if not done.cancelled():
        done.exception()


async def _body(request: web.Request) -> Mapping[str, Any]:
    return read_body(await request.read(), encoding=request.headers.get("Content-Encoding", ""))


def _token(request: web.Request) -> str:
    header = request.headers.get("Authorization", "")
    if not header.startswith(_SCHEME):
        raise refusals.session_gone()
    return header.removeprefix(_SCHEME).strip('"')
