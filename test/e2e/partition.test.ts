import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecords } from '../../hack/clusters/process.ts';
import { endProgram, restartProgram } from '../../hack/clusters/programs.ts';
import { leases, nodes, pods } from '../../src/kube/resources.ts';
import { eventually, kubectl, openClusters } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { find, watchPods } from '../objects.ts';
import { isReady } from '../provider.ts';
import { openStage, type Stage } from '../stage.ts';
import { statusOf } from '../status.ts';

const isRoot = process.getuid?.() === 0;
/** Cut off, and the other one, which must not notice. */
let lost: Stage;
let other: Stage;
const stays = ['stays-0', 'stays-1', 'stays-2'];
// With a grace of 0 a deletion would not wait for anybody.
const options = { terminationGracePeriodSeconds: 1 };

beforeAll(async () => {
  [lost, other] = await Promise.all([openStage('partition', 'a'), openStage('beside', 'b')]);
  const leaving = ['cut-old', 'dead-old'];
  await lost.create(...[...stays, ...leaving].map((name) => podOn(lost.node, name, options)));
  for (const name of [...stays, ...leaving]) await lost.reaches(name, 'Running');
});
afterAll(async () => {
  // A test that failed half way has left things cut. A kubelet that lost its API server takes a minute to look again.
  if (isRoot) await lost?.lower.reconnect();
  await lost?.lower.startApiServer().catch(() => {});
  await lost?.run('delete', 'pods', '--all', '--force', '--grace-period=0');
  await lost?.runBelow('delete', 'pods', '--all', '--force', '--grace-period=0');
  await Promise.all([lost?.close(), other?.close()]);
  await wakeUp('a');
});

/** What lost its API server for so long looks for it again up to a minute later: the next tests need it now. */
async function wakeUp(cluster: string): Promise<void> {
  const { directory } = openClusters();
  const sleepers = ['kube-scheduler', 'kube-controller-manager', 'kubelet', 'kwok'];
  const names = [...readRecords(directory).keys()];
  for (const name of names.filter((name) => sleepers.some((sleeper) => name === `${cluster}-${sleeper}`))) {
    await endProgram(directory, name);
    restartProgram(directory, name);
  }
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const nodeOf = (stage: Stage) => stage.above.get(nodes, { name: stage.node });

async function readinessOf(pod: string): Promise<string | undefined> {
  const { status } = await lost.podAbove(pod);
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}

/** The pods that stay, with the uids and the state that each cluster shows. */
async function shown(cluster: 'above' | 'below'): Promise<unknown> {
  const { items } = await lost[cluster].list(pods, { namespace: lost.namespace });
  return items
    .filter(({ metadata }) => stays.includes(metadata?.name ?? ''))
    .map(({ metadata, status }) => [metadata?.name, metadata?.uid, status?.phase, status?.containerStatuses]);
}

/** Cuts the lower cluster off, looks at what users see and at the other one, mends it, and sees that nothing is lost. */
async function outage(
  name: 'cut' | 'dead',
  cut: () => Promise<void>,
  mend: () => Promise<void>,
): Promise<void> {
  const before = [await shown('above'), await shown('below')];
  const beside = await nodeOf(other);
  const renewals = new Set<string | undefined>();
  const began = performance.now();
  await cut();
  try {
    await eventually(
      async () => {
        const { spec } = await other.above.get(leases, { namespace: 'kube-node-lease', name: other.node });
        renewals.add(spec?.renewTime);
        expect(isReady(await nodeOf(lost))).toBe(false);
      },
      { within: 40_000, every: 250 },
    );
    console.log(`${name}: NotReady after ${seconds(began)}`);
    const { row, wrong } = await statusOf(lost);
    expect(row).toMatch(/ NO /);
    expect(wrong).toMatch(/LowerClusterUnreachable: the lower API server https:.* cannot be reached: \w/);

    // Services must lead nobody there any more.
    await eventually(async () => {
      for (const pod of stays) expect(await readinessOf(pod)).toBe('False');
    });
    console.log(`${name}: its pods are not ready after ${seconds(began)}`);

    // Nothing was written about the other node but its lease, and a pod there is as fast as ever.
    const still = await nodeOf(other);
    expect(isReady(still)).toBe(true);
    expect(still.metadata?.resourceVersion).toBe(beside.metadata?.resourceVersion);
    expect(renewals.size).toBeGreaterThan(1);
    const created = performance.now();
    await other.create(podOn(other.node, name));
    await other.reaches(name, 'Running', 5_000);
    console.log(`${name}: a pod on the other virtual node ran after ${seconds(created)}`);

    // What is asked for meanwhile is done later.
    await lost.create(podOn(lost.node, `${name}-new`, { nodeName: lost.node }));
    await lost.run('delete', 'pod', `${name}-old`, '--wait=false');
    expect(await shown('above')).toEqual(before[0]);
  } finally {
    await mend();
  }
  const mended = performance.now();
  await eventually(async () => expect(isReady(await nodeOf(lost))).toBe(true));
  console.log(`${name}: Ready again after ${seconds(mended)}`);
  await eventually(() => lost.podBelow(`${name}-new`));
  await eventually(async () => {
    const old = await find(lost.below, pods, { namespace: lost.namespace, name: `${name}-old` });
    expect(old === undefined || old.metadata?.deletionTimestamp).toBeTruthy();
  });
  expect([await shown('above'), await shown('below')]).toEqual(before);
  await eventually(async () => {
    for (const pod of stays) expect(await readinessOf(pod)).toBe('True');
  });
}

describe.runIf(isRoot)('a lower cluster whose network is cut', () => {
  it('is a node that is NotReady; when it is back nothing is lost and nothing runs twice', async () => {
    await outage('cut', lost.lower.disconnect, lost.lower.reconnect);
    await lost.gone(lost.above, pods, 'cut-old');
    await lost.reaches('cut-new', 'Running');
  });

  it('does not keep its provider from ending promptly', async () => {
    await lost.lower.disconnect();
    await lost.create(podOn(lost.node, 'under-way', { nodeName: lost.node }));
    const { code, took } = await lost.provider.stop();
    await lost.lower.reconnect();
    console.log(`SIGTERM to exit without a lower cluster: ${Math.round(took)} ms`);
    await lost.provider.start();
    expect(code).toBe(0);
    expect(took).toBeLessThan(5_000);
    await lost.reaches('under-way', 'Running');
  });
});

describe('the upper cluster', () => {
  it('may lose its API server, and all goes on when it is back', async () => {
    const before = await shown('below');
    const witness = await watchPods(lost.below, lost.namespace);
    await lost.upper.stopApiServer();
    expect(await shown('below')).toEqual(before);
    await lost.upper.startApiServer();
    await eventually(async () =>
      expect((await kubectl(lost.upper, 'get', '--raw', '/readyz')).stdout).toBe('ok'),
    );
    const began = performance.now();
    await lost.create(podOn(lost.node, 'afterwards', { nodeName: lost.node }));
    await lost.reaches('afterwards', 'Running');
    console.log(`upper: a pod ran ${seconds(began)} after it was back`);
    await witness.stop();
    expect(await shown('below')).toEqual(before);
    expect([...witness.uids.values()].filter((all) => all.size !== 1)).toEqual([]);
  });
});

describe('a lower cluster whose API server dies', () => {
  it('is a node that is NotReady; when it is back nothing is lost and nothing runs twice', () =>
    outage('dead', lost.lower.stopApiServer, lost.lower.startApiServer));
});
