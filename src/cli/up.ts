import { Listr } from 'listr2';
import type { LocalUp } from '../../hack/clusters/up.ts';

interface Context {
  up?: LocalUp;
}

/** Starts local clusters and says how to use them; removes them again when it is interrupted. */
export async function runUp(kwokNodes: number): Promise<void> {
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
