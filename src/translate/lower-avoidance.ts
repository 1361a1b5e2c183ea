import type { Pod } from '../kube/types.ts';
import { clusterSelectorOf } from './cluster-selector.ts';
import { isKeptFrom, keepFrom } from './name-avoidance.ts';
import { clusterSelectorAnnotation } from './names.ts';
import { addToSelector } from './webhook/add-to-selector.ts';

/**
 * The pod with a `clusterSelector` that keeps it from some lower nodes, in whatever cluster it lands; the same pod when
 * that says so already, or cannot be read.
 */
export function withLowerAvoidance(pod: Pod, lowerNodes: readonly string[]): Pod {
  const selector = clusterSelectorOf(pod);
  if (!selector || lowerNodes.length === 0) return pod;
  const terms =
    selector.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  // Only its outline was looked at: what the provider refuses later stays as it is.
  if (!Array.isArray(terms)) return pod;
  const isAvoided = (name: string) => terms.length > 0 && terms.every((term) => isKeptFrom(term, name));
  const matchFields = keepFrom(lowerNodes.filter((name) => !isAvoided(name)));
  if (matchFields.length === 0) return pod;
  const next = addToSelector(selector, { nodeSelector: {}, required: [{ matchFields }], tolerations: [] });
  if (typeof next === 'string') return pod;
  const annotations = { ...pod.metadata?.annotations, [clusterSelectorAnnotation]: JSON.stringify(next) };
  return { ...pod, metadata: { ...pod.metadata, annotations } };
}
