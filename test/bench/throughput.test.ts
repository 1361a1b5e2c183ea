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

/** Kwok's hundred nodes as ten virtual ones, and two kube-schedulers above that differ in the extender alone. */
const rounds = Number(process.env['ISTHMUS_ROUNDS'] ?? 2);
const podsEach = Number(process.env['ISTHMUS_PODS'] ?? 300);
const parts = 10;
const kinds = ['with', 'without'] as const;
type Kind = (typeof kinds)[number];

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
  const hosts = (part: number) => Array.from({ length: 10 }, (_, index) => `b-node-${10 * part + index}`);
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
  for (const kind of kinds) schedulers.set(kind, await startScheduler(kind));
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
async function startScheduler(kind: Kind): Promise<RunningProgram> {
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
    clientConnection: { kubeconfig, qps: 5000, burst: 5000 },
    leaderElection: { leaderElect: false },
    profiles: [{ schedulerName: schedulerName(kind) }],
    extenders: kind === 'with' ? [extender] : [],
  };
  const file = join(folder, `${kind}.yaml`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, stringify(configuration));
  const { 'kube-scheduler': binary } = await findBinaries();
  return clusters.run(schedulerName(kind), [binary, `--config=${file}`, '--secure-port=0']);
}

function schedulerName(kind: Kind): string {
  return `throughput-${kind}`;
}

function pod(name: string, kind: Kind, index: number): Pod {
  const requests = { cpu: `${100 * (1 + (index % 3))}m`, memory: '128Mi' };
  return {
    metadata: { namespace, name, labels: { 'virtual-pod': 'true', app: `app-${index % 3}` } },
    spec: {
      schedulerName: schedulerName(kind),
      nodeSelector: { throughput: 'yes' },
      tolerations: [{ operator: 'Exists' }],
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'none', resources: { requests } }],
    },
  };
}

/** Lets a scheduler find pods that wait for it, and returns how many it binds in a second. */
async function measure(kind: Kind, round: number): Promise<number> {
  const scheduler = schedulers.get(kind);
  scheduler?.kill('SIGSTOP');
  const names = Array.from({ length: podsEach }, (_, index) => `${kind}-${round}-${index}`);
  await Promise.all(names.map((name, index) => above.create(pods, pod(name, kind, index))));
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

it('kube-scheduler is about as quick with the multischeduler as without', { timeout: 900_000 }, async () => {
  const rates: Record<Kind, number[]> = { with: [], without: [] };
  for (let round = -1; round < rounds; round += 1) {
    // The first of each is to warm up. Then each goes first as often as the other.
    for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
      const rate = await measure(kind, round + 1);
      console.log(`round ${round + 1}, ${kind}: ${rate.toFixed(0)} pods bound in a second`);
      if (round >= 0) rates[kind].push(rate);
    }
  }
  const middle = (of: readonly number[]) => [...of].sort((x, y) => x - y)[Math.floor(of.length / 2)] ?? 0;
  const write = (of: readonly number[]) => of.map((rate) => rate.toFixed(0)).join(', ');
  const ratio = middle(rates.with) / middle(rates.without);
  console.log(
    `pods bound in a second, ${podsEach} at a time: with ${write(rates.with)}, without ${write(rates.without)}: ` +
      `${(100 * ratio).toFixed(0)} % of the median`,
  );
  expect(ratio).toBeGreaterThan(0.5);
});
