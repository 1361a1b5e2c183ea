import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { findBinaries } from '../../../hack/clusters/binaries.ts';

/** The name by which pods ask for this scheduler. */
export const schedulerName = 'isthmus-conformance';

/** The reason that a node gets which the real filters let through. */
export const feasible = 'node(s) passed';

/**
 * A real kube-scheduler that says of every pod what its filters think of every node and binds none: an extender,
 * which it asks last and only about nodes that its own filters let through, refuses them all. It does not preempt.
 */
export interface RealScheduler {
  stop(): Promise<void>;
}

/** Starts a kube-scheduler for a cluster; its log goes to the folder. */
export async function startScheduler(kubeconfig: string, folder: string): Promise<RealScheduler> {
  const extender = await startExtender();
  const { port } = extender.address() as AddressInfo;
  const file = join(folder, 'conformance-scheduler.json');
  writeFileSync(file, JSON.stringify(configuration(kubeconfig, port)));
  const log = createWriteStream(join(folder, 'conformance-scheduler.log'));
  const { 'kube-scheduler': binary } = await findBinaries();
  const child = spawn(binary, [`--config=${file}`, '--secure-port=0', '--leader-elect=false', '--v=1'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.pipe(log, { end: false });
  return { stop: () => stop(child, extender) };
}

function configuration(kubeconfig: string, port: number): object {
  return {
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    clientConnection: { kubeconfig, qps: 2000, burst: 4000 },
    leaderElection: { leaderElect: false },
    percentageOfNodesToScore: 100,
    profiles: [{ schedulerName, plugins: { postFilter: { disabled: [{ name: '*' }] } } }],
    extenders: [
      {
        urlPrefix: `http://127.0.0.1:${port}`,
        filterVerb: 'filter',
        nodeCacheCapable: true,
        ignorable: false,
      },
    ],
  };
}

async function startExtender(): Promise<Server> {
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      // Go writes the fields as they are called there.
      const { NodeNames } = body as { NodeNames?: string[] };
      const failedNodes = Object.fromEntries((NodeNames ?? []).map((name) => [name, feasible]));
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ nodenames: [], failedNodes }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function stop(child: ChildProcess, extender: Server): Promise<void> {
  const ended = child.exitCode === null ? once(child, 'exit') : undefined;
  child.kill('SIGKILL');
  await ended;
  extender.closeAllConnections();
  extender.close();
}
