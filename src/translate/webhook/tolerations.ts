import type { Toleration } from '../../kube/types.ts';
import { isEqual } from '../merge-patch.ts';

/** Taints of a node that is lost (k8s.io/api/core/v1 `TaintNodeNotReady`, `TaintNodeUnreachable`). */
const lostNode = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** A lost virtual node does not drive pods away by itself, as in tensile-kube: the pods below may live. */
const staying: readonly Toleration[] = lostNode.map((key) => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
}));

/**
 * The pod's tolerations, with those that it needs on a virtual node: of the node's taint, and of its loss without a
 * limit. A limit in seconds would count beside another toleration without one, so it is taken away.
 */
export function tolerationsAbove(tolerations: readonly Toleration[], taintKey: string): Toleration[] {
  const kept = tolerations.map((toleration) => (isLimited(toleration) ? stayingFor(toleration) : toleration));
  const wanted = [...staying, { key: taintKey, operator: 'Exists' }];
  const seen = new Set<Toleration>();
  const unique = kept.filter((toleration) => {
    const same = staying.find((one) => isEqual(one, toleration));
    if (!same) return true;
    const isFirst = !seen.has(same);
    seen.add(same);
    return isFirst;
  });
  return [...unique, ...wanted.filter((one) => !unique.some((have) => isEqual(have, one)))];
}

/**
 * What of the pod's tolerations is to be added to those for below: all that are not there yet, but for those of the
 * virtual node's taint, and on a later pass those that {@link tolerationsAbove} has put there.
 */
export function tolerationsBelow(
  tolerations: readonly Toleration[],
  have: readonly Toleration[],
  { taintKey, isFirstPass }: { taintKey: string; isFirstPass: boolean },
): Toleration[] {
  const there = new Set(have.map(identityOf));
  const added: Toleration[] = [];
  for (const toleration of tolerations) {
    const isOurs = toleration.key === taintKey || (!isFirstPass && isStaying(toleration));
    const identity = identityOf(toleration);
    if (isOurs || there.has(identity)) continue;
    there.add(identity);
    added.push(toleration);
  }
  return added;
}

/** Equal for equal tolerations: there may be as many as a request holds, so they are not compared one by one. */
function identityOf(toleration: Toleration): string {
  const said = Object.entries(toleration).filter(([, value]) => value != null);
  return JSON.stringify(said.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function isStaying(toleration: Toleration): boolean {
  return staying.some((one) => isEqual(one, toleration));
}

function isLimited({ key = '', effect, tolerationSeconds }: Toleration): boolean {
  return lostNode.includes(key) && effect === 'NoExecute' && tolerationSeconds != null;
}

function stayingFor({ key }: Toleration): Toleration {
  return staying.find((one) => one.key === key) ?? {};
}
