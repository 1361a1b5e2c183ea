import type { CommandModule } from 'yargs';
import { parseDuration } from '../duration.ts';
import { type ExplainFlags, explainFlags } from './flags.ts';

/** `isthmus explain pod NS/NAME`: why a pod is where it is, or nowhere. */
export const explainCommand: CommandModule<object, ExplainFlags> = {
  command: 'explain <kind> <name>',
  describe: 'say why a pod is where it is, or nowhere: for each virtual node what its lower nodes lack',
  builder: (parser) =>
    parser
      .positional('kind', { choices: ['pod'] as const, demandOption: true })
      .positional('name', { type: 'string', demandOption: true, describe: 'NAMESPACE/NAME' })
      .options(explainFlags)
      .check(({ name, timeout }) => {
        parseDuration('timeout', timeout);
        if (/^[^/]+(\/[^/]+)?$/.test(name)) return true;
        throw new Error(`"${name}" is no pod; write it as NAMESPACE/NAME`);
      })
      .epilog(
        [
          'The lower clusters are asked directly, with what --clusters, --cluster-secrets or --config names. The',
          'rights of deploy/rbac/lower-scheduling.yaml are all that it takes there.',
          '',
          'Examples:',
          '  isthmus explain pod shop/web-0 --kubeconfig upper.yaml --clusters clusters.yaml',
          '  isthmus explain pod shop/web-0 -o json      # of the clusters of "isthmus up"',
        ].join('\n'),
      ),
  handler: async (flags) => {
    // Loaded only here, so that `--help` and the other commands do not pay for it.
    const { runExplain } = await import('./run.ts');
    await runExplain(flags);
  },
};
