#!/usr/bin/env bash
# The chaos suite: `--minutes N` (10) of faults, drawn from `--seed S` (any), on clusters of its own. `--only
# 'kill -9,SIGTERM'` draws these kinds alone. The last lines are its figures, or what was wrong and how to repeat it.
set -euo pipefail
cd "$(dirname "$0")/.."

export ISTHMUS_MINUTES=10 ISTHMUS_SEED=$RANDOM
while [[ $# -gt 0 ]]; do
  case "$1" in
    --minutes) export ISTHMUS_MINUTES="$2" ;;
    --seed) export ISTHMUS_SEED="$2" ;;
    --only) export ISTHMUS_FAULTS="$2" ;;
    *) echo "hack/chaos.sh: $1 is unknown: --minutes N, --seed S, --only KINDS" >&2; exit 2 ;;
  esac
  shift 2
done

exec node_modules/.bin/vitest run --project chaos --disable-console-intercept </dev/null
