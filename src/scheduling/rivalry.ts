import { meansPod } from './affinity-term.ts';
import type { ClusterState } from './cluster-state.ts';
import type { Candidate } from './filter.ts';
import type { PodFacts } from './pod-facts.ts';

/** Where a pod cannot be once another is there: on its node, or perhaps on many nodes. */
export type Exclusion = 'none' | 'node' | 'domain';

const hostname = 'kubernetes.io/hostname';
const everyAddress = '0.0.0.0';

/** What two pods have against each other, whatever room there is: host ports and anti-affinity. */
export function exclusion(state: ClusterState, pod: PodFacts, other: PodFacts): Exclusion {
  const [one, two] = [keepsOff(state, pod, other), keepsOff(state, other, pod)];
  if (one === 'domain' || two === 'domain') return 'domain';
  return one === 'node' || two === 'node' || sharesPort(pod, other) ? 'node' : 'none';
}

function keepsOff(state: ClusterState, { antiAffinity }: PodFacts, other: PodFacts): Exclusion {
  let found: Exclusion = 'none';
  for (const term of antiAffinity) {
    if (!meansPod(term, other, state.namespaceLabels)) continue;
    if (term.topologyKey !== hostname) return 'domain';
    found = 'node';
  }
  return found;
}

/**
 * Whether a pod must be where another is going, and nobody else is there whom it could be with: nobody knows yet where
 * that is. The same for the first of its kind, which may be anywhere as long as it is the first.
 */
export function isDrawn(state: ClusterState, pod: PodFacts, other: PodFacts): boolean {
  const { affinity } = pod;
  const [first] = affinity;
  if (!first || !affinity.some((term) => meansPod(term, other, state.namespaceLabels))) return false;
  for (const group of state.pods.groups.meant(first, state.namespaceLabels))
    if (affinity.every((term) => meansPod(term, group, state.namespaceLabels))) return false;
  return true;
}

/** Whether a pod's own spread counts another. */
export function isCounted(pod: PodFacts, other: PodFacts): boolean {
  return pod.spread.some((constraint) => counts(constraint, pod, other));
}

/** The pod as if in each domain there were so many more of those that its spread counts. */
export function withOthersCounted(
  pod: Candidate,
  others: readonly { readonly pod: PodFacts; readonly count: number }[],
): Candidate {
  if (others.length === 0) return pod;
  const spread = pod.spread.map((constraint) => {
    const more = others.reduce(
      (sum, other) => sum + (counts(constraint, pod, other.pod) ? other.count : 0),
      0,
    );
    return { ...constraint, maxSkew: constraint.maxSkew - more };
  });
  return { ...pod, spread };
}

function counts({ selector }: PodFacts['spread'][number], pod: PodFacts, other: PodFacts): boolean {
  return pod.namespace === other.namespace && !selector.isEmpty && selector.matches(other.labels);
}

/** As HostPortInfo.CheckConflict. */
function sharesPort({ ports }: PodFacts, { ports: others }: PodFacts): boolean {
  return ports.some(({ ip, protocol, port }) =>
    others.some(
      (other) =>
        other.port === port &&
        other.protocol === protocol &&
        (other.ip === ip || other.ip === everyAddress || ip === everyAddress),
    ),
  );
}
