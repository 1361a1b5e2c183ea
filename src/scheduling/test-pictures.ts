import type { Node, Pod } from '../kube/types.ts';
import { raw } from '../translate/test-objects.ts';
import { type Explanation, explain, fits } from './fit.ts';
import { Picture } from './picture.ts';

const zone = 'topology.kubernetes.io/zone';

/** A node with room for much; `more` is spec, labels, allocatable that differ. */
export function node(
  name: string,
  {
    labels = {},
    allocatable = {},
    ...spec
  }: { labels?: object; allocatable?: object; [field: string]: unknown } = {},
): Node {
  return raw({
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec,
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '10', ...allocatable } },
  });
}

/** A node in a zone. */
export function zoned(name: string, inZone: string): Node {
  return node(name, { labels: { [zone]: inZone } });
}

/** A pod of the namespace `default` that asks for nothing but what `spec` says. */
export function pod(name: string, spec: object = {}, labels: object = {}, more: object = {}): Pod {
  return raw({
    metadata: { namespace: 'default', name, labels, ...more },
    spec: { containers: [{ name: 'c' }], ...spec },
  });
}

/** A pod on a node. */
export function podOn(
  nodeName: string,
  name: string,
  spec: object = {},
  labels: object = {},
  more: object = {},
): Pod {
  return pod(name, { nodeName, ...spec }, labels, more);
}

/** Containers of one that requests this. */
export function asking(requests: object): object {
  return { containers: [{ name: 'c', resources: { requests } }] };
}

/** A picture of nodes and the pods on them. */
export function pictureOf(nodes: readonly Node[], pods: readonly Pod[] = []): Picture {
  const picture = new Picture();
  for (const each of nodes) picture.applyNode(each);
  for (const each of pods) picture.applyPod(each);
  return picture;
}

/** What is against a pod, as an object; checks that both questions agree. */
export function against(picture: Picture, wanted: Pod): Record<string, number> {
  const explanation: Explanation = explain(picture, wanted);
  if (fits(picture, wanted) !== explanation.feasible > 0) throw new Error('fits and explain disagree');
  return Object.fromEntries(explanation.reasons);
}
