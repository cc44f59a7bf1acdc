"""``sfml ssh``, ``code``, ``cursor``, ``browser``, ``cp``, ``forward``, ``speedtest``: use a box."""

from __future__ import annotations

import os
import time
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sfml import proc, sql
from sfml.account import DEFAULT_ROLE
from sfml.cli.output import Output, output_option
from sfml.errors import CommandError, InputError, NotFoundError
from sfml.remote import editors, entry, ssh_files
from sfml.remote.box import HOME
from sfml.remote.entry import Entry

if TYPE_CHECKING:
    from sfml.config import Config
    from sfml.session.rows import Query

_MIB = 1 << 20
_READY_WITHIN = 900.0

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
    """Make ports of the box reachable on 127.0.0.1, until Ctrl-C (sfml forward 6006 9000:8000)."""
    options = []
    for text in ports:
        local, _, remote = text.rpartition(":")
        if not remote.isdigit() or (local and not local.isdigit()):
            raise InputError(
                f"{text!r} is no port", hint="write it as 8888, or 9999:8888 for another one here"
            )
        options += ["-L", f"127.0.0.1:{local or remote}:127.0.0.1:{remote}"]
    proc.become([*_program("ssh"), "-N", "-o", "ExitOnForwardFailure=yes", *options, _entry(project).host])


def _editor_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.argument("folder", default=HOME),
        click.option(
            "--server-file",
            "server_files",
            multiple=True,
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Send this archive of the editor's server, or of VS Code's command line.",
        ),
        click.option(
            "--push-server",
            is_flag=True,
            help="Fetch the server here and send it: the box reaches no download.",
        ),
        project_option,
        output_option,
    ):
        command = option(command)
    return command


def _open_editor(
    name: str,
    project: str | None,
    folder: str,
    *,
    push_server: bool,
    server_files: tuple[Path, ...],
    out: Output,
) -> None:
    from sfml.remote import ide_server, wake

    editor = editors.EDITORS[name]
    editors.require(editor, os.environ)
    found, ssh = _entry(project), _program("ssh")
    wake.enter(found, ssh, _log_in, seconds=_READY_WITHIN, report=out.progress)
    place = editors.folder_in_box(folder, Path.home())
    if place != HOME:
        wake.require_folder(ssh, found.host, place)
    if push_server or server_files:
        ide_server.push(editor, ssh, found.host, files=server_files, fetch=push_server, report=out.progress)
    editors.open_folder(editor, found.host, place)


def _log_in(config: Config) -> Query:
    from sfml.cli.attached import query  # little is loaded where the box answers at once
    from sfml.session import in_containers

    return query(in_containers(config))


@click.command()
@_editor_options
def code(project: str | None, folder: str, **options: Any) -> None:
    """Open a folder of the box in VS Code; a stopped box is started first."""
    _open_editor("code", project, folder, **options)


@click.command()
@_editor_options
def cursor(project: str | None, folder: str, **options: Any) -> None:
    """Open a folder of the box in Cursor; a stopped box is started first."""
    _open_editor("cursor", project, folder, **options)


@click.group()
def sync() -> None:
    """Send a project's files to the box, or bring back what was changed there; git says which."""


def _sync_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path)),
        click.option("--to", "target", help="Folder in the box.  [default: the folder's name, in the home]"),
        click.option("--force", is_flag=True, help="Overwrite what was changed on the other side."),
        project_option,
        output_option,
    ):
        command = option(command)
    return command


@sync.command("up")
@_sync_options
def sync_up(project: str | None, folder: Path, target: str | None, *, force: bool, out: Output) -> None:
    """Send the files that git has or would add; those that are gone here go there, too."""
    from sfml.remote import sync as syncing

    place = target or folder.resolve().name
    names = syncing.up(folder, [*_program("ssh"), _entry(project).host], place, force=force)
    out.value({"sent": names, "to": place}, text=f"{len(names)} files are in {place}")


@sync.command("down")
@_sync_options
def sync_down(project: str | None, folder: Path, target: str | None, *, force: bool, out: Output) -> None:
    """Bring back what was changed in the box since the last `sfml sync up`."""
    from sfml.remote import sync as syncing

    place = target or folder.resolve().name
    names = syncing.down(folder, [*_program("ssh"), _entry(project).host], place, force=force)
    out.value(
        {"brought": names, "from": place}, text="\n".join([*names, f"{len(names)} files came from {place}"])
    )


@click.command()
@project_option
@click.option("--jupyter", is_flag=True, help="JupyterLab in the place of the editor.")
@click.option("--print", "only_print", is_flag=True, help="Print the address only.")
@output_option
def browser(project: str | None, *, jupyter: bool, only_print: bool, out: Output) -> None:
    """Open the box's editor, or its JupyterLab, in the browser; a stopped box is started first."""
    found = _entry(project)
    url = found.jupyter_url if jupyter else found.code_url
    if not url:
        raise NotFoundError(f"{found.host} has no address for a browser", hint="sfml up notes it")
    out.value({"url": url}, text=url)
    if not only_print:
        _open_browser(found, url, out)


def _open_browser(found: Entry, url: str, out: Output) -> None:
    from sfml.remote import sign_in, wake

    query = _log_in(wake.config_of(found))
    wake.start(query, sql.name(found.service), seconds=_READY_WITHIN, report=out.progress)
    obstacle = sign_in.obstacle(query, found.role or DEFAULT_ROLE)
    if obstacle:
        out.progress(obstacle)
    if not webbrowser.open(url):
        out.progress("this machine has no browser to open: open the address elsewhere")


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
