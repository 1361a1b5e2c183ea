import type { CommandModule } from 'yargs';
import { addProviderFlags, type ProviderFlags } from './provider-flags.ts';

/** `isthmus provider`: one virtual node until a signal ends it. */
export const providerCommand: CommandModule<object, ProviderFlags> = {
  command: 'provider',
  describe: 'join a lower cluster to the upper one as a virtual node',
  builder: addProviderFlags,
  handler: async (flags) => {
    // Loaded only here, so that `--help` and the other commands do not pay for it.
    const { runProvider } = await import('./provider.ts');
    await runProvider(flags);
  },
};
