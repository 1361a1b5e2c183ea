import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fates } from '../../src/translate/fates/fates.ts';
import { eventually, kubectl, openClusters } from '../clusters.ts';
import { openStage, type Stage } from '../stage.ts';
import { cases } from './fidelity/cases.ts';
import { differences, isAccident, knownAs } from './fidelity/differences.ts';
import { fieldsThatTravel, fieldsUsed, type Schemas } from './fidelity/fields.ts';
import { Pair } from './fidelity/pair.ts';
import { runAll } from './fidelity/side.ts';
import { unused } from './fidelity/unused.ts';

const isRoot = process.getuid?.() === 0;

describe('the pods of the suite', () => {
  it('are at least 60, each with a name of its own', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });

  it('have between them every field that travels, save those that are listed', async () => {
    const { stdout } = await kubectl(openClusters().upper, 'get', '--raw', '/openapi/v3/api/v1');
    const { schemas } = JSON.parse(stdout).components as { schemas: Schemas };
    const site = { namespace: 'any', folder: '/any', port: 1 };
    const specs = cases.flatMap(({ spec, placement, steps = [] }) => [
      { ...spec(site), ...placement },
      ...steps.flatMap(({ patch }) => ('spec' in patch ? [patch.spec as object] : [])),
    ]);
    const used = new Set(specs.flatMap((spec) => [...fieldsUsed(schemas, spec)]));
    const travelling = fieldsThatTravel(schemas, fates, new Set(Object.keys(unused)));
    expect([...travelling].filter((field) => !used.has(field)).sort()).toEqual(Object.keys(unused).sort());
  });
});

describe.runIf(isRoot)('a pod is the same directly and through the virtual node', () => {
  let stage: Stage;
  let pair: Pair;
  const seen = new Set<(typeof differences)[number]>();

  beforeAll(async () => {
    stage = await openStage('fidelity', 'a');
    pair = new Pair(openClusters(), stage);
    await pair.prepare();
    await Promise.all([pair.direct, pair.virtual].map((side) => runAll(side, cases, 150_000)));
  }, 600_000);
  afterAll(async () => {
    await pair?.close();
    await stage?.close();
  });

  it.each(cases.map(({ name }) => name))('%s', async (name) => {
    await eventually(
      async () => {
        const found = await pair.compare(name);
        const unknown = found.filter((difference) => {
          const known = knownAs(name, difference);
          if (known) seen.add(known);
          return !known && !isAccident(name, difference);
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
