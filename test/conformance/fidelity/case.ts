import { BUSYBOX_IMAGE } from '../../../hack/clusters/images.ts';
import type { Pod } from '../../../src/kube/types.ts';
import { probeScript } from './probe.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** What must not be the same for the two pods of a case, because they share a node. */
export interface Site {
  readonly namespace: string;
  /** A folder of the node, for this site alone. */
  readonly folder: string;
  /** A port of the node. */
  readonly port: number;
}

/** Something that is done to a pod once it has come so far. */
export interface Step {
  readonly when: (pod: Pod) => boolean;
  readonly subresource?: 'ephemeralcontainers' | 'resize' | 'status';
  /** A strategic merge patch. */
  readonly patch: object;
}

/** One pod that runs twice: in the lower cluster itself, and there through the virtual node. */
export interface Case {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: (site: Site) => Fields;
  /** Scheduling fields for the lower cluster: in the spec there, in `clusterSelector` above. */
  readonly placement?: Fields;
  /** Whether the pod has reached the state that is compared, in which it stays. */
  readonly until: (pod: Pod) => boolean;
  readonly steps?: readonly Step[];
}

type Rest = Partial<Omit<Case, 'name' | 'spec'>>;

/** A pod whose only container looks around and exits. */
export function looks(name: string, container: Fields = {}, pod: Fields = {}, rest: Rest = {}): Case {
  return whole(name, () => ({ restartPolicy: 'Never', containers: [looking(container)], ...pod }), {
    until: succeeded,
    ...rest,
  });
}

/** A pod that runs on, and is compared when it is ready. */
export function stays(name: string, container: Fields = {}, pod: Fields = {}, rest: Rest = {}): Case {
  return whole(name, () => ({ containers: [staying(container)], ...pod }), { until: ready, ...rest });
}

/** A pod of which everything is said; it has no token unless it asks for one. */
export function whole(
  name: string,
  spec: Case['spec'],
  rest: Omit<Case, 'name' | 'spec'> = { until: succeeded },
): Case {
  return {
    name,
    spec: (site) => ({
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 2,
      ...spec(site),
    }),
    ...rest,
  };
}

/** A container that looks around and exits. */
export function looking(fields: Fields = {}): Fields {
  return running(probeScript, fields);
}

/** A container that looks around and runs until it is told to end. */
export function staying(fields: Fields = {}): Fields {
  return running(`${probeScript}\n${stayScript}`, fields);
}

/** A container that runs a script. */
export function running(script: string, fields: Fields = {}): Fields {
  return { name: 'main', image: BUSYBOX_IMAGE, command: ['sh', '-c', script], ...fields };
}

/** Waits for SIGTERM, then exits with 0; as process 1 a shell would ignore it otherwise. */
export const stayScript = "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done";

/** Goes one way in a container's first run and another after, by a mark in the volume at /m. */
export function firstThen(first: string, then: string): string {
  return `if [ ! -e /m/ran ]; then touch /m/ran; ${first}; fi; ${then}`;
}

/** A volume for what a container leaves to its next run, or to others. */
export const scratch = {
  volumes: [{ name: 'm', emptyDir: {} }],
  volumeMounts: [{ name: 'm', mountPath: '/m' }],
};

export const succeeded = (pod: Pod) => pod.status?.phase === 'Succeeded';
export const failed = (pod: Pod) => pod.status?.phase === 'Failed';
export const ready = (pod: Pod) =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** Whether it has finished, well or not. */
export const finished = (pod: Pod) => succeeded(pod) || failed(pod);

/** Running, with the first container restarted so often. */
export const restarted = (times: number) => (pod: Pod) =>
  ready(pod) && pod.status?.containerStatuses?.[0]?.restartCount === times;

/** Some container waits for this reason. */
export const waiting = (reason: string) => (pod: Pod) =>
  [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].some(
    ({ state }) => state?.waiting?.reason === reason,
  );

/** Finished, or waiting for this reason: for what not every runtime can do, whose words must be the same then. */
export const finishedOr = (reason: string) => (pod: Pod) => finished(pod) || waiting(reason)(pod);

/** Every container runs, and the pod is not ready. */
export const unready = (pod: Pod) =>
  !ready(pod) && (pod.status?.containerStatuses?.every(({ state }) => state?.running) ?? false);
