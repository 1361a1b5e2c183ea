import { Listr } from 'listr2';
import type { ArgumentsCamelCase, CommandModule } from 'yargs';
import type { LocalUp } from '../../hack/clusters/up.ts';

interface UpOptions {
  readonly 'kwok-nodes': number;
}

interface Context {
  up?: LocalUp;
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
        'As root on Debian, cluster a has a real kubelet and runs containers; otherwise kwok plays its nodes too.\n\n' +
          'Environment:\n' +
          '  ISTHMUS_STATE         where the clusters are kept (default: ~/.local/state/isthmus)\n' +
          '  ISTHMUS_CACHE         where Kubernetes programs are kept (default: ~/.cache/isthmus)\n' +
          '  ISTHMUS_BIN_DIR       a folder with Kubernetes programs to use instead\n' +
          '  ISTHMUS_CLUSTERS=k3s  lower clusters in Docker containers, if there is a Docker engine',
      ),
  handler: runUp,
};

async function runUp({ kwokNodes }: ArgumentsCamelCase<UpOptions>): Promise<void> {
  const interrupted = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => interrupted.abort(new Error(signal));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const context: Context = {};
  try {
    await steps(kwokNodes, interrupted.signal).run(context);
    process.stdout.write(await farewell(context));
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function steps(kwokNodes: number, signal: AbortSignal): Listr<Context, 'default' | 'silent', 'silent'> {
  const isTerminal = process.stdout.isTTY;
  const say = (line: string) => process.stdout.write(`${line}\n`);
  return new Listr<Context, 'default' | 'silent', 'silent'>(
    [
      {
        title: 'Local clusters',
        task: async (context, task) => {
          const show = (line: string) => {
            task.output = line;
          };
          const progress = isTerminal ? show : say;
          context.up = await (await loadClusters()).bringUp({ kwokNodes, progress, signal });
        },
        rendererOptions: { outputBar: 6, persistentOutput: true },
      },
      {
        title: 'Virtual nodes',
        task: async ({ up }) => {
          if (!isTerminal) say('starting the providers');
          await (await loadClusters()).joinAll(started(up), signal);
        },
      },
    ],
    {
      renderer: isTerminal ? 'default' : 'silent',
      fallbackRenderer: 'silent',
      // Errors are printed once, at the end. Signals are ours: what was started must be stopped before we may end.
      rendererOptions: { showErrorMessage: false },
      registerSignalListeners: false,
    },
  );
}

async function farewell({ up }: Context): Promise<string> {
  const { clusters, wasUp, kubectl } = started(up);
  const nodes = [...clusters.lower.keys()].map((name) => `vk-${name}`).join(' and ');
  return `
${wasUp ? 'The clusters were up already' : 'The clusters are up'}: ${clusters.lower.size} lower clusters stand in the upper one as ${nodes}.

  export KUBECONFIG=${clusters.upper.kubeconfig}
  ${kubectl} get nodes

Logs: ${clusters.directory}/logs
Stop: bin/isthmus down
`;
}

function started(up: LocalUp | undefined): LocalUp {
  if (!up) throw new Error('the clusters were not started');
  return up;
}

/** The clusters' code is loaded only here, so that no other command pays for it. */
function loadClusters(): Promise<typeof import('../../hack/clusters/up.ts')> {
  return import('../../hack/clusters/up.ts');
}
