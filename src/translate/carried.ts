import type { Container, ObjectMeta, PodSpec } from '../kube/types.ts';
import { carriedNamesAnnotation, carriedSpecAnnotation } from './names.ts';
import { isMap } from './shape.ts';

type Amounts = Record<string, string>;

/** Requests and limits of a container or a pod. */
export interface Resources {
  requests?: Amounts;
  limits?: Amounts;
}

/** What of a spec can change in a living pod and came from above, as far as that is known. */
export interface CarriedSpec {
  images: ReadonlyMap<string, string>;
  activeDeadlineSeconds: number | undefined;
  /** By container. */
  resources: ReadonlyMap<string, Resources>;
  podResources: Resources;
}

/**
 * What a lower pod remembers of the upper one, as annotations: the third side of a comparison. Without it a key
 * that was removed above looks like one that was added below, and an image that was changed above like one that
 * was rewritten below.
 */
export function carriedAnnotations(
  labels: object,
  annotations: object,
  spec: PodSpec | undefined,
): Record<string, string> {
  const names = { labels: Object.keys(labels).sort(), annotations: Object.keys(annotations).sort() };
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const byContainer = <T>(of: (container: Container) => T) => {
    const entries = containers.map((container) => [container.name, of(container)] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  };
  const resources = byContainer((container) => amounts(container.resources));
  const carried = {
    images: byContainer(({ image }) => image),
    activeDeadlineSeconds: spec?.activeDeadlineSeconds ?? undefined,
    resources: Object.keys(resources).length > 0 ? resources : undefined,
    podResources: amounts(spec?.resources),
  };
  return {
    [carriedNamesAnnotation]: JSON.stringify(names),
    [carriedSpecAnnotation]: JSON.stringify(carried),
  };
}

/** The names of labels and annotations that came from above; none when the annotation is missing or damaged. */
export function carriedNamesOf(metadata: ObjectMeta | undefined): {
  labels: string[];
  annotations: string[];
} {
  const { labels, annotations } = read(metadata, carriedNamesAnnotation);
  return { labels: strings(labels), annotations: strings(annotations) };
}

/** What came from above; nothing when the annotation is missing or damaged. */
export function carriedSpecOf(metadata: ObjectMeta | undefined): CarriedSpec {
  const { images, activeDeadlineSeconds, resources, podResources } = read(metadata, carriedSpecAnnotation);
  return {
    images: new Map(Object.entries(texts(images))),
    activeDeadlineSeconds: typeof activeDeadlineSeconds === 'number' ? activeDeadlineSeconds : undefined,
    resources: new Map(
      Object.entries(isMap(resources) ? resources : {}).map(([name, value]) => [name, readAmounts(value)]),
    ),
    podResources: readAmounts(podResources),
  };
}

function amounts(resources: Resources | null | undefined): Resources | undefined {
  const { requests, limits } = resources ?? {};
  if (!requests && !limits) return undefined;
  return { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) };
}

function readAmounts(value: unknown): Resources {
  return isMap(value) ? { requests: texts(value['requests']), limits: texts(value['limits']) } : {};
}

function read(metadata: ObjectMeta | undefined, annotation: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(metadata?.annotations?.[annotation] ?? '{}');
    return isMap(value) ? value : {};
  } catch {
    return {};
  }
}

function texts(value: unknown): Amounts {
  const entries = Object.entries(isMap(value) ? value : {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
