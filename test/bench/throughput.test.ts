import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
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
import { type CpuOfPrograms, cpuOfPrograms, cpuSince, writeCpu } from './cpu-of-programs.ts';

/**
 * Kwok's hundred nodes as a few virtual ones, and kube-schedulers above of which two differ in the extender alone. Those
 * of a stock configuration hold themselves to fifty requests in a second (clientConnection of KubeSchedulerConfiguration);
 * what the others do depends on nothing but how long each answer takes.
 */
const rounds = Number(process.env['ISTHMUS_ROUNDS'] ?? 2);
const podsEach = Number(process.env['ISTHMUS_PODS'] ?? 300);
const parts = Number(process.env['ISTHMUS_PARTS'] ?? 10);
const offer = process.env['ISTHMUS_OFFER'] ?? 'one';
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
const schedulers = new Map<Kind, RunningProgram>();
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
    await startMultischeduler(clusters, ['--clusters', file, '--offer', offer]),
  ];
  for (const name of nodeNames)
    await eventually(async () => expect(isReady(await above.get(nodes, { name }))).toBe(true), {
      within: 60_000,
    });
  up = await follow(above, namespace);
}, 180_000);
afterEach(stopSchedulers);
afterAll(async () => {
  await up?.stop();
  await multischeduler?.stop();
  await provider?.stop();
  for (const cluster of [clusters.upper, b])
    await kubectl(cluster, 'delete', 'namespace', namespace, '--wait=false');
  for (const name of nodeNames) await kubectl(clusters.upper, 'delete', 'node', name);
  rmSync(folder, { recursive: true });
}, 120_000);

/** Those of one limit only: each that runs reads every pod, and takes time from the others for it. */
async function startSchedulers(limit: Limit): Promise<void> {
  for (const kind of kinds) schedulers.set(kind, await startScheduler(limit, kind));
}

async function stopSchedulers(): Promise<void> {
  for (const scheduler of schedulers.values()) {
    scheduler.kill('SIGKILL');
    await scheduler.exited;
  }
  schedulers.clear();
}

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

interface Measured {
  /** Pods bound in a second. */
  readonly rate: number;
  /** Milliseconds for a pod until all ran below: until they were bound would be the longer the slower that is. */
  readonly cpu: CpuOfPrograms;
}

/** Lets a scheduler find pods that wait for it. */
async function measure(limit: Limit, kind: Kind, round: number): Promise<Measured> {
  const name = schedulerName(limit, kind);
  const scheduler = schedulers.get(kind);
  scheduler?.kill('SIGSTOP');
  const names = Array.from({ length: podsEach }, (_, index) => `${limit}-${kind}-${round}-${index}`);
  await Promise.all(names.map((each, index) => above.create(pods, pod(each, name, index))));
  await eventually(() => expect(names.every((name) => up.get(name))).toBe(true));
  const before = cpuOfPrograms(clusters.directory);
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
  const cpu = cpuSince(before, cpuOfPrograms(clusters.directory), podsEach);
  await kubectl(clusters.upper, '-n', namespace, 'delete', 'pods', '--all', '--wait=false');
  await eventually(
    async () => {
      expect(up.all()).toEqual([]);
      expect((await below.list(pods, { namespace })).items).toEqual([]);
    },
    { within: 120_000, every: 500 },
  );
  return { rate, cpu };
}

it.each<[Limit, number]>([
  ['stock', 0.8],
  ['unlimited', 0.1],
])(
  'kube-scheduler (%s) is about as quick with the multischeduler as without',
  { timeout: 900_000 },
  async (limit, least) => {
    await startSchedulers(limit);
    const measured: Record<Kind, Measured[]> = { with: [], without: [] };
    for (let round = -1; round < rounds; round += 1) {
      // The first of each is to warm up. Then each goes first as often as the other.
      for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
        const one = await measure(limit, kind, round + 1);
        console.log(`${limit}, round ${round + 1}, ${kind}: ${one.rate.toFixed(0)} pods bound in a second`);
        if (round >= 0) measured[kind].push(one);
      }
    }
    const mean = (of: readonly Measured[]) => of.reduce((sum, { rate }) => sum + rate, 0) / of.length;
    const write = (of: readonly Measured[]) => of.map(({ rate }) => rate.toFixed(0)).join(', ');
    const ratio = mean(measured.with) / mean(measured.without);
    console.log(
      `${limit}: pods bound in a second, ${podsEach} at a time: with ${write(measured.with)}, ` +
        `without ${write(measured.without)}: ${(100 * ratio).toFixed(0)} %`,
    );
    for (const kind of kinds)
      console.log(
        `${limit}, ${kind}: ms of CPU for a pod: ${writeCpu(measured[kind].map(({ cpu }) => cpu))}`,
      );
    expect(ratio).toBeGreaterThan(least);
  },
);
