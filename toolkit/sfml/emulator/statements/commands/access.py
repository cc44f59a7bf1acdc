"""Roles, users and grants."""

from __future__ import annotations

from dataclasses import dataclass, field

from sfml.emulator.statements.commands.base import ALL, Options
from sfml.emulator.statements.names import ObjectName, ShowFilter


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateRole:
    name: str
    or_replace: bool = False
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DropRole:
    name: str
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowRoles:
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateUser:
    name: str
    or_replace: bool = False
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterUser:
    name: str
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterUserToken:
    """``action`` is ADD, MODIFY or REMOVE; no ``user`` is the session's own."""

    action: str
    token: str
    user: str | None = None
    if_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DropUser:
    name: str
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowUsers:
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeUser:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Grantee:
    """``kind`` is ROLE or USER."""

    kind: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Securable:
    """What a privilege is on: ``kind`` (ACCOUNT, DATABASE, COMPUTE POOL, STAGE …) and the parts of its name.

    ``bulk`` is ALL or FUTURE for ``ON ALL STAGES IN SCHEMA s``; then ``kind`` is the singular and ``name``
    that of the ``container`` (DATABASE or SCHEMA).
    """

    kind: str
    name: tuple[str, ...] = ()
    bulk: str | None = None
    container: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantPrivileges:
    privileges: tuple[str, ...]
    on: Securable
    to: Grantee
    grant_option: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RevokePrivileges:
    privileges: tuple[str, ...]
    on: Securable
    from_: Grantee
    grant_option_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantRole:
    role: str
    to: Grantee


@dataclass(frozen=True, kw_only=True, slots=True)
class RevokeRole:
    role: str
    from_: Grantee


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantServiceRole:
    service: ObjectName
    role: str
    to: Grantee


@dataclass(frozen=True, kw_only=True, slots=True)
class RevokeServiceRole:
    service: ObjectName
    role: str
    from_: Grantee


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowGrants:
    """One of: ``on``; ``to``; ``of`` (a role's grantees); none of them is the current user's grants."""

    on: Securable | None = None
    to: Grantee | None = None
    of: str | None = None
