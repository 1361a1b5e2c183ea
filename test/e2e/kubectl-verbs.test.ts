import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from '../../hack/clusters/binaries.ts';
import { type CommandResult, execute } from '../../hack/clusters/exec.ts';
import { BUSYBOX_IMAGE } from '../../hack/clusters/images.ts';
import { findTestProgram } from '../../hack/clusters/test-programs.ts';
import { eventually } from '../clusters.ts';
import { podOn, podSpec, workload } from '../manifests.ts';
import { openStage, type Stage } from '../stage.ts';

const isRoot = process.getuid?.() === 0;
const blockSize = 64 * 1_048_576;
const blocks = 16;
/** Serves a page, gives a gigabyte to whoever connects, and repeats what it hears. */
const web = `
mkdir /tmp/www; echo found me >/tmp/www/index.html; httpd -p 8080 -h /tmp/www
head -c ${blockSize} /dev/urandom >/tmp/block
echo 'for i in $(seq ${blocks}); do cat /tmp/block; done' >/tmp/give
nc -ll -p 9000 -e sh /tmp/give &
touch /tmp/ready
while true; do while read line; do echo "heard $line"; done; sleep 0.1; done`;
/** How kubectl speaks to the upper API server: as it does by itself, and as it did before 1.30. */
const protocols: [string, Record<string, string>][] = [
  ['WebSocket', {}],
  ['SPDY', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }],
];
const folder = mkdtempSync(join(tmpdir(), 'isthmus-verbs-'));
const running = new Set<ChildProcessWithoutNullStreams>();
const binaries = new Map<string, string>();
let stage: Stage;

beforeAll(async () => {
  if (!isRoot) return;
  binaries.set('1.35', (await findBinaries()).kubectl);
  binaries.set('1.32', await findTestProgram('kubectl-1.32'));
  stage = await openStage('verbs', 'a');
  await stage.create(
    podOn(stage.node, 'web', {
      script: web,
      container: {
        stdin: true,
        readinessProbe: { exec: { command: ['test', '-e', '/tmp/ready'] }, periodSeconds: 1 },
      },
    }),
    workload('Deployment', 'roll', podSpec(stage.node), { replicas: 2 }),
  );
}, 15 * 60_000);

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
  await stage?.close();
});

describe.runIf(isRoot).each(['1.35', '1.32'])('kubectl %s', (version) => {
  const command = (args: string[], more: Record<string, string>) => ({
    binary: binaries.get(version) ?? '',
    args: ['--kubeconfig', stage.upper.kubeconfig, '-n', stage.namespace, ...args],
    environment: { ...process.env, KUBECACHEDIR: join(folder, version), ...more },
  });

  /** Its result, whatever it is. */
  function call(args: string[], input?: string, more: Record<string, string> = {}): Promise<CommandResult> {
    const { binary, args: all, environment } = command(args, more);
    return execute(binary, all, { environment, ...(input === undefined ? {} : { input }) });
  }

  /** What it says; throws what it complains about. */
  async function run(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await call(args);
    if (exitCode !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** One that goes on until it is ended, and all it has said. */
  function start(args: string[], more: Record<string, string>) {
    const { binary, args: all, environment } = command(args, more);
    const child = spawn(binary, all, { env: environment });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
    running.add(child);
    child.once('close', () => running.delete(child));
    return { child, said: () => text };
  }

  /** Forwards a port of the pod; resolves with the port here. */
  async function forward(port: number, more: Record<string, string>) {
    const { child, said } = start(['port-forward', 'web', `:${port}`], more);
    const [, found = ''] = await eventually(() => {
      const match = /127\.0\.0\.1:(\d+)/.exec(said());
      if (!match) throw new Error(said());
      return match;
    });
    return { port: Number(found), child };
  }

  it('is that version, and waits for pods and rollouts', async () => {
    expect(await run('version', '--client')).toContain(`Client Version: v${version}.`);
    await run('wait', 'pod/web', '--for=condition=Ready', '--timeout=60s');
    await run('wait', 'deployment/roll', '--for=jsonpath={.status.readyReplicas}=2', '--timeout=60s');
    await run('rollout', 'restart', 'deployment/roll');
    await run('rollout', 'status', 'deployment/roll', '--timeout=60s');
    await run('rollout', 'undo', 'deployment/roll');
    await run('rollout', 'status', 'deployment/roll', '--timeout=60s');
  });

  describe.each(protocols)('by %s', (_protocol, environment) => {
    it('runs commands, with stdin, stdout, stderr and the exit code', async () => {
      const script = 'cat; echo err >&2; exit 7';
      const result = await call(
        ['exec', '-i', 'web', '-c', 'main', '--', 'sh', '-c', script],
        'from stdin\n',
        environment,
      );
      expect(result).toMatchObject({ exitCode: 7, stdout: 'from stdin\n' });
      expect(result.stderr).toMatch(/^err\n/);
    });

    it('attaches, both ways', async () => {
      const { child, said } = start(['attach', '-i', 'web', '-c', 'main'], environment);
      const word = randomBytes(4).toString('hex');
      // What comes before kubectl is through is lost, as with every container.
      await eventually(
        () => {
          child.stdin.write(`${word}\n`);
          expect(said()).toContain(`heard ${word}\n`);
        },
        { every: 500 },
      );
      child.kill('SIGKILL');
    });

    it('forwards 20 connections at once', async () => {
      const { port, child } = await forward(8080, environment);
      const pages = Array.from({ length: 20 }, async () => (await fetch(`http://127.0.0.1:${port}/`)).text());
      expect(new Set(await Promise.all(pages))).toEqual(new Set(['found me\n']));
      child.kill('SIGKILL');
    });
  });

  it('forwards a gigabyte, byte for byte', async () => {
    const { port, child } = await forward(9000, {});
    const hashes = await hashesOf(net.connect(port, '127.0.0.1'));
    const [sum = ''] = (await run('exec', 'web', '--', 'sha256sum', '/tmp/block')).split(' ');
    expect(hashes).toEqual(Array(blocks).fill(sum));
    child.kill('SIGKILL');
  });

  it('copies both ways', async () => {
    const [up, down] = [join(folder, `${version}-up`), join(folder, `${version}-down`)];
    const data = randomBytes(3_000_000);
    writeFileSync(up, data);
    await run('cp', up, 'web:/tmp/copied');
    await run('cp', 'web:/tmp/copied', down);
    expect(readFileSync(down).equals(data)).toBe(true);
  });

  it('debugs with another container', async () => {
    const name = `debug-${version.replace('.', '-')}`;
    const image = [`--image=${BUSYBOX_IMAGE}`, '--image-pull-policy=IfNotPresent', '--profile=general'];
    const args = ['debug', '-i', 'web', '-c', name, ...image, '--target=main', '--'];
    const script = 'read word; echo "$word from here"; ps';
    // Its stdin stays open: its end would be the end of the whole attachment.
    const { child, said } = start([...args, 'sh', '-c', script], {});
    const ended = once(child, 'close');
    child.stdin.write('greetings\n');
    await ended;
    expect(child.exitCode).toBe(0);
    expect(said()).toContain('greetings from here\n');
    // It sees the processes of the container that it was aimed at.
    expect(said()).toContain('httpd -p 8080');
  });

  it('reads what the node serves, through the API server', async () => {
    const raw = (path: string) => run('get', '--raw', `/api/v1/nodes/${stage.node}/proxy/${path}`);
    const names = async (path: string) =>
      JSON.parse(await raw(path)).items.map(({ metadata }: { metadata: { name: string } }) =>
        metadata.name.replace(/^roll-.*/, 'roll'),
      );
    expect(await raw('healthz')).toBe('ok');
    for (const path of ['pods', 'runningpods/'])
      expect((await names(path)).toSorted()).toEqual(['roll', 'roll', 'web']);
    const uid = await run('get', 'pod', 'web', '-o', 'jsonpath={.metadata.uid}');
    await eventually(async () => {
      const { node, pods } = JSON.parse(await raw('stats/summary'));
      expect(node.nodeName).toBe(stage.node);
      const found = pods.find(({ podRef }: { podRef: { name: string } }) => podRef.name === 'web');
      expect(found).toMatchObject({ podRef: { namespace: stage.namespace, uid } });
      expect(found.cpu.usageCoreNanoSeconds).toBeGreaterThan(0);
      const text = await raw('metrics/resource');
      expect(text).toContain(
        `container_memory_working_set_bytes{namespace="${stage.namespace}",pod="web",container="main"}`,
      );
      expect(text).toMatch(/^node_cpu_usage_seconds_total [\d.]+ \d{13}$/m);
    });
  });

  it('drains the node', async () => {
    const uids = () => run('get', 'pods', '-l', 'app=roll', '-o', 'jsonpath={.items[*].metadata.uid}');
    const before = (await uids()).split(' ');
    await run('drain', stage.node, '--pod-selector=app=roll', '--timeout=60s');
    expect((await uids()).split(' ')).not.toContain(before[0]);
    expect(await run('get', 'node', stage.node, '--no-headers')).toContain('SchedulingDisabled');
    await run('uncordon', stage.node);
    await run('rollout', 'status', 'deployment/roll', '--timeout=60s');
  });
});

/** The checksum of each block of what a server sends until it closes. */
async function hashesOf(socket: net.Socket): Promise<string[]> {
  const sums: string[] = [];
  let hash = createHash('sha256');
  let inBlock = 0;
  socket.on('data', (chunk: Buffer) => {
    for (let rest = chunk; rest.length > 0; ) {
      const part = rest.subarray(0, blockSize - inBlock);
      rest = rest.subarray(part.length);
      hash.update(part);
      inBlock += part.length;
      if (inBlock < blockSize) continue;
      sums.push(hash.digest('hex'));
      hash = createHash('sha256');
      inBlock = 0;
    }
  });
  await once(socket, 'close');
  if (inBlock > 0) sums.push(`only ${inBlock} bytes`);
  return sums;
}
