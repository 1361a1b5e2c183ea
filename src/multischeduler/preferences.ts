import type { Pod } from '../kube/types.ts';

/** Whether the pod itself says that among the nodes above that can take it some are better. */
export function hasPreferences({ spec }: Pod): boolean {
  const { nodeAffinity, podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  const preferred = [nodeAffinity, podAffinity, podAntiAffinity].some(
    (affinity) => affinity?.preferredDuringSchedulingIgnoredDuringExecution?.length,
  );
  return (
    preferred ||
    (spec?.topologySpreadConstraints?.some(
      ({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway',
    ) ??
      false)
  );
}
