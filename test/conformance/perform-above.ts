import { configMaps, namespaces, pods, type Resource, secrets } from '../../src/kube/resources.ts';
import type { KubeObject, Pod, PodSpec } from '../../src/kube/types.ts';
import { find } from '../objects.ts';
import type { Shape, StepAbove, StepAround } from './actions.ts';
import { attempt, makeNamespace, type World } from './world.ts';

/** How often a re-creation looks whether its name has become free. */
const attempts = 40;

/** Does one step in the upper cluster; a step that cannot be done is none. */
export async function performAbove(world: World, action: StepAbove): Promise<void> {
  const { above } = world;
  const namespace = world.spaces[action.space];
  const where = { namespace, name: `pod-${action.name}` };
  const patch = (change: object, subresource?: string) =>
    attempt(() =>
      above.patch(pods, { ...where, ...(subresource ? { subresource } : {}) }, change, {
        type: 'strategic-merge',
      }),
    );
  switch (action.do) {
    case 'create':
      await makeNamespace(world, namespace);
      await attempt(() => above.create(pods, podOf(world, where, action.shape)));
      return;
    case 'recreate':
      await deletePod(world, where, action.grace);
      for (let tried = 0; tried < attempts; tried++) {
        if (await attempt(() => above.create(pods, podOf(world, where, action.shape)))) return;
      }
      return;
    case 'delete':
      return deletePod(world, where, action.grace);
    case 'label':
      await patch({ metadata: { labels: { color: action.value === 0 ? null : `v${action.value}` } } });
      return;
    case 'annotate':
      await patch({ metadata: { annotations: { note: action.value === 0 ? null : `v${action.value}` } } });
      return;
    case 'image':
      await editImage(world, where, `image:${action.value}`);
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
      return put(world, action);
    case 'drop':
      return drop(world, action);
  }
}

/** A pod that the upper scheduler binds to our virtual node. */
function podOf(world: World, where: { namespace: string; name: string }, shape: Shape): Pod {
  const optional = shape.isOptional;
  const volumes: NonNullable<PodSpec['volumes']> = [];
  if (shape.config !== undefined)
    volumes.push({ name: 'config', configMap: { name: `dep-${shape.config}`, optional } });
  if (shape.secret !== undefined)
    volumes.push({ name: 'secret', secret: { secretName: `dep-${shape.secret}`, optional } });
  return {
    metadata: { ...where, labels: shape.isVirtual ? { 'virtual-pod': 'true' } : {} },
    spec: {
      nodeSelector: { 'kubernetes.io/hostname': world.owner.virtualNode },
      tolerations: [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }],
      automountServiceAccountToken: shape.hasToken,
      containers: [{ name: 'main', image: 'image:0', resources: { requests: { cpu: '10m' } } }],
      volumes,
    },
  };
}

async function deletePod(
  { above }: World,
  where: { namespace: string; name: string },
  grace: 'own' | 0 | 1,
): Promise<void> {
  const uid = (await find(above, pods, where))?.metadata?.uid;
  if (!uid) return;
  const options = grace === 'own' ? { uid } : { uid, gracePeriodSeconds: grace };
  await attempt(() => above.delete(pods, where, options));
}

async function editImage(
  world: World,
  where: { namespace: string; name: string },
  image: string,
): Promise<void> {
  const patch = { spec: { containers: [{ name: 'main', image }] } };
  await attempt(() => world.above.patch(pods, where, patch, { type: 'strategic-merge' }));
}

async function put(world: World, action: Extract<StepAbove, { do: 'put' }>): Promise<void> {
  const namespace = world.spaces[action.space];
  const { resource, name, content } = dependencyOf(action.kind, action.name, action.value);
  await makeNamespace(world, namespace);
  const isNew = await attempt(() =>
    world.above.create(resource, { metadata: { namespace, name }, ...content }),
  );
  if (!isNew) await attempt(() => world.above.patch(resource, { namespace, name }, content));
}

async function drop(world: World, action: Extract<StepAbove, { do: 'drop' }>): Promise<void> {
  const { resource, name } = dependencyOf(action.kind, action.name, 0);
  const where = { namespace: world.spaces[action.space], name };
  const uid = (await find(world.above, resource, where))?.metadata?.uid;
  if (uid) await attempt(() => world.above.delete(resource, where, { uid }));
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
  world: World,
  { side, space }: Extract<StepAround, { do: 'delete namespace' }>,
): Promise<void> {
  const name = world.spaces[space];
  const uid = (await find(world[side], namespaces, { name }))?.metadata?.uid;
  if (!uid) return;
  if (side === 'below') {
    world.harmedSpaces.add(name);
    for (const [key, { resource }] of world.foreign) {
      if (key.startsWith(`${resource.kind}/${name}/`)) world.foreign.delete(key);
    }
  }
  await attempt(() => world[side].delete(namespaces, { name }, { uid }));
}
