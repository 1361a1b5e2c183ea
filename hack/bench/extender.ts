import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { defaultConfiguration } from '../../src/clusters/configuration.ts';
import type { LowerFeed } from '../../src/clusters/feed/lower-feed.ts';
import type { PicturedCluster } from '../../src/clusters/feed/lower-pictures.ts';
import { ClaimsBelow } from '../../src/clusters/placement/claims-below.ts';
import { PodsBelow } from '../../src/clusters/placement/pod-below.ts';
import { PromisedRoom } from '../../src/clusters/placement/promised-room.ts';
import { VirtualNodes } from '../../src/clusters/placement/virtual-nodes.ts';
import { createLogger } from '../../src/kube/logger.ts';
import { keyOf } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { Choice } from '../../src/multischeduler/choice.ts';
import { Extender } from '../../src/multischeduler/extender.ts';
import type { ExtenderFilterResult, HostPriority } from '../../src/multischeduler/extender-api.ts';
import { Reservations } from '../../src/multischeduler/reservations.ts';
import { startExtenderServer } from '../../src/multischeduler/server.ts';
import { UpperLoad } from '../../src/multischeduler/upper-load.ts';
import { candidate } from '../../src/scheduling/feasibility.ts';
import { bestNode } from '../../src/scheduling/node-score.ts';
import { Picture } from '../../src/scheduling/picture.ts';
import { factsOf } from '../../src/scheduling/pod-facts.ts';
import { benchCandidate, benchNamespaces, benchNode, benchPod, randomOf } from './cluster-objects.ts';
import type { ExtenderAnswer, ExtenderCall } from './extender-caller.ts';

/** How large the clusters are, and what a filter call may take at its p99. */
const sizes = [
  { clusters: 10, nodes: 100, pods: 10_000, calls: 2_000, aim: 2 },
  { clusters: 100, nodes: 1000, pods: 100_000, calls: 1_000, aim: 10 },
];
/** So many calls come before those that count: it serves for weeks, and V8 translates in the first seconds. */
const warmUp = 1_000;
const offers = ['one', 'several'] as const;
/** So many pods that were let pass are not seen bound yet when the next comes, and so many bound ones not placed below. */
const inFlight = { above: 3, below: 20 };

/**
 * Calls a real server as a kube-scheduler does, one pod after the other, and binds each to the node it likes best. Where
 * it is told of one it does not ask to prioritize.
 */
async function bench(
  { clusters, nodes, pods, calls, aim }: (typeof sizes)[number],
  offer: (typeof offers)[number],
): Promise<void> {
  const random = randomOf(1);
  const pictured = Array.from({ length: clusters }, (_, index) =>
    cluster(index, nodes, pods / clusters, random),
  );
  const byNode = new Map(pictured.map((each) => [each.configuration.nodeName, each]));
  // What the provider writes there, about.
  const allocatable = { cpu: `${nodes * 16}`, memory: `${nodes * 64}Gi` };
  const node = { status: { allocatable } };
  const nodeOf = (name: string) => (byNode.has(name) ? node : undefined);
  const virtualNodes = new VirtualNodes({ nodesBy: 'nodeName', nodeOf });
  virtualNodes.setClusters(new Map(pictured.map((each) => [each.configuration.name, each])));
  const podsBelow = new PodsBelow();
  const claimsBelow = new ClaimsBelow(() => undefined);
  const reservations = new Reservations(30_000);
  const promised = new PromisedRoom({ clusterOf: (name) => byNode.get(name), podsBelow, claimsBelow });
  const strategy = 'least-allocated';
  const load = new UpperLoad(nodeOf);
  const extender = new Extender({
    virtualNodes,
    podsBelow,
    claimsBelow,
    reservations,
    strategy,
    choice: offer === 'one' ? new Choice({ virtualNodes, nodeOf, load, strategy }) : undefined,
    staleness: () => undefined,
  });
  const server = await startExtenderServer({
    host: '127.0.0.1',
    port: 0,
    tls: undefined,
    verifiesClients: false,
    extender,
    unready: () => undefined,
    logger: createLogger('fatal'),
  });
  const caller = startCaller(server.port);
  const call = <T>(verb: ExtenderCall['verb'], pod: Pod, nodeNames: readonly string[]) =>
    caller.call<T>({ verb, body: JSON.stringify({ Pod: pod, Nodes: null, NodeNames: nodeNames }) });

  const filters: number[] = [];
  const ranks: number[] = [];
  const waiting: Pod[] = [];
  const coming: Pod[] = [];
  let refused = 0;
  for (let index = -warmUp; index < calls; index++) {
    if (index === 0) {
      for (const times of [filters, ranks]) times.length = 0;
      refused = 0;
    }
    const pod = virtual(benchCandidate(index + warmUp, random), index);
    const {
      answer: { NodeNames: passed },
      milliseconds: filtering,
    } = await call<ExtenderFilterResult>('filter', pod, [...byNode.keys()]);
    filters.push(filtering);
    if (passed.length === 0) {
      refused += 1;
      continue;
    }
    let [nodeName = ''] = passed;
    if (passed.length > 1) {
      const { answer: priorities, milliseconds: ranking } = await call<HostPriority[]>(
        'prioritize',
        pod,
        passed,
      );
      ranks.push(ranking);
      nodeName = priorities.reduce((one, other) => (other.Score > one.Score ? other : one)).Host;
    }
    waiting.push({ ...pod, spec: { containers: [], ...pod.spec, nodeName } });
    const seen = waiting.length > inFlight.above ? waiting.shift() : undefined;
    if (!seen) continue;
    load.apply(keyOf(seen), seen);
    reservations.end(keyOf(seen));
    promised.apply(keyOf(seen), seen);
    coming.push(seen);
    const copied = coming.length > inFlight.below ? coming.shift() : undefined;
    const lower = byNode.get(copied?.spec?.nodeName ?? '');
    if (copied && lower) place(podsBelow.of(copied)(lower.configuration), lower);
  }
  // What a call costs of which nothing is asked: the way there and back, and reading it.
  const letPass: number[] = [];
  for (let index = 0; index < calls; index++) {
    const { metadata, ...plain } = benchCandidate(index, random);
    const pod = { ...plain, metadata: { ...metadata, uid: `plain-${index}` } };
    letPass.push((await call('filter', pod, [...byNode.keys()])).milliseconds);
  }
  globalThis.gc?.();
  console.log(
    `${clusters} clusters of ${nodes} nodes, ${pods} pods below, ${offer} offered; ${calls} pods, ${refused} fit nowhere`,
  );
  console.log(`  filter:     ${spread(filters)} (aim: p99 below ${aim} ms)`);
  console.log(`  let pass:   ${spread(letPass)} (a pod that is not virtual)`);
  if (ranks.length > 0) console.log(`  prioritize: ${spread(ranks)}`);
  console.log(`  resident: ${(process.memoryUsage.rss() / 1024 / 1024).toFixed(0)} MB`);
  caller.stop();
  await server.close();
}

/** Calls from a process of its own, as kube-scheduler does: what it leaves for the garbage collector is not the server's. */
function startCaller(port: number) {
  const file = fileURLToPath(new URL('extender-caller.ts', import.meta.url));
  const child = fork(file, [`${port}`]);
  return {
    call: <T>(call: ExtenderCall) =>
      new Promise<{ answer: T; milliseconds: number }>((resolve, reject) => {
        child.once('exit', reject);
        child.once('message', ({ answer, milliseconds }: ExtenderAnswer) => {
          child.off('exit', reject);
          resolve({ answer: JSON.parse(answer) as T, milliseconds });
        });
        child.send(call);
      }),
    stop: () => child.kill(),
  };
}

function cluster(index: number, nodes: number, pods: number, random: () => number): PicturedCluster {
  const picture = new Picture();
  const name = `c${index}`;
  for (const namespace of benchNamespaces) picture.applyNamespace(namespace);
  for (let node = 0; node < nodes; node++) picture.applyNode(benchNode(name, node, random));
  for (let pod = 0; pod < pods; pod++)
    picture.applyPod(benchPod(pod, `${name}-node-${Math.floor(random() * nodes)}`, random));
  const feed = { picture, staleness: undefined, uid: name, isSynced: true, lowerPod: () => undefined };
  const configuration = { ...defaultConfiguration(name), nodeName: `vk-${name}` };
  return { configuration, feed: feed as unknown as LowerFeed };
}

/** What the lower scheduler does, and the watch brings. */
function place(pod: Pod, { feed: { picture } }: PicturedCluster): void {
  const wanted = candidate(factsOf(pod));
  const node = picture.asked(wanted.key, (state) => {
    const best = bestNode(state, wanted, 'least-allocated');
    return best && state.nodes.nameOf(best.slot);
  });
  if (node === undefined) throw new Error(`${wanted.key} was let pass and fits nowhere`);
  picture.applyPod({ ...pod, spec: { containers: [], ...pod.spec, nodeName: node } });
}

/** The candidate as an upper pod; what it says of nodes is about lower ones. */
function virtual(pod: Pod, index: number): Pod {
  const { nodeSelector, affinity, tolerations, ...spec } = pod.spec ?? { containers: [] };
  const clusterSelector = JSON.stringify({ nodeSelector, affinity, tolerations });
  const labels = { ...pod.metadata?.labels, 'virtual-pod': 'true' };
  const metadata = { ...pod.metadata, name: `candidate-${index}`, uid: `${index}`, labels };
  return { ...pod, metadata: { ...metadata, annotations: { clusterSelector } }, spec };
}

function spread(times: number[]): string {
  times.sort((one, other) => one - other);
  const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(2);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms`;
}

for (const size of sizes) for (const offer of offers) await bench(size, offer);
