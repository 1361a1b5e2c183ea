import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { layoutOfSet } from '../../hack/clusters/layout.ts';
import { type LocalMultischeduler, startMultischeduler } from '../../hack/clusters/multischeduler.ts';
import { kubeletNodeOf } from '../../hack/clusters/pki.ts';
import { readState } from '../../hack/clusters/state.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import {
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '../../src/kube/resources.ts';
import type { Container, PersistentVolume } from '../../src/kube/types.ts';
import { type Cable, layCable } from '../cable.ts';
import { apply, eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';
import { podOn, podSpec, workload } from '../manifests.ts';
import { clientOf } from '../objects.ts';
import { isReady } from '../provider.ts';
import { kubeconfigThrough, type Replica, startReplica } from '../replica.ts';
import { claim, localVolume, mounting, storageClass } from '../storage-objects.ts';

/** Two lower clusters with local volumes, the second behind a cable; the multischeduler looks at both. */
const isRoot = process.getuid?.() === 0;
const clusters = openClusters();
const [a, b] = [lowerCluster(clusters, 'a'), lowerCluster(clusters, 'b')];
const [above, belowA, belowB] = [clientOf(clusters.upper), clientOf(a), clientOf(b)];
const suffix = Date.now().toString(36);
const namespace = `volumes-${suffix}`;
const className = `disk-${suffix}`;
const folder = mkdtempSync(join(tmpdir(), 'isthmus-volumes-'));
const members = ['vk-volumes-a', 'vk-volumes-b'];
const made: [typeof a, string][] = [];
let provider: Replica;
let multischeduler: LocalMultischeduler;
let cable: Cable;

beforeAll(async () => {
  await Promise.all(
    [above, belowA, belowB].map((one) => one.create(namespaces, { metadata: { name: namespace } })),
  );
  await above.create(storageClasses, storageClass(className, 'isthmus.io/virtual'));
  // By the map in `a`, by its own name in `b`.
  await belowA.create(storageClasses, storageClass(`${className}-ssd`, 'kubernetes.io/no-provisioner'));
  await belowB.create(storageClasses, storageClass(className, 'kubernetes.io/no-provisioner'));
  const { set } = readState(clusters.directory) ?? {};
  const host = set === undefined ? '127.0.0.1' : layoutOfSet(set).machineAddress;
  cable = await layCable(loadConnection('b', b.providerKubeconfig), host);
  const throughCable = join(folder, 'b.yaml');
  kubeconfigThrough(b.providerKubeconfig, cable.connection, throughCable);
  const entry = (name: string, kubeconfig: string, more: object = {}) => ({
    name,
    nodeName: `vk-volumes-${name}`,
    kubeconfig,
    ...more,
  });
  const storageClassMap = { storageClasses: { [className]: `${className}-ssd` } };
  const file = join(folder, 'clusters.yaml');
  const first = entry('a', a.providerKubeconfig, storageClassMap);
  writeFileSync(file, stringify({ clusters: [first, entry('b', throughCable)] }));
  // The multischeduler has its own way: a cut of the provider's is not its own.
  const seen = join(folder, 'seen.yaml');
  writeFileSync(seen, stringify({ clusters: [first, entry('b', b.providerKubeconfig)] }));
  provider = await startReplica(clusters, '--clusters', file);
  multischeduler = await startMultischeduler(clusters, ['--clusters', seen]);
  for (const name of members)
    await eventually(async () => expect(isReady(await above.get(nodes, { name }))).toBe(true));
});
afterAll(async () => {
  cable?.mend();
  await kubectl(clusters.upper, '-n', namespace, 'delete', 'statefulsets,pods,pvc', '--all', '--wait=false');
  await eventually(async () => expect(await volumesAbove()).toEqual([]), { within: 90_000 });
  await multischeduler?.stop();
  await provider?.stop();
  await cable?.close();
  for (const [cluster, name] of made) await kubectl(cluster, 'delete', 'pv', name, '--wait=false');
  await kubectl(clusters.upper, 'delete', 'storageclass', className);
  await kubectl(a, 'delete', 'storageclass', `${className}-ssd`);
  await kubectl(b, 'delete', 'storageclass', className);
  for (const cluster of [clusters.upper, a, b])
    await kubectl(cluster, 'delete', 'namespace', namespace, '--wait=false');
  for (const name of members) await kubectl(clusters.upper, 'delete', 'node', name);
  await Promise.all([above, belowA, belowB].map((one) => one.transport.close()));
  rmSync(folder, { recursive: true, force: true });
}, 180_000);

const volumesAbove = async () =>
  (await above.list(persistentVolumes)).items.filter(({ spec }) => spec?.claimRef?.namespace === namespace);

async function volumes(cluster: typeof a, count: number, more: object = {}): Promise<void> {
  const [node, ofClass] =
    cluster === a ? [isRoot ? kubeletNodeOf('a') : 'a-node-0', `${className}-ssd`] : ['b-node-0', className];
  for (let index = 0; index < count; index += 1) {
    const name = `${cluster.name}-${made.length}-${suffix}`;
    made.push([cluster, name]);
    await apply(cluster, localVolume(folder, { name, node, className: ofClass, size: '1Gi' }, more));
  }
}

function statefulSet(replicas: number) {
  const { nodeSelector: _any, ...spec } = podSpec('', {
    script: 'echo $HOSTNAME >>/data/log; exec sleep 100000',
    container: mounting('').container,
  });
  const values = members;
  const affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values }] },
        ],
      },
    },
  };
  return {
    ...workload('StatefulSet', 'db', { ...spec, affinity } as never, {
      replicas,
      serviceName: 'db',
      volumeClaimTemplates: [claim('data', className)],
    }),
    apiVersion: 'apps/v1',
    metadata: { name: 'db', namespace },
  };
}

const names = ['db-0', 'db-1', 'db-2'];
const places = async () =>
  Promise.all(names.map(async (name) => (await above.get(pods, { namespace, name })).spec?.nodeName));
const running = (uids: ReadonlySet<string> = new Set()) =>
  eventually(
    async () => {
      for (const name of names) {
        const { metadata, status } = await above.get(pods, { namespace, name });
        expect([name, uids.has(metadata?.uid ?? ''), status?.phase]).toEqual([name, false, 'Running']);
      }
    },
    { within: 90_000 },
  );

it('places each pod of a StatefulSet where a volume can be had, and it comes back there', async () => {
  // One volume in `a`, two in `b`: sums and room say nothing of it, only the lower claims do.
  await volumes(a, 1);
  await volumes(b, 2);
  await apply(clusters.upper, statefulSet(3));
  await running();
  const before = await places();
  expect([...before].sort()).toEqual(['vk-volumes-a', 'vk-volumes-b', 'vk-volumes-b']);
  const uids = new Set<string>();
  for (const name of names) uids.add((await above.get(pods, { namespace, name })).metadata?.uid ?? '');
  await kubectl(clusters.upper, '-n', namespace, 'delete', 'pod', ...names, '--wait=false');
  await running(uids);
  expect(await places()).toEqual(before);
  const inA = names[before.indexOf('vk-volumes-a')] ?? '';
  expect(
    (await belowA.get(persistentVolumeClaims, { namespace, name: `data-${inA}` })).spec?.storageClassName,
  ).toBe(`${className}-ssd`);
  if (!isRoot) return;
  const { stdout } = await kubectl(clusters.upper, '-n', namespace, 'exec', inA, '--', 'cat', '/data/log');
  expect(stdout).toBe(`${inA}\n${inA}\n`);
});

it.each<[string, object, Partial<Container>]>([
  ['block', { volumeMode: 'Block' }, { volumeDevices: [{ name: 'data', devicePath: '/dev/data' }] }],
  ['shared', { accessModes: ['ReadWriteMany'] }, mounting('').container],
])('a claim of another kind: %s', async (name, kind, container) => {
  await volumes(b, 1, kind);
  const claimed = claim(name, className, '1Gi', kind);
  await apply(clusters.upper, { ...claimed, metadata: { name, namespace } });
  const users = [`${name}-0`, `${name}-1`];
  for (const user of users)
    await above.create(
      pods,
      podOn('vk-volumes-b', user, { ...mounting(name), container } as object, { namespace }),
    );
  for (const user of users)
    await eventually(async () =>
      expect((await above.get(pods, { namespace, name: user })).status?.phase).toBe('Running'),
    );
  const below = await belowB.get(persistentVolumeClaims, { namespace, name });
  expect(below).toMatchObject({ spec: kind, status: { phase: 'Bound' } });
  await kubectl(clusters.upper, '-n', namespace, 'delete', 'pods', ...users);
  await kubectl(clusters.upper, '-n', namespace, 'delete', 'pvc', name);
});

it('a claim of which no cluster has a volume keeps its pod above', async () => {
  await kubectl(clusters.upper, '-n', namespace, 'scale', 'statefulset', 'db', '--replicas=4');
  await eventually(async () => {
    const { spec, status } = await above.get(pods, { namespace, name: 'db-3' });
    expect(spec?.nodeName).toBeUndefined();
    const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled');
    expect(condition?.message).toMatch(/didn't find available persistent volumes to bind/);
  });
  await volumes(b, 1);
  await eventually(
    async () => {
      const { spec, status } = await above.get(pods, { namespace, name: 'db-3' });
      expect([spec?.nodeName, status?.phase]).toEqual(['vk-volumes-b', 'Running']);
    },
    { within: 90_000 },
  );
});

it('a lower cluster that is lost loses nothing, and its claims say so', async () => {
  const inB = names[(await places()).indexOf('vk-volumes-b')] ?? '';
  const where = { namespace, name: `data-${inB}` };
  const below = await belowB.get(persistentVolumeClaims, where);
  const problem = async () =>
    (await above.get(persistentVolumeClaims, where)).status?.conditions?.find(
      ({ type }) => type === 'isthmus.io/LowerStorageReady',
    );
  cable.hold();
  await eventually(
    async () => expect(await problem()).toMatchObject({ status: 'False', reason: 'LowerClusterUnreachable' }),
    { within: 90_000 },
  );
  // A claim that is deleted meanwhile is dealt with on its return.
  await kubectl(clusters.upper, '-n', namespace, 'scale', 'statefulset', 'db', '--replicas=3');
  await kubectl(clusters.upper, '-n', namespace, 'delete', 'pvc', 'data-db-3', '--wait=false');
  cable.cut();
  cable.mend();
  await eventually(async () => expect(await problem()).toMatchObject({ status: 'True' }), { within: 90_000 });
  expect((await belowB.get(persistentVolumeClaims, where)).metadata?.uid).toBe(below.metadata?.uid);
  await eventually(
    async () => {
      const left = (await volumesAbove()).map(({ spec }) => spec?.claimRef?.name);
      expect(left.sort()).toEqual(names.map((name) => `data-${name}`));
      const { items } = await belowB.list(persistentVolumeClaims, { namespace });
      expect(items.map(({ metadata }) => metadata?.name)).not.toContain('data-db-3');
    },
    { within: 90_000 },
  );
});

it('never deletes data that a living claim names, whoever says so', async () => {
  const inB = names[(await places()).indexOf('vk-volumes-b')] ?? '';
  const where = { namespace, name: `data-${inB}` };
  const living = await above.get(persistentVolumeClaims, where);
  const [below] = await Promise.all([belowB.get(persistentVolumeClaims, where)]);
  const real = await above.get(persistentVolumes, { name: living.spec?.volumeName ?? '' });
  // The controller manager calls both Released: the claims they name are bound to something else, or of another uid.
  const forged = (name: string, uid: string): PersistentVolume => ({
    metadata: { name: `${name}-${suffix}`, ...withoutIdentity(real) },
    spec: { ...real.spec, claimRef: { ...real.spec?.claimRef, uid } },
  });
  await above.create(persistentVolumes, forged('same-uid', living.metadata?.uid ?? ''));
  await above.create(persistentVolumes, forged('other-uid', '7d6ad3a7-0000-4000-8000-000000000000'));
  const gone = async () =>
    (await above.list(persistentVolumes)).items.some(
      ({ metadata }) => metadata?.name === `other-uid-${suffix}`,
    );
  await eventually(async () => expect(await gone()).toBe(false));
  const phase = async () =>
    (await above.get(persistentVolumes, { name: `same-uid-${suffix}` })).status?.phase;
  await eventually(async () => expect(await phase()).toBe('Released'));
  expect(await belowB.get(persistentVolumeClaims, where)).toMatchObject({
    metadata: { uid: below?.metadata?.uid },
    status: { phase: 'Bound' },
  });
  expect((await belowB.get(persistentVolumeClaims, where)).metadata?.deletionTimestamp).toBeUndefined();
});

function withoutIdentity({ metadata }: PersistentVolume) {
  return {
    labels: metadata?.labels ?? {},
    annotations: { 'pv.kubernetes.io/provisioned-by': 'isthmus.io/virtual' },
    finalizers: ['isthmus.io/lower-claim'],
  };
}
