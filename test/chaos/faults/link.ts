import { type Fault, memberNames, memberOf } from './fault.ts';

function linkDown(kind: string, seconds: Fault['seconds']): Fault {
  return {
    kind,
    seconds,
    targets: (world) => (process.getuid?.() === 0 ? memberNames(world) : []),
    async begin(world, target) {
      const { cluster } = memberOf(world, target);
      await cluster.disconnect();
      return { what: `the cable of ${target} is pulled`, end: () => cluster.reconnect() };
    },
  };
}

/** A lower cluster loses its network for so short that nobody calls it lost. */
export const blip = linkDown('link down', [2, 8]);

/** A lower cluster loses its network for longer than its pods tolerate: those that tolerate little are evicted. */
export const partition = linkDown('link down, eviction', [35, 45]);
