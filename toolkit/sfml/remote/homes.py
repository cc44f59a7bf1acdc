"""Homes of boxes that were removed: Snowflake keeps a snapshot of a deleted block volume for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sfml import sql
from sfml.errors import InputError, NotFinishedError, NotFoundError, RefusedError
from sfml.remote.box import Box
from sfml.session.rows import Query
from sfml.sql import Kind, Name

VOLUME = "home"
"""The volume's name (specs/_base.yaml.j2)."""
KEPT_FOR = timedelta(days=7)
"""Of a snapshot that is made on deletion, unless the specification says otherwise (block storage volumes)."""
_ON_DELETE = "SYS_BACKUP_ON_DELETE"
_CREATED, _ERROR = "CREATED", "ERROR"
_LOOK_EVERY = 2.0


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One home as it was."""

    name: Name
    state: str
    gibibytes: int
    created: datetime

    @property
    def expires(self) -> datetime | None:
        """When Snowflake deletes it; None for one that somebody made."""
        return self.created + KEPT_FOR if self.name.last.startswith(_ON_DELETE) else None

    @property
    def text(self) -> str:
        """Its name, and how long it is kept."""
        until = self.expires
        return (
            f"snapshot {self.name}, kept until {until:%Y-%m-%d %H:%M}" if until else f"snapshot {self.name}"
        )


def kept(box: Box, query: Query) -> tuple[Snapshot, ...]:
    """The snapshots of the box's home, the newest first; those that failed are left out."""
    try:
        rows = query(sql.show(Kind.SNAPSHOT, inside=box.setup.schema))
    except (NotFoundError, RefusedError):
        return ()
    found = [_snapshot(box, row) for row in rows if _is_home(box, row) and row.get("state") != _ERROR]
    return tuple(sorted(found, key=lambda snapshot: snapshot.created, reverse=True))


def _is_home(box: Box, row: Mapping[str, Any]) -> bool:
    service = str(row.get("service_name")).replace('"', "")
    is_volume = str(row.get("volume_name")).lower() == VOLUME
    return is_volume and service in (".".join(box.service.parts), box.service.last)


def _snapshot(box: Box, row: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        name=box.setup.schema.child(str(row["name"])),
        state=str(row.get("state")),
        gibibytes=int(row.get("size") or 0),
        created=row["created_on"],
    )


def require_room(box: Box, snapshot: Snapshot) -> None:
    """InputError where the home does not fit into the volume that was asked for."""
    if snapshot.gibibytes > box.home_gibibytes:
        raise InputError(
            f"the home in {snapshot.text}, has {snapshot.gibibytes}Gi, and {box.home_size} were asked for",
            hint=f"--home-size {snapshot.gibibytes}Gi, or sfml down --delete-home for an empty one",
        )


def wait_until_created(
    box: Box,
    snapshot: Snapshot,
    query: Query,
    *,
    seconds: float,
    report: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Until the snapshot can be used; NotFinishedError says that it is still being written."""
    began, told = clock(), False
    while True:
        states = {one.name: one.state for one in kept(box, query)}
        if states.get(snapshot.name) == _CREATED:
            return
        if snapshot.name not in states or clock() - began > seconds:
            state = states.get(snapshot.name, "not there any more")
            raise NotFinishedError(f"{snapshot.text}, is {state}", hint="run this again later")
        if not told:
            report(f"{snapshot.text}, is being written")
            told = True
        sleep(_LOOK_EVERY)


def drop(snapshots: Sequence[Snapshot], query: Query) -> None:
    """Delete homes for good."""
    for snapshot in snapshots:
        query(sql.drop(Kind.SNAPSHOT, snapshot.name))
