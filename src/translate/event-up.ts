import type { Event, Pod } from '../kube/types.ts';
import { mergePatch } from './merge-patch.ts';

/**
 * The event above for one that a lower pod has: the same words about the upper pod. Its name is the lower one's,
 * so that a second attempt, by whichever replica, meets the first.
 */
export function eventUp(event: Event, upper: Pod): Event {
  const { namespace = '', name, uid, resourceVersion } = upper.metadata ?? {};
  const { metadata, involvedObject, related: _related, series, eventTime, ...rest } = event;
  return {
    ...rest,
    metadata: { namespace, name: metadata.name ?? '' },
    involvedObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace,
      ...(name ? { name } : {}),
      ...(uid ? { uid } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
      ...(involvedObject.fieldPath ? { fieldPath: involvedObject.fieldPath } : {}),
    },
    ...counted(event),
  };
}

/** What changes when a lower event is repeated. */
export function repetition(
  event: Event,
): Pick<Event, 'count' | 'firstTimestamp' | 'lastTimestamp' | 'message'> {
  return { ...counted(event), ...(event.message ? { message: event.message } : {}) };
}

/** Whether the event above says already what a lower one would change about it. */
export function isTold(event: Event, above: Event): boolean {
  return mergePatch(above, { ...above, ...repetition(event) }) === undefined;
}

/** When the event was last seen, in milliseconds since 1970. */
export function lastSeenAt(event: Event): number {
  const time =
    event.series?.lastObservedTime ??
    event.lastTimestamp ??
    event.eventTime ??
    event.metadata.creationTimestamp;
  return Date.parse(time ?? '') || 0;
}

/** Events of the newer API count in a series and have one time; above they are written in the older form. */
function counted({ count, series, eventTime, firstTimestamp, lastTimestamp }: Event) {
  const first = firstTimestamp ?? seconds(eventTime);
  const last = lastTimestamp ?? seconds(series?.lastObservedTime) ?? first;
  return {
    count: series?.count ?? count ?? 1,
    ...(first ? { firstTimestamp: first } : {}),
    ...(last ? { lastTimestamp: last } : {}),
  };
}

/** `metav1.Time` of a `metav1.MicroTime`. */
function seconds(time: string | undefined | null): string | undefined {
  return time?.replace(/\.\d+Z$/, 'Z');
}
