import { homedir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { CommandModule } from 'yargs';
import { Client } from '../kube/client.ts';
import { loadConnection } from '../kube/connection.ts';
import { listAll } from '../kube/look-up.ts';
import { nodes, pods } from '../kube/resources.ts';
import { Transport } from '../kube/transport.ts';
import { virtualNodeLabel } from '../translate/names.ts';
import { type NodeReport, reportNode, type Share } from './node-report.ts';

interface StatusFlags {
  kubeconfig: string | undefined;
}

/** `isthmus status`: each virtual node, how full it is, and what is wrong with it. */
export const statusCommand: CommandModule<object, StatusFlags> = {
  command: 'status',
  describe:
    'show the virtual nodes: reachable or not, capacity, use, pods, and the reason for anything wrong',
  builder: (parser) =>
    parser.option('kubeconfig', {
      type: 'string',
      describe:
        'kubeconfig of the upper cluster; by default $KUBECONFIG, the clusters of "isthmus up", or ~/.kube/config',
    }),
  handler: async ({ kubeconfig }) => {
    const path =
      kubeconfig ||
      process.env['KUBECONFIG'] ||
      (await localKubeconfig()) ||
      join(homedir(), '.kube', 'config');
    const upper = new Client(new Transport(loadConnection('upper', path)));
    try {
      process.stdout.write(`${render(await reports(upper))}\n`);
    } finally {
      await upper.transport.close();
    }
  },
};

async function reports(upper: Client): Promise<NodeReport[]> {
  const labelSelector = `${virtualNodeLabel.name}=${virtualNodeLabel.value}`;
  const found = await listAll(upper, nodes, { labelSelector });
  return Promise.all(
    found.map(async (node) => {
      const fieldSelector = `spec.nodeName=${node.metadata?.name}`;
      return reportNode(node, await listAll(upper, pods, { fieldSelector }));
    }),
  );
}

/** Lines for a terminal: one row for each node, then what is wrong. */
function render(all: NodeReport[]): string {
  if (all.length === 0) return 'No virtual node yet. Start one with "isthmus provider", or try "isthmus up".';
  const table = new Table({
    head: ['NODE', 'REACHABLE', 'CPU', 'MEMORY', 'PODS', 'LARGEST FREE NODE', 'STATES'],
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '',
    },
  });
  for (const report of all) {
    table.push([
      report.name,
      report.isReachable ? 'yes' : 'NO',
      share(report.cpu, cores),
      share(report.memory, gibibytes),
      share(report.pods, (value) => String(value / billion)),
      report.largestFree
        ? `${cores(report.largestFree.cpu)} cpu, ${gibibytes(report.largestFree.memory)}`
        : '-',
      [...report.podStates].map(([state, count]) => `${count} ${state}`).join(', ') || '-',
    ]);
  }
  const problems = all.flatMap(({ name, problems }) => problems.map((problem) => `  ${name}: ${problem}`));
  const rows = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  return [...rows, ...(problems.length > 0 ? ['', 'Wrong:', ...problems] : [])].join('\n');
}

const billion = 1_000_000_000n;

function share({ used, of }: Share, format: (value: bigint) => string): string {
  const percent = of === 0n ? '' : ` (${(used * 100n) / of}%)`;
  return `${format(used)} of ${format(of)}${percent}`;
}

function cores(value: bigint): string {
  return (Number(value) / 1e9).toFixed(1);
}

function gibibytes(value: bigint): string {
  return `${(Number(value / billion) / 2 ** 30).toFixed(1)}Gi`;
}

/** The code of the local clusters is loaded only when nothing else names a cluster. */
async function localKubeconfig(): Promise<string | undefined> {
  const { runningClusters } = await import('../../hack/clusters/running.ts');
  const { stateFolder } = await import('../../hack/clusters/folders.ts');
  return runningClusters(stateFolder())?.upper.kubeconfig;
}
