#!/bin/bash
# With arguments: becomes that command. Without: becomes the image's services.
set -euo pipefail

# As PID 1 a shell would neither hand signals on nor wait for orphans; tini does, to the whole group.
if [ $$ -eq 1 ]; then exec tini -g -- "$0" "$@"; fi

for hook in /usr/local/lib/sfml/entrypoint.d/*.sh; do
  # shellcheck disable=SC1090 # each image brings its own
  if [ -r "$hook" ]; then . "$hook"; fi
done

if [ $# -gt 0 ]; then exec "$@"; fi
if [ -x /usr/local/lib/sfml/services ]; then exec /usr/local/lib/sfml/services; fi
echo "entrypoint: this image has no services of its own; give it a command to run" >&2
exit 64
