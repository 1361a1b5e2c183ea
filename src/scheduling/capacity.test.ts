import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Node, Pod } from '../kube/types.ts';
import { raw } from '../translate/test-objects.ts';
import { isOpen, largestFree, type NodeRoom, nodeRoom, totalOffered } from './capacity.ts';
import { readResources, writeResources } from './resource-list.ts';

const ready = [{ type: 'Ready', status: 'True' }];
const node = (allocatable: object | null, more: object = {}) =>
  raw<Node>({ status: { conditions: ready, allocatable, ...more } });
const pod = (cpu: string, more: object = {}, status: object = { phase: 'Running' }) =>
  raw<Pod>({ spec: { containers: [{ resources: { requests: { cpu } } }] }, status, ...more });
const ours = (cpu: string, status?: object) => pod(cpu, { metadata: { labels: { mine: 'yes' } } }, status);
const isOurs = (pod: Pod) => pod.metadata?.labels?.['mine'] === 'yes';

test.each<[object, boolean]>([
  [{ status: { conditions: ready } }, true],
  [{ spec: {}, status: { conditions: [{ type: 'MemoryPressure', status: 'True' }, ...ready] } }, true],
  [{ spec: { unschedulable: false }, status: { conditions: ready } }, true],
  [{ spec: { unschedulable: true }, status: { conditions: ready } }, false],
  [{ status: { conditions: [{ type: 'Ready', status: 'False' }] } }, false],
  [{ status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }, false],
  [{ status: { conditions: [{ type: 'DiskPressure', status: 'True' }] } }, false],
  [{ status: { conditions: [] } }, false],
  [{ status: { conditions: null }, spec: null }, false],
  [{ status: null }, false],
  [{}, false],
])('the node %j is open: %s', (json, expected) => {
  expect(isOpen(raw(json))).toBe(expected);
});

describe('nodeRoom', () => {
  const room = (on: Node, pods: Pod[]) => {
    const found = nodeRoom(on, pods, isOurs);
    return found && { offered: writeResources(found.offered), free: writeResources(found.free) };
  };
  const allocatable = { cpu: '4', pods: '10' };

  test.each<[string, Pod[], object, object]>([
    ['no pods', [], { cpu: '4', pods: '10' }, { cpu: '4', pods: '10' }],
    ['a foreign pod takes from both', [pod('1')], { cpu: '3', pods: '9' }, { cpu: '3', pods: '9' }],
    // What we run there is counted above, by the upper scheduler.
    ['ours takes only from what is free', [ours('1')], { cpu: '4', pods: '10' }, { cpu: '3', pods: '9' }],
    ['both', [ours('1'), pod('500m')], { cpu: '3500m', pods: '9' }, { cpu: '2500m', pods: '8' }],
    [
      'finished pods take nothing',
      [pod('1', {}, { phase: 'Succeeded' }), ours('1', { phase: 'Failed' })],
      { cpu: '4', pods: '10' },
      { cpu: '4', pods: '10' },
    ],
    [
      'a pod without status',
      [pod('1', {}, { phase: null }), raw<Pod>({})],
      { cpu: '3', pods: '8' },
      { cpu: '3', pods: '8' },
    ],
    ['more than there is', [pod('9')], { cpu: '0', pods: '9' }, { cpu: '0', pods: '9' }],
  ])('%s', (_, pods, offered, free) => {
    expect(room(node(allocatable), pods)).toEqual({ offered, free });
  });

  test('resources that the node does not have are not offered', () => {
    const gpu = raw<Pod>({ spec: { containers: [{ resources: { requests: { 'nvidia.com/gpu': '1' } } }] } });
    expect(room(node({ cpu: '1' }), [gpu])?.offered).toEqual({ cpu: '1' });
  });

  test.each([null, {}])('a node that says %j has nothing to offer', (nothing) => {
    expect(room(node(nothing), [pod('1')])).toEqual({ offered: {}, free: {} });
  });

  test('a closed node has no room', () => {
    expect(
      room(raw({ spec: { unschedulable: true }, status: { conditions: ready, allocatable } }), []),
    ).toBeUndefined();
  });
});

const roomOf = (offered: Record<string, string>, free: Record<string, string> = offered): NodeRoom => ({
  offered: readResources(offered),
  free: readResources(free),
});

describe('totalOffered', () => {
  const total = (...rooms: NodeRoom[]) => writeResources(totalOffered(rooms));

  test('is the sum of what is offered, of every resource that some node has', () => {
    expect(
      total(roomOf({ cpu: '1', pods: '5' }, { cpu: '0' }), roomOf({ cpu: '500m', 'nvidia.com/gpu': '2' })),
    ).toEqual({
      cpu: '1500m',
      pods: '5',
      'nvidia.com/gpu': '2',
    });
  });

  test('is nothing without nodes', () => {
    expect(total()).toEqual({});
  });

  test('is exact and never below zero, whatever runs there', () => {
    const cpu = fc.nat(100_000).map((milli) => `${milli}m`);
    const pods = fc.array(
      fc.tuple(cpu, fc.boolean()).map(([amount, mine]) => (mine ? ours(amount) : pod(amount))),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(cpu, pods)), (nodes) => {
        const milli = (text: unknown) => Number.parseInt(String(text), 10);
        const rooms = nodes.flatMap(([has, on]) => nodeRoom(node({ cpu: has }), on, isOurs) ?? []);
        const expected = nodes.map(([has, on]) => {
          const foreign = on.filter((each) => !isOurs(each));
          const taken = foreign.map((each) => milli(each.spec?.containers[0]?.resources?.requests?.['cpu']));
          return Math.max(
            0,
            taken.reduce((left, each) => left - each, milli(has)),
          );
        });
        const sum = expected.reduce((all, each) => all + each, 0);
        expect(totalOffered(rooms).get('cpu') ?? 0n).toBe(BigInt(sum) * 1_000_000n);
        for (const { offered, free } of rooms) {
          expect((offered.get('cpu') ?? 0n) >= (free.get('cpu') ?? 0n) && (free.get('cpu') ?? 0n) >= 0n).toBe(
            true,
          );
        }
      }),
    );
  });
});

describe('largestFree', () => {
  const largest = (...free: Record<string, string>[]) => {
    const found = largestFree(free.map((each) => roomOf({}, each)));
    return found && writeResources(found);
  };
  const big = { cpu: '8', memory: '8Gi', pods: '10' };

  test.each<[string, Record<string, string>[], object | undefined]>([
    ['none without nodes', [], undefined],
    ['the only one', [big], big],
    ['the larger one', [{ cpu: '1', memory: '1Gi', pods: '1' }, big], big],
    ['of equals the one with most places', [big, { ...big, pods: '9' }], big],
    ['the same in another order', [{ ...big, pods: '9' }, big], big],
    [
      'not much of one alone',
      [{ cpu: '100', memory: '1Mi', pods: '9' }, big, { cpu: '1m', memory: '100Gi', pods: '9' }],
      big,
    ],
    // A node takes no more pods than it has places, however much is free on it.
    ['not one that is full of pods', [{ cpu: '64', memory: '64Gi', pods: '0' }, big], big],
    [
      'one that is full when all are',
      [{ cpu: '64', memory: '64Gi', pods: '0' }],
      { cpu: '64', memory: '64Gi', pods: '0' },
    ],
    ['one with nothing when there is nothing', [{}], {}],
    ['one that is used up', [{ cpu: '0', memory: '0', pods: '3' }], { cpu: '0', memory: '0', pods: '3' }],
  ])('%s', (_, free, expected) => {
    expect(largest(...free)).toEqual(expected);
  });
});
