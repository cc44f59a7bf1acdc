"""Rules about secrets and the session token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sfml.specs import model
from sfml.specs.problems import Finding, Severity
from sfml.specs.rules.cases import container
from sfml.specs.rules.rule import Rule
from sfml.specs.scope import Scope, maps, unknown

_ENTRY = "secrets:\n- snowflakeSecret: db.schema.login\n"


_EXPRESSION = r"\{\{\s*secret\."


def _has_expressions(owner: Any) -> bool:
    """Whether some variable holds ``{{secret.<name>.…}}``."""
    env = owner.get("env")
    values = env.values() if type(env) is dict else ()
    return any(type(value) is str and "{{" in value and re.search(_EXPRESSION, value) for value in values)


def placement(owner: Any, _: Scope) -> Iterator[Finding]:
    """A secret that goes nowhere, or to two places."""
    for index, item in maps(owner, "secrets"):
        places = [key for key in ("envVarName", "directoryPath") if key in item]
        if len(places) == 2:
            message = "a secret goes to a variable or to files, not to both"
            fix = "keep envVarName or directoryPath; for both, list the secret twice"
            yield Finding(path=("secrets", index, "directoryPath"), message=message, fix=fix, at_key=True)
        elif not places and not _has_expressions(owner):
            message = "the secret goes nowhere"
            yield Finding(path=("secrets", index), message=message, fix="add envVarName or directoryPath")


def expression(owner: Any, _: Scope) -> Iterator[Finding]:
    """A secret without a place, beside expressions in env that may use it."""
    for index, item in maps(owner, "secrets"):
        if "envVarName" not in item and "directoryPath" not in item and _has_expressions(owner):
            message = "a secret without a place, for {{secret.…}} in a variable, is not documented"
            fix = "use envVarName and secretKeyRef, and put the text together in the program"
            yield Finding(path=("secrets", index), message=message, fix=fix)


def one_object(value: Any, _: Scope) -> Iterator[Finding]:
    """A secret with no name, or with two."""
    if type(value) is dict and ("objectName" in value) == ("objectReference" in value):
        message = "a secret has an objectName or, in a Native App, an objectReference"
        yield Finding(message=message, fix="give exactly one of the two", at_key=True)


def key_without_variable(value: Any, _: Scope) -> Iterator[Finding]:
    """secretKeyRef beside directoryPath."""
    if "secretKeyRef" in value and "envVarName" not in value:
        message = "secretKeyRef goes with envVarName only; files hold every part of the secret"
        yield Finding(
            path=("secretKeyRef",), message=message, fix="remove it, or use envVarName", at_key=True
        )


def variable_without_key(value: Any, _: Scope) -> Iterator[Finding]:
    """envVarName without secretKeyRef."""
    if "envVarName" in value and "secretKeyRef" not in value:
        message = "which part of the secret the variable gets is not said"
        fix = "add secretKeyRef: username or password (TYPE = PASSWORD), secret_string (GENERIC_STRING)"
        yield Finding(path=("envVarName",), message=message, fix=fix, at_key=True)


def variable_twice(owner: Any, _: Scope) -> Iterator[Finding]:
    """Two secrets, or a secret and env, for one variable."""
    env = owner.get("env")
    seen = set(env) if type(env) is dict else set()
    for index, item in maps(owner, "secrets"):
        name = item.get("envVarName")
        if type(name) is not str or unknown(name):
            continue
        if name in seen:
            message = f"the variable {name} is set twice"
            fix = "keep one: env, or one of the secrets"
            yield Finding(path=("secrets", index, "envVarName"), message=message, fix=fix)
        seen.add(name)


def token_config(owner: Any, _: Scope) -> Iterator[Finding]:
    """A token's configuration that contradicts itself."""
    config = owner.get("sessionTokenConfig")
    if type(config) is not dict:
        return
    at = ("sessionTokenConfig",)
    if not config:
        yield Finding(
            path=at, message="sessionTokenConfig holds at least one option", fix="remove it", at_key=True
        )
    if owner.get("mountSessionToken") is False:
        message = "no token is mounted (mountSessionToken: false), so there is nothing to configure"
        yield Finding(path=at, message=message, fix="remove one of the two", at_key=True)
    if "permission" in config and "path" not in config:
        message = "permission is for a token at a path of its own"
        yield Finding(path=(*at, "permission"), message=message, fix="add path", at_key=True)


_SESSION = 'sessionTokenConfig:\n  path: /app/session\n  permission: "0600"'
RULES: tuple[Rule, ...] = (
    Rule(
        id="SPCS060",
        title="secretKeyRef names no part of a secret",
        severity=Severity.ERROR,
        why="username and password are parts of a PASSWORD secret, secret_string is that of a "
        "GENERIC_STRING. The "
        "server says: Secret key reference … does not exist.",
        wrong=container(_ENTRY + "  envVarName: DB_USER\n  secretKeyRef: user"),
        right=container(_ENTRY + "  envVarName: DB_USER\n  secretKeyRef: username"),
    ),
    Rule(
        id="SPCS061",
        title="A secret needs one place",
        severity=Severity.ERROR,
        why="A secret goes to a variable (envVarName) or to files (directoryPath).",
        on=((model.Container, ""),),
        check=placement,
        given="secrets",
        wrong=container(_ENTRY),
        right=container(_ENTRY + "  directoryPath: /secrets/login"),
    ),
    Rule(
        id="SPCS062",
        title="A secret needs one name",
        severity=Severity.ERROR,
        why="objectName names a secret; objectReference is what a Native App knows it by.",
        on=((model.Secret, "snowflakeSecret"),),
        check=one_object,
        wrong=container(
            "secrets:\n- snowflakeSecret: {objectName: a, objectReference: b}\n  directoryPath: /secrets"
        ),
        right=container("secrets:\n- snowflakeSecret: {objectName: a}\n  directoryPath: /secrets"),
    ),
    Rule(
        id="SPCS063",
        title="secretKeyRef without envVarName",
        severity=Severity.ERROR,
        why="Files below directoryPath hold every part of the secret, each under its own name.",
        on=((model.Secret, ""),),
        check=key_without_variable,
        given="secretKeyRef",
        wrong=container(_ENTRY + "  directoryPath: /secrets\n  secretKeyRef: password"),
        right=container(_ENTRY + "  directoryPath: /secrets"),
    ),
    Rule(
        id="SPCS064",
        title="envVarName without secretKeyRef",
        severity=Severity.WARNING,
        why="What the variable holds then is not documented.",
        on=((model.Secret, ""),),
        check=variable_without_key,
        given="envVarName",
        wrong=container(_ENTRY + "  envVarName: LOGIN"),
        right=container(_ENTRY + "  envVarName: LOGIN\n  secretKeyRef: password"),
    ),
    Rule(
        id="SPCS065",
        title="{{secret.…}} in a variable",
        severity=Severity.WARNING,
        why="Public specs use it and say that it works; Snowflake's documentation does not name it.",
        on=((model.Container, ""),),
        check=expression,
        given="secrets",
        wrong=container(
            'env:\n  URL: "redis://:{{secret.login.secret_string}}@redis"\nsecrets:\n- snowflakeSecret: login'
        ),
        right=container(_ENTRY + "  envVarName: LOGIN\n  secretKeyRef: secret_string"),
    ),
    Rule(
        id="SPCS066",
        title="One variable set twice",
        severity=Severity.WARNING,
        why="Which of the two values the container sees is not documented.",
        on=((model.Container, ""),),
        check=variable_twice,
        given="secrets",
        wrong=container("env:\n  LOGIN: me\n" + _ENTRY + "  envVarName: LOGIN\n  secretKeyRef: username"),
        right=container("env:\n  MODE: me\n" + _ENTRY + "  envVarName: LOGIN\n  secretKeyRef: username"),
    ),
    Rule(
        id="SPCS067",
        title="The session token's options contradict each other",
        severity=Severity.ERROR,
        why="sessionTokenConfig holds at least one option, goes with a mounted token only, and permission "
        "goes with "
        "path only.",
        on=((model.Container, ""),),
        check=token_config,
        given="sessionTokenConfig",
        wrong=container(f"mountSessionToken: false\n{_SESSION}"),
        right=container(f"mountSessionToken: true\n{_SESSION}"),
    ),
    Rule(
        id="SPCS068",
        title="The session token's path is not normalised",
        severity=Severity.ERROR,
        why="The path is absolute, has letters, digits and / - _ . only, no . or .. as a part, no // and "
        "no / at its "
        "end.",
        wrong=container(_SESSION.replace("/app/session", "/app/session/")),
        right=container(_SESSION),
    ),
    Rule(
        id="SPCS069",
        title="The session token's permission",
        severity=Severity.ERROR,
        why='Four octal digits in quotes, no more than "0644", readable by the owner: "0400", "0600", '
        '"0640" or '
        '"0644". Without quotes YAML reads a number.',
        wrong=container(_SESSION.replace("0600", "0777")),
        right=container(_SESSION),
    ),
)
