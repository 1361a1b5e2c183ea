import { meansPod } from '../affinity-term.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { Candidate, Filter, Refusal } from '../filter.ts';
import { reach } from '../reach.ts';
import { TopologyValues } from '../topology.ts';

const noAffinity = "node(s) didn't match pod affinity rules";
const antiAffinity = "node(s) didn't match pod anti-affinity rules";
const existingAntiAffinity = "node(s) didn't satisfy existing pods anti-affinity rules";

type Check = (slot: number) => Refusal | undefined;

/** Pods must be together, or must not, as they or the pods that are there require. */
export const podAffinity: Filter = {
  plugin: 'InterPodAffinity',
  prepare(state, pod) {
    const checks = [together(state, pod), apart(state, pod), refused(state, pod)].filter(
      (each) => each !== undefined,
    );
    if (checks.length === 0) return undefined;
    return {
      check: (slot) => {
        for (const check of checks) {
          const reason = check(slot);
          if (reason) return reason;
        }
        return undefined;
      },
    };
  },
};

/**
 * Every term needs a pod in the node's domain, and it must be one that all terms mean. The first pod of its kind,
 * which means itself, may go wherever the domains exist.
 */
function together(state: ClusterState, pod: Candidate): Check | undefined {
  const { affinity } = pod;
  const [first] = affinity;
  if (!first) return undefined;
  const groups = [...state.pods.groups.meant(first, state.namespaceLabels)].filter((group) =>
    affinity.every((term) => meansPod(term, group, state.namespaceLabels)),
  );
  const domains = affinity.map((term) => new TopologyValues(state.nodes, term.topologyKey));
  for (const group of groups) for (const domain of domains) domain.addAll(group.slots);
  const isFirst =
    domains.every((domain) => domain.isEmpty) &&
    affinity.every((term) => meansPod(term, pod, state.namespaceLabels));
  return (slot) => {
    for (const domain of domains) if (!domain.covers(slot)) return noAffinity;
    return isFirst || domains.every((domain) => domain.has(slot)) ? undefined : noAffinity;
  };
}

/** No pod that a term means may be in the node's domain. */
function apart(state: ClusterState, pod: Candidate): Check | undefined {
  const domains = pod.antiAffinity.map((term) => {
    const domain = new TopologyValues(state.nodes, term.topologyKey);
    for (const group of state.pods.groups.meant(term, state.namespaceLabels)) domain.addAll(group.slots);
    return domain;
  });
  return within(domains, antiAffinity);
}

/** No pod in the node's domain may have a term that means this pod. */
function refused(state: ClusterState, pod: Candidate): Check | undefined {
  const domains = new Map<string, TopologyValues>();
  const namespaceLabels = state.namespaceLabels(pod.namespace);
  for (const { term, groups } of state.pods.antiAffinity.meaning(
    pod.namespace,
    pod.labels,
    namespaceLabels,
  )) {
    const make = () => new TopologyValues(state.nodes, term.topologyKey);
    const domain = reach(domains, term.topologyKey, make);
    for (const group of groups) domain.addAll(group.slots);
  }
  return within([...domains.values()], existingAntiAffinity);
}

function within(domains: readonly TopologyValues[], reason: string): Check | undefined {
  const occupied = domains.filter((domain) => !domain.isEmpty);
  if (occupied.length === 0) return undefined;
  return (slot) => (occupied.some((domain) => domain.has(slot)) ? reason : undefined);
}
