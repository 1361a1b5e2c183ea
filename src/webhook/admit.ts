import type { Pod } from '../kube/types.ts';
import { withAvoidance } from '../translate/avoidance.ts';
import { withLowerAvoidance } from '../translate/lower-avoidance.ts';
import { avoidedBelow, avoidedNow } from '../translate/tried.ts';
import { podPatch } from '../translate/webhook/json-patch.ts';
import { isMutated, mutatePod } from '../translate/webhook/mutate-pod.ts';
import { type AdmissionRequest, readPod, type Verdict } from './review.ts';
import type { UpperFacts } from './upper-facts.ts';

/** What the operator configured about the mutation. */
export interface MutationSettings {
  /** Keys that always speak of virtual nodes. */
  readonly keysAbove: ReadonlySet<string>;
  /** Key of the taint of virtual nodes. */
  readonly taintKey: string;
}

/** What becomes of the object of a request. Never throws. */
export function admit(
  request: AdmissionRequest,
  facts: Pick<UpperFacts, 'isVirtualNode' | 'selectedNode' | 'tried'>,
  { keysAbove, taintKey }: MutationSettings,
): Verdict {
  const { group, kind } = request.kind;
  if (group !== '' || kind !== 'Pod')
    return { refusal: `this webhook is for pods; its configuration sends it ${group}/${kind}` };
  if (request.operation !== 'CREATE' || request.subResource) return unchanged;
  const read = readPod(request);
  if ('refusal' in read) return read;
  const namespace = read.pod.metadata?.namespace || request.namespace || '';
  if (!isMutated(read.pod, namespace)) return unchanged;
  const result = mutatePod(read.pod, {
    above: keysAbove,
    taintKey,
    isVirtualNode: (name) => facts.isVirtualNode(name),
    selectedNode: (claim) => facts.selectedNode(namespace, claim),
  });
  if ('refusal' in result) return { refusal: `isthmus: ${nameOf(read.pod)}: ${result.refusal}` };
  const tried = facts.tried(read.pod);
  const placed = withAvoidance(result.pod, avoidedNow(tried, Date.now()));
  return { patch: podPatch(read.pod, withLowerAvoidance(placed, avoidedBelow(tried, Date.now()))) };
}

const unchanged: Verdict = { patch: [] };

/** Whoever makes many pods leaves their names to the API server, which gives them after us. */
function nameOf({ metadata }: Pod): string {
  return `pod ${metadata?.name || `${metadata?.generateName ?? ''}...`}`;
}
