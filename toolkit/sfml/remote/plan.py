"""The set-up of a dev box as a list of steps, and its specification (pure but for reading the template)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sfml import account, sql
from sfml.remote.box import HOME, OWN_ID, STAGE_MOUNT, Box, marked
from sfml.remote.hosts import listed, purpose
from sfml.specs import values
from sfml.specs.discover import find_template
from sfml.specs.render import render
from sfml.sql import Kind, Name, Privilege
from sfml.steps import Rows, State, Step, Verdict

TEMPLATE = "dev-box"
HOSTS = "hosts of network rule"
_CONTENT = "initialContents"
_DIGEST = len("sha256:") + 12
"""So much of an image's digest is shown and kept in the mark: it tells one push from another."""


def specification(
    box: Box, *, public_key: str, library: Path, snapshot: str | None = None
) -> Mapping[str, Any]:
    """The service's specification, from the template that a project may replace by its own.

    ``snapshot``: the home begins with its content.
    """
    values_of_box = _values(box, public_key, snapshot)
    text = render(find_template(TEMPLATE, library), values_of_box, library=[library])
    return values.parse_values(text, name=TEMPLATE)


def _values(box: Box, public_key: str, snapshot: str | None) -> dict[str, Any]:
    own = {"uid": OWN_ID, "gid": OWN_ID}
    content = {"snapshot": snapshot} if snapshot else {}
    return {
        "container_image": box.image,
        "instance_family": box.setup.family,
        "gpu": box.gpus,
        "ssh_public_key": public_key,
        "env": {
            "SFML_BOX_OWNER": box.user,
            "SFML_BOX_SERVICE": str(box.service),
            "SFML_BOX_IDLE_MINUTES": f"{box.idle_minutes:g}",
        },
        "home": {"size": box.home_size, "mount": HOME, **own, **content},
        "stage": {"name": f"@{box.setup.stage}", "mount": STAGE_MOUNT, **own},
    }


def infrastructure(box: Box) -> tuple[Step, ...]:
    """The steps before the service: pool, database, schema, stage, and the way out."""
    setup, mark = box.setup, box.mark()
    made = (
        account.pool_step(setup, comment=mark),
        account.object_step(Kind.DATABASE, setup.database, sql.create_database(setup.database, comment=mark)),
        account.object_step(
            Kind.SCHEMA, setup.schema, sql.create_schema(setup.schema, comment=mark), inside=setup.database
        ),
        account.object_step(
            Kind.STAGE, setup.stage, sql.create_stage(setup.stage, comment=mark), inside=setup.schema
        ),
    )
    return (
        # What an administrator makes is not the role's own: it comes with the grants.
        *(
            replace(step, by_administrator=(*step.effect, *grants))
            for step, grants in zip(made, _grants(box), strict=True)
        ),
        *_repository(box),
        *(_egress(box) if box.egress else ()),
        account.grant_step(setup.role, [Privilege.BIND_SERVICE_ENDPOINT]),
    )


def _repository(box: Box) -> tuple[Step, ...]:
    """The repository of the set-up, where the box's image is to come from it."""
    name = box.setup.repository
    if name is None or not box.image.upper().startswith(f"/{'/'.join(name.parts)}/"):
        return ()
    create = sql.create_image_repository(name, comment=box.mark())
    step = account.object_step(Kind.IMAGE_REPOSITORY, name, create, inside=box.setup.schema)
    grant = sql.grant([Privilege.READ, Privilege.WRITE], Kind.IMAGE_REPOSITORY, name, role=box.setup.role)
    return (replace(step, by_administrator=(create, grant)),)


Need = tuple[tuple[Privilege, ...], Kind, Name]


def needs(box: Box) -> tuple[Need, ...]:
    """The privileges that the role needs on pool, database, schema and stage."""
    setup = box.setup
    return (
        ((Privilege.USAGE, Privilege.MONITOR), Kind.COMPUTE_POOL, setup.pool),
        ((Privilege.USAGE,), Kind.DATABASE, setup.database),
        ((Privilege.USAGE, Privilege.CREATE_SERVICE, Privilege.CREATE_STAGE), Kind.SCHEMA, setup.schema),
        ((Privilege.READ, Privilege.WRITE), Kind.STAGE, setup.stage),
    )


def _grants(box: Box) -> Sequence[tuple[str, ...]]:
    """What grants the role its needs where somebody else owns the objects."""
    role = box.setup.role
    return [(sql.grant(privileges, kind, name, role=role),) for privileges, kind, name in needs(box)]


def _for_the_service(box: Box) -> tuple[str, ...]:
    """All that a role needs to create the service; nobody else can create it for the role."""
    setup, role = box.setup, box.setup.role
    grants = [statement for grant in _grants(box) for statement in grant]
    folder = tuple(part.upper() for part in box.image.strip("/").split("/")[:3])
    if box.image.startswith("/") and len(folder) == 3:
        grants.append(sql.grant([Privilege.READ], Kind.IMAGE_REPOSITORY, Name(folder), role=role))
    if box.has_integration:
        grants.append(sql.grant([Privilege.USAGE], Kind.INTEGRATION, box.integration, role=role))
    return (*grants, sql.grant([Privilege.BIND_SERVICE_ENDPOINT], None, None, role=setup.role))


def by_administrator(box: Box) -> tuple[Step, ...]:
    """The steps before the service for an administrator: with the role for boxes, and its grants."""
    steps = account.plan(replace(box.setup, public_endpoints=True), comment=box.mark())
    return (*steps, *(_egress(box) if box.egress else ()))


def _egress(box: Box) -> tuple[Step, ...]:
    create = sql.create_network_rule(box.rule, hosts=box.egress, comment=box.mark())
    rule = account.object_step(
        Kind.NETWORK_RULE,
        box.rule,
        create,
        inside=box.setup.schema,
        detail=purpose(box.egress),
    )
    # An administrator may have made them for us; without it the role would not see the rule, and try anew.
    seen = account.grant_step(box.setup.role, [Privilege.USAGE], Kind.NETWORK_RULE, box.rule)
    integration = account.object_step(
        Kind.INTEGRATION,
        box.integration,
        sql.create_external_access_integration(box.integration, rules=[box.rule], comment=box.mark()),
        detail="lets the box reach them",
    )
    usage = account.grant_step(box.setup.role, [Privilege.USAGE], Kind.INTEGRATION, box.integration)
    return rule, seen, _hosts(box), integration, usage


def _hosts(box: Box) -> Step:
    return Step(
        title=f"{HOSTS} {box.rule}",
        look=sql.describe(Kind.NETWORK_RULE, box.rule),
        judge=_hosts_judge(box.egress),
        amend=(sql.alter_network_rule(box.rule, hosts=box.egress),),
    )


def _hosts_judge(wanted: Sequence[str]) -> Callable[[Rows], Verdict]:
    def judge(rows: Rows) -> Verdict:
        if not rows:  # there is none yet, or only its owner may look into it
            return Verdict(state=State.PRESENT)
        there = listed(rows[0])
        more, less = sorted({*wanted} - {*there}), sorted({*there} - {*wanted})
        if not more and not less:
            return Verdict(state=State.PRESENT)
        words = [f"not yet {', '.join(more)}" if more else "", f"also {', '.join(less)}" if less else ""]
        return Verdict(state=State.DIFFERS, note="; ".join(word for word in words if word))

    return judge


def service_step(box: Box, spec: Mapping[str, Any], *, home: str = "", amend: tuple[str, ...] = ()) -> Step:
    """The box's service; it never resumes by itself, or an open browser tab would restart and bill it."""
    create = sql.create_service(
        box.service,
        pool=box.setup.pool,
        source=sql.specification(spec),
        auto_resume=False,
        integrations=integrations(box),
        comment=_mark(box, spec),
    )
    return Step(
        title=f"service {box.service}",
        detail=", ".join([_image(box), *_volumes(spec, home)]),
        look=sql.show(Kind.SERVICE, like=box.service.last, inside=box.setup.schema),
        judge=_service_judge(box, spec),
        effect=(create,),
        amend=amend,
        by_administrator=_for_the_service(box),
        undo=(sql.drop_service(box.service, force=True),),
    )


def _image(box: Box) -> str:
    """The image in a plan: without its repository, where that is the box's own."""
    folder, _, name = box.image.rpartition("/")
    own = box.setup.repository and folder.upper() == f"/{'/'.join(box.setup.repository.parts)}".upper()
    digest = f"@{box.image_digest[:_DIGEST]}" if box.image_digest and "@" not in name else ""
    return f"{name if own else box.image}{digest}"


def uses(spec: Mapping[str, Any], image: str) -> bool:
    """Whether a container of the specification is of this image."""
    return any(one.get("image") == image for one in spec.get("spec", spec).get("containers", ()))


def _volumes(spec: Mapping[str, Any], home: str) -> list[str]:
    """What is mounted, in a plan."""
    inner = spec.get("spec", spec)
    places = {
        mount["name"]: mount["mountPath"]
        for container in inner.get("containers", ())
        for mount in container.get("volumeMounts", ())
    }
    words = []
    for volume in inner.get("volumes", ()):
        place = places.get(volume["name"], "")
        if volume.get("source") == "block":
            words.append(f"{volume.get('size')} home (block){home}" if place == HOME else f"block at {place}")
        elif volume.get("source") == "stage":
            words.append(f"stage at {place}")
        elif volume.get("source") == "memory":
            words.append(f"{place} {volume.get('size')}")
    return words


def _mark(box: Box, spec: Mapping[str, Any]) -> str:
    """The mark on a service: also what it was made of."""
    image = {"image": box.image_digest[:_DIGEST]} if box.image_digest else {}
    return box.mark(spec=spec_digest(spec), **image)


def integrations(box: Box) -> list[str]:
    """The box's ways out, by name."""
    return [str(box.integration)] if box.has_integration else []


def spec_digest(spec: Mapping[str, Any]) -> str:
    """Tells two specifications apart; what the home began with is no difference."""
    return hashlib.sha256(sql.canonical_json(_without_content(spec)).encode()).hexdigest()[:12]


def _without_content(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = spec.get("spec", {})
    volumes = [
        {key: value for key, value in volume.items() if key != "blockConfig" or set(value) != {_CONTENT}}
        for volume in inner.get("volumes", ())
    ]
    return {**spec, "spec": {**inner, "volumes": volumes}} if "volumes" in inner else spec


def with_home_of(spec: Mapping[str, Any], there: Mapping[str, Any]) -> Mapping[str, Any]:
    """A specification with the block volumes' beginnings of another one: they cannot be altered."""
    begun = {
        volume["name"]: volume["blockConfig"]
        for volume in there.get("spec", there).get("volumes", ())
        if _CONTENT in (volume.get("blockConfig") or {})
    }
    inner = spec["spec"]
    volumes = [
        {**volume, "blockConfig": begun[volume["name"]]} if volume["name"] in begun else volume
        for volume in inner.get("volumes", ())
    ]
    return {**spec, "spec": {**inner, "volumes": volumes}}


def _service_judge(box: Box, spec: Mapping[str, Any]) -> Callable[[Rows], Verdict]:
    digest = spec_digest(spec)

    def judge(rows: Rows) -> Verdict:
        row = next((row for row in rows if row.get("name") == box.service.last), None)
        if row is None:
            return Verdict(state=State.ABSENT)
        if not box.is_ours(row):
            return Verdict(state=State.NOTE, note="exists, and was not made by sfml up for you")
        if marked(row).get("spec") == digest and pushed_anew(box, marked(row)) is None:
            return Verdict(state=State.PRESENT, note=str(row.get("status") or "").lower())
        return Verdict(state=State.DIFFERS, note=str(row.get("status") or "").lower())

    return judge


def pushed_anew(box: Box, mark: Mapping[str, Any]) -> str | None:
    """The digest that the box was made of, where the repository has another one under the same tag."""
    made_of = str(mark.get("image") or "")
    differs = made_of and box.image_digest and made_of != box.image_digest[:_DIGEST]
    return made_of if differs else None


def amendment(box: Box, spec: Mapping[str, Any], there: Mapping[str, Any]) -> tuple[str, ...]:
    """Statements that bring an existing service to a new specification; its home stays."""
    return (
        sql.alter_service(box.service, sql.specification(with_home_of(spec, there))),
        sql.alter_service(box.service, sql.set_integrations(integrations(box))),
        sql.alter_service(box.service, sql.set_properties(comment=_mark(box, spec))),
    )
