import { Client } from '../../kube/client.ts';
import { loadConnection } from '../../kube/connection.ts';
import { Transport } from '../../kube/transport.ts';
import { stopRequested } from '../stop-requested.ts';
import { upperKubeconfig } from '../upper-kubeconfig.ts';
import { createDisplay } from './display.ts';
import type { StatusFlags } from './flags.ts';
import { listReports } from './list.ts';
import { Output } from './output.ts';
import { watchReports } from './watch.ts';

/** Shows the virtual nodes once, or until somebody has seen enough. @throws KubeError */
export async function runStatus({ kubeconfig, output: format, watch }: StatusFlags): Promise<void> {
  const upper = new Client(new Transport(loadConnection('upper', await upperKubeconfig(kubeconfig))));
  const output = new Output(process.stdout);
  const display = createDisplay(format, watch, output.isTerminal);
  const show = (text: string) => output.write(text);
  try {
    if (watch) await watchUntilEnough(upper, (reports) => show(display(reports)), output.closed);
    else show(display(await listReports(upper)));
  } finally {
    await upper.transport.close();
  }
  await output.end();
}

async function watchUntilEnough(
  upper: Client,
  show: Parameters<typeof watchReports>[1],
  readerLeft: Promise<void>,
): Promise<void> {
  const ending = new AbortController();
  const end = () => ending.abort();
  void stopRequested().then(end);
  void readerLeft.then(end);
  const complain = (message: string) => process.stderr.write(`isthmus: ${message}; still trying\n`);
  await watchReports(upper, show, { signal: ending.signal, complain });
}
