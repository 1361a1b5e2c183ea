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
import { barePipe } from './parts/contender.ts';
import { cpuByProgram, sharesSince } from './parts/cpu-shares.ts';
import { Observer } from './parts/observer.ts';
import { makeNamespace, type Place } from './parts/place.ts';
import { figuresOf } from './parts/process-figures.ts';
import { createPods } from './parts/workload.ts';

const megabytes = 1_000;
const sessions = 300;
const warming = 30;
const namespace = 'streams';
const pod = 'web-0';
const piped = 'piped';
const aim = 'at least 0.9 of direct';

/** Whom a measurement goes through: to which API server, and what the pod is called there. */
interface Way {
  readonly who: 'isthmus' | 'pipe' | 'peer' | 'direct';
  readonly cluster: LocalCluster;
  readonly client: Client;
  readonly pod: string;
}

/** What goes through the kubelet port, the same through a bare pipe in its place, and by kubectl straight to below. */
export async function streams(bench: Bench): Promise<readonly Row[]> {
  const { place, isthmus, peer, pipeScript, progress } = bench;
  const { upper, lower, above, below } = place;
  const running = await isthmus.start(place);
  const other = await peer?.start(place);
  const pipe = await barePipe(place, pipeScript, { namespace, pod });
  const ways: readonly Way[] = [
    { who: 'direct', cluster: lower, client: below, pod },
    { who: 'pipe', cluster: upper, client: above, pod: piped },
    ...(other ? [{ who: 'peer', cluster: upper, client: above, pod: 'web-1' } as const] : []),
    { who: 'isthmus', cluster: upper, client: above, pod },
  ];
  try {
    await makeNamespace(place, namespace);
    const observer = await Observer.open(place, namespace);
    await createPods(above, [pod], { namespace, nodeName: running.nodeName });
    if (other) await createPods(above, ['web-1'], { namespace, nodeName: other.nodeName });
    await observer.allReady(other ? 2 : 1, 60_000);
    await observer.close();
    // Nobody brings it down; the pipe leads to the other.
    await createPods(above, [piped], { namespace, nodeName: pipe.nodeName });
    const measure = async (what: string, act: (way: Way) => Promise<number>) => {
      const figures: Partial<Record<Way['who'], number>> = {};
      for (const way of ways) {
        const before = cpuByProgram(place.clusters.directory);
        figures[way.who] = await act(way);
        const shares = sharesSince(before, cpuByProgram(place.clusters.directory));
        progress(`${what}, ${way.who}: ${figures[way.who]?.toFixed(1)}; CPU: ${shares}`);
      }
      return figures;
    };
    // What runs for the first times is slow, whoever it is.
    for (const way of ways) await openLogs(way, warming);
    const many = await measure('sessions', async (way) => sessions / (await openLogs(way, sessions)));
    const { memory } = figuresOf(running.pid);
    const input = await measure('exec', (way) =>
      rate(place, way, 'exec', '-i', way.pod, '--', 'sh', '-c', sink),
    );
    await writeLog(place);
    const logs = await measure('logs', (way) => rate(place, way, 'logs', way.pod));
    return [
      { what: `logs of ${megabytes} MB`, unit: 'MB/s', figures: logs, aim },
      { what: `exec with ${megabytes} MB of stdin`, unit: 'MB/s', figures: input, aim },
      { what: `${sessions} logs followed at once, opened`, unit: 'sessions/s', figures: many, aim },
      { what: `memory with ${sessions} sessions`, unit: 'MB', figures: { isthmus: memory } },
    ];
  } finally {
    for (const one of [running, other, pipe]) await one?.stop();
  }
}

/** kwok runs it on this machine, as nobody, and does not tell it the end of its input: it knows itself how much comes. */
const sink = `head -c ${megabytes * 1e6} >/dev/null`;

/** Runs kubectl, with as many zeros as its stdin as it takes. @returns megabytes per second */
async function rate({ clusters }: Place, { cluster }: Way, ...args: string[]): Promise<number> {
  const { kubeconfig } = cluster;
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
async function openLogs({ client, pod: name }: Way, count: number): Promise<number> {
  const path = `${resourcePath(pods, { namespace, name })}/log`;
  const ending = new AbortController();
  const began = performance.now();
  const open = async () => {
    const stream = await client.transport.stream({
      ...{ method: 'GET', path, query: { follow: 'true' }, accept: '*/*', signal: ending.signal },
    });
    await new Promise<void>((resolve, reject) => stream.once('data', () => resolve()).once('error', reject));
  };
  try {
    await Promise.all(Array.from({ length: count }, open));
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
