"""Every value of a request is checked before the client sees it."""

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from sfml.errors import InputError
from sfml.jobs import request
from sfml.jobs.payload import Payload
from sfml.jobs.request import Request, checked

NASTY = ["a'b", 'a"b', "a;b", "a b", "a\nb", "a$$b); DROP TABLE x --", "", "ä"]


@pytest.fixture
def payload(tmp_path: Path) -> Payload:
    (tmp_path / "train.py").write_text("print(1)\n")
    return Payload(source=tmp_path, entrypoint=PurePosixPath("train.py"))


def make(payload: Payload, **changes: Any) -> Request:
    values: dict[str, Any] = {"compute_pool": "POOL", "stage": "STAGE", "name": "train", **changes}
    return checked(Request(payload=payload, **values))


@pytest.mark.parametrize("field", ["compute_pool", "name", "database", "schema", "warehouse", "stage"])
@pytest.mark.parametrize("text", NASTY)
def test_checked__name_that_needs_care__is_refused(field: str, text: str, payload: Payload) -> None:
    with pytest.raises(InputError):
        make(payload, **{field: text})


@pytest.mark.parametrize("text", [*(t for t in NASTY if t), "2.10'", "-2", "a//b", "2.0 "])
def test_checked__runtime_that_would_end_its_literal__is_refused(text: str, payload: Payload) -> None:
    with pytest.raises(InputError):
        make(payload, runtime=text)


@pytest.mark.parametrize(
    "text", ["2.10", "3", "2.6.0-py311", "/x"[1:], "repo/db/image:2.0", "host.com/a/b:t", "cre@name"]
)
def test_checked__runtime_as_documented__passes(text: str, payload: Payload) -> None:
    assert make(payload, runtime=text).runtime == text


@pytest.mark.parametrize("text", ["S", "@S", "db.sch.S", "@db.sch.S/sub/dir-1/", '"My Stage"', "S/a.b"])
def test_checked__named_stage__passes(text: str, payload: Payload) -> None:
    assert make(payload, stage=text).stage == text


@pytest.mark.parametrize("text", ["~", "@~/x", "%t", "@", "S/../x", "S/a'b", "S//x", "S/a b", "a.b.c.d"])
def test_checked__other_stage__is_refused(text: str, payload: Payload) -> None:
    with pytest.raises(InputError):
        make(payload, stage=text)


@pytest.mark.parametrize(
    "arg", ["it's", 'say "hi"', "two\nlines", "$$", "'; DROP TABLE x; --", "", "ä ✓", "--x=1"]
)
def test_checked__any_argument__passes_unchanged(arg: str, payload: Payload) -> None:
    assert make(payload, args=(arg,)).args == (arg,)


@pytest.mark.parametrize("arg", ["nul\0", "half \udc80"])
def test_checked__argument_that_no_program_can_get__is_refused(arg: str, payload: Payload) -> None:
    with pytest.raises(InputError, match="argument 2"):
        make(payload, args=("fine", arg))


@pytest.mark.parametrize("name", ["1A", "A-B", "", "A B", "MLRS_RESULT_PATH", "SFML_ENTRY"])
def test_checked__variable_that_may_not_be_set__is_refused(name: str, payload: Payload) -> None:
    with pytest.raises(InputError):
        make(payload, env={name: "x"})


@pytest.mark.parametrize(
    "line", ["", " ", "a\nb", "-r other.txt", "-e .", "./local", "/abs", "--requirement=x"]
)
def test_checked__requirement_that_the_job_cannot_meet__is_refused(line: str, payload: Payload) -> None:
    with pytest.raises(InputError):
        make(payload, requirements=(line,))


@pytest.mark.parametrize(
    "line", ["torch", "torch>=2,<3", "a[b]==1 ; python_version<'4'", "--index-url=https://x"]
)
def test_checked__requirement__passes(line: str, payload: Payload) -> None:
    assert make(payload, requirements=(line,)).requirements == (line,)


def test_checked__too_many_integrations__is_refused(payload: Payload) -> None:
    make(payload, eai=tuple(f"E{n}" for n in range(10)))
    with pytest.raises(InputError, match="at most 10"):
        make(payload, eai=tuple(f"E{n}" for n in range(11)))


@pytest.mark.parametrize("changes", [{"nodes": 0}, {"max_runtime": 0}])
def test_checked__number_too_small__is_refused(changes: dict[str, int], payload: Payload) -> None:
    with pytest.raises(InputError):
        make(payload, **changes)


@pytest.mark.parametrize(
    ("script", "name"),
    [("train.py", "train"), ("my-script.py", "my_script"), ("01_hello.py", "job_01_hello"), ("-.py", "job")],
)
def test_job_name__script__becomes_an_identifier(script: str, name: str, tmp_path: Path) -> None:
    assert request.job_name(None, Payload(source=tmp_path, entrypoint=PurePosixPath(script))) == name


def test_requirements__folder_has_its_own__is_not_replaced_unnoticed(payload: Payload) -> None:
    own = payload.source / "requirements.txt"
    own.write_text("# ours\nnumpy # for arrays\n\n")
    assert request.requirements((), (), payload) == ()
    assert request.requirements(["rich"], [own], payload) == ("numpy", "rich")
    with pytest.raises(InputError, match="would be replaced"):
        request.requirements(["rich"], [], payload)


def test_requirements__file_is_missing__is_named(payload: Payload) -> None:
    with pytest.raises(InputError, match=r"nowhere\.txt"):
        request.requirements((), [Path("nowhere.txt")], payload)


def test_environment__value_with_equals__keeps_it() -> None:
    assert request.environment(["A=b=c", "B="], {}) == {"A": "b=c", "B": ""}


def test_environment__name_alone__has_the_value_of_here() -> None:
    assert request.environment(["TOKEN"], {"TOKEN": "t", "OTHER": "o"}) == {"TOKEN": "t"}
    with pytest.raises(InputError, match="--env A: it has no value here"):
        request.environment(["A"], {})
