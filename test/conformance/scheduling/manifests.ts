import type { NodeDraw } from './random-nodes.ts';
import type { CandidateDraw, PlacedDraw } from './random-pods.ts';
import type { ClaimDraw } from './random-storage.ts';
import { schedulerName } from './real-scheduler.ts';

const driver = 'csi.example.com';
const zone = 'topology.kubernetes.io/zone';

/** What pods of the runtime class `heavy` cost beside their containers. */
export const heavy = {
  metadata: { name: 'heavy' },
  handler: 'heavy',
  overhead: { podFixed: { cpu: '250m', memory: '120Mi' } },
};

/** A node that is Ready, and has the taint that a cordoned one gets, so that no controller changes it meanwhile. */
export function nodeOf(name: string, { labels, taints, unschedulable, allocatable }: NodeDraw): object {
  const cordoned = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { unschedulable, taints: [...taints, ...(unschedulable ? [cordoned] : [])] },
    status: {
      allocatable,
      capacity: allocatable,
      conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date().toISOString() }],
    },
  };
}

/** What a node can attach of the test's driver. */
export function csiNodeOf(name: string, count: number): object {
  return {
    metadata: { name },
    spec: { drivers: [{ name: driver, nodeID: name, topologyKeys: [], allocatable: { count } }] },
  };
}

/** A claim, and its volume if it has one; both refer to each other, so that the controller binds them. */
export function claimOf(
  name: string,
  namespace: string,
  draw: ClaimDraw,
): { readonly claim: object; readonly volume: object | undefined } {
  const resources = { requests: { storage: '1Gi' } };
  const metadata = { name, namespace };
  if (draw.kind === 'waiting') {
    const spec = { accessModes: ['ReadWriteOnce'], storageClassName: draw.storageClass, resources };
    return { claim: { metadata, spec }, volume: undefined };
  }
  const volumeName = `${namespace}-${name}`;
  const accessModes = [draw.isExclusive ? 'ReadWriteOncePod' : 'ReadWriteMany'];
  const matchExpressions = [{ key: zone, operator: 'In', values: [draw.reach] }];
  return {
    claim: { metadata, spec: { accessModes, storageClassName: '', volumeName, resources } },
    volume: {
      metadata: { name: volumeName, labels: draw.zones === undefined ? {} : { [zone]: draw.zones } },
      spec: {
        accessModes,
        capacity: { storage: '1Gi' },
        claimRef: { namespace, name },
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: '',
        ...(draw.isCsi ? { csi: { driver, volumeHandle: volumeName } } : { hostPath: { path: '/tmp' } }),
        ...(draw.reach && { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } }),
      },
    },
  };
}

/** A volume of class `local` on a node. */
export function localVolume(name: string, node: string, storage: string): object {
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }];
  return {
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage },
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: 'local',
      local: { path: '/tmp' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
    },
  };
}

/** A pod on a node. It tolerates everything, or a controller would evict it. */
export function placedPod(prefix: string, index: number, draw: PlacedDraw): object {
  const spec = {
    ...podSpec(prefix, draw),
    nodeName: `${prefix}${draw.node}`,
    tolerations: [{ operator: 'Exists' }],
    affinity: { podAntiAffinity: required(draw.antiAffinity) },
  };
  return {
    metadata: { name: `${prefix}placed-${index}`, namespace: draw.namespace, labels: draw.labels },
    spec,
  };
}

/** A pod that the real scheduler is asked about. */
export function candidatePod(prefix: string, index: number, draw: CandidateDraw): object {
  const terms = JSON.parse(JSON.stringify(draw.nodeTerms ?? null).replaceAll('%', prefix)) as object[] | null;
  const spec = {
    ...podSpec(prefix, draw),
    schedulerName,
    tolerations: draw.tolerations,
    nodeSelector: draw.nodeSelector,
    topologySpreadConstraints: draw.spread,
    affinity: {
      ...(terms && {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
      }),
      podAffinity: required(draw.affinity),
      podAntiAffinity: required(draw.antiAffinity),
    },
  };
  return {
    metadata: { name: `${prefix}asks-${index}`, namespace: draw.namespace, labels: draw.labels },
    spec,
  };
}

function required(terms: readonly object[] | undefined): object | undefined {
  return terms && { requiredDuringSchedulingIgnoredDuringExecution: terms };
}

function podSpec(prefix: string, draw: PlacedDraw | CandidateDraw): object {
  const image = 'registry.invalid/none';
  return {
    terminationGracePeriodSeconds: 3600,
    ...(draw.isHeavy && { runtimeClassName: 'heavy' }),
    ...(draw.wholePod && { resources: { requests: draw.wholePod } }),
    containers: draw.containers.map((each, index) => ({ name: `c${index}`, image, ...each })),
    initContainers: draw.initContainers?.map(({ sidecar, ...each }, index) => ({
      name: `i${index}`,
      image,
      ...each,
      ...(sidecar && { restartPolicy: 'Always' }),
    })),
    volumes: draw.claims?.map((claim) => ({
      name: `v${claim}`,
      persistentVolumeClaim: { claimName: `${prefix}claim-${claim}` },
    })),
  };
}
