import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { execute } from '../../hack/clusters/exec.ts';
import { layoutOfSet } from '../../hack/clusters/layout.ts';
import { readState } from '../../hack/clusters/state.ts';
import { Cache } from '../../src/kube/cache.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { configMaps, namespaces, nodes, pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { type Cable, layCable } from '../cable.ts';
import { eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';
import { configMap, podOn } from '../manifests.ts';
import { clientOf, find } from '../objects.ts';
import { isReady, isthmus, readyNode } from '../provider.ts';
import { kubeconfigThrough, type Replica, startReplica } from '../replica.ts';

const clusters = openClusters();
const [a, b] = [lowerCluster(clusters, 'a'), lowerCluster(clusters, 'b')];
const [above, below] = [clientOf(clusters.upper), clientOf(b)];
const namespace = `many-${Date.now().toString(36)}`;
const folder = mkdtempSync(join(tmpdir(), 'isthmus-many-'));
const file = join(folder, 'clusters.yaml');
const direct = { name: 'fast', nodeName: 'vk-fast', kubeconfig: b.providerKubeconfig };

let replica: Replica;
let cables: Cable[] = [];

beforeAll(async () => {
  await above.create(namespaces, { metadata: { name: namespace } });
  configure(direct);
  replica = await startReplica(clusters, '--clusters', file);
  await ready('vk-fast');
});
afterAll(async () => {
  const { items } = await above.list(pods, { namespace });
  await Promise.all(items.map(remove));
  await eventually(async () => expect((await above.list(pods, { namespace })).items).toEqual([]), {
    within: 60_000,
  });
  await replica?.stop();
  for (const cluster of [above, below]) {
    const { metadata } = await cluster.get(namespaces, { name: namespace });
    await cluster.delete(namespaces, { name: namespace }, { uid: metadata?.uid ?? '' });
  }
  for (const cable of cables) await cable.close();
  cables = [];
  rmSync(folder, { recursive: true });
});

function configure(...entries: object[]): void {
  writeFileSync(file, stringify({ clusters: entries }));
}

/** A kubeconfig of a cluster that leads through a cable of ours. */
async function throughCable(path: string, name: string): Promise<{ cable: Cable; kubeconfig: string }> {
  const { set } = readState(clusters.directory) ?? {};
  const host = set === undefined ? '127.0.0.1' : layoutOfSet(set).machineAddress;
  const cable = await layCable(loadConnection('lower', path), host);
  cables.push(cable);
  const kubeconfig = join(folder, `${name}.yaml`);
  kubeconfigThrough(path, cable.connection, kubeconfig);
  return { cable, kubeconfig };
}

const ready = (name: string, within = 30_000) =>
  eventually(() => readyNode(above, name, () => replica.log().slice(-3_000)), { within });

async function create(pod: Pod): Promise<void> {
  await above.create(pods, { ...pod, metadata: { ...pod.metadata, namespace } });
}

async function remove({ metadata }: Pod): Promise<void> {
  const { name = '', uid = '' } = metadata ?? {};
  await above.delete(pods, { namespace, name }, { uid });
}

/** Milliseconds from creation to Running above, of each of so many pods that come one after another. */
async function latencies(prefix: string, count: number): Promise<number[]> {
  const began = new Map<string, number>();
  const took: number[] = [];
  const cache = new Cache<Pod>({});
  cache.subscribe(({ type, object }) => {
    const start = began.get(object.metadata?.name ?? '');
    if (type === 'deleted' || start === undefined || object.status?.phase !== 'Running') return;
    began.delete(object.metadata?.name ?? '');
    took.push(performance.now() - start);
  });
  const stopping = new AbortController();
  const reflector = new Reflector(above, pods, cache, { namespace });
  const running = reflector.run(stopping.signal);
  await reflector.synced;
  for (let index = 0; index < count; index++) {
    const name = `${prefix}-${index}`;
    began.set(name, performance.now());
    await create(podOn('vk-fast', name));
    await eventually(() => expect(began.size).toBeLessThan(4), { every: 5 });
  }
  await eventually(() => expect(began.size).toBe(0), { every: 5 });
  stopping.abort();
  await running;
  const { items } = await above.list(pods, { namespace });
  await Promise.all(items.filter(({ metadata }) => metadata?.name?.startsWith(prefix)).map(remove));
  return took;
}

const median = (values: number[]) =>
  values.sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN;

describe('of three lower clusters in one process', () => {
  it('one that is cut off and one that answers late do not delay the third', {
    timeout: 300_000,
  }, async () => {
    await latencies('warm', 20);
    const alone = await latencies('alone', 100);
    const [cut, late] = [
      await throughCable(b.providerKubeconfig, 'cut'),
      await throughCable(a.providerKubeconfig, 'late'),
    ];
    configure(
      direct,
      { name: 'cut', nodeName: 'vk-cut', kubeconfig: cut.kubeconfig },
      { name: 'late', nodeName: 'vk-late', kubeconfig: late.kubeconfig },
    );
    await Promise.all([ready('vk-cut'), ready('vk-late')]);
    // Work that cannot get on, on both.
    cut.cable.hold();
    late.cable.delay(5_000);
    for (let index = 0; index < 20; index++) {
      await create(podOn('vk-cut', `cut-${index}`, { nodeName: 'vk-cut' }));
      await create(podOn('vk-late', `late-${index}`, { nodeName: 'vk-late' }));
    }
    const beside = await latencies('beside', 100);
    await eventually(async () => expect(isReady(await above.get(nodes, { name: 'vk-cut' }))).toBe(false), {
      within: 60_000,
    });
    const besideLost = await latencies('lost', 100);
    cut.cable.mend();
    cut.cable.cut();
    late.cable.delay(0);
    late.cable.cut();
    // Both get on with their work when they can.
    await eventually(
      async () => {
        const { items } = await above.list(pods, { namespace });
        const waiting = items
          .filter(({ status }) => status?.phase !== 'Running')
          .map(({ metadata }) => metadata?.name);
        expect(waiting).toEqual([]);
      },
      { within: 90_000, every: 500 },
    );
    configure(direct);
    const again = await latencies('again', 100);
    const base = median([...alone, ...again]);
    const ratios = [beside, besideLost].map((each) => median(each) / base);
    console.log(
      `p50 alone ${base.toFixed(0)} ms; beside others, as a ratio: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}`,
    );
    // Other tests run on this machine; whoever waited for one of the two would be five seconds late.
    for (const ratio of ratios) expect(ratio).toBeLessThan(3);
  });
});

describe('virtual nodes that share a lower cluster', () => {
  const small = ['b-node-0', 'b-node-1'];
  const selector = `kubernetes.io/hostname in (${small.join(', ')})`;

  it('offer their own part of it, and their pods go nowhere else', async () => {
    configure(direct, {
      name: 'small',
      nodeName: 'vk-small',
      kubeconfig: b.providerKubeconfig,
      nodeSelector: selector,
    });
    await ready('vk-small');
    await eventually(async () => {
      // What other tests have left there is room that is gone.
      const { items } = await below.list(pods);
      const others = items.filter(({ spec }) => small.includes(spec?.nodeName ?? '')).length;
      const { status } = await above.get(nodes, { name: 'vk-small' });
      expect(status?.allocatable).toMatchObject({ cpu: '64', pods: `${220 - others}` });
    });
    for (let index = 0; index < 10; index++) await create(podOn('vk-small', `small-${index}`));
    await eventually(async () => {
      const { items } = await below.list(pods, { namespace });
      const places = items.filter(({ metadata }) => metadata?.name?.startsWith('small-'));
      expect(places).toHaveLength(10);
      for (const { spec } of places) expect(small).toContain(spec?.nodeName);
    });
  });

  it('share the copies that pods of both use, until the last of them goes', async () => {
    await above.create(configMaps, {
      ...configMap('shared', { key: 'one' }),
      metadata: { name: 'shared', namespace },
    });
    const volumes = [{ name: 'shared', configMap: { name: 'shared' } }];
    await create(podOn('vk-small', 'uses-small', { volumes }));
    await create(podOn('vk-fast', 'uses-fast', { volumes }));
    const copy = () => find(below, configMaps, { namespace, name: 'shared' });
    const running = (name: string) =>
      eventually(async () =>
        expect((await above.get(pods, { namespace, name })).status?.phase).toBe('Running'),
      );
    await Promise.all([running('uses-small'), running('uses-fast')]);
    const { uid } = (await copy())?.metadata ?? {};
    const gone = (name: string) =>
      eventually(async () => expect(await find(below, pods, { namespace, name })).toBeUndefined());
    await remove(await above.get(pods, { namespace, name: 'uses-small' }));
    await gone('uses-small');
    const { metadata } = await above.get(configMaps, { namespace, name: 'shared' });
    await above.patch(
      configMaps,
      { namespace, name: 'shared' },
      { metadata: { uid: metadata?.uid }, data: { key: 'two' } },
    );
    await eventually(async () => expect((await copy())?.data).toEqual({ key: 'two' }));
    expect((await copy())?.metadata?.uid).toBe(uid);
    await remove(await above.get(pods, { namespace, name: 'uses-fast' }));
    await gone('uses-fast');
    await eventually(async () => expect(await copy()).toBeUndefined());
  });
});

describe('virtual nodes that share a lower cluster, when one of them is unjoined', () => {
  it('leave each other what they both use, and it goes with the last pod all the same', async () => {
    const small = { name: 'small', nodeName: 'vk-small', kubeconfig: b.providerKubeconfig };
    configure(direct, small);
    await ready('vk-small');
    const metadata = { name: 'kept', namespace };
    await above.create(configMaps, { ...configMap('kept', { key: 'one' }), metadata });
    const volumes = [{ name: 'kept', configMap: { name: 'kept' } }];
    for (const name of ['fast', 'small']) {
      await create(podOn(`vk-${name}`, `keeps-${name}`, { volumes }));
      await eventually(async () => {
        const { status } = await above.get(pods, { namespace, name: `keeps-${name}` });
        expect(status?.phase).toBe('Running');
      });
    }
    const copy = () => find(below, configMaps, metadata);
    const holder = async () => (await copy())?.metadata?.annotations?.['isthmus.io/virtual-node'];
    const { uid } = (await copy())?.metadata ?? {};
    // Whoever brings its first pod down makes sure that the other does not take the copy away meanwhile.
    expect(await holder()).toBe('vk-small');
    configure(direct);
    const { exitCode, stdout, stderr } = await execute(process.execPath, [
      ...[isthmus, 'unjoin', 'small', '--kubeconfig', clusters.upper.kubeconfig],
      ...['--client-kubeconfig', b.kubeconfig, '--node-name', 'vk-small', '--force', '--timeout', '2s'],
    ]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('do not go');
    expect((await copy())?.metadata?.uid).toBe(uid);
    expect(await holder()).toBe('vk-fast');
    await remove(await above.get(pods, { namespace, name: 'keeps-fast' }));
    await eventually(async () => expect(await copy()).toBeUndefined());
  });
});

describe('a configuration that is changed', () => {
  it('reaches the node that is registered: labels come and go, of the taint it is told', async () => {
    const base = { name: 'changed', nodeName: 'vk-changed', kubeconfig: b.providerKubeconfig };
    configure(direct, { ...base, labels: { tier: 'web', disk: 'ssd' } });
    await ready('vk-changed');
    const labels = async () => (await above.get(nodes, { name: 'vk-changed' })).metadata?.labels;
    const { metadata } = await above.get(nodes, { name: 'vk-changed' });
    await above.patch(
      nodes,
      { name: 'vk-changed' },
      { metadata: { uid: metadata?.uid, labels: { mine: 'x' } } },
    );
    configure(direct, { ...base, labels: { disk: 'nvme' }, taint: { key: 'gpu', effect: 'NoExecute' } });
    await eventually(async () => expect(await labels()).toMatchObject({ disk: 'nvme', mine: 'x' }));
    expect(await labels()).not.toHaveProperty('tier');
    const advice = 'kubectl taint node vk-changed gpu:NoExecute --overwrite';
    expect(replica.log()).toContain(advice);
    await eventually(async () => {
      const { stdout } = await kubectl(clusters.upper, 'describe', 'node', 'vk-changed');
      expect(stdout).toMatch(/TaintNotFollowed.*kubectl taint node vk-changed gpu:NoExecute/);
    });
  });
});

describe('a quota', () => {
  it('is shown above and held below', async () => {
    const capacity = { cpu: '1', pods: '100', 'example.com/gpu': '8' };
    configure(direct, { name: 'quota', nodeName: 'vk-quota', kubeconfig: b.providerKubeconfig, capacity });
    await ready('vk-quota');
    const { status } = await above.get(nodes, { name: 'vk-quota' });
    expect(status?.allocatable).toMatchObject({ cpu: '1', pods: '100', memory: '25Ti' });
    // Of what the lower nodes do not have nothing is offered.
    expect(status?.allocatable).not.toHaveProperty(['example.com/gpu']);
    // Bound by hand, all at once, past the scheduler that would have kept them away.
    const cpu = { container: { resources: { requests: { cpu: '400m' } } } };
    await Promise.all(
      [0, 1, 2, 3, 4].map((index) =>
        create(podOn('vk-quota', `quota-${index}`, { nodeName: 'vk-quota', ...cpu })),
      ),
    );
    await eventually(async () => {
      const { items } = await above.list(pods, { namespace });
      const mine = items.filter(({ metadata }) => metadata?.name?.startsWith('quota-'));
      const ends = mine.map(({ status }) => `${status?.phase} ${status?.reason ?? ''}`.trim()).sort();
      expect(ends).toEqual(['Failed OutOfcpu', 'Failed OutOfcpu', 'Failed OutOfcpu', 'Running', 'Running']);
    });
    const { items } = await below.list(pods, { namespace });
    expect(items.filter(({ metadata }) => metadata?.name?.startsWith('quota-'))).toHaveLength(2);
  });
});
