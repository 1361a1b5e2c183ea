import { describe, expect, test } from 'vitest';
import { testCluster, upperPod } from '../clusters/placement/test-clusters.ts';
import type { Node } from '../kube/types.ts';
import { raw } from '../translate/test-objects.ts';
import { type TestExtenderOptions, testExtender } from './test-extender.ts';

const nodeNames = ['vk-a', 'vk-b'];

function open(cores: readonly (readonly number[])[], options: TestExtenderOptions = {}) {
  const clusters = cores.map((each, index) => testCluster('abcdefghijkl'[index] ?? '', each));
  const opened = testExtender(clusters, { offer: 'one', ...options });
  for (const { configuration } of clusters) offer(opened.nodes, configuration.nodeName);
  const ask = (name: string, cpu: string, more?: Parameters<typeof upperPod>[2], among = nodeNames) =>
    opened.extender.filter({ pod: upperPod(name, cpu, more), nodeNames: among });
  return { ...opened, ask };
}

/** Virtual nodes that are equally large, whatever is behind them. */
function offer(nodes: Map<string, Node>, name: string, taints: object[] = []): void {
  const status = { allocatable: { cpu: '16', memory: '200Gi' } };
  nodes.set(name, raw<Node>({ metadata: { name }, spec: { taints }, status }));
}

describe('of several virtual nodes that can take a pod one is offered', () => {
  test('the emptiest, and what was sent there before counts at once', () => {
    const { ask } = open([
      [8, 8],
      [8, 8],
    ]);
    const placed = ['one', 'two', 'three', 'four'].map((name) => ask(name, '2').NodeNames);
    expect(placed.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
    expect(placed.flat().sort()).toEqual(['vk-a', 'vk-a', 'vk-b', 'vk-b']);
  });

  test('another when no node below takes the pod beside those that are on their way', () => {
    const { ask } = open([[8], [64]]);
    expect(ask('one', '6').NodeNames).toEqual(['vk-b']);
    const { ask: again } = open([[8], [8]]);
    const [first, second] = [again('one', '6'), again('two', '6')];
    expect([...first.NodeNames, ...second.NodeNames].sort()).toEqual(nodeNames);
    expect(again('three', '6')).toMatchObject({
      NodeNames: [],
      Error: expect.stringContaining('on their way'),
    });
  });

  test('the same to a pod that is asked for again, which is not in its own way', () => {
    const { ask } = open([[8], [8]]);
    const [one, two] = [ask('one', '6').NodeNames, ask('one', '6').NodeNames];
    expect(one).toEqual(two);
    expect(ask('two', '6').NodeNames).not.toEqual(one);
  });

  test('it counts there alone', () => {
    const { ask } = open([[4], [4], [4]]);
    const among = [...nodeNames, 'vk-c'];
    const placed = ['one', 'two', 'three'].flatMap((name) => ask(name, '3', {}, among).NodeNames);
    expect(placed.sort()).toEqual(among);
  });

  test('and of a burst no more than fits is let pass, though no binding is seen', () => {
    const five = [32, 32, 32, 32, 32];
    const { ask } = open([five, five]);
    const answers = Array.from({ length: 40 }, (_, index) => ask(`burst-${index}`, '10'));
    for (const name of nodeNames) {
      // Three on each node below; who is not sure of a place beside all others is asked for again.
      const placed = answers.filter(({ NodeNames }) => NodeNames.includes(name)).length;
      expect(placed).toBeGreaterThan(10);
      expect(placed).toBeLessThanOrEqual(15);
    }
    for (const { NodeNames, Error: error } of answers)
      expect(NodeNames.length === 1 || error.includes('on their way')).toBe(true);
  });

  test('one with fewer pods of the same owner', () => {
    const { ask } = open([[64], [64]]);
    const metadata = { ownerReferences: [{ uid: 'replicas', controller: true }] };
    const [first] = ask('one', '1', { metadata }).NodeNames;
    ask('other', '6');
    const [next] = ask('two', '1', { metadata }).NodeNames;
    expect(next).not.toBe(first);
  });

  test('and one that is gone, or never was, counts nowhere once its binding is waited for no more', () => {
    let now = 0;
    const { ask, load } = open([[8], [8]], { now: () => now });
    const pod = upperPod('next', '1');
    const empty = load.scores(pod, nodeNames);
    // The watch was quicker than the scheduler: nothing is told of this pod any more.
    load.apply('shop/gone', undefined);
    expect(ask('gone', '4').NodeNames).toHaveLength(1);
    now = 29_999;
    ask('none', '60');
    expect(load.scores(pod, nodeNames)).not.toEqual(empty);
    now = 30_000;
    ask('none', '60');
    expect(load.scores(pod, nodeNames)).toEqual(empty);
  });

  test.each([
    ['best-fit', 'vk-a'],
    ['worst-fit', 'vk-b'],
  ] as const)('by its rank, with %s', (strategy, expected) => {
    const { ask } = open([[4], [8]], { strategy });
    for (const name of ['one', 'two']) {
      expect(ask(name, '1', { metadata: { uid: name } }).NodeNames).toEqual([expected]);
    }
  });

  test('of many that can take it, too, and the last that can is found', () => {
    const small = Array.from({ length: 11 }, () => [4]);
    const { ask } = open([...small, [32]]);
    const among = [...'abcdefghijkl'].map((letter) => `vk-${letter}`);
    expect(ask('small', '1', {}, among).NodeNames).toHaveLength(1);
    expect(ask('large', '16', {}, among).NodeNames).toEqual(['vk-l']);
    expect(ask('none', '60', {}, among).NodeNames).toEqual([]);
  });
});

describe('kube-scheduler chooses', () => {
  const preferred = {
    nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: {} }] },
  };

  test('for a pod with preferences', () => {
    const { ask } = open([[8], [8]]);
    const { containers } = upperPod('', '1').spec ?? {};
    expect(ask('web', '1', { spec: { containers, affinity: preferred } }).NodeNames).toEqual(nodeNames);
    const topologySpreadConstraints = [{ whenUnsatisfiable: 'ScheduleAnyway' }];
    expect(ask('web', '1', { spec: { containers, topologySpreadConstraints } }).NodeNames).toEqual(nodeNames);
  });

  test('where a node is not virtual', () => {
    const { ask } = open([[8], [8]]);
    const among = [...nodeNames, 'plain'];
    expect(ask('web', '1', {}, among).NodeNames).toEqual(among);
  });

  test('where a node would rather have other pods, unless the pod tolerates that', () => {
    const { ask, nodes } = open([[8], [8]]);
    offer(nodes, 'vk-b', [{ key: 'costly', effect: 'PreferNoSchedule' }]);
    expect(ask('web', '1').NodeNames).toEqual(nodeNames);
    const { containers } = upperPod('', '1').spec ?? {};
    const tolerations = [{ key: 'costly', operator: 'Exists' }];
    expect(ask('web', '1', { spec: { containers, tolerations } }).NodeNames).toHaveLength(1);
  });

  test('when it is to be offered several', () => {
    const { ask } = open([[8], [8]], { offer: 'several' });
    expect(ask('web', '1').NodeNames).toEqual(nodeNames);
  });
});
