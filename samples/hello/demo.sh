#!/bin/sh
# Brings the sample up and asks it something: `npm run demo`. Builds Berth first if it is not built yet. Needs root, as every first start of the daemon.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
port=${HELLO_PORT:-8080}
export HELLO_PORT="$port" HELLO_NODE="${HELLO_NODE:-$(command -v node)}"

[ -x "$root/dist/berth" ] && [ -f "$root/dist/berthd.cjs" ] && [ -x "$root/dist/berth-native" ] || node "$root/.ci/build.mjs"
if [ "$(id -u)" != 0 ] && [ ! -S "${BERTH_RUN_DIR:-/run/berth}/berth.sock" ]; then
  echo 'demo: containers need root: run "sudo npm run demo"' >&2
  exit 1
fi

berth() {
  echo "\$ berth $*"
  "$root/dist/berth" -f "$here/stack.yaml" "$@"
}

berth up -d --wait
echo "\$ curl http://127.0.0.1:$port"
if command -v curl >/dev/null; then
  curl -fsS "http://127.0.0.1:$port"
else
  node -e 'fetch(process.argv[1]).then(answer => answer.text()).then(text => process.stdout.write(text))' "http://127.0.0.1:$port"
fi
berth ps
echo
echo "It goes on running. Look at it:  dist/berth -p hello logs -f"
echo "Stop it:                         dist/berth -p hello down"
