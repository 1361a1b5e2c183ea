#!/usr/bin/env bash
# The benchmark: isthmus, a bare mirror as the floor, and any other implementation, on the same local clusters in one
# run. `--help` names what can be measured; docs/performance.md has figures and what they mean.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ -e node_modules ]] || { echo "hack/bench.sh: run npm ci first"; exit 1; }
exec node --import tsx hack/bench.ts "$@" </dev/null
