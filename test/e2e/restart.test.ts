import { afterAll, beforeAll, expect, it } from 'vitest';
import { events, leases, pods } from '../../src/kube/resources.ts';
import { lowerPodAnnotation, lowerPositionAnnotation } from '../../src/translate/names.ts';
import { describeWrite, ourWrites } from '../audit.ts';
import { eventually } from '../clusters.ts';
import { podOn, podSpec, workload } from '../manifests.ts';
import { type Witness, watchPods } from '../objects.ts';
import { openStage, type Stage } from '../stage.ts';

const uidAnnotation = 'isthmus.io/upper-uid';
let stage: Stage;
let witness: Witness;

beforeAll(async () => {
  stage = await openStage('restart', 'b');
  witness = await watchPods(stage.below, stage.namespace);
});
afterAll(async () => {
  await witness?.stop();
  await stage?.close();
});

const list = async (cluster: 'above' | 'below') =>
  (await stage[cluster].list(pods, { namespace: stage.namespace })).items;

it('a provider killed while it makes 200 pods makes each once', async () => {
  await stage.create(workload('ReplicaSet', 'many', podSpec(stage.node), { replicas: 200 }));
  await eventually(() => expect(witness.uids.size).toBeGreaterThan(40), { every: 5 });
  await stage.provider.kill();
  const atDeath = witness.uids.size;
  expect(atDeath).toBeLessThan(200);
  await stage.provider.start();
  await eventually(
    async () => {
      const above = await list('above');
      expect(above.filter(({ status }) => status?.phase === 'Running').length).toBe(200);
    },
    { within: 60_000, every: 300 },
  );
  console.log(`killed when ${atDeath} of 200 pods were below`);
  const [above, below] = await Promise.all([list('above'), list('below')]);
  expect(below.map(({ metadata }) => metadata?.annotations?.[uidAnnotation]).sort()).toEqual(
    above.map(({ metadata }) => metadata?.uid).sort(),
  );
  expect([...witness.uids.values()].filter((uids) => uids.size !== 1)).toEqual([]);
  expect(witness.uids.size).toBe(200);
});

it('on SIGTERM it ends promptly, in good order', async () => {
  const { code, took } = await stage.provider.stop();
  console.log(`SIGTERM to exit: ${Math.round(took)} ms`);
  expect(code).toBe(0);
  expect(took).toBeLessThan(3_000);
});

it('what was deleted while it was down is gone below after its start', async () => {
  await stage.run('delete', 'replicaset', 'many', '--cascade=orphan');
  const [first, ...rest] = (await list('above')).map(({ metadata }) => metadata ?? {});
  await Promise.all(
    rest.map(({ name = '', namespace, uid = '' }, index) =>
      stage.above.delete(pods, { name, namespace }, { uid, gracePeriodSeconds: index % 2 === 0 ? 30 : 0 }),
    ),
  );
  expect((await list('below')).length).toBe(200);
  await stage.provider.start();
  await eventually(
    async () => {
      const names = async (cluster: 'above' | 'below') =>
        (await list(cluster)).map(({ metadata }) => metadata?.name);
      expect([await names('above'), await names('below')]).toEqual([[first?.name], [first?.name]]);
    },
    { within: 60_000, every: 300 },
  );
  expect([...witness.uids.values()].filter((uids) => uids.size !== 1)).toEqual([]);
});

it('a pod that was made and deleted again while it was down, and one of a reused name, do not run twice', async () => {
  await stage.create(podOn(stage.node, 'reused'));
  const old = await stage.reaches('reused', 'Running');
  await stage.provider.kill();
  await stage.run('delete', 'pod', 'reused', '--force', '--grace-period=0');
  await stage.create(podOn(stage.node, 'reused'));
  await stage.provider.start();
  const now = await stage.reaches('reused', 'Running');
  expect(now.metadata?.uid).not.toBe(old.metadata?.uid);
  expect((await stage.podBelow('reused')).metadata?.annotations?.[uidAnnotation]).toBe(now.metadata?.uid);
  expect(witness.uids.get(`${stage.namespace}/reused`)?.size).toBe(2);
});

it('a pod whose lower one went while it was down does not run again, though nothing above tells of it', async () => {
  await stage.create(podOn(stage.node, 'unnoted'));
  await stage.reaches('unnoted', 'Running');
  const { annotations } = (await stage.podAbove('unnoted')).metadata ?? {};
  expect(annotations?.[lowerPodAnnotation]).toBeDefined();
  await leaseKnows((await stage.podBelow('unnoted')).metadata?.resourceVersion);
  await stage.provider.kill();
  // As if it had died in the moment between the making of the lower pod and the note of it.
  await stage.run('annotate', 'pod', 'unnoted', `${lowerPodAnnotation}-`);
  const { uid = '' } = (await stage.podBelow('unnoted')).metadata ?? {};
  await stage.below.delete(
    pods,
    { namespace: stage.namespace, name: 'unnoted' },
    { uid, gracePeriodSeconds: 0 },
  );
  await stage.provider.start();
  const now = await stage.reaches('unnoted', 'Failed');
  expect(now.status?.reason).toBe('LowerPodLost');
  expect(witness.uids.get(`${stage.namespace}/unnoted`)?.size).toBe(1);
});

it('a restart writes nothing where nothing has changed', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `still-${index}`);
  await stage.create(...names.map((name) => podOn(stage.node, name)));
  await Promise.all(names.map((name) => stage.reaches(name, 'Running')));
  const eventsOf = async (cluster: 'above' | 'below') =>
    (await stage[cluster].list(events, { namespace: stage.namespace })).items
      .filter(({ involvedObject }) => names.includes(involvedObject.name ?? ''))
      .map(({ metadata }) => metadata.name);
  await eventually(async () =>
    expect(await eventsOf('above')).toEqual(expect.arrayContaining(await eventsOf('below'))),
  );
  await stage.provider.stop();
  const since = Date.now();
  await stage.provider.start();

  const news = 'still-0.news';
  // News of now is behind everything that the list of events brought.
  const { uid = '', namespace = '', name = '' } = (await stage.podBelow('still-0')).metadata ?? {};
  const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  await stage.below.create(events, {
    metadata: { namespace, name: news },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
    ...{
      reason: 'News',
      message: 'of now',
      type: 'Normal',
      count: 1,
      firstTimestamp: time,
      lastTimestamp: time,
    },
  });
  await stage.event('still-0', 'News');
  const written = () =>
    [stage.upper, stage.lower]
      .flatMap((cluster) => ourWrites(cluster, since))
      .filter(({ objectRef: { resource, namespace: of, name: which } = {} }) => {
        return of === namespace || (resource === 'nodes' && which === stage.node);
      })
      .map(describeWrite);
  // The log is a second behind, and in order.
  await eventually(() => expect(written().join()).toContain(news));
  expect(written().filter((line) => !line.includes(news))).toEqual([]);
});

/** Waits until the Lease of the node tells of a state of the lower cluster that is no older. */
async function leaseKnows(version = ''): Promise<void> {
  await eventually(
    async () => {
      const { metadata } = await stage.above.get(leases, { namespace: 'kube-node-lease', name: stage.node });
      expect(Number(metadata?.annotations?.[lowerPositionAnnotation])).toBeGreaterThanOrEqual(
        Number(version),
      );
    },
    { within: 30_000, every: 500 },
  );
}
