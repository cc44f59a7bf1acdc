#!/usr/bin/env bash
# Writes the connection `ci` for a pipeline, from its variables; what it writes only this user can read.
#   SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER, SNOWFLAKE_ROLE
#   SNOWFLAKE_PRIVATE_KEY   a key pair's private half (PKCS 8, PEM); or
#   SNOWFLAKE_OIDC_TOKEN    the pipeline's own identity token, for a user with WORKLOAD_IDENTITY: no secret is stored
set -euo pipefail
umask 077
folder=${SNOWFLAKE_HOME:-$HOME/.snowflake}
mkdir -p "$folder"

if [ -n "${SNOWFLAKE_OIDC_TOKEN:-}" ]; then
  printf '%s' "$SNOWFLAKE_OIDC_TOKEN" > "$folder/ci.token"
  login="authenticator = \"WORKLOAD_IDENTITY\"
workload_identity_provider = \"OIDC\"
token_file_path = \"$folder/ci.token\""
elif [ -n "${SNOWFLAKE_PRIVATE_KEY:-}" ]; then
  printf '%s\n' "$SNOWFLAKE_PRIVATE_KEY" > "$folder/ci.p8"
  login="authenticator = \"SNOWFLAKE_JWT\"
private_key_file = \"$folder/ci.p8\""
else
  echo "connection.sh: set SNOWFLAKE_PRIVATE_KEY or SNOWFLAKE_OIDC_TOKEN" >&2
  exit 2
fi

cat > "$folder/connections.toml" <<END
[ci]
account = "${SNOWFLAKE_ACCOUNT:?}"
user = "${SNOWFLAKE_USER:?}"
role = "${SNOWFLAKE_ROLE:?}"
$login
END
