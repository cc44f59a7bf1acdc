"""What Snowflake's clients raise becomes an error that a user can act on."""

import pytest

from sfml.errors import InputError, NoConnectionError, NotFoundError, PrivilegeError, RefusedError, SfmlError
from sfml.session.faults import tidy, translate


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (250001, NoConnectionError),
        (251007, NoConnectionError),
        (390100, NoConnectionError),
        (390144, NoConnectionError),
        (2003, NotFoundError),
        (2043, NotFoundError),
        (3001, PrivilegeError),
        (90105, InputError),
        (90106, InputError),
        (395018, InputError),
        (1234, RefusedError),
        (None, RefusedError),
    ],
)
def test_translate__number__decides_the_error(number: int | None, kind: type[SfmlError]) -> None:
    assert type(translate(number, "it says so")) is kind


def test_translate__privilege_is_missing__has_the_grant_to_run() -> None:
    text = "SQL access control error:\nInsufficient privileges to operate on compute pool 'GPU_POOL'"
    error = translate(3001, text)
    assert "GRANT USAGE, MONITOR ON COMPUTE POOL GPU_POOL TO ROLE" in str(error.hint)


@pytest.mark.parametrize(
    "before",
    [
        "002003 (02000): SQL compilation error:\n",
        "(1304): 01b2c3d4-0000-0000-0000-000000000000: 002003 (02000): SQL compilation error:\n",
        "002003 (02000): 01b2c3d4-0000-0000-0000-000000000000: SQL compilation error: ",
    ],
)
def test_tidy__what_a_client_raised__is_the_sentence(before: str) -> None:
    assert tidy(f"{before}Stage 'S' does not exist.") == "Stage 'S' does not exist."


def test_tidy__secret_in_the_text__is_hidden() -> None:
    assert "hunter2" not in tidy("failed with password=hunter2")
