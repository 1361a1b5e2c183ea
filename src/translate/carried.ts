import type { ObjectMeta, PodSpec } from '../kube/types.ts';
import { carriedNamesAnnotation, carriedSpecAnnotation } from './names.ts';

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
  const images = Object.fromEntries(containers.map(({ name, image }) => [name, image]));
  const activeDeadlineSeconds = spec?.activeDeadlineSeconds ?? undefined;
  return {
    [carriedNamesAnnotation]: JSON.stringify(names),
    [carriedSpecAnnotation]: JSON.stringify({ images, activeDeadlineSeconds }),
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

/** The images, by container, and the deadline that came from above, as far as that is known. */
export function carriedSpecOf(metadata: ObjectMeta | undefined): {
  images: ReadonlyMap<string, string>;
  activeDeadlineSeconds: number | undefined;
} {
  const { images, activeDeadlineSeconds } = read(metadata, carriedSpecAnnotation);
  const known = Object.entries(isMap(images) ? images : {});
  return {
    images: new Map(known.filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
    activeDeadlineSeconds: typeof activeDeadlineSeconds === 'number' ? activeDeadlineSeconds : undefined,
  };
}

function read(metadata: ObjectMeta | undefined, annotation: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(metadata?.annotations?.[annotation] ?? '{}');
    return isMap(value) ? value : {};
  } catch {
    return {};
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
