import { z } from 'zod';
import type { Situation } from '../situation.ts';
import { forEachPending, type Proposal, type Strategy } from '../strategy.ts';
import { mayBeMoved } from '../upper-cluster.ts';

const seconds = z.number('a number of seconds').positive('a number of seconds');

/** As in tensile-kube's policies and in those of the Kubernetes descheduler, which nest it. */
const parameters = z
  .strictObject({
    maxPodLifeTimeSeconds: seconds.optional(),
    podLifeTime: z.strictObject({ maxPodLifeTimeSeconds: seconds.optional() }).optional(),
  })
  .transform(
    ({ maxPodLifeTimeSeconds, podLifeTime: nested }) =>
      maxPodLifeTimeSeconds ?? nested?.maxPodLifeTimeSeconds ?? 600,
  );

/** Pods that were bound to a virtual node and have been Pending too long, whatever holds them up there. */
export const podLifeTime: Strategy<number> = {
  name: 'PodLifeTime',
  isDefault: false,
  parameters,
  create: (most) => (situation) => propose(situation, most),
};

function* propose(situation: Situation, most: number): IterableIterator<Proposal | undefined> {
  yield* forEachPending(situation, (pod) => {
    const { nodeName } = pod.spec ?? {};
    const age = (situation.now - Date.parse(pod.metadata?.creationTimestamp ?? '')) / 1_000;
    // Of a cluster that is not known now, nobody can say what runs there.
    if (!(age >= most) || !nodeName || !situation.clusterOf(nodeName) || !mayBeMoved(pod)) return undefined;
    const to = situation.placesFor(pod);
    if (to.length === 0) return undefined;
    const because = `it has been Pending on ${nodeName} for ${Math.round(age)} s`;
    return { moves: [{ pod, to, avoid: nodeName, because }] };
  });
}
