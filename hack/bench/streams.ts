import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Client } from '../../src/kube/client.ts';
import { pods, resourcePath } from '../../src/kube/resources.ts';
import type { LocalCluster } from '../clusters/open.ts';
import { filesOf } from '../clusters/pki.ts';
import type { Bench, Row } from './parts/bench.ts';
import { Observer } from './parts/observer.ts';
import { makeNamespace, type Place } from './parts/place.ts';
import { figuresOf } from './parts/process-figures.ts';
import { createPods } from './parts/workload.ts';

const megabytes = 1_000;
const sessions = 300;
const namespace = 'streams';
const pod = 'web-0';
const aim = 'at least 0.9 of direct';

/** What goes through the kubelet port, and the same by kubectl straight to the lower cluster. */
export async function streams(bench: Bench): Promise<readonly Row[]> {
  const { place, isthmus, progress } = bench;
  const running = await isthmus.start(place);
  try {
    await makeNamespace(place, namespace);
    const observer = await Observer.open(place, namespace);
    await createPods(place.above, [pod], { namespace, nodeName: running.nodeName });
    await observer.allReady(1, 60_000);
    await observer.close();
    const many = await both(place, async (_, client) => sessions / (await openLogs(client)));
    progress(`${sessions} sessions are measured`);
    const { memory } = figuresOf(running.pid);
    const input = await both(place, (cluster) =>
      rate(place, cluster, 'exec', '-i', pod, '--', 'sh', '-c', sink),
    );
    progress('exec is measured');
    await writeLog(place);
    const logs = await both(place, (cluster) => rate(place, cluster, 'logs', pod));
    return [
      { what: `logs of ${megabytes} MB`, unit: 'MB/s', figures: logs, aim },
      { what: `exec with ${megabytes} MB of stdin`, unit: 'MB/s', figures: input, aim },
      { what: `${sessions} logs followed at once, opened`, unit: 'sessions/s', figures: many, aim },
      { what: `memory with ${sessions} sessions`, unit: 'MB', figures: { isthmus: memory } },
    ];
  } finally {
    await running.stop();
  }
}

/** kwok runs it on this machine, as nobody, and does not tell it the end of its input: it knows itself how much comes. */
const sink = `head -c ${megabytes * 1e6} >/dev/null`;

async function both(
  { upper, lower, above, below }: Place,
  measure: (cluster: LocalCluster, client: Client) => Promise<number>,
): Promise<{ isthmus: number; direct: number }> {
  return { direct: await measure(lower, below), isthmus: await measure(upper, above) };
}

/** Runs kubectl, with as many zeros as its stdin as it takes. @returns megabytes per second */
async function rate({ clusters }: Place, { kubeconfig }: LocalCluster, ...args: string[]): Promise<number> {
  const kubectl = join(clusters.directory, 'kubectl');
  const shell = 'head -c "$0" /dev/zero | "$@" >/dev/null';
  const command = [kubectl, '--kubeconfig', kubeconfig, '-n', namespace, ...args];
  const environment = { ...process.env, KUBECACHEDIR: join(dirname(kubeconfig), 'kubectl-cache') };
  const began = performance.now();
  await new Promise<void>((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', shell, String(megabytes * 1e6), ...command], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: environment,
    });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`kubectl ${args[0]}: exit code ${code}`)),
    );
  });
  return megabytes / ((performance.now() - began) / 1_000);
}

/** Follows the log of the pod many times at once. @returns the seconds until each has brought something */
async function openLogs(client: Client): Promise<number> {
  const path = `${resourcePath(pods, { namespace, name: pod })}/log`;
  const ending = new AbortController();
  const began = performance.now();
  const open = async () => {
    const stream = await client.transport.stream({
      ...{ method: 'GET', path, query: { follow: 'true' }, accept: '*/*', signal: ending.signal },
    });
    await new Promise<void>((resolve, reject) => stream.once('data', () => resolve()).once('error', reject));
  };
  try {
    await Promise.all(Array.from({ length: sessions }, open));
    return (performance.now() - began) / 1_000;
  } finally {
    ending.abort();
  }
}

/** Makes the log with which kwok answers for every pod a long one, as a container runtime writes it. */
async function writeLog({ clusters, lower }: Place): Promise<void> {
  const file = createWriteStream(join(filesOf(clusters.directory, lower.name).folder, 'kwok', 'pods.log'));
  const line = `${new Date().toISOString().replace('Z', '000000Z')} stdout F ${'x'.repeat(999)}\n`;
  const chunk = line.repeat(1_000);
  for (let written = 0; written < megabytes; written += 1) if (!file.write(chunk)) await once(file, 'drain');
  file.end();
  await finished(file);
}
