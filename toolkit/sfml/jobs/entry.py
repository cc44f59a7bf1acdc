"""Runs inside a job, in place of the script, where the script alone would not do: a time limit, arguments
that the client's launcher would take for its own (``--help``), or that name the job's own variables
(``$MLRS_STAGE_RESULT_PATH``). Standard library only: the job has no sfml.

SFML_ENTRY holds the order, as JSON in base64: ``script``, ``args`` and ``max_runtime`` in seconds or null.
In ``args``, variables that a job has of its own take their values here; nothing else is expanded.
"""

import base64
import faulthandler
import json
import os
import re
import runpy
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

# After a cancelled job's processes get SIGTERM they have 30 s (docs.snowflake.com, "Service termination").
GRACE = 45
# What a job's environment says of its folders and of its nodes (snowflake.ml.jobs, constants.py, and
# docs.snowflake.com, "Working with services").
VARIABLES = (
    "MLRS_STAGE_RESULT_PATH",
    "MLRS_STAGE_MOUNT_PATH",
    "MLRS_PAYLOAD_DIR",
    "SNOWFLAKE_SERVICE_NAME",
    "SNOWFLAKE_JOBS_COUNT",
    "SNOWFLAKE_JOB_INDEX",
)
VARIABLE = re.compile(r"\$(?:({0})(?![A-Za-z0-9_])|\{{({0})\}})".format("|".join(VARIABLES)))
# As timeout(1) says it: the program ran out of time.
OUT_OF_TIME = 124


def run() -> object:
    """Run the script as the launcher would have; its ``__return__``."""
    order = json.loads(base64.b64decode(os.environ["SFML_ENTRY"]))
    limit = order["max_runtime"]
    if limit is not None:
        # The C timer also ends a script that never lets another thread run; it says where the script was.
        faulthandler.dump_traceback_later(limit + GRACE, exit=True)
        timer = threading.Timer(limit, out_of_time, [limit])
        timer.daemon = True
        timer.start()
    script = str(Path(order["script"]).absolute())
    sys.argv = [script, *(expanded(argument, os.environ) for argument in order["args"])]
    return runpy.run_path(script, run_name="__main__").get("__return__")


def expanded(argument: str, environ: Mapping[str, str]) -> str:
    """The argument with the values of the job's own variables; one that is not set stays as it is."""
    return VARIABLE.sub(lambda match: environ.get(match[1] or match[2], match[0]), argument)


def out_of_time(limit: int) -> None:
    """Cancel this job; where that is not allowed, end it as failed."""
    say(f"the job has run for {limit} s, its --max-runtime, and is cancelled")
    try:
        from snowflake.snowpark.context import get_active_session

        parts = ("SNOWFLAKE_DATABASE", "SNOWFLAKE_SCHEMA", "SNOWFLAKE_SERVICE_NAME")
        job = ".".join(os.environ[part] for part in parts)
        get_active_session().connection.cursor().execute(f"CALL {job}!SPCS_CANCEL_JOB()")
    except Exception as error:  # noqa: BLE001 - whatever it is, the job must end now
        say(f"cannot cancel the job ({error}); ending it")
        os._exit(OUT_OF_TIME)


def say(text: str) -> None:
    """Put a line into the job's log."""
    sys.stderr.write(f"sfml: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    __return__ = run()
    faulthandler.cancel_dump_traceback_later()
