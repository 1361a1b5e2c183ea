import { expect, test } from 'vitest';
import { withLowerAvoidance } from '../../translate/lower-avoidance.ts';
import { PodsBelow } from './pod-below.ts';
import { testCluster, upperPod } from './test-clusters.ts';

const { configuration } = testCluster('a', [8]);
const read = () => upperPod('web', '1', { metadata: { resourceVersion: '7' } });

test('a pod that is sent twice is made once', () => {
  const below = new PodsBelow();
  expect(below.of(read())(configuration)).toBe(below.of(read())(configuration));
});

test('one that is kept from lower nodes is another, though it is of the same version', () => {
  const below = new PodsBelow();
  const plain = below.of(read())(configuration);
  const kept = below.of(withLowerAvoidance(read(), ['a-0']))(configuration);
  expect(plain.spec?.affinity).toBeUndefined();
  expect(JSON.stringify(kept.spec?.affinity)).toContain('a-0');
});
