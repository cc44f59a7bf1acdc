"""When a script needs the entry of ours."""

import base64
import json
from pathlib import Path, PurePosixPath

import pytest

from sfml.jobs.payload import Payload
from sfml.jobs.request import Request
from sfml.jobs.submit import environment, needs_entry, swallowed


def request(**changes: object) -> Request:
    payload = Payload(source=Path("train.py"), entrypoint=PurePosixPath("train.py"))
    return Request(payload=payload, compute_pool="P", stage="S", name="train", **changes)


@pytest.mark.parametrize(
    "argument", ["-h", "--help", "--he", "--h", "--", "--s", "--script", "--function_args=x", "--f=1", "-hx"]
)
def test_swallowed__the_launchers_own_or_an_abbreviation__yes(argument: str) -> None:
    assert swallowed(argument)


@pytest.mark.parametrize(
    "argument", ["--epochs", "-x", "--seed", "help", "", "-", "--helper", "--file", "-1"]
)
def test_swallowed__the_scripts_own__no(argument: str) -> None:
    assert not swallowed(argument)


def test_needs_entry__plain_script__no() -> None:
    assert not needs_entry(request(args=("--epochs", "3")))
    assert needs_entry(request(args=("--help",)))
    assert needs_entry(request(max_runtime=60))


def test_environment__with_entry__carries_the_order() -> None:
    wanted = request(args=("it's", "--help"), max_runtime=60, env={"A": "b"})
    variables = environment(wanted, with_entry=True)
    order = json.loads(base64.b64decode(variables.pop("SFML_ENTRY")))
    assert order == {"script": "train.py", "args": ["it's", "--help"], "max_runtime": 60}
    assert variables == {"PYTHONUNBUFFERED": "1", "A": "b"}


def test_environment__user_wants_buffering__is_left_alone() -> None:
    assert environment(request(env={"PYTHONUNBUFFERED": "0"}), with_entry=False) == {"PYTHONUNBUFFERED": "0"}


def test_needs_entry__argument_names_a_variable_of_the_job__yes() -> None:
    assert needs_entry(request(args=("--out", "$MLRS_STAGE_RESULT_PATH/x")))
    assert not needs_entry(request(args=("--out", "$HOME")))
