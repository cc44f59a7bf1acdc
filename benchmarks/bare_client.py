"""The peer of `sfml submit`: the same submit with snowflake.ml.jobs alone, as its documentation shows it."""

from __future__ import annotations

import json
import os
import sys

from snowflake.ml.jobs import submit_file
from snowflake.snowpark import Session

session = Session.builder.configs(json.loads(os.environ["BENCH_CONNECTION"])).create()
job = submit_file(sys.argv[1], "SYSTEM_COMPUTE_POOL_CPU", stage_name="bench_stage", session=session)
print(job.result())
print(job.get_logs())
session.close()
