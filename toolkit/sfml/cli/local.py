"""``sfml local``: start, stop and look at the local backend of this project."""

from __future__ import annotations

import shlex
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import click

from sfml.cli.options import config_options
from sfml.cli.output import Output, dry_run_option, output_option
from sfml.config import Config
from sfml.errors import InputError, NotFoundError
from sfml.project import local_state
from sfml.session import backend
from sfml.session.backend import Endpoint

_LOG = "server.log"
# The connector reads connections from files and each setting from SNOWFLAKE_…; `snow` knows the same names.
_VARIABLES = (
    "account",
    "user",
    "password",
    "host",
    "port",
    "protocol",
    "role",
    "warehouse",
    "database",
    "schema",
)


@click.group()
def local() -> None:
    """The local backend: ML Jobs on this machine, with no account.

    It runs as a program of its own on 127.0.0.1, one for each project, and is started by itself when a
    command uses --connection local.
    """


@local.command()
@click.option("--fake-gpu", is_flag=True, help="Let containers run that ask for a GPU, without one.")
@click.option(
    "--ingress-tls", is_flag=True, help="Let public endpoints speak TLS; STATE/ca.pem is what to trust."
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- SERVER-OPTIONS]")
@config_options("executor", "state")
@dry_run_option
@output_option
def start(
    config: Config,
    *,
    fake_gpu: bool,
    ingress_tls: bool,
    options: tuple[str, ...],
    dry_run: bool,
    out: Output,
) -> None:
    """Start it, unless it runs; it then stays until it is stopped.

    SERVER-OPTIONS are those of python -m sfml.emulator, which shorten what takes minutes on Snowflake:
    sfml local start -- --ingress-provisioning 20 --ingress-idle 5
    """
    state = local_state(config.state)
    found = backend.find(state)
    if not dry_run:
        found = backend.ensure(
            state,
            idle_exit=None,
            executor=config.executor,
            fake_gpu=fake_gpu,
            ingress_tls=ingress_tls,
            more=options,
        )
    if found is None:
        out.value({"running": False, "state": str(state)}, text=f"would start a local backend on {state}")
        return
    out.value(_described(found, state), text=f"the local backend runs at {found.url} (process {found.pid})")


@local.command()
@config_options("state")
@dry_run_option
@output_option
def stop(config: Config, *, dry_run: bool, out: Output) -> None:
    """Stop it, with the jobs that it runs; what it keeps stays."""
    state = local_state(config.state)
    found = backend.find(state) if dry_run else backend.stop(state)
    if not dry_run:
        backend.sweep(state, volumes=False)
    verb = "would stop" if dry_run else "stopped"
    text = f"{verb} the local backend (process {found.pid})" if found else "no local backend runs here"
    out.value({"stopped": found is not None and not dry_run, "state": str(state)}, text=text)


@local.command()
@config_options("state")
@output_option
def status(config: Config, *, out: Output) -> None:
    """Say whether it runs, where, and since when."""
    state = local_state(config.state)
    found = backend.find(state)
    if found is None:
        out.value({"running": False, "state": str(state)}, text=f"no local backend runs on {state}")
        return
    text = f"running at {found.url} (process {found.pid}) since {found.started}, state in {state}"
    out.value(_described(found, state), text=text)


@local.command()
@click.option("-f", "--follow", is_flag=True, help="Go on as lines are added, until Ctrl-C.")
@click.option("-n", "--lines", default=50, show_default=True, help="How many of the last lines.")
@config_options("state")
@output_option
def logs(config: Config, *, follow: bool, lines: int, out: Output) -> None:
    """Print the server's own log."""
    path = local_state(config.state) / _LOG
    if not path.is_file():
        raise NotFoundError(f"there is no log of a local backend in {path.parent}")
    with path.open(encoding="utf-8", errors="replace") as file:
        last = list(deque(file, maxlen=lines))
        if out.as_json:
            out.value([line.rstrip("\n") for line in last])
            return
        for line in last:
            out.line(line.rstrip("\n"))
        for line in _added(path, file.tell()) if follow else ():
            out.line(line)


@local.command()
@config_options("state")
@dry_run_option
@output_option
def reset(config: Config, *, dry_run: bool, out: Output) -> None:
    """Stop it and delete all that it keeps: databases, stages, jobs."""
    import shutil

    state = local_state(config.state)
    if not state.exists():
        out.value({"deleted": False, "state": str(state)}, text=f"there is nothing in {state}")
        return
    if not (state / "lock").exists():
        raise InputError(f"{state} does not look like the state of a local backend; it was not touched")
    if not dry_run:
        backend.stop(state)
        backend.sweep(state, volumes=True)
        shutil.rmtree(state)
    verb = "would delete" if dry_run else "deleted"
    out.value({"deleted": not dry_run, "state": str(state)}, text=f"{verb} {state}")


@local.command()
@click.option(
    "--write-connection",
    "name",
    metavar="NAME",
    help="Write a connection of this name into connections.toml, for snow and other tools.",
)
@config_options("executor", "state")
@dry_run_option
@output_option
def env(config: Config, *, name: str | None, dry_run: bool, out: Output) -> None:
    """Print what other tools need to connect, as export lines for a shell; starts the backend.

    The password is the local backend's own: it opens nothing but that, on this machine.
    """
    endpoint = backend.ensure(local_state(config.state), executor=config.executor)
    if name is None:
        lines = [
            f"export SNOWFLAKE_{key.upper()}={shlex.quote(str(value))}" for key, value in _settings(endpoint)
        ]
        out.value(dict(_settings(endpoint)), text="\n".join(lines))
        return
    path = write_connection(name, endpoint, dry_run=dry_run)
    verb = "would write" if dry_run else "wrote"
    out.value({"connection": name, "path": str(path)}, text=f"{verb} connection '{name}' into {path}")


def write_connection(name: str, endpoint: Endpoint, *, dry_run: bool) -> Path:
    """Put the backend into the user's connections.toml; the file, which only its owner may read."""
    import os

    from sfml import config

    home = os.environ.get("SNOWFLAKE_HOME")
    if home and not dry_run:  # the connector looks into this folder only where it exists
        Path(home).expanduser().mkdir(parents=True, exist_ok=True)
    path = config.connection_files(os.environ).connections
    known = config.connections(os.environ).get(name)
    if known is not None and known.value.get("account") != endpoint.parameters["account"]:
        raise InputError(
            f"{known.origin} is there already, and is not a local backend", hint="choose another name"
        )
    if not dry_run:
        _write_toml(path, name, endpoint)
    return path


def _write_toml(path: Path, name: str, endpoint: Endpoint) -> None:
    import os

    import tomlkit

    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    document[name] = dict(_settings(endpoint))
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(tomlkit.dumps(document))
    new.replace(path)


def _settings(endpoint: Endpoint) -> Iterator[tuple[str, object]]:
    return ((key, endpoint.parameters[key]) for key in _VARIABLES)


def _described(endpoint: Endpoint, state: Path) -> dict[str, object]:
    return {
        "running": True,
        "url": endpoint.url,
        "pid": endpoint.pid,
        "version": endpoint.version,
        "executor": endpoint.executor,
        "started": endpoint.started,
        "state": str(state),
    }


def _added(path: Path, position: int) -> Iterator[str]:
    """Lines as they are added to a file; when it becomes shorter, it was begun anew."""
    while True:
        if path.exists() and path.stat().st_size != position:
            with path.open(encoding="utf-8", errors="replace") as file:
                file.seek(position if path.stat().st_size > position else 0)
                for line in file:
                    yield line.rstrip("\n")
                position = file.tell()
        time.sleep(0.3)
