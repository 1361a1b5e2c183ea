import type { ReflectorCache } from '../../kube/reflector.ts';
import type { Event, KubeObject } from '../../kube/types.ts';
import { lastSeenAt } from '../../translate/event-up.ts';
import { isOurs, upperUidOf } from '../../translate/marks.ts';
import { type StorageSync, tellClaim } from './storage-sync.ts';

/** Older ones were news before we started, in milliseconds. */
const oldNews = 120_000;

/**
 * Takes in the events of lower claims and says the warnings on their upper claims: why a volume is not made or bound
 * below. Nothing is kept.
 */
export function claimEventsInto(storage: StorageSync): ReflectorCache<Event> {
  const apply = (event: Event) => {
    const { namespace, name, uid } = event.involvedObject;
    const key = `${namespace}/${name}`;
    const lower = storage.lowerClaims.get(key);
    if (
      event.type !== 'Warning' ||
      lower?.metadata?.uid !== uid ||
      !isOurs(lower as KubeObject, storage.context.owner)
    )
      return;
    if (storage.now().getTime() - lastSeenAt(event) > oldNews) return;
    const upper = storage.claims.get(key);
    if (upper?.metadata?.uid !== upperUidOf(lower as KubeObject)) return;
    if (!upper) return;
    tellClaim(storage, upper, 'Warning', { reason: event.reason ?? '', message: event.message ?? '' });
  };
  return { apply, remove: () => {}, replace: (events) => events.forEach(apply) };
}
