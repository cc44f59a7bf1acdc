"""Pushes: the engine sends what the registry lacks, with a token of the open session."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sfml.errors import (
    CommandError,
    NoConnectionError,
    NotFoundError,
    RefusedError,
    SfmlError,
    ToolMissingError,
)
from sfml.images import attempts, engine
from sfml.images import repository as repositories
from sfml.images.attempts import WAITS, Next, Tries
from sfml.images.plan import Plan
from sfml.images.repository import Repository
from sfml.images.sizes import text as size_text
from sfml.proc import redact

if TYPE_CHECKING:
    from docker import APIClient

USER = "0sessiontoken"
"""The user that goes with a session token (snowflake-cli, image_registry/manager.py)."""
_TELL_EVERY = 10.0
_ENGINE_WITHIN = 600

Token = Callable[[], str]
Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """An image in the repository; ``sent`` are the bytes of the layers that travelled."""

    plan: Plan
    path: str
    digest: str
    sent: int = 0
    seconds: float | None = None
    """None: it was there already."""


@dataclass(kw_only=True)
class Transfer:
    """What the engine has told of one push."""

    sizes: dict[str, int] = field(default_factory=dict)
    current: dict[str, int] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    sent: int = 0
    digest: str | None = None
    error: str | None = None

    @property
    def text(self) -> str:
        """How far it is, in a few words."""
        so_far = self.sent + sum(self.current.values())
        return (
            f"{len(self.done)} layers done, {size_text(so_far)} of {size_text(sum(self.sizes.values()))} sent"
        )

    def take(self, event: Mapping[str, Any]) -> None:
        """Note one event of the engine's stream."""
        layer, status = str(event.get("id", "")), str(event.get("status", ""))
        detail = event.get("progressDetail") or {}
        if "errorDetail" in event or "error" in event:
            self.error = str(event.get("error") or event["errorDetail"].get("message"))
        elif status == "Pushing" and detail.get("total"):
            self.sizes[layer] = int(detail["total"])
            self.current[layer] = int(detail.get("current", 0))
        elif status == "Pushed" and layer not in self.done:
            self.done.add(layer)
            self.current.pop(layer, None)
            self.sent += self.sizes.get(layer, 0)
        elif status.startswith(("Layer already exists", "Mounted from")):
            self.done.add(layer)
        # Bytes of layers as they are in the image: the engine does not tell how far they were compressed.
        aux = event.get("aux")
        if aux:
            self.digest = aux.get("Digest")


def session_token(connection: Any) -> Token:
    """A function that gets a new password for the registry from the open session."""

    def issue() -> str:
        # As `snow spcs image-registry token` does (snowflake-cli 3.30, image_registry/manager.py).
        data = connection.rest._token_request("ISSUE")["data"]
        return json.dumps({"token": data["sessionToken"], "expires_in": data["validityInSecondsST"]})

    return issue


@dataclass(kw_only=True)
class Registry:
    """A registry with the password that it takes at present."""

    client: APIClient
    repository: Repository
    token: Token
    role: str
    password: str = field(default="", repr=False)

    def log_in(self) -> None:
        """Try a new token; NoConnectionError where the registry does not take it."""
        from docker.errors import APIError

        self.password = self.token()
        try:
            self.client.login(USER, self.password, registry=self.repository.host, reauth=True)
        except APIError as error:
            raise _explained(_words(error, self.password), Tries(renewals=1), self, "logging in") from None

    @property
    def auth(self) -> Mapping[str, str]:
        return {"username": USER, "password": self.password}


def client() -> APIClient:
    """The engine, for what its command line would want a stored password for."""
    try:
        import docker
        from docker.errors import DockerException
    except ImportError:
        raise ToolMissingError(
            "pushing needs the Python package 'docker'", hint="pip install 'snowflake-ml-accelerator[images]'"
        ) from None
    try:
        where = engine.docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}").strip()
        return docker.APIClient(base_url=where, version="auto", timeout=_ENGINE_WITHIN)
    except DockerException as error:
        raise ToolMissingError("no container engine answers", hint=f"{engine.INSTALL}\n{error}") from None


def push(
    plan: Plan, registry: Registry, *, report: Report, sleep: Callable[[float], None] = time.sleep
) -> Pushed:
    """Send one image under its content tag and its names for people."""
    began = time.monotonic()
    repository = f"{registry.repository.url}/{plan.name}"
    sent, digest = 0, ""
    tags = (plan.tag, *plan.human_tags)
    try:
        for tag in tags:
            engine.tag(plan.reference, f"{repository}:{tag}")
        for tag in tags:
            moved = _persist(plan, repository, tag, registry, report, sleep)
            sent, digest = sent + moved.sent, digest or (moved.digest or "")
    finally:
        _untag([f"{repository}:{tag}" for tag in tags])
    return Pushed(
        plan=plan,
        path=f"{registry.repository.path}/{plan.name}:{plan.tag}",
        digest=digest,
        sent=sent,
        seconds=time.monotonic() - began,
    )


def _untag(references: Iterable[str]) -> None:
    """Take the registry's names away again: the image keeps its own."""
    for reference in engine.held(list(references)):
        engine.remove(reference)


def _persist(
    plan: Plan, repository: str, tag: str, registry: Registry, report: Report, sleep: Callable[[float], None]
) -> Transfer:
    """Push one tag, through expired tokens and registries that are away for a moment."""
    tries, sent = Tries(), 0
    while True:
        transfer = _once(plan, repository, tag, registry, report)
        sent += transfer.sent
        if transfer.error is None:
            transfer.sent = sent
            return transfer
        if transfer.done:
            tries = replace(tries, progressed=True, waits=0)
        error = redact(transfer.error, [registry.password])
        step = attempts.decide(error, tries)
        if step is Next.RENEW:
            report(f"{plan.name}: the registry wants a new token")
            registry.log_in()
            tries = replace(tries, renewals=tries.renewals + 1, progressed=False)
        elif step is Next.WAIT:
            pause = WAITS[tries.waits]
            report(f"{plan.name}: {error}; next try in {pause:.0f} s")
            sleep(pause)
            tries = replace(tries, waits=tries.waits + 1)
        else:
            raise _explained(error, tries, registry, f"pushing {plan.name}:{tag}", step)


def _once(plan: Plan, repository: str, tag: str, registry: Registry, report: Report) -> Transfer:
    """One push as the engine tells it; what goes wrong is in ``error``."""
    import requests
    from docker.errors import APIError

    transfer, told = Transfer(), time.monotonic()
    try:
        stream = registry.client.push(
            repository, tag=tag, stream=True, decode=True, auth_config=registry.auth
        )
        for event in stream:
            transfer.take(event)
            if time.monotonic() - told > _TELL_EVERY:
                told = time.monotonic()
                report(f"{plan.name}: {transfer.text}")
    except (APIError, requests.RequestException, OSError) as error:
        transfer.error = _words(error, registry.password)
    return transfer


def _words(error: Exception, secret: str) -> str:
    text = getattr(error, "explanation", None) or str(error)
    return redact(str(text), [secret])


def _explained(
    error: str, tries: Tries, registry: Registry, doing: str, step: Next | None = None
) -> SfmlError:
    """The error for the user: what was refused, by whom, and what to do."""
    step = step or attempts.decide(error, tries)
    host, name, role = registry.repository.host, registry.repository.name, registry.role
    if step is Next.REFUSED:
        grants = "\n".join(repositories.grant(name, role))
        return RefusedError(f"{doing} is refused: role {role} may not write to {name}\n{error}", hint=grants)
    if step is Next.NOT_THERE:
        return NotFoundError(f"{doing}: {host} knows no {name}, or hides it from role {role}\n{error}")
    if step is Next.FULL:
        hint = "sfml image prune, docker system df"
        return CommandError(f"{doing} failed: a disk is full\n{error}", returncode=1, hint=hint)
    if attempts.decide(error, Tries()) is Next.RENEW:
        return NoConnectionError(
            f"{doing}: {host} does not take the session's token\n{error}",
            hint="log in anew; a network policy of the account may forbid this address",
        )
    waited = f" after {sum(WAITS[: tries.waits]):.0f} s of trying" if tries.waits else ""
    hint = "what was sent stays there: run it again"
    return CommandError(f"{doing} to {host} failed{waited}\n{error}", returncode=1, hint=hint)


def lacking(plans: Sequence[Plan], held: Mapping[tuple[str, str], str]) -> Sequence[Plan]:
    """The plans whose content the repository does not hold under its tag."""
    return [plan for plan in plans if (plan.name, plan.tag) not in held]
