import { expect, test } from 'vitest';
import { testCluster, upperPod } from '../clusters/placement/test-clusters.ts';
import type { Node } from '../kube/types.ts';
import { raw } from '../translate/test-objects.ts';
import { explainPod } from './explanation.ts';
import { testExtender } from './test-extender.ts';

const place = testExtender([testCluster('a', [4]), testCluster('b', [4], { namespace: 'others' })]);
const nodeAbove = (name: string) =>
  raw<Node>({ metadata: { name }, status: { allocatable: { cpu: '100', pods: '100' } } });
const above = ['vk-a', 'vk-b'].map((name) => ({ node: nodeAbove(name), pods: [] }));
const reasons = (annotations: object) =>
  explainPod(upperPod('web', '1', { metadata: { annotations } }), { ...place, above }).nodes.map(
    (node) => node.above,
  );

test('a virtual node that serves another namespace is no place', () => {
  expect(reasons({})).toEqual([[], ['the virtual node serves only namespace others']]);
});

test('a pod that no provider carries fits nowhere', () => {
  const [first] = reasons({ clusterSelector: '{"tolerations":5}' });
  expect(first).toEqual(['the annotation clusterSelector of the pod cannot be read']);
});
