import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PodSpec } from '../kube/types.ts';
import { serviceAccountModes } from './service-account.ts';
import { specDown } from './spec-down.ts';
import { options, owner, raw, upperPod } from './test-objects.ts';

const down = (
  spec: object,
  mode: (typeof serviceAccountModes)[number] = 'upper',
  annotations: object = {},
) => {
  const pod = upperPod({ metadata: { annotations }, spec });
  return specDown(pod, pod.spec as PodSpec, owner, { ...options, serviceAccounts: mode });
};

/** A pod as `kubectl run` makes it, after admission and scheduling above. */
const admitted = {
  nodeName: 'vk-a',
  schedulerName: 'default-scheduler',
  priority: 2_000_000_000,
  priorityClassName: 'system-node-critical',
  preemptionPolicy: 'PreemptLowerPriority',
  runtimeClassName: 'gvisor',
  overhead: { cpu: '250m' },
  serviceAccount: 'builder',
  serviceAccountName: 'builder',
  enableServiceLinks: true,
  os: { name: 'linux' },
  hostUsers: false,
  hostname: 'web',
  subdomain: 'db',
  setHostnameAsFQDN: true,
  hostnameOverride: 'web.example.com',
  tolerations: [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }],
  nodeSelector: { type: 'virtual-kubelet' },
  resources: { requests: { cpu: '1' } },
  volumes: [
    {
      name: 'kube-api-access-x',
      projected: {
        sources: [
          { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
        ],
      },
    },
  ],
  containers: [
    {
      name: 'main',
      image: 'nginx:1',
      volumeMounts: [
        { name: 'kube-api-access-x', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
      ],
      env: [
        { name: 'SA', valueFrom: { fieldRef: { fieldPath: 'spec.serviceAccountName' } } },
        { name: 'GREETING', value: '$(SA) at $(KUBERNETES_SERVICE_HOST)' },
      ],
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
    },
  ],
};

describe('an ordinary pod', () => {
  const kept = {
    priorityClassName: 'system-node-critical',
    runtimeClassName: 'gvisor',
    enableServiceLinks: true,
    os: { name: 'linux' },
    hostUsers: false,
    hostname: 'web',
    subdomain: 'db',
    setHostnameAsFQDN: true,
    hostnameOverride: 'web.example.com',
    resources: { requests: { cpu: '1' } },
    restartPolicy: 'Always',
  };
  const [volume] = admitted.volumes;
  const [container] = admitted.containers;
  const env = [
    { name: 'SA', value: 'builder' },
    { name: 'GREETING', value: '$(SA) at $(KUBERNETES_SERVICE_HOST)' },
  ];

  test('mode upper, whole', () => {
    const [, , namespace] = volume?.projected.sources ?? [];
    expect(down(admitted)).toEqual({
      ...kept,
      automountServiceAccountToken: false,
      volumes: [
        {
          name: 'kube-api-access-x',
          projected: {
            sources: [
              {
                secret: {
                  name: 'isthmus-tokens-upper-uid',
                  items: [{ key: 'kube-api-access-x.0', path: 'token' }],
                },
              },
              {
                configMap: { name: 'kube-root-ca.crt.upper-cl', items: [{ key: 'ca.crt', path: 'ca.crt' }] },
              },
              namespace,
            ],
          },
        },
      ],
      containers: [
        {
          ...container,
          env: [
            { name: 'KUBERNETES_SERVICE_HOST', value: '10.1.2.3' },
            { name: 'KUBERNETES_SERVICE_PORT', value: '6443' },
            { name: 'KUBERNETES_SERVICE_PORT_HTTPS', value: '6443' },
            ...env,
          ],
        },
      ],
    });
  });

  test('mode lower, whole', () => {
    expect(down(admitted, 'lower')).toEqual({
      ...kept,
      serviceAccount: 'builder',
      serviceAccountName: 'builder',
      volumes: [],
      containers: [{ ...container, volumeMounts: [], env }],
    });
  });

  test('mode none, whole', () => {
    expect(down(admitted, 'none')).toEqual({
      ...kept,
      automountServiceAccountToken: false,
      volumes: [],
      containers: [{ ...container, volumeMounts: [], env }],
    });
  });
});

test('the scheduling of the lower cluster is what clusterSelector says', () => {
  const clusterSelector = JSON.stringify({ nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'gpu' }] });
  expect(down(admitted, 'upper', { clusterSelector })).toMatchObject({
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'gpu' }],
  });
});

test.each(serviceAccountModes)(
  'mode %s: any spec is translated without being changed, and fields of tomorrow go down',
  (mode) => {
    const anything = fc.dictionary(
      fc.constantFrom('later', 'constructor', 'affinity', 'hostname'),
      fc.jsonValue({ maxDepth: 1 }),
    );
    fc.assert(
      fc.property(anything, (fields) => {
        const spec = { ...admitted, ...fields, affinity: null };
        const lower = down(raw(spec), mode);
        expect(down(raw(spec), mode)).toEqual(lower);
        for (const [field, value] of Object.entries(fields))
          if (field !== 'affinity') expect(lower).toHaveProperty([field], value);
      }),
    );
  },
);
