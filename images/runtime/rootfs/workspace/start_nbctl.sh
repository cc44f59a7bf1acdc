#!/bin/bash
# Snowflake's notebooks start with `./start_nbctl.sh PROGRAM`: a program of theirs, which they mount.
set -euo pipefail
exec "$@"
