import type { CommandModule } from 'yargs';

/** `isthmus down`: stops what `isthmus up` started, also if that was interrupted or killed. */
export const downCommand: CommandModule = {
  command: 'down',
  describe: 'Stop the local clusters and remove everything they made',
  builder: (yargs) =>
    yargs.epilogue(
      'Environment:\n  ISTHMUS_STATE  where the clusters are kept (default: ~/.local/state/isthmus)',
    ),
  handler: async () => {
    // Loaded only here, so that no other command pays for the clusters' code.
    const { bringDown } = await import('../../hack/clusters/up.ts');
    process.stdout.write((await bringDown()) ? 'stopped\n' : 'nothing is running\n');
  },
};
