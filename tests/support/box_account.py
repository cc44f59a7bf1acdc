"""An account in which dev boxes are made on the process executor: an administrator, and who makes them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sfml.remote import up as ups
from sfml.remote.api import box_of
from sfml.remote.box import Box
from sfml.remote.entry import SshFolder
from sfml.remote.up import Wanted
from sfml.session.rows import Query
from sfml.steps import State

KINDS = (
    "DATABASES", "SCHEMAS IN ACCOUNT", "STAGES IN ACCOUNT", "COMPUTE POOLS", "SERVICES IN ACCOUNT",
    "NETWORK RULES IN ACCOUNT", "INTEGRATIONS", "IMAGE REPOSITORIES IN ACCOUNT", "ROLES",
    "SNAPSHOTS IN ACCOUNT",
)  # fmt: skip


def everything(query: Query) -> set[tuple[str, ...]]:
    """All objects of the account, each with the moment of its creation."""
    columns = ("database_name", "schema_name", "name", "created_on")
    return {
        (kind.split(" IN ")[0], *(str(row.get(column, "")) for column in columns))
        for kind in KINDS
        for row in query(f"SHOW {kind}")
    }


def write_template(folder: Path) -> None:
    """A box that is a command, for an executor without images; it has the shipped template's values in it."""
    container = {
        "name": "main",
        "image": "{{ container_image }}",
        "command": [sys.executable, "-c", "import time; time.sleep(600)"],
        "env": {"SFML_BOX_IDLE_MINUTES": "{{ env.SFML_BOX_IDLE_MINUTES }}"},
        "volumeMounts": [
            {"name": "home", "mountPath": "{{ home.mount }}"},
            {"name": "stage", "mountPath": "{{ stage.mount }}"},
        ],
    }
    volumes = [
        {"name": "home", "source": "block", "size": "{{ home.size }}"},
        {"name": "stage", "source": "stage", "stageConfig": {"name": "{{ stage.name }}"}},
    ]
    endpoints = [{"name": "ssh", "port": 8022, "public": True}]
    spec = {"containers": [container], "endpoints": endpoints, "volumes": volumes}
    (folder / "service").mkdir(parents=True)
    (folder / "service" / "dev-box.yaml.j2").write_text(json.dumps({"spec": spec}))


class BoxUser:
    """Somebody who runs ``sfml up`` and ``sfml down`` in a session, as far as the service."""

    def __init__(self, query: Query, folder: Path, *, role: str, **options: Any) -> None:
        self.query, self.role = query, role
        self.library = folder / "specs"
        self.place = SshFolder(folder / ".ssh")
        self.options = {"egress": "packages", **options}
        if not self.library.exists():
            write_template(self.library)

    def box(self, **more: Any) -> Box:
        return box_of(ups.who(self.query), self.query, **{**self.options, **more})

    def look(self, query: Query | None = None, **more: Any) -> Wanted:
        ask = query or self.query
        self.query(f"USE ROLE {self.role}")  # each run has a session of its own
        return ups.look(self.box(**more), ups.who(ask), ask, place=self.place, library=self.library)

    def up(self, query: Query | None = None, *, change: bool = False, **more: Any) -> Wanted:
        """One run; what it found before."""
        ask = query or self.query
        # The executor has no images, and so its registry holds none.
        wanted = replace(self.look(ask, **more), image=None)
        ups.carry_out(wanted, ups.who(ask), ask, change=change, report=lambda _: None)
        return wanted

    def down(self, query: Query | None = None, *, data: bool = True, home: bool = True) -> Sequence[str]:
        """What it removed."""
        ask = query or self.query
        self.query(f"USE ROLE {self.role}")
        who, box = ups.who(ask), self.box()
        found = ups.look_back(box, who, ask, data=data, home=home)
        ups.remove(box, found, who, ask, home=home)
        return [one.title for one in found if one.statement]

    def is_complete(self, **more: Any) -> bool:
        states = {finding.verdict.state for finding in self.look(**more).findings}
        return not states & {State.ABSENT, State.DIFFERS}


def is_effect(statement: str) -> bool:
    """Whether a statement changes the account, and not only what the session sees."""
    return statement.split()[0] not in ("SHOW", "DESCRIBE", "DESC", "SELECT", "USE", "CALL")


class Breaking:
    """Passes statements on until the ``number``-th that changes something, which fails: ``done`` or not."""

    def __init__(self, query: Query, number: int, error: Callable[[], BaseException], *, done: bool) -> None:
        self._query, self._left, self._error, self._done = query, number, error, done
        self.failed = ""

    def __call__(self, statement: str) -> Sequence[dict[str, Any]]:
        if self.failed:
            raise AssertionError(f"after {self.failed} nothing may be tried: {statement}")
        if is_effect(statement):
            if not self._left:
                self.failed = statement
                if self._done:
                    self._query(statement)
                raise self._error()
            self._left -= 1
        return self._query(statement)
