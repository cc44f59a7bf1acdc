"""The configuration: resolved once, frozen, and every value knows where it came from.

A value is taken from the first of: a flag, an ``SFML_…`` variable, sfml.yaml, Snowflake's own connection
files, the default. Unknown keys are errors.
"""

from __future__ import annotations

import difflib
import getpass
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sfml.errors import ConfigError, NoConnectionError

FILE_NAME = "sfml.yaml"
STATE_NAME = ".sfml"
PREFIX = "SFML_"
# Variables of ours that are no configuration keys: for tests and benchmarks, and those that a job has (the
# order for jobs/entry.py, the local backend's marks) or a dev box, where a script may well use sfml itself.
NOT_KEYS = (
    "SFML_TEST_", "SFML_BENCH_", "SFML_ENTRY", "SFML_RUN", "SFML_INSTALL", "SFML_PYTHON", "SFML_WARM",
    "SFML_BOX_", "SFML_WORKSPACE",
)  # fmt: skip
# The connection that means the local backend, whatever connections.toml says.
LOCAL = "local"


class Key(NamedTuple):
    """One setting: what it is for, and whether it is a list."""

    help: str
    is_list: bool = False


KEYS: Mapping[str, Key] = {
    "connection": Key("A connection of your connections.toml, or 'local' for the local backend."),
    "database": Key("Database that jobs, stages and services are created in."),
    "schema": Key("Schema that jobs, stages and services are created in."),
    "warehouse": Key("Warehouse for the queries of a job."),
    "role": Key("Role to work with."),
    "compute_pool": Key("Compute pool that jobs run on."),
    "stage": Key("Stage that a job's files are uploaded to."),
    "runtime": Key("Container runtime of a job, for example 2.10 or 2.6.0-py311; none: the pool's default."),
    "eai": Key("External access integrations of a job.", is_list=True),
    "hardware": Key("'gpu' or 'cpu': what a job needs; none: what its script's code says."),
    "method": Key("'file' or 'directory': what a script travels as; none: with what it imports and reads."),
    "artifact_repository": Key("Repository for a job's packages, or 'none'; none: the account's for PyPI."),
    "user": Key("Your name, as the names of things that you share with others carry it."),
    "executor": Key("What the local backend runs jobs and services in: process, docker, or auto."),
    "state": Key("Folder for what sfml keeps on this machine, the local backend above all."),
}
EXECUTORS = ("auto", "process", "docker")
# Snowflake gives every account these two pools (documentation, "System compute pools").
SYSTEM_POOL = "SYSTEM_COMPUTE_POOL_CPU"
SYSTEM_GPU_POOL = "SYSTEM_COMPUTE_POOL_GPU"


@dataclass(frozen=True, kw_only=True)
class Config:
    """What a command works with. ``origins`` says for each key where its value came from."""

    connection: str | None = None
    database: str | None = None
    schema: str | None = None
    warehouse: str | None = None
    role: str | None = None
    compute_pool: str
    stage: str
    runtime: str | None = None
    eai: tuple[str, ...] = ()
    hardware: str | None = None
    method: str | None = None
    artifact_repository: str | None = None
    user: str
    executor: str = "auto"
    state: Path
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def is_local(self) -> bool:
        """Whether the local backend was chosen."""
        return self.connection == LOCAL


class Setting(NamedTuple):
    """A value and where it was found."""

    value: Any
    origin: str


Layer = Mapping[str, Setting]


def resolve(flags: Mapping[str, object], environ: Mapping[str, str], root: Path) -> Config:
    """The configuration of the project in ``root``; flags that are None or empty tuples do not count.

    Raises ConfigError for an unknown key or an unusable value, NoConnectionError for an empty connection.
    """
    own = [
        _from_flags(flags),
        _from_environment(environ),
        _from_file(root / FILE_NAME),
    ]
    found = _merge(own)
    _reject_empty_connection(found.get("connection"))
    found = _merge([*own, _from_snowflake(found.get("connection"), environ)])
    settings = _merge([found, _defaults(found, root)])
    values = {name: setting.value for name, setting in settings.items()}
    if values["executor"] not in EXECUTORS:
        raise ConfigError(
            f"{settings['executor'].origin}: there is no executor '{values['executor']}'",
            hint=f"choose one of {', '.join(EXECUTORS)}",
        )
    values["state"] = (root / Path(values["state"]).expanduser()).resolve()
    return Config(**values, origins={name: setting.origin for name, setting in settings.items()})


def owned_name(base: str, user: str) -> str:
    """``base`` with the user's name, as an identifier that needs no quotes: ``SFML_JOBS_ANN``."""
    return f"{base}_{re.sub(r'[^A-Z0-9]+', '_', user.upper()).strip('_') or 'USER'}"


def nearest(name: str, known: Mapping[str, object]) -> str:
    """`` Did you mean 'x'?`` where a known name is near, else the list of them."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(known) or 'none'}."


@dataclass(frozen=True, kw_only=True)
class ConnectionFiles:
    """The two files that Snowflake's tools keep connections in; connections.toml wins where it exists."""

    connections: Path
    config: Path


def connection_files(environ: Mapping[str, str]) -> ConnectionFiles:
    """Where the connector looks for connections (its ``sf_dirs.py``): SNOWFLAKE_HOME, else ~/.snowflake, else
    the platform's folder for configuration."""
    home = Path(environ.get("SNOWFLAKE_HOME") or "~/.snowflake").expanduser()
    if not home.exists():
        from platformdirs import user_config_path

        home = user_config_path("snowflake", appauthor=False)
    return ConnectionFiles(connections=home / "connections.toml", config=home / "config.toml")


def connections(environ: Mapping[str, str]) -> dict[str, Setting]:
    """Every connection that Snowflake's tools know here, by name: its settings and the file they stand in."""
    files = connection_files(environ)
    named = {
        name: Setting(section, f"{files.config} [connections.{name}]")
        for name, section in _toml(files.config).get("connections", {}).items()
    }
    if files.connections.exists():
        named = {
            name: Setting(section, f"{files.connections} [{name}]")
            for name, section in _toml(files.connections).items()
        }
    return {
        name: setting._replace(value={**setting.value, **overrides(name, environ)})
        for name, setting in named.items()
        if isinstance(setting.value, dict)
    }


def overrides(connection: str, environ: Mapping[str, str]) -> dict[str, str]:
    """A connection's settings that stand in ``SNOWFLAKE_CONNECTIONS_<NAME>_<SETTING>``, which snow puts above
    those in its files."""
    prefix = f"SNOWFLAKE_CONNECTIONS_{connection.upper()}_"
    return {
        name.removeprefix(prefix).lower(): text for name, text in environ.items() if name.startswith(prefix)
    }


def _from_flags(flags: Mapping[str, object]) -> Layer:
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    return {name: Setting(value, f"--{name.replace('_', '-')}") for name, value in given.items()}


def _from_environment(environ: Mapping[str, str]) -> Layer:
    layer = {}
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable.startswith(NOT_KEYS):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in KEYS:
            known = {PREFIX + key.upper(): key for key in KEYS}
            raise ConfigError(f"unknown variable {variable}", hint=nearest(variable, known))
        if text or name == "connection":
            layer[name] = Setting(_checked(name, text, variable), variable)
    return layer


def _from_file(path: Path) -> Layer:
    if not path.is_file():
        return {}
    layer = {}
    for name, value, line in _yaml_entries(path):
        origin = f"{path}:{line}"
        if name not in KEYS:
            raise ConfigError(f"{origin}: unknown key '{name}'", hint=nearest(name, KEYS))
        if name in layer:
            raise ConfigError(f"{origin}: '{name}' stands here for the second time")
        if value is not None:
            layer[name] = Setting(_checked(name, value, origin), origin)
    return layer


def _yaml_entries(path: Path) -> Iterator[tuple[str, Any, int]]:
    """Key, value and line of each entry of the mapping in a YAML file."""
    import yaml

    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        if node is None:
            return
        if not isinstance(node, yaml.MappingNode):
            raise ConfigError(f"{path}: must be 'key: value' lines")
        for key, value in node.value:
            yield str(key.value), loader.construct_object(value, deep=True), key.start_mark.line + 1
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not YAML: {error}") from error


def _checked(name: str, value: Any, origin: str) -> Any:
    """A value of the key's type; lists may be written as text with commas."""
    if KEYS[name].is_list:
        items = value.split(",") if isinstance(value, str) else value
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return tuple(item.strip() for item in items if item.strip())
        raise ConfigError(f"{origin}: {name} must be a list of names, not {value!r}")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ConfigError(f"{origin}: {name} must be a text, not {value!r}")
    if isinstance(value, float):
        # 2.10 without quotes is the number 2.1 in YAML, which is another runtime.
        raise ConfigError(f"{origin}: {name} must be a text; put it in quotes")
    return str(value)


def _reject_empty_connection(setting: Setting | None) -> None:
    """A secret that is missing in CI arrives as an empty variable: no choice, whatever a file says."""
    if setting is not None and not setting.value.strip():
        raise NoConnectionError(f"{setting.origin} is set and empty", hint=CHOICES)


CHOICES = (
    "choose one: --connection NAME (a connection of your connections.toml), or\n"
    "--connection local (the local backend: no account, nothing leaves this machine)"
)


def _from_snowflake(connection: Setting | None, environ: Mapping[str, str]) -> Layer:
    """What Snowflake's own files say: the default connection, and the chosen connection's settings."""
    if connection is not None and connection.value == LOCAL:
        return {}
    layer: dict[str, Setting] = {}
    if connection is None:
        connection = _default_connection(environ)
        if connection is None:
            return {}
        layer["connection"] = connection
    chosen = connections(environ).get(connection.value, Setting({}, ""))
    for name in ("database", "schema", "warehouse", "role", "user"):
        if isinstance(chosen.value.get(name), str):
            layer[name] = Setting(chosen.value[name], chosen.origin)
    return layer


def _default_connection(environ: Mapping[str, str]) -> Setting | None:
    variable = "SNOWFLAKE_DEFAULT_CONNECTION_NAME"
    if environ.get(variable):
        return _not_local(Setting(environ[variable], variable))
    path = connection_files(environ).config
    name = _toml(path).get("default_connection_name")
    return _not_local(Setting(name, f"{path} default_connection_name")) if isinstance(name, str) else None


def _not_local(setting: Setting) -> Setting:
    """Snowflake's tools may have a default of that name; local is chosen by sfml's own settings alone."""
    if setting.value == LOCAL:
        raise NoConnectionError(
            f"{setting.origin} is 'local', which does not choose the local backend", hint=CHOICES
        )
    return setting


def _toml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from error
    except PermissionError as error:
        raise ConfigError(f"{path}: may not be read: {error.strerror}") from error


def _defaults(found: Layer, root: Path) -> Layer:
    user = found["user"].value if "user" in found else _login_name()
    values = {
        "compute_pool": SYSTEM_POOL,
        "stage": owned_name("SFML_JOBS", user),
        "user": user,
        "executor": EXECUTORS[0],
        "state": str(root / STATE_NAME),
    }
    return {name: Setting(value, "default") for name, value in values.items()}


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return "user"


def _merge(layers: list[Layer]) -> dict[str, Setting]:
    """The first layer that has a key decides."""
    merged: dict[str, Setting] = {}
    for layer in layers:
        for name, setting in layer.items():
            merged.setdefault(name, setting)
    return merged
