import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { findBinaries } from '../../hack/clusters/binaries.ts';
import { type LocalMultischeduler, startMultischeduler } from '../../hack/clusters/multischeduler.ts';
import { filesOf } from '../../hack/clusters/pki.ts';
import type { RunningProgram } from '../../hack/clusters/programs.ts';
import { namespaces, nodes, pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';
import { type Followed, follow, isBound } from '../conformance/fill/submit.ts';
import { clientOf } from '../objects.ts';
import { isReady } from '../provider.ts';
import { type Replica, startReplica } from '../replica.ts';

/**
 * Kwok's hundred nodes as a few virtual ones, and kube-schedulers above of which two differ in the extender alone. Those
 * of a stock configuration hold themselves to fifty requests in a second (clientConnection of KubeSchedulerConfiguration);
 * what the others do depends on nothing but how long each answer takes.
 */
const rounds = Number(process.env['ISTHMUS_ROUNDS'] ?? 2);
const podsEach = Number(process.env['ISTHMUS_PODS'] ?? 300);
const parts = Number(process.env['ISTHMUS_PARTS'] ?? 10);
const kinds = ['with', 'without'] as const;
type Kind = (typeof kinds)[number];
const limits = { stock: { qps: 50, burst: 100 }, unlimited: { qps: 5000, burst: 5000 } };
type Limit = keyof typeof limits;

const clusters = openClusters();
const b = lowerCluster(clusters, 'b');
const [above, below] = [clientOf(clusters.upper), clientOf(b)];
const folder = mkdtempSync(join(tmpdir(), 'isthmus-throughput-'));
const namespace = `throughput-${Date.now().toString(36)}`;
const nodeNames = Array.from({ length: parts }, (_, part) => `vk-t${part}`);
const schedulers = new Map<string, RunningProgram>();
let multischeduler: LocalMultischeduler;
let provider: Replica;
let up: Followed;

beforeAll(async () => {
  const each = Math.floor(100 / parts);
  const hosts = (part: number) => Array.from({ length: each }, (_, index) => `b-node-${each * part + index}`);
  const entries = nodeNames.map((nodeName, part) => ({
    name: `t${part}`,
    nodeName,
    kubeconfig: b.providerKubeconfig,
    nodeSelector: `kubernetes.io/hostname in (${hosts(part).join(', ')})`,
    labels: { throughput: 'yes' },
  }));
  const file = join(folder, 'clusters.yaml');
  writeFileSync(file, stringify({ clusters: entries }));
  await Promise.all(
    [above, below].map((client) => client.create(namespaces, { metadata: { name: namespace } })),
  );
  [provider, multischeduler] = [
    await startReplica(clusters, '--clusters', file),
    await startMultischeduler(clusters, ['--clusters', file]),
  ];
  for (const name of nodeNames)
    await eventually(async () => expect(isReady(await above.get(nodes, { name }))).toBe(true), {
      within: 60_000,
    });
  up = await follow(above, namespace);
  for (const limit of ['stock', 'unlimited'] as const)
    for (const kind of kinds) schedulers.set(schedulerName(limit, kind), await startScheduler(limit, kind));
}, 180_000);
afterAll(async () => {
  await up?.stop();
  for (const scheduler of schedulers.values()) {
    scheduler.kill('SIGKILL');
    await scheduler.exited;
  }
  await multischeduler?.stop();
  await provider?.stop();
  for (const cluster of [clusters.upper, b])
    await kubectl(cluster, 'delete', 'namespace', namespace, '--wait=false');
  for (const name of nodeNames) await kubectl(clusters.upper, 'delete', 'node', name);
  rmSync(folder, { recursive: true });
}, 120_000);

/** A scheduler for pods that ask for it; nothing but its own work limits it. */
async function startScheduler(limit: Limit, kind: Kind): Promise<RunningProgram> {
  const kubeconfig = filesOf(clusters.directory, clusters.upper.name).kubeconfigOf('scheduler');
  const extender = {
    urlPrefix: multischeduler.url,
    filterVerb: 'filter',
    prioritizeVerb: 'prioritize',
    weight: 2,
    enableHTTPS: true,
    tlsConfig: { caFile: multischeduler.caFile },
    nodeCacheCapable: true,
    httpTimeout: '5s',
  };
  const configuration = {
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    clientConnection: { kubeconfig, ...limits[limit] },
    leaderElection: { leaderElect: false },
    profiles: [{ schedulerName: schedulerName(limit, kind) }],
    extenders: kind === 'with' ? [extender] : [],
  };
  const name = schedulerName(limit, kind);
  const file = join(folder, `${name}.yaml`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, stringify(configuration));
  const { 'kube-scheduler': binary } = await findBinaries();
  return clusters.run(name, [binary, `--config=${file}`, '--secure-port=0']);
}

function schedulerName(limit: Limit, kind: Kind): string {
  return `throughput-${limit}-${kind}`;
}

function pod(name: string, schedulerName: string, index: number): Pod {
  const requests = { cpu: `${100 * (1 + (index % 3))}m`, memory: '128Mi' };
  return {
    metadata: { namespace, name, labels: { 'virtual-pod': 'true', app: `app-${index % 3}` } },
    spec: {
      schedulerName,
      nodeSelector: { throughput: 'yes' },
      tolerations: [{ operator: 'Exists' }],
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'none', resources: { requests } }],
    },
  };
}

/** Lets a scheduler find pods that wait for it, and returns how many it binds in a second. */
async function measure(limit: Limit, kind: Kind, round: number): Promise<number> {
  const name = schedulerName(limit, kind);
  const scheduler = schedulers.get(name);
  scheduler?.kill('SIGSTOP');
  const names = Array.from({ length: podsEach }, (_, index) => `${limit}-${kind}-${round}-${index}`);
  await Promise.all(names.map((each, index) => above.create(pods, pod(each, name, index))));
  await eventually(() => expect(names.every((name) => up.get(name))).toBe(true));
  scheduler?.kill('SIGCONT');
  const began = performance.now();
  await eventually(
    () => {
      const waiting = names.filter((name) => !isBound(up.get(name) ?? {})).length;
      if (waiting > 0) throw new Error(`${waiting} pods are not bound`);
    },
    { within: 120_000, every: 10 },
  );
  const rate = podsEach / ((performance.now() - began) / 1_000);
  // What is left of a round must not be work for the next one.
  await eventually(
    async () => {
      const { items } = await below.list(pods, { namespace });
      expect(items.filter((each) => each.status?.phase === 'Running')).toHaveLength(podsEach);
    },
    { within: 120_000, every: 500 },
  );
  await kubectl(clusters.upper, '-n', namespace, 'delete', 'pods', '--all', '--wait=false');
  await eventually(
    async () => {
      expect(up.all()).toEqual([]);
      expect((await below.list(pods, { namespace })).items).toEqual([]);
    },
    { within: 120_000, every: 500 },
  );
  return rate;
}

it.each<[Limit, number]>([
  ['stock', 0.8],
  ['unlimited', 0.1],
])(
  'kube-scheduler (%s) is about as quick with the multischeduler as without',
  { timeout: 900_000 },
  async (limit, least) => {
    const rates: Record<Kind, number[]> = { with: [], without: [] };
    for (let round = -1; round < rounds; round += 1) {
      // The first of each is to warm up. Then each goes first as often as the other.
      for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
        const rate = await measure(limit, kind, round + 1);
        console.log(`${limit}, round ${round + 1}, ${kind}: ${rate.toFixed(0)} pods bound in a second`);
        if (round >= 0) rates[kind].push(rate);
      }
    }
    const mean = (of: readonly number[]) => of.reduce((sum, rate) => sum + rate, 0) / of.length;
    const write = (of: readonly number[]) => of.map((rate) => rate.toFixed(0)).join(', ');
    const ratio = mean(rates.with) / mean(rates.without);
    console.log(
      `${limit}: pods bound in a second, ${podsEach} at a time: with ${write(rates.with)}, ` +
        `without ${write(rates.without)}: ${(100 * ratio).toFixed(0)} %`,
    );
    expect(ratio).toBeGreaterThan(least);
  },
);
