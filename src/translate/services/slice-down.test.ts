import { describe, expect, test } from 'vitest';
import type { EndpointSlice, Pod } from '../../kube/types.ts';
import { owner, raw } from '../test-objects.ts';
import { readAddressMap } from './address-map.ts';
import { isSliceInStep, sliceDown, sliceHash, withoutEndpoints } from './slice-down.ts';

const conditions = { ready: true, serving: true, terminating: false };

function upperSlice(endpoints: object[] | null = [], more: object = {}): EndpointSlice {
  return raw({
    metadata: {
      name: 'web-x7x',
      namespace: 'shop',
      uid: 'slice-uid',
      generateName: 'web-',
      labels: {
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'service.kubernetes.io/headless': '',
      },
      annotations: {
        'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:00Z',
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'service-uid' }],
    },
    addressType: 'IPv4',
    endpoints,
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    ...more,
  });
}

const local: Pod = raw({
  metadata: { name: 'web-0', namespace: 'shop', uid: 'lower' },
  spec: { nodeName: 'n1' },
});
const targetRef = { kind: 'Pod', namespace: 'shop', name: 'web-0', uid: 'upper' };
const down = (slice: EndpointSlice, pairs: string[] = []) =>
  sliceDown(slice, {
    owner,
    addresses: readAddressMap(pairs),
    lowerPodOf: ({ uid }) => (uid === 'upper' ? local : undefined),
  });

test('is ours, of the same Service, and nobody else’s', () => {
  const { metadata } = down(upperSlice());
  expect(metadata).toEqual({
    name: 'web-x7x',
    namespace: 'shop',
    labels: {
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'isthmus.io',
      'service.kubernetes.io/headless': '',
      'virtual-pod': 'true',
    },
    annotations: {
      'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:00Z',
      'isthmus.io/upper-cluster': 'upper-cluster-uid',
      'isthmus.io/virtual-node': 'vk-a',
      'isthmus.io/upper-uid': 'slice-uid',
    },
  });
});

describe('an endpoint', () => {
  test.each<[string, object, object]>([
    [
      'of this cluster is called what it is here',
      { addresses: ['100.64.0.7'], conditions, nodeName: 'vk-a', targetRef, zone: 'z1', hostname: 'web-0' },
      {
        addresses: ['10.244.0.7'],
        conditions,
        nodeName: 'n1',
        targetRef: { kind: 'Pod', namespace: 'shop', name: 'web-0', uid: 'lower' },
        zone: 'z1',
        hostname: 'web-0',
      },
    ],
    [
      'of another cluster keeps what is true everywhere',
      {
        addresses: ['100.64.0.8'],
        conditions: { ready: false, serving: true, terminating: true },
        nodeName: 'vk-b',
        targetRef: { ...targetRef, uid: 'elsewhere' },
        zone: 'z2',
        hostname: 'web-1',
      },
      {
        addresses: ['100.64.0.8'],
        conditions: { ready: false, serving: true, terminating: true },
        zone: 'z2',
        hostname: 'web-1',
      },
    ],
    ['of no pod', { addresses: ['192.0.2.1'], conditions }, { addresses: ['192.0.2.1'], conditions }],
    [
      'of this cluster that is preferred on its node',
      {
        addresses: ['10.244.0.7'],
        conditions,
        targetRef,
        hints: { forZones: [{ name: 'z1' }], forNodes: [{ name: 'vk-a' }] },
      },
      { hints: { forZones: [{ name: 'z1' }], forNodes: [{ name: 'n1' }] } },
    ],
    [
      'of another that is preferred on its node',
      { addresses: ['10.244.9.7'], conditions, hints: { forNodes: [{ name: 'vk-b' }] } },
      { addresses: ['10.244.9.7'], conditions },
    ],
  ])('%s', (_, above, expected) => {
    const [endpoint] = down(upperSlice([above]), ['10.244.0.0/24=100.64.0.0/24']).endpoints ?? [];
    if ('hints' in expected) expect(endpoint).toMatchObject(expected);
    else expect(endpoint).toEqual(expected);
  });
});

describe('is in step', () => {
  const upper = upperSlice([{ addresses: ['10.0.0.1'], conditions }]);
  const answered = (slice: EndpointSlice, more: object = {}): EndpointSlice => {
    const { metadata, ...content } = slice;
    // The API server has an order of its own, and says what is empty.
    const entries = Object.entries({ ...content, ...more }).reverse();
    return raw({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      ...Object.fromEntries(entries),
      metadata: { ...metadata, uid: 'u', resourceVersion: '9', creationTimestamp: 'now', generation: 4 },
    });
  };

  test('with what the API server answers', () => {
    const held = withoutEndpoints(answered(down(upper)));
    expect(isSliceInStep(down(upper), held)).toBe(true);
    expect(held).not.toHaveProperty('endpoints');
    expect(withoutEndpoints(held)).toBe(held);
  });

  test('with an empty one', () => {
    const none = upperSlice(null, { ports: null });
    const held = withoutEndpoints(answered(down(none), { ports: null, endpoints: null }));
    expect(isSliceInStep(down(none), held)).toBe(true);
  });

  test.each<[string, object[], object]>([
    ['an address', [{ addresses: ['10.0.0.2'], conditions }], {}],
    ['a condition', [{ addresses: ['10.0.0.1'], conditions: { ...conditions, ready: false } }], {}],
    [
      'one more',
      [
        { addresses: ['10.0.0.1'], conditions },
        { addresses: ['10.0.0.3'], conditions },
      ],
      {},
    ],
    ['none', [], {}],
    ['a port', [{ addresses: ['10.0.0.1'], conditions }], { ports: [{ name: 'http', port: 81 }] }],
  ])('not with %s that differs', (_, endpoints, more) => {
    const held = withoutEndpoints(answered(down(upper)));
    expect(isSliceInStep(down(upperSlice(endpoints, more)), held)).toBe(false);
  });

  test('not with a label that somebody added below', () => {
    const slice = down(upper);
    const edited = raw<EndpointSlice>({
      ...slice,
      metadata: {
        ...slice.metadata,
        labels: { ...slice.metadata?.labels, 'kubernetes.io/service-name': 'other' },
      },
    });
    expect(sliceHash(edited)).not.toBe(sliceHash(slice));
  });
});
