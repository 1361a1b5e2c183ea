import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Pod } from '../../src/kube/types.ts';
import { explain, fits } from '../../src/scheduling/fit.ts';
import type { Picture } from '../../src/scheduling/picture.ts';
import { openClusters } from '../clusters.ts';
import { seedOfRun } from '../seed.ts';
import { type RealScheduler, startScheduler } from './scheduling/real-scheduler.ts';
import { ourVerdict } from './scheduling/verdict.ts';
import { type CaseDraw, candidatesOf, caseDraw, World } from './scheduling/world.ts';

/** `ISTHMUS_RUNS` makes it longer: clusters, each with so many pods. */
const seed = seedOfRun();
const numRuns = Number(process.env['ISTHMUS_RUNS'] ?? 8);
const podsEach = 120;

let world: World;
let scheduler: RealScheduler;
beforeAll(async () => {
  const { upper, directory } = openClusters();
  const folder = join(directory, 'conformance');
  mkdirSync(folder, { recursive: true });
  world = new World(upper.kubeconfig);
  await world.prepare();
  scheduler = await startScheduler(upper.kubeconfig, folder);
});
afterAll(async () => {
  await scheduler?.stop();
  world?.close();
});

interface Disagreement {
  readonly pod: Pod;
  readonly real: string;
  readonly ours: string;
}

/** What the real scheduler and we think differently of. */
async function compare(
  picture: Picture,
  manifests: readonly object[],
  tally: Tally,
): Promise<Disagreement[]> {
  const answers = await world.ask(manifests);
  return answers.flatMap(({ pod, verdict: real }) => {
    const explanation = explain(picture, pod);
    expect(fits(picture, pod)).toBe(explanation.feasible > 0);
    const ours = ourVerdict(explanation);
    tally.pods += 1;
    tally.nodes += explanation.nodes;
    if (explanation.feasible > 0) tally.feasible += 1;
    for (const reason of real.split(/(?:^|, )\d+ /).filter((each) => each !== ''))
      tally.reasons.set(reason, (tally.reasons.get(reason) ?? 0) + 1);
    return ours === real ? [] : [{ pod, real, ours }];
  });
}

interface Tally {
  pods: number;
  nodes: number;
  feasible: number;
  readonly reasons: Map<string, number>;
}

/** A disagreement counts when it is there again after the scheduler's caches have had time to catch up. */
async function disagreements(prefix: string, draw: CaseDraw, tally: Tally): Promise<Disagreement[]> {
  await world.build(prefix, draw);
  try {
    const picture = await world.picture();
    const first = await compare(picture, candidatesOf(prefix, draw), tally);
    if (first.length === 0) return [];
    const names = new Set(first.map(({ pod }) => pod.metadata?.name));
    const again = candidatesOf(prefix, draw).filter((each) => names.has((each as Pod).metadata?.name));
    return await compare(await world.picture(), again, {
      pods: 0,
      nodes: 0,
      feasible: 0,
      reasons: new Map(),
    });
  } finally {
    await world.raze();
  }
}

it('kube-scheduler and Isthmus refuse the same nodes for the same reasons', {
  timeout: 1_200_000,
}, async () => {
  const tally: Tally = { pods: 0, nodes: 0, feasible: 0, reasons: new Map() };
  const all: Disagreement[] = [];
  for (const [index, draw] of fc.sample(caseDraw(podsEach), { seed, numRuns }).entries()) {
    all.push(...(await disagreements(`c${index}-`, draw, tally)));
  }
  const reasons = [...tally.reasons].map(([reason, count]) => `  ${count} pods: ${reason}`).sort();
  console.log(
    `ISTHMUS_SEED=${seed}: ${numRuns} clusters, ${tally.pods} pods, ${tally.nodes} pairs of pod and node, ` +
      `${tally.feasible} pods fit somewhere, ${world.invalid} invalid objects left out, ` +
      `${all.length} disagreements\n${reasons.join('\n')}`,
  );
  for (const { pod, real, ours } of all.slice(0, 5)) {
    console.log(
      `real: ${real}\nours: ${ours}\n${JSON.stringify({ metadata: pod.metadata, spec: pod.spec })}`,
    );
  }
  expect(all.map(({ real, ours }) => ({ real, ours }))).toEqual([]);
});
