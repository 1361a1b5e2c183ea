import type { Pod } from '../../kube/types.ts';
import { raw } from '../test-objects.ts';
import type { PatchOperation } from './json-patch.ts';
import { type MutationContext, mutatePod } from './mutate-pod.ts';

/** Two virtual nodes, and a claim that the first of them was selected for. */
export const context: MutationContext = {
  above: new Set(['clusterID']),
  taintKey: 'virtual-kubelet.io/provider',
  isVirtualNode: (name) => name === 'vk-a' || name === 'vk-b',
  selectedNode: (claim) => ({ data: 'vk-a', gone: 'vk-gone' })[claim],
};

/** A virtual pod as the API server sends it for review. */
export function newPod(spec: object = {}, annotations?: object): Pod {
  return raw({
    metadata: {
      generateName: 'web-',
      labels: { 'virtual-pod': 'true' },
      ...(annotations ? { annotations } : {}),
    },
    spec: { containers: [{ name: 'main', image: 'nginx:1' }], ...spec },
  });
}

/** The pod that comes of it. @throws when it is refused */
export function mutated(pod: Pod, more: Partial<MutationContext> = {}): Pod {
  const result = mutatePod(pod, { ...context, ...more });
  if ('refusal' in result) throw new Error(result.refusal);
  return result.pod;
}

/** Does to an object what a JSON patch says, as RFC 6902 has it. */
export function applyPatch<T>(object: T, patch: readonly PatchOperation[]): T {
  const copy = structuredClone(object);
  for (const operation of patch) {
    const keys = operation.path.split('/').slice(1);
    const last = (keys.pop() ?? '').replaceAll('~1', '/').replaceAll('~0', '~');
    let place = copy as Record<string, unknown>;
    for (const key of keys) {
      if (typeof place[key] !== 'object') throw new Error(`${operation.path} leads nowhere`);
      place = place[key] as Record<string, unknown>;
    }
    if (operation.op !== 'add' && !Object.hasOwn(place, last)) throw new Error(`no ${operation.path}`);
    if (operation.op === 'remove') delete place[last];
    else Object.defineProperty(place, last, { value: operation.value, enumerable: true, configurable: true });
  }
  return copy;
}
