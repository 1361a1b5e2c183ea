import type { Fault } from './fault.ts';

const replicas = ['provider-1', 'provider-2'];

/**
 * Leadership goes from one replica of the provider to the other and back: each gets SIGTERM in turn, and its work is
 * taken over while it is away.
 */
export const swapLeaders: Fault = {
  kind: 'leaders swapped',
  seconds: [4, 10],
  targets: () => replicas,
  holds: replicas,
  async begin({ programs }, target) {
    const first = programs.find(({ name }) => name === target);
    const other = programs.find(({ name }) => name.startsWith('provider-') && name !== target);
    await first?.stop();
    return {
      what: `${target} gives up what it leads, then ${other?.name}`,
      async end() {
        await first?.start();
        if (!other?.isUp) return;
        await other.stop();
        await other.start();
      },
    };
  },
};
