import { afterAll, beforeAll, expect, it } from 'vitest';
import { persistentVolumeClaims, persistentVolumes } from '../../src/kube/resources.ts';
import { eventually } from '../clusters.ts';
import { type PodOptions, podOn } from '../manifests.ts';
import { find } from '../objects.ts';
import { claim, mounting } from '../storage-objects.ts';
import { openStorageStage, type StorageStage } from '../storage-stage.ts';

/** Kinds of claims and what happens to them, beside what storage.test.ts has. */
/** A real kubelet mounts what is bound; kwok only says so. */
const isRoot = process.getuid?.() === 0;
let stage: StorageStage;
beforeAll(async () => {
  stage = await openStorageStage('storage-kinds', 'a');
});
afterAll(() => stage?.close(), 240_000);

const podWith = (name: string, claimName: string, more: PodOptions = {}) => {
  const { volumes, container } = mounting(claimName);
  return podOn(stage.node, name, { volumes: volumes as never, container, ...more });
};
const suffix = () => stage.namespace.slice(-8);

it('where the volume below can be reached from is noted above, whose own affinity cannot change', async () => {
  const hostname = { key: 'kubernetes.io/hostname', operator: 'Exists' };
  const zone = { key: 'pool', operator: 'In', values: ['web'] };
  const required = { nodeSelectorTerms: [{ matchExpressions: [hostname, zone] }] };
  await stage.volumeBelow('zoned', '3Gi', { nodeAffinity: { required } });
  await stage.create(claim('zoned', stage.className), podWith('zoned', 'zoned'));
  await stage.reaches('zoned', 'Running');
  const volume = await eventually(async () => {
    const found = await stage.volumeAbove('zoned');
    const told = found.metadata?.annotations?.['isthmus.io/lower-node-affinity'] ?? 'null';
    expect(JSON.parse(told)).toEqual({ required });
    return found;
  });
  expect(volume.metadata?.annotations?.['isthmus.io/lower-volume']).toBe(`zoned-${suffix()}`);
  const name = volume.metadata?.name ?? '';
  // Which is why it is told by an annotation.
  const other = JSON.stringify({ spec: { nodeAffinity: { required } } });
  await expect(stage.run('patch', 'pv', name, '--type=merge', '-p', other)).rejects.toThrow('immutable');
});

it('a claim that many share is shared within the virtual node', async () => {
  await stage.volumeBelow('shared');
  const more = { accessModes: ['ReadWriteMany'] };
  const script = (words: string) => ({ script: `echo ${words} >>/data/said; exec sleep 100000` });
  await stage.create(
    claim('shared', stage.className, '1Gi', more),
    podWith('first', 'shared', script('first')),
    podWith('second', 'shared', script('second')),
  );
  for (const name of ['first', 'second']) await stage.reaches(name, 'Running');
  expect((await stage.volumeAbove('shared')).spec?.accessModes).toEqual(['ReadWriteMany']);
  if (!isRoot) return;
  await eventually(async () => {
    const said = await stage.run('exec', 'first', '--', 'cat', '/data/said');
    expect(said.split('\n').filter(Boolean).sort()).toEqual(['first', 'second']);
  });
});

it('a claim of a raw device is one below', async () => {
  await stage.volumeBelow('raw', '3Gi', { volumeMode: 'Block' });
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'raw' } }];
  const container = { volumeDevices: [{ name: 'data', devicePath: '/dev/data' }] };
  const pod = podOn(stage.node, 'raw', { volumes, container });
  await stage.create(claim('raw', stage.className, '1Gi', { volumeMode: 'Block' }), pod);
  // The folder behind it is no device, so that the pod does not start; the claims are bound all the same.
  await eventually(async () => {
    const below = await stage.claimBelow('raw');
    expect([below.spec?.volumeMode, below.status?.phase]).toEqual(['Block', 'Bound']);
    expect((await stage.claimAbove('raw')).status).toMatchObject({
      phase: 'Bound',
      capacity: { storage: '3Gi' },
    });
  });
  expect((await stage.podBelow('raw')).spec?.containers[0]?.volumeDevices).toHaveLength(1);
  await stage.run('delete', 'pod', 'raw', '--force');
});

it('a volume below whose claim was struck out keeps its data, and nothing above is lost', async () => {
  const volume = await stage.volumeBelow('struck');
  const script = 'echo kept >>/data/said; exec sleep 100000';
  await stage.create(claim('struck', stage.className), podWith('struck', 'struck', { script }));
  await stage.reaches('struck', 'Running');
  await stage.run('delete', 'pod', 'struck');
  const strike = '[{"op":"remove","path":"/spec/claimRef"}]';
  await stage.runBelow('patch', 'pv', volume, '--type=json', '-p', strike);
  // The lower cluster's own controller binds the two again, since the claim still names its volume; it looks every 15 s.
  await eventually(
    async () => {
      const { spec, status } = await stage.below.get(persistentVolumes, { name: volume });
      expect([spec?.claimRef?.name, status?.phase]).toEqual(['struck', 'Bound']);
    },
    { within: 90_000 },
  );
  await stage.create(podWith('again', 'struck', { script }));
  await stage.reaches('again', 'Running');
  if (!isRoot) return;
  await eventually(async () =>
    expect(await stage.run('exec', 'again', '--', 'cat', '/data/said')).toBe('kept\nkept\n'),
  );
});

it('a claim that is deleted before its pod came to run leaves nothing behind', async () => {
  const { above, below, namespace } = stage;
  // No volume below: the claim there waits for one, and the pod with it.
  await stage.create(claim('brief', stage.className), podWith('brief', 'brief'));
  await eventually(async () => expect((await stage.claimAbove('brief')).status?.phase).toBe('Bound'));
  const name = (await stage.claimAbove('brief')).spec?.volumeName ?? '';
  await eventually(async () => expect(await stage.findBelow('brief')).toBeDefined());
  await stage.run('delete', 'pod,pvc', 'brief', '--wait=false');
  await stage.gone(above, persistentVolumeClaims, 'brief');
  await eventually(async () => {
    expect(await find(above, persistentVolumes, { name })).toBeUndefined();
    expect(await find(below, persistentVolumeClaims, { namespace, name: 'brief' })).toBeUndefined();
  });
  // And another of that name begins anew.
  await stage.volumeBelow('brief');
  await stage.create(claim('brief', stage.className), podWith('brief', 'brief'));
  await stage.reaches('brief', 'Running');
});
