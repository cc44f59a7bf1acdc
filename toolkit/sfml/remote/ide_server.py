"""An editor's server for a box that reaches no download: fetched here and sent over ssh."""

from __future__ import annotations

import shlex
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sfml import proc
from sfml.errors import CommandError, InputError
from sfml.remote import downloads, editors
from sfml.remote.downloads import Download
from sfml.remote.editors import Editor

_WITHIN = 60.0
_SENT_WITHIN = 1800.0
_UPDATES = "https://update.code.visualstudio.com"
_COMMAND = "code"
"""The one file in the archive of VS Code's command line, which starts the server since release 1.82."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One archive: where it is to be had, and what becomes of it in the box.

    ``said_at``: where its publisher says its SHA-256, and the address that it is at now. ``place`` is
    below the home folder, ``program`` must be in it, ``links`` lead there.
    """

    what: str
    address: str
    said_at: str | None
    place: str
    program: str
    links: Sequence[str] = ()


def parts(editor: Editor, commit: str) -> Sequence[Part]:
    """What an editor of this build looks for in the home folder of the machine that it works on."""
    if not commit.isalnum():
        raise InputError(f"{editor.program} --version names no build: {commit!r}")
    return _PARTS[editor.program](commit)


def _vs_code(commit: str) -> Sequence[Part]:
    """Remote-SSH's places, of its present releases and of those before 1.82 (microsoft/vscode #231029)."""
    build, home = f"commit:{commit}", ".vscode-server"
    server, command = "server-linux-x64/stable", "cli-alpine-x64/stable"
    return (
        Part(
            what="server",
            address=f"{_UPDATES}/{build}/{server}",
            said_at=f"{_UPDATES}/api/versions/{build}/{server}",
            place=f"{home}/cli/servers/Stable-{commit}/server",
            program="bin/code-server",
            links=(f"{home}/bin/{commit}",),
        ),
        Part(
            what="command line",
            address=f"{_UPDATES}/{build}/{command}",
            said_at=f"{_UPDATES}/api/versions/{build}/{command}",
            place=f"{home}/code-{commit}",
            program=_COMMAND,
        ),
    )


def _cursor(commit: str) -> Sequence[Part]:
    """The place of Cursor's own extension, and those of its earlier ones; no SHA-256 is published."""
    home = ".cursor-server"
    return (
        Part(
            what="server",
            address=f"https://downloads.cursor.com/production/{commit}/linux/x64/cursor-reh-linux-x64.tar.gz",
            said_at=None,
            place=f"{home}/bin/linux-x64/{commit}",
            program="bin/cursor-server",
            links=(f"{home}/bin/{commit}", f"{home}/cli/servers/Stable-{commit}/server"),
        ),
    )


_PARTS: Mapping[str, Callable[[str], Sequence[Part]]] = {"code": _vs_code, "cursor": _cursor}


def push(
    editor: Editor,
    ssh: Sequence[str],
    host: str,
    *,
    files: Sequence[Path] = (),
    fetch: bool = True,
    report: Callable[[str], None],
) -> None:
    """Bring what this machine's editor needs into the box: ``files`` of the user's, the rest if ``fetch``.

    Everything is fetched and checked before anything is sent; what the box has stays.
    """
    wanted = parts(editor, editors.build(editor).commit)
    given = {_part_of(file, wanted): file for file in files}
    with tempfile.TemporaryDirectory(prefix="sfml-server-") as folder:
        for part in wanted:
            if part in given:
                continue
            if _is_there(part, ssh, host):
                report(f"{host} has {editor.title}'s {part.what}")
            elif fetch:
                given[part] = _fetched(part, Path(folder) / f"{part.what}.tar.gz", report)
            else:
                report(f"{host} lacks {editor.title}'s {part.what}: {part.address}")
        for part, file in given.items():
            report(f"send {editor.title}'s {part.what} to {host} ({file.stat().st_size >> 20} MiB)")
            _send(part, file, ssh, host)


def _part_of(file: Path, wanted: Sequence[Part]) -> Part:
    """Which part a file of the user's is: the command line's archive holds one file, ``code``."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            first = archive.next()
    except (OSError, tarfile.TarError) as error:
        raise InputError(
            f"{file} is no archive of an editor's server: {error}", hint="it is a .tar.gz"
        ) from None
    is_command = first is not None and first.name.removeprefix("./") == _COMMAND
    found = [part for part in wanted if (part.program == _COMMAND) == is_command]
    if not found:
        raise InputError(f"{file} holds VS Code's command line", hint=f"fetch {wanted[0].address}")
    return found[0]


def _fetched(part: Part, target: Path, report: Callable[[str], None]) -> Path:
    report(f"fetch {part.address}")
    source = downloads.told(part.said_at) if part.said_at else Download(url=part.address)
    downloads.fetch(source, target)
    return target


def _is_there(part: Part, ssh: Sequence[str], host: str) -> bool:
    question = f"if test -e {part.place}; then echo yes; fi"
    return proc.run([*ssh, host, question], timeout=_WITHIN).stdout.strip() == "yes"


def _send(part: Part, file: Path, ssh: Sequence[str], host: str) -> None:
    try:
        proc.fed([*ssh, host, f"sh -c {shlex.quote(script(part))}"], file, timeout=_SENT_WITHIN)
    except CommandError as error:
        raise CommandError(
            f"{host} could not take {file.name} as the editor's {part.what}; nothing of it is left there",
            returncode=error.returncode,
            output=error.output,
            hint=error.hint,
        ) from error


def script(part: Part) -> str:
    """What the box does with an archive on stdin: unpack it beside its place, look, move it; or nothing."""
    is_file = part.program == _COMMAND
    home = part.place.partition("/")[0]
    lines = [
        "set -e",
        f"mkdir -p {home}",
        f"find {home} -maxdepth 1 -name 'incoming.*' -mtime +1 -exec rm -rf {{}} +",  # of a killed one
        f"new=$(mktemp -d {home}/incoming.XXXXXX)",
        "trap 'rm -rf \"$new\"' EXIT",
        "trap 'exit 129' HUP INT TERM",
        f'tar -xzf - -C "$new" {"" if is_file else "--strip-components=1"}',
        f'[ -x "$new/{part.program}" ] || {{ echo "the archive holds no {part.program}" >&2; exit 65; }}',
        _parent(part.place),
        f"rm -rf {part.place}",
        f'mv "$new{f"/{_COMMAND}" if is_file else ""}" {part.place}',
    ]
    for link in part.links:
        lines += [_parent(link), f'[ -e {link} ] || ln -sfn "$PWD/{part.place}" {link}']
    return "\n".join(lines)


def _parent(path: str) -> str:
    return f"mkdir -p {path.rpartition('/')[0]}"
