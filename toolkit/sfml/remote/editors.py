"""VS Code and Cursor: what they need, and how they are told to open a folder of the box."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from sfml import proc
from sfml.errors import ToolMissingError
from sfml.remote.box import HOME

_LIST_WITHIN = 60.0


@dataclass(frozen=True, kw_only=True)
class Editor:
    """One editor; ``extension`` is the one that works over ssh."""

    title: str
    program: str
    extension: str
    more: tuple[str, ...] = ()


EDITORS: Mapping[str, Editor] = {
    "code": Editor(title="VS Code", program="code", extension="ms-vscode-remote.remote-ssh"),
    # Microsoft's extension refuses other builds than Microsoft's, so Cursor has one of its own.
    "cursor": Editor(title="Cursor", program="cursor", extension="anysphere.remote-ssh"),
}
NAMES: Mapping[str, str] = {"code": "code", "vscode": "code", "cursor": "cursor"}


def require(editor: Editor) -> None:
    """ToolMissingError where the editor's command or its ssh extension is missing."""
    try:
        listed = proc.run([editor.program, "--list-extensions"], timeout=_LIST_WITHIN)
    except ToolMissingError as error:
        raise ToolMissingError(
            f"{editor.title}'s command '{editor.program}' is not on PATH",
            hint=f"in {editor.title}: Shell Command: Install '{editor.program}' command in PATH",
        ) from error
    if editor.extension.lower() not in listed.stdout.lower().split():
        raise ToolMissingError(
            f"{editor.title} lacks its extension for ssh",
            hint=f"{editor.program} --install-extension {editor.extension}",
        )


def command(editor: Editor, host: str, folder: str = HOME) -> Sequence[str]:
    """What opens a folder of the box in a window of its own."""
    return [
        editor.program,
        *editor.more,
        "--new-window",
        "--folder-uri",
        f"vscode-remote://ssh-remote+{host}{quote(folder)}",
    ]


def open_folder(editor: Editor, host: str, folder: str = HOME) -> None:
    """Open a folder of the box."""
    proc.run(command(editor, host, folder), env=dict(os.environ), timeout=_LIST_WITHIN)
