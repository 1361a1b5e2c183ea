import { persistentVolumeClaims, persistentVolumes, storageClasses } from '../../../src/kube/resources.ts';
import { eventually } from '../../clusters.ts';
import { find } from '../../objects.ts';
import { claim, mounting, storageClass } from '../../storage-objects.ts';
import type { Scene } from './scene.ts';
import type { Wave } from './waves.ts';
import { pod } from './waves.ts';

const classOf = ({ namespace }: Pick<Scene, 'namespace'>, policy: string) =>
  `${namespace}-${policy.toLowerCase()}`;

/** Classes above and below, and a volume below for each. */
async function makeClasses(scene: Scene): Promise<void> {
  const { above, below } = scene;
  for (const reclaimPolicy of ['Delete', 'Retain'] as const) {
    const name = classOf(scene, reclaimPolicy);
    const more = { reclaimPolicy, allowVolumeExpansion: true };
    await above.create(storageClasses, storageClass(name, 'isthmus.io/virtual', more));
    await below.create(storageClasses, storageClass(name, 'kubernetes.io/no-provisioner', more));
    await below.create(persistentVolumes, {
      metadata: { name },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: name,
        persistentVolumeReclaimPolicy: 'Delete',
        hostPath: { path: '/tmp/none' },
      },
    });
  }
}

/** A claim above, and a pod on the node that uses it. */
async function use(scene: Scene, name: string, policy: 'Delete' | 'Retain' = 'Delete'): Promise<void> {
  const { above, namespace } = scene;
  const wanted = claim(name, classOf(scene, policy));
  await above.create(persistentVolumeClaims, { ...wanted, metadata: { name, namespace } });
  const { volumes, container } = mounting(name);
  await scene.create(pod(scene, name, { volumes }, container));
}

const boundAbove = ({ above, namespace }: Scene, name: string) =>
  eventually(async () => {
    const { status } = await above.get(persistentVolumeClaims, { namespace, name });
    if (status?.phase !== 'Bound') throw new Error(`${name} is not bound`);
  });

const isBelow = ({ below, namespace }: Scene, name: string) =>
  eventually(async () => {
    if (!(await find(below, persistentVolumeClaims, { namespace, name })))
      throw new Error(`${name} is not below`);
  });

const remove = (scene: Scene, name: string) =>
  scene.user('delete', 'pod,pvc', name, '--force', '--grace-period=0', '--wait=false');

const everyCache = (verb: string) => [
  ...['persistentvolumeclaims', 'persistentvolumes', 'storageclasses'].map(
    (resource) => `upper: ${verb} ${resource}`,
  ),
  ...['persistentvolumeclaims', 'storageclasses'].map((resource) => `lower: ${verb} ${resource}`),
];

/** What is watched and written about claims and volumes. */
export const storageWaves: readonly Wave[] = [
  { name: 'storage-lists', without: everyCache('list') },
  { name: 'storage-watches', without: everyCache('watch') },
  {
    name: 'volumes',
    without: ['upper: create persistentvolumes'],
    async act(scene) {
      await makeClasses(scene);
      await use(scene, 'one');
    },
  },
  {
    name: 'claims',
    without: ['lower: create persistentvolumeclaims', 'upper: patch persistentvolumeclaims/status'],
    async act(scene) {
      await makeClasses(scene);
      await use(scene, 'one');
    },
  },
  {
    name: 'notes',
    without: ['upper: patch persistentvolumeclaims', 'lower: get persistentvolumeclaims'],
    async act(scene) {
      const { below, namespace } = scene;
      await makeClasses(scene);
      await use(scene, 'one');
      await isBelow(scene, 'one');
      const taken = claim('two', classOf(scene, 'Delete'));
      await below.create(persistentVolumeClaims, { ...taken, metadata: { name: 'two', namespace } });
      await use(scene, 'two');
    },
  },
  {
    name: 'bound',
    without: [
      'lower: get persistentvolumes',
      'lower: patch persistentvolumeclaims',
      'upper: get persistentvolumes',
    ],
    async act(scene) {
      await makeClasses(scene);
      await use(scene, 'one');
      await scene.running('one');
      const larger = '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}';
      await scene.user('patch', 'pvc', 'one', '-p', larger);
      await use(scene, 'two');
      await boundAbove(scene, 'two');
      await remove(scene, 'two');
    },
  },
  {
    name: 'kept',
    without: [
      'lower: patch persistentvolumes',
      'upper: patch persistentvolumes',
      'upper: get persistentvolumeclaims',
    ],
    async act(scene) {
      await makeClasses(scene);
      await use(scene, 'one', 'Retain');
      await use(scene, 'two');
      await use(scene, 'three');
      await boundAbove(scene, 'three');
      await remove(scene, 'three');
    },
  },
  {
    name: 'ended',
    without: ['lower: delete persistentvolumeclaims'],
    async act(scene) {
      await makeClasses(scene);
      await use(scene, 'one');
      await isBelow(scene, 'one');
      await remove(scene, 'one');
    },
  },
  {
    name: 'ended-above',
    without: ['upper: delete persistentvolumes'],
    async act(scene) {
      await makeClasses(scene);
      await use(scene, 'one');
      await isBelow(scene, 'one');
      await remove(scene, 'one');
    },
  },
];
