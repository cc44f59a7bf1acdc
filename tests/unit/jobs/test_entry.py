"""Which variables the arguments of a script may name."""

import pytest

from sfml.jobs.entry import expanded

ENVIRON = {"MLRS_STAGE_RESULT_PATH": "/mnt/job_result", "SNOWFLAKE_JOB_INDEX": "0", "HOME": "/root"}


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("$MLRS_STAGE_RESULT_PATH", "/mnt/job_result"),
        ("--out=${MLRS_STAGE_RESULT_PATH}/m-$SNOWFLAKE_JOB_INDEX.pt", "--out=/mnt/job_result/m-0.pt"),
        ("$SNOWFLAKE_JOB_INDEX$SNOWFLAKE_JOB_INDEX", "00"),
        ("$HOME", "$HOME"),
        ("$(id)", "$(id)"),
        ("$MLRS_STAGE_RESULT_PATHS", "$MLRS_STAGE_RESULT_PATHS"),
        ("${MLRS_STAGE_RESULT_PATH", "${MLRS_STAGE_RESULT_PATH"),
        ("$MLRS_STAGE_MOUNT_PATH", "$MLRS_STAGE_MOUNT_PATH"),
        ("", ""),
    ],
)
def test_expanded__names_of_the_job__and_no_others(argument: str, value: str) -> None:
    assert expanded(argument, ENVIRON) == value
