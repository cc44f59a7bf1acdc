"""``sfml ssh``, ``code``, ``cursor``, ``browser``, ``cp``, ``forward``, ``speedtest``: use a box."""

from __future__ import annotations

import os
import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import click

from sfml import proc
from sfml.cli.output import Output, output_option
from sfml.errors import CommandError, InputError, NotFoundError
from sfml.remote import editors, entry, ssh_files
from sfml.remote.box import HOME
from sfml.remote.entry import Entry

_MIB = 1 << 20

project_option = click.option("--project", help="The box's project; needed where you have several.")


def _program(name: str) -> list[str]:
    """ssh or scp, with what it needs to find our files."""
    return [name, *ssh_files.options(entry.folder(Path.home()))]


def _entry(project: str | None) -> Entry:
    place = entry.folder(Path.home())
    known = entry.hosts(place)
    if project is None and len(known) == 1:
        return entry.load(place, known[0])
    if project is None:
        names = ", ".join(host.removeprefix("sfml-") for host in known) or "none"
        raise NotFoundError(f"which box? known here: {names}", hint="--project NAME; sfml up makes one")
    return entry.load(place, f"sfml-{project.lower().replace('_', '-')}")


@click.command(context_settings={"ignore_unknown_options": True})
@project_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(project: str | None, command: tuple[str, ...]) -> None:
    """Open a shell in the box, or run a command there."""
    proc.become([*_program("ssh"), _entry(project).host, *command])


@click.command(context_settings={"ignore_unknown_options": True})
@project_option
@click.argument("paths", nargs=-1, required=True, type=click.UNPROCESSED)
def cp(project: str | None, paths: tuple[str, ...]) -> None:
    """Copy files, as scp does: a path that begins with a colon is in the box (sfml cp -r data :data)."""
    host = _entry(project).host
    if not any(path.startswith(":") for path in paths):
        raise InputError(
            "none of the paths is in the box", hint="a colon says so: sfml cp train.py :train.py"
        )
    proc.become([*_program("scp"), *(f"{host}{path}" if path.startswith(":") else path for path in paths)])


@click.command()
@project_option
@click.argument("ports", nargs=-1, required=True, metavar="[LOCAL:]PORT…")
def forward(project: str | None, ports: tuple[str, ...]) -> None:
    """Make ports of the box reachable on 127.0.0.1, until Ctrl-C (sfml forward 8888 6006:6006)."""
    options = []
    for text in ports:
        local, _, remote = text.rpartition(":")
        if not remote.isdigit() or (local and not local.isdigit()):
            raise InputError(
                f"{text!r} is no port", hint="write it as 8888, or 9999:8888 for another one here"
            )
        options += ["-L", f"127.0.0.1:{local or remote}:127.0.0.1:{remote}"]
    proc.become([*_program("ssh"), "-N", "-o", "ExitOnForwardFailure=yes", *options, _entry(project).host])


def _open_editor(name: str, project: str | None, folder: str) -> None:
    editor = editors.EDITORS[name]
    editors.require(editor)
    found = _entry(project)
    # An editor gives up after 15 seconds: the way is tried before it starts.
    proc.run([*_program("ssh"), found.host, "true"], timeout=120)
    editors.open_folder(editor, found.host, folder)


@click.command()
@project_option
@click.argument("folder", default=HOME)
def code(project: str | None, folder: str) -> None:
    """Open a folder of the box in VS Code."""
    _open_editor("code", project, folder)


@click.command()
@project_option
@click.argument("folder", default=HOME)
def cursor(project: str | None, folder: str) -> None:
    """Open a folder of the box in Cursor."""
    _open_editor("cursor", project, folder)


@click.command()
@project_option
@click.option("--print", "only_print", is_flag=True, help="Print the address only.")
@output_option
def browser(project: str | None, *, only_print: bool, out: Output) -> None:
    """Open the box's editor in the browser."""
    found = _entry(project)
    if not found.code_url:
        raise NotFoundError(f"{found.host} has no address for a browser", hint="sfml up notes it")
    out.value({"url": found.code_url}, text=found.code_url)
    if not only_print:
        webbrowser.open(found.code_url)


@click.command()
@project_option
@click.option("--size", type=int, default=64, show_default=True, help="MiB each way.")
@output_option
def speedtest(project: str | None, *, size: int, out: Output) -> None:
    """Measure the way to the box: time to connect, round trip, throughput up and down."""
    host = _entry(project).host
    began = time.perf_counter()
    proc.run([*_program("ssh"), host, "true"], timeout=120)
    connect = time.perf_counter() - began
    trips = _round_trips(host, 50)
    up = _throughput([*_program("ssh"), host, "echo; cat > /dev/null"], size, give=True)
    down = _throughput([*_program("ssh"), host, f"head -c {size * _MIB} /dev/urandom"], size, give=False)
    figures = {
        "connect_s": round(connect, 2),
        "round_trip_ms": round(trips[len(trips) // 2] * 1000, 2),
        "round_trip_p90_ms": round(trips[len(trips) * 9 // 10] * 1000, 2),
        "up_mib_s": round(up, 1),
        "down_mib_s": round(down, 1),
    }
    text = (
        f"connect {figures['connect_s']} s, round trip {figures['round_trip_ms']} ms "
        f"(9 of 10 below {figures['round_trip_p90_ms']}), "
        f"up {figures['up_mib_s']}, down {figures['down_mib_s']} MiB/s"
    )
    out.value(figures, text=text)


def _round_trips(host: str, count: int) -> list[float]:
    with proc.piped([*_program("ssh"), host, "cat"]) as process:
        assert process.stdin
        assert process.stdout
        taken = []
        for _ in range(count + 1):
            began = time.perf_counter()
            process.stdin.write(b"k")
            if not process.stdout.read(1):
                raise CommandError(f"ssh {host} broke off", returncode=process.wait())
            taken.append(time.perf_counter() - began)
        process.stdin.close()
    return sorted(taken[1:])


def _throughput(command: Sequence[str], size: int, *, give: bool) -> float:
    block = os.urandom(_MIB)
    with proc.piped(command) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.read(1)  # from here on it is about bytes, not about connecting
        began = time.perf_counter()
        for _ in range(size if give else 0):
            process.stdin.write(block)
        process.stdin.close()
        while process.stdout.read(_MIB):
            pass
        process.wait()
        taken = time.perf_counter() - began
    if process.returncode:
        raise CommandError(f"'{' '.join(command)}' failed", returncode=process.returncode)
    return size / taken
