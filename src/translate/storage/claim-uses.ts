import type { Pod, PodSpec, Volume } from '../../kube/types.ts';

/** The name of the claim that a volume of a pod is; that of an ephemeral volume is made of the names of both. */
function claimNameOf(volume: Volume, podName: string): string | undefined {
  if (volume.persistentVolumeClaim) return volume.persistentVolumeClaim.claimName;
  return volume.ephemeral ? `${podName}-${volume.name}` : undefined;
}

/** The names of all claims that a pod uses, in its own namespace, each once. */
export function claimNamesOf({ metadata, spec }: Pod): string[] {
  const names = (spec?.volumes ?? []).flatMap((volume) => claimNameOf(volume, metadata?.name ?? '') ?? []);
  return [...new Set(names)];
}

/** The names of the claims that must have been made for this pod and no other. */
export function ephemeralClaimsOf({ metadata, spec }: Pod): string[] {
  return (spec?.volumes ?? []).flatMap((volume) =>
    volume.ephemeral ? (claimNameOf(volume, metadata?.name ?? '') ?? []) : [],
  );
}

/** Keys (`namespace/name`) of the claims that a pod uses, for an index. */
export function claimKeysOf(pod: Pod): string[] {
  return claimNamesOf(pod).map((name) => `${pod.metadata?.namespace ?? ''}/${name}`);
}

/**
 * The spec with each ephemeral volume as the claim that the upper cluster has made for it. Left as it is, the lower
 * cluster would make a claim of its own and refuse ours, which the lower pod does not own.
 */
export function withClaims(spec: PodSpec, podName: string): PodSpec {
  if (!spec.volumes?.some(({ ephemeral }) => ephemeral)) return spec;
  const volumes = spec.volumes.map((volume): Volume => {
    if (!volume.ephemeral) return volume;
    const { ephemeral: _template, ...rest } = volume;
    return { ...rest, persistentVolumeClaim: { claimName: `${podName}-${volume.name}` } };
  });
  return { ...spec, volumes };
}
