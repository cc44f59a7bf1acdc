"""The statements of an account without its HTTP side: real catalog, stages and engine."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sfml.emulator import handlers
from sfml.emulator.auth.credentials import Door, ServiceTokens
from sfml.emulator.auth.sessions import Sessions
from sfml.emulator.cancellation import Cancellation
from sfml.emulator.catalog import Catalog
from sfml.emulator.context import Context
from sfml.emulator.engine import Engine
from sfml.emulator.faults import Fault
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.queries import Query, QueryLog
from sfml.emulator.registry.front import Registry
from sfml.emulator.request import Bind
from sfml.emulator.results import Rows
from sfml.emulator.seed import seed
from sfml.emulator.settings import Settings
from sfml.emulator.stages import Stages


def registry(state: Path, catalog: Catalog) -> Registry:
    """One that nobody logs in to: the program starts when an address is asked for, and not before."""
    now = time.time
    tokens = ServiceTokens(lifetime=60, clock=lambda: datetime.now(UTC))
    door = Door(account="LOCAL", catalog=catalog, service_tokens=tokens, clock=lambda: datetime.now(UTC))
    sessions = Sessions(session_lifetime=60, master_lifetime=60, clock=now)
    return Registry(
        state / "registry", catalog=catalog, door=door, sessions=sessions,
        address=lambda: ("127.0.0.1", 0), token_lifetime=60,
    )  # fmt: skip


class Account:
    """A backend without its HTTP side."""

    def __init__(self, state: Path) -> None:
        settings = Settings(state=state)
        catalog = Catalog(state / "catalog.sqlite")
        seed(catalog, settings)
        self.queries = QueryLog(workers=1)
        self.backend = Backend(
            settings=settings,
            catalog=catalog,
            stages=Stages(state / "stages"),
            engine=Engine(state / "engine", catalog),
            services=None,
            images=registry(state, catalog),
            queries=self.queries,
            clock=lambda: datetime.now(UTC),
            issue_service_token=lambda name, role, user: "",
            endpoint=lambda: ("127.0.0.1", 0),
            ingress_address=lambda service, endpoint: f"127.0.0.1:{service}",
        )
        self.session = self.login()

    def login(self, role: str = "ACCOUNTADMIN", session: int = 1, user: str = "LOCAL") -> Context:
        return Context(
            session_id=session,
            user=user,
            role=role,
            database="LOCAL",
            schema="PUBLIC",
            warehouse="COMPUTE_WH",
        )

    def run(self, text: str, *binds: object, session: Context | None = None, describe: bool = False) -> Any:
        session = session or self.session
        number = f"q{len(session.query_ids) + 1}-{session.session_id}"
        request = Request(
            text=text,
            binds=tuple(
                Bind(type="TEXT" if isinstance(value, str) else "FIXED", value=value) for value in binds
            ),
            describe_only=describe,
            query_id=number,
            cancelled=Cancellation(),
        )
        answer = handlers.execute(request, session, self.backend)
        session.query_ids.append(number)
        self.queries.add_finished(Query(id=number, context=session, text=text), answer)
        return answer

    def rows(self, text: str, *binds: object, session: Context | None = None) -> list[dict[str, object]]:
        answer = self.run(text, *binds, session=session)
        assert isinstance(answer, Rows)
        return [
            dict(zip([column.name for column in answer.columns], row, strict=True)) for row in answer.rows
        ]

    def text(self, text: str, *binds: object, session: Context | None = None) -> object:
        (row,) = self.rows(text, *binds, session=session)
        return next(iter(row.values()))

    def code(self, text: str, *binds: object, session: Context | None = None) -> str:
        with pytest.raises(Fault) as caught:
            self.run(text, *binds, session=session)
        return caught.value.code

    def close(self) -> None:
        self.backend.engine.close()
        self.queries.close()
        self.backend.catalog.close()
