import { expect, test } from 'vitest';
import { carriedSpecOf } from './carried.ts';
import { carriedSpecAnnotation } from './names.ts';

const remembered = (memory: string) => carriedSpecOf({ annotations: { [carriedSpecAnnotation]: memory } });

test('a list in the memory of a pod is damage, and no map whose keys are numbers', () => {
  const nothing = remembered('{}');
  expect(remembered('{"images":["nginx:1"],"resources":[{"limits":{"cpu":"1"}}]}')).toEqual(nothing);
  expect(remembered('{"podResources":{"requests":["1"]}}').podResources).toEqual({
    requests: {},
    limits: {},
  });
});
