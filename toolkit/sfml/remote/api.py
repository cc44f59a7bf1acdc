"""The functions of ``sfml.remote``: a dev box from Python, each answer a plain dict.

They change without asking, as a program wants it; `sfml up` shows its plan first.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sfml import config, project, steps
from sfml.config import Config
from sfml.remote import editors, tokens, up
from sfml.remote.box import Box
from sfml.remote.entry import folder
from sfml.remote.recall import box_as_it_is
from sfml.session import in_containers
from sfml.session.rows import Query, query

READY_WITHIN = 900.0
"""Seconds: a node takes minutes to start, an address some more."""


def setup(
    connection_name: str | None = None,
    project_name: str = "ml_dev",
    database: str | None = None,
    instance_family: str = "CPU_X64_M",
    stage_name: str = "DEV_STAGE",
    **options: Any,
) -> dict[str, Any]:
    """Create what a dev box needs, and what is missing of it only; the names of all of it.

    ``{"database", "schema", "stage", "compute_pool", "network_rule", "integration", "service", "created"}``;
    the service itself comes with :func:`connect`. ``options``: ``schema``, ``pool``, ``image``, ``role``,
    ``home_size``, ``egress`` (``editors``, ``packages``, ``all``, ``none`` or hosts). A missing privilege
    raises RefusedError, whose hint is the SQL for an administrator.
    """
    chosen, ask = _log_in(connection_name, options)
    who = up.who(ask)
    box = box_of(
        who, ask, project=project_name, database=database, family=instance_family, stage=stage_name, **options
    )
    findings = steps.survey(up.around_it(box, who), ask)
    done = steps.carry_out(findings, ask)
    return {**names(box), "created": [step.title for step in done], "connection": chosen.connection}


def connect(
    connection_name: str | None = None,
    project_name: str = "ml_dev",
    compute_pool: str | None = None,
    stage: str | None = None,
    eai_name: str | None = None,
    ide: str | None = "cursor",
    **options: Any,
) -> dict[str, Any]:
    """Start the box, make it known to ssh, and open the editor on it (``cursor``, ``vscode`` or None).

    ``{"host", "service", "url", "status"}``: ``ssh HOST`` leads into the box. ``eai_name``: an external
    access integration of your own in the place of the box's. ``options``: as for :func:`setup`, and
    ``timeout`` (seconds).
    """
    editor = editors.EDITORS[editors.NAMES[ide]] if ide else None
    if editor:
        editors.require(editor, os.environ)  # before anything costs money
    seconds = float(options.pop("timeout", READY_WITHIN))
    report: Callable[[str], None] = options.pop("report", lambda _: None)
    chosen, ask = _log_in(connection_name, options)
    tokens.way(chosen.connection or "", os.environ)
    who = up.who(ask)
    box = box_of(who, ask, project=project_name, pool=compute_pool, stage=stage, eai=eai_name, **options)
    place = folder(Path.home())
    wanted = up.look(box, who, ask, place=place, library=up.library(project.root(Path.cwd())))
    up.carry_out(wanted, who, ask, change=False, report=report)
    entered = up.enter(chosen, box, ask, place=place, environ=os.environ, seconds=seconds, report=report)
    if editor:
        editors.open_folder(editor, box.host)
    return {"host": box.host, "service": str(box.service), "url": entered.url, "status": "RUNNING"}


def teardown(
    connection_name: str | None = None,
    project_name: str = "ml_dev",
    *,
    data: bool = False,
    delete_home: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Remove the box and what was made for it, and nothing else; ``{"removed": […], "kept": […], "home"}``.

    ``home`` names the snapshot of the box's home, which :func:`connect` restores; ``delete_home`` leaves
    none.
    ``data``: stage, database and role too, unless they hold or serve something that is not ours.
    """
    _, ask = _log_in(connection_name, options)
    who = up.who(ask)
    box = box_of(who, ask, project=project_name, **options)
    found = up.look_back(box, who, ask, data=data, home=delete_home)
    home = up.remove(box, found, who, ask, home=delete_home)
    up.forget(box, folder(Path.home()))
    return {
        "removed": [one.title for one in found if one.statement],
        "kept": [f"{one.title}: {one.reason}" for one in found if not one.statement],
        "home": str(home.name) if home else None,
    }


def _log_in(connection: str | None, options: dict[str, Any]) -> tuple[Config, Query]:
    flags = {"connection": connection or None, "role": options.pop("role", None)}
    chosen = config.resolve(flags, os.environ, project.root(Path.cwd()))
    return chosen, query(in_containers(chosen))


def box_of(who: up.Who, query: Query, **options: Any) -> Box:
    """The box of the session's user; what ``options`` leave open is as in the box that there is."""
    return box_as_it_is(query, user=who.user, role=who.owner, **options)


def names(box: Box) -> dict[str, str]:
    """What a box is made of, by kind."""
    return {
        "database": str(box.setup.database),
        "schema": box.setup.schema.last,
        "stage": str(box.setup.stage),
        "compute_pool": str(box.setup.pool),
        "network_rule": str(box.rule),
        "integration": str(box.integration),
        "service": str(box.service),
    }
