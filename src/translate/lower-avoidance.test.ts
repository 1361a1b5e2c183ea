import { expect, test } from 'vitest';
import type { Pod } from '../kube/types.ts';
import { withLowerAvoidance } from './lower-avoidance.ts';
import { raw } from './test-objects.ts';

const pod = (clusterSelector?: string) =>
  raw<Pod>({
    metadata: { annotations: { mine: 'yes', ...(clusterSelector !== undefined && { clusterSelector }) } },
    spec: { containers: [] },
  });
const not = (...names: string[]) =>
  names.map((name) => ({ key: 'metadata.name', operator: 'NotIn', values: [name] }));
const zone = { key: 'zone', operator: 'In', values: ['a'] };
const selector = (...terms: object[]) => ({
  nodeSelector: { disk: 'ssd' },
  affinity: {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
  },
});
const read = ({ metadata }: Pod) => JSON.parse(metadata?.annotations?.['clusterSelector'] ?? '{}');

test('keeps a pod from lower nodes, whatever else it asks of them', () => {
  const plain = withLowerAvoidance(pod(), ['x', 'y']);
  expect(read(plain)).toEqual({ affinity: selector({ matchFields: not('x', 'y') }).affinity });
  expect(plain.metadata?.annotations?.['mine']).toBe('yes');
  const asking = pod(JSON.stringify(selector({ matchExpressions: [zone] }, { matchFields: not('x') })));
  expect(read(withLowerAvoidance(asking, ['y']))).toEqual(
    selector({ matchExpressions: [zone], matchFields: not('y') }, { matchFields: not('x', 'y') }),
  );
});

test('twice is once', () => {
  const once = withLowerAvoidance(pod(), ['x', 'y']);
  expect(withLowerAvoidance(once, ['y', 'x'])).toBe(once);
});

test.each([
  ['from nothing', pod(), []],
  ['when its selector cannot be read', pod('nonsense'), ['x']],
])('is the same pod %s', (_, one, names) => {
  expect(withLowerAvoidance(one, names)).toBe(one);
});
