import type { Volume } from '../kube/types.ts';

/** The volume that the API server's ServiceAccount admission adds to a pod (plugin/pkg/admission/serviceaccount). */
export function isTokenVolume(volume: Volume): boolean {
  return (
    volume.name.startsWith('kube-api-access-') &&
    (volume.projected?.sources?.some((source) => source.serviceAccountToken) ?? false)
  );
}
