"""The documented table of exit codes and the error classes say the same."""

import inspect
import re
from pathlib import Path

import sfml.errors
from sfml.errors import SfmlError

TABLE = Path(__file__).parents[2] / "docs/reference/exit-codes.md"


def documented() -> dict[str, int]:
    rows = re.findall(r"^\| (\d+) \|.*\|([^|]*)\|$", TABLE.read_text(), re.MULTILINE)
    return {name: int(code) for code, classes in rows for name in re.findall(r"`(\w+)`", classes)}


def test_exit_codes__documentation__names_every_error_with_its_code() -> None:
    classes = inspect.getmembers(sfml.errors, inspect.isclass)
    defined = {n: c.exit_code for n, c in classes if issubclass(c, SfmlError) and c is not SfmlError}
    assert documented() == defined


def test_sfml_error__hint__is_kept_beside_the_message() -> None:
    error = SfmlError("it failed", hint="do this")
    assert (str(error), error.hint, error.exit_code) == ("it failed", "do this", 1)
