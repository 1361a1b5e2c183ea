import type { Namespace, Node, Pod } from '../../src/kube/types.ts';

/** Draws numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A node as clouds have them: twenty labels, three zones, some with taints or devices. */
export function benchNode(cluster: string, index: number, random: () => number): Node {
  const name = `${cluster}-node-${index}`;
  const zone = `${cluster}-${index % 3}`;
  const hasGpu = index % 20 === 0;
  const plain = Object.fromEntries(
    Array.from({ length: 10 }, (_, each) => [`example.com/label-${each}`, `v${each}`]),
  );
  const allocatable = {
    cpu: pick(random, ['8', '16', '32']),
    memory: pick(random, ['32Gi', '64Gi', '128Gi']),
    pods: '110',
    'ephemeral-storage': '100Gi',
    ...(hasGpu && { 'nvidia.com/gpu': '4' }),
  };
  return {
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'node.kubernetes.io/instance-type': pick(random, ['m5.2xlarge', 'm5.4xlarge', 'c5.4xlarge']),
        'topology.kubernetes.io/zone': zone,
        'topology.kubernetes.io/region': cluster,
        'example.com/machine': `i-${cluster}-${index}`,
        pool: pick(random, ['general', 'batch', 'web']),
        ...plain,
      },
    },
    spec: hasGpu ? { taints: [{ key: 'nvidia.com/gpu', effect: 'NoSchedule', value: 'present' }] } : {},
    status: { allocatable, capacity: allocatable },
  };
}

/** Namespaces of a cluster. */
export const benchNamespaces: Namespace[] = Array.from({ length: 20 }, (_, index) => ({
  metadata: {
    name: `team-${index}`,
    labels: { 'kubernetes.io/metadata.name': `team-${index}`, team: `${index % 5}` },
  },
}));

/** A replica of one of many Deployments; some keep apart from their like, some take a port of the node. */
export function benchPod(index: number, nodeName: string, random: () => number): Pod {
  const application = Math.floor(random() * 200);
  const labels = {
    app: `app-${application}`,
    'pod-template-hash': `h${application}`,
    tier: application % 2 ? 'web' : 'db',
  };
  return {
    metadata: { namespace: `team-${application % 20}`, name: `app-${application}-${index}`, labels },
    spec: {
      nodeName,
      containers: [
        {
          name: 'main',
          image: 'registry.invalid/none',
          resources: {
            requests: {
              cpu: `${100 * (1 + (application % 20))}m`,
              memory: `${256 * (1 + (application % 16))}Mi`,
            },
          },
          ...(application % 50 === 0 && { ports: [{ containerPort: 80, hostPort: 8000 + application }] }),
        },
      ],
      ...(application % 10 === 0 && { affinity: { podAntiAffinity: apart({ app: `app-${application}` }) } }),
    },
    status: { phase: 'Running' },
  };
}

/** A pod to find a place for: mostly plain, some of each kind of rule, and some that fit nowhere. */
export function benchCandidate(index: number, random: () => number): Pod {
  const application = Math.floor(random() * 200);
  const labels = { app: `app-${application}`, tier: application % 2 ? 'web' : 'db' };
  const kind = index % 10;
  const cpu = kind === 9 ? '500' : `${100 * (1 + Math.floor(random() * 40))}m`;
  const self = { labelSelector: { matchLabels: { app: labels.app } } };
  return {
    metadata: { namespace: `team-${application % 20}`, name: `candidate-${index}`, labels },
    spec: {
      containers: [
        {
          name: 'main',
          image: 'registry.invalid/none',
          resources: { requests: { cpu, memory: '1Gi', ...(kind === 8 && { 'nvidia.com/gpu': '2' }) } },
          ...(kind === 7 && { ports: [{ containerPort: 80, hostPort: 8000 }] }),
        },
      ],
      ...(kind === 1 && { nodeSelector: { pool: 'batch' } }),
      ...(kind === 2 && { nodeSelector: { pool: `unknown-${index}` } }),
      ...(kind === 3 && { affinity: { podAntiAffinity: apart({ app: labels.app }) } }),
      ...(kind === 4 && {
        topologySpreadConstraints: [spread('kubernetes.io/hostname', self), spread(zoneKey, self)],
      }),
      ...(kind === 5 && { affinity: { podAffinity: together({ app: `app-${(application + 20) % 200}` }) } }),
      ...(kind === 6 && { topologySpreadConstraints: [{ ...spread(zoneKey, self), minDomains: 9 }] }),
    },
  };
}

const zoneKey = 'topology.kubernetes.io/zone';

function spread(topologyKey: string, selector: object) {
  return { topologyKey, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', ...selector };
}

function apart(matchLabels: Record<string, string>) {
  return {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels } },
    ],
  };
}

function together(matchLabels: Record<string, string>) {
  return {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: zoneKey, labelSelector: { matchLabels } },
    ],
  };
}

function pick<T>(random: () => number, all: readonly T[]): T {
  return all[Math.floor(random() * all.length)] as T;
}
