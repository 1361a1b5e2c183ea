import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { Bench, Row } from './parts/bench.ts';
import { isthmusFor } from './parts/contender.ts';
import { cpuByProgram, sharesSince } from './parts/cpu-shares.ts';
import { openFreezingProxy } from './parts/freezing-proxy.ts';
import { Observer } from './parts/observer.ts';
import { makeNamespace, nodeReady, type Place } from './parts/place.ts';
import { figuresOf } from './parts/process-figures.ts';
import { spreadOf } from './parts/spread.ts';
import { createPods, deletePods } from './parts/workload.ts';

const clusters = 20;
const podsEach = 15;
/** Until a cluster that stands still counts as lost, and a while longer, in milliseconds. */
const patience = 15_000;

/**
 * Twenty virtual nodes in one process, each for a part of the lower cluster over connections of its own: pods on
 * nineteen of them, first while all answer, then while the twentieth stands still, then when it answers again: all that
 * was ever made makes the API servers slower, and a run without a loss is the middle of those before and after it.
 */
export async function manyClusters({ place, progress }: Bench): Promise<readonly Row[]> {
  const { directory } = place.clusters;
  const copy = join(directory, 'frozen.kubeconfig');
  const host = place.upper.namespace ? place.upper.address.replace(/\.\d+$/, '.1') : '127.0.0.1';
  const proxy = await openFreezingProxy(host, place.lower.providerKubeconfig, copy);
  const entries = Array.from({ length: clusters }, (_, index) => ({
    name: `part-${index}`,
    nodeName: `vk-part-${index}`,
    kubeconfig: index === 0 ? copy : place.lower.providerKubeconfig,
    nodeSelector: `kubernetes.io/hostname in (${nodesOf(index).join(', ')})`,
  }));
  const file = join(directory, 'clusters.yaml');
  writeFileSync(file, stringify({ clusters: entries }));
  const nodeNames = entries.map(({ nodeName }) => nodeName);
  const running = await isthmusFor(file).start(place, 'many');
  try {
    for (const name of nodeNames) await nodeReady(place, name, () => undefined);
    const others = nodeNames.slice(1);
    const measure = async (name: string) => {
      const used = cpuByProgram(directory);
      const figures = await round(place, name, others);
      const shares = sharesSince(used, cpuByProgram(directory));
      progress(`${clusters} clusters, ${name}: ${figures.rate.toFixed(1)} pods/s; CPU: ${shares}`);
      return figures;
    };
    await measure('warming');
    const before = await measure('answering');
    proxy.freeze();
    const frozen = await measure('frozen');
    await sleep(patience);
    const lost = await measure('lost');
    proxy.thaw();
    await nodeReady(place, nodeNames[0] ?? '', () => undefined);
    const after = await measure('again');
    const { memory, peakMemory } = figuresOf(running.pid);
    const row = (what: string, unit: string, of: { readonly [key: string]: number }, key: string): Row => ({
      ...{ what: `${clusters} clusters, ${what}`, unit },
      figures: { isthmus: of[key] ?? Number.NaN },
    });
    const aim = 'within 5 % of a run without it';
    return [
      row('all answer, before', 'pods/s', before, 'rate'),
      row('all answer, after', 'pods/s', after, 'rate'),
      { ...row('one stands still', 'pods/s', frozen, 'rate'), aim },
      { ...row('one is lost', 'pods/s', lost, 'rate'), aim },
      row('all answer, before: Ready to Ready, p50', 'ms', before, 'up'),
      row('all answer, after: Ready to Ready, p50', 'ms', after, 'up'),
      { ...row('one stands still: Ready to Ready, p50', 'ms', frozen, 'up'), aim },
      { ...row('one is lost: Ready to Ready, p50', 'ms', lost, 'up'), aim },
      { what: `${clusters} clusters: memory at most`, unit: 'MB', figures: { isthmus: peakMemory } },
      { what: `${clusters} clusters: memory at the end`, unit: 'MB', figures: { isthmus: memory } },
    ];
  } finally {
    proxy.close();
    await running.stop();
  }
}

function nodesOf(part: number): string[] {
  return Array.from({ length: 100 / clusters }, (_, index) => `b-node-${(part * 100) / clusters + index}`);
}

/** Pods on all of these nodes at once. */
async function round(
  place: Place,
  namespace: string,
  nodeNames: readonly string[],
): Promise<{ rate: number; up: number }> {
  await makeNamespace(place, namespace);
  const observer = await Observer.open(place, namespace);
  const count = podsEach * nodeNames.length;
  try {
    const began = performance.now();
    await Promise.all(
      nodeNames.map((nodeName) => {
        const names = Array.from({ length: podsEach }, (_, index) => `${nodeName}-${index}`);
        return createPods(place.above, names, { namespace, nodeName });
      }),
    );
    await observer.allReady(count, 180_000);
    const rate = count / ((performance.now() - began) / 1_000);
    const ups = [...observer.seen.values()].map((seen) => Number(seen.readyAbove) - Number(seen.readyBelow));
    const uids = new Map([...observer.seen].map(([name, { uidAbove = '' }]) => [name, uidAbove]));
    await deletePods(place.above, namespace, uids);
    await observer.allGone(180_000);
    return { rate, up: spreadOf(ups).p50 };
  } finally {
    await observer.close();
  }
}
