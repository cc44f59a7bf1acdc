"""VS Code and Cursor: what they need, and how they are told to open a folder of the box."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from urllib.parse import quote

from sfml import proc
from sfml.errors import ToolMissingError
from sfml.remote.box import HOME

_WITHIN = 60.0
_IN_THE_BROWSER = "sfml browser opens the box's own editor"


@dataclass(frozen=True, kw_only=True)
class Editor:
    """One editor; ``extension`` is the one that works over ssh.

    ``classic_since``: the release from which on a window for agents opens first, and loses the folder.
    """

    title: str
    program: str
    extension: str
    classic_since: int | None = None


@dataclass(frozen=True, kw_only=True)
class Build:
    """Which editor this machine has, as its ``--version`` says it in two lines."""

    version: str
    commit: str


EDITORS: Mapping[str, Editor] = {
    "code": Editor(title="VS Code", program="code", extension="ms-vscode-remote.remote-ssh"),
    # Microsoft's extension refuses other builds than Microsoft's, so Cursor has one of its own.
    "cursor": Editor(title="Cursor", program="cursor", extension="anysphere.remote-ssh", classic_since=3),
}
NAMES: Mapping[str, str] = {"code": "code", "vscode": "code", "cursor": "cursor"}


def require(editor: Editor, environ: Mapping[str, str]) -> None:
    """ToolMissingError where the editor's command or its ssh extension is not on this machine."""
    try:
        path = proc.find(editor.program, environ)
    except ToolMissingError as error:
        raise ToolMissingError(
            f"{editor.title}'s command '{editor.program}' is not on PATH",
            hint=f"{_install(editor, sys.platform)}; or without it: {_IN_THE_BROWSER}",
        ) from error
    elsewhere = is_elsewhere(PurePath(path), environ)
    if elsewhere:
        raise ToolMissingError(
            f"'{editor.program}' here ({path}) opens windows of {elsewhere}, whose ssh does not know the box",
            hint=f"run sfml up and sfml {editor.program} there; or {_IN_THE_BROWSER}",
        )
    listed = proc.run([editor.program, "--list-extensions"], timeout=_WITHIN)
    if editor.extension.lower() not in listed.stdout.lower().split():
        raise ToolMissingError(
            f"{editor.title} lacks its extension for ssh",
            hint=f"{editor.program} --install-extension {editor.extension}",
        )


def _install(editor: Editor, platform: str) -> str:
    if platform == "darwin":
        return f"in {editor.title}: Shell Command: Install '{editor.program}' command in PATH"
    return f"install {editor.title}, and see to it that '{editor.program}' is on PATH"


def is_elsewhere(program: PurePath, environ: Mapping[str, str]) -> str | None:
    """The machine whose editor a command speaks to, where that is another one than this."""
    if "remote-cli" in program.parts:  # what an editor's server puts on the PATH of its terminals
        return "the machine that this terminal is looked at from"
    if "WSL_DISTRO_NAME" in environ and program.parts[:2] == ("/", "mnt"):
        return "Windows"
    return None


def build(editor: Editor) -> Build:
    """The editor's release and commit."""
    lines = proc.run([editor.program, "--version"], timeout=_WITHIN).stdout.split()
    return Build(version=lines[0] if lines else "", commit=lines[1] if len(lines) > 1 else "")


def folder_in_box(text: str, home: Path) -> str:
    """A folder as a user names it, as a path in the box: ``~`` and relative ones begin in the box's home.

    ``home`` is the user's own, which the shell has put in the place of ``~``.
    """
    path = PurePosixPath(text.replace("~", HOME, 1) if text == "~" or text.startswith("~/") else text)
    own = PurePosixPath(home.as_posix())
    if path.is_relative_to(own) and not path.is_relative_to(HOME):
        path = PurePosixPath(HOME) / path.relative_to(own)
    return str(PurePosixPath(HOME) / path)


def command(editor: Editor, host: str, folder: str, version: str) -> Sequence[str]:
    """What opens a folder of the box, an absolute path, in a window of its own."""
    major = version.partition(".")[0]
    is_classic = editor.classic_since and major.isdigit() and int(major) >= editor.classic_since
    return [
        editor.program,
        *(["--classic"] if is_classic else []),
        "--new-window",
        "--folder-uri",
        f"vscode-remote://ssh-remote+{host}{quote(folder)}",
    ]


def open_folder(editor: Editor, host: str, folder: str = HOME) -> None:
    """Open a folder of the box, an absolute path."""
    proc.run(command(editor, host, folder, build(editor).version), timeout=_WITHIN)
