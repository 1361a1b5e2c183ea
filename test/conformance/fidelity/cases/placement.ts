import { type Case, looks, ready, staying, stays, succeeded, whole } from '../case.ts';

const host = 'kubernetes.io/hostname';
const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
const onLinux = { matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }] };
const isTypeOf = (type: string) => ({ matchLabels: { kind: type } });
const wanted = { weight: 5, preference: onLinux };
const rest = (kind: string) => ({ labels: { kind, version: '7' }, until: succeeded });

/** Where a pod may run, and what it waits for. */
export const placementCases: readonly Case[] = [
  looks(
    'placed',
    {},
    {},
    {
      placement: {
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        affinity: {
          nodeAffinity: {
            [required]: {
              nodeSelectorTerms: [
                { ...onLinux, matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['other'] }] },
              ],
            },
            [preferred]: [wanted],
          },
        },
        tolerations: [
          { key: 'gpu', operator: 'Equal', value: 'yes', effect: 'NoSchedule' },
          { key: 'spot', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
        ],
      },
    },
  ),
  stays(
    'nowhere',
    {},
    {},
    {
      placement: { nodeSelector: { 'example.com/none': 'none' } },
      until: (pod) => pod.status?.conditions?.some(({ reason }) => reason === 'Unschedulable') ?? false,
    },
  ),
  looks(
    'pod-affinity',
    {},
    {
      affinity: {
        podAffinity: {
          [required]: [
            {
              topologyKey: host,
              labelSelector: { matchExpressions: [{ key: 'kind', operator: 'In', values: ['near'] }] },
              matchLabelKeys: ['version'],
            },
          ],
          [preferred]: [
            {
              weight: 3,
              podAffinityTerm: { topologyKey: host, labelSelector: isTypeOf('near'), namespaceSelector: {} },
            },
          ],
        },
      },
    },
    rest('near'),
  ),
  looks(
    'pod-anti-affinity',
    {},
    {
      affinity: {
        podAntiAffinity: {
          [required]: [
            {
              topologyKey: host,
              labelSelector: isTypeOf('alone'),
              mismatchLabelKeys: ['version'],
              namespaces: ['default'],
            },
          ],
          [preferred]: [
            { weight: 1, podAffinityTerm: { topologyKey: host, labelSelector: isTypeOf('alone') } },
          ],
        },
      },
    },
    rest('alone'),
  ),
  looks(
    'spread',
    {},
    {
      topologySpreadConstraints: [
        {
          topologyKey: host,
          maxSkew: 1,
          minDomains: 1,
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: isTypeOf('spread'),
          matchLabelKeys: ['version'],
          nodeAffinityPolicy: 'Honor',
          nodeTaintsPolicy: 'Honor',
        },
        {
          topologyKey: host,
          maxSkew: 2,
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: isTypeOf('spread'),
        },
      ],
    },
    rest('spread'),
  ),
  looks(
    'preferences',
    { imagePullPolicy: 'IfNotPresent' },
    {
      affinity: { nodeAffinity: { [preferred]: [wanted] } },
      priorityClassName: 'fidelity',
      os: { name: 'linux' },
      hostUsers: true,
      imagePullSecrets: [{ name: 'registry' }],
    },
  ),
  looks(
    'scheduling-gate',
    {},
    { schedulingGates: [{ name: 'example.com/wait' }] },
    {
      steps: [
        {
          when: () => true,
          patch: { spec: { schedulingGates: [{ name: 'example.com/wait', $patch: 'delete' }] } },
        },
      ],
    },
  ),
  whole(
    'readiness-gate',
    () => ({ readinessGates: [{ conditionType: 'example.com/warm' }], containers: [staying()] }),
    {
      steps: [
        {
          when: (pod) => pod.status?.containerStatuses?.[0]?.ready === true,
          subresource: 'status',
          patch: {
            status: {
              conditions: [
                {
                  type: 'example.com/warm',
                  status: 'True',
                  reason: 'Warmed',
                  lastTransitionTime: new Date().toISOString(),
                },
              ],
            },
          },
        },
      ],
      until: ready,
    },
  ),
  whole(
    'readiness-gate-shut',
    () => ({ readinessGates: [{ conditionType: 'example.com/warm' }], containers: [staying()] }),
    {
      until: (pod) =>
        pod.status?.conditions?.some(({ reason }) => reason === 'ReadinessGatesNotReady') ?? false,
    },
  ),
  looks(
    'relabelled',
    {},
    {},
    {
      labels: { old: 'label', kept: 'one' },
      annotations: { 'example.com/old': 'note' },
      steps: [
        {
          when: succeeded,
          patch: {
            metadata: {
              labels: { old: null, kept: 'two', new: 'label' },
              annotations: { 'example.com/old': null },
            },
          },
        },
      ],
      until: (pod) => succeeded(pod) && pod.metadata?.labels?.['new'] === 'label',
    },
  ),
];
