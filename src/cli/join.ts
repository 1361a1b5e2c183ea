import { readFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import type { CommandModule, InferredOptionTypes, Options } from 'yargs';
import { join } from '../joining/join.ts';
import { readRoles } from '../joining/roles.ts';
import { KubeError } from '../kube/errors.ts';
import { parseDuration } from './duration.ts';
import { checkName, type JoiningFlags, joiningFlags, say, withClusters } from './joining-flags.ts';
import { packageFolder } from './package-folder.ts';

const flags = {
  ...joiningFlags,
  'client-kubeconfig': {
    type: 'string',
    describe: 'kubeconfig of the lower cluster, as an administrator; only this command uses it',
    demandOption: true,
  },
  'node-name': { type: 'string', describe: 'name of the virtual node; by default that of the cluster' },
  'node-selector': {
    type: 'string',
    describe: 'offer only the lower nodes with these labels, as kubectl -l takes them',
  },
  capacity: { type: 'string', describe: 'the most that is offered, as cpu=100,nvidia.com/gpu=8' },
  label: { type: 'string', describe: 'labels of the virtual node, as disk=ssd,tier=web' },
  region: { type: 'string', describe: 'its topology.kubernetes.io/region' },
  zone: { type: 'string', describe: 'its topology.kubernetes.io/zone' },
  'with-metrics': {
    type: 'boolean',
    describe: 'give the right that kubectl top and autoscalers need below, a wide one (get nodes/proxy)',
    default: false,
  },
  'wait-timeout': { type: 'string', describe: 'how long to wait for the virtual node', default: '2m' },
} as const satisfies Record<string, Options>;
type JoinFlags = JoiningFlags & InferredOptionTypes<typeof flags>;

/** `isthmus join`: a lower cluster becomes a virtual node of a running provider. */
export const joinCommand: CommandModule<object, JoinFlags> = {
  command: 'join <name>',
  describe: 'join a lower cluster: an account there, a Secret above; again to renew its token',
  builder: (parser) =>
    parser
      .positional('name', { type: 'string', describe: 'what the cluster is called', demandOption: true })
      .options(flags)
      .check((given) => {
        parseDuration('wait-timeout', given['wait-timeout']);
        return true;
      })
      .epilog('Example:\n  isthmus join a --kubeconfig upper.yaml --client-kubeconfig a.yaml --zone eu-1'),
  handler: run,
};

async function run(given: JoinFlags): Promise<void> {
  checkName(given.name);
  const roles = await rolesBelow(given['with-metrics']);
  await withClusters(given.kubeconfig, given['client-kubeconfig'], async (upper, lower) => {
    if (!lower) throw new KubeError('Configuration', '--client-kubeconfig is empty');
    const { name, namespace } = given;
    const wait = parseDuration('wait-timeout', given['wait-timeout']);
    await join({ upper, lower, name, namespace, settings: settingsOf(given), roles, wait, say });
  });
}

/** The roles of deploy/rbac, as they come with this program. */
async function rolesBelow(withMetrics: boolean) {
  const files = ['lower.yaml', 'lower-scheduling.yaml', ...(withMetrics ? ['lower-metrics.yaml'] : [])];
  const texts = await Promise.all(
    files.map((file) => readFile(joinPath(packageFolder(), 'deploy', 'rbac', file), 'utf8')),
  );
  return texts.flatMap(readRoles);
}

/** The settings that were given, as in the file of clusters; what they may be is checked there. */
function settingsOf(given: JoinFlags): Record<string, unknown> {
  const all = {
    nodeName: given['node-name'],
    nodeSelector: given['node-selector'],
    capacity: pairs('capacity', given.capacity),
    labels: pairs('label', given.label),
    region: given.region,
    zone: given.zone,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function pairs(flag: string, text: string | undefined): Record<string, string> | undefined {
  if (text === undefined) return undefined;
  const parts = text.split(',').map((part) => part.split('='));
  const wrong = parts.find((part) => part.length !== 2);
  if (wrong)
    throw new KubeError('Configuration', `--${flag}: "${wrong.join('=')}" is no pair such as cpu=100`);
  return Object.fromEntries(parts.map(([key = '', value = '']) => [key.trim(), value.trim()]));
}
