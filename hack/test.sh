#!/usr/bin/env bash
# All checks and all tests, from a fresh clone on. `--fast` leaves hostile input and real clusters out; `--conformance`
# adds the long ones of test/conformance/: every kind of pod twice, and random lives of many pods.
# The last line is `N passed, N failed`, and the exit code says the same.
set -euo pipefail
cd "$(dirname "$0")/.."

give_up() {
  echo "hack/test.sh: $1"
  echo "0 passed, 1 failed"
  exit 1
}

command -v node >/dev/null || give_up "node is missing: install Node 20.19 or newer"
command -v npm >/dev/null || give_up "npm is missing: install it beside node"
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
  give_up "Node $(node --version) is too old: 20.19 or newer is needed"

# npm writes this file last, so an installation that was cut short counts as missing. Through a link it would empty the
# installation of another checkout: whoever made the link sees to that.
installed=node_modules/.package-lock.json
if [[ ! -L node_modules ]] && [[ ! -e $installed || $installed -ot package-lock.json ]]; then
  echo "npm ci"
  log=$(mktemp)
  npm ci --no-audit --no-fund </dev/null >"$log" 2>&1 || { cat "$log"; rm -f "$log"; give_up "npm ci failed"; }
  rm -f "$log"
fi

exec node --import tsx hack/test.ts "$@" </dev/null
