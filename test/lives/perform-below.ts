import { namespaces, pods, type Resource } from '../../src/kube/resources.ts';
import type { KubeObject, Pod } from '../../src/kube/types.ts';
import { isOurs, type Owner, upperUidOf } from '../../src/translate/marks.ts';
import {
  upperClusterAnnotation,
  upperGenerationAnnotation,
  upperUidAnnotation,
  virtualNodeAnnotation,
  virtualPodLabel,
} from '../../src/translate/names.ts';
import { eventually } from '../clusters.ts';
import { find } from '../objects.ts';
import type { Disguise, StepBelow, StepWithPod } from './actions.ts';
import { attempt, type Ground } from './ground.ts';
import { dependencyOf } from './perform-above.ts';

/** Does one step in the lower cluster, as somebody there would who knows nothing of us. */
export async function performBelow(ground: Ground, action: StepBelow): Promise<void> {
  const namespace = ground.spaces[action.space];
  const { below } = ground;
  switch (action.do) {
    case 'edit copy':
    case 'delete copy': {
      const { resource, name, content } = dependencyOf(action.kind, action.name, 99);
      const copy = await find(below, resource, { namespace, name });
      if (!copy || !isOurs(copy, ground.owner)) return;
      const uid = copy.metadata?.uid ?? '';
      await attempt(() =>
        action.do === 'delete copy'
          ? below.delete(resource, { namespace, name }, { uid })
          : below.patch(resource, { namespace, name }, { ...content, metadata: { uid } }),
      );
      return;
    }
    case 'take name':
      return takeName(ground, action, namespace);
    case 'free name': {
      const { resource, name } = named(action.kind, action.name);
      const key = `${action.kind}/${namespace}/${name}`;
      const object = ground.foreign.has(key) && (await find(below, resource, { namespace, name }));
      ground.foreign.delete(key);
      if (object) {
        const options = { uid: object.metadata?.uid ?? '', gracePeriodSeconds: 0 };
        await attempt(() => below.delete(resource, { namespace, name }, options));
      }
      return;
    }
  }
}

/** Does something to a pod of ours below, if there is one. */
export async function performWithPod(ground: Ground, action: StepWithPod): Promise<void> {
  const where = { namespace: ground.spaces[action.space], name: `pod-${action.name}` };
  const pod = await find(ground.below, pods, where);
  if (!pod || !isOurs(pod, ground.owner)) return;
  const { uid = '' } = pod.metadata ?? {};
  const patch = (change: object, subresource?: string) =>
    attempt(() =>
      ground.below.patch(pods, { ...where, ...(subresource ? { subresource } : {}) }, change, {
        type: 'strategic-merge',
      }),
    );
  const upperUid = upperUidOf(pod) ?? '';
  switch (action.do) {
    case 'delete': {
      ground.harmed.add(upperUid);
      const options = action.grace === 'own' ? { uid } : { uid, gracePeriodSeconds: action.grace };
      await attempt(() => ground.below.delete(pods, where, options));
      return;
    }
    case 'finish': {
      ground.harmed.add(upperUid);
      await patch({ metadata: { uid }, status: finished(pod, action.phase) }, 'status');
      return;
    }
    case 'label':
      await patch({ metadata: { uid, labels: { color: `below-${action.value}`, own: 'below' } } });
      return;
    case 'annotate':
      await patch({ metadata: { uid, annotations: { note: `below-${action.value}`, own: 'below' } } });
      return;
    case 'lose generation':
      await patch({ metadata: { uid, annotations: { [upperGenerationAnnotation]: null } } });
      return;
    case 'image':
      ground.imageEdited.add(upperUid);
      await patch({
        metadata: { uid },
        spec: { containers: [{ name: 'main', image: `below:${action.value}` }] },
      });
      return;
  }
}

function finished({ spec, status }: Pod, phase: 'Succeeded' | 'Failed'): object {
  const exitCode = phase === 'Succeeded' ? 0 : 1;
  const containerStatuses = (spec?.containers ?? []).map(({ name, image }) => ({
    ...status?.containerStatuses?.find((container) => container.name === name),
    name,
    image: image ?? '',
    imageID: '',
    restartCount: 0,
    ready: false,
    started: false,
    state: { running: null, waiting: null, terminated: { exitCode, reason: 'ByTest' } },
  }));
  return { phase, containerStatuses };
}

function named(kind: 'Pod' | 'ConfigMap' | 'Secret', number: number) {
  return kind === 'Pod'
    ? { resource: pods as Resource<KubeObject>, name: `pod-${number}`, content: foreignPod }
    : dependencyOf(kind, number, 77);
}

const foreignPod = { spec: { containers: [{ name: 'theirs', image: 'theirs:1' }] } };

/** Makes a foreign object of a name that pods above may need, and remembers it when it has come to rest. */
async function takeName(
  ground: Ground,
  { kind, name: number, disguise }: Extract<StepBelow, { do: 'take name' }>,
  namespace: string,
): Promise<void> {
  const { resource, name, content } = named(kind, number);
  // Virtual nodes of one upper cluster that share a lower one share its copies as well.
  const asWhose = disguise === 'other node' && kind !== 'Pod' ? 'other cluster' : disguise;
  const metadata = { namespace, name, ...marksOf(asWhose, ground.owner) };
  await attempt(() => ground.below.create(namespaces, { metadata: { name: namespace } }));
  if (!(await attempt(() => ground.below.create(resource, { metadata, ...content })))) return;
  const json = await eventually(async () => {
    const object = await find(ground.below, resource, { namespace, name });
    if (kind === 'Pod' && object && (object as Pod).status?.phase !== 'Running')
      throw new Error('not running');
    return object && JSON.stringify(object);
  });
  if (json) ground.foreign.set(`${kind}/${namespace}/${name}`, { resource, json });
}

function marksOf(disguise: Disguise, { upperCluster, virtualNode }: Owner): object {
  const annotations = (cluster: string, node: string) => ({
    [upperClusterAnnotation]: cluster,
    [virtualNodeAnnotation]: node,
    [upperUidAnnotation]: 'of-somebody-else',
  });
  const labels = { [virtualPodLabel]: 'true' };
  switch (disguise) {
    case 'plain':
      return { annotations: annotations(upperCluster, virtualNode) };
    case 'label':
      return { labels };
    case 'other cluster':
      return { labels, annotations: annotations('another-cluster', virtualNode) };
    case 'other node':
      return { labels, annotations: annotations(upperCluster, 'vk-another') };
  }
}
