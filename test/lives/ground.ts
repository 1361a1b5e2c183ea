import type { Client } from '../../src/kube/client.ts';
import { hasCode, KubeError } from '../../src/kube/errors.ts';
import { namespaces, type Resource, serviceAccountTokens } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { Owner } from '../../src/translate/marks.ts';
import { eventually } from '../clusters.ts';

/** Where random lives of pods take place: both clusters, two namespaces, and what was done that excuses something. */
export interface Ground {
  readonly above: Client;
  readonly below: Client;
  readonly owner: Owner;
  spaces: readonly [string, string];
  /** Objects below that are not ours, as they were when they had come to rest: their JSON by kind and key. */
  readonly foreign: Map<string, { resource: Resource<KubeObject>; json: string }>;
  /** uids of upper pods whose lower pod was ended below: only they may have Failed. */
  readonly harmed: Set<string>;
  /** Namespaces that were deleted below: every pod in them may have Failed. */
  readonly harmedSpaces: Set<string>;
  /** uids of upper pods whose image was edited below after it came down. */
  readonly imageEdited: Set<string>;
}

/** A ground on which nothing has happened yet; it has no namespaces. */
export function newGround(of: Pick<Ground, 'above' | 'below' | 'owner'>): Ground {
  return {
    ...of,
    spaces: ['', ''],
    foreign: new Map(),
    harmed: new Set(),
    harmedSpaces: new Set(),
    imageEdited: new Set(),
  };
}

/** Makes a namespace above; without its service account no pod could be made in it. */
export async function makeNamespace({ above }: Pick<Ground, 'above'>, name: string): Promise<void> {
  if (!(await attempt(() => above.create(namespaces, { metadata: { name } })))) return;
  await eventually(() => above.get(serviceAccountTokens.parent, { namespace: name, name: 'default' }));
}

/**
 * Does what a random step asks for, which often cannot be done: the object is not there, is there already, has
 * changed meanwhile or may not change so. Returns whether it was done.
 */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (hasCode(error, 'NotFound', 'AlreadyExists', 'Conflict', 'Invalid', 'Forbidden')) return false;
    throw error instanceof KubeError ? new Error(error.message, { cause: error }) : error;
  }
}
