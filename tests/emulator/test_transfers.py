"""PUT and GET with the connector: what arrives, what is skipped, what is refused."""

from __future__ import annotations

import gzip
import os
import subprocess
import uuid
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import connect
from snowflake.connector.errors import Error, OperationalError, ProgrammingError

from local_backend import LocalBackend, start


@pytest.fixture
def stage(cursor: Any) -> str:
    cursor.execute("create stage s")
    return "s"


def files(cursor: Any, prefix: str = "") -> list[str]:
    return [row[0] for row in cursor.execute(f"list @s/{prefix}").fetchall()]


def put(cursor: Any, path: Path | str, target: str = "@s", options: str = "") -> list[str]:
    """The status of each file."""
    return [row[6] for row in cursor.execute(f"put 'file://{path}' {target} {options}").fetchall()]


@pytest.mark.usefixtures("stage")
def test_put_and_get__name_with_blanks_and_letters_of_all_kinds__same_bytes(
    cursor: Any, tmp_path: Path
) -> None:
    content = os.urandom(100_000)
    source = tmp_path / "a b+ü%20.bin"
    source.write_bytes(content)
    assert put(cursor, source, "@s/sub/dir", "auto_compress = false") == ["UPLOADED"]
    assert files(cursor) == ["s/sub/dir/a b+ü%20.bin"]
    (tmp_path / "out").mkdir()
    rows = cursor.execute(f"get @s/sub/ 'file://{tmp_path}/out'").fetchall()
    assert rows[0][2] == "DOWNLOADED"
    assert (tmp_path / "out" / source.name).read_bytes() == content


@pytest.mark.usefixtures("stage")
def test_put__auto_compress__stored_as_gzip(cursor: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2\n" * 1000)
    row = cursor.execute(f"put file://{tmp_path}/a.csv @s").fetchone()
    assert row[:2] == ("a.csv", "a.csv.gz")
    assert row[4:7] == ("NONE", "GZIP", "UPLOADED")
    (tmp_path / "out").mkdir()
    cursor.execute(f"get @s file://{tmp_path}/out")
    assert gzip.decompress((tmp_path / "out" / "a.csv.gz").read_bytes()) == b"1,2\n" * 1000


@pytest.mark.usefixtures("stage")
def test_put__compressed_already__left_as_it_is(cursor: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"x"))
    row = cursor.execute(f"put file://{tmp_path}/a.csv.gz @s").fetchone()
    assert row[1] == "a.csv.gz"
    assert row[4:7] == ("GZIP", "GZIP", "UPLOADED")


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize("name", ["data.csv", "*.csv"])
def test_put__there_already__skipped_unless_overwrite(cursor: Any, tmp_path: Path, name: str) -> None:
    source = tmp_path / "data.csv"
    source.write_text("first")
    assert put(cursor, tmp_path / name, options="auto_compress = false") == ["UPLOADED"]
    source.write_text("second")
    assert put(cursor, tmp_path / name, options="auto_compress = false") == ["SKIPPED"]
    assert put(cursor, tmp_path / name, options="auto_compress = false overwrite = true") == ["UPLOADED"]
    cursor.execute(f"get @s file://{tmp_path}")
    assert source.read_text() == "second"


@pytest.mark.usefixtures("stage")
def test_put__pattern_with_some_files_there__only_the_others_are_sent(cursor: Any, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    assert put(cursor, tmp_path / "a.txt") == ["UPLOADED"]
    assert put(cursor, tmp_path / "*.txt") == ["UPLOADED"]
    assert files(cursor) == ["s/a.txt.gz", "s/b.txt.gz"]


@pytest.mark.usefixtures("stage")
def test_put__relative_path_twice__skipped_the_second_time(
    cursor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("a")
    assert put(cursor, "a.txt") == ["UPLOADED"]
    assert put(cursor, "a.txt") == ["SKIPPED"]


@pytest.mark.usefixtures("stage")
def test_put__stream__without_a_file(cursor: Any, tmp_path: Path) -> None:
    command = "put 'file:///tmp/placeholder/made.txt' @s/in auto_compress = false"
    cursor.execute(command, file_stream=BytesIO(b"from memory"))
    cursor.execute(f"get @s/in/made.txt file://{tmp_path}")
    assert (tmp_path / "made.txt").read_bytes() == b"from memory"


@pytest.mark.usefixtures("stage")
def test_put__hundred_files__all_of_them(cursor: Any, tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number}.txt").write_text(str(number))
    assert put(cursor, tmp_path / "*.txt", options="parallel = 8 auto_compress = false") == ["UPLOADED"] * 100
    (tmp_path / "out").mkdir()
    cursor.execute(f"get @s file://{tmp_path}/out parallel = 8")
    assert sorted(int(path.read_text()) for path in (tmp_path / "out").iterdir()) == list(range(100))


@pytest.mark.usefixtures("stage")
def test_get__nothing_there__the_connector_says_so(cursor: Any, tmp_path: Path) -> None:
    with pytest.raises(OperationalError) as caught:
        cursor.execute(f"get @s/nowhere file://{tmp_path}")
    assert caught.value.errno == 253006


@pytest.mark.usefixtures("stage")
def test_put__out_of_the_stage__refused(cursor: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(ProgrammingError, match="leads out of the stage"):
        cursor.execute(f"put file://{tmp_path}/a.txt @s/../../x")


def test_put__no_such_stage__refused_before_anything_is_sent(cursor: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute(f"put file://{tmp_path}/a.txt @no_such_stage")
    assert caught.value.errno == 2003


@pytest.mark.usefixtures("stage")
def test_put__a_folder_in_the_way__one_clear_error(cursor: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    assert put(cursor, tmp_path / "a", "@s/x", "auto_compress = false") == ["UPLOADED"]
    with pytest.raises(Error, match="Not stored"):
        cursor.execute(f"put file://{tmp_path}/a @s/x/a auto_compress = false")


@pytest.mark.usefixtures("stage")
def test_remove__after_put__gone_from_list_and_disk(
    cursor: Any, backend: LocalBackend, tmp_path: Path
) -> None:
    (tmp_path / "unmistakable.txt").write_text("a")
    put(cursor, tmp_path / "unmistakable.txt", "@s/sub")
    assert cursor.execute("remove @s/sub/").fetchall() == [("s/sub/unmistakable.txt.gz", "removed")]
    assert files(cursor) == []
    assert list((backend.state / "stages").rglob("unmistakable*")) == []


@pytest.mark.slow
@pytest.mark.usefixtures("stage")
def test_put__larger_than_memory_should_hold__the_server_stays_small(
    cursor: Any, backend: LocalBackend, tmp_path: Path
) -> None:
    big = tmp_path / "big.bin"
    with big.open("wb") as file:
        file.truncate(300 << 20)
    before = resident(backend)
    assert put(cursor, big, options="auto_compress = false") == ["UPLOADED"]
    assert resident(backend) - before < 50 << 20
    assert cursor.execute("list @s").fetchone()[1] == 300 << 20


# A disk of 4 MB under the server's stages, in a mount namespace of its own.
SMALL_DISK = 'mkdir -p "$0" && mount -t tmpfs -o size=4m none "$0" && exec "$@"'


@pytest.mark.slow
def test_put__disk_is_full__one_clear_error_and_no_remnant(tmp_path: Path) -> None:
    stages = tmp_path / "state" / "stages"
    within = ["unshare", "-rm", "sh", "-c", SMALL_DISK, str(stages)]
    if subprocess.run([*within, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this kernel gives us no mount namespace")
    server = start(tmp_path / "state", within=within)
    (tmp_path / "large").write_bytes(os.urandom(20 << 20))
    (tmp_path / "small").write_bytes(os.urandom(5 << 19))
    with connect(**server.parameters()) as connection:
        cursor = connection.cursor()
        cursor.execute("create stage s")
        with pytest.raises(Error, match="Not stored: No space left on device"):
            cursor.execute(f"put file://{tmp_path}/large @s auto_compress = false")
        assert cursor.execute("list @s").fetchall() == []
        assert put(cursor, tmp_path / "small", options="auto_compress = false") == ["UPLOADED"]
        with pytest.raises(ProgrammingError, match="No space left on device"):
            cursor.execute("copy files into @s/a/ from @s files = ('small')")
        assert len(cursor.execute("list @s").fetchall()) == 1
    assert server.stop() == 0


def resident(backend: LocalBackend) -> int:
    """Bytes of memory that the server holds now."""
    text = Path(f"/proc/{backend.process.pid}/statm").read_text()
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_user_stage__each_user__has_its_own(cursor: Any, backend: LocalBackend, tmp_path: Path) -> None:
    folder, user = (f"u{uuid.uuid4().hex[:12]}" for _ in range(2))
    (tmp_path / "a.txt").write_text("mine")
    assert put(cursor, tmp_path / "a.txt", f"@~/{folder}", "auto_compress = false") == ["UPLOADED"]
    assert [row[0] for row in cursor.execute(f"list @~/{folder}").fetchall()] == [f"{folder}/a.txt"]
    cursor.execute("show stages in account")
    assert folder not in str(cursor.fetchall())
    cursor.execute(f"create user {user} password = 'another-one' default_role = PUBLIC")
    with connect(**backend.parameters(user=user, password="another-one", role="PUBLIC")) as connection:
        assert connection.cursor().execute("list @~").fetchall() == []
    (tmp_path / "out").mkdir()
    cursor.execute(f"get @~/{folder} file://{tmp_path}/out")
    assert (tmp_path / "out" / "a.txt").read_text() == "mine"
    assert cursor.execute(f"remove @~/{folder}").fetchall() == [(f"{folder}/a.txt", "removed")]
