import type { ObjectMeta } from '../kube/types.ts';
import { ourPrefix } from './names.ts';

/** kubectl keeps the whole upper object in it, of a Secret the data as well. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The annotations of an upper object that its lower copy has, too: all but our own, which say what is true of the
 * object that has them, and kubectl's copy.
 *
 * @param without beginnings of further names that stay above
 */
export function annotationsDown(
  metadata: ObjectMeta | undefined,
  without: readonly string[] = [],
): Record<string, string> {
  const staying = [lastApplied, ourPrefix, ...without];
  const kept = Object.entries(metadata?.annotations ?? {}).filter(
    ([key]) => !staying.some((beginning) => key.startsWith(beginning)),
  );
  return Object.fromEntries(kept);
}
