"""Statements of Snowflake that sfml sends, without the final semicolon (pure).

Clauses stand in the order of each command's documentation page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from sfml.errors import InputError
from sfml.sql.text import (
    Name,
    canonical_json,
    dollar_quoted,
    literal,
    literals,
    name,
    names,
    plain_word,
    service_name,
)


class Kind(StrEnum):
    """Kinds of objects, as DDL spells them."""

    ROLE = "ROLE"
    USER = "USER"
    DATABASE = "DATABASE"
    SCHEMA = "SCHEMA"
    WAREHOUSE = "WAREHOUSE"
    STAGE = "STAGE"
    IMAGE_REPOSITORY = "IMAGE REPOSITORY"
    COMPUTE_POOL = "COMPUTE POOL"
    SERVICE = "SERVICE"
    SECRET = "SECRET"  # noqa: S105 - the kind of object, no secret
    NETWORK_RULE = "NETWORK RULE"
    INTEGRATION = "INTEGRATION"
    SNAPSHOT = "SNAPSHOT"
    TABLE = "TABLE"
    VIEW = "VIEW"


Value = str | int | bool | None


def _join(*clauses: str | None) -> str:
    return " ".join(clause for clause in clauses if clause)


def _set(key: str, value: Value) -> str | None:
    return None if value is None else f"{key} = {literal(value)}"


def _word(key: str, value: str | None) -> str | None:
    """A property whose value is an identifier (an instance family, a warehouse)."""
    return None if value is None else f"{key} = {name(value, parts=1)}"


def _integrations(values: Sequence[str]) -> str | None:
    # Quoted as SHOW INTEGRATIONS prints them: names in this clause are case-sensitive.
    return f"EXTERNAL_ACCESS_INTEGRATIONS = {names(values)}" if values else None


def _create(kind: str, object_name: str | Name, *clauses: str | None) -> str:
    return _join(f"CREATE {kind} IF NOT EXISTS {name(object_name)}", *clauses)


def create_role(role: str | Name, *, comment: str | None = None) -> str:
    return _create("ROLE", role, _set("COMMENT", comment))


def create_database(database: str | Name, *, comment: str | None = None) -> str:
    return _create("DATABASE", database, _set("COMMENT", comment))


def create_schema(schema: str | Name, *, comment: str | None = None) -> str:
    return _create("SCHEMA", schema, _set("COMMENT", comment))


def create_stage(stage: str | Name, *, directory: bool = True, comment: str | None = None) -> str:
    """An internal stage with server-side encryption, which cannot be changed later.

    Deprecated stage mounts need SNOWFLAKE_SSE, and only with it can presigned URLs be read.
    """
    return _create(
        "STAGE",
        stage,
        "ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')",
        "DIRECTORY = (ENABLE = TRUE)" if directory else None,
        _set("COMMENT", comment),
    )


def create_image_repository(repository: str | Name, *, comment: str | None = None) -> str:
    return _create("IMAGE REPOSITORY", repository, _set("COMMENT", comment))


def create_compute_pool(
    pool: str | Name,
    *,
    family: str,
    min_nodes: int = 1,
    max_nodes: int = 1,
    auto_resume: bool = True,
    initially_suspended: bool = True,
    auto_suspend_secs: int = 300,
    comment: str | None = None,
) -> str:
    """A compute pool that costs nothing until it is used, and stops after five idle minutes.

    Snowflake's own defaults are ``INITIALLY_SUSPENDED = FALSE`` and ``AUTO_SUSPEND_SECS = 3600``.
    """
    return _create(
        "COMPUTE POOL",
        pool,
        _set("MIN_NODES", min_nodes),
        _set("MAX_NODES", max_nodes),
        _word("INSTANCE_FAMILY", family),
        _set("AUTO_RESUME", auto_resume),
        _set("INITIALLY_SUSPENDED", initially_suspended),
        _set("AUTO_SUSPEND_SECS", auto_suspend_secs),
        _set("COMMENT", comment),
    )


def create_secret(secret: str | Name, *, secret_string: str, comment: str | None = None) -> str:
    """A GENERIC_STRING secret. The statement holds the value: show it through :func:`redacted` only."""
    return _create(
        "SECRET",
        secret,
        "TYPE = GENERIC_STRING",
        _set("SECRET_STRING", secret_string),
        _set("COMMENT", comment),
    )


def create_password_secret(
    secret: str | Name, *, username: str, password: str, comment: str | None = None
) -> str:
    """A PASSWORD secret. The statement holds the value: show it through :func:`redacted` only."""
    return _create(
        "SECRET",
        secret,
        "TYPE = PASSWORD",
        _set("USERNAME", username),
        _set("PASSWORD", password),
        _set("COMMENT", comment),
    )


def create_network_rule(rule: str | Name, *, hosts: Sequence[str], comment: str | None = None) -> str:
    """An egress rule for ``host`` or ``host:port`` entries."""
    # The reference page leaves IF NOT EXISTS out; Snowflake's own set-up of Openflow uses it, also for
    # integrations. OR REPLACE would cut running services off for a moment.
    return _join(
        f"CREATE NETWORK RULE IF NOT EXISTS {name(rule)}",
        "TYPE = HOST_PORT",
        f"VALUE_LIST = {literals(hosts)}",
        "MODE = EGRESS",
        _set("COMMENT", comment),
    )


def alter_network_rule(rule: str | Name, *, hosts: Sequence[str]) -> str:
    """Replace the hosts of a rule; services in use go on."""
    return f"ALTER NETWORK RULE {name(rule)} SET VALUE_LIST = {literals(hosts)}"


def create_external_access_integration(
    integration: str | Name,
    *,
    rules: Sequence[str | Name],
    secrets: Sequence[str | Name] = (),
    comment: str | None = None,
) -> str:
    """An enabled integration that lets services reach the hosts of ``rules``."""
    return _join(
        f"CREATE EXTERNAL ACCESS INTEGRATION IF NOT EXISTS {name(integration, parts=1)}",
        f"ALLOWED_NETWORK_RULES = {names(rules)}",
        f"ALLOWED_AUTHENTICATION_SECRETS = {names(secrets)}" if secrets else None,
        "ENABLED = TRUE",
        _set("COMMENT", comment),
    )


def specification(spec: Mapping[str, Any]) -> str:
    """A rendered spec as the clause of CREATE SERVICE, ALTER SERVICE and EXECUTE JOB SERVICE."""
    return f"FROM SPECIFICATION {dollar_quoted(canonical_json(spec))}"


def specification_template(text: str, using: Mapping[str, Value] | None = None) -> str:
    """A template for the server to render, with its values; :class:`InputError` when it holds ``$$``."""
    values = ", ".join(f"{plain_word(key)} => {literal(value)}" for key, value in (using or {}).items())
    return _join(
        f"FROM SPECIFICATION_TEMPLATE {dollar_quoted(text)}", f"USING ({values})" if values else None
    )


def create_service(
    service: str | Name,
    *,
    pool: str | Name,
    source: str,
    min_instances: int = 1,
    max_instances: int | None = None,
    auto_resume: bool | None = None,
    auto_suspend_secs: int | None = None,
    integrations: Sequence[str] = (),
    warehouse: str | None = None,
    comment: str | None = None,
) -> str:
    """A service on ``pool``; ``source`` is :func:`specification` or :func:`specification_template`.

    Properties follow the specification (CREATE SERVICE's syntax); in EXECUTE JOB SERVICE they precede it.
    """
    if max_instances is not None and max_instances < min_instances:
        raise InputError(
            f"max instances ({max_instances}) is below min instances ({min_instances})",
            hint="raise the one or lower the other",
        )
    return _join(
        f"CREATE SERVICE {service_name(service)} IN COMPUTE POOL {name(pool, parts=1)}",
        source,
        _set("AUTO_SUSPEND_SECS", auto_suspend_secs),
        _integrations(integrations),
        _set("AUTO_RESUME", auto_resume),
        _set("MIN_INSTANCES", min_instances),
        _set("MAX_INSTANCES", max_instances or min_instances),
        _word("QUERY_WAREHOUSE", warehouse),
        _set("COMMENT", comment),
    )


def execute_job_service(
    *,
    pool: str | Name,
    source: str,
    job: str | Name | None = None,
    asynchronous: bool = True,
    replicas: int | None = None,
    integrations: Sequence[str] = (),
    warehouse: str | None = None,
    comment: str | None = None,
) -> str:
    """A job on ``pool``; properties precede the specification: after it, Snowflake reports a syntax error."""
    return _join(
        f"EXECUTE JOB SERVICE IN COMPUTE POOL {name(pool, parts=1)}",
        f"NAME = {service_name(job)}" if job else None,
        _set("ASYNC", asynchronous),
        _set("REPLICAS", replicas),
        _word("QUERY_WAREHOUSE", warehouse),
        _set("COMMENT", comment),
        _integrations(integrations),
        source,
    )


def alter_service(service: str | Name, change: str) -> str:
    """``change`` is ``SUSPEND``, ``RESUME``, :func:`specification` or :func:`set_properties`."""
    return f"ALTER SERVICE {service_name(service)} {change}"


def alter_compute_pool(pool: str | Name, change: str) -> str:
    """``change`` is ``SUSPEND``, ``RESUME``, ``STOP ALL`` or :func:`set_properties`."""
    return f"ALTER COMPUTE POOL {name(pool, parts=1)} {change}"


def set_properties(**properties: Value) -> str:
    """``SET KEY = value …`` for ALTER; keys in the order given."""
    return "SET " + " ".join(f"{key.upper()} = {literal(value)}" for key, value in properties.items())


def set_integrations(values: Sequence[str]) -> str:
    """The external access integrations of a service, for ALTER; none takes its way out."""
    return f"SET {_integrations(values)}" if values else "UNSET EXTERNAL_ACCESS_INTEGRATIONS"


class Privilege(StrEnum):
    """Privileges that sfml grants."""

    USAGE = "USAGE"
    READ = "READ"
    WRITE = "WRITE"
    MONITOR = "MONITOR"
    OPERATE = "OPERATE"
    CREATE_SERVICE = "CREATE SERVICE"
    CREATE_STAGE = "CREATE STAGE"
    CREATE_IMAGE_REPOSITORY = "CREATE IMAGE REPOSITORY"
    CREATE_COMPUTE_POOL = "CREATE COMPUTE POOL"
    CREATE_INTEGRATION = "CREATE INTEGRATION"
    BIND_SERVICE_ENDPOINT = "BIND SERVICE ENDPOINT"


def grant(
    privileges: Sequence[Privilege], kind: Kind | None, object_name: str | Name | None, *, role: str | Name
) -> str:
    """Privileges on one object, or on the account when ``kind`` is None, to a role."""
    target = "ACCOUNT" if kind is None else f"{kind} {name(object_name or '')}"
    return f"GRANT {', '.join(privileges)} ON {target} TO ROLE {name(role, parts=1)}"


def grant_role(role: str | Name, *, user: str | Name) -> str:
    return f"GRANT ROLE {name(role, parts=1)} TO USER {name(user, parts=1)}"


def revoke_role(role: str | Name, *, user: str | Name) -> str:
    return f"REVOKE ROLE {name(role, parts=1)} FROM USER {name(user, parts=1)}"


def revoke(
    privileges: Sequence[Privilege], kind: Kind | None, object_name: str | Name | None, *, role: str | Name
) -> str:
    """Undo of :func:`grant`."""
    target = "ACCOUNT" if kind is None else f"{kind} {name(object_name or '')}"
    return f"REVOKE {', '.join(privileges)} ON {target} FROM ROLE {name(role, parts=1)}"


def drop(kind: Kind, object_name: str | Name) -> str:
    """Drop one object, if it exists."""
    return f"DROP {kind} IF EXISTS {name(object_name)}"


def describe(kind: Kind, object_name: str | Name) -> str:
    return f"DESCRIBE {kind} {name(object_name)}"


def show(kind: Kind, *, like: str | None = None, inside: str | Name | None = None) -> str:
    """Objects of a kind ``inside`` a database or ``db.schema``.

    ``like`` takes ``_`` and ``%`` as wildcards: compare the rows' names again.
    """
    plural = "IMAGE REPOSITORIES" if kind is Kind.IMAGE_REPOSITORY else f"{kind}S"
    return _join(
        f"SHOW {plural}", f"LIKE {literal(like)}" if like else None, _inside(inside) if inside else None
    )


def _inside(container: str | Name) -> str:
    found = name(container, parts=2)
    return f"IN {'DATABASE' if len(found.parts) == 1 else 'SCHEMA'} {found}"


def show_external_access_integrations() -> str:
    return "SHOW EXTERNAL ACCESS INTEGRATIONS"


def describe_artifact_repository(repository: str | Name) -> str:
    return f"DESCRIBE ARTIFACT REPOSITORY {name(repository)}"


def ml_job_runtime(pool: str | Name, selector: str) -> str:
    """One value: the image that a job on the pool gets, as snowflake.ml.jobs asks for it."""
    chosen = literal(str(name(pool, parts=1)))
    return f"CALL SYSTEM$GET_ML_JOB_RUNTIME({chosen}, {literal(selector)})"


def show_grants_to_role(role: str | Name) -> str:
    return f"SHOW GRANTS TO ROLE {name(role, parts=1)}"


def show_grants_of_role(role: str | Name) -> str:
    """Who has the role."""
    return f"SHOW GRANTS OF ROLE {name(role, parts=1)}"


def show_grants_to_user(user: str | Name) -> str:
    return f"SHOW GRANTS TO USER {name(user, parts=1)}"


def show_account_parameter(parameter: str) -> str:
    return f"SHOW PARAMETERS LIKE {literal(parameter)} IN ACCOUNT"


def alter_user_default_role(user: str | Name, role: str | Name) -> str:
    return f"ALTER USER {name(user, parts=1)} SET DEFAULT_ROLE = {name(role, parts=1)}"


def alter_user_public_key(user: str | Name, key: str) -> str:
    """``key``: the base64 text of the public key."""
    return f"ALTER USER {name(user, parts=1)} SET RSA_PUBLIC_KEY = {literal(key)}"


def show_instance_families() -> str:
    return "SHOW COMPUTE POOL INSTANCE FAMILIES"


def current_user() -> str:
    """One row with the user as ``NAME``."""
    return "SELECT CURRENT_USER() AS NAME"


def server_time() -> str:
    """One row with the server's time in seconds since 1970 as ``SECONDS``."""
    return "SELECT DATE_PART(EPOCH_SECOND, CURRENT_TIMESTAMP()) AS SECONDS"


def use_role(role: str | Name) -> str:
    return f"USE ROLE {name(role, parts=1)}"


def current_role() -> str:
    """One row with the role as ``NAME``."""
    return "SELECT CURRENT_ROLE() AS NAME"


def current_region() -> str:
    """One row with the account's region as ``NAME``, such as AWS_US_WEST_2."""
    return "SELECT CURRENT_REGION() AS NAME"
