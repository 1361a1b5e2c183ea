import { z } from 'zod';
import type { Pod } from '../../kube/types.ts';
import { avoidanceOf } from '../../translate/avoidance.ts';
import type { Situation } from '../situation.ts';
import { forEachPending, type Proposal, type Strategy } from '../strategy.ts';
import { mayBeMoved } from '../upper-cluster.ts';

const parameters = z.strictObject({
  /** For how long the lower scheduler must have found no place. */
  unschedulableSeconds: z.number('a number of seconds').min(0, 'a number of seconds').default(60),
});

/**
 * Pods that the scheduler of their lower cluster cannot place, and that another cluster can; and pods without a node
 * that were kept from one for a time that is over.
 */
export const lowerUnschedulable: Strategy<z.output<typeof parameters>> = {
  name: 'LowerUnschedulable',
  isDefault: true,
  parameters,
  create:
    ({ unschedulableSeconds }) =>
    (situation) =>
      propose(situation, unschedulableSeconds * 1_000),
};

function* propose(situation: Situation, patience: number): IterableIterator<Proposal | undefined> {
  yield* forEachPending(situation, (pod) => {
    if (!mayBeMoved(pod)) return undefined;
    return pod.spec?.nodeName ? stuckBelow(pod, situation, patience) : keptAway(pod, situation);
  });
}

function stuckBelow(pod: Pod, situation: Situation, patience: number): Proposal | undefined {
  const { unschedulable, nodeName } = situation.lowerPod(pod) ?? {};
  if (!unschedulable || nodeName) return undefined;
  const waited = situation.now - Date.parse(unschedulable.since);
  const on = pod.spec?.nodeName ?? '';
  // With room there again, its own scheduler is about to place it.
  if (!(waited >= patience) || situation.fitsBelow(pod, on)) return undefined;
  const to = situation.placesFor(pod);
  if (to.length === 0) return undefined;
  const because = `${on} has had no room for ${Math.round(waited / 1_000)} s: ${unschedulable.message}`;
  return { moves: [{ pod, to, avoid: on, because }] };
}

/** A scheduler knows no time: only another pod may go where this one was not to go for a while. */
function keptAway(pod: Pod, situation: Situation): Proposal | undefined {
  // One that is gated, or that no scheduler has looked at yet, waits for something else.
  const said = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (said?.status !== 'False' || said.reason === 'SchedulingGated') return undefined;
  const over = [...avoidanceOf(pod)].filter(([, until]) => until <= situation.now).map(([node]) => node);
  if (over.length === 0) return undefined;
  const to = situation.placesFor(pod).filter((node) => over.includes(node));
  if (to.length === 0) return undefined;
  return {
    moves: [{ pod, to, avoid: undefined, because: `it need not be kept from ${to.join(', ')} any more` }],
  };
}
