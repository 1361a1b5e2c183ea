import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { persistentVolumeClaims, persistentVolumes, pods } from '../../src/kube/resources.ts';
import type { PersistentVolumeClaim } from '../../src/kube/types.ts';
import { eventually, kubectl } from '../clusters.ts';
import { podOn, podSpec, workload } from '../manifests.ts';
import { find } from '../objects.ts';
import { claim, mounting } from '../storage-objects.ts';
import { openStorageStage, type StorageStage } from '../storage-stage.ts';

/** A real kubelet mounts what is bound; kwok only says so. */
const isRoot = process.getuid?.() === 0;
let stage: StorageStage;

beforeAll(async () => {
  stage = await openStorageStage('storage', 'a', {
    flags: ['--storage-provisioners', 'disks.example.com'],
  });
});
afterAll(() => stage?.close(), 180_000);

const problemOf = ({ status }: PersistentVolumeClaim) =>
  status?.conditions?.find(({ type }) => type === 'isthmus.io/LowerStorageReady');
const script = 'echo $HOSTNAME >>/data/log; exec sleep 100000';
const podWith = (name: string, claimName: string, more: object = {}) =>
  podOn(stage.node, name, { script, ...mounting(claimName), ...more } as object);
const content = (pod: string) => stage.run('exec', pod, '--', 'cat', '/data/log');
const removed = async (pod: string) => {
  await stage.run('delete', 'pod', pod);
};

function statefulSet(name: string, replicas: number) {
  const { container } = mounting('');
  return workload('StatefulSet', name, podSpec(stage.node, { script, container }), {
    replicas,
    serviceName: name,
    podManagementPolicy: 'Parallel',
    volumeClaimTemplates: [claim('data', stage.className)],
  });
}

describe('a StatefulSet with claims', () => {
  const names = ['db-0', 'db-1', 'db-2'];

  it('writes, and each pod comes back to its data', async () => {
    for (const name of names) await stage.volumeBelow(name);
    await stage.create(statefulSet('db', 3));
    await Promise.all(names.map((name) => stage.reaches(name, 'Running')));
    const upper = await stage.volumeAbove('data-db-0');
    expect(upper.spec?.nodeAffinity?.required?.nodeSelectorTerms).toEqual([
      { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [stage.node] }] },
    ]);
    // 1Gi was asked for: the real size comes up.
    await eventually(async () => {
      expect((await stage.claimAbove('data-db-0')).status?.capacity).toEqual({ storage: '3Gi' });
      const { spec, metadata } = await stage.volumeAbove('data-db-0');
      expect(spec?.capacity).toEqual({ storage: '3Gi' });
      expect(metadata?.annotations?.['isthmus.io/lower-volume']).toMatch(/^db-/);
    });
    const uids = new Set((await Promise.all(names.map(stage.podAbove))).map(({ metadata }) => metadata?.uid));
    await stage.run('delete', 'pod', ...names, '--wait=false');
    for (const name of names) {
      await eventually(async () => {
        const pod = await stage.podAbove(name);
        expect(uids.has(pod.metadata?.uid)).toBe(false);
        expect(pod.status?.phase).toBe('Running');
      });
      if (isRoot) expect(await content(name)).toBe(`${name}\n${name}\n`);
    }
  });

  it('is scaled down and up, and finds its data again', async () => {
    await stage.run('scale', 'statefulset', 'db', '--replicas=1');
    await stage.gone(stage.below, pods, 'db-2');
    expect((await stage.claimBelow('data-db-2')).status?.phase).toBe('Bound');
    await stage.run('scale', 'statefulset', 'db', '--replicas=3');
    await stage.reaches('db-2', 'Running');
    if (isRoot) expect(await content('db-2')).toBe('db-2\ndb-2\ndb-2\n');
  });
});

describe('deletion', () => {
  it('waits for the last user, and then takes the data below away', async () => {
    await stage.volumeBelow('used');
    await stage.create(claim('used', stage.className), podWith('user', 'used'));
    await stage.reaches('user', 'Running');
    const volume = await stage.volumeAbove('used');
    // The volume first, which Kubernetes holds while it is bound; then the claim, which it holds while it is used.
    await stage.run('delete', 'pv', volume.metadata?.name ?? '', '--wait=false');
    await stage.run('delete', 'pvc', 'used', '--wait=false');
    await stage.create(podOn(stage.node, 'beside'));
    await stage.reaches('beside', 'Running');
    expect((await stage.claimBelow('used')).metadata?.deletionTimestamp).toBeUndefined();
    await removed('user');
    await stage.gone(stage.above, persistentVolumeClaims, 'used');
    await stage.gone(stage.below, persistentVolumeClaims, 'used');
    await eventually(async () =>
      expect(
        await find(stage.above, persistentVolumes, { name: volume.metadata?.name ?? '' }),
      ).toBeUndefined(),
    );
  });

  it('keeps the data where the class says Retain, and frees the name', async () => {
    const kept = await stage.classAbove('kept', 'isthmus.io/virtual', { reclaimPolicy: 'Retain' });
    await stage.classBelow('kept', 'kubernetes.io/no-provisioner');
    const more = { storageClassName: kept, persistentVolumeReclaimPolicy: 'Delete' };
    const first = await stage.volumeBelow('kept', '1Gi', more);
    await stage.create(claim('kept', kept), podWith('keeper', 'kept'));
    await stage.reaches('keeper', 'Running');
    const below = () => stage.below.get(persistentVolumes, { name: first });
    await eventually(async () => expect((await below()).spec?.persistentVolumeReclaimPolicy).toBe('Retain'));
    const above = (await stage.volumeAbove('kept')).metadata?.name ?? '';
    await removed('keeper');
    await stage.run('delete', 'pvc', 'kept');
    await stage.gone(stage.below, persistentVolumeClaims, 'kept');
    expect((await below()).status?.phase).toBe('Released');
    expect((await stage.above.get(persistentVolumes, { name: above })).status?.phase).toBe('Released');
    await stage.volumeBelow('other', '1Gi', more);
    await stage.create(claim('kept', kept), podWith('keeper', 'kept'));
    await stage.reaches('keeper', 'Running');
    if (isRoot) expect(await content('keeper')).toBe('keeper\n');
    const second = (await stage.volumeAbove('kept')).metadata?.name ?? '';
    expect(second).not.toBe(above);
    await removed('keeper');
    await stage.run('delete', 'pvc', 'kept');
    // Somebody gives what was kept to another claim: the data are those of the first.
    await stage.run('patch', 'pv', above, '--type=json', '-p', '[{"op":"remove","path":"/spec/claimRef"}]');
    await stage.create(claim('again', kept, '1Gi', { volumeName: above }), podWith('again', 'again'));
    await stage.reaches('again', 'Running');
    expect((await stage.claimBelow('again')).spec?.volumeName).toBe(first);
    if (isRoot) expect(await content('again')).toBe('keeper\nagain\n');
    await removed('again');
    await stage.run('delete', 'pvc', 'again');
    await stage.gone(stage.below, persistentVolumeClaims, 'again');
    // Somebody decides that what was kept is not wanted any more: only the volumes above go.
    await stage.run('delete', 'pv', above, second);
    expect((await below()).status?.phase).toBe('Released');
  });
});

describe('a size', () => {
  it('travels down, and what becomes of it up', async () => {
    const name = await stage.volumeBelow('size', '1Gi');
    await stage.create(claim('size', stage.className), podWith('sized', 'size'));
    await stage.reaches('sized', 'Running');
    await stage.run('patch', 'pvc', 'size', '-p', '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}');
    await eventually(async () =>
      expect((await stage.claimBelow('size')).spec?.resources?.requests?.['storage']).toBe('2Gi'),
    );
    // Nobody resizes local volumes: here the test is the resizer.
    const status = {
      capacity: { storage: '1Gi' },
      conditions: [{ type: 'FileSystemResizePending', status: 'True', message: 'waits for the node' }],
    };
    const patchStatus = (patch: object) =>
      stage.runBelow('patch', 'pvc', 'size', '--subresource=status', '-p', JSON.stringify({ status: patch }));
    await patchStatus(status);
    await eventually(async () =>
      expect((await stage.claimAbove('size')).status?.conditions).toEqual([
        expect.objectContaining({ type: 'FileSystemResizePending', message: 'waits for the node' }),
      ]),
    );
    await stage.runBelow('patch', 'pv', name, '-p', '{"spec":{"capacity":{"storage":"2Gi"}}}');
    await patchStatus({ capacity: { storage: '2Gi' }, conditions: null });
    await eventually(async () => {
      const { status: shown } = await stage.claimAbove('size');
      expect(shown?.capacity).toEqual({ storage: '2Gi' });
      expect(shown?.conditions ?? []).toEqual([]);
      expect((await stage.volumeAbove('size')).spec?.capacity).toEqual({ storage: '2Gi' });
    });
  });

  it('that the lower cluster refuses is said on the claim', async () => {
    const fixed = await stage.classAbove('fixed', 'isthmus.io/virtual', { allowVolumeExpansion: true });
    await stage.classBelow('fixed', 'kubernetes.io/no-provisioner');
    await stage.volumeBelow('fixed', '1Gi', { storageClassName: fixed });
    await stage.create(claim('fixed', fixed), podWith('fixed', 'fixed'));
    await stage.reaches('fixed', 'Running');
    await stage.run('patch', 'pvc', 'fixed', '-p', '{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}');
    expect(await stage.claimEvent('fixed', 'VolumeResizeFailed')).toMatch(/forbidden|resize/i);
    await eventually(async () =>
      expect(problemOf(await stage.claimAbove('fixed'))).toMatchObject({ reason: 'VolumeResizeFailed' }),
    );
    expect((await stage.podAbove('fixed')).status?.phase).toBe('Running');
  });
});

describe('what cannot be had is refused with a reason', () => {
  it.each<[string, object, RegExp]>([
    [
      'snapshot',
      { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' } },
      /VolumeSnapshot/,
    ],
    ['copy', { dataSource: { kind: 'PersistentVolumeClaim', name: 'db' } }, /PersistentVolumeClaim/],
  ])('%s', async (name, more, expected) => {
    await stage.create(claim(name, stage.className, '1Gi', more), podWith(name, name));
    expect(await stage.claimEvent(name, 'ProvisioningFailed')).toMatch(expected);
    expect(await stage.findBelow(name)).toBeUndefined();
    await stage.run('delete', 'pod,pvc', name);
  });

  it('a class that is bound at once', async () => {
    const atOnce = await stage.classAbove('at-once', 'isthmus.io/virtual', {
      volumeBindingMode: 'Immediate',
    });
    await stage.create(claim('at-once', atOnce));
    expect(await stage.claimEvent('at-once', 'ProvisioningFailed')).toContain('WaitForFirstConsumer');
  });

  it('a class that the lower cluster does not have: another node may be chosen', async () => {
    const only = await stage.classAbove('only-above', 'isthmus.io/virtual');
    await stage.create(claim('classless', only), podWith('classless', 'classless'));
    expect(await stage.claimEvent('classless', 'ProvisioningFailed')).toContain('neither a storage class');
    await stage.run('delete', 'pod,pvc', 'classless');
  });

  it('a claim of the lower cluster of the same name', async () => {
    await stage.createBelow(claim('taken', stage.className));
    await stage.volumeBelow('taken');
    await stage.create(claim('taken', stage.className), podWith('taken', 'taken'));
    expect(await stage.event('taken', 'NameCollision')).toContain('belongs to the lower cluster itself');
    expect(problemOf(await stage.claimAbove('taken'))).toMatchObject({ reason: 'NameCollision' });
    expect((await stage.claimBelow('taken')).metadata?.annotations).toBeUndefined();
    await stage.runBelow('delete', 'pvc', 'taken');
    await stage.reaches('taken', 'Running');
    await eventually(async () =>
      expect(problemOf(await stage.claimAbove('taken'))).toMatchObject({ status: 'True' }),
    );
  });
});

describe('a claim that vanishes below', () => {
  it('is not made again empty, and the claim above says so', async () => {
    await stage.volumeBelow('lost', '3Gi');
    await stage.create(claim('lost', stage.className), podWith('loser', 'lost'));
    await stage.reaches('loser', 'Running');
    await stage.runBelow('delete', 'pvc', 'lost', '--wait=false');
    await eventually(async () =>
      expect(problemOf(await stage.claimAbove('lost'))).toMatchObject({ reason: 'LowerClaimTerminating' }),
    );
    await removed('loser');
    await eventually(async () =>
      expect(problemOf(await stage.claimAbove('lost'))).toMatchObject({ reason: 'LowerClaimLost' }),
    );
    await stage.create(podWith('loser', 'lost'));
    expect(await stage.event('loser', 'LowerClaimLost')).toContain('would be empty');
    expect(await stage.findBelow('lost')).toBeUndefined();
    // The loss is accepted.
    await stage.volumeBelow('lost-again', '3Gi');
    await stage.run('annotate', 'pvc', 'lost', 'isthmus.io/lower-claim-');
    await stage.reaches('loser', 'Running');
  });
});

describe('other claims', () => {
  it('an ephemeral volume is the claim that the upper cluster made, and goes with its pod', async () => {
    await stage.volumeBelow('scratch', '3Gi');
    const { spec } = claim('x', stage.className);
    const volumes = [{ name: 'data', ephemeral: { volumeClaimTemplate: { spec } } }];
    await stage.create(podWith('brief', '', { volumes }));
    await stage.reaches('brief', 'Running');
    const below = await stage.claimBelow('brief-data');
    expect(below.metadata?.ownerReferences).toBeUndefined();
    expect(below.status?.phase).toBe('Bound');
    await removed('brief');
    await stage.gone(stage.below, persistentVolumeClaims, 'brief-data');
  });

  it('a selector chooses among the volumes below, and ReadWriteOncePod is held there', async () => {
    await stage.volumeBelow('chosen', '3Gi', { accessModes: ['ReadWriteOncePod'] });
    const chosen = `chosen-${stage.namespace.slice(-8)}`;
    await stage.runBelow('label', 'pv', chosen, 'disk=fast');
    const more = { selector: { matchLabels: { disk: 'fast' } }, accessModes: ['ReadWriteOncePod'] };
    await stage.create(claim('chosen', stage.className, '1Gi', more), podWith('chosen', 'chosen'));
    await stage.reaches('chosen', 'Running');
    expect((await stage.claimBelow('chosen')).spec?.volumeName).toBe(chosen);
  });

  it('a class of a provisioner that was given to us is one of ours', async () => {
    const given = await stage.classAbove('given', 'disks.example.com');
    await stage.classBelow('given', 'kubernetes.io/no-provisioner');
    await stage.volumeBelow('given', '2Gi', { storageClassName: given });
    await stage.create(claim('given', given), podWith('given', 'given'));
    await stage.reaches('given', 'Running');
    expect((await stage.volumeAbove('given')).spec?.csi?.driver).toBe('virtual.isthmus.io');
  });

  it('one that is never bound below goes with the one above', async () => {
    const plain = await stage.classBelow('never', 'kubernetes.io/no-provisioner');
    await stage.create(claim('never', plain), podWith('never', 'never', { nodeName: stage.node }));
    await eventually(async () => expect(await stage.findBelow('never')).toBeDefined());
    await stage.run('delete', 'pod,pvc', 'never');
    await stage.gone(stage.below, persistentVolumeClaims, 'never');
  });

  it("tensile-kube's way: what is bound below comes up", async () => {
    const plain = await stage.classBelow('plain', 'kubernetes.io/no-provisioner');
    await stage.volumeBelow('plain', '3Gi', { storageClassName: plain });
    await stage.create(claim('plain', plain), podWith('plain', 'plain', { nodeName: stage.node }));
    await stage.reaches('plain', 'Running');
    await eventually(async () => {
      const { spec, status } = await stage.claimAbove('plain');
      expect(status).toMatchObject({ phase: 'Bound', capacity: { storage: '3Gi' } });
      const volume = await stage.above.get(persistentVolumes, { name: spec?.volumeName ?? '' });
      expect(volume.spec?.persistentVolumeReclaimPolicy).toBe('Retain');
      expect(volume.metadata?.annotations?.['isthmus.io/lower-node-affinity']).toContain(
        'kubernetes.io/hostname',
      );
    });
    await stage.run('delete', 'pod', 'plain');
    const name = (await stage.volumeAbove('plain')).metadata?.name ?? '';
    await stage.run('delete', 'pvc', 'plain');
    await stage.run('delete', 'pv', name);
  });
});

describe('a provider that is killed at every step', () => {
  it('makes, binds and removes a volume once', async () => {
    const { above, namespace, provider } = stage;
    await stage.volumeBelow('steps', '3Gi');
    const name = 'steps';
    const findClaim = () => find(above, persistentVolumeClaims, { namespace, name });
    let volumeName = '';
    const killedWhen = async (step: string, isReached: () => Promise<unknown>) => {
      await eventually(async () => expect(await isReached(), step).toBeTruthy(), { every: 5 });
      await provider.kill();
      await provider.start();
    };
    await stage.create(claim(name, stage.className), podWith(name, name));
    await killedWhen('volume above', async () => {
      const uid = (await findClaim())?.metadata?.uid;
      volumeName = `pvc-${uid}`;
      return find(above, persistentVolumes, { name: volumeName });
    });
    await killedWhen('claim bound above', async () => (await findClaim())?.status?.phase === 'Bound');
    await killedWhen('claim below', () => stage.findBelow(name));
    await killedWhen('bound below', async () => (await stage.findBelow(name))?.status?.phase === 'Bound');
    await stage.reaches(name, 'Running');
    const uid = (await stage.findBelow(name))?.metadata?.uid;
    await eventually(async () => {
      expect((await stage.claimAbove(name)).status?.capacity).toEqual({ storage: '3Gi' });
      expect((await stage.claimAbove(name)).metadata?.annotations?.['isthmus.io/lower-claim']).toContain(uid);
    });
    await provider.kill();
    await stage.run('delete', 'pvc', name, '--wait=false');
    await provider.start();
    await removed(name);
    await killedWhen('claim gone above', async () => (await findClaim()) === undefined);
    await killedWhen('claim gone below', async () => (await stage.findBelow(name)) === undefined);
    await eventually(async () =>
      expect(await find(above, persistentVolumes, { name: volumeName })).toBeUndefined(),
    );
  });
});

it('says what its claims and volumes are to anybody with kubectl', async () => {
  const { stdout } = await kubectl(stage.upper, '-n', stage.namespace, 'describe', 'pvc', 'data-db-0');
  expect(stdout).toMatch(/ProvisioningSucceeded.*made volume pvc-/);
});
