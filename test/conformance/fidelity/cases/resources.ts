import type { Pod } from '../../../../src/kube/types.ts';
import { type Case, failed, looking, looks, ready, staying, stays, whole } from '../case.ts';

const small = { cpu: '5m', memory: '8Mi' };
const large = { cpu: '50m', memory: '64Mi' };

function actualLimit(pod: Pod): string | undefined {
  return pod.status?.containerStatuses?.[0]?.resources?.limits?.['cpu'];
}

/** Requests, limits, and what they make of a container. */
export const resourceCases: readonly Case[] = [
  looks('guaranteed', { resources: { requests: large, limits: large } }),
  whole('burstable', () => ({
    restartPolicy: 'Never',
    containers: [
      looking({ resources: { requests: small, limits: large } }),
      looking({ name: 'limited', resources: { limits: { cpu: '100m', memory: '32Mi' } } }),
      looking({ name: 'asking', resources: { requests: { cpu: '0.003', memory: '1000k' } } }),
      looking({ name: 'effortless' }),
    ],
  })),
  looks('pod-resources', {}, { resources: { requests: small, limits: large } }),
  stays(
    'resized',
    {
      resources: { requests: small, limits: large },
      resizePolicy: [
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
        { resourceName: 'memory', restartPolicy: 'RestartContainer' },
      ],
    },
    {},
    {
      steps: [
        {
          when: ready,
          subresource: 'resize',
          patch: {
            spec: {
              containers: [{ name: 'main', resources: { requests: { cpu: '7m' }, limits: { cpu: '80m' } } }],
            },
          },
        },
      ],
      until: (pod) => ready(pod) && actualLimit(pod) === '80m',
    },
  ),
  stays(
    'resize-infeasible',
    { resources: { requests: small, limits: { cpu: '900' } } },
    {},
    {
      steps: [
        {
          when: ready,
          subresource: 'resize',
          patch: { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '800' } } }] } },
        },
      ],
      until: (pod) => pod.status?.conditions?.some(({ type }) => type === 'PodResizePending') ?? false,
    },
  ),
  looks(
    'out-of-memory',
    {
      resources: { limits: { memory: '12Mi' }, requests: { cpu: '1m' } },
      command: ['sh', '-c', 'exec tail /dev/zero'],
    },
    {},
    { until: failed },
  ),
  whole(
    'runtime-class',
    () => ({ runtimeClassName: 'fidelity', containers: [staying({ resources: { requests: small } })] }),
    { until: ready },
  ),
];
