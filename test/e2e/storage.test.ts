import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubeletNodeOf } from '../../hack/clusters/pki.ts';
import { events, persistentVolumeClaims, persistentVolumes, pods } from '../../src/kube/resources.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../src/kube/types.ts';
import { eventually, kubectl } from '../clusters.ts';
import { podOn, podSpec, workload } from '../manifests.ts';
import { openStage, type Stage } from '../stage.ts';
import { claim, localVolume, mounting, storageClass } from '../storage-objects.ts';

/** A real kubelet mounts what is bound. */
const isRoot = process.getuid?.() === 0;
const suffix = Date.now().toString(36);
const className = `local-${suffix}`;
const folder = mkdtempSync(join(tmpdir(), 'isthmus-storage-'));
const lowerNames: string[] = [];
let stage: Stage;
let node: string;

beforeAll(async () => {
  stage = await openStage('storage', 'a');
  node = isRoot ? kubeletNodeOf('a') : '';
  await stage.create(storageClass(className, 'isthmus.io/virtual', { allowVolumeExpansion: true }));
  await stage.createBelow(storageClass(className, 'kubernetes.io/no-provisioner'));
});
afterAll(async () => {
  try {
    await stage?.run('delete', 'statefulsets,deployments,pods,pvc', '--all', '--wait=false');
    await eventually(noVolumesAbove, { within: 60_000 });
  } finally {
    await kubectl(stage.lower, 'delete', 'pv', '--ignore-not-found', '--wait=false', ...lowerNames);
    for (const cluster of [stage.upper, stage.lower])
      await kubectl(cluster, 'delete', 'storageclass', className, '--ignore-not-found');
    await stage?.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

const ours = () => ({ labelSelector: `isthmus.io/virtual-node=${stage.node}` });
async function noVolumesAbove(): Promise<void> {
  const { items } = await stage.above.list(persistentVolumes, ours());
  expect(items.map(({ metadata, status }) => [metadata?.name, status?.phase])).toEqual([]);
}

/** Makes local volumes below. */
async function volumesBelow(prefix: string, count: number, size = '3Gi', more = {}): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}-${suffix}`);
  lowerNames.push(...names);
  await stage.createBelow(...names.map((name) => localVolume(folder, { name, node, className, size }, more)));
  return names;
}

const claimAbove = (name: string): Promise<PersistentVolumeClaim> =>
  stage.above.get(persistentVolumeClaims, { namespace: stage.namespace, name });
const claimBelow = (name: string): Promise<PersistentVolumeClaim> =>
  stage.below.get(persistentVolumeClaims, { namespace: stage.namespace, name });
const volumeAbove = async (name: string): Promise<PersistentVolume> =>
  stage.above.get(persistentVolumes, { name: (await claimAbove(name)).spec?.volumeName ?? '' });

function statefulSet(name: string, replicas: number, script: string) {
  const { container } = mounting('');
  return workload('StatefulSet', name, podSpec(stage.node, { script, container }), {
    replicas,
    serviceName: name,
    podManagementPolicy: 'Parallel',
    volumeClaimTemplates: [claim('data', className)],
  });
}

describe.runIf(isRoot)('a StatefulSet with claims', () => {
  it('writes, and each pod comes back to its data', async () => {
    await volumesBelow('db', 3);
    await stage.create(statefulSet('db', 3, 'echo $HOSTNAME >>/data/log; exec sleep 100000'));
    const names = ['db-0', 'db-1', 'db-2'];
    await Promise.all(names.map((name) => stage.reaches(name, 'Running')));
    for (const name of names) {
      const upper = await volumeAbove(`data-${name}`);
      expect(upper.spec?.nodeAffinity?.required?.nodeSelectorTerms).toEqual([
        { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [stage.node] }] },
      ]);
    }
    // The real size comes up.
    await eventually(async () => {
      expect((await claimAbove('data-db-0')).status?.capacity).toEqual({ storage: '3Gi' });
      expect((await volumeAbove('data-db-0')).spec?.capacity).toEqual({ storage: '3Gi' });
    });
    const uids = new Set((await Promise.all(names.map(stage.podAbove))).map(({ metadata }) => metadata?.uid));
    await stage.run('delete', 'pod', ...names, '--wait=false');
    for (const name of names) {
      await eventually(async () => {
        const pod = await stage.podAbove(name);
        expect(uids.has(pod.metadata?.uid)).toBe(false);
        expect(pod.status?.phase).toBe('Running');
      });
      expect(await stage.run('exec', name, '--', 'cat', '/data/log')).toBe(`${name}\n${name}\n`);
    }
  });
});
