import { expect, test } from 'vitest';
import { testCluster, upperPod } from '../../clusters/placement/test-clusters.ts';
import type { Node, Pod } from '../../kube/types.ts';
import { explainPod } from '../../multischeduler/explanation.ts';
import { testExtender } from '../../multischeduler/test-extender.ts';
import { raw } from '../../translate/test-objects.ts';
import { explainDocument } from './document.ts';
import { explainText } from './text.ts';

const [a, b, c] = [testCluster('a', [4, 4]), testCluster('b', [8]), testCluster('c', [8])];
const { podsBelow, claimsBelow, virtualNodes } = testExtender([a, b, c]);
const nodeAbove = (name: string, more: object = {}) =>
  raw<Node>({ metadata: { name }, status: { allocatable: { cpu: '100', pods: '100' } }, ...more });
const above = [
  { node: nodeAbove('vk-a'), pods: [] },
  {
    node: nodeAbove('vk-b', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } }),
    pods: [upperPod('other', '1')],
  },
  { node: nodeAbove('vk-c'), pods: [] },
];
const explained = (pod: Pod) =>
  explainDocument(pod, explainPod(pod, { podsBelow, claimsBelow, virtualNodes, above }));

test('a pod that is nowhere', () => {
  c.said.staleness = 'it does not answer';
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' };
  const pod = { ...upperPod('web', '6'), status: { phase: 'Pending', conditions: [condition] } } as Pod;
  const document = explained(pod);
  expect(document).toMatchObject({
    kind: 'PodExplanation',
    pod: { namespace: 'shop', name: 'web', phase: 'Pending', node: null, unschedulable: '0/3 nodes' },
    copy: null,
  });
  expect(explainText(document)).toBe(
    [
      'shop/web is Pending, on no node',
      '  kube-scheduler says: 0/3 nodes',
      '',
      'vk-a',
      '  above: it fits',
      '  below: 0 of 2 lower nodes can take it now',
      '        2  Insufficient cpu',
      '',
      'vk-b',
      '  above: node(s) had untolerated taint {gpu: }',
      '  below: 1 of 1 lower nodes can take it now',
      '',
      'vk-c',
      '  above: it fits',
      '  below: not known: it does not answer',
      '',
    ].join('\n'),
  );
});

test('a pod that is somewhere, and waits there', () => {
  const pod = upperPod('web', '6', {
    spec: { nodeName: 'vk-a', containers: upperPod('', '6').spec?.containers },
  });
  const unschedulable = { message: '0/2 nodes are available', since: '' };
  a.said.pods.set('shop/web', { upperUid: 'uid-web', nodeName: undefined, unschedulable });
  const text = explainText(explained({ ...pod, status: { phase: 'Pending' } } as Pod));
  expect(text).toMatch(
    /^shop\/web is Pending, on vk-a, below on no node yet\n {2}the scheduler below says: 0\/2/,
  );
  expect(text).toContain('\nvk-a (it is here)\n  above: it fits\n  below: 0 of 2');
  a.said.pods.set('shop/web', { upperUid: 'another', nodeName: 'a-0', unschedulable: undefined });
  expect(explained(pod).copy).toBeNull();
});
