"""The catalog: every object of the account in one SQLite file, written before it is answered.

One generic table serves all kinds, so a new kind of object needs no migration; what is particular to a kind
lives in ``properties`` (JSON). Names are stored resolved: unquoted identifiers upper-cased.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sfml.emulator.faults import DiskFullError, Fault, exists
from sfml.errors import ConfigError

FORMAT = 2
"""Version of the state directory; raised together with a step in ``MIGRATIONS``."""

# Jobs of one container each become services whose instances have containers.
_CONTAINERS = """
update object set properties = json_set(
    properties,
    '$.replicas', json_array_length(properties, '$.instances'),
    '$.maximum', json_array_length(properties, '$.instances'),
    '$.auto_resume', json('true'), '$.auto_suspend_secs', 0, '$.log_level', null,
    '$.unschedulable', '', '$.read_only', json('[]'), '$.images', json('{}'), '$.suspended_on', null,
    '$.instances', json((
        select json_group_array(json_set(
            instance.value,
            '$.created_on', object.created_on,
            '$.spec_digest', json_extract(properties, '$.spec_digest'),
            '$.containers', json_array(json_object(
                'name', json_extract(properties, '$.spec.spec.containers[0].name'),
                'status', replace(json_extract(instance.value, '$.status'), 'SUCCEEDED', 'DONE'),
                'message', json_extract(instance.value, '$.message'),
                'exit_code', json_extract(instance.value, '$.exit_code'),
                'started_on', json_extract(instance.value, '$.started_on'),
                'restarts', 0, 'restarted_on', null))))
        from json_each(properties, '$.instances') as instance)))
where kind = 'SERVICE'
"""
MIGRATIONS: Mapping[int, str] = {1: _CONTAINERS}
"""Format -> the SQL script that makes the next format of it."""

_SCHEMA = """
create table if not exists object (
    id integer primary key autoincrement,
    kind text not null, database text not null, schema text not null, name text not null,
    owner text not null, comment text, properties text not null,
    created_on text not null, updated_on text not null, dropped_on text
);
create unique index if not exists live on object (kind, database, schema, name) where dropped_on is null;
create table if not exists privilege (
    role text not null, privilege text not null, kind text not null, name text not null,
    granted_by text not null, created_on text not null, grant_option integer not null default 0,
    primary key (role, privilege, kind, name)
);
"""


_FULL = "disk is full"
"""In SQLite's message for SQLITE_FULL (sqlite.org/rescode.html)."""


class Kind(StrEnum):
    """Kinds of objects; the value is what ``faults.missing`` prints."""

    DATABASE = "Database"
    SCHEMA = "Schema"
    WAREHOUSE = "Warehouse"
    ROLE = "Role"
    USER = "User"
    STAGE = "Stage"
    USER_STAGE = "User Stage"  # @~: a stage of each user's own, without a name
    COMPUTE_POOL = "Compute Pool"
    SERVICE = "Service"  # services and jobs share a namespace
    IMAGE_REPOSITORY = "Image Repository"
    SNAPSHOT = "Snapshot"
    TAG = "Tag"
    SECRET = "Secret"  # noqa: S105 - the kind of object, no secret
    NETWORK_RULE = "Network Rule"
    INTEGRATION = "Integration"


@dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    """A resolved name. Account-level objects have neither database nor schema, schemas no schema."""

    name: str
    database: str = ""
    schema: str = ""

    def __str__(self) -> str:
        return ".".join(part for part in (self.database, self.schema, self.name) if part)


@dataclass(frozen=True, kw_only=True)
class Record:
    """One object. ``properties`` holds JSON values only."""

    kind: Kind
    name: Name
    owner: str
    comment: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    created_on: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_on: datetime = field(default_factory=lambda: datetime.now(UTC))
    dropped_on: datetime | None = None
    id: int = 0


class Catalog:
    """Objects by kind and name; safe to share between threads; each call is one transaction."""

    def __init__(
        self, path: Path | str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=normal")
        self._upgrade()
        self._db.executescript(_SCHEMA)

    @property
    def lock(self) -> threading.RLock:
        """What each call holds. State that changes with the catalog shares it: nobody waits for two locks."""
        return self._lock

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Several reads and writes as one; nests."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("begin immediate")
            try:
                yield self._db
                self._db.execute("commit")
            except BaseException as error:
                self._abandon()
                if isinstance(error, sqlite3.OperationalError) and _FULL in str(error):
                    raise DiskFullError from error
                raise

    def _abandon(self) -> None:
        if self._db.in_transaction:  # a COMMIT that fails may have ended it
            self._db.execute("rollback")

    def create(
        self,
        kind: Kind,
        name: Name,
        *,
        owner: str,
        comment: str | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> Record:
        """The new object; :class:`Fault` 002002 when the name is taken."""
        now = self._clock()
        row = (
            kind.name, name.database, name.schema, name.name, owner, comment,
            json.dumps(dict(properties or {})), now.isoformat(), now.isoformat(),
        )  # fmt: skip
        with self.transaction() as db:
            try:
                cursor = db.execute(
                    "insert into object (kind, database, schema, name, owner, comment, properties,"
                    " created_on, updated_on) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
            except sqlite3.IntegrityError:
                raise exists(name.name) from None
            return self._by_id(db, int(cursor.lastrowid or 0))

    def get(self, kind: Kind, name: Name) -> Record | None:
        """The live object of that name, or None."""
        with self._lock:
            found = self._db.execute(
                "select * from object where kind = ? and database = ? and schema = ? and name = ?"
                " and dropped_on is null",
                (kind.name, name.database, name.schema, name.name),
            ).fetchone()
        return _record(found) if found else None

    def find(
        self, kind: Kind, *, database: str | None = None, schema: str | None = None, dropped: bool = False
    ) -> list[Record]:
        """Objects of a kind, ordered by name; ``dropped`` adds those that are gone (job history)."""
        query = "select * from object where kind = ?"
        values: list[str] = [kind.name]
        for column, value in (("database", database), ("schema", schema)):
            if value is not None:
                query += f" and {column} = ?"
                values.append(value)
        if not dropped:
            query += " and dropped_on is null"
        with self._lock:
            rows = self._db.execute(query + " order by name, id", values).fetchall()
        return [_record(row) for row in rows]

    def update(
        self,
        record: Record,
        *,
        comment: str | None = None,
        owner: str | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> Record:
        """The new state; ``properties`` are merged into the stored ones (a value of None stays as null)."""
        with self.transaction() as db:
            current = self._by_id(db, record.id)
            db.execute(
                "update object set comment = ?, owner = ?, properties = ?, updated_on = ? where id = ?",
                (
                    current.comment if comment is None else comment,
                    owner or current.owner,
                    json.dumps({**current.properties, **(properties or {})}),
                    self._clock().isoformat(),
                    record.id,
                ),
            )
            return self._by_id(db, record.id)

    def drop(self, record: Record) -> None:
        """Mark the object as dropped; its row stays as history."""
        with self.transaction() as db:
            db.execute(
                "update object set dropped_on = ? where id = ?", (self._clock().isoformat(), record.id)
            )

    def open_to_all(self, record: Record, privilege: str) -> None:
        """Grant a privilege on a new object to everybody (the role PUBLIC)."""
        with self.transaction() as db:
            db.execute(
                "insert or ignore into privilege (role, privilege, kind, name, granted_by, created_on)"
                " values ('PUBLIC', ?, ?, ?, ?, ?)",
                (privilege, record.kind.name, str(record.name), record.owner, record.created_on.isoformat()),
            )

    def _upgrade(self) -> None:
        """Bring an older state directory to this format; refuse a newer one, untouched."""
        (found,) = self._db.execute("pragma user_version").fetchone()
        new = self._db.execute("select count(*) from sqlite_master").fetchone() == (0,)
        if new:
            self._db.execute(f"pragma user_version = {FORMAT:d}")
            return
        if found > FORMAT:
            raise ConfigError(
                f"the local backend's state has format {found}, and this sfml knows {FORMAT} at most",
                hint="upgrade sfml, or start afresh with `sfml local reset`",
            )
        for step in range(found, FORMAT):
            script = MIGRATIONS[step]
            self._db.executescript(f"begin; {script}; pragma user_version = {step + 1:d}; commit;")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _by_id(self, db: sqlite3.Connection, number: int) -> Record:
        row = db.execute("select * from object where id = ?", (number,)).fetchone()
        if row is None:
            raise Fault("002003", "02000", f"Object {number} does not exist.")
        return _record(row)


def _record(row: tuple[Any, ...]) -> Record:
    number, kind, database, schema, name, owner, comment, properties, created, updated, dropped = row
    return Record(
        id=number,
        kind=Kind[kind],
        name=Name(name=name, database=database, schema=schema),
        owner=owner,
        comment=comment,
        properties=json.loads(properties),
        created_on=datetime.fromisoformat(created),
        updated_on=datetime.fromisoformat(updated),
        dropped_on=datetime.fromisoformat(dropped) if dropped else None,
    )
