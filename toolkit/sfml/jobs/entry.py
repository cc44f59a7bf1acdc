"""Runs inside a job, in place of the script, where the script alone would not do: a time limit, or arguments
that the client's launcher would take for its own (``--help``). Standard library only: the job has no sfml.

SFML_ENTRY holds the order, as JSON in base64: ``script``, ``args`` and ``max_runtime`` in seconds or null.
"""

import base64
import faulthandler
import json
import os
import runpy
import sys
import threading
from pathlib import Path

# After a cancelled job's processes get SIGTERM they have 30 s (docs.snowflake.com, "Service termination").
GRACE = 45
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
    sys.argv = [script, *order["args"]]
    return runpy.run_path(script, run_name="__main__").get("__return__")


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
