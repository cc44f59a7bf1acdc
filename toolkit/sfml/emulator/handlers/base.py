"""What every handler receives: the statement, and the parts of the backend that it may use.

The contract between app, handlers and services; a change of it is told here.

- ``handlers.execute(request, context, backend) -> results.Answer`` raises ``Fault``; any other exception is
  a bug, answered as 000603.
- A handler that waits (spcs_wait_for, a synchronous job) waits on ``request.cancelled`` and calls its
  ``check()``; a blocking call registers its interrupt with ``request.cancelled.calling(...)``.
- Handlers run in worker threads, several at once, also of one session (asynchronous queries).
- A failed statement leaves ``context`` as it was.
- ``describe_only``: answer the columns with no rows, and change nothing.
- At first start the app itself writes the account's objects into the catalog (``seed.py``); the engine makes
  what it needs from the catalog when it is loaded.
- Users are catalog records (``Kind.USER``). ``auth`` reads these properties: ``password`` (a hash made by
  ``passwords.hash_password``), ``rsa_public_key`` and ``rsa_public_key_2`` (the PEM body on one line, as
  ALTER USER stores it), ``roles`` (those granted, upper-case), ``tokens`` (programmatic access
  tokens: name -> ``{"sha256", "role", "expires"}``),
  ``default_role``, ``default_namespace``, ``default_warehouse``, ``disabled``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sfml.emulator.catalog import Catalog
from sfml.emulator.images import Images
from sfml.emulator.request import Bind, Request
from sfml.emulator.results import Answer
from sfml.emulator.settings import Settings
from sfml.emulator.stages import Stages

__all__ = ["Backend", "Bind", "Queries", "Request"]


class Queries(Protocol):
    """The statements this server has run and is running, by query id."""

    def answer(self, query_id: str) -> Answer:
        """The result of a finished statement; :class:`Fault` when unknown, failed or unfinished."""

    def cancel(self, query_id: str) -> bool:
        """Ask a running statement to stop; False when it is not running."""

    def cancel_session(self, session_id: int, *, besides: str = "") -> int:
        """Ask a session's running statements to stop, except ``besides``; how many they were."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The parts of one server. ``engine`` and ``services`` are the objects of ``engine`` and ``services``."""

    settings: Settings
    catalog: Catalog
    stages: Stages
    engine: Any
    services: Any
    images: Images
    queries: Queries
    clock: Callable[[], datetime]
    # issue_service_token(job_name, role, user): what a job finds in its token file; logs in with OAUTH.
    issue_service_token: Callable[[str, str, str], str]
    # Host and port on which this server answers; jobs connect to it.
    endpoint: Callable[[], tuple[str, int]]
    # ingress_address(service's id, endpoint's name): where a public endpoint answers, without a scheme.
    ingress_address: Callable[[int, str], str]
