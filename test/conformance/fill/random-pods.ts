import type { Pod } from '../../../src/kube/types.ts';

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Labels and taints of a lower node, by its place in its part: every fifth is set aside, every third has an SSD. */
export function nodeOf(part: number, index: number): { labels: Record<string, string>; taints: object[] } {
  return {
    labels: { part: `p${part}`, rack: `r${index % 5}`, ...(index % 3 === 0 && { disk: 'ssd' }) },
    taints: index % 5 === 0 ? [{ key: 'dedicated', value: 'batch', effect: 'NoSchedule' }] : [],
  };
}

const apps = ['red', 'green', 'blue'];

/**
 * A pod for any virtual node, with wishes about lower nodes: sizes, selector, toleration, ports, affinity, spread. Its
 * spread is over racks, of which the virtual nodes are all one, so that only lower schedulers mind.
 *
 * @param portScheduler whom pods with host ports ask above, if not the default scheduler
 */
export function randomPod(name: string, random: () => number, portScheduler?: string): Pod {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const chance = (share: number) => random() < share;
  const app = pick(apps);
  const selector = { labelSelector: { matchLabels: { app } } };
  const term = { ...selector, topologyKey: 'kubernetes.io/hostname' };
  const wishes = {
    ...(chance(0.2) && { nodeSelector: { disk: 'ssd' } }),
    ...(chance(0.3) && { tolerations: [{ key: 'dedicated', operator: 'Exists' }] }),
    ...(chance(0.1) && {
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    }),
  };
  const spread = { ...selector, maxSkew: 4, topologyKey: 'rack', whenUnsatisfiable: 'DoNotSchedule' };
  const requests = {
    cpu: pick(['250m', '500m', '1', '1500m', '2', '3']),
    memory: pick(['256Mi', '1Gi', '4Gi']),
  };
  const port = { containerPort: 8080, hostPort: pick([8080, 8081]) };
  const ports = chance(0.1) ? [port] : undefined;
  return {
    metadata: {
      name,
      labels: { 'virtual-pod': 'true', app },
      annotations: { clusterSelector: JSON.stringify(wishes) },
    },
    spec: {
      nodeSelector: { fill: 'yes' },
      tolerations: [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }],
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'none', resources: { requests }, ...(ports && { ports }) }],
      ...(ports && portScheduler && { schedulerName: portScheduler }),
      ...(chance(0.1) && { topologySpreadConstraints: [spread] }),
    },
  };
}
