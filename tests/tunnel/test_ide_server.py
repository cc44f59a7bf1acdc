"""An editor's server: fetched through a proxy from stand-ins of its publishers, and sent to a real sshd."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import download_site
import ssh_server
from download_site import Answer, Sites
from sfml.errors import CommandError, InputError, NoConnectionError, NotFoundError, SfmlError
from sfml.remote import editors, ide_server

pytestmark = [
    pytest.mark.skipif(ssh_server.MISSING is not None, reason=str(ssh_server.MISSING)),
    pytest.mark.skipif(download_site.MISSING is not None, reason=str(download_site.MISSING)),
]

COMMIT = "abc123def"
DOWNLOADS = f"https://update.code.visualstudio.com/commit:{COMMIT}"
UPDATES = f"https://update.code.visualstudio.com/api/versions/commit:{COMMIT}"
CDN = f"https://vscode.download.prss.microsoft.com/dbazure/download/stable/{COMMIT}"
CURSOR = f"https://downloads.cursor.com/production/{COMMIT}/linux/x64/cursor-reh-linux-x64.tar.gz"
SERVER = ".vscode-server/cli/servers/Stable-abc123def/server"
COMMAND = ".vscode-server/code-abc123def"


def archive(*names: str, text: str = "start") -> bytes:
    """A .tar.gz of programs, each of which is ``text``."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text), 0o755
            tar.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()


VS_CODE = archive("vscode-server-linux-x64/bin/code-server", "vscode-server-linux-x64/node")
CLI = archive("code", text="command")


@dataclass(kw_only=True)
class World:
    """A user's editors, the sites that they come from, and a box with a home folder."""

    sites: Sites
    ssh: list[str]
    home: Path
    told: list[str] = field(default_factory=list)

    def publish(self, server: bytes = VS_CODE, **more: int) -> None:
        """VS Code's server and command line, as their publisher does; ``server`` may come otherwise."""
        for target, name, content in (
            ("server-linux-x64", "vscode-server-linux-x64.tar.gz", VS_CODE),
            ("cli-alpine-x64", "vscode_cli_alpine_x64_cli.tar.gz", CLI),
        ):
            said = {"url": f"{CDN}/{name}", "sha256hash": hashlib.sha256(content).hexdigest().upper()}
            self.sites.answers[f"{UPDATES}/{target}/stable"] = Answer(body=json.dumps(said).encode())
            self.sites.answers[f"{CDN}/{name}"] = Answer(body=content)
        moved = Answer(status=302, headers={"Location": f"{CDN}/moved"})
        self.sites.answers[f"{CDN}/vscode-server-linux-x64.tar.gz"] = moved
        self.sites.answers[f"{CDN}/moved"] = Answer(body=server, **more)

    def push(self, program: str = "code", *files: Path, fetch: bool = True) -> None:
        editor = editors.EDITORS[program]
        ide_server.push(editor, self.ssh, "box", files=files, fetch=fetch, report=self.told.append)

    def there(self) -> list[str]:
        """Every file in the home folder, and every link."""
        found = (path for path in self.home.rglob("*") if path.is_symlink() or not path.is_dir())
        return sorted(str(path.relative_to(self.home)) for path in found)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """An ssh into a real sshd; all tests share one connection, since nothing here is about connecting."""
    folder = tmp_path_factory.mktemp("sshd")
    shared = ("ControlMaster auto", f"ControlPath {folder}/m", "ControlPersist 120")
    with ssh_server.running(folder) as server:
        place = ("HostName 127.0.0.1", f"Port {server.port}")
        ssh = ["ssh", *server.config(folder / "config", *place, *shared), "box"]
        yield ssh
        subprocess.run([*ssh[:-1], "-O", "exit", "box"], check=False, capture_output=True)


@pytest.fixture(scope="module")
def publishers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sites, Path]]:
    names = ("update.code.visualstudio.com", "vscode.download.prss.microsoft.com", "downloads.cursor.com")
    with download_site.running(tmp_path_factory.mktemp("sites"), *names) as found:
        yield found


@pytest.fixture
def world(
    machine: list[str], publishers: tuple[Sites, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> World:
    sites, certificate = publishers
    sites.answers.clear()
    sites.asked.clear()
    sites.users.clear()
    # The editors themselves are stand-ins: of them only the two lines of their version are asked.
    for program in ("code", "cursor"):
        editor = tmp_path / "bin" / program
        editor.parent.mkdir(exist_ok=True)
        editor.write_text(f"#!/bin/sh\nprintf '1.106.0\\n{COMMIT}\\nx64\\n'\n")
        editor.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    for name in ("https_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", f"http://ana:secret@{sites.proxy}")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    (tmp_path / "home").mkdir()
    return World(sites=sites, ssh=[str(at_home(tmp_path, machine))], home=tmp_path / "home")


def at_home(tmp_path: Path, machine: list[str]) -> Path:
    """An ssh whose commands begin in a home folder of the test's, and not of whoever runs it."""
    words = " ".join(f"'{word}'" for word in machine)
    script = tmp_path / "ssh"
    script.write_text(f'#!/bin/sh\nshift\nexec {words} "cd {tmp_path}/home && $*"\n')
    script.chmod(0o755)
    return script


def test_push__vs_code__lies_where_its_extension_looks(world: World) -> None:
    world.publish()
    world.push()

    assert (world.home / SERVER / "bin/code-server").read_text() == "start"
    assert (world.home / SERVER / "bin/code-server").stat().st_mode & 0o100
    assert (world.home / ".vscode-server/bin" / COMMIT / "bin/code-server").read_text() == "start"
    assert (world.home / COMMAND).read_text() == "command"
    assert (world.home / COMMAND).stat().st_mode & 0o100
    assert world.there() == sorted(
        [f".vscode-server/bin/{COMMIT}", COMMAND, f"{SERVER}/bin/code-server", f"{SERVER}/node"]
    )
    assert world.sites.users == {f"Basic {base64.b64encode(b'ana:secret').decode()}"}
    assert "secret" not in "".join(world.told)


def test_push__again__fetches_and_sends_nothing(world: World) -> None:
    world.publish()
    world.push()
    world.sites.asked.clear()
    world.told.clear()
    world.push()

    assert world.sites.asked == []
    assert world.told == ["box has VS Code's server", "box has VS Code's command line"]


def test_push__cursor__lies_where_its_extension_looks(world: World) -> None:
    world.sites.answers[CURSOR] = Answer(body=archive("vscode-reh-linux-x64/bin/cursor-server"))
    world.push("cursor")

    for place in (f"bin/linux-x64/{COMMIT}", f"bin/{COMMIT}", f"cli/servers/Stable-{COMMIT}/server"):
        assert (world.home / ".cursor-server" / place / "bin/cursor-server").read_text() == "start"


@pytest.mark.parametrize(
    ("server", "more", "says"),
    [
        (archive("vscode-server-linux-x64/bin/code-server", text="changed"), {}, "is not what its publisher"),
        (VS_CODE[:-20], {"length": len(VS_CODE)}, f"broke off after {len(VS_CODE) - 20} of {len(VS_CODE)}"),
        (b"", {"status": 503}, "answers 503"),
    ],
    ids=["changed", "broken off", "unavailable"],
)
def test_push__download_is_not_what_it_should_be__sends_nothing(
    world: World, server: bytes, more: dict[str, int], says: str
) -> None:
    world.publish(server, **more)
    with pytest.raises(NoConnectionError, match=says):
        world.push()
    assert world.there() == []


def test_push__sent_on_to_an_address_without_tls__is_refused(world: World) -> None:
    world.sites.answers[CURSOR] = Answer(
        status=302, headers={"Location": f"http://{world.sites.proxy}/cursor.tar.gz"}
    )
    with pytest.raises(SfmlError) as error:
        world.push("cursor")
    assert world.sites.proxy in str(error.value) or "https" in str(error.value)
    assert world.there() == []


def test_push__build_was_not_published__says_so(world: World) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        world.push()


def test_push__certificate_is_nobody_s__says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.publish()
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(NoConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        world.push()


def test_push__files_of_the_user_s__are_told_apart_and_nothing_is_fetched(
    world: World, tmp_path: Path
) -> None:
    server, command = tmp_path / "a.tar.gz", tmp_path / "b.tar.gz"
    server.write_bytes(VS_CODE)
    command.write_bytes(CLI)
    world.push("code", server, fetch=False)
    assert world.told[0] == f"box lacks VS Code's command line: {DOWNLOADS}/cli-alpine-x64/stable"
    world.push("code", command, server, fetch=False)

    assert (world.home / SERVER / "bin/code-server").read_text() == "start"
    assert (world.home / COMMAND).read_text() == "command"
    assert world.sites.asked == []


@pytest.mark.parametrize(
    ("content", "says"),
    [(archive("other/bin/program"), "holds no bin/code-server"), (VS_CODE[:-20], "unexpected end of file")],
    ids=["of something else", "broken off"],
)
def test_push__file_cannot_be_a_server__leaves_what_was_there(
    world: World, tmp_path: Path, content: bytes, says: str
) -> None:
    good, bad = tmp_path / "good.tar.gz", tmp_path / "bad.tar.gz"
    good.write_bytes(VS_CODE)
    bad.write_bytes(content)
    world.push("code", good, fetch=False)
    before = world.there()
    with pytest.raises(CommandError, match="nothing of it is left there") as error:
        world.push("code", bad, fetch=False)

    assert says in str(error.value.hint)
    assert world.there() == before
    assert [path.name for path in (world.home / ".vscode-server").glob("incoming*")] == []


def test_push__file_is_no_archive__is_refused_before_anything_is_sent(world: World, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no archive")
    with pytest.raises(InputError, match="is no archive of an editor's server"):
        world.push("code", file, fetch=False)
    assert world.there() == []


def test_parts__a_version_that_names_no_build__is_refused() -> None:
    with pytest.raises(InputError):
        ide_server.parts(editors.EDITORS["code"], "x; rm -rf /")
