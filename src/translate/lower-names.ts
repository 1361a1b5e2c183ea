import type { Container, PodSpec, Volume } from '../kube/types.ts';
import type { Owner } from './marks.ts';
import type { ServiceAccountMode } from './service-account.ts';
import { mapContainers, mapSources, mapVolumes } from './walk-spec.ts';

/**
 * The ConfigMap with the cluster's CA that the controller manager keeps in every namespace, above and below
 * (pkg/controller/certificates/rootcacertpublisher). The one name that is always taken below.
 */
const rootCa = 'kube-root-ca.crt';

/** The name below of an upper ConfigMap or Secret: the same, but for the one that each cluster has for itself. */
export function lowerNameOf(kind: 'ConfigMap' | 'Secret', name: string, owner: Owner): string {
  return kind === 'ConfigMap' && name === rootCa ? lowerRootCa(owner) : name;
}

/** The reverse of {@link lowerNameOf}. */
export function upperNameOf(kind: 'ConfigMap' | 'Secret', name: string, owner: Owner): string {
  return kind === 'ConfigMap' && name === lowerRootCa(owner) ? rootCa : name;
}

/** The first part of the cluster's uid keeps apart two upper clusters that share a namespace below. */
function lowerRootCa({ upperCluster }: Owner): string {
  return `${rootCa}.${upperCluster.slice(0, 8)}`;
}

/**
 * Whether a pod means the lower cluster's own object: one that acts as a lower service account speaks with the
 * lower API server, and must know that one's CA.
 */
export function isLowerOwn(kind: 'ConfigMap' | 'Secret', name: string, mode: ServiceAccountMode): boolean {
  return mode === 'lower' && kind === 'ConfigMap' && name === rootCa;
}

/** The spec with the names that ConfigMaps have below. */
export function withLowerNames(spec: PodSpec, owner: Owner, mode: ServiceAccountMode): PodSpec {
  if (isLowerOwn('ConfigMap', rootCa, mode)) return spec;
  const renamed = <T extends { name?: string }>(reference: T): T =>
    reference.name === rootCa ? { ...reference, name: lowerRootCa(owner) } : reference;
  const volumes = mapVolumes(spec, (volume) => inVolume(volume, renamed));
  return mapContainers(volumes, (container) => inContainer(container, renamed));
}

type Rename = <T extends { name?: string }>(reference: T) => T;

function inVolume(volume: Volume, renamed: Rename): Volume {
  const outer = volume.configMap ? { ...volume, configMap: renamed(volume.configMap) } : volume;
  return mapSources(outer, (source) =>
    source.configMap ? { ...source, configMap: renamed(source.configMap) } : source,
  );
}

function inContainer(container: Container, renamed: Rename): Container {
  const changed = { ...container };
  if (container.envFrom) {
    changed.envFrom = container.envFrom.map((source) =>
      source.configMapRef ? { ...source, configMapRef: renamed(source.configMapRef) } : source,
    );
  }
  if (container.env) {
    changed.env = container.env.map((variable) =>
      variable.valueFrom?.configMapKeyRef
        ? {
            ...variable,
            valueFrom: {
              ...variable.valueFrom,
              configMapKeyRef: renamed(variable.valueFrom.configMapKeyRef),
            },
          }
        : variable,
    );
  }
  return changed;
}
