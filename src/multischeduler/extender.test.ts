import { describe, expect, test } from 'vitest';
import { testCluster, upperPod } from '../clusters/placement/test-clusters.ts';
import type { Node, PersistentVolumeClaim, StorageClass } from '../kube/types.ts';
import { raw } from '../translate/test-objects.ts';
import { testExtender } from './test-extender.ts';

const nodeNames = ['vk-a', 'vk-b', 'plain'];

describe('filter', () => {
  test('lets pass where some lower node has room, and says what the others lack', () => {
    const { extender } = testExtender([testCluster('a', [4, 4]), testCluster('b', [8])]);
    expect(extender.filter({ pod: upperPod('web', '6'), nodeNames })).toEqual({
      NodeNames: ['vk-b', 'plain'],
      FailedAndUnresolvableNodes: {
        'vk-a': 'virtual node(s) with 0/2 lower nodes that fit: 2 Insufficient cpu',
      },
      Error: '',
    });
  });

  test('says why of a few clusters, and of the others that it is so', () => {
    const names = Array.from({ length: 12 }, (_, index) => `c${index}`);
    const { extender } = testExtender(names.map((name) => testCluster(name, [4])));
    const { FailedAndUnresolvableNodes: failed } = extender.filter({
      pod: upperPod('web', '6'),
      nodeNames: names.map((name) => `vk-${name}`),
    });
    const short = 'virtual node(s) without a lower node that fits';
    expect(Object.values(failed).filter((text) => text === short)).toHaveLength(4);
    expect(Object.keys(failed)).toHaveLength(12);
  });

  test('offers no more clusters than are worth comparing, and others the next time', () => {
    const names = Array.from({ length: 40 }, (_, index) => `c${index}`);
    const { extender } = testExtender(names.map((name) => testCluster(name, [4])));
    const nodeNames = [...names.map((name) => `vk-${name}`), 'plain'];
    const offered = (name: string) => extender.filter({ pod: upperPod(name, '1'), nodeNames }).NodeNames;
    const [one, two] = [offered('one'), offered('two')];
    expect([one.length, two.length]).toEqual([9, 9]);
    expect(new Set([...one, ...two]).size).toBe(17);
    const preference = { weight: 1, preference: { matchExpressions: [] } };
    const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preference] } };
    const { containers = [] } = upperPod('', '1').spec ?? {};
    const choosy = upperPod('choosy', '1', { spec: { affinity, containers } });
    expect(extender.filter({ pod: choosy, nodeNames }).NodeNames).toHaveLength(26);
    // One that only the last can take finds it.
    const large = upperPod('large', '6');
    const wide = testExtender([...names.map((name) => testCluster(name, [4])), testCluster('last', [8])]);
    const all = [...nodeNames.slice(0, 40), 'vk-last'];
    expect(wide.extender.filter({ pod: large, nodeNames: all }).NodeNames).toEqual(['vk-last']);
  });

  test('leaves pods without the label alone, whatever is wrong', () => {
    const { extender, upper } = testExtender([testCluster('a', [4]), testCluster('b', [4])]);
    upper.staleness = 'the pods above have not been listed yet';
    const pod = upperPod('web', '6', { metadata: { labels: { 'virtual-pod': 'false' } } });
    expect(extender.filter({ pod, nodeNames })).toMatchObject({ NodeNames: nodeNames, Error: '' });
    expect(extender.prioritize({ pod, nodeNames }).map(({ Score }) => Score)).toEqual([0, 0, 0]);
  });

  test('says nothing of virtual pods while the upper cluster is not known', () => {
    const { extender, upper } = testExtender([testCluster('a', [4])]);
    upper.staleness = 'the pods above have not been listed yet';
    expect(extender.filter({ pod: upperPod('web', '1'), nodeNames })).toEqual({
      NodeNames: [],
      FailedAndUnresolvableNodes: {},
      Error: 'the pods above have not been listed yet',
    });
  });

  test('asks as the pod will be below: by its clusterSelector, and on the nodes that are offered', () => {
    const offered = testCluster('a', [4, 4], { nodeSelector: 'kubernetes.io/hostname=a-1' });
    const { extender } = testExtender([offered, testCluster('b', [4])]);
    const clusterSelector = JSON.stringify({ nodeSelector: { 'kubernetes.io/hostname': 'a-1' } });
    const annotations = { clusterSelector };
    const spec = { nodeSelector: { 'kubernetes.io/hostname': 'vk-a' } };
    const pod = upperPod('web', '3', { metadata: { annotations }, spec });
    expect(extender.filter({ pod, nodeNames })).toMatchObject({ NodeNames: ['vk-a', 'plain'] });
    const other = { ...pod, metadata: { ...pod.metadata, name: 'other' } };
    expect(extender.filter({ pod: other, nodeNames }).NodeNames).toEqual(['plain']);
  });

  test.each([
    ['it does not answer', { staleness: 'it does not answer' }, /not known now: it does not answer/],
    ['another cluster answers', { uid: 'other' }, /stand for another lower cluster/],
  ])('refuses a cluster when %s', (_, said, expected) => {
    const a = testCluster('a', [4]);
    const { extender, nodes } = testExtender([a]);
    const annotations = { 'isthmus.io/lower-cluster': 'uid-a' };
    nodes.set('vk-a', raw<Node>({ metadata: { name: 'vk-a', annotations } }));
    expect(extender.filter({ pod: upperPod('web', '1'), nodeNames }).NodeNames).toContain('vk-a');
    Object.assign(a.said, said);
    const { FailedAndUnresolvableNodes: failed } = extender.filter({ pod: upperPod('web', '1'), nodeNames });
    expect(failed['vk-a']).toMatch(expected);
  });

  test('asks to be asked again when nothing is left and something is only not known now', () => {
    const [a, b] = [testCluster('a', [4]), testCluster('b', [4])];
    const { extender } = testExtender([a, b]);
    a.said.staleness = 'it does not answer';
    const ask = (cpu: string) => extender.filter({ pod: upperPod('web', cpu), nodeNames: ['vk-a', 'vk-b'] });
    expect(ask('2')).toMatchObject({ NodeNames: ['vk-b'], Error: '' });
    expect(ask('6').Error).toBe(
      '1 virtual node(s) whose lower cluster is not known now: it does not answer, ' +
        '1 virtual node(s) with 0/1 lower nodes that fit: 1 Insufficient cpu',
    );
  });

  test('refuses a virtual node of nobody here, and one that serves another namespace', () => {
    const { extender, nodes } = testExtender([testCluster('a', [4], { namespace: 'other' })]);
    nodes.set('vk-x', raw<Node>({ metadata: { name: 'vk-x' } }));
    const { FailedAndUnresolvableNodes: failed } = extender.filter({
      pod: upperPod('web', '1'),
      nodeNames: ['vk-a', 'vk-x'],
    });
    expect(failed).toEqual({
      'vk-a': 'virtual node(s) that serve only namespace other',
      'vk-x': 'virtual node(s) whose lower cluster is not configured',
    });
  });
});

describe('pods that were let pass and are not seen bound yet', () => {
  const ask = (name: string, cpu = '3') => ({ pod: upperPod(name, cpu), nodeNames: ['vk-a'] });

  test('count, each once', () => {
    const { extender } = testExtender([testCluster('a', [4, 4])]);
    for (const name of ['one', 'one', 'two', 'two'])
      expect(extender.filter(ask(name)).NodeNames).toEqual(['vk-a']);
    expect(extender.filter(ask('three')).NodeNames).toEqual([]);
    expect(extender.filter(ask('small', '1')).NodeNames).toEqual(['vk-a']);
  });

  test('count no more when they are bound elsewhere, or were never bound', () => {
    let now = 0;
    const { extender, reservations } = testExtender([testCluster('a', [4])], { now: () => now });
    extender.filter(ask('one'));
    expect(extender.filter(ask('two')).NodeNames).toEqual([]);
    reservations.end('shop/one');
    expect(extender.filter(ask('two')).NodeNames).toEqual(['vk-a']);
    now = 29_999;
    expect(extender.filter(ask('three')).NodeNames).toEqual([]);
    now = 30_000;
    expect(extender.filter(ask('three')).NodeNames).toEqual(['vk-a']);
  });

  test('make a pod that only they are in the way of be asked for again', () => {
    const { extender } = testExtender([testCluster('a', [4])]);
    extender.filter(ask('one'));
    expect(extender.filter(ask('two'))).toMatchObject({
      NodeNames: [],
      FailedAndUnresolvableNodes: {},
      Error: '1 virtual node(s) whose room may be taken by pods that are on their way there',
    });
    expect(extender.filter(ask('large', '5')).FailedAndUnresolvableNodes).toHaveProperty('vk-a');
    expect(extender.filter(ask('three')).NodeNames).toEqual([]);
  });

  test('count in every cluster that let them pass, and in each part of one', () => {
    const selector = (index: number) => ({ nodeSelector: `kubernetes.io/hostname=a-${index}` });
    const whole = testCluster('a', [4, 4], selector(0));
    const other = {
      ...whole,
      configuration: { ...whole.configuration, ...selector(1), name: 'b', nodeName: 'vk-b' },
    };
    const { extender } = testExtender([whole, other, testCluster('c', [4])]);
    const nodeNames = ['vk-a', 'vk-b', 'vk-c'];
    const both = (name: string) => extender.filter({ pod: upperPod(name, '3'), nodeNames }).NodeNames;
    expect(both('one')).toEqual(nodeNames);
    expect(both('two')).toEqual([]);
  });
});

test('prioritize gives 0 to 10, more where more is free', () => {
  const { extender } = testExtender([testCluster('a', [4]), testCluster('b', [64])]);
  const [a, b, plain] = extender.prioritize({ pod: upperPod('web', '3'), nodeNames });
  expect(plain).toEqual({ Host: 'plain', Score: 0 });
  expect(a?.Score).toBeLessThan(b?.Score ?? 0);
  expect(b?.Score).toBeLessThanOrEqual(10);
});

describe('claims', () => {
  const withClaim = upperPod('web', '1', {
    spec: { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] },
  });
  const key = `${withClaim.metadata?.namespace}/data`;
  const claim = raw<PersistentVolumeClaim>({
    metadata: { namespace: withClaim.metadata?.namespace, name: 'data' },
    spec: { storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
  });
  const storageClass = (name: string) =>
    raw<StorageClass>({
      metadata: { name },
      provisioner: 'csi.example.com',
      volumeBindingMode: 'WaitForFirstConsumer',
    });

  test('that are to come are had where the lower cluster has their class', () => {
    const mapped = testCluster('a', [4], { storageClasses: { fast: 'ssd' } });
    const { extender, claims } = testExtender([mapped, testCluster('b', [4])]);
    mapped.feed.picture.applyStorageClass(storageClass('ssd'));
    claims.set(key, claim);
    const { NodeNames, FailedAndUnresolvableNodes } = extender.filter({ pod: withClaim, nodeNames });
    expect(NodeNames).toEqual(['vk-a', 'plain']);
    expect(FailedAndUnresolvableNodes['vk-b']).toContain("didn't find available persistent volumes to bind");
  });

  test('that find no volume are tried again soon, for nothing changes above when there is one', () => {
    const { extender, claims } = testExtender([testCluster('a', [4])]);
    claims.set(key, claim);
    const { Error: error, NodeNames } = extender.filter({ pod: withClaim, nodeNames: ['vk-a'] });
    expect(NodeNames).toEqual([]);
    expect(error).toContain("didn't find available persistent volumes to bind");
  });

  test('hold room for their pods until these are bound', () => {
    const only = testCluster('a', [4]);
    const { extender, claims } = testExtender([only]);
    only.feed.picture.applyStorageClass(storageClass('fast'));
    claims.set(key, claim);
    const ask = (pod: typeof withClaim) => extender.filter({ pod, nodeNames: ['vk-a'] }).NodeNames;
    expect(ask(withClaim)).toEqual(['vk-a']);
    expect(ask(upperPod('other', '4'))).toEqual([]);
  });

  test('that are to come do not make all clusters alike', () => {
    const clusters = [testCluster('a', [2]), testCluster('b', [64])];
    const { extender, claims } = testExtender(clusters);
    for (const { feed } of clusters) feed.picture.applyStorageClass(storageClass('fast'));
    claims.set(key, claim);
    const [a, b] = extender.prioritize({ pod: withClaim, nodeNames });
    expect(a?.Score).toBeGreaterThan(0);
    expect(b?.Score).toBeGreaterThan(a?.Score ?? 0);
  });

  test('that were not seen yet are waited for', () => {
    const { extender } = testExtender([testCluster('a', [4])]);
    expect(extender.filter({ pod: withClaim, nodeNames })).toEqual({
      NodeNames: [],
      FailedAndUnresolvableNodes: {},
      Error: `claim ${key} has not been seen yet`,
    });
  });
});
