import type { Pod } from '../../src/kube/types.ts';
import { isOurs } from '../../src/translate/marks.ts';
import type { World } from './world.ts';

/** How much of what the sequences are about has happened at all, for whoever reads a run that found nothing. */
export function tallyOf({ seen, owner }: World): string {
  const above = seen.above.states.filter(({ spec }) => spec?.nodeName === owner.virtualNode);
  const below = seen.below.states.filter((pod) => isOurs(pod, owner));
  const waited = above.flatMap((pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason ?? []);
  const count = (states: readonly Pod[]) => new Set(states.map(({ metadata }) => metadata?.uid)).size;
  const ended = above.filter(({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded');
  const reasons = ended.map(({ status }) => `${status?.phase} ${status?.reason ?? ''}`.trim());
  const words = [...new Set([...waited, ...reasons])].sort().join(', ');
  return `${count(above)} pods above, ${count(below)} below, ${count(ended)} ended; ${words}`;
}
