import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from '../../hack/clusters/binaries.ts';
import type { RunningProgram } from '../../hack/clusters/programs.ts';
import { apply, eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { startAsAdministrator } from '../provider.ts';

const isRoot = process.getuid?.() === 0;
const clusters = openClusters();
const { upper } = clusters;
const lower = lowerCluster(clusters, 'a');
const namespace = `serving-${Date.now().toString(36)}`;
const node = 'vk-serving';
const port = 10397;
const run = (...args: string[]) => kubectl(upper, '-n', namespace, ...args);
let provider: RunningProgram | undefined;
let session: ChildProcessWithoutNullStreams;
let said = '';

/** The certificate that the port serves; throws when the upper cluster's authority did not sign it. */
async function servedCertificate(ca?: string): Promise<tls.DetailedPeerCertificate> {
  const socket = tls.connect({
    host: upper.address,
    port,
    rejectUnauthorized: ca !== undefined,
    ...(ca && { ca }),
  });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerCertificate(true);
  socket.destroy();
  return certificate;
}

beforeAll(async () => {
  if (!isRoot) return;
  await apply(upper, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  provider = await startAsAdministrator(clusters, lower, { node, port }, '--serving-certificate=csr');
  await eventually(() =>
    apply(upper, { ...podOn(node, 'web'), metadata: { ...podOn(node, 'web').metadata, namespace } }),
  );
  await eventually(async () => expect((await run('get', 'pod', 'web')).stdout).toContain('Running'));
  const { kubectl: binary } = await findBinaries();
  session = spawn(binary, [
    '--kubeconfig',
    upper.kubeconfig,
    '-n',
    namespace,
    'exec',
    '-i',
    'web',
    '--',
    'cat',
  ]);
  session.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
});

afterAll(async () => {
  session?.kill('SIGKILL');
  if (!provider) return;
  provider.kill('SIGKILL');
  await provider.exited;
  await run('delete', 'pod', 'web', '--force', '--grace-period=0');
  await kubectl(lower, '-n', namespace, 'delete', 'pod', 'web', '--now', '--ignore-not-found');
  for (const cluster of [upper, lower])
    await kubectl(cluster, 'delete', 'namespace', namespace, '--wait=false', '--ignore-not-found');
  await kubectl(upper, 'delete', 'node', node, '--ignore-not-found');
});

describe.runIf(isRoot)('a serving certificate by request', () => {
  it('is asked for while a self-signed one serves', async () => {
    const { subject, issuer } = await servedCertificate();
    expect(issuer).toEqual(subject);
    session.stdin.write('before\n');
    await eventually(() => expect(said).toBe('before\n'));
  });

  it('is taken when somebody approves it, and open sessions do not notice', async () => {
    const [, name = ''] = await eventually(() => {
      const found = /kubectl certificate approve ([^\s"]+)"/.exec(
        readFileSync(provider?.logFile ?? '', 'utf8'),
      );
      if (!found) throw new Error('the log does not say how to approve');
      return found;
    });
    const approved = await kubectl(upper, 'certificate', 'approve', name);
    expect(approved.stderr).toBe('');
    const ca = readFileSync(upper.clientCaFile, 'utf8');
    const { subject, subjectaltname } = await eventually(() => servedCertificate(ca));
    expect(subject).toMatchObject({ O: 'system:nodes', CN: `system:node:${node}` });
    expect(subjectaltname).toContain(`IP Address:${upper.address}`);
    session.stdin.write('after\n');
    await eventually(() => expect(said).toBe('before\nafter\n'));
    expect((await run('exec', 'web', '--', 'sh', '-c', 'exit 3')).exitCode).toBe(3);
  });
});

describe.runIf(isRoot)('the end of a provider', () => {
  it('lets sessions end by themselves, and ends those that do not', async () => {
    const short = run('exec', 'web', '--', 'sh', '-c', 'echo begun; sleep 1; exit 7');
    await eventually(async () => {
      const { stdout } = await kubectl(lower, '-n', namespace, 'exec', 'web', '--', 'ps');
      expect(stdout).toContain('sleep 1');
    });
    const ended = once(session, 'close');
    const began = performance.now();
    provider?.kill('SIGTERM');
    expect(await short).toMatchObject({ exitCode: 7, stdout: 'begun\n' });
    await ended;
    expect(await provider?.exited).toBe(0);
    expect(performance.now() - began).toBeLessThan(8_000);
  });
});
