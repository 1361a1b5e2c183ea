import type { CommandModule } from 'yargs';

interface UpOptions {
  readonly 'kwok-nodes': number;
}

/** `isthmus up`: local clusters to try Isthmus with. Does nothing but print if they are up already. */
export const upCommand: CommandModule<object, UpOptions> = {
  command: 'up',
  describe: 'Start local clusters: an upper one, and two lower ones joined to it as virtual nodes',
  builder: (yargs) =>
    yargs
      .option('kwok-nodes', {
        type: 'number',
        default: 100,
        describe: 'How many nodes kwok plays in cluster b',
      })
      .check(({ 'kwok-nodes': count }) => {
        if (Number.isInteger(count) && count > 0 && count <= 5000) return true;
        throw new Error('--kwok-nodes must be a number from 1 to 5000');
      })
      .epilogue(
        'As root on Debian, each lower cluster has a real kubelet and runs containers; otherwise kwok plays all nodes.\n\n' +
          'Environment:\n' +
          '  ISTHMUS_STATE         where the clusters are kept (default: ~/.local/state/isthmus)\n' +
          '  ISTHMUS_CACHE         where Kubernetes programs are kept (default: ~/.cache/isthmus)\n' +
          '  ISTHMUS_BIN_DIR       a folder with Kubernetes programs to use instead\n' +
          '  ISTHMUS_CLUSTERS=k3s  lower clusters in Docker containers, if there is a Docker engine',
      ),
  handler: async ({ 'kwok-nodes': kwokNodes }) => {
    // Loaded only here, so that `--help` and the other commands do not pay for it.
    const { runUp } = await import('./up.ts');
    await runUp(kwokNodes);
  },
};
