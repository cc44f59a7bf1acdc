"""What is written for ssh: by ssh's own rules, once, and taken back without a trace."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sfml.errors import InputError, NotFoundError
from sfml.remote import ssh_files
from sfml.remote.entry import AGENT, Entry, SshFolder, folder, hosts, load

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE sfml box"
PROGRAM = ["/opt/my python/bin/python", "-P", "-m", "sfml"]
ENTRY = Entry(
    host="sfml-ml-dev",
    url="https://x.snowflakecomputing.app",
    service="ML_DEV.PUBLIC.ML_DEV_BOX_ANA",
    connection="dev",
    role=None,
    state="/p/.sfml",
    way=AGENT,
)


@pytest.fixture
def place(tmp_path: Path) -> SshFolder:
    home = tmp_path / "home of ana"
    home.mkdir()
    return folder(home)


def write(place: SshFolder) -> bool:
    return ssh_files.write(place, ENTRY, host_key=HOST_KEY, program=PROGRAM)


def files(place: SshFolder) -> dict[str, tuple[str, int]]:
    return {
        str(path.relative_to(place.ssh)): (path.read_text(), stat.S_IMODE(path.stat().st_mode))
        for path in place.ssh.rglob("*")
        if path.is_file()
    }


def test_write__again__changes_nothing(place: SshFolder) -> None:
    assert write(place)
    before = files(place)
    assert not write(place)
    assert files(place) == before
    assert {mode for _, mode in before.values()} == {0o600}
    assert stat.S_IMODE(place.own.stat().st_mode) == 0o700


def test_write__existing_config__stays_below_with_a_backup_and_its_mode(place: SshFolder) -> None:
    place.ssh.mkdir()
    config = place.ssh / "config"
    config.write_text("Host *\n  ForwardAgent no\n")
    config.chmod(0o640)
    write(place)
    assert config.read_text() == f'Include "{place.own}/*.conf"\n\nHost *\n  ForwardAgent no\n'
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert (place.ssh / ssh_files.BACKUP).read_text() == "Host *\n  ForwardAgent no\n"


def test_write__config_is_a_link__writes_its_target(place: SshFolder, tmp_path: Path) -> None:
    place.ssh.mkdir()
    target = tmp_path / "dotfiles"
    target.write_text("Host a\n")
    (place.ssh / "config").symlink_to(target)
    write(place)
    assert (place.ssh / "config").is_symlink()
    assert target.read_text().endswith("Host a\n")


@pytest.mark.parametrize("before", [None, "Host *\n  Port 2222\n"])
def test_remove__after_write__leaves_what_was_there(place: SshFolder, before: str | None) -> None:
    place.ssh.mkdir()
    config = place.ssh / "config"
    if before is not None:
        config.write_text(before)
    write(place)
    ssh_files.remove(place, ENTRY.host)
    assert config.read_text() == (before or "")
    assert hosts(place) == []
    assert ssh_files.known_hosts(place.known_hosts.read_text(), "none", None) == ""


def test_remove__another_box_left__keeps_the_include(place: SshFolder) -> None:
    write(place)
    (place.own / "other.conf").write_text("Host other\n")
    ssh_files.remove(place, ENTRY.host)
    assert "Include" in (place.ssh / "config").read_text()


def as_ssh_reads_it(place: SshFolder, host: str = ENTRY.host) -> dict[str, str]:
    done = subprocess.run(
        ["ssh", "-G", "-F", str(place.ssh / "config"), host],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOME": str(place.ssh.parent)},
    )
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh")
def test_ssh__reads_what_was_written(place: SshFolder) -> None:
    write(place)
    found = as_ssh_reads_it(place)
    assert found["user"] == "dev"
    assert found["proxycommand"] == "'/opt/my python/bin/python' -P -m sfml ssh-proxy sfml-ml-dev"
    assert found["stricthostkeychecking"] in ("true", "yes")
    assert found["hostkeyalias"] == ENTRY.host
    assert found["serveraliveinterval"] == "0"
    assert str(place.known_hosts) in found["userknownhostsfile"]
    assert found["identityfile"] == str(place.key)


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh")
@pytest.mark.parametrize(
    "name", ["änä", "100%", "%h", 'a "quoted" one', "it's", "a\\b", "[ab]", "{x}", "$x", "#1"]
)
def test_ssh__home_of_any_name__is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    place = folder(tmp_path / name)
    write(place)
    found = as_ssh_reads_it(place)
    assert found["hostkeyalias"] == ENTRY.host
    assert found["identityfile"].replace("%%", "%") == str(place.key)
    assert found["userknownhostsfile"].replace("%%", "%") == str(place.known_hosts)


@pytest.mark.parametrize("name", ["a\nb", "${HOME}"])
def test_write__home_that_no_configuration_can_name__says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="cannot stand in an ssh configuration"):
        write(folder(tmp_path / name))


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh")
@pytest.mark.parametrize(
    "before",
    [
        "Match all\n  User somebody\n",
        "Host *\n  ProxyJump gateway\n  User somebody\n",
        'Host other\n  Include "{own}/*.conf"\n',
        'Match host other\nInclude "{own}/*.conf"\n',
    ],
)
def test_ssh__config_that_begins_with_a_block__still_finds_the_box(place: SshFolder, before: str) -> None:
    place.ssh.mkdir()
    (place.ssh / "config").write_text(before.replace("{own}", str(place.own)))
    write(place)
    found = as_ssh_reads_it(place)
    assert (found["user"], found["hostkeyalias"]) == ("dev", ENTRY.host)
    assert not write(place)


def test_write__config_of_foreign_bytes_and_line_ends__keeps_them(place: SshFolder) -> None:
    place.ssh.mkdir()
    config = place.ssh / "config"
    before = b"# Andr\xe9\r\nHost a\r\n"
    config.write_bytes(before)
    write(place)
    assert config.read_bytes().endswith(b"\n\n" + before)
    ssh_files.remove(place, ENTRY.host)
    assert config.read_bytes() == before


def test_write__config_cannot_be_written__gives_the_line_and_leaves_it(
    place: SshFolder, tmp_path: Path
) -> None:
    place.ssh.mkdir()
    (place.ssh / "config").symlink_to(tmp_path / "gone" / "dotfiles")
    with pytest.raises(InputError, match="cannot be written: No such file") as caught:
        write(place)
    assert str(caught.value.hint).endswith(f'Include "{place.own}/*.conf"')
    assert not [*tmp_path.glob("gone*")]


def test_write__fails_in_the_middle__leaves_the_old_file_and_nothing_else(
    place: SshFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.ssh.mkdir()
    config = place.ssh / "config"
    config.write_text("Host a\n")
    monkeypatch.setattr(os, "fsync", _full)
    with pytest.raises(InputError, match="No space left"):
        write(place)
    assert config.read_text() == "Host a\n"
    assert {path.name for path in place.ssh.iterdir()} == {"config", "sfml"}
    assert not [*place.own.iterdir()]


def _full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


_WRITE = """
import sys

from pathlib import Path
from sfml.remote import ssh_files
from sfml.remote.entry import Entry, folder
place = folder(Path(sys.argv[1]))
entry = Entry(host=sys.argv[2], url="u", service="S", connection="c", role=None, state="", way="agent")
ssh_files.ensure_key(place)
ssh_files.write(place, entry, host_key="ssh-ed25519 AAAA", program=["sfml"])
"""


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh")
def test_write__many_boxes_at_once__are_all_known(place: SshFolder) -> None:
    names = [f"sfml-{number}" for number in range(6)]
    started = [
        subprocess.Popen([sys.executable, "-c", _WRITE, str(place.ssh.parent), name]) for name in names
    ]
    assert [process.wait(120) for process in started] == [0] * len(names)
    assert hosts(place) == names
    assert len(place.known_hosts.read_text().splitlines()) == len(names)
    assert (place.ssh / "config").read_text().count("Include") == 1


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh")
def test_ensure_key__twice__is_one_key_for_the_owner_only(place: SshFolder) -> None:
    first = ssh_files.ensure_key(place)
    assert first.startswith("ssh-ed25519 ")
    assert ssh_files.ensure_key(place) == first
    assert stat.S_IMODE(place.key.stat().st_mode) == 0o600
    place.key.with_suffix(".pub").unlink()  # as a run leaves it that was killed here
    assert ssh_files.ensure_key(place) == first


def test_known_hosts__new_key__takes_the_place_of_the_old() -> None:
    text = "other ssh-ed25519 AAAA\nsfml-ml-dev ssh-ed25519 OLD\n"
    assert ssh_files.known_hosts(text, "sfml-ml-dev", HOST_KEY) == (
        "other ssh-ed25519 AAAA\nsfml-ml-dev ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE\n"
    )


@pytest.mark.parametrize("key", ["", "<html>sign in</html>", "ssh-ed25519"])
def test_known_hosts__no_key__is_refused(key: str) -> None:
    with pytest.raises(InputError):
        ssh_files.known_hosts("", "box", key)


def test_load__unknown_and_damaged__say_so(place: SshFolder) -> None:
    with pytest.raises(NotFoundError, match="known: none"):
        load(place, "sfml-x")
    write(place)
    assert load(place, ENTRY.host) == ENTRY
    place.entry(ENTRY.host).write_text("{}")
    with pytest.raises(InputError, match="damaged"):
        load(place, ENTRY.host)
