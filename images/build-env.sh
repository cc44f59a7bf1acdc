# Sourced by each RUN that fetches something. Nothing of what it sets stays in the image.
#   secret ca_bundle   certificates to trust, for networks that inspect TLS
#   secret build_env   lines such as `export UV_INDEX_URL=…` or `export npm_config_registry=…`
# shellcheck shell=bash
export DEBIAN_FRONTEND=noninteractive UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1

if [ -r /run/secrets/ca_bundle ]; then
  for name in SSL_CERT_FILE CURL_CA_BUNDLE PIP_CERT REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS npm_config_cafile; do
    export "$name=/run/secrets/ca_bundle"
  done
fi
if [ -r /run/secrets/build_env ]; then . /run/secrets/build_env; fi

# The lines of a list without comments and blanks.
entries() { sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' "$@"; }

# Install the Debian packages that the given lists name.
apt_install() {
  local packages
  packages=$(entries "$@")
  [ -n "$packages" ] || return 0
  rm -f /etc/apt/apt.conf.d/docker-clean # the packages stay in the build's cache, which is no layer
  apt-get -q update
  # shellcheck disable=SC2086 # one word per package
  apt-get -q install -y --no-install-recommends $packages
}

# Install what the given requirements files list into the image's Python.
python_install() {
  local file arguments=()
  for file in "$@"; do
    [ -z "$(entries "$file")" ] || arguments+=(-r "$file")
  done
  [ ${#arguments[@]} -gt 0 ] || return 0
  uv pip install "${arguments[@]}"
}
