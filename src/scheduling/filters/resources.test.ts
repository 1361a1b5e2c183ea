import { describe, expect, test } from 'vitest';
import { against, asking, node, pictureOf, pod, podOn } from '../test-pictures.ts';

const there = (allocatable: object, ...specs: object[]) =>
  pictureOf(
    [node('n', { allocatable })],
    specs.map((spec, index) => podOn('n', `there-${index}`, spec)),
  );

describe('resources', () => {
  test.each<[string, object, object[], object, object]>([
    ['just enough', { cpu: '1' }, [asking({ cpu: '400m' })], asking({ cpu: '600m' }), {}],
    [
      'a thousandth too much',
      { cpu: '1' },
      [asking({ cpu: '400m' })],
      asking({ cpu: '601m' }),
      { 'Insufficient cpu': 1 },
    ],
    [
      'parts of a thousandth count as one',
      { cpu: '1' },
      [asking({ cpu: '999500u' })],
      asking({ cpu: '1u' }),
      { 'Insufficient cpu': 1 },
    ],
    [
      'several at once',
      { cpu: '1', memory: '1Gi' },
      [],
      asking({ cpu: '2', memory: '2Gi', 'ephemeral-storage': '1' }),
      { 'Insufficient cpu': 1, 'Insufficient memory': 1, 'Insufficient ephemeral-storage': 1 },
    ],
    ['places', { pods: '1' }, [{}], {}, { 'Too many pods': 1 }],
    [
      'places and cpu',
      { pods: '1', cpu: '1' },
      [{}],
      asking({ cpu: '2' }),
      { 'Too many pods': 1, 'Insufficient cpu': 1 },
    ],
    ['nothing on a node that gave too much', { cpu: '1' }, [asking({ cpu: '5' })], {}, {}],
    [
      'a little on a node that gave too much',
      { cpu: '1' },
      [asking({ cpu: '5' })],
      asking({ cpu: '1m' }),
      { 'Insufficient cpu': 1 },
    ],
    [
      'a device that no node has',
      {},
      [],
      asking({ 'example.com/gpu': '1' }),
      { 'Insufficient example.com/gpu': 1 },
    ],
    ['none of a device that no node has', {}, [], asking({ 'example.com/gpu': '0' }), {}],
    [
      'devices',
      { 'example.com/gpu': '2' },
      [asking({ 'example.com/gpu': '1' })],
      asking({ 'example.com/gpu': '1' }),
      {},
    ],
    [
      'too few devices',
      { 'example.com/gpu': '2' },
      [asking({ 'example.com/gpu': '1' })],
      asking({ 'example.com/gpu': '2' }),
      { 'Insufficient example.com/gpu': 1 },
    ],
    ['names that mean nothing to a scheduler', {}, [], asking({ storage: '1', foo: '1' }), {}],
    [
      'huge pages',
      { 'hugepages-2Mi': '2Mi' },
      [],
      asking({ 'hugepages-2Mi': '4Mi' }),
      { 'Insufficient hugepages-2Mi': 1 },
    ],
    [
      'an init container',
      { cpu: '1' },
      [],
      { initContainers: [{ resources: { requests: { cpu: '2' } } }] },
      { 'Insufficient cpu': 1 },
    ],
    [
      'overhead',
      { cpu: '1' },
      [],
      { ...asking({ cpu: '900m' }), overhead: { cpu: '200m' } },
      { 'Insufficient cpu': 1 },
    ],
  ])('%s', (_, allocatable, specs, spec, expected) => {
    expect(against(there(allocatable, ...specs), pod('p', spec))).toEqual(expected);
  });

  test('stay exact when a pod has asked for more than can be counted', () => {
    const picture = there({ cpu: '2', memory: '1Gi' }, asking({ memory: '3' }), asking({ memory: '9Ei' }));
    expect(against(picture, pod('p', asking({ memory: '1' })))).toEqual({ 'Insufficient memory': 1 });
    picture.removePod('default/there-1');
    const left = 1024 ** 3 - 3;
    expect(against(picture, pod('p', asking({ memory: `${left}` })))).toEqual({});
    expect(against(picture, pod('p', asking({ memory: `${left + 1}` })))).toEqual({
      'Insufficient memory': 1,
    });
  });

  test('of a pod that is resized down count as long as it has them', () => {
    const picture = pictureOf([node('n', { allocatable: { cpu: '4' } })]);
    const resized = (cpu: string) => ({
      metadata: { namespace: 'default', name: 'there' },
      spec: { nodeName: 'n', containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] },
      status: { containerStatuses: [{ name: 'c', resources: { requests: { cpu } } }] },
    });
    picture.applyPod(resized('3') as never);
    expect(against(picture, pod('p', asking({ cpu: '2' })))).toEqual({ 'Insufficient cpu': 1 });
    picture.applyPod(resized('1') as never);
    expect(against(picture, pod('p', asking({ cpu: '2' })))).toEqual({});
  });
});

describe('host ports', () => {
  const refused = { "node(s) didn't have free ports for the requested pod ports": 1 };
  const port = (hostPort: number, more: object = {}) => ({
    containers: [{ name: 'c', ports: [{ hostPort, ...more }] }],
  });
  test.each<[string, object, object, object]>([
    ['the same', port(80), port(80), refused],
    ['another', port(80), port(81), {}],
    ['another protocol', port(80), port(80, { protocol: 'UDP' }), {}],
    ['the protocol by default', port(80, { protocol: 'TCP' }), port(80), refused],
    ['another address', port(80, { hostIP: '10.0.0.1' }), port(80, { hostIP: '10.0.0.2' }), {}],
    ['the same address', port(80, { hostIP: '10.0.0.1' }), port(80, { hostIP: '10.0.0.1' }), refused],
    ['one address where all are taken', port(80), port(80, { hostIP: '10.0.0.1' }), refused],
    [
      'all addresses where one is taken',
      port(80, { hostIP: '10.0.0.1' }),
      port(80, { hostIP: '0.0.0.0' }),
      refused,
    ],
    ['a port of the container only', port(0), port(0), {}],
    [
      'of a sidecar',
      { initContainers: [{ restartPolicy: 'Always', ports: [{ hostPort: 80 }] }] },
      port(80),
      refused,
    ],
    ['of an init container that ends', { initContainers: [{ ports: [{ hostPort: 80 }] }] }, port(80), {}],
  ])('%s', (_, spec, wanted, expected) => {
    const picture = there({}, spec);
    expect(against(picture, pod('p', wanted))).toEqual(expected);
    picture.removePod('default/there-0');
    expect(against(picture, pod('p', wanted))).toEqual({});
  });
});
