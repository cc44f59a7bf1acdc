"""The options of the box that there is: what the user does not name stays as it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sfml import sql
from sfml.errors import InputError, NotFoundError, RefusedError
from sfml.remote.box import DEFAULT_PROJECT, Box, resolve
from sfml.remote.changes import image_of
from sfml.remote.homes import VOLUME, kept
from sfml.remote.hosts import listed
from sfml.services import manage
from sfml.services.manage import Service
from sfml.session.rows import Query
from sfml.specs import values
from sfml.sql import Kind, Name


def box_as_it_is(query: Query, *, user: str, role: str, project: str = DEFAULT_PROJECT, **given: Any) -> Box:
    """The box for the options that are not None; for the others, as it is, or else as by default.

    InputError where a pool of the name has another family than the one that is given.
    """
    whose = {"user": user, "project": project, "role": role}
    named = {name: value for name, value in given.items() if value is not None}
    if "eai" in named or "egress" in named:  # one of them stands for both
        named = {"eai": None, "egress": None, **named}
    first = resolve(**whose, **named)
    there = _options(first, query) or _last_home(first, query)
    if "repository" in named and "image" in there:  # the same image, from there
        there["image"] = str(there["image"]).rpartition("/")[2]
    options = {**there, **named}
    box = resolve(**whose, **options)
    family = _family(box.setup.pool, query)
    if family is None or family == box.setup.family:
        return box
    if "family" in named:
        raise InputError(
            f"the compute pool {box.setup.pool} is of family {family}, and that cannot be changed to "
            f"{box.setup.family}",
            hint="another pool has another family: --pool NAME, with --recreate for a box that there is; "
            "or leave the family away",
        )
    return replace(box, setup=replace(box.setup, family=family))


def _family(pool: Name, query: Query) -> str | None:
    """The family of a pool that there is."""
    rows = query(sql.show(Kind.COMPUTE_POOL, like=pool.last))
    return next((str(row["instance_family"]) for row in rows if row["name"] == pool.last), None)


def _options(box: Box, query: Query) -> dict[str, Any]:
    """The options of the user's box, as far as Snowflake tells them."""
    try:
        there = manage.describe(query, str(box.service))
    except (NotFoundError, RefusedError):
        return {}
    if not box.is_ours({"comment": there.comment}):
        return {}
    text = values.parse_values(there.spec, name=there.name) if there.spec else {}
    spec = text.get("spec", text)
    found = {
        "pool": there.compute_pool,
        **_of_specification(spec, box.setup.schema),
        **_access(box, there, query),
    }
    return {name: value for name, value in found.items() if value is not None}


def _last_home(box: Box, query: Query) -> dict[str, Any]:
    """A volume that the home of a box that was removed fits into again."""
    found = kept(box, query)
    return {"home_size": f"{found[0].gibibytes}Gi"} if found and found[0].gibibytes else {}


def _of_specification(spec: Mapping[str, Any], schema: Name) -> dict[str, Any]:
    container: Mapping[str, Any] = next(iter(spec.get("containers", ())), {})
    volumes = {volume.get("name"): volume for volume in spec.get("volumes", ())}
    minutes = (container.get("env") or {}).get("SFML_BOX_IDLE_MINUTES")
    return {
        "image": image_of(str(container["image"])) if "image" in container else None,
        "home_size": volumes.get(VOLUME, {}).get("size"),
        "stage": _stage(volumes.get("stage", {}), schema),
        "idle_minutes": float(minutes) if minutes else None,
    }


def _stage(volume: Mapping[str, Any], schema: Name) -> str | None:
    text = str((volume.get("stageConfig") or {}).get("name") or "").lstrip("@")
    found = sql.name(text) if text else schema
    return str(Name(found.parts[-1:])) if found.parent == schema else None


def _access(box: Box, there: Service, query: Query) -> dict[str, Any]:
    """What it may reach: nothing, the hosts of our rule, or an integration of the user's own."""
    if not there.integrations:
        return {"egress": "none"}
    if there.integrations != (box.integration.last,):
        return {"eai": str(Name(there.integrations[:1]))}
    try:
        rows = query(sql.describe(Kind.NETWORK_RULE, box.rule))
    except (NotFoundError, RefusedError):
        return {}
    return {"egress": ",".join(listed(rows[0])) or None} if rows else {}
