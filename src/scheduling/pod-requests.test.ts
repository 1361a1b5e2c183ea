import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { raw } from '../translate/test-objects.ts';
import { podRequests } from './pod-requests.ts';
import { writeResources } from './resource-list.ts';

const requests = (pod: object) => {
  const { pods, ...others } = writeResources(podRequests(raw(pod)));
  expect(pods).toBe('1');
  return others;
};
const of = (spec: object) => requests({ spec });
const asks = (cpu: string, more: object = {}) => ({ resources: { requests: { cpu } }, ...more });
const sidecar = { restartPolicy: 'Always' };

/** The rows of TestPodRequests and TestPodResourceRequests (component-helpers, helpers_test.go) that differ in kind. */
describe('as kube-scheduler counts', () => {
  test.each<[string, object, object]>([
    ['nothing', { containers: [{}] }, {}],
    ['containers together', { containers: [asks('1'), asks('500m'), {}] }, { cpu: '1500m' }],
    [
      'an init container that needs less',
      { containers: [asks('2')], initContainers: [asks('1')] },
      { cpu: '2' },
    ],
    [
      'an init container that needs more',
      { containers: [asks('1')], initContainers: [asks('2'), asks('3')] },
      { cpu: '3' },
    ],
    [
      'a sidecar beside the containers',
      { containers: [asks('1')], initContainers: [asks('2', sidecar)] },
      { cpu: '3' },
    ],
    [
      'an init container beside the sidecars before it',
      { containers: [asks('1')], initContainers: [asks('2', sidecar), asks('5')] },
      { cpu: '7' },
    ],
    [
      'an init container without the sidecars after it',
      { containers: [asks('1')], initContainers: [asks('5'), asks('2', sidecar)] },
      { cpu: '5' },
    ],
    [
      'many of both',
      {
        containers: [asks('1')],
        initContainers: [asks('10'), asks('1', sidecar), asks('1', sidecar), asks('9'), asks('6', sidecar)],
      },
      { cpu: '11' },
    ],
    [
      'each resource for itself',
      {
        containers: [{ resources: { requests: { cpu: '1', memory: '1Gi' } } }],
        initContainers: [{ resources: { requests: { cpu: '2', memory: '1Mi', 'nvidia.com/gpu': '1' } } }],
      },
      { cpu: '2', memory: '1Gi', 'nvidia.com/gpu': '1' },
    ],
    [
      'overhead on top',
      { containers: [asks('1')], overhead: { cpu: '250m', memory: '1Mi' } },
      { cpu: '1250m', memory: '1Mi' },
    ],
    [
      'requests of the whole pod in their place',
      { containers: [asks('1'), asks('5')], resources: { requests: { cpu: '2', memory: '1Gi' } } },
      { cpu: '2', memory: '1Gi' },
    ],
    [
      'requests of the whole pod only where a pod can have them',
      {
        containers: [{ resources: { requests: { 'nvidia.com/gpu': '1', 'hugepages-2Mi': '2Mi' } } }],
        resources: {
          requests: { 'nvidia.com/gpu': '5', 'ephemeral-storage': '1Gi', 'hugepages-2Mi': '4Mi' },
        },
      },
      { 'nvidia.com/gpu': '1', 'hugepages-2Mi': '4Mi' },
    ],
    [
      'overhead on top of the whole pod',
      { containers: [], resources: { requests: { cpu: '2' } }, overhead: { cpu: '1' } },
      { cpu: '3' },
    ],
    ['limits are no requests', { containers: [{ resources: { limits: { cpu: '1' } } }] }, {}],
    ['a zero stays', { containers: [asks('0')] }, { cpu: '0' }],
  ])('%s', (_, spec, expected) => {
    expect(of(spec)).toEqual(expected);
  });
});

describe('while containers are resized in place', () => {
  const container = (name: string, cpu: string) => ({ name, resources: { requests: { cpu } } });
  const status = (name: string, actual: string | undefined, allocated: string | undefined) => ({
    name,
    resources: { requests: actual ? { cpu: actual } : null },
    allocatedResources: allocated ? { cpu: allocated } : null,
  });
  const resized = (statuses: object, more: object = {}) =>
    requests({
      spec: { containers: [container('a', '2')] },
      status: { containerStatuses: [statuses], ...more },
    });
  const infeasible = { conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }] };
  const deferred = { conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Deferred' }] };

  test.each<[string, object, object, string]>([
    ['up: what is asked for', status('a', '1', '1'), {}, '2'],
    ['down: what it still has', status('a', '3', '2'), {}, '3'],
    ['down: what is still set aside', status('a', '2', '4'), {}, '4'],
    ['done', status('a', '2', '2'), {}, '2'],
    ['deferred: what is asked for', status('a', '1', '1'), deferred, '2'],
    ['infeasible: what it has, for it will not get more', status('a', '1', '1'), infeasible, '1'],
    ['infeasible: what is set aside', status('a', '1', '3'), infeasible, '3'],
    ['of another name', status('b', '9', '9'), {}, '2'],
    ['not started yet', { name: 'a', allocatedResources: { cpu: '9' } }, {}, '2'],
    ['not started yet, null', { name: 'a', resources: null, allocatedResources: { cpu: '9' } }, {}, '2'],
  ])('%s', (_, statuses, more, cpu) => {
    expect(resized(statuses, more)).toEqual({ cpu });
  });

  test.each([
    [sidecar, '5'],
    // An ordinary init container is done before it could be resized.
    [{}, '3'],
  ])('an init container with %j', (more, cpu) => {
    const initContainers = [{ ...container('i', '1'), ...more }];
    const pod = { spec: { containers: [container('a', '3')], initContainers } };
    expect(requests({ ...pod, status: { initContainerStatuses: [status('i', '2', '2')] } })).toEqual({ cpu });
  });
});

test.each([
  {},
  { spec: null, status: null },
  { spec: { containers: null, initContainers: null, resources: null, overhead: null } },
  { spec: { containers: [{ resources: null }, { resources: { requests: null } }] } },
  {
    spec: { containers: [] },
    status: { containerStatuses: null, initContainerStatuses: null, conditions: null },
  },
])('nothing but a place in %j', (pod) => {
  expect(requests(pod)).toEqual({});
});

test('a quantity that cannot be read counts for nothing', () => {
  expect(of({ containers: [asks('much'), asks('1')] })).toEqual({ cpu: '1' });
});

test('of as many sidecars as a pod can have is soon known', () => {
  const resources = (index: number) => ({ requests: { [`example.com/r${index}`]: '1' } });
  const initContainers = Array.from({ length: 10_000 }, (_, index) => ({
    ...sidecar,
    resources: resources(index),
  }));
  const began = performance.now();
  expect(Object.keys(of({ containers: [], initContainers }))).toHaveLength(10_000);
  // With a copy of all before each of them it takes twenty.
  expect(performance.now() - began).toBeLessThan(5_000);
});

test('is what the fullest moment of the pod takes', () => {
  const containers = fc.array(fc.nat(9), { maxLength: 4 });
  const init = fc.array(fc.record({ cpu: fc.nat(9), isSidecar: fc.boolean() }), { maxLength: 5 });
  fc.assert(
    fc.property(containers, init, (cpus, inits) => {
      const moments = inits.map(({ cpu }, index) => {
        const before = inits.slice(0, index).filter((each) => each.isSidecar);
        return before.reduce((sum, each) => sum + each.cpu, cpu);
      });
      const sidecars = inits.filter((each) => each.isSidecar).reduce((sum, each) => sum + each.cpu, 0);
      const running = cpus.reduce((sum, cpu) => sum + cpu, sidecars);
      const spec = {
        containers: cpus.map((cpu) => asks(String(cpu))),
        initContainers: inits.map(({ cpu, isSidecar }) => asks(String(cpu), isSidecar ? sidecar : {})),
      };
      expect(Number(of(spec)['cpu'] ?? 0)).toBe(Math.max(running, ...moments));
    }),
  );
});
