"""A dev box and everything around it, by name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sfml import account, sql
from sfml.config import owned_name
from sfml.errors import InputError
from sfml.remote.hosts import hosts
from sfml.specs.families import FAMILIES
from sfml.sql import Name

DEFAULT_PROJECT = "ml_dev"
DEFAULTS: Mapping[str, Any] = {
    "database": None,  # after the project
    "schema": "PUBLIC",
    "stage": "DEV_STAGE",
    "pool": None,  # after the project
    "family": "CPU_X64_M",
    "image": "dev",
    "repository": "IMAGES",
    "egress": "editors",
    "eai": None,
    "home_size": "50Gi",
    "idle_minutes": 20,
}
"""What :func:`resolve` takes for an option that is None."""
LOGIN = "dev"
"""The user in the box (images/base)."""
HOME = "/home/dev"
STAGE_MOUNT = "/workspace/stage"
OWN_ID = 1000

_PROJECT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}\Z", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Box:
    """What one user's box of a project is made of; names are resolved, as SHOW prints them."""

    project: str
    user: str
    setup: account.Setup
    service: Name
    rule: Name
    integration: Name
    image: str
    image_digest: str = ""
    egress: tuple[str, ...]
    has_integration: bool
    home_size: str
    idle_minutes: float

    @property
    def host(self) -> str:
        """The box's name for ssh."""
        return f"sfml-{self.project.lower().replace('_', '-')}"

    @property
    def home_gibibytes(self) -> int:
        """The home's size in Gi."""
        number = int(self.home_size[:-2])
        return number * 1024 if self.home_size.endswith("Ti") else number

    @property
    def gpus(self) -> int:
        """How many GPUs a node of the pool's family has."""
        family = FAMILIES.get(self.setup.family)
        return family.gpu_count if family else 0

    def mark(self, **more: str) -> str:
        """The comment on what we make: by it, `sfml down` knows its own."""
        return json.dumps({"made_by": "sfml", "project": self.project, "owner": self.user, **more})

    def is_ours(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of SHOW carries our mark."""
        found = marked(row)
        wanted = {"made_by": "sfml", "project": self.project, "owner": self.user}
        return all(found.get(key) == value for key, value in wanted.items())


def marked(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the comment of a row says, where it is a mark."""
    try:
        found = json.loads(str(row.get("comment") or ""))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def resolve(*, user: str, project: str = DEFAULT_PROJECT, role: str = "ML_DEV_ROLE", **options: Any) -> Box:
    """The box for these names; :class:`InputError` for one that cannot be.

    ``options``: those of ``DEFAULTS``; ``eai`` is an integration in the place of the box's own.
    """
    if not _PROJECT.match(project):
        raise InputError(
            f"{project!r} cannot name a project", hint="use a letter, then letters, digits, _ and -"
        )
    given = {**DEFAULTS, **{name: value for name, value in options.items() if value is not None}}
    if unknown := sorted(given.keys() - DEFAULTS.keys()):
        raise InputError(f"a box has no option {', '.join(unknown)}", hint=f"it has {', '.join(DEFAULTS)}")
    base = project.upper().replace("-", "_")
    setup = account.resolve(
        user=Name((user,)),
        owner_role=role,
        database=given["database"] or base,
        schema=given["schema"],
        stage=given["stage"],
        repository=given["repository"],
        pool=given["pool"] or f"{base}_POOL",
        family=known_family(given["family"]),
    )
    eai, reached = given["eai"], hosts(given["egress"])
    return Box(
        project=project,
        user=user,
        setup=setup,
        service=service_name(project, user, setup.schema),
        rule=setup.schema.child(f"{base}_EGRESS"),
        integration=sql.name(eai or f"{base}_EGRESS", parts=1),
        image=image_path(given["image"], setup),
        # An integration of the user's own is used as it is.
        egress=() if eai else reached,
        has_integration=bool(eai or reached),
        home_size=_size(given["home_size"]),
        idle_minutes=given["idle_minutes"],
    )


def service_name(project: str, user: str, schema: Name) -> Name:
    """The name of a user's box."""
    return schema.child(owned_name(f"{project.upper().replace('-', '_')}_BOX", user))


def known_family(family: str) -> str:
    """The family's own spelling; :class:`InputError` with near names for an unknown one."""
    if family.upper() in FAMILIES:
        return family.upper()
    import difflib

    near = difflib.get_close_matches(family.upper(), FAMILIES, n=1)
    raise InputError(
        f"there is no instance family {family!r}" + (f", did you mean {near[0]}?" if near else ""),
        hint="sfml spec families lists them",
    )


def image_path(image: str, setup: account.Setup) -> str:
    """The image's path as a spec has it: the given path, or ``name[:tag]`` in the set-up's repository."""
    if "/" in image:
        return image
    assert setup.repository is not None
    return f"/{'/'.join(part.lower() for part in setup.repository.parts)}/{image}"


def _size(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(Gi|Ti)", text):
        raise InputError(f"home size {text!r} is no size", hint="write it as 50Gi or 1Ti")
    return text
