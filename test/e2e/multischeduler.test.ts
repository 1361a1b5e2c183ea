import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { execute } from '../../hack/clusters/exec.ts';
import { layoutOfSet } from '../../hack/clusters/layout.ts';
import { type LocalMultischeduler, startMultischeduler } from '../../hack/clusters/multischeduler.ts';
import { readState } from '../../hack/clusters/state.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import { namespaces, nodes, pods } from '../../src/kube/resources.ts';
import type { Node, Pod } from '../../src/kube/types.ts';
import { type Cable, layCable } from '../cable.ts';
import { deleteAllPodsNow, eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';
import { podSpec } from '../manifests.ts';
import { clientOf, find } from '../objects.ts';
import { isReady, isthmus } from '../provider.ts';
import { kubeconfigThrough, type Replica, startReplica } from '../replica.ts';

/** kwok's cluster b stands for two: five nodes each, of 32 cores, 256 Gi and 110 pods. */
const clusters = openClusters();
const b = lowerCluster(clusters, 'b');
const [above, below] = [clientOf(clusters.upper), clientOf(b)];
const namespace = `multi-${Date.now().toString(36)}`;
const folder = mkdtempSync(join(tmpdir(), 'isthmus-multi-'));
const file = join(folder, 'clusters.yaml');
const part = (first: number) =>
  `kubernetes.io/hostname in (${[0, 1, 2, 3, 4].map((index) => `b-node-${first + index}`).join(', ')})`;
const members = [
  { name: 'one', nodeName: 'vk-one', labels: { clusterID: 'one' }, nodeSelector: part(0) },
  { name: 'two', nodeName: 'vk-two', labels: { clusterID: 'two' }, nodeSelector: part(5) },
].map((member) => ({ ...member, kubeconfig: b.providerKubeconfig }));

let provider: Replica;
let cable: Cable;
let multischeduler: LocalMultischeduler;

beforeAll(async () => {
  await Promise.all(
    [above, below].map((client) => client.create(namespaces, { metadata: { name: namespace } })),
  );
  writeFileSync(file, stringify({ clusters: members }));
  provider = await startReplica(clusters, '--clusters', file);
  // The multischeduler reaches the second through a cable of ours.
  const { set } = readState(clusters.directory) ?? {};
  const host = set === undefined ? '127.0.0.1' : layoutOfSet(set).machineAddress;
  cable = await layCable(loadConnection('lower', b.providerKubeconfig), host);
  kubeconfigThrough(b.providerKubeconfig, cable.connection, join(folder, 'two.yaml'));
  const [one, two] = members;
  const seen = { clusters: [one, { ...two, kubeconfig: 'two.yaml' }] };
  writeFileSync(join(folder, 'seen.yaml'), stringify(seen));
  multischeduler = await startMultischeduler(clusters, [
    '--clusters',
    join(folder, 'seen.yaml'),
    '--stale-after',
    '3s',
  ]);
  for (const { nodeName } of members)
    await eventually(async () => expect(isReady(await above.get(nodes, { name: nodeName }))).toBe(true));
});
afterEach(removeAll, 90_000);
afterAll(async () => {
  await multischeduler?.stop();
  await cable?.close();
  await provider?.stop();
  for (const cluster of [clusters.upper, b])
    await kubectl(cluster, 'delete', 'namespace', namespace, '--wait=false');
  for (const { nodeName } of members) await kubectl(clusters.upper, 'delete', 'node', nodeName);
  rmSync(folder, { recursive: true });
});

async function removeAll(): Promise<void> {
  await kubectl(clusters.upper, 'delete', 'node', 'plain', '--ignore-not-found');
  // Nobody below ends those that are not ours to run.
  await deleteAllPodsNow(clusters.upper, namespace, '-l', 'plain');
  await kubectl(clusters.upper, '-n', namespace, 'delete', 'pods', '--all', '--wait=false');
  await kubectl(b, '-n', namespace, 'delete', 'pods', '-l', '!virtual-pod', '--wait=false');
  await eventually(
    async () => {
      expect((await above.list(pods, { namespace })).items).toEqual([]);
      expect((await below.list(pods, { namespace })).items).toEqual([]);
    },
    { within: 60_000 },
  );
}

/** A virtual pod for either of the two, unless it names one. */
function pod(name: string, cpu: string, node?: string): Pod {
  const { nodeSelector: _any, ...spec } = podSpec('', { container: { resources: { requests: { cpu } } } });
  const wanted = node ?? ['vk-one', 'vk-two'];
  const expression = { key: 'kubernetes.io/hostname', operator: 'In', values: [wanted].flat() };
  const terms = { nodeSelectorTerms: [{ matchExpressions: [expression] }] };
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
  return {
    metadata: { namespace, name, labels: { 'virtual-pod': 'true' } },
    spec: { ...spec, affinity },
  };
}

/** Waits until the upper scheduler says something like this of a pod. */
async function unschedulable(name: string, expected: RegExp): Promise<void> {
  await eventually(async () => {
    const { status } = await above.get(pods, { namespace, name });
    const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled');
    expect(condition?.status).toBe('False');
    expect(condition?.message).toMatch(expected);
  });
}

const placesBelow = async () =>
  (await below.list(pods, { namespace })).items.map(({ metadata, spec, status }) => ({
    name: metadata?.name ?? '',
    node: spec?.nodeName,
    phase: status?.phase,
  }));

async function explain(name: string, ...flags: string[]) {
  const args = [isthmus, 'explain', 'pod', `${namespace}/${name}`, '--kubeconfig', clusters.upper.kubeconfig];
  const { stdout, stderr } = await execute(process.execPath, [...args, ...flags]);
  expect(stderr).toBe('');
  return stdout;
}

it('refuses a pod that no lower node can hold though their sum can, and says why', async () => {
  await above.create(pods, pod('large', '40'));
  await unschedulable(
    'large',
    /2 virtual node\(s\) with 0\/100 lower nodes that fit: .*\b5 Insufficient cpu/,
  );
  const document = JSON.parse(await explain('large', '--clusters', file, '-o', 'json'));
  const one = document.virtualNodes.find(({ name }: { name: string }) => name === 'vk-one');
  expect(document.pod).toMatchObject({ phase: 'Pending', node: null });
  expect(one).toMatchObject({ above: [], below: { nodes: 100, feasible: 0 }, unknown: null });
  expect(one.below.reasons['Insufficient cpu']).toBe(5);
  expect(await explain('large', '--clusters', file)).toMatch(
    /vk-two\n {2}above: it fits\n {2}below: 0 of 100/,
  );
});

it('never overbooks in a burst that fills both clusters', async () => {
  // Ten nodes of 32 cores: three of 10 fit on each, and two cores are left over on each.
  const names = Array.from({ length: 40 }, (_, index) => `burst-${index}`);
  await Promise.all(names.map((name) => above.create(pods, pod(name, '10'))));
  await eventually(
    async () => {
      const { items } = await above.list(pods, { namespace });
      const bound = items.filter(({ spec }) => spec?.nodeName);
      const refused = items.filter(({ status }) =>
        status?.conditions?.some(({ reason }) => reason === 'Unschedulable'),
      );
      expect([bound.length, refused.length]).toEqual([30, 10]);
      const places = await placesBelow();
      expect(places.filter(({ node }) => node)).toHaveLength(30);
    },
    { within: 60_000 },
  );
  // A place that becomes free is taken by one of those that wait.
  const { items } = await above.list(pods, { namespace });
  const [first] = items.filter(({ spec }) => spec?.nodeName);
  await kubectl(clusters.upper, '-n', namespace, 'delete', 'pod', first?.metadata?.name ?? '');
  await eventually(async () => expect((await placesBelow()).filter(({ node }) => node)).toHaveLength(30), {
    within: 60_000,
  });
});

it('never overbooks though it is killed in the middle of a burst', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `killed-${index}`);
  const bound = async () =>
    (await above.list(pods, { namespace })).items.filter(({ spec }) => spec?.nodeName).length;
  const creating = Promise.all(names.map((name) => above.create(pods, pod(name, '10'))));
  for (const some of [3, 12]) {
    await eventually(async () => expect(await bound()).toBeGreaterThanOrEqual(some), { every: 10 });
    multischeduler = await killed(multischeduler);
  }
  await creating;
  await eventually(
    async () => {
      expect(await bound()).toBe(30);
      expect((await placesBelow()).filter(({ node }) => node)).toHaveLength(30);
    },
    { within: 120_000 },
  );
});

it('counts what others run below', async () => {
  const native = (index: number) => ({
    ...pod(`native-${index}`, '30'),
    metadata: { namespace, name: `native-${index}` },
    spec: { ...podSpec(`b-node-${index}`, { container: { resources: { requests: { cpu: '30' } } } }) },
  });
  await Promise.all([0, 1, 2, 3].map((index) => below.create(pods, native(index))));
  await eventually(async () => expect((await placesBelow()).filter(({ node }) => node)).toHaveLength(4));
  await above.create(pods, pod('fits', '20', 'vk-one'));
  await eventually(async () => {
    const places = await placesBelow();
    expect(places.find(({ name }) => name === 'fits')?.node).toBe('b-node-4');
  });
  await above.create(pods, pod('does-not', '20', 'vk-one'));
  await unschedulable('does-not', /5 Insufficient cpu/);
});

it('leaves pods without the label alone, and nodes that are not virtual', async () => {
  await above.create(nodes, {
    metadata: { name: 'plain', labels: { 'kubernetes.io/hostname': 'plain' } },
    status: { allocatable: { cpu: '1000', pods: '10' }, capacity: { cpu: '1000', pods: '10' } },
  } as Node);
  const bound = (name: string, expected: RegExp) =>
    eventually(async () =>
      expect((await above.get(pods, { namespace, name })).spec?.nodeName).toMatch(expected),
    );
  const unlabelled = pod('unlabelled', '40');
  await above.create(pods, {
    ...unlabelled,
    metadata: { namespace, name: 'unlabelled', labels: { plain: '' } },
  });
  await bound('unlabelled', /^vk-/);
  const labelled = pod('labelled', '40', 'plain');
  // Nobody makes this node Ready.
  await above.create(pods, {
    metadata: { ...labelled.metadata, labels: { 'virtual-pod': 'true', plain: '' } },
    spec: { containers: [], ...labelled.spec, tolerations: [{ operator: 'Exists' }] },
  });
  await bound('labelled', /^plain$/);
});

describe('a lower cluster that hangs', () => {
  it('gets no pods until it is back, and holds up no other', async () => {
    cable.hold();
    await eventually(() => expect(log()).toContain('a lower cluster does not answer'), { within: 20_000 });
    await above.create(pods, pod('waits', '1', 'vk-two'));
    await unschedulable(
      'waits',
      /1 virtual node\(s\) whose lower cluster is not known now: it does not answer/,
    );
    await above.create(pods, pod('goes-on', '1'));
    await eventually(async () => {
      expect((await above.get(pods, { namespace, name: 'goes-on' })).spec?.nodeName).toBe('vk-one');
    });
    cable.mend();
    cable.cut();
    await eventually(() => expect(log()).toContain('a lower cluster answers again'), { within: 20_000 });
    // What has changed there since is known: one of the nodes is taken.
    await eventually(
      async () =>
        expect((await find(below, pods, { namespace, name: 'waits' }))?.spec?.nodeName).toBeTruthy(),
      { within: 60_000, every: 1_000 },
    );
  });
});

describe("tensile-kube's map", () => {
  it('names clusters by their clusterID', async () => {
    await multischeduler.stop();
    const map = join(folder, 'scheduler.yaml');
    const args = { cluster_configuration: { one: { kube_config: b.providerKubeconfig, kube_master: '' } } };
    writeFileSync(
      map,
      stringify({
        apiVersion: 'kubescheduler.config.k8s.io/v1',
        kind: 'KubeSchedulerConfiguration',
        profiles: [{ pluginConfig: [{ name: 'multi-scheduler', args }] }],
      }),
    );
    multischeduler = await startMultischeduler(clusters, ['--config', map]);
    await above.create(pods, pod('mapped', '20'));
    await eventually(async () => {
      expect((await placesBelow()).find(({ name }) => name === 'mapped')?.node).toBeTruthy();
    });
    expect((await above.get(pods, { namespace, name: 'mapped' })).spec?.nodeName).toBe('vk-one');
    await above.create(pods, pod('too-large', '40'));
    await unschedulable('too-large', /1 virtual node\(s\) whose lower cluster is not configured/);
  });
});

/** As a supervisor starts it again, at the same place, after a SIGKILL. */
async function killed({ program, stop, ...place }: LocalMultischeduler): Promise<LocalMultischeduler> {
  program.kill('SIGKILL');
  await program.exited;
  const next = await clusters.run('multischeduler', [
    ...[process.execPath, isthmus, 'multischeduler'],
    `--kubeconfig=${clusters.upper.multischedulerKubeconfig}`,
    `--address=${new URL(place.url).host}`,
    `--cert-dir=${dirname(place.caFile)}`,
    ...['--clusters', join(folder, 'seen.yaml'), '--stale-after', '3s'],
  ]);
  const stopBoth = async () => {
    await stop();
    next.kill('SIGTERM');
    await next.exited;
  };
  return { ...place, program: next, stop: stopBoth };
}

function log(): string {
  return readFileSync(multischeduler.program.logFile, 'utf8');
}
