import type { CommandModule } from 'yargs';
import { addMultischedulerFlags, type MultischedulerFlags } from './multischeduler-flags.ts';

/** `isthmus multischeduler`: answers a kube-scheduler until a signal ends it. */
export const multischedulerCommand: CommandModule<object, MultischedulerFlags> = {
  command: 'multischeduler',
  describe: 'tell kube-scheduler which virtual nodes can really take a pod',
  builder: addMultischedulerFlags,
  handler: async (flags) => {
    // Loaded only here, so that `--help` and the other commands do not pay for it.
    const { serveSchedulers } = await import('./multischeduler.ts');
    await serveSchedulers(flags);
  },
};
