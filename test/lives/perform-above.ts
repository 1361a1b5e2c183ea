import { configMaps, namespaces, pods, type Resource, secrets } from '../../src/kube/resources.ts';
import type { KubeObject, Pod, PodSpec } from '../../src/kube/types.ts';
import { find } from '../objects.ts';
import type { Shape, StepAbove, StepAround } from './actions.ts';
import { attempt, type Ground, makeNamespace } from './ground.ts';

/** How often a re-creation looks whether its name has become free. */
const attempts = 40;

/** Does one step in the upper cluster; a step that cannot be done is none. */
export async function performAbove(ground: Ground, action: StepAbove): Promise<void> {
  const { above } = ground;
  const namespace = ground.spaces[action.space];
  const where = { namespace, name: `pod-${action.name}` };
  const patch = (change: object, subresource?: string) =>
    attempt(() =>
      above.patch(pods, { ...where, ...(subresource ? { subresource } : {}) }, change, {
        type: 'strategic-merge',
      }),
    );
  switch (action.do) {
    case 'create':
      await makeNamespace(ground, namespace);
      await attempt(() => above.create(pods, podOf(ground, where, action.shape)));
      return;
    case 'recreate':
      await deletePod(ground, where, action.grace);
      for (let tried = 0; tried < attempts; tried++) {
        if (await attempt(() => above.create(pods, podOf(ground, where, action.shape)))) return;
      }
      return;
    case 'delete':
      return deletePod(ground, where, action.grace);
    case 'label':
      await patch({ metadata: { labels: { color: action.value === 0 ? null : `v${action.value}` } } });
      return;
    case 'annotate':
      await patch({ metadata: { annotations: { note: action.value === 0 ? null : `v${action.value}` } } });
      return;
    case 'image':
      await editImage(ground, where, `image:${action.value}`);
      return;
    case 'resize': {
      const resources = { requests: { cpu: `${action.milli}m` } };
      await patch({ spec: { containers: [{ name: 'main', resources }] } }, 'resize');
      return;
    }
    case 'set virtual':
      await patch({ metadata: { labels: { 'virtual-pod': action.to ? 'true' : null } } });
      return;
    case 'put':
      return put(ground, action);
    case 'drop':
      return drop(ground, action);
  }
}

/** A pod that the upper scheduler binds to our virtual node. */
function podOf(ground: Ground, where: { namespace: string; name: string }, shape: Shape): Pod {
  const optional = shape.isOptional;
  const volumes: NonNullable<PodSpec['volumes']> = [];
  if (shape.config !== undefined)
    volumes.push({ name: 'config', configMap: { name: `dep-${shape.config}`, optional } });
  if (shape.secret !== undefined)
    volumes.push({ name: 'secret', secret: { secretName: `dep-${shape.secret}`, optional } });
  return {
    metadata: { ...where, labels: shape.isVirtual ? { 'virtual-pod': 'true' } : {} },
    spec: {
      nodeSelector: { 'kubernetes.io/hostname': ground.owner.virtualNode },
      tolerations: [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }],
      automountServiceAccountToken: shape.hasToken,
      containers: [{ name: 'main', image: 'image:0', resources: { requests: { cpu: '10m' } } }],
      volumes,
    },
  };
}

async function deletePod(
  { above }: Ground,
  where: { namespace: string; name: string },
  grace: 'own' | 0 | 1,
): Promise<void> {
  const uid = (await find(above, pods, where))?.metadata?.uid;
  if (!uid) return;
  const options = grace === 'own' ? { uid } : { uid, gracePeriodSeconds: grace };
  await attempt(() => above.delete(pods, where, options));
}

async function editImage(
  ground: Ground,
  where: { namespace: string; name: string },
  image: string,
): Promise<void> {
  const patch = { spec: { containers: [{ name: 'main', image }] } };
  await attempt(() => ground.above.patch(pods, where, patch, { type: 'strategic-merge' }));
}

async function put(ground: Ground, action: Extract<StepAbove, { do: 'put' }>): Promise<void> {
  const namespace = ground.spaces[action.space];
  const { resource, name, content } = dependencyOf(action.kind, action.name, action.value);
  await makeNamespace(ground, namespace);
  const isNew = await attempt(() =>
    ground.above.create(resource, { metadata: { namespace, name }, ...content }),
  );
  if (!isNew) await attempt(() => ground.above.patch(resource, { namespace, name }, content));
}

async function drop(ground: Ground, action: Extract<StepAbove, { do: 'drop' }>): Promise<void> {
  const { resource, name } = dependencyOf(action.kind, action.name, 0);
  const where = { namespace: ground.spaces[action.space], name };
  const uid = (await find(ground.above, resource, where))?.metadata?.uid;
  if (uid) await attempt(() => ground.above.delete(resource, where, { uid }));
}

/** A ConfigMap or Secret of the few that pods name, and what it holds. */
export function dependencyOf(
  kind: 'ConfigMap' | 'Secret',
  number: number,
  value: number,
): { resource: Resource<KubeObject>; name: string; content: object } {
  const name = `dep-${number % 2}`;
  return kind === 'ConfigMap'
    ? { resource: configMaps, name, content: { data: { value: `v${value}` } } }
    : { resource: secrets, name, content: { data: { value: Buffer.from(`v${value}`).toString('base64') } } };
}

/** Deletes a namespace on one side, and notes which pods may have been ended by it. */
export async function deleteNamespace(
  ground: Ground,
  { side, space }: Extract<StepAround, { do: 'delete namespace' }>,
): Promise<void> {
  const name = ground.spaces[space];
  const uid = (await find(ground[side], namespaces, { name }))?.metadata?.uid;
  if (!uid) return;
  if (side === 'below') {
    ground.harmedSpaces.add(name);
    for (const [key, { resource }] of ground.foreign) {
      if (key.startsWith(`${resource.kind}/${name}/`)) ground.foreign.delete(key);
    }
  }
  await attempt(() => ground[side].delete(namespaces, { name }, { uid }));
}
