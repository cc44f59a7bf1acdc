# Sourced by the entrypoint: a word about a missing GPU, which is no reason to stop.
# shellcheck shell=bash
if ! compgen -G '/dev/nvidia[0-9]*' >/dev/null; then
  echo "dev-gpu: no NVIDIA device here; torch computes on the CPU" >&2
fi
