import type { Container, Pod, PodSpec, Volume } from '../kube/types.ts';

/** Every container of a pod, be it init, ordinary or ephemeral. */
export function containersOf({ spec }: Pod): Container[] {
  return [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...((spec?.ephemeralContainers ?? []) as Container[]),
  ];
}

/** The spec with every container, be it init, ordinary or ephemeral, put through a function. */
export function mapContainers(spec: PodSpec, change: (container: Container) => Container): PodSpec {
  const mapped: PodSpec = { ...spec, containers: (spec.containers ?? []).map(change) };
  if (spec.initContainers) mapped.initContainers = spec.initContainers.map(change);
  if (spec.ephemeralContainers) {
    mapped.ephemeralContainers = (spec.ephemeralContainers as Container[]).map(change);
  }
  return mapped;
}

/** The spec with every volume put through a function; undefined takes the volume out, and its mounts with it. */
export function mapVolumes(spec: PodSpec, change: (volume: Volume) => Volume | undefined): PodSpec {
  if (!spec.volumes) return spec;
  const gone = new Set<string>();
  const volumes = spec.volumes.flatMap((volume) => {
    const changed = change(volume);
    if (!changed) gone.add(volume.name);
    return changed ?? [];
  });
  const mapped = { ...spec, volumes };
  return gone.size === 0 ? mapped : mapContainers(mapped, (container) => withoutMounts(container, gone));
}

type ProjectedSource = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

/** The volume with every source of a projected volume put through a function; others stay as they are. */
export function mapSources(
  volume: Volume,
  change: (source: ProjectedSource, index: number) => ProjectedSource,
): Volume {
  if (!volume.projected?.sources) return volume;
  return { ...volume, projected: { ...volume.projected, sources: volume.projected.sources.map(change) } };
}

function withoutMounts(container: Container, volumes: ReadonlySet<string>): Container {
  if (!container.volumeMounts) return container;
  return { ...container, volumeMounts: container.volumeMounts.filter((mount) => !volumes.has(mount.name)) };
}
