import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../../src/cli/package-folder.ts';
import { filesOf } from '../../clusters/pki.ts';
import { freePorts } from '../../clusters/plan.ts';
import type { RunningProgram } from '../../clusters/programs.ts';
import { tailOf } from '../../clusters/text.ts';
import { waitFor } from '../../clusters/wait.ts';
import { nodeReady, type Place, standInNode } from './place.ts';

/** What is compared: each brings pods of its own virtual node down. */
export interface Contender {
  readonly name: string;
  /**
   * Starts it; resolves when it is at work.
   *
   * @param nodeName of a former life, to take it up again; a new one by default
   */
  start(place: Place, nodeName?: string): Promise<Running>;
}

/** A contender at work. */
export interface Running {
  readonly nodeName: string;
  readonly pid: number;
  /** When it was at work by its own word, in milliseconds since the epoch. */
  readonly began?: number | undefined;
  /** SIGTERM; resolves when the process is gone. */
  stop(): Promise<void>;
}

let started = 0;
/** Who starts again under the same name keeps its port: another one would have to be told. */
const ports = new Map<string, number>();

/** @param nodeFlags of the Node that runs it, such as those that write a profile */
export function isthmus(nodeFlags: readonly string[] = []): Contender {
  return {
    name: 'isthmus',
    async start(place, nodeName = nextName('isthmus')) {
      const { upper, lower } = place;
      const since = Date.now();
      const program = await run(place, nodeName, [
        ...[process.execPath, ...nodeFlags, join(packageFolder(), 'bin', 'isthmus'), 'provider'],
        ...['--nodename', nodeName, '--metrics-addr='],
        ...['--kubeconfig', upper.providerKubeconfig, '--client-kubeconfig', lower.providerKubeconfig],
      ]);
      const lives = () => checkRuns(program);
      await nodeReady(place, nodeName, lives);
      const began = await waitFor(
        () => {
          lives();
          return beginningOf(program.logFile, since);
        },
        () => `${nodeName} is not at work: ${tailOf(program.logFile)}`,
        { within: 60_000 },
      );
      return { ...running(nodeName, program), began };
    },
  };
}

/** @param clustersFile names many lower clusters, which one process serves; the node of `start` names only its log */
export function isthmusFor(clustersFile: string): Contender {
  return {
    name: 'isthmus',
    async start(place, nodeName = nextName('isthmus')) {
      const program = await run(place, nodeName, [
        ...[process.execPath, join(packageFolder(), 'bin', 'isthmus'), 'provider', '--metrics-addr='],
        ...['--kubeconfig', place.upper.providerKubeconfig, '--clusters', clustersFile],
      ]);
      return running(nodeName, program);
    },
  };
}

/** @param script the bundle of bare-mirror.ts */
export function bareMirror(script: string, nodeFlags: readonly string[] = []): Contender {
  return {
    name: 'bare mirror',
    async start(place) {
      const nodeName = nextName('mirror');
      const { upper, lower } = place;
      const endLease = await standInNode(place, nodeName);
      const kubeconfigs = [upper.providerKubeconfig, lower.providerKubeconfig];
      const command = [process.execPath, ...nodeFlags, script, ...kubeconfigs, nodeName];
      const program = await run(place, nodeName, command);
      await waitFor(
        () => readFileSync(program.logFile, 'utf8').split('follows').length > 2,
        () => `the bare mirror does not follow: ${tailOf(program.logFile)}`,
        { within: 60_000 },
      );
      return endingWith(running(nodeName, program), endLease);
    },
  };
}

/**
 * The bare pipe, which serves the kubelet port of a node and brings no pod down.
 *
 * @param script the bundle of bare-pipe.ts
 * @param pod the lower one that it leads to, in `namespace`
 */
export async function barePipe(
  place: Place,
  script: string,
  { namespace, pod }: { namespace: string; pod: string },
): Promise<Running> {
  const nodeName = nextName('pipe');
  const port = await portOf(nodeName);
  const { upper, lower } = place;
  const endLease = await standInNode(place, nodeName, { address: upper.address, port });
  const command = [process.execPath, script, lower.providerKubeconfig, namespace, pod];
  const program = await run(place, nodeName, command);
  await waitFor(
    () => readFileSync(program.logFile, 'utf8').includes('listens'),
    () => `the bare pipe does not listen: ${tailOf(program.logFile)}`,
    { within: 60_000 },
  );
  return endingWith(running(nodeName, program), endLease);
}

/**
 * Any other implementation, started by a command that finds in its environment UPPER_KUBECONFIG, LOWER_KUBECONFIG,
 * NODE_NAME, KUBELET_PORT, VKUBELET_POD_IP, APISERVER_CERT_LOCATION and APISERVER_KEY_LOCATION.
 */
export function peer(command: string): Contender {
  return {
    name: 'peer',
    async start(place, nodeName = nextName('peer')) {
      // exec, so that the process whose time is taken is the program's.
      const program = await run(place, nodeName, ['/bin/sh', '-c', `exec ${command}`]);
      await nodeReady(place, nodeName, () => checkRuns(program));
      return running(nodeName, program);
    },
  };
}

function nextName(kind: string): string {
  started += 1;
  return `${kind}-${started}`;
}

function endingWith(begun: Running, alsoEnd: () => void): Running {
  return {
    ...begun,
    async stop() {
      alsoEnd();
      await begun.stop();
    },
  };
}

async function portOf(nodeName: string): Promise<number> {
  const [port = 0] = ports.has(nodeName) ? [ports.get(nodeName)] : await freePorts(1);
  ports.set(nodeName, port);
  return port;
}

async function run({ clusters, lower }: Place, nodeName: string, command: string[]): Promise<RunningProgram> {
  const port = await portOf(nodeName);
  const files = filesOf(clusters.directory, clusters.upper.name);
  return clusters.run(nodeName, command, {
    NODE_NAME: nodeName,
    UPPER_KUBECONFIG: clusters.upper.providerKubeconfig,
    LOWER_KUBECONFIG: lower.providerKubeconfig,
    KUBELET_PORT: String(port),
    VKUBELET_POD_IP: clusters.upper.address,
    APISERVER_CERT_LOCATION: files.key('nodes.crt'),
    APISERVER_KEY_LOCATION: files.key('nodes.key'),
  });
}

function running(nodeName: string, program: RunningProgram): Running {
  return {
    ...{ nodeName, pid: program.pid },
    async stop() {
      program.kill('SIGTERM');
      // The process does not keep ours alive, so that its end alone would never be told.
      const waiting = setInterval(() => {}, 60_000);
      await program.exited.finally(() => clearInterval(waiting));
    },
  };
}

/** When a provider that was started at or after some time wrote that it is at work. */
function beginningOf(logFile: string, since: number): number | undefined {
  return readFileSync(logFile, 'utf8')
    .split('\n')
    .filter((line) => line.includes('at work"'))
    .map((line) => Date.parse(JSON.parse(line).time))
    .find((time) => time >= since);
}

function checkRuns({ pid, logFile }: RunningProgram): void {
  try {
    process.kill(pid, 0);
  } catch {
    throw new Error(`it ended: ${tailOf(logFile)}`);
  }
}
