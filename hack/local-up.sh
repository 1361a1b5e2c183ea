#!/usr/bin/env bash
# Brings Isthmus up on this machine, from a fresh clone: two lower clusters joined to an upper one, with samples that run
# on both. Can be run again; stop with bin/isthmus down.
set -euo pipefail
cd "${BASH_SOURCE[0]%/*}/.."

fail() {
  printf 'local-up: %s\n' "$*" >&2
  exit 1
}

step() { printf '\n== %s\n' "$*"; }

for program in node npm; do
  command -v "$program" >/dev/null || fail "$program is missing: install Node.js 20.19 or newer, with npm"
done
node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
  process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' ||
  fail "Node.js $(node --version) is too old: install 20.19 or newer"

step 'setting up'
# Through a link it would empty the installation of another checkout.
if [ ! -L node_modules ] && { [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; }; then
  # npm builds while it installs; what it says is only of interest if it fails.
  npm ci --no-audit --no-fund --loglevel=error || fail 'npm ci failed (see above)'
  # npm leaves the date of an unchanged tree alone, and would be asked again each time.
  touch node_modules/.package-lock.json
fi
npm run --silent build || fail 'the build failed (see above)'

step 'starting the clusters'
bin/isthmus up || exit 1

state="${ISTHMUS_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/isthmus}"
export KUBECONFIG="$state/upper.kubeconfig"
# The one that was started with the clusters: there may be none on PATH, or an old one.
kubectl="$state/kubectl"

step 'running the sample (hack/sample.yaml)'
"$kubectl" apply -f hack/sample.yaml
"$kubectl" rollout status deployment/sample --timeout=60s || {
  "$kubectl" describe pods -l app=sample | tail -n 40
  fail "the sample does not run; the programs' logs are in $state/logs"
}

on_node() {
  "$kubectl" get pods -l app=sample --field-selector "spec.nodeName=$1,status.phase=Running" \
    -o 'jsonpath={.items[*].metadata.name}' | sed 's/ .*//'
}
for node in vk-a vk-b; do
  [ -n "$(on_node "$node")" ] || fail "no pod of the sample runs on $node"
done

# The words of a command as one types them.
typed() {
  local word
  for word; do
    case "$word" in
    *[!A-Za-z0-9_./:=,@%-]*) printf " '%s'" "$word" ;;
    *) printf ' %s' "$word" ;;
    esac
  done
}
show() {
  printf '\n$ kubectl%s\n' "$(typed "$@")"
  "$kubectl" "$@"
}
show get nodes -o wide
show get pods -l app=sample -o wide
for node in vk-a vk-b; do
  pod="$(on_node "$node")"
  # The container prints a line a second: give it time for some.
  for _ in 1 2 3 4 5; do
    [ "$("$kubectl" logs "$pod" | wc -l)" -ge 3 ] && break
    sleep 1
  done
  show logs --tail=3 "$pod"
  show exec "$pod" -- sh -c 'echo "$(id -un) on $(uname -n)"'
done

step 'a pod that no single lower node can hold (hack/sample-large.yaml)'
# Applied to what stands there from an earlier run, it is another generation, and kubectl waits for a word about that.
"$kubectl" delete pod too-large --ignore-not-found
"$kubectl" apply -f hack/sample-large.yaml
"$kubectl" wait --for=condition=PodScheduled=false pod/too-large --timeout=30s ||
  fail "the pod was not refused; see $state/logs/multischeduler.log"
printf '\n$ isthmus explain pod default/too-large\n'
bin/isthmus explain pod default/too-large

step 'a pod that its cluster cannot place (hack/sample-moving.yaml)'
# What stands there from an earlier run has moved already.
"$kubectl" delete pod moving --ignore-not-found
"$kubectl" apply -f hack/sample-moving.yaml
place() { "$kubectl" get pod moving -o 'jsonpath={.spec.nodeName} {.status.phase}' 2>/dev/null; }
for _ in $(seq 120); do
  [ "$(place)" = 'vk-b Running' ] && break
  sleep 0.5
done
[ "$(place)" = 'vk-b Running' ] || fail "the pod was not moved to vk-b; see $state/logs/descheduler.log"
show get events --field-selector reason=Descheduled -o 'custom-columns=POD:.involvedObject.name,MESSAGE:.message'
show get pod moving -o wide

step 'two tiers that reach each other by name (hack/sample-two-tier.yaml)'
"$kubectl" apply -f hack/sample-two-tier.yaml
for tier in backend frontend; do
  "$kubectl" rollout status "deployment/$tier" --timeout=60s || {
    "$kubectl" describe pods -l "app=$tier" | tail -n 40
    fail "the $tier does not run; the programs' logs are in $state/logs"
  }
done
show_below() {
  local cluster=$1
  shift
  printf '\n$ kubectl --kubeconfig %s%s\n' "$cluster.kubeconfig" "$(typed "$@")"
  "$kubectl" --kubeconfig "$state/$cluster.kubeconfig" "$@"
}
endpoints_below() {
  "$kubectl" --kubeconfig "$state/$1.kubeconfig" get endpointslices -l kubernetes.io/service-name=backend \
    -o 'jsonpath={.items[*].endpoints[*].addresses[0]}' | wc -w
}
show get pods -l 'app in (frontend,backend)' -o wide
for cluster in a b; do
  for _ in $(seq 60); do
    [ "$(endpoints_below "$cluster")" -ge 4 ] && break
    sleep 0.5
  done
  [ "$(endpoints_below "$cluster")" -ge 4 ] || fail "the Service in cluster $cluster lacks pods of the backend"
  show_below "$cluster" get service backend
  show_below "$cluster" get endpointslices -l kubernetes.io/service-name=backend
done
# Played pods answer nobody, and without a DNS server there are no names.
if [ -e "$state/logs/a-coredns.log" ]; then
  names_of_answers() { sort -u "$state/answers" | wc -l; }
  for _ in $(seq 60); do
    "$kubectl" exec deployment/frontend -- sh /scripts/ask 20 >"$state/answers" &&
      [ "$(wc -l <"$state/answers")" = 20 ] && [ "$(names_of_answers)" = 4 ] && break
    sleep 0.5
  done
  printf '\n$ kubectl exec deployment/frontend -- sh /scripts/ask 20 | sort | uniq -c\n'
  sort "$state/answers" | uniq -c
  [ "$(names_of_answers)" = 4 ] || fail 'not each of the four pods of the backend answers'
else
  printf '\nNobody asks the backend here: kwok plays its pods, or names are missing, as said when the clusters started.\n'
fi

step 'pods with volumes (hack/sample-volumes.yaml)'
for cluster in a b; do
  folder="$state/volumes/$cluster"
  mkdir -p "$folder"
  sed "s#FOLDER#$folder#" hack/sample-volumes-below.yaml | "$kubectl" --kubeconfig "$state/$cluster.kubeconfig" apply -f -
done
"$kubectl" apply -f hack/sample-volumes.yaml
"$kubectl" rollout status statefulset/notes --timeout=60s || {
  "$kubectl" describe pods,pvc -l app=notes | tail -n 60
  fail "the pods with volumes do not run; the programs' logs are in $state/logs"
}
# It comes back to what it wrote.
"$kubectl" delete pod notes-0
"$kubectl" rollout status statefulset/notes --timeout=60s || fail "notes-0 did not come back; see $state/logs"
show get pvc,pv
if [ -e "$state/logs/a-kubelet.log" ]; then show exec notes-0 -- cat /data/notes; fi

cat <<END

Isthmus is up, with the sample running on vk-a and vk-b. Go on with

  export KUBECONFIG=$KUBECONFIG
  $kubectl get pods -o wide

Stop everything with

  bin/isthmus down
END
