"""Rules about images, commands and environment variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from sfml.specs import model
from sfml.specs.problems import Finding, Severity
from sfml.specs.rules.cases import container, image, targeted
from sfml.specs.rules.rule import Rule
from sfml.specs.scalars import IMAGE
from sfml.specs.scope import Scope, unknown

# [host]/db/schema/repository/name[:tag][@digest]; the parts of what scalars.IMAGE accepts.
_IMAGE = r"(?P<path>[^@:]*)(:(?P<tag>[^@]*))?(@(?P<digest>.*))?"
_REGISTRY = ".snowflakecomputing."
_ARCHITECTURES = {"arm64": "arm64", "aarch64": "arm64", "amd64": "amd64", "x86": "amd64", "x64": "amd64"}
# Set by Snowflake in each container: spcs-execute-sql.md and working-with-services.md.
_OWN_VARIABLES = frozenset(
    {"SNOWFLAKE_HOST", "SNOWFLAKE_ACCOUNT", "SNOWFLAKE_SERVICE_NAME", "SNOWFLAKE_JOBS_COUNT"}
) | {"SNOWFLAKE_JOB_INDEX"}
_SENSITIVE = r"(?i)(^|_)(password|passwd|pwd|secret|token|api_?key|access_key|private_key)$"


def _image(value: Any) -> re.Match[str] | None:
    """The parts of an image of the right form."""
    return _parts(value) if type(value) is str else None


@lru_cache(maxsize=1024)
def _parts(value: str) -> re.Match[str] | None:
    return re.fullmatch(_IMAGE, value) if IMAGE.accept(value) else None


def is_foreign(value: str) -> bool:
    """Whether the image names a registry that is not Snowflake's: a host has a dot or a port."""
    host = value.partition("/")[0]
    return ("." in host or ":" in host or host == "localhost") and _REGISTRY not in host and "/" in value


def foreign_registry(value: Any, _: Scope) -> Iterator[Finding]:
    """An image of another registry."""
    if type(value) is str and not unknown(value) and is_foreign(value):
        host = value.partition("/")[0]
        fix = "push the image to an image repository of your account, then name it "
        "/db/schema/repository/name:tag"
        yield Finding(message=f"{host} is not a registry that Snowflake pulls from", fix=fix)


def pinned_tag(value: Any, _: Scope) -> Iterator[Finding]:
    """An image without a tag, or with the tag latest."""
    parts = _image(value)
    if parts and not parts["digest"] and parts["tag"] in (None, "latest"):
        what = "has the tag latest" if parts["tag"] else "has no tag, which means latest"
        yield Finding(message=f"the image {what}", fix="name the version that was tested, such as app:1.4.2")


def lower_case_name(value: Any, _: Scope) -> Iterator[Finding]:
    """Capitals in the image's name; those in database, schema and repository do no harm."""
    parts = _image(value)
    name = parts["path"].rpartition("/")[2] if parts else ""
    if name != name.lower():
        message = f"the image's name {name!r} has capitals, and registries know lower-case names only"
        yield Finding(message=message, fix=f"write {name.lower()}")


def architecture(value: Any, scope: Scope) -> Iterator[Finding]:
    """The image's name speaks of an architecture that the family does not run."""
    parts = _image(value)
    if parts is None:
        return
    family = scope.target.family
    said = _architecture_in(f"{parts['path'].rpartition('/')[2]}-{parts['tag'] or ''}".lower())
    runs = family.arch if family else "amd64"
    if said and said != runs:
        where = family.name if family else "every family but GEN_ARM_*"
        yield Finding(
            message=f"the image seems to be for {said}; {where} runs {runs}", fix=f"build for linux/{runs}"
        )


def _architecture_in(name: str) -> str:
    """The architecture that one of the name's words stands for; empty if none does."""
    if "64" not in name and "x86" not in name:
        return ""
    words = re.split(r"[/_.\-]", name)
    return next((_ARCHITECTURES[word] for word in words if word in _ARCHITECTURES), "")


def undocumented_digest(value: Any, _: Scope) -> Iterator[Finding]:
    """An image pinned by its digest."""
    parts = _image(value)
    if parts and parts["digest"]:
        message = "a digest in a spec's image is not documented, though reported to work"
        yield Finding(
            message=message, fix="a tag does as well: the digest behind it is fixed by CREATE and ALTER"
        )


def text_arguments(value: Any, _: Scope) -> Iterator[Finding]:
    """A number among the arguments."""
    if type(value) is list:
        for index, item in enumerate(value):
            if type(item) in (int, float):
                message = f"{item} is a number, and the program's arguments are text"
                yield Finding(path=(index,), message=message, fix=f'write "{item}"')


def null_variables(value: Any, _: Scope) -> Iterator[Finding]:
    """A variable without a value."""
    if type(value) is dict and None in value.values():
        for name, item in value.items():
            if item is None:
                fix = 'write "" for an empty value, or leave the variable out'
                yield Finding(path=(name,), message=f"{name} has no value", fix=fix)


def own_variables(value: Any, _: Scope) -> Iterator[Finding]:
    """A variable that Snowflake sets."""
    if type(value) is dict:
        for name in _OWN_VARIABLES.intersection(value):
            if not unknown(value[name]):
                message = f"{name} is set by Snowflake; another value breaks connections from the container"
                yield Finding(path=(name,), message=message, fix="leave it out", at_key=True)


def clear_secrets(value: Any, _: Scope) -> Iterator[Finding]:
    """What looks like a password or token, readable by everybody who may describe the service."""
    if type(value) is not dict:
        return
    for name, item in value.items():
        if _is_secret_name(name) and type(item) is str and _is_literal(item):
            message = f"{name} seems to be a secret, and DESCRIBE SERVICE shows every variable"
            yield Finding(path=(name,), message=message, fix="CREATE SECRET and name it below `secrets`")


@lru_cache(maxsize=1024)
def _is_secret_name(name: str) -> bool:
    return re.search(_SENSITIVE, name) is not None


def _is_literal(value: str) -> bool:
    return value != "" and not unknown(value) and "{{" not in value and not value.startswith("<")


RULES: tuple[Rule, ...] = (
    Rule(
        id="SPCS040",
        title="An image of the wrong form",
        severity=Severity.ERROR,
        why="An image is /database/schema/repository/name:tag, or the same behind your account's registry "
        "host.",
        wrong=image("my_repository/app:1.0"),
        right=image("/db/schema/my_repository/app:1.0"),
    ),
    Rule(
        id="SPCS041",
        title="An image of another registry",
        severity=Severity.ERROR,
        why="Snowflake pulls from the image repositories of your own account only.",
        on=((model.Container, "image"),),
        check=foreign_registry,
        wrong=image("docker.io/library/redis:7"),
        right=image("org-account.registry.snowflakecomputing.com/db/schema/repo/redis:7"),
    ),
    Rule(
        id="SPCS042",
        title="An image without a version",
        severity=Severity.WARNING,
        why="latest is whatever was pushed last. The digest is fixed when the service is created or "
        "altered, so two "
        "services with the same spec may run different images.",
        on=((model.Container, "image"),),
        check=pinned_tag,
        wrong=image("/db/schema/repo/app:latest"),
        right=image("/db/schema/repo/app:1.0"),
    ),
    Rule(
        id="SPCS043",
        title="Capitals in the image's name",
        severity=Severity.WARNING,
        why="OCI registries know lower-case names only. Database, schema and repository may be in capitals.",
        on=((model.Container, "image"),),
        check=lower_case_name,
        wrong=image("/DB/SCHEMA/REPO/MyApp:1.0"),
        right=image("/DB/SCHEMA/REPO/my-app:1.0"),
    ),
    Rule(
        id="SPCS044",
        title="The image seems to be for another architecture",
        severity=Severity.WARNING,
        why="Pools run linux/amd64 images (397013: SPCS only supports image for amd64 architecture); "
        "GEN_ARM_* pools "
        "run linux/arm64.",
        on=((model.Container, "image"),),
        check=architecture,
        wrong=image("/db/schema/repo/app:1.0-arm64"),
        right=targeted("family=GEN_ARM_G1_8", image("/db/schema/repo/app:1.0-arm64")),
    ),
    Rule(
        id="SPCS045",
        title="A digest in the image",
        severity=Severity.WARNING,
        why="Users report that name@sha256:… works; Snowflake's documentation does not name it.",
        on=((model.Container, "image"),),
        check=undocumented_digest,
        wrong=image(f"/db/schema/repo/app@sha256:{'0' * 64}"),
        right=image("/db/schema/repo/app:1.0"),
    ),
    Rule(
        id="SPCS046",
        title="A number among the arguments",
        severity=Severity.WARNING,
        why="`command` and `args` are lists of text.",
        on=((model.Container, "command"), (model.Container, "args")),
        check=text_arguments,
        wrong=container("args: [--port, 8081]"),
        right=container('args: [--port, "8081"]'),
    ),
    Rule(
        id="SPCS047",
        title="Environment variables as a list",
        severity=Severity.ERROR,
        why="Kubernetes takes a list of name and value; a service spec takes a map.",
        wrong=container("env:\n- name: MODE\n  value: train"),
        right=container("env:\n  MODE: train"),
    ),
    Rule(
        id="SPCS048",
        title="An environment variable that is not text",
        severity=Severity.ERROR,
        why="A variable is text, a number or a boolean; lists and maps have no form in an environment.",
        wrong=container("env:\n  HOSTS: [a, b]"),
        right=container("env:\n  HOSTS: a,b"),
    ),
    Rule(
        id="SPCS049",
        title="An environment variable without a value",
        severity=Severity.WARNING,
        why="Whether null becomes an empty text, the text null, or an error is not documented.",
        on=((model.Container, "env"),),
        check=null_variables,
        wrong=container("env:\n  MODE:"),
        right=container('env:\n  MODE: ""'),
    ),
    Rule(
        id="SPCS050",
        title="A variable that Snowflake sets itself",
        severity=Severity.WARNING,
        why="Programs in the container connect by SNOWFLAKE_HOST and SNOWFLAKE_ACCOUNT; another value "
        "breaks them.",
        on=((model.Container, "env"),),
        check=own_variables,
        wrong=container("env:\n  SNOWFLAKE_HOST: myaccount.snowflakecomputing.com"),
        right=container("env:\n  SNOWFLAKE_WAREHOUSE: compute_wh"),
    ),
    Rule(
        id="SPCS051",
        title="A secret in the clear",
        severity=Severity.WARNING,
        why="Everybody who may describe the service reads its variables, and the spec is kept in query "
        "history.",
        on=((model.Container, "env"),),
        check=clear_secrets,
        wrong=container("env:\n  DB_PASSWORD: hunter2"),
        right=container(
            "secrets:\n- snowflakeSecret: db.schema.login\n  envVarName: DB_PASSWORD\n  secretKeyRef: "
            "password"
        ),
    ),
)
