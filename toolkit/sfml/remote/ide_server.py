"""An editor's server for a box that reaches no download: fetched here and sent over ssh."""

from __future__ import annotations

import shlex
import shutil
import tempfile
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from sfml import proc
from sfml.errors import InputError, NoConnectionError
from sfml.remote.editors import Editor

_VERSION_WITHIN = 60.0
_SENT_WITHIN = 1800.0


@dataclass(frozen=True, kw_only=True)
class Part:
    """One archive: where it is to be had, and what becomes of it in the box."""

    url: str
    script: str


def parts(editor: Editor, commit: str) -> Sequence[Part]:
    """What an editor of this build looks for in the home folder of the machine that it works on."""
    if not commit.isalnum():
        raise InputError(f"{editor.program} --version names no build: {commit!r}")
    return _PARTS[editor.program](commit)


def _vs_code(commit: str) -> Sequence[Part]:
    home = ".vscode-server"
    base = f"https://update.code.visualstudio.com/commit:{commit}"
    command = f"mkdir -p {home} && tar -xzf - -C {home} code && mv {home}/code {home}/code-{commit}"
    return (
        Part(url=f"{base}/server-linux-x64/stable", script=_server(home, commit)),
        Part(url=f"{base}/cli-alpine-x64/stable", script=command),
    )


def _cursor(commit: str) -> Sequence[Part]:
    url = f"https://downloads.cursor.com/production/{commit}/linux/x64/cursor-reh-linux-x64.tar.gz"
    return (Part(url=url, script=_server(".cursor-server", commit)),)


def _server(home: str, commit: str) -> str:
    """Both places in which releases of Remote-SSH look: the command line's, and the older one."""
    place = f"{home}/cli/servers/Stable-{commit}"
    return (
        f"set -e; mkdir -p {place}/server.new {home}/bin; "
        f"tar -xzf - -C {place}/server.new --strip-components=1; "
        f"rm -rf {place}/server; mv {place}/server.new {place}/server; "
        f"ln -sfn ../cli/servers/Stable-{commit}/server {home}/bin/{commit}"
    )


_PARTS: Mapping[str, Callable[[str], Sequence[Part]]] = {"code": _vs_code, "cursor": _cursor}


def push(
    editor: Editor,
    ssh: Sequence[str],
    host: str,
    *,
    archive: Path | None = None,
    report: Callable[[str], None],
) -> None:
    """Bring the server of this machine's editor into the box; ``archive``: the server, already fetched."""
    commit = _commit(editor)
    for part in parts(editor, commit)[: 1 if archive else None]:
        with tempfile.TemporaryDirectory(prefix="sfml-server-") as folder:
            file = archive or _fetched(part.url, Path(folder) / "archive.tar.gz", report)
            report(f"send {editor.title}'s server to {host} ({file.stat().st_size >> 20} MiB)")
            proc.fed([*ssh, host, f"sh -c {shlex.quote(part.script)}"], file, timeout=_SENT_WITHIN)


def _commit(editor: Editor) -> str:
    """The build of the editor: the second line of its version."""
    lines = proc.run([editor.program, "--version"], timeout=_VERSION_WITHIN).stdout.split()
    return lines[1] if len(lines) > 1 else ""


def _fetched(url: str, target: Path, report: Callable[[str], None]) -> Path:
    report(f"fetch {url}")
    try:
        with urllib.request.urlopen(url, timeout=60) as answer, target.open("wb") as file:  # noqa: S310 - https, above
            shutil.copyfileobj(answer, file)
    except (URLError, OSError) as error:
        raise NoConnectionError(
            f"{url} cannot be fetched: {error}", hint="fetch it elsewhere, then: --server-file FILE"
        ) from error
    return target
