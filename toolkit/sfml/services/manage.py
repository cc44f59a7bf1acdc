"""Services and job services as Snowflake lists them, and what can be done with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfml import sql
from sfml.errors import InputError, SfmlError
from sfml.pools import Pool
from sfml.services import observe
from sfml.services.evidence import Subject
from sfml.services.plan import Wish
from sfml.services.run import send_spec
from sfml.session.rows import Query, flag
from sfml.specs.model import Specification

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

# Snowflake's error number for DROP of a service with block volumes and without FORCE.
_HAS_BLOCK_VOLUMES = 395085
# States in which a service or job holds no node (docs.snowflake.com, SHOW SERVICES).
RESTING = frozenset(
    {"DONE", "FAILED", "CANCELLED", "SUSPENDED", "SUSPENDING", "DELETED", "DELETING", "INTERNAL_ERROR"}
)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A row of SHOW SERVICES or DESCRIBE SERVICE; ``spec`` is the text that DESCRIBE shows."""

    name: str
    kind: str
    status: str
    compute_pool: str
    instances: int
    target_instances: int
    owner: str
    created: str
    integrations: tuple[str, ...] = ()
    comment: str | None = None
    dns_name: str = ""
    spec: str = ""

    @property
    def described(self) -> dict[str, Any]:
        """As a row of a table, or a document."""
        return {
            "name": self.name,
            "kind": self.kind,
            "status": self.status,
            "instances": self.instances,
            "target_instances": self.target_instances,
            "compute_pool": self.compute_pool,
            "owner": self.owner,
            "created": self.created,
            "eai": list(self.integrations),
            "dns_name": self.dns_name,
            "comment": self.comment,
        }


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A row of SHOW ENDPOINTS; ``url`` once a public one has its address."""

    name: str
    port: str
    protocol: str
    public: bool
    url: str | None

    @property
    def described(self) -> dict[str, Any]:
        """As a row of a table."""
        return {
            "name": self.name,
            "port": self.port,
            "protocol": self.protocol,
            "public": self.public,
            "url": self.url,
        }


def services(
    query: Query,
    *,
    jobs: sql.Jobs = sql.Jobs.NOT,
    inside: str | sql.Name | None = None,
    pool: str | None = None,
) -> list[Service]:
    """The services of a schema or pool, or of the whole account."""
    return [_service(row) for row in query(sql.show_services(jobs=jobs, inside=inside, pool=pool))]


def describe(query: Query, name: str) -> Service:
    """One service; NotFoundError where there is none."""
    (row,) = query(sql.describe_service(name))
    return _service(row)


def endpoints(query: Query, name: str) -> list[Endpoint]:
    """What the service is reached at; while a public address is made, a sentence stands in its place."""
    return [_endpoint(row) for row in query(sql.show_endpoints(name))]


def specification(service: Service) -> Specification | None:
    """The spec as DESCRIBE shows it, typed; None where this role may not see it."""
    if not service.spec:
        return None
    from sfml.specs import typed, values

    data = values.parse_values(service.spec, name=service.name)
    for container in data.get("spec", {}).get("containers", ()):
        container.pop("sha256", None)  # added by the service, no key of the grammar
    return typed.specification(data)


def subject(query: Query, name: str) -> Subject:
    """What is to be followed: containers and instances as they are now."""
    found = describe(query, name)
    spec = specification(found)
    if spec is not None:
        containers = [container.name for container in spec.spec.containers]
    else:
        containers = sorted({state.name for state in observe.containers(query, name)})
    return Subject(
        name=found.name,
        kind=found.kind,
        spec=spec,
        containers=tuple(containers) or ("main",),
        instances=max(1, found.target_instances),
        integrations=found.integrations,
    )


def create(connection: SnowflakeConnection, wish: Wish, pool: Pool) -> str:
    """Create the service; what the server says. A refusal is explained."""
    fewest, most = wish.instances
    statement = sql.create_service(
        wish.name,
        pool=sql.Name((pool.name,)),
        source=sql.specification(wish.ready.data),
        min_instances=fewest,
        max_instances=most,
        auto_resume=wish.auto_resume,
        auto_suspend_secs=wish.auto_suspend_secs,
        integrations=wish.integrations,
        warehouse=wish.warehouse,
        comment=wish.comment,
    )
    return send_spec(connection, statement, wish, pool)


def upgrade(connection: SnowflakeConnection, wish: Wish, pool: Pool) -> str:
    """Give a service another spec: its instances are replaced one after the other."""
    statement = sql.alter_service(wish.name, sql.specification(wish.ready.data))
    return send_spec(connection, statement, wish, pool)


def change(query: Query, service: Service, verb: str) -> str:
    """``SUSPEND`` or ``RESUME`` a service; InputError for a job, which can do neither."""
    if service.kind == "job":
        raise InputError(
            f"{service.name} is a job: it cannot be suspended or resumed",
            hint=f"end it: sfml jobs cancel {service.name}",
        )
    return _status(query(sql.alter_service(service.name, verb)))


def drop(query: Query, name: str, *, force: bool = False) -> str:
    """Drop a service or job; with block volumes only where ``force`` deletes them too."""
    try:
        return _status(query(sql.drop_service(name, force=force)))
    except SfmlError as error:
        number = getattr(error.__cause__, "errno", None)
        if number != _HAS_BLOCK_VOLUMES:
            raise
        raise InputError(
            f"{name} has block volumes, which would be deleted with it",
            hint="--force drops it with them; first a snapshot is taken where the spec has snapshotOnDelete",
        ) from error


def _status(rows: Sequence[Mapping[str, Any]]) -> str:
    return str(rows[0]["status"]) if rows else ""


def _service(row: Mapping[str, Any]) -> Service:
    # SHOW leaves the column out where all rows would say the same.
    is_job = flag(row.get("is_job", "is_async_job" in row))
    return Service(
        name=str(sql.Name((row["database_name"], row["schema_name"], row["name"]))),
        kind="job" if is_job else "service",
        status=row["status"],
        compute_pool=row["compute_pool"],
        instances=int(row["current_instances"] or 0),
        target_instances=int(row["target_instances"] or 0),
        owner=row["owner"] or "",
        created=str(row["created_on"]),
        integrations=_names(row["external_access_integrations"]),
        comment=row["comment"],
        dns_name=row["dns_name"] or "",
        spec=row.get("spec") or "",
    )


def _names(text: object) -> tuple[str, ...]:
    """NULL, or the text of a list: ``["A","B"]``."""
    words = str(text or "").strip("[] ").split(",")
    return tuple(word.strip(" \"'") for word in words if word.strip())


def _endpoint(row: Mapping[str, Any]) -> Endpoint:
    url = str(row["ingress_url"] or "")
    return Endpoint(
        name=row["name"],
        port=str(row["port"] or row["port_range"] or ""),
        protocol=row["protocol"],
        public=flag(row["is_public"]),
        url=f"https://{url}" if url and " " not in url and "://" not in url else url or None,
    )
