"""Programs are started through one door, and secrets never come out of it."""

import sys
import time
from pathlib import Path

import pytest

from sfml import proc
from sfml.errors import CommandError, ToolMissingError


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_run__program_succeeds__returns_both_streams() -> None:
    done = proc.run(python("import sys; print('out'); print(sys.stdin.read(), file=sys.stderr)"), stdin="err")
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


def test_run__program_fails__error_carries_command_code_and_output() -> None:
    with pytest.raises(CommandError, match="exit code 3") as caught:
        proc.run(python("print('why'); raise SystemExit(3)"))
    assert (caught.value.returncode, caught.value.output) == (3, "why")
    assert "raise SystemExit" in str(caught.value)
    assert caught.value.hint == "why"


def test_run__secret_in_output__is_hidden_in_the_error() -> None:
    with pytest.raises(CommandError) as caught:
        proc.run(python("raise SystemExit('bad login hunter2')"), secrets=["hunter2"])
    assert "hunter2" not in caught.value.output + str(caught.value) + str(caught.value.hint)
    assert caught.value.output == f"bad login {proc.HIDDEN}"


def test_run__too_slow__fails_with_the_time() -> None:
    with pytest.raises(CommandError, match=r"no answer within 0\.2 s"):
        proc.run(python("import time; time.sleep(60)"), timeout=0.2)


def test_find__unknown_program__is_named() -> None:
    with pytest.raises(ToolMissingError, match="no-such-program"):
        proc.find("no-such-program")


def test_start_detached__program__writes_to_a_private_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = proc.start_detached(python("print('alive')"), log=log)
    process.wait(timeout=30)
    assert log.read_text() == "alive\n"
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "password=s3cret",
        "password = 's3cret'",
        '{"token": "s3cret"}',
        "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE=s3cret",
        'Authorization: Snowflake Token="s3cret"',
        "https://me:s3cret@example.com/x",
        "-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\ns3cret",
    ],
)
def test_redact__what_looks_like_a_secret__is_hidden(text: str) -> None:
    assert "s3cret" not in proc.redact(text)


@pytest.mark.parametrize("text", ["the tokenizer: fast", "sfml submit train.py", "https://host:443/path"])
def test_redact__harmless_text__stays(text: str) -> None:
    assert proc.redact(text) == text


def test_redact__long_text__is_fast() -> None:
    started = time.perf_counter()
    proc.redact("token" * 20_000 + "=" * 20_000)
    assert time.perf_counter() - started < 60  # a regular expression that backtracks takes hours
