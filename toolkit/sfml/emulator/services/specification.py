"""From a specification's text to what is stored: read, checked, complete."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import yaml

from sfml.emulator.faults import Fault
from sfml.emulator.services import capacity
from sfml.emulator.services.grammar import bad, checked
from sfml.specs.families import Family

_LOCAL_REGISTRY = re.compile(r"\A(127\.0\.0\.1|localhost):\d+/")


def rendered(template: str, values: Mapping[str, object]) -> str:
    """A SPECIFICATION_TEMPLATE with its variables; 395069 where one is missing or the text is no template."""
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
    try:
        return environment.from_string(template).render(dict(values))
    except TemplateError as error:
        text = f"Unable to render service spec from given template: {type(error).__name__}: {error}"
        raise Fault("395069", "23001", text) from None


def read(text: str) -> dict[str, Any]:
    """The specification of a YAML or JSON text, of the right form; 395018."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise bad(f"the text is not valid YAML{where}: {getattr(error, 'problem', None) or error}") from None
    _shorten_images(document)
    spec = checked(document)
    _refuse_contradictions(spec)
    return spec


def _shorten_images(document: Any) -> None:
    """Leave this server's own registry out of images: a repository's URL is as good as its path."""
    inner = document.get("spec") if isinstance(document, dict) else None
    containers = (inner.get("containers") or inner.get("container")) if isinstance(inner, dict) else None
    for container in containers if isinstance(containers, list) else ():
        if isinstance(container, dict) and isinstance(container.get("image"), str):
            container["image"] = _LOCAL_REGISTRY.sub("/", container["image"])


def complete(spec: Mapping[str, Any], family: Family) -> dict[str, Any]:
    """The specification with strings where containers get strings, and resources that a node can give."""
    capacity.refuse_impossible(spec["spec"]["containers"], family)
    containers = [_complete(container, family) for container in spec["spec"]["containers"]]
    return {**spec, "spec": {**spec["spec"], "containers": containers}}


def _complete(container: Mapping[str, Any], family: Family) -> dict[str, Any]:
    found = {**container, "resources": capacity.completed(container, family)}
    if "env" in container:
        found["env"] = {name: _text(value) for name, value in container["env"].items()}
    for key in ("command", "args"):
        if key in container:
            found[key] = [_text(value) for value in container[key]]
    return found


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


# --- what contradicts itself


def _refuse_contradictions(spec: Mapping[str, Any]) -> None:
    inner = spec["spec"]
    containers, volumes = inner["containers"], inner.get("volumes", [])
    endpoints = inner.get("endpoints", [])
    for what, items in (("containers", containers), ("endpoints", endpoints), ("volumes", volumes)):
        _refuse_twins(what, (item["name"] for item in items))
    for at, volume in enumerate(volumes):
        _check_volume(volume, at)
    names = {volume["name"] for volume in volumes}
    for at, container in enumerate(containers):
        _check_mounts(container, at, names)
    for at, endpoint in enumerate(endpoints):
        _check_endpoint(endpoint, at)
    known = {endpoint["name"] for endpoint in endpoints}
    for at, role in enumerate(spec.get("serviceRoles", [])):
        if strange := [name for name in role["endpoints"] if name not in known]:
            where = f"serviceRoles[{at}].endpoints"
            raise bad(f"invalid value {strange[0]} for '{where}'. There is no such endpoint")


def _refuse_twins(what: str, names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise bad(f"duplicate name '{twice[0]}' in '{what}'")


def _check_volume(volume: Mapping[str, Any], at: int) -> None:
    source, where = str(volume["source"]), f"volumes[{at}]"
    if source in ("memory", "block") and "size" not in volume:
        raise bad(f"missing 'size' for '{where}'")
    if source == "stage" and "stageConfig" not in volume:
        raise bad(f"missing 'stageConfig' for '{where}'")
    for key, of in (("stageConfig", "stage"), ("blockConfig", "block")):
        if key in volume and source != of:
            raise bad(f"unknown option '{key}' for '{where}'")


def _check_mounts(container: Mapping[str, Any], at: int, volumes: set[str]) -> None:
    mounts = container.get("volumeMounts", [])
    for number, mount in enumerate(mounts):
        if mount["name"] not in volumes:
            raise bad(
                f"invalid value {mount['name']} for 'volumeMounts[{number}].name'. There is no such volume"
            )
    paths = sorted(mount["mountPath"].rstrip("/") + "/" for mount in mounts)
    for outer, inner in pairwise(paths):
        if inner.startswith(outer):
            raise bad(f"overlapping mount paths '{outer}' and '{inner}' in 'containers[{at}]'")


def _check_endpoint(endpoint: Mapping[str, Any], at: int) -> None:
    where = f"endpoints[{at}]"
    if ("port" in endpoint) == ("portRange" in endpoint):
        raise bad(f"'{where}' needs one of 'port' and 'portRange'")
    plain = endpoint.get("protocol", "HTTP") != "TCP"
    if "portRange" in endpoint and (plain or endpoint.get("public")):
        raise bad(f"'portRange' of '{where}' needs the protocol TCP and cannot be public")
    if endpoint.get("public") and not plain:
        raise bad(f"'{where}' is public and so its protocol must be HTTP")
