import { expect, test } from 'vitest';
import { ClaimsBelow } from '../clusters/placement/claims-below.ts';
import { PodsBelow } from '../clusters/placement/pod-below.ts';
import { PromisedRoom } from '../clusters/placement/promised-room.ts';
import { testCluster, upperPod } from '../clusters/placement/test-clusters.ts';
import { testExtender } from './test-extender.ts';

const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
const garbage: unknown[] = [null, 5, 'x', [], {}, [null], [5], [{}], true];
const nodeTerm = (term: unknown) => ({
  affinity: { nodeAffinity: { [required]: { nodeSelectorTerms: [term] } } },
});
const podTerm = (term: unknown) => ({ affinity: { podAntiAffinity: { [required]: [term] } } });

const places: [string, (garbage: unknown) => object][] = [
  ['an affinity', (it) => ({ affinity: { nodeAffinity: it, podAffinity: it } })],
  ['a node affinity', (it) => ({ affinity: { nodeAffinity: { [required]: it, [preferred]: it } } })],
  ['the terms', (it) => ({ affinity: { nodeAffinity: { [required]: { nodeSelectorTerms: it } } } })],
  ['a term', (it) => nodeTerm({ matchExpressions: it, matchFields: it })],
  ['a requirement', (it) => nodeTerm({ matchExpressions: [{ key: it, operator: it, values: it }] })],
  ['values', (it) => nodeTerm({ matchExpressions: [{ key: 'a', operator: 'In', values: it }] })],
  ['a bound', (it) => nodeTerm({ matchExpressions: [{ key: 'a', operator: 'Gt', values: it }] })],
  ['a name', (it) => nodeTerm({ matchFields: [{ key: 'metadata.name', operator: 'In', values: it }] })],
  [
    'a preference',
    (it) => ({ affinity: { nodeAffinity: { [preferred]: [{ weight: it, preference: it }] } } }),
  ],
  ['a pod affinity', (it) => ({ affinity: { podAffinity: { [required]: it, [preferred]: it } } })],
  ['a topology key', (it) => podTerm({ topologyKey: it })],
  ['namespaces', (it) => podTerm({ topologyKey: 'a', namespaces: it, namespaceSelector: it })],
  ['label keys', (it) => podTerm({ topologyKey: 'a', labelSelector: {}, matchLabelKeys: it })],
  ['labels', (it) => podTerm({ topologyKey: 'a', labelSelector: { matchLabels: it, matchExpressions: it } })],
  [
    'a preferred term',
    (it) => ({ affinity: { podAffinity: { [preferred]: [{ weight: 1, podAffinityTerm: it }] } } }),
  ],
  ['a toleration', (it) => ({ tolerations: [{ key: it, operator: it, value: it, effect: it }] })],
  ['tolerations', (it) => ({ tolerations: it })],
  ['a node selector', (it) => ({ nodeSelector: it })],
];

test.each([
  ...places.flatMap(([place, make]) => garbage.map((it) => [place, JSON.stringify(make(it))])),
  ['something deep', `{"affinity":{"later":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}}}`],
])('a bound pod whose clusterSelector has garbage for %s stops nobody', (_, clusterSelector) => {
  const clusters = [testCluster('a', [4]), testCluster('b', [4], { nodeSelector: 'disk=ssd' })];
  const { extender } = testExtender(clusters);
  const byNode = new Map(clusters.map((cluster) => [cluster.configuration.nodeName, cluster]));
  const promised = new PromisedRoom({
    clusterOf: (name) => byNode.get(name),
    podsBelow: new PodsBelow(),
    claimsBelow: new ClaimsBelow(() => undefined),
  });
  const { containers = [] } = upperPod('', '1').spec ?? {};
  const hostile = (name: string, spec: object = {}) =>
    upperPod(name, '1', { metadata: { annotations: { clusterSelector } }, spec: { containers, ...spec } });
  const nodeNames = [...byNode.keys()];

  for (const nodeName of nodeNames) promised.apply(`shop/${nodeName}`, hostile(nodeName, { nodeName }));
  extender.filter({ pod: hostile('asks'), nodeNames });
  extender.prioritize({ pod: hostile('asks'), nodeNames });
  const other = upperPod('other', '1', { metadata: { namespace: 'elsewhere' } });
  expect(extender.filter({ pod: other, nodeNames }).NodeNames).toContain('vk-a');
  for (const { feed } of clusters) for (const key of feed.picture.held()) feed.picture.defer(key);
  for (const nodeName of nodeNames) promised.apply(`shop/${nodeName}`, undefined);
  expect(promised.size).toBe(0);
});
