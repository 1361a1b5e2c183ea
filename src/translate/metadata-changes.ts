import type { ObjectMeta } from '../kube/types.ts';
import { carriedNamesOf } from './carried.ts';

/** Keys to set, and keys to take away (null). */
type MapChanges = Record<string, string | null>;

/** A patch of labels and annotations; only what must change is there. */
export interface MetadataChanges {
  labels?: MapChanges;
  annotations?: MapChanges;
}

/**
 * What must change in a lower pod's labels and annotations. What came from above and is there no more is taken
 * away; what something below added is left alone.
 */
export function metadataChanges(desired: ObjectMeta, lower: ObjectMeta | undefined): MetadataChanges {
  const carried = carriedNamesOf(lower);
  const labels = mapChanges(lower?.labels, desired.labels, carried.labels);
  const annotations = mapChanges(lower?.annotations, desired.annotations, carried.annotations);
  return { ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
}

function mapChanges(
  lower: ObjectMeta['labels'],
  desired: ObjectMeta['labels'],
  carried: readonly string[],
): MapChanges | undefined {
  const have = new Map(Object.entries(lower ?? {}));
  const want = new Map(Object.entries(desired ?? {}));
  const changes: [string, string | null][] = [...want].filter(([key, value]) => have.get(key) !== value);
  for (const key of carried) if (have.has(key) && !want.has(key)) changes.push([key, null]);
  return changes.length > 0 ? Object.fromEntries(changes) : undefined;
}
