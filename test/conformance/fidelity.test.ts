import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProviders, waitForVirtualNodes } from '../../hack/clusters/providers.ts';
import { eventually, lowerCluster, openClusters } from '../clusters.ts';
import { cases } from './fidelity/cases.ts';
import { differences, knownAs } from './fidelity/differences.ts';
import { Pair } from './fidelity/pair.ts';
import { runAll } from './fidelity/side.ts';

const isRoot = process.getuid?.() === 0;

describe.runIf(isRoot)('a pod is the same directly and through the virtual node', () => {
  let pair: Pair;
  const seen = new Set<(typeof differences)[number]>();

  beforeAll(async () => {
    const clusters = openClusters();
    await startProviders(clusters);
    await waitForVirtualNodes(clusters);
    pair = new Pair(clusters, lowerCluster(clusters, 'a'));
    await pair.prepare();
    await Promise.all([pair.direct, pair.virtual].map((side) => runAll(side, cases, 150_000)));
  });
  afterAll(() => pair?.close());

  it.each(cases.map(({ name }) => name))('%s', async (name) => {
    await eventually(
      async () => {
        const found = await pair.compare(name);
        const unknown = found.filter((difference) => {
          const known = knownAs(name, difference);
          if (known) seen.add(known);
          return !known;
        });
        expect(unknown).toEqual([]);
      },
      { within: 15_000, every: 500 },
    );
  });

  it('and every difference that is listed is there', () => {
    expect(differences.filter((known) => !seen.has(known))).toEqual([]);
  });
});
