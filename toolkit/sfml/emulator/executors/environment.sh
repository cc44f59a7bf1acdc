# bash reads this file (BASH_ENV) at the start of each script in a job of the process executor.
#
# The ML Jobs client's startup.sh is written for Snowflake's runtime image and runs here as it is, byte for byte.
# What the image would give it and this machine does not have is provided under the names by which it calls:
# the image's services (Ray, cron, log directories below /var), the instance's address, and pip with a cache.

case "$0" in
  "${MLRS_STAGE_MOUNT_PATH:-/mnt/job_stage}"/system/start_mlruntime.sh)
    echo "start_mlruntime.sh: the local backend runs no ray cluster and none of the image's services"
    exit 0 ;;
  "${MLRS_STAGE_MOUNT_PATH:-/mnt/job_stage}"/system/startup.sh) ;;
  *) return ;;
esac

# All instances share this machine; the question goes on only for another instance's address.
python3() {
  if [ "$#" -ge 3 ] && [ "${1##*/}" = get_instance_ip.py ] && [ "$3" = --instance-index=-1 ]; then
    echo 127.0.0.1
  else
    command python3 "$@"
  fi
}

# It tells Ray's other nodes that the job is over: one instance has none to tell, and cannot load it without Ray.
python() {
  if [ "${1##*/}" = signal_workers.py ] && [ "${SNOWFLAKE_JOBS_COUNT:-1}" -le 1 ]; then
    return 0
  fi
  if [ "${1##*/}" = mljob_launcher.py ] && [ -p "$SFML_WARM/request" ]; then
    _sfml_warm "$@"
    return
  fi
  command python "$@"
}

# A process that has loaded the launcher's imports runs it: it is told the directory, the arguments, the variables.
_sfml_warm() {
  local code
  { printf '%s\0' "$PWD" "$#" "$@"; env -0; } > "$SFML_WARM/request"
  IFS= read -r code < "$SFML_WARM/answer"
  return "$code"
}

# Requirements that are installed already are not installed again: what pip said then is repeated.
# A first installation goes to the environment that later jobs with the same requirements share.
pip() {
  local file="" previous="" word record
  for word in "$@"; do
    if [ "$previous" = -r ]; then file=$word; fi
    previous=$word
  done
  if [ "$1" != install ] || [ ! -f "$file" ]; then
    command python -m pip "$@"
    return
  fi
  for record in "$SFML_INSTALLED"/*.txt; do
    if [ -f "$record" ] && [ "$(<"$record")" = "$(<"$file")" ]; then
      cat "${record%.txt}.log"
      return 0
    fi
  done
  record="$SFML_INSTALLED/$BASHPID-$RANDOM"
  if (set -o pipefail; "$SFML_INSTALL_INTO/bin/python" -m pip "$@" 2>&1 | tee "$record.log"); then
    cp "$file" "$record.txt"
  else
    return 1
  fi
}
