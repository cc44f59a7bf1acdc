"""What an account holds from its first day: system roles, one user, a database."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from sfml.emulator.catalog import Catalog, Kind, Name
from sfml.emulator.passwords import hash_password
from sfml.emulator.settings import Settings

ADMIN = "ACCOUNTADMIN"
SYSTEM_ROLES = (ADMIN, "ORGADMIN", "SECURITYADMIN", "USERADMIN", "SYSADMIN", "PUBLIC")
DATABASE = "LOCAL"
WAREHOUSE = "COMPUTE_WH"
# docs.snowflake.com/en/developer-guide/external-network-access/external-network-access-examples: the rule
# that is there for PyPI; the hosts are those that pip asks.
PYPI_RULE = Name(name="PYPI_RULE", schema="EXTERNAL_ACCESS", database="SNOWFLAKE")
_EGRESS_TO_PYPI: Mapping[str, object] = {
    "TYPE": "HOST_PORT",
    "MODE": "EGRESS",
    "VALUE_LIST": ["pypi.org", "pypi.python.org", "pythonhosted.org", "files.pythonhosted.org"],
}
# What `snow spcs image-registry url` looks at first: the images that Snowflake gives, which everybody may
# pull. Here the repository is empty until somebody pushes into it.
IMAGES = Name(name="SNOWFLAKE_IMAGES", schema="IMAGES", database="SNOWFLAKE")
PASSWORD_FILE = "password"  # noqa: S105 - the file's name


def seed(catalog: Catalog, settings: Settings) -> None:
    """Create what is missing; on any later start that is nothing."""
    with catalog.transaction():
        for role in SYSTEM_ROLES:
            _ensure(catalog, Kind.ROLE, Name(name=role), owner="")
        for database in (DATABASE, "SNOWFLAKE"):
            _ensure(catalog, Kind.DATABASE, Name(name=database), owner=ADMIN)
            _ensure(catalog, Kind.SCHEMA, Name(name="PUBLIC", database=database), owner=ADMIN)
        _ensure(catalog, Kind.SCHEMA, Name(name=PYPI_RULE.schema, database=PYPI_RULE.database), owner=ADMIN)
        _ensure(catalog, Kind.NETWORK_RULE, PYPI_RULE, owner=ADMIN, properties=_EGRESS_TO_PYPI)
        _ensure(catalog, Kind.SCHEMA, Name(name=IMAGES.schema, database=IMAGES.database), owner=ADMIN)
        _ensure_images(catalog)
        _ensure(catalog, Kind.WAREHOUSE, Name(name=WAREHOUSE), owner=ADMIN)
        _ensure_user(catalog, settings)


def _ensure(
    catalog: Catalog,
    kind: Kind,
    name: Name,
    *,
    owner: str,
    properties: Mapping[str, object] | None = None,
) -> None:
    if catalog.get(kind, name) is None:
        catalog.create(kind, name, owner=owner, properties=properties)


def _ensure_images(catalog: Catalog) -> None:
    """The repository that everybody may pull from."""
    if catalog.get(Kind.IMAGE_REPOSITORY, IMAGES) is None:
        record = catalog.create(
            Kind.IMAGE_REPOSITORY, IMAGES, owner=ADMIN, properties={"ENCRYPTION": "SNOWFLAKE_FULL"}
        )
        catalog.open_to_all(record, "READ")


def _ensure_user(catalog: Catalog, settings: Settings) -> None:
    """The user whose password is in the state directory, readable by its owner only."""
    name, file = Name(name=settings.user), settings.state / PASSWORD_FILE
    user = catalog.get(Kind.USER, name)
    if user is not None and file.is_file():
        return
    password = secrets.token_urlsafe(24)
    _write_secret(file, password)
    properties = {
        "password": hash_password(password),
        "roles": [ADMIN],
        "default_role": ADMIN,
        "default_warehouse": WAREHOUSE,
        "default_namespace": f"{DATABASE}.PUBLIC",
    }
    if user is None:
        catalog.create(Kind.USER, name, owner=ADMIN, properties=properties)
    else:
        catalog.update(user, properties={"password": properties["password"]})


def _write_secret(file: Path, text: str) -> None:
    temporary = file.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(text + "\n")
    temporary.replace(file)
