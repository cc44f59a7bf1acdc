"""Secrets and masses are refused before anything is sent, and named without being shown."""

from pathlib import Path, PurePosixPath

import pytest

from sfml.errors import InputError
from sfml.jobs import guards
from sfml.jobs.payload import Payload
from sfml.jobs.selection import Selection, select

# Put together here, so that no scanner takes this file for a leak.
TOKENS = {
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE",
    "an AWS access key": "key = 'AKIA" + "IOSFODNN7EXAMPLE'",
    "a GitHub token": "ghp_" + "a1B2" * 9,
    "a Hugging Face token": "hf_" + "aB" * 17,
    "an API key": "sk-proj-" + "abcd1234" * 6,
}


def check(root: Path, **options: object) -> Selection:
    payload = Payload(source=root, entrypoint=PurePosixPath("main.py"), **options)  # type: ignore[arg-type]
    found = select(payload)
    guards.check(found, payload)
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text("print(1)\n")
    return tmp_path


@pytest.mark.parametrize(
    "name", [".env", ".env.production", "key.p8", "id_ed25519", "connections.toml", ".netrc"]
)
def test_check__name_of_a_secret__is_refused_unless_named(name: str, root: Path) -> None:
    (root / name).write_text("hunter2")
    with pytest.raises(InputError, match="by its name") as caught:
        check(root)
    assert name in str(caught.value)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"
    assert name in [file.name for file in check(root, include=(name,)).files]


@pytest.mark.parametrize(
    "name", [".env.example", ".environment", "env.py", "cert.pem", "keys.py", "id_rsa.pub"]
)
def test_check__name_that_only_looks_like_one__passes(name: str, root: Path) -> None:
    (root / name).write_text("nothing secret")
    check(root)


@pytest.mark.parametrize(("what", "text"), TOKENS.items())
def test_check__token_in_a_file__is_refused_with_its_line(what: str, text: str, root: Path) -> None:
    (root / "conf.py").write_text(f"a = 1\n{text}\n")
    with pytest.raises(InputError, match=rf"conf\.py:2 \({what}\)") as caught:
        check(root)
    assert text.split()[-1] not in f"{caught.value} {caught.value.hint}"
    check(root, include=("conf.py",))


@pytest.mark.parametrize(
    "text", ["hf_hub_download(repo)", "sk-learn", "ghp_short", "AKIA", "PRIVATE KEY", "task-" + "x" * 50]
)
def test_check__word_that_only_begins_like_a_token__passes(text: str, root: Path) -> None:
    (root / "code.py").write_text(text)
    check(root)


def test_check__single_script_with_a_token__is_refused(root: Path) -> None:
    (root / "main.py").write_text(TOKENS["a GitHub token"])
    payload = Payload(source=root / "main.py", entrypoint=PurePosixPath("main.py"))
    with pytest.raises(InputError, match="a GitHub token"):
        guards.check(select(payload), payload)


def test_check__too_much__names_the_culprits(root: Path) -> None:
    (root / "big.bin").write_bytes(b"x" * 5000)
    (root / "small.bin").write_bytes(b"x" * 10)
    check(root, max_bytes=10_000)
    with pytest.raises(InputError, match=r"3 files, 5\.0 KB") as caught:
        check(root, max_bytes=4000)
    assert str(caught.value.hint).startswith("most of it: big.bin (5.0 KB), small.bin")


def test_check__too_many_files__names_their_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "_MOST_FILES", 20)
    (root / "frames").mkdir()
    for number in range(30):
        (root / "frames" / f"{number}.png").touch()
    with pytest.raises(InputError, match="31 files") as caught:
        check(root)
    assert "frames/ (30 files)" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (2_000_000, "2.0 MB"), (3 * 10**9, "3.0 GB")],
)
def test_readable__bytes__as_people_write_them(size: int, text: str) -> None:
    assert guards.readable(size) == text
