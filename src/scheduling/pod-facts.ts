import type { PersistentVolumeClaim, Pod, PodSpec, Toleration } from '../kube/types.ts';
import { type AffinityTerm, readTerm, type WeightedTerm } from './affinity-term.ts';
import { type Amount, amountsOf } from './amounts.ts';
import type { Labels } from './label-selector.ts';
import type { NodeTerm } from './node-selector.ts';
import { podRequests } from './pod-requests.ts';
import { reach } from './reach.ts';
import { readConstraints, type SpreadConstraint } from './spread-constraint.ts';

/** A port of the node that a pod takes. */
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** A claim that a pod uses. */
export interface ClaimUse {
  readonly name: string;
  /** What the claim of an ephemeral volume is made of, when its pod has been created. */
  readonly template: PersistentVolumeClaim | undefined;
}

/** What filters and scores ask of a pod, read once. */
export interface PodFacts {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
  readonly labels: Labels;
  readonly nodeName: string | undefined;
  readonly requests: readonly Amount[];
  readonly ports: readonly HostPort[];
  readonly tolerations: readonly Toleration[];
  readonly nodeSelector: Labels;
  /** Terms of the required node affinity; none when there is no such affinity. */
  readonly nodeTerms: readonly NodeTerm[] | undefined;
  readonly preferredNodes: readonly { readonly weight: number; readonly preference: NodeTerm }[];
  readonly affinity: readonly AffinityTerm[];
  readonly antiAffinity: readonly AffinityTerm[];
  readonly preferredPods: readonly WeightedTerm[];
  readonly spread: readonly SpreadConstraint[];
  readonly softSpread: readonly SpreadConstraint[];
  readonly claims: readonly ClaimUse[];
  readonly isTerminating: boolean;
}

const known = new WeakMap<Pod, PodFacts>();

/** Reads a pod. One object is read once, however many clusters are asked about it: it must not change. */
export function factsOf(pod: Pod): PodFacts {
  return reach(known, pod, () => readPod(pod));
}

/** Reads a pod that is asked about only once. */
export function readPod(pod: Pod): PodFacts {
  const namespace = pod.metadata?.namespace ?? 'default';
  const name = pod.metadata?.name ?? '';
  const labels = pod.metadata?.labels ?? {};
  const { spec } = pod;
  const { nodeAffinity, podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  const term = (each: Parameters<typeof readTerm>[0]) => readTerm(each, namespace, labels);
  const weighted =
    (sign: 1 | -1) => (each: { weight: number; podAffinityTerm: Parameters<typeof readTerm>[0] }) => ({
      term: term(each.podAffinityTerm),
      weight: sign * each.weight,
    });
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    uid: pod.metadata?.uid,
    labels,
    nodeName: spec?.nodeName || undefined,
    requests: amountsOf(podRequests(pod)),
    ports: hostPorts(spec),
    tolerations: spec?.tolerations ?? [],
    nodeSelector: spec?.nodeSelector ?? {},
    nodeTerms: nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms,
    preferredNodes: nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [],
    affinity: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term),
    antiAffinity: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term),
    preferredPods: [
      ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(weighted(1)),
      ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(weighted(-1)),
    ],
    spread: readConstraints(spec?.topologySpreadConstraints, 'DoNotSchedule', labels),
    softSpread: readConstraints(spec?.topologySpreadConstraints, 'ScheduleAnyway', labels),
    claims: claimsOf(spec, name),
    isTerminating: Boolean(pod.metadata?.deletionTimestamp),
  };
}

/** Init containers that end give their ports back, so only those that go on count (schedutil.GetHostPorts). */
function hostPorts(spec: PodSpec | undefined): HostPort[] {
  const lasting = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...lasting, ...(spec?.containers ?? [])].flatMap(({ ports }) =>
    (ports ?? []).flatMap(({ hostPort = 0, hostIP, protocol }) =>
      hostPort > 0 ? [{ ip: hostIP || '0.0.0.0', protocol: protocol || 'TCP', port: hostPort }] : [],
    ),
  );
}

/** The claim of an ephemeral volume is named after pod and volume. */
function claimsOf(spec: PodSpec | undefined, podName: string): ClaimUse[] {
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }): ClaimUse[] => {
    if (persistentVolumeClaim) return [{ name: persistentVolumeClaim.claimName, template: undefined }];
    return ephemeral ? [{ name: `${podName}-${name}`, template: ephemeral.volumeClaimTemplate ?? {} }] : [];
  });
}
