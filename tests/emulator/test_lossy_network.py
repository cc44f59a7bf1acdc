"""Answers get lost on the way: the connector asks again, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local_backend import LocalBackend
from lossy import LossyProxy

pytestmark = pytest.mark.slow


@pytest.fixture
def proxy(backend: LocalBackend) -> Iterator[LossyProxy]:
    endpoint = backend.endpoint
    proxy = LossyProxy((endpoint["host"], endpoint["port"]))
    yield proxy
    proxy.close()


@pytest.fixture
def cursor(connect: Callable[..., Any], database: str, proxy: LossyProxy) -> Any:
    """A cursor whose traffic goes through the proxy."""
    return connect(database=database, schema="PUBLIC", port=proxy.port).cursor()


def test_insert__its_answer_is_lost_twice__one_row(cursor: Any, proxy: LossyProxy) -> None:
    cursor.execute("create table t (a int)")
    proxy.lose = 2
    assert cursor.execute("insert into t values (1)").rowcount == 1
    assert proxy.lost == 2
    assert cursor.execute("select count(*) from t").fetchone() == (1,)


def test_create__its_answer_is_lost__no_complaint_that_it_exists(cursor: Any, proxy: LossyProxy) -> None:
    proxy.lose = 1
    assert "successfully created" in cursor.execute("create stage s").fetchone()[0]
    assert proxy.lost == 1


def test_long_statement__answers_in_between_are_lost__waits_for_the_same_one(
    cursor: Any, proxy: LossyProxy
) -> None:
    cursor.execute("select 1")
    proxy.lose = 2
    assert cursor.execute("call system$wait(3)").fetchone() == ("waited 3 seconds",)
    assert proxy.lost == 2


def test_put__the_answer_to_the_upload_is_lost__sent_again_and_whole(
    cursor: Any, proxy: LossyProxy, tmp_path: Path
) -> None:
    cursor.execute("create stage s")
    (tmp_path / "a.bin").write_bytes(b"x" * 200_000)
    command = f"put file://{tmp_path}/a.bin @s auto_compress = false overwrite = true"
    upload = cursor._execute_helper(command)["data"]["stageInfo"]["presignedUrl"]
    assert f":{proxy.port}/" in upload  # the files come by the same way as the statements
    proxy.lose = 1
    assert cursor.execute(command).fetchone()[6] == "UPLOADED"
    assert cursor.execute("list @s").fetchone()[1] == 200_000
