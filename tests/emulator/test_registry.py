"""Images pushed and pulled with the docker command, through the registry of the local backend."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from docker_cli import Docker, missing
from local_backend import LocalBackend
from snow_cli import MISSING, SNOW, runner

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def _engine() -> None:
    if why := missing():
        pytest.skip(why)


@pytest.fixture
def database(connect: Any) -> Iterator[str]:
    """A database of this test's own, with a name that may be part of an image's."""
    name = f"REGISTRY_{uuid.uuid4().hex[:8].upper()}"
    admin = connect(database=None, schema=None).cursor()
    admin.execute(f"create database {name}")
    yield name
    admin.execute(f"drop database {name}")


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[Docker]:
    command = Docker(tmp_path)
    yield command
    command.close()


@pytest.fixture
def address(cursor: Any) -> str:
    """The address of a new repository."""
    cursor.execute("create image repository images")
    cursor.execute("show image repositories in schema")
    return str(cursor.fetchone()[4])


def host(address: str) -> str:
    return address.partition("/")[0]


def role_with(cursor: Any, connect: Any, *privileges: str) -> Any:
    """A cursor of a new role that has these privileges on the repository."""
    role = f"R_{uuid.uuid4().hex[:8].upper()}"
    cursor.execute(f"create role {role}")
    cursor.execute(f"grant role {role} to user {cursor.connection.user}")
    for privilege in privileges:
        cursor.execute(f"grant {privilege} on image repository images to role {role}")
    return connect(role=role, database=cursor.connection.database).cursor()


@pytest.mark.skipif(SNOW is None, reason=MISSING)
def test_registry__snow_logs_in_and_docker_pushes__snow_lists_the_image(
    backend: LocalBackend, database: str, docker: Docker, tmp_path: Path
) -> None:
    snow = runner(backend.parameters(database=database, schema="PUBLIC"), tmp_path, docker.environment)
    snow("spcs", "image-repository", "create", "images")
    url = snow("spcs", "image-repository", "url", "images")["message"]
    assert re.fullmatch(rf"127\.0\.0\.1:\d+/{database.lower()}/public/images", url)
    assert "Login Succeeded" in snow("spcs", "image-registry", "login")["message"]
    name = docker.image(f"{url}/tiny:1")
    digest = re.search("digest: (sha256:[0-9a-f]{64})", docker("push", name))
    assert digest
    [listed] = snow("spcs", "image-repository", "list-images", "images")
    shown = {key: listed[key] for key in ("image_name", "tags", "digest", "image_path")}
    path = f"{database.lower()}/public/images/tiny:1"
    assert shown == {"image_name": "tiny", "tags": "1", "digest": digest[1], "image_path": path}


def test_registry__login_as_list_tags_does__gives_a_token_for_what_the_role_may_read(
    cursor: Any, connect: Any, docker: Docker, address: str
) -> None:
    docker.login(host(address), cursor)
    for tag in ("1", "2"):
        docker("push", docker.image(f"{address}/tiny:{tag}"))
    repository = address.partition("/")[2]
    for granted, status in ((("READ",), 200), ((), 401)):
        reader = role_with(cursor, connect, *granted).connection
        secret = json.dumps({"token": reader.rest.token, "expires_in": 60})
        answer = requests.get(f"http://{host(address)}/login", auth=("0sessiontoken", secret), timeout=60)
        assert answer.status_code == 200
        bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
        tags = f"http://{host(address)}/v2/{repository}/tiny/tags/list"
        found = requests.get(tags, headers=bearer, timeout=60)
        assert found.status_code == status
        assert status != 200 or sorted(found.json()["tags"]) == ["1", "2"]
    assert requests.get(f"http://{host(address)}/login", timeout=60).status_code == 401


def test_registry__pushed_twice_and_pulled__sends_nothing_again(
    cursor: Any, docker: Docker, address: str
) -> None:
    docker.login(host(address), cursor)
    name = docker.image(f"{address}/tiny:1")
    assert "Pushed" in docker("push", name)
    assert "Layer already exists" in docker("push", name)
    docker.forget(name)
    assert "Downloaded newer image" in docker("pull", name)
    path = address.partition("/")[2]
    cursor.execute(f"select system$registry_list_images('/{path}')")
    assert cursor.fetchone() == ('{"images": ["tiny"]}',)


def test_registry__same_layers_in_another_repository__are_mounted(
    cursor: Any, docker: Docker, address: str
) -> None:
    cursor.execute("create image repository other")
    docker.login(host(address), cursor)
    name = docker.image(f"{address}/tiny:1")
    docker("push", name)
    second = docker.tag(name, f"{address.removesuffix('images')}other/again:1")
    assert "Mounted from" in docker("push", second)


def test_registry__role_with_read__pulls_and_does_not_push(
    cursor: Any, connect: Any, docker: Docker, address: str
) -> None:
    docker.login(host(address), cursor)
    name = docker.image(f"{address}/tiny:1")
    docker("push", name)
    docker.login(host(address), role_with(cursor, connect, "READ"))
    docker.forget(name)
    docker("pull", name)
    refusal = docker("push", docker.tag(name, f"{address}/tiny:2"), fails=True)
    assert "denied: Insufficient privileges to operate on image repository 'IMAGES'" in refusal
    docker.login(host(address), role_with(cursor, connect))
    assert "does not exist or not authorized" in docker("pull", name, fails=True)


def test_registry__repository_that_does_not_exist__is_named(
    cursor: Any, docker: Docker, address: str
) -> None:
    docker.login(host(address), cursor)
    name = docker.image(f"{address.removesuffix('images')}nope/tiny:1")
    assert "PUBLIC.NOPE' does not exist or not authorized." in docker("push", name, fails=True)


def test_registry__dropped_repository__has_lost_its_images(cursor: Any, docker: Docker, address: str) -> None:
    docker.login(host(address), cursor)
    name = docker.image(f"{address}/tiny:1")
    docker("push", name)
    cursor.execute("create or replace image repository images")
    assert cursor.execute("show images in image repository images").fetchall() == []
    docker.forget(name)
    assert "not found" in docker("pull", name, fails=True)


def test_registry__session_that_has_ended__opens_nothing(
    cursor: Any, connect: Any, docker: Docker, address: str
) -> None:
    other = connect(database=cursor.connection.database)
    docker.login(host(address), other.cursor())
    other.close()
    refusal = docker("push", docker.image(f"{address}/tiny:1"), fails=True)
    assert "unauthorized: Session no longer exists." in refusal


def test_registry__password_of_a_user_and_a_wrong_one__opens_and_does_not(
    backend: LocalBackend, docker: Docker, address: str
) -> None:
    parameters = backend.parameters()
    login = ("login", "-u", parameters["user"], "--password-stdin", host(address))
    assert "Login Succeeded" in docker(*login, stdin=parameters["password"].encode())
    assert "Incorrect username or password" in docker(*login, stdin=b"wrong", fails=True)
