import type { ChaosWorld } from '../world.ts';
import { changesOfConfig } from './config.ts';
import { deploymentsOf } from './deployments.ts';
import { jobsOf } from './jobs.ts';
import { lives } from './lives.ts';
import { serviceOf } from './services.ts';
import { sessionsOf } from './sessions.ts';
import { statefulSetOf } from './stateful-set.ts';
import { flow, type Workload } from './stream.ts';

/** Makes what the workload is of, and lets it flow. */
export async function startWorkload(world: ChaosWorld): Promise<Workload> {
  const [first] = world.members;
  const played = world.members.filter(({ hasKubelet }) => !hasKubelet);
  return flow([
    await deploymentsOf(world),
    await statefulSetOf(world),
    changesOfConfig(world),
    serviceOf(world),
    jobsOf(world),
    // What kwok plays has no container to talk to.
    ...(first?.hasKubelet ? [sessionsOf(world)] : []),
    ...played.map((member) => lives(world, member)),
  ]);
}
