"""A client that is told what to submit, so that one that hangs on a dead server can be given up.

Reads lines of JSON from stdin: {"connection": {...}, "script": ..., "pool": ...}; writes "<script> <job id>"
for each submit that the server acknowledged.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any


def main() -> None:
    from snowflake.ml import jobs  # noqa: F401 - loaded before the first order

    print("ready", flush=True)
    for line in sys.stdin:
        threading.Thread(target=_submit, args=(json.loads(line),), daemon=True).start()


def _submit(order: dict[str, Any]) -> None:
    from snowflake.ml import jobs
    from snowflake.snowpark import Session

    session = Session.builder.configs(order["connection"]).create()
    session.telemetry_enabled = False  # it would ask the connections of servers that were killed
    job = jobs.submit_file(order["script"], order["pool"], stage_name="stress", session=session)
    print(order["script"], job.id, flush=True)


if __name__ == "__main__":
    main()
