import type { Container, Pod } from '../kube/types.ts';
import { containersOf } from './walk-spec.ts';

/** What an operator may keep pods from doing on lower nodes (`--refuse`). */
export const refusable = [
  'hostPath',
  'privileged',
  'hostNetwork',
  'hostPID',
  'hostIPC',
  'hostPorts',
] as const;
export type Refusable = (typeof refusable)[number];

const uses: Record<Refusable, (pod: Pod) => boolean> = {
  hostPath: (pod) => pod.spec?.volumes?.some((volume) => volume.hostPath) ?? false,
  privileged: (pod) => containersOf(pod).some((container) => container.securityContext?.privileged),
  hostNetwork: (pod) => pod.spec?.hostNetwork ?? false,
  hostPID: (pod) => pod.spec?.hostPID ?? false,
  hostIPC: (pod) => pod.spec?.hostIPC ?? false,
  hostPorts: (pod) => containersOf(pod).some((container) => container.ports?.some((port) => port.hostPort)),
};

/** The first thing that the pod does and the operator's policy forbids. */
export function forbiddenUse(pod: Pod, refused: ReadonlySet<Refusable>): Refusable | undefined {
  for (const feature of refused) if (uses[feature](pod)) return feature;
  return undefined;
}

/** The first thing that one container does and the operator's policy forbids. */
export function forbiddenUseOf(container: Container, refused: ReadonlySet<Refusable>): Refusable | undefined {
  return forbiddenUse({ spec: { containers: [container] } }, refused);
}
