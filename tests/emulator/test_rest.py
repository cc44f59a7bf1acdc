"""Objects over REST: what `snow object create` asks for."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from local_backend import LocalBackend
from snow_cli import MISSING, SNOW, runner


def ask(backend: LocalBackend, connection: Any, path: str, body: Any = None) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"{backend.url}/api/v2/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f'Snowflake Token="{connection.rest.token}"'},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_rest__object_created_twice__is_there_and_a_conflict(
    backend: LocalBackend, connection: Any, database: str
) -> None:
    inside = f"databases/{database}/schemas/public/image-repositories/"
    assert ask(backend, connection, inside)[1] == []
    created = ask(backend, connection, inside, {"name": "images"})
    assert created == (200, {"status": "Image Repository IMAGES successfully created."})
    assert [one["name"] for one in ask(backend, connection, inside)[1]] == ["IMAGES"]
    assert ask(backend, connection, inside, {"name": "images"})[0] == 409
    assert ask(backend, connection, f"{inside}?createMode=ifNotExists", {"name": "images"})[0] == 200
    assert ask(backend, connection, inside, {"name": "other", "color": "red"})[0] == 400
    assert ask(backend, connection, f"databases/{database}")[1]["name"] == database
    assert ask(backend, connection, "databases/NOT_THERE")[0] == 404
    assert ask(backend, connection, "tables/")[0] == 404


@pytest.mark.slow
@pytest.mark.skipif(SNOW is None, reason=MISSING)
def test_rest__snow_object_create__creates_it(
    backend: LocalBackend, connection: Any, database: str, tmp_path: Path
) -> None:
    snow = runner(backend.parameters(database=database, schema="PUBLIC"), tmp_path)
    snow("object", "create", "image-repository", "name=images")
    [shown] = connection.cursor().execute("show image repositories in schema").fetchall()
    assert shown[1] == "IMAGES"
