"""GRANT, REVOKE and SHOW GRANTS."""

from __future__ import annotations

from sfml.emulator.faults import unsupported
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import ObjectName
from sfml.emulator.statements.reader import Reader

# Kinds that a privilege can be on, longest first where one begins like another, with their plurals.
# docs.snowflake.com/en/sql-reference/sql/grant-privilege
_KINDS = {
    "COMPUTE POOL": "COMPUTE POOLS",
    "IMAGE REPOSITORY": "IMAGE REPOSITORIES",
    "NETWORK RULE": "NETWORK RULES",
    "FILE FORMAT": "FILE FORMATS",
    "EXTERNAL TABLE": "EXTERNAL TABLES",
    "DATABASE": "DATABASES",
    "SCHEMA": "SCHEMAS",
    "WAREHOUSE": "WAREHOUSES",
    "INTEGRATION": "INTEGRATIONS",
    "STAGE": "STAGES",
    "SERVICE": "SERVICES",
    "SECRET": "SECRETS",
    "SNAPSHOT": "SNAPSHOTS",
    "TABLE": "TABLES",
    "VIEW": "VIEWS",
    "SEQUENCE": "SEQUENCES",
    "FUNCTION": "FUNCTIONS",
    "PROCEDURE": "PROCEDURES",
    "MODEL": "MODELS",
    "TASK": "TASKS",
    "STREAM": "STREAMS",
    "USER": "USERS",
    "ROLE": "ROLES",
}


def grant(reader: Reader) -> c.Command:
    if reader.accept("SERVICE", "ROLE"):
        service, service_role = _service_role(reader)
        holder = _grantee(reader, "TO")
        reader.end()
        return c.GrantServiceRole(service=service, role=service_role, to=holder)
    role = _role(reader)
    if role is not None:
        to = _grantee(reader, "TO")
        reader.end()
        return c.GrantRole(role=role, to=to)
    privileges = _privileges(reader)
    on = _securable(reader)
    to = _grantee(reader, "TO")
    option = reader.accept("WITH", "GRANT", "OPTION")
    if not option and not reader.accept("REVOKE", "CURRENT", "GRANTS"):
        reader.accept("COPY", "CURRENT", "GRANTS")
    reader.end()
    return c.GrantPrivileges(privileges=privileges, on=on, to=to, grant_option=option)


def revoke(reader: Reader) -> c.Command:
    if reader.accept("SERVICE", "ROLE"):
        service, service_role = _service_role(reader)
        holder = _grantee(reader, "FROM")
        reader.end()
        return c.RevokeServiceRole(service=service, role=service_role, from_=holder)
    role = _role(reader)
    if role is not None:
        from_ = _grantee(reader, "FROM")
        reader.end()
        return c.RevokeRole(role=role, from_=from_)
    option_only = reader.accept("GRANT", "OPTION", "FOR")
    privileges = _privileges(reader)
    on = _securable(reader)
    from_ = _grantee(reader, "FROM")
    if not reader.accept("RESTRICT"):
        reader.accept("CASCADE")
    reader.end()
    return c.RevokePrivileges(privileges=privileges, on=on, from_=from_, grant_option_only=option_only)


def show_grants(reader: Reader) -> c.Command:
    command = c.ShowGrants()
    if reader.accept("ON"):
        command = c.ShowGrants(on=_securable(reader, preposition=False))
    elif reader.accept("TO"):
        reader.at -= 1
        command = c.ShowGrants(to=_grantee(reader, "TO"))
    elif reader.accept("OF"):
        reader.expect("ROLE")
        command = c.ShowGrants(of=reader.account_name())
    elif reader.sees("IN") or reader.sees("LIKE"):
        raise unsupported("SHOW GRANTS with a filter")
    reader.end()
    return command


def _service_role(reader: Reader) -> tuple[ObjectName, str]:
    """``[db.][schema.]service!role``."""
    service = reader.object_name()
    reader.expect("!")
    return service, reader.identifier()


def _role(reader: Reader) -> str | None:
    for special in ("DATABASE ROLE", "APPLICATION ROLE"):
        if reader.sees(*special.split()):
            raise unsupported(f"GRANT {special}")
    return reader.account_name() if reader.accept("ROLE") else None


def _privileges(reader: Reader) -> tuple[str, ...]:
    if reader.accept("ALL"):
        reader.accept("PRIVILEGES")
        return ("ALL",)
    found = [_privilege(reader)]
    while reader.accept(","):
        found.append(_privilege(reader))
    return tuple(found)


def _privilege(reader: Reader) -> str:
    words = []
    while not (reader.sees("ON") or reader.sees(",")):
        word = reader.next().word()
        if not word:
            reader.at -= 1
            raise reader.wrong()
        words.append(word)
    if not words:
        raise reader.wrong()
    return " ".join(words)


def _securable(reader: Reader, *, preposition: bool = True) -> c.Securable:
    if preposition:
        reader.expect("ON")
    if reader.accept("ACCOUNT"):
        return c.Securable(kind="ACCOUNT")
    bulk = reader.accept_any("ALL", "FUTURE")
    if bulk is not None:
        return _bulk(reader, bulk)
    kind = reader.accept_any(*_KINDS)
    if kind is None:
        raise reader.wrong()
    return c.Securable(kind=kind, name=reader.parts())


def _bulk(reader: Reader, bulk: str) -> c.Securable:
    kind = next((kind for kind, plural in _KINDS.items() if reader.accept(*plural.split())), None)
    if kind is None:
        raise reader.wrong()
    reader.expect("IN")
    container = reader.accept_any("DATABASE", "SCHEMA")
    if container is None:
        raise reader.wrong()
    return c.Securable(kind=kind, name=reader.parts(), bulk=bulk, container=container)


def _grantee(reader: Reader, preposition: str) -> c.Grantee:
    reader.expect(preposition)
    for special in ("DATABASE ROLE", "APPLICATION ROLE", "APPLICATION", "SHARE"):
        if reader.sees(*special.split()):
            raise unsupported(f"GRANT … {preposition} {special}")
    kind = reader.accept_any("ROLE", "USER") or "ROLE"
    return c.Grantee(kind=kind, name=reader.account_name())
