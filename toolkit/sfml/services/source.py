"""From what a user names to a spec that may be sent: read or rendered, and checked line by line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfml.errors import InputError
from sfml.specs import typed, values
from sfml.specs.discover import TEMPLATE_SUFFIX, YAML_SUFFIXES, find_template
from sfml.specs.holes import cut
from sfml.specs.model import Specification
from sfml.specs.problems import Severity
from sfml.specs.scope import Target
from sfml.specs.validate import Checked, check_text

if TYPE_CHECKING:  # Jinja2 is loaded for templates only
    from sfml.specs.render import Sources

SUFFIXES = YAML_SUFFIXES | {TEMPLATE_SUFFIX}
# A comment that says what a spec was written for (specs/comments.py).
_COMMENT = re.compile(r"#\s*sfml:[^\n]*")
_FAMILY = re.compile(r"\bfamily=(\S+)")
_SETTING = re.compile(r"\s*\b(?:family|kind)=\S+")


@dataclass(frozen=True, kw_only=True)
class Source:
    """The text of a spec, and under which name its lines are told."""

    name: str
    text: str

    @property
    def stem(self) -> str:
        """What a job without a name is called after."""
        return Path(self.name).name.partition(".")[0]

    @property
    def family(self) -> str | None:
        """The instance family that a comment says the spec was written for."""
        comments = "\n".join(_COMMENT.findall(self.text))
        found = _FAMILY.search(comments)
        return found[1].upper() if found else None


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A spec without errors: as data, as types, and what the checker warns of."""

    source: Source
    data: Mapping[str, Any]
    spec: Specification
    warnings: tuple[str, ...]


def read(
    name: str,
    given: Mapping[str, Any],
    *,
    library: Path,
    sources: Sources | None = None,
    environ: Mapping[str, str] | None = None,
) -> Source:
    """A YAML or JSON file as it is, a template or the name of one with these values filled in."""
    path = Path(name)
    if path.suffix in YAML_SUFFIXES:
        if given:
            raise InputError(
                f"{name} is no template: there is nothing to fill in", hint="leave out --set and --values"
            )
        return Source(name=name, text=_plain(path))
    from sfml.specs.render import render

    template = find_template(name, library)
    text = render(template, given, sources=sources, environ=environ, library=[library])
    return Source(name=name, text=text)


def _plain(path: Path) -> str:
    text = values.read_text(path)
    found = cut(text)
    if found.expressions:
        line, _ = found.first()
        raise InputError(
            f"{path}:{line}: this is a template",
            hint=f"name it {path.stem}.yaml.j2, and give its values with --set or --values",
        )
    return text


def of_image(image: str, command: Sequence[str] = ()) -> Source:
    """The smallest spec: one container of this image, and what it runs."""
    name = re.sub(r"[^a-z0-9]+", "-", image.rpartition("/")[2].partition(":")[0].lower()).strip("-")
    container = {"name": "main", "image": image, **({"command": list(command)} if command else {})}
    text = json.dumps({"spec": {"containers": [container]}}, indent=1)
    return Source(name=name or "image", text=text)


def ready(source: Source, target: Target, *, env: Mapping[str, str] | None = None) -> Ready:
    """The spec, with ``env`` set in every container; :class:`InputError` lists every error with its line.

    The target decides, whatever a comment says that the spec was written for.
    """
    checked = check_text(_COMMENT.sub(_without_settings, source.text), file=source.name, target=target)
    errors = [problem for problem in checked.problems if problem.severity is Severity.ERROR]
    if errors:
        count = "an error" if len(errors) == 1 else f"{len(errors)} errors"
        raise InputError(f"{source.name} has {count}; nothing was sent", hint=_listed(checked))
    if checked.specs != 1:
        raise InputError(f"{source.name} holds {checked.specs} specs", hint="put each into a file of its own")
    data = _with_env(values.parse_values(source.text, name=source.name), env or {})
    warnings = tuple(_listed(checked).splitlines())
    return Ready(source=source, data=data, spec=typed.specification(data), warnings=warnings)


def _without_settings(comment: re.Match[str]) -> str:
    rest = _SETTING.sub("", comment[0])
    return rest if rest.rstrip().endswith(("]", "=")) else "#"


def _listed(checked: Checked) -> str:
    """Every problem with its place and remedy, two lines each."""
    lines = []
    for problem in checked.problems:
        path = f"{problem.path}: " if problem.path else ""
        where = f"{problem.file}:{problem.line}:{problem.column}"
        lines.append(f"{where}: {problem.severity} {problem.rule} {path}{problem.message}")
        lines += [f"    fix: {problem.fix}"] if problem.fix else []
    return "\n".join(lines)


def _with_env(data: dict[str, Any], env: Mapping[str, str]) -> dict[str, Any]:
    if not env:
        return data
    spec = dict(data["spec"])
    key = "containers" if "containers" in spec else "container"
    spec[key] = [{**container, "env": {**(container.get("env") or {}), **env}} for container in spec[key]]
    return {**data, "spec": spec}
