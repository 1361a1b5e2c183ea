import { describe, expect, test } from 'vitest';
import type { Service } from '../../kube/types.ts';
import { owner, raw } from '../test-objects.ts';
import { carriesEndpoints, serviceDown, serviceToWrite, withoutFamilies } from './service-down.ts';

/** An upper Service as the API server returns it. */
function upperService(spec: object = {}, metadata: object = {}): Service {
  return raw({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'service-uid',
      resourceVersion: '7',
      labels: { tier: 'front' },
      ...metadata,
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.0.0.5',
      clusterIPs: ['10.0.0.5'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'web' }],
      ...spec,
    },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
  });
}

const headless = { clusterIP: 'None', clusterIPs: ['None'] };

/** As the lower API server would answer to what goes down. */
function below(upper: Service, filledIn: object = {}, metadata: object = {}): Service {
  const { metadata: meta, spec } = serviceDown(upper, owner, 'flat');
  const own = { clusterIP: '10.9.0.1', clusterIPs: ['10.9.0.1'], ipFamilies: ['IPv4'] };
  return raw({
    metadata: { ...meta, uid: 'lower-uid', resourceVersion: '3', ...metadata },
    spec: { ...spec, ...(spec?.clusterIP === 'None' ? {} : own), ...filledIn },
  });
}

describe('a Service below', () => {
  test('has our marks, and neither its address above nor its status', () => {
    const { metadata, spec, ...rest } = serviceDown(upperService(), owner, 'flat');
    expect(rest).toEqual({});
    expect(metadata).toMatchObject({
      name: 'web',
      namespace: 'shop',
      labels: { tier: 'front', 'virtual-pod': 'true' },
      annotations: {
        'isthmus.io/upper-cluster': 'upper-cluster-uid',
        'isthmus.io/virtual-node': 'vk-a',
        'isthmus.io/upper-uid': 'service-uid',
      },
    });
    expect(metadata).not.toHaveProperty('uid');
    expect(metadata).not.toHaveProperty('resourceVersion');
    expect(spec).toEqual({
      type: 'ClusterIP',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'web' }],
    });
  });

  test('keeps its selector where the lower cluster finds the endpoints', () => {
    expect(serviceDown(upperService(), owner, 'local').spec?.selector).toEqual({ app: 'web' });
  });

  test.each<[string, object, object, string[]]>([
    [
      'a node port',
      {
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort: 30080 }],
      },
      { type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] },
      ['externalTrafficPolicy'],
    ],
    [
      'a load balancer',
      {
        type: 'LoadBalancer',
        loadBalancerIP: '192.0.2.1',
        loadBalancerClass: 'a/b',
        loadBalancerSourceRanges: ['10.0.0.0/8'],
        allocateLoadBalancerNodePorts: true,
        healthCheckNodePort: 30081,
        externalIPs: ['192.0.2.2'],
      },
      { type: 'ClusterIP' },
      [
        'loadBalancerIP',
        'loadBalancerClass',
        'loadBalancerSourceRanges',
        'allocateLoadBalancerNodePorts',
        'healthCheckNodePort',
        'externalIPs',
      ],
    ],
    ['no address', headless, { clusterIP: 'None' }, ['clusterIPs']],
    [
      'an external name',
      {
        type: 'ExternalName',
        externalName: 'db.example.com',
        clusterIP: undefined,
        ipFamilies: undefined,
        ipFamilyPolicy: undefined,
      },
      { type: 'ExternalName', externalName: 'db.example.com' },
      ['clusterIP', 'clusterIPs', 'ipFamilies'],
    ],
    [
      'two families if there are',
      { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] },
      { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] },
      [],
    ],
    [
      'two families',
      { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] },
      { ipFamilies: ['IPv4', 'IPv6'] },
      [],
    ],
    [
      'fields that nobody here knows',
      { trafficDistribution: 'PreferClose', fromTheFuture: { a: 1 } },
      { trafficDistribution: 'PreferClose', fromTheFuture: { a: 1 } },
      [],
    ],
  ])('of one with %s', (_, above, expected, gone) => {
    const { spec } = serviceDown(upperService(above), owner, 'flat');
    expect(spec).toMatchObject(expected);
    for (const field of gone) expect(spec).not.toHaveProperty(field);
  });

  test('has neither notes of ours nor those of kubectl, finalizers or owners', () => {
    const { metadata } = serviceDown(
      upperService(
        {},
        {
          annotations: {
            'isthmus.io/service': 'true',
            'kubectl.kubernetes.io/last-applied-configuration': '{}',
            note: 'x',
          },
          finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
          ownerReferences: [{ kind: 'A', name: 'b', uid: 'c', apiVersion: 'v1' }],
        },
      ),
      owner,
      'flat',
    );
    expect(Object.keys(metadata?.annotations ?? {}).sort()).toEqual([
      'isthmus.io/carried-names',
      'isthmus.io/upper-cluster',
      'isthmus.io/upper-uid',
      'isthmus.io/virtual-node',
      'note',
    ]);
    expect(metadata).not.toHaveProperty('finalizers');
    expect(metadata).not.toHaveProperty('ownerReferences');
  });
});

describe('what is written', () => {
  const desired = (spec: object = {}, metadata: object = {}) =>
    serviceDown(upperService(spec, metadata), owner, 'flat');

  test('is nothing where only the lower cluster has filled in', () => {
    for (const above of [upperService(), upperService(headless)])
      expect(serviceToWrite(serviceDown(above, owner, 'flat'), below(above))).toBeUndefined();
    const dual = { ipFamilyPolicy: 'PreferDualStack' };
    const two = { ipFamilies: ['IPv4', 'IPv6'], clusterIPs: ['10.9.0.1', 'fd00::1'] };
    expect(serviceToWrite(desired(dual), below(upperService(dual), two))).toBeUndefined();
  });

  test('has the address and version below, and the labels that others gave', () => {
    const lower = below(
      upperService(),
      {},
      { labels: { tier: 'front', 'virtual-pod': 'true', theirs: 'x' } },
    );
    const written = serviceToWrite(desired({ sessionAffinity: 'ClientIP' }, { labels: { new: '1' } }), lower);
    expect(written).toMatchObject({
      metadata: { uid: 'lower-uid', resourceVersion: '3' },
      spec: { sessionAffinity: 'ClientIP', clusterIP: '10.9.0.1' },
    });
    expect((written as Service).metadata?.labels).toEqual({ new: '1', theirs: 'x', 'virtual-pod': 'true' });
  });

  test('leaves out the address where the Service becomes an external name', () => {
    const external = {
      type: 'ExternalName',
      externalName: 'a.b',
      clusterIP: undefined,
      ipFamilies: undefined,
    };
    const written = serviceToWrite(desired(external), below(upperService())) as Service;
    expect(written.spec).not.toHaveProperty('clusterIP');
    expect(written.spec).not.toHaveProperty('ipFamilies');
  });

  test.each<[string, Service, Service]>([
    ['headless where it was not', desired(headless), below(upperService())],
    ['not headless where it was', desired(), below(upperService(headless))],
    ['without selector where it had one', desired(), below(upperService(), { selector: { app: 'web' } })],
    [
      'made anew above with another family',
      desired({ ipFamilies: ['IPv6'] }, { uid: 'another' }),
      below(upperService()),
    ],
  ])('is another object: %s', (_, want, have) => {
    expect(serviceToWrite(want, have)).toBe('recreate');
  });

  test('keeps the address of one that was made anew above', () => {
    const written = serviceToWrite(desired({}, { uid: 'another' }), below(upperService()));
    expect(written).toMatchObject({ spec: { clusterIP: '10.9.0.1' } });
  });
});

test('a family that is not to be had is given up, unless both are required', () => {
  const lesser = withoutFamilies(serviceDown(upperService(), owner, 'flat'));
  expect(lesser?.spec).not.toHaveProperty('ipFamilies');
  expect(lesser && withoutFamilies(lesser)).toBeUndefined();
  const both = upperService({ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] });
  expect(withoutFamilies(serviceDown(both, owner, 'flat'))).toBeUndefined();
});

test.each<[string, object, boolean, boolean]>([
  ['with a selector', {}, true, false],
  ['without', { selector: undefined }, true, true],
  ['headless without', { ...headless, selector: {} }, true, true],
  ['that is an external name', { type: 'ExternalName', selector: undefined }, false, false],
])('the endpoints of one %s go down in a flat network: %s, in a local one: %s', (_, spec, flat, local) => {
  expect(carriesEndpoints(upperService(spec), 'flat')).toBe(flat);
  expect(carriesEndpoints(upperService(spec), 'local')).toBe(local);
});
