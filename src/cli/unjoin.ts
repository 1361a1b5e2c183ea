import type { CommandModule, InferredOptionTypes, Options } from 'yargs';
import { unjoin } from '../joining/unjoin.ts';
import { parseDuration } from './duration.ts';
import { checkName, type JoiningFlags, joiningFlags, say, withClusters } from './joining-flags.ts';

const flags = {
  ...joiningFlags,
  'client-kubeconfig': {
    type: 'string',
    describe: 'kubeconfig of the lower cluster, as an administrator; without it the account stays there',
  },
  'node-name': { type: 'string', describe: 'name of the virtual node, where the Secret is gone already' },
  force: {
    type: 'boolean',
    describe: 'end pods that nobody makes again, that budgets hold, or that a lost cluster may still run',
    default: false,
  },
  timeout: { type: 'string', describe: 'how long to wait for pods to end', default: '5m' },
} as const satisfies Record<string, Options>;
type UnjoinFlags = JoiningFlags & InferredOptionTypes<typeof flags>;

/** `isthmus unjoin`: drains a virtual node and takes its cluster away. */
export const unjoinCommand: CommandModule<object, UnjoinFlags> = {
  command: 'unjoin <name>',
  describe: 'drain the virtual node of a cluster, then remove what was made for it, above and below',
  builder: (parser) =>
    parser
      .positional('name', { type: 'string', describe: 'what the cluster is called', demandOption: true })
      .options(flags)
      .check((given) => {
        parseDuration('timeout', given.timeout);
        return true;
      })
      .epilog('Example:\n  isthmus unjoin a --kubeconfig upper.yaml --client-kubeconfig a.yaml'),
  handler: run,
};

async function run(given: UnjoinFlags): Promise<void> {
  checkName(given.name);
  const { name, namespace, force } = given;
  const timeout = parseDuration('timeout', given.timeout);
  const nodeName = given['node-name'];
  const outcome = await withClusters(given.kubeconfig, given['client-kubeconfig'], (upper, lower) =>
    unjoin({ upper, lower, name, namespace, nodeName, force, timeout, say }),
  );
  if (!outcome.done) {
    process.stderr.write(`isthmus: ${name} stays joined\n${outcome.why.map((why) => `  ${why}\n`).join('')}`);
    process.exitCode = 1;
  } else if (outcome.left.length > 0) {
    say(`${name} is taken away, but for this:`);
    for (const line of outcome.left) say(`  ${line}`);
  } else {
    say(`${name} is taken away; nothing is left of it`);
  }
}
