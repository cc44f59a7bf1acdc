"""What the doctor says of this machine: its programs, its proxy, its clock."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sfml.remote import doctor_machine
from sfml.remote.health import Finding, Health


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that programs are found in; empty."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def examined(environ: dict[str, str] | None = None) -> dict[str, Finding]:
    return {one.about: one for one in doctor_machine.machine(environ or {})}


def test_machine__nothing_installed__says_what_each_is_for(programs: Path) -> None:
    found = examined()
    assert list(found) == ["Python", "ssh", "snow", "engine", "proxy"]
    assert (found["ssh"].health, found["snow"].health) == (Health.BAD, Health.WARN)
    assert "OpenSSH" in found["ssh"].remedy
    assert "pip install 'snowflake-cli>=3.30'" in found["snow"].remedy
    assert found["engine"].health is Health.WARN
    assert "install Docker" in found["engine"].remedy


def test_machine__everything_there__is_well(programs: Path) -> None:
    install(programs, "ssh", "echo OpenSSH_9.2 >&2")
    install(programs, "snow", "echo Snowflake CLI version: 3.30.0")
    install(programs, "docker", "echo 26.1")
    found = examined()
    assert {one.health for one in found.values()} == {Health.GOOD}
    assert (found["ssh"].text, found["engine"].text) == ("OpenSSH_9.2", "docker 26.1")


def test_machine__old_snow_and_stopped_engine__are_told(programs: Path) -> None:
    install(programs, "snow", "echo Snowflake CLI version: 3.9.1")
    install(programs, "docker", "echo cannot connect to the Docker daemon >&2; exit 1")
    found = examined()
    assert (found["snow"].health, found["snow"].text) == (
        Health.WARN,
        "Snowflake CLI version: 3.9.1: too old",
    )
    assert found["engine"].health is Health.WARN
    assert "start Docker" in found["engine"].remedy


@pytest.mark.parametrize("proxy", ["socks5://proxy:1080", "https://proxy:3128"])
def test_machine__proxy_of_another_kind__is_told(proxy: str) -> None:
    finding = examined({"HTTPS_PROXY": proxy})["proxy"]
    assert (finding.health, "http://host:port" in finding.remedy) == (Health.BAD, True)


def test_machine__proxy_that_does_not_answer__is_told_without_its_password() -> None:
    # Nothing can listen on port 0.
    finding = examined({"HTTPS_PROXY": "http://ana:geheim@127.0.0.1:0"})["proxy"]
    assert finding.health is Health.BAD
    assert "does not answer" in finding.text
    assert "geheim" not in finding.text
    assert "unset" in finding.remedy


@pytest.mark.parametrize(("skew", "health"), [(29, Health.GOOD), (-29, Health.GOOD), (600, Health.BAD)])
def test_clock__off_by__is_told_from_half_a_minute_on(skew: float, health: Health) -> None:
    assert doctor_machine.clock(skew).health is health


def test_machine__environment_of_the_process__is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "HTTPS_PROXY", "socks5://proxy:1")
    assert examined()["proxy"].text == "none"
