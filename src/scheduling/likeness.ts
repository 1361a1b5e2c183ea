import type { PodFacts } from './pod-facts.ts';
import { groupIdentity } from './pod-group.ts';
import { reach } from './reach.ts';

/** By the requests, which are read anew for every pod and are the same object in all that is made of its facts. */
const known = new WeakMap<PodFacts['requests'], string>();

/** Equal for pods that every filter and every other pod takes for each other, as replicas are; never with claims. */
export function likeness(pod: PodFacts): string {
  return reach(known, pod.requests, () => {
    const { key, claims, nodeName, tolerations, nodeSelector, nodeTerms, affinity, spread } = pod;
    if (claims.length > 0) return key;
    const terms = [...affinity, ...spread].map(({ identity }) => identity);
    return JSON.stringify([groupIdentity(pod), nodeName, tolerations, nodeSelector, nodeTerms, terms]);
  });
}
