import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { namespaces, pods } from '../../src/kube/resources.ts';
import { upperUidOf } from '../../src/translate/marks.ts';
import { eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';
import { leadersOf, untilAllLed } from '../leaders.ts';
import { podOn } from '../manifests.ts';
import { clientOf, madeTwice, remove, watchPods } from '../objects.ts';
import { type Replica, startReplica } from '../replica.ts';

/** `ISTHMUS_KILLS` makes the run longer. */
const kills = Number(process.env['ISTHMUS_KILLS'] ?? 6);
const clusters = openClusters();
const [a, b] = [lowerCluster(clusters, 'a'), lowerCluster(clusters, 'b')];
const [above, below] = [clientOf(clusters.upper), clientOf(b)];
const namespace = `replicas-${Date.now().toString(36)}`;
const folder = mkdtempSync(join(tmpdir(), 'isthmus-replicas-'));
const file = join(folder, 'clusters.yaml');
const names = ['vk-one', 'vk-two', 'vk-real'];
const election = ['--leader-elect', '--leader-elect-resource-namespace=isthmus-system'];

let replicas: Replica[] = [];

beforeAll(async () => {
  await above.create(namespaces, { metadata: { name: namespace } });
  const entry = (nodeName: string, kubeconfig: string) => ({ name: nodeName, nodeName, kubeconfig });
  const entries = [
    entry('vk-one', b.providerKubeconfig),
    entry('vk-two', b.providerKubeconfig),
    entry('vk-real', a.providerKubeconfig),
  ];
  writeFileSync(file, stringify({ clusters: entries }));
});
afterAll(async () => {
  if (replicas.length === 0) await start('10s');
  await kubectl(clusters.upper, '-n', namespace, 'delete', 'pods', '--all', '--grace-period=0');
  await Promise.all(replicas.map((replica) => replica.stop()));
  for (const cluster of [above, below, clientOf(a)]) await remove(cluster, namespaces, { name: namespace });
  rmSync(folder, { recursive: true });
});

async function start(duration: string): Promise<Replica> {
  const flags = ['--clusters', file, ...election, `--leader-elect-lease-duration=${duration}`];
  const replica = await startReplica(clusters, ...flags);
  replicas.push(replica);
  return replica;
}

const logs = () => replicas.map((replica) => replica.log().slice(-1_500)).join('\n---\n');
const allLed = () => untilAllLed(above, names, logs);

async function create(name: string, node: string): Promise<void> {
  const pod = podOn(node, name, { nodeName: node });
  await above.create(pods, { ...pod, metadata: { ...pod.metadata, namespace } });
}

/** Waits until a pod that is made now runs, and returns how long that took, in milliseconds. */
async function untilServed(name: string, node: string, since: number): Promise<number> {
  await create(name, node);
  await eventually(
    async () => {
      const { status } = await above.get(pods, { namespace, name });
      if (status?.phase !== 'Running') throw new Error(`${name} is ${status?.phase}: ${logs()}`);
    },
    { within: 40_000, every: 50 },
  );
  return performance.now() - since;
}

/** What a command prints in the pod on the real node. */
async function inStays(...command: string[]): Promise<string> {
  const { stdout, stderr } = await kubectl(
    clusters.upper,
    '-n',
    namespace,
    'exec',
    'stays',
    '--',
    ...command,
  );
  return stdout.trim() || stderr;
}

describe('two replicas', { timeout: 300_000 }, () => {
  it('share the virtual nodes, and one takes over at once what the other gives up', async () => {
    const first = await start('10s');
    await allLed();
    await start('10s');
    await eventually(async () => expect(new Set((await leadersOf(above)).values()).size).toBe(2), {
      within: 60_000,
    });
    await create('stays', 'vk-real');
    await eventually(async () =>
      expect((await above.get(pods, { namespace, name: 'stays' })).status?.phase).toBe('Running'),
    );
    const { metadata } = await above.get(pods, { namespace, name: 'stays' });
    replicas = replicas.filter((replica) => replica !== first);
    const began = performance.now();
    const stopped = first.stop();
    const took = await Promise.all([
      untilServed('after-term-one', 'vk-one', began),
      untilServed('after-term-two', 'vk-two', began),
    ]);
    console.log(
      `SIGTERM: pods of both nodes run after ${took.map((each) => each.toFixed(0)).join(' and ')} ms`,
    );
    // Long before the Lease would have run out.
    expect(Math.max(...took)).toBeLessThan(6_000);
    expect(await stopped).toBe(0);
    // The sessions of kubectl find the new one.
    expect(await inStays('echo', 'here')).toBe('here');
    expect((await above.get(pods, { namespace, name: 'stays' })).metadata?.uid).toBe(metadata?.uid);
  });

  it('take over within 20 s from one that is killed', async () => {
    const [first] = replicas;
    await start('10s');
    await eventually(async () => expect(new Set((await leadersOf(above)).values()).size).toBe(2), {
      within: 60_000,
    });
    replicas = replicas.filter((replica) => replica !== first);
    const began = performance.now();
    await first?.kill();
    const took = await Promise.all([
      untilServed('after-kill-one', 'vk-one', began),
      untilServed('after-kill-two', 'vk-two', began),
      untilServed('after-kill-real', 'vk-real', began),
    ]);
    console.log(`kill -9: pods of all nodes run after ${took.map((each) => each.toFixed(0)).join(', ')} ms`);
    expect(Math.max(...took)).toBeLessThan(20_000);
    expect(await inStays('echo', 'here')).toBe('here');
  });

  it(`make one lower pod of each upper one through ${kills} kills, while pods come and go`, {
    timeout: 120_000 + kills * 30_000,
  }, async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    replicas = [];
    await Promise.all([start('2s'), start('2s')]);
    await allLed();
    const witness = await watchPods(below, namespace, (pod) => upperUidOf(pod) ?? '');
    let isOver = false;
    let made = 0;
    const comeAndGo = async () => {
      while (!isOver) {
        const name = `busy-${made}`;
        made += 1;
        await create(name, made % 2 === 0 ? 'vk-one' : 'vk-two');
        await remove(above, pods, { namespace, name: `busy-${made - 40}` });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    const busy = comeAndGo();
    const before = new Map<string, string>(await leadersOf(above));
    let changes = 0;
    for (let kill = 0; kill < kills; kill++) {
      const victim = replicas.shift();
      await victim?.kill();
      await start('2s');
      // The leader of everything is alive: a pod that is made now runs.
      await untilServed(`kill-${kill}`, kill % 2 === 0 ? 'vk-one' : 'vk-two', performance.now());
      const now = await allLed();
      for (const [name, leader] of now) if (before.get(name) !== leader) changes += 1;
      for (const [name, leader] of now) before.set(name, leader);
    }
    isOver = true;
    await busy;
    await eventually(
      async () => {
        const { items: upper } = await above.list(pods, { namespace });
        const { items: lower } = await below.list(pods, { namespace });
        const ofB = upper.filter(({ spec }) => spec?.nodeName !== 'vk-real');
        expect(lower.map(upperUidOf).sort()).toEqual(ofB.map(({ metadata }) => metadata?.uid).sort());
        expect(ofB.filter(({ status }) => status?.phase !== 'Running')).toEqual([]);
      },
      { within: 60_000 },
    );
    await witness.stop();
    const doubled = madeTwice(witness);
    console.log(
      `${kills} kills, ${changes} changes of leader, ${witness.uids.size} pods, ${doubled.length} made twice`,
    );
    expect(doubled).toEqual([]);
    expect(changes).toBeGreaterThanOrEqual(kills);
  });
});
