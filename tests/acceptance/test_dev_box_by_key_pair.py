"""A dev box of somebody who logs in with a key pair: each connection has a token for its JWT."""

from __future__ import annotations

import base64
import json
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

import process_box
import shown
import snow_cli
import ssh_server
from process_box import HOST, User

pytestmark = pytest.mark.skipif(ssh_server.MISSING is not None, reason=str(ssh_server.MISSING))
TOKEN_LIFETIME = 4
PASSPHRASE = secrets.token_hex(12)
UP = ("up", "--connection", "keyed", "--yes", "--egress", "packages", "--timeout", "90s", "-o", "json")

DOCTOR = (sys.executable, "-m", "sfml", "doctor", "--connection", "keyed")


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    options = ("--ingress-token-lifetime", str(TOKEN_LIFETIME), "--ingress-cut-expired")
    with process_box.running(tmp_path_factory.mktemp("keyed"), *options, owner="ANA") as found:
        _register(found)
        yield found


def _register(user: User) -> None:
    """A user of the account with a key, and her connection, whose key is encrypted."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    run(user, "CREATE USER ANA DEFAULT_ROLE = ACCOUNTADMIN", "GRANT ROLE ACCOUNTADMIN TO USER ANA")
    run(user, f"ALTER USER ANA SET RSA_PUBLIC_KEY = '{public(key)}'")
    lock = BestAvailableEncryption(PASSPHRASE.encode())
    file = key_file(user)
    file.touch(0o600)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    _connect_by(user, key="~/rsa_key.p8", passphrase=PASSPHRASE)


def public(key: Any) -> str:
    """As RSA_PUBLIC_KEY takes it."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def key_file(user: User) -> Path:
    return user.home / "rsa_key.p8"


def _connect_by(user: User, *, key: str, passphrase: str) -> None:
    there = user.backend.endpoint
    lines = {
        "account": there["account"], "user": "ANA", "host": there["host"], "port": there["port"],
        "protocol": "http", "authenticator": "SNOWFLAKE_JWT", "private_key_path": key,
        "private_key_passphrase": passphrase,
    }  # fmt: skip
    file = user.home / ".snowflake" / "connections.toml"
    file.parent.mkdir(exist_ok=True)
    file.touch(0o600)
    file.write_text("[keyed]\n" + "".join(f"{name} = {json.dumps(text)}\n" for name, text in lines.items()))


def run(user: User, *statements: str) -> list[Any]:
    """Statements of the account's administrator; the rows of the last."""
    from snowflake.connector import connect

    with connect(**user.backend.parameters()) as connection:
        rows: list[Any] = [connection.cursor().execute(text).fetchall() for text in statements]
    return rows[-1]


@pytest.fixture(scope="module")
def box(user: User) -> Any:
    return json.loads(user.sfml(*UP).stdout)


def test_up__key_pair__leads_into_a_shell_without_an_agent(user: User, box: Any) -> None:
    entry = json.loads((user.home / ".ssh" / "sfml" / f"{HOST}.json").read_text())
    assert (entry["way"], entry["role"]) == ("key pair", "ML_DEV_ROLE")
    assert user.ssh("echo in the box").stdout == "in the box\n"
    assert not [*(user.home / ".ssh" / "sfml").glob("agent*")]


def test_session__token_ends_several_times__goes_on(user: User, box: Any) -> None:
    lines = 2 * TOKEN_LIFETIME + 2
    done = user.ssh(f"for n in $(seq {lines}); do echo $n; sleep 1; done")
    assert done.stdout.split() == [str(number) for number in range(1, lines + 1)]


def test_secrets__while_a_connection_runs__are_in_their_own_places_only(user: User, box: Any) -> None:
    own, settings = user.home / ".ssh" / "sfml", user.home / ".snowflake" / "connections.toml"
    locked = key_file(user).read_bytes()
    key = load_pem_private_key(locked, PASSPHRASE.encode())
    clear = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    known: shown.Secrets = {
        "passphrase": PASSPHRASE.encode(),
        "assertion or token": shown.JWT,
        **shown.lines("key", locked),
        **shown.lines("decrypted", clear),
        **shown.lines("ssh key", (own / "id_ed25519").read_text()),
    }
    places = {"passphrase": settings, "key": key_file(user), "ssh key": own / "id_ed25519"}
    with user.connected():
        assert shown.places(known, user.home, user.project) == shown.expected(known, places)


def test_secrets__access_token_while_a_connection_runs__is_in_its_own_place_only(
    user: User, box: Any
) -> None:
    (made,) = run(user, "ALTER USER ANA ADD PROGRAMMATIC ACCESS TOKEN for_ssh")
    settings = user.home / ".snowflake" / "connections.toml"
    before = settings.read_text()
    there = before.split("private_key_path")[0].replace("SNOWFLAKE_JWT", "PROGRAMMATIC_ACCESS_TOKEN")
    settings.write_text(f'{there}token = "{made[1]}"\n')
    user.sfml(*UP)
    known = {"token": str(made[1]).encode()}
    with user.connected():
        assert shown.places(known, user.home, user.project) == shown.expected(known, {"token": settings})
    settings.write_text(before)
    user.sfml(*UP)


@contextmanager
def no_key(user: User) -> Iterator[None]:
    run(user, "ALTER USER ANA UNSET RSA_PUBLIC_KEY")
    yield
    key = load_pem_private_key(key_file(user).read_bytes(), PASSPHRASE.encode())
    run(user, f"ALTER USER ANA SET RSA_PUBLIC_KEY_2 = '{public(key)}'")


@contextmanager
def no_role(user: User) -> Iterator[None]:
    run(user, "REVOKE ROLE ML_DEV_ROLE FROM USER ANA", "REVOKE ROLE ACCOUNTADMIN FROM USER ANA")
    yield
    run(user, "GRANT ROLE ML_DEV_ROLE TO USER ANA", "GRANT ROLE ACCOUNTADMIN TO USER ANA")


@contextmanager
def open_file(user: User) -> Iterator[None]:
    key_file(user).chmod(0o644)
    yield
    key_file(user).chmod(0o600)


@contextmanager
def no_file(user: User) -> Iterator[None]:
    moved = key_file(user).rename(user.home / "elsewhere")
    yield
    moved.rename(key_file(user))


@contextmanager
def no_passphrase(user: User) -> Iterator[None]:
    _connect_by(user, key="~/rsa_key.p8", passphrase="")
    yield
    _connect_by(user, key="~/rsa_key.p8", passphrase=PASSPHRASE)


@contextmanager
def no_server(user: User) -> Iterator[None]:
    file = user.home / ".snowflake" / "connections.toml"
    before = file.read_text()
    file.write_text(before.replace(f"port = {user.backend.endpoint['port']}", "port = 1"))
    yield
    file.write_text(before)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (no_key, "ALTER USER ANA SET RSA_PUBLIC_KEY = 'MII"),
        (no_role, "GRANT ROLE ML_DEV_ROLE TO USER ANA"),
        (open_file, "can be read by others (its mode is 0644) chmod 600 "),
        (no_file, "rsa_key.p8 cannot be read: No such file"),
        (no_passphrase, "encrypted, and there is no passphrase for it set PRIVATE_KEY_PASSPHRASE"),
        (no_server, "which has to give a token, cannot be reached"),
    ],
)
def test_ssh__no_token_to_be_had__says_why_and_what_to_do(
    user: User, box: Any, fault: Callable[[User], Any], words: str
) -> None:
    with fault(user):
        failed = user.ssh("true", code=255)
    assert words in failed.stderr
    assert PASSPHRASE not in failed.stderr
    assert user.ssh("echo well again").stdout == "well again\n"


def test_doctor__key_pair__is_asked_with_at_the_door(user: User, box: Any) -> None:
    # Snowflake's own tool and an engine need not be here: what it says of the box counts.
    told = user.run(*DOCTOR, code=None).stdout
    assert re.search(r"^ok  endpoint .* lets you in$", told, re.MULTILINE), told
    with open_file(user):
        told = user.run(*DOCTOR, code=None).stdout
    assert re.search(r"^!!  endpoint .*its mode is 0644\)\n +chmod 600 ", told, re.MULTILINE), told


def test_up__key_that_others_can_read__changes_nothing(user: User, box: Any) -> None:
    with open_file(user):
        refused = user.sfml(*UP, code=3)
    assert "chmod 600" in refused.stderr
    assert "Plan" not in refused.stderr


@pytest.mark.skipif(not snow_cli.SNOW, reason=snow_cli.MISSING)
def test_snow__the_same_connection__is_the_same_user(user: User) -> None:
    """What sfml reads of a connection is what Snowflake's own tool reads of it."""
    command = [
        str(snow_cli.SNOW),
        "sql",
        "-c",
        "keyed",
        "-q",
        "select current_user() as me",
        "--format",
        "json",
    ]
    done = subprocess.run(command, env=user.environ, capture_output=True, text=True, timeout=120, check=False)
    assert json.loads(done.stdout) == [{"ME": "ANA"}], done.stderr
