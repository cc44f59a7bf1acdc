"""Public endpoints of a service in containers: two instances, two containers, and a drop meanwhile."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ingress import Endpoint, get
from pods import api, left
from service_world import POOL, World, world

__all__ = ["api"]
WITHIN = 240.0
SERVER = """
use strict; use IO::Socket::INET; $| = 1; $SIG{CHLD} = 'IGNORE'; $SIG{TERM} = sub { exit }; srand;
my ($name, $port) = @ARGV; my $id = int rand 1e9;
my $listening = IO::Socket::INET->new(LocalPort => $port, Listen => 9, ReuseAddr => 1) or die $!;
while (my $client = $listening->accept) {
    next if fork;
    my $first = <$client>; while (<$client>) { last if /^\\r?\\n/ }
    $client->autoflush; print $client "HTTP/1.1 200 OK\\r\\n\\r\\n$name $id ";
    sleep 600 if $first =~ m{/slow};
    exit;
}
"""


@pytest.fixture(scope="module")
def account(api: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    state = tmp_path_factory.mktemp("backend") / "state"
    with world(state, api) as made:
        yield made
    assert left(api, state) == []


@pytest.fixture(scope="module")
def doors(account: World) -> tuple[dict[str, Endpoint], str]:
    """The endpoints of a service with two instances of two containers, and a token for them."""
    names = {"first": 8080, "second": 8081}
    containers = [
        {"name": name, "image": account.image, "command": ["perl", "-e", SERVER, name, str(port)]}
        for name, port in names.items()
    ]
    endpoints = [{"name": name, "port": port, "public": True} for name, port in names.items()]
    text = json.dumps({"spec": {"containers": containers, "endpoints": endpoints}})
    account.sql(
        f"CREATE SERVICE local.public.doors IN COMPUTE POOL {POOL} FROM SPECIFICATION $${text}$$ "
        "MIN_INSTANCES=2 MAX_INSTANCES=2"
    )
    secret = str(account.sql("ALTER USER local ADD PROGRAMMATIC ACCESS TOKEN t")[0][1])
    rows = account.rows("SHOW ENDPOINTS IN SERVICE local.public.doors")
    found = {row["name"]: Endpoint(service="DOORS", url=row["ingress_url"], port=0) for row in rows}
    return found, secret


def answers(endpoint: Endpoint, secret: str, count: int) -> set[str]:
    """The different answers of the instances, once ``count`` of them do."""
    found: set[str] = set()
    deadline = time.monotonic() + WITHIN
    while len(found) < count:
        assert time.monotonic() < deadline, found
        status, _, body = get(endpoint, "/", secret)
        if status == 200:
            found.add(body.decode())
        else:
            time.sleep(0.2)
    return found


def test_endpoint__two_instances_of_two_containers__each_answers_for_its_own(
    doors: tuple[dict[str, Endpoint], str],
) -> None:
    endpoints, secret = doors
    for name, endpoint in endpoints.items():
        found = answers(endpoint, secret, 2)
        assert {answer.split()[0] for answer in found} == {name}
        again = [get(endpoint, "/", secret)[2].decode() for _ in range(4)]
        assert set(again) == found  # in turn: a client cannot count on coming to the same one


def test_service__dropped_while_it_answers__the_answer_ends_and_the_endpoint_is_gone(
    account: World, doors: tuple[dict[str, Endpoint], str]
) -> None:
    endpoints, secret = doors
    answers(endpoints["first"], secret, 2)
    place = ("127.0.0.1", endpoints["first"].port_of_ingress)
    with socket.create_connection(place, timeout=WITHIN) as connection:
        head = f'Host: x\r\nAuthorization: Snowflake Token="{secret}"\r\n'
        connection.sendall(f"GET /slow HTTP/1.1\r\n{head}\r\n".encode())
        found = b""
        while b"first " not in found:
            found += connection.recv(4096)
        account.sql("DROP SERVICE local.public.doors")
        assert get(endpoints["first"], "/", secret)[0] == 404
        while data := connection.recv(4096):
            found += data
    assert found.startswith(b"HTTP/1.1 200")
