import { expect, test } from 'vitest';
import { createLogger } from '../../kube/logger.ts';
import type { ClusterSource } from '../source.ts';
import { LowerPlacement } from './lower-placement.ts';

/** Names no lower cluster, once it is told to. */
function placementOfNone() {
  const told: (() => void)[] = [];
  const source: ClusterSource = { run: async (take) => void told.push(() => take(new Map())) };
  const placement = new LowerPlacement({
    source,
    upperCluster: 'upper',
    nodesBy: 'nodeName',
    patience: 1_000,
    nodeOf: () => undefined,
    claimOf: () => undefined,
    logger: createLogger('fatal'),
  });
  return { placement, read: () => told.forEach((tell) => void tell()) };
}

const { signal } = new AbortController();

test('the clusters are known once it was read which there are, and the rest is known, too', async () => {
  const { placement, read } = placementOfNone();
  const running = placement.run(signal);
  expect([placement.isRead, placement.isKnown]).toEqual([false, false]);
  let isRestKnown = false;
  let isKnown = false;
  const known = placement
    .known(60_000, signal, () => isRestKnown)
    .then(() => {
      isKnown = true;
    });
  read();
  await running;
  expect([placement.isRead, placement.isKnown, isKnown]).toEqual([true, true, false]);
  isRestKnown = true;
  await known;
});

test('nobody waits for them for ever, nor after the end', async () => {
  const { placement } = placementOfNone();
  await placement.known(30, signal);
  expect(placement.isKnown).toBe(false);
  await expect(placement.known(60_000, AbortSignal.abort())).rejects.toThrow('aborted');
});
