import type { CommandModule } from 'yargs';
import { addWebhookFlags, type WebhookFlags } from './webhook-flags.ts';

/** `isthmus webhook`: the admission server of the upper cluster, until a signal ends it. */
export const webhookCommand: CommandModule<object, WebhookFlags> = {
  command: 'webhook',
  describe: 'divide what new virtual pods ask of virtual nodes from what they ask of lower ones',
  builder: addWebhookFlags,
  handler: async (flags) => {
    const { runWebhook } = await import('./webhook.ts');
    await runWebhook(flags);
  },
};
