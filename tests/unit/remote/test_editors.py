"""What an editor is told, and what is said where it cannot be."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from sfml.errors import ToolMissingError
from sfml.remote import editors
from sfml.remote.editors import EDITORS


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("/home/dev", "/home/dev"),
        ("work", "/home/dev/work"),
        ("./my work/ü", "/home/dev/my work/ü"),
        (".", "/home/dev"),
        ("~", "/home/dev"),
        ("~/work", "/home/dev/work"),
        ("/Users/ana", "/home/dev"),  # what the shell here makes of ~
        ("/Users/ana/work", "/home/dev/work"),
        ("/Users/anabel", "/Users/anabel"),
        ("/workspace/stage", "/workspace/stage"),
        ("~work", "/home/dev/~work"),
    ],
)
def test_folder_in_box__as_typed__is_a_path_of_the_box(text: str, folder: str) -> None:
    assert editors.folder_in_box(text, Path("/Users/ana")) == folder


@pytest.mark.parametrize(
    ("program", "version", "options"),
    [
        ("code", "1.106.0", ["--new-window"]),
        ("cursor", "2.3.41", ["--new-window"]),
        ("cursor", "3.0.1", ["--classic", "--new-window"]),
        ("cursor", "", ["--new-window"]),
    ],
)
def test_command__folder_with_spaces__is_one_uri(program: str, version: str, options: list[str]) -> None:
    found = editors.command(EDITORS[program], "sfml-ml-dev", "/home/dev/my work#1", version)
    uri = "vscode-remote://ssh-remote+sfml-ml-dev/home/dev/my%20work%231"
    assert found == [program, *options, "--folder-uri", uri]


@pytest.mark.parametrize(
    ("program", "environ", "elsewhere"),
    [
        ("/usr/bin/code", {}, None),
        ("/usr/bin/code", {"WSL_DISTRO_NAME": "Debian"}, None),
        ("/mnt/c/Users/ana/VS Code/bin/code", {"WSL_DISTRO_NAME": "Debian"}, "Windows"),
        ("/mnt/tools/bin/code", {}, None),
        (
            "/home/ana/.vscode-server/cli/servers/Stable-1/server/bin/remote-cli/code",
            {},
            "the machine that this terminal is looked at from",
        ),
    ],
)
def test_is_elsewhere__command_of_another_machine__is_told(
    program: str, environ: dict[str, str], elsewhere: str | None
) -> None:
    assert editors.is_elsewhere(PurePosixPath(program), environ) == elsewhere


def standing_in(folder: Path, program: str, *extensions: str) -> dict[str, str]:
    """The environment of somebody who has such an editor, with these extensions."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"echo {name}\n" for name in extensions)
    (folder / program).write_text(f"#!/bin/sh\n{lines}")
    (folder / program).chmod(0o755)
    return {"PATH": str(folder)}


def test_require__editor_is_not_there__says_how_to_get_on(tmp_path: Path) -> None:
    with pytest.raises(ToolMissingError, match="Cursor's command 'cursor' is not on PATH") as error:
        editors.require(EDITORS["cursor"], {"PATH": str(tmp_path)})
    assert "'cursor'" in str(error.value.hint)
    assert "sfml browser" in str(error.value.hint)


@pytest.mark.parametrize(
    ("program", "extensions", "wanted"),
    [
        ("code", ["ms-python.python"], "ms-vscode-remote.remote-ssh"),
        ("code", ["ms-vscode-remote.remote-ssh-edit"], "ms-vscode-remote.remote-ssh"),
        ("cursor", ["ms-vscode-remote.remote-ssh"], "anysphere.remote-ssh"),
    ],
)
def test_require__extension_is_missing__gives_the_command(
    program: str, extensions: list[str], wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = standing_in(tmp_path, program, *extensions)
    monkeypatch.setenv("PATH", environ["PATH"], prepend=":")
    with pytest.raises(ToolMissingError, match="lacks its extension for ssh") as error:
        editors.require(EDITORS[program], environ)
    assert error.value.hint == f"{program} --install-extension {wanted}"


def test_require__all_is_there__says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = standing_in(tmp_path, "code", "ms-python.python", "MS-VSCode-Remote.remote-ssh")
    monkeypatch.setenv("PATH", environ["PATH"], prepend=":")
    editors.require(EDITORS["code"], environ)


def test_require__terminal_of_a_remote_window__names_the_machine(tmp_path: Path) -> None:
    environ = standing_in(tmp_path / "remote-cli", "code", "ms-vscode-remote.remote-ssh")
    with pytest.raises(ToolMissingError, match="whose ssh does not know the box") as error:
        editors.require(EDITORS["code"], environ)
    assert "run sfml up and sfml code there" in str(error.value.hint)
