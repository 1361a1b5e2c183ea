import type { Pod } from '../../src/kube/types.ts';
import { explain, fits } from '../../src/scheduling/fit.ts';
import { Picture } from '../../src/scheduling/picture.ts';
import { rank } from '../../src/scheduling/rank.ts';
import { benchCandidate, benchNamespaces, benchNode, benchPod, randomOf } from './cluster-objects.ts';

/** How large the clusters are, and what a filter call over all of them may take. */
interface Size {
  readonly clusters: number;
  readonly nodes: number;
  readonly pods: number;
  readonly aimMilliseconds: number;
}

const sizes: readonly Size[] = [
  { clusters: 10, nodes: 100, pods: 10_000, aimMilliseconds: 2 },
  { clusters: 100, nodes: 1000, pods: 100_000, aimMilliseconds: 10 },
];
const calls = 2000;

/** Feeds the pictures of a size and prints what the calls of the extender take over all clusters together. */
function bench({ clusters, nodes, pods, aimMilliseconds }: Size): void {
  const random = randomOf(1);
  collect();
  const before = memory();
  const began = performance.now();
  const pictures = Array.from({ length: clusters }, (_, cluster) => {
    const picture = new Picture();
    for (const namespace of benchNamespaces) picture.applyNamespace(namespace);
    for (let index = 0; index < nodes; index += 1) picture.applyNode(benchNode(`c${cluster}`, index, random));
    for (let index = 0; index < pods / clusters; index += 1) {
      picture.applyPod(benchPod(index, `c${cluster}-node-${Math.floor(random() * nodes)}`, random));
    }
    return picture;
  });
  const fed = performance.now() - began;
  collect();
  const used = memory() - before;
  console.log(
    `${clusters} clusters of ${nodes} nodes, ${pods} pods below: fed in ${fed.toFixed(0)} ms, ${used.toFixed(0)} MB`,
  );

  // As an extender meets them: objects that have just come from the network.
  const candidates = (first: number) =>
    Array.from({ length: calls }, (_, index) => copy(benchCandidate(first + index, random)));
  const over = (call: (picture: Picture, pod: Pod) => unknown) => (pod: Pod) =>
    pictures.map((each) => call(each, pod));
  measure('filter', candidates(0), over(fits), aimMilliseconds);
  measure('explain', candidates(0).slice(0, calls / 10), over(explain));
  measure(
    'rank',
    candidates(0).slice(0, calls / 10),
    over((picture, pod) => rank(picture, pod, 'least-allocated')),
  );
  measure('hold', candidates(calls), holdSomewhere(pictures));
  measure('filter, with promises', candidates(0), over(fits), aimMilliseconds);
}

function holdSomewhere(pictures: readonly Picture[]): (pod: Pod) => void {
  let next = 0;
  return (pod) => {
    next += 1;
    pictures[next % pictures.length]?.hold(`${pod.metadata?.namespace}/${pod.metadata?.name}`, pod);
  };
}

function measure(name: string, candidates: readonly Pod[], call: (pod: Pod) => unknown, aim?: number): void {
  const warm = candidates.slice(0, candidates.length / 10).map(copy);
  for (const pod of warm) call(pod);
  const times = candidates.map((pod) => {
    const began = performance.now();
    call(pod);
    return performance.now() - began;
  });
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(3);
  const aimed = aim === undefined ? '' : ` (aim: p99 below ${aim} ms)`;
  console.log(
    `  ${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms, ${times.length} calls${aimed}`,
  );
}

function copy(pod: Pod): Pod {
  return JSON.parse(JSON.stringify(pod)) as Pod;
}

function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1024 / 1024;
}

function collect(): void {
  globalThis.gc?.();
}

for (const size of sizes) bench(size);
console.log(`resident at the end: ${(process.memoryUsage.rss() / 1024 / 1024).toFixed(0)} MB`);
