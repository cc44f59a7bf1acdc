"""The box as Snowflake sees it: its status, endpoints and containers, and waiting until it can be used."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sfml import sql
from sfml.errors import JobFailedError, NotFinishedError, NotFoundError, SfmlError
from sfml.services import observe
from sfml.services.evidence import ContainerState
from sfml.session.rows import Query
from sfml.sql import Kind, Name

SSH, CODE, JUPYTER = "ssh", "code", "jupyter"
"""The endpoints' names (specs/service/dev-box.yaml.j2)."""

_PROVISIONING = "provisioning in progress"
"""What SHOW ENDPOINTS says in the place of a host at first (snowflake-cli matches it in lower case)."""

_GONE = frozenset({"FAILED", "DONE", "DELETING", "DELETED", "INTERNAL_ERROR"})
_FIRST_LOOK, _LOOK_EVERY = 0.25, 2.0
LOG_LINES = 15


@dataclass(frozen=True, kw_only=True)
class BoxState:
    """What can be known of a box without entering it; ``endpoints``: name to URL, as far as there is one."""

    status: str
    endpoints: Mapping[str, str]
    containers: Sequence[ContainerState]

    @property
    def is_ready(self) -> bool:
        """Whether it answers at its door."""
        return (
            self.status == "RUNNING"
            and SSH in self.endpoints
            and bool(self.containers)
            and all(container.status == "READY" for container in self.containers)
        )

    @property
    def awaited(self) -> str:
        """What is still to come, for the user."""
        if self.status != "RUNNING":
            return f"the service is {self.status}" + "".join(
                f"; {one.name}: {one.message or one.status}" for one in self.containers
            )
        waiting = [
            f"{one.name}: {one.message or one.status}" for one in self.containers if one.status != "READY"
        ]
        if waiting:
            return "; ".join(waiting)
        return "its address is being made" if SSH not in self.endpoints else "ready"


def read(query: Query, service: Name) -> BoxState:
    """The box's state now; NotFoundError where there is none."""
    rows = query(sql.show(Kind.SERVICE, like=service.last, inside=Name(service.parts[:-1])))
    row = next((row for row in rows if row.get("name") == service.last), None)
    if row is None:
        raise NotFoundError(f"there is no box {service}", hint="sfml up makes one")
    return BoxState(
        status=str(row.get("status")),
        endpoints=_endpoints(query, service),
        containers=observe.containers(query, str(service)),
    )


def _endpoints(query: Query, service: Name) -> dict[str, str]:
    rows = query(sql.show_endpoints(service))
    found = {str(row["name"]): str(row.get("ingress_url") or "") for row in rows}
    return {name: url(host) for name, host in found.items() if host and _PROVISIONING not in host.lower()}


def url(host: str) -> str:
    """An endpoint's URL: SHOW gives a host without a scheme; only this machine itself has no TLS."""
    if "://" in host:
        return host.rstrip("/")
    name = host.partition(":")[0]
    is_here = name in ("127.0.0.1", "localhost") or name.endswith(".localhost")
    return f"{'http' if is_here else 'https'}://{host}"


def wait_until_ready(
    query: Query,
    service: Name,
    *,
    seconds: float,
    report: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> BoxState:
    """The state once the box can be entered; what is awaited is reported."""
    began, last = clock(), ""
    while True:
        state = read(query, service)
        if state.is_ready:
            return state
        if state.status in _GONE:
            raise JobFailedError(f"the box {service} is {state.status}", hint=story(query, service))
        passed = clock() - began
        if passed > seconds:
            raise NotFinishedError(
                f"the box is not ready after {seconds:.0f} s: {state.awaited}", hint=story(query, service)
            )
        if state.awaited != last:
            report(state.awaited)
            last = state.awaited
        sleep(pause(passed))


def pause(passed: float) -> float:
    """Seconds until the next look: often at first, for a box that only has to wake up."""
    return min(_LOOK_EVERY, max(_FIRST_LOOK, passed / 20))


def story(query: Query, service: Name) -> str:
    """What helps to see why a box cannot be entered: state, containers, events and last log lines."""
    try:
        state = read(query, service)
    except NotFoundError as error:
        return f"{error}: {error.hint}"
    lines = _about_state(state)
    # A stopped box has no instance whose log could be read.
    for part in (_about_events, _about_log) if state.containers else (_about_events,):
        try:
            lines += part(query, service)
        except SfmlError as error:
            lines.append(f"({error})")
    return "\n".join(lines)


def _about_state(state: BoxState) -> list[str]:
    lines = [f"state: {state.status}"]
    lines += [
        f"container {one.name}: {one.status} {one.message} (restarts: {one.restarts})"
        for one in state.containers
    ]
    if state.status == "SUSPENDED":
        lines.append("it is stopped: sfml up starts it, with its home as it was")
    return lines


def _about_events(query: Query, service: Name) -> list[str]:
    found = observe.events(query, str(service), limit=5)
    return [f"event: {one.time} {one.name} {one.status} {one.message}".rstrip() for one in reversed(found)]


def _about_log(query: Query, service: Name) -> list[str]:
    rows = query(sql.service_logs(service, timestamps=False))
    text = str(next(iter(rows[0].values()), "")) if rows else ""
    return [f"log: {line}" for line in text.splitlines()[-LOG_LINES:]]
