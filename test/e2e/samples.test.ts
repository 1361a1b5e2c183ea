import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { execute } from '../../hack/clusters/exec.ts';
import { packageFolder } from '../../src/cli/package-folder.ts';
import { eventually } from '../clusters.ts';

/** The samples of hack/local-up.sh that need names and volumes, on the clusters that it starts. */
const isRoot = process.getuid?.() === 0;
const isthmus = join(packageFolder(), 'bin', 'isthmus');
const state = join(mkdtempSync(join(tmpdir(), 'isthmus-samples-')), 'state');
const environment = { ...process.env, ISTHMUS_STATE: state };
const isthmusCommand = (...args: string[]) => execute(process.execPath, [isthmus, ...args], { environment });
const slow = { within: 120_000, every: 500 };

beforeAll(async () => {
  expect(await isthmusCommand('up', '--kwok-nodes', '3')).toMatchObject({ exitCode: 0, stderr: '' });
}, 180_000);
afterAll(async () => {
  await isthmusCommand('down');
  rmSync(join(state, '..'), { recursive: true, force: true });
}, 120_000);

async function kubectl(cluster: string, args: readonly string[], input?: string): Promise<string> {
  const all = ['--kubeconfig', join(state, `${cluster}.kubeconfig`), ...args];
  const options = { environment, ...(input !== undefined && { input }) };
  const { exitCode, stdout, stderr } = await execute(join(state, 'kubectl'), all, options);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}
const sample = (name: string) => join(packageFolder(), 'hack', name);
const isReady = (workload: string, count: string) =>
  eventually(
    async () =>
      expect(await kubectl('upper', ['get', workload, '-o', 'jsonpath={.status.readyReplicas}'])).toBe(count),
    slow,
  );

it('the frontend reaches every pod of the backend by its name, in both clusters', {
  timeout: 300_000,
}, async () => {
  await kubectl('upper', ['apply', '-f', sample('sample-two-tier.yaml')]);
  await isReady('deployment/backend', '4');
  await isReady('deployment/frontend', '1');
  const ofBackend = ['-l', 'kubernetes.io/service-name=backend'];
  const addresses = ['-o', 'jsonpath={.items[*].endpoints[*].addresses[0]}'];
  for (const cluster of ['a', 'b'])
    await eventually(async () => {
      const found = await kubectl(cluster, ['get', 'endpointslices', ...ofBackend, ...addresses]);
      expect(found.split(' ')).toHaveLength(4);
    });
  const nodes = await kubectl('upper', [
    'get',
    'pods',
    '-l',
    'app=backend',
    '-o',
    'jsonpath={.items[*].spec.nodeName}',
  ]);
  expect(nodes.split(' ').sort()).toEqual(['vk-a', 'vk-a', 'vk-b', 'vk-b']);
  // Played pods answer nobody.
  if (!isRoot) return;
  await eventually(async () => {
    const ask = ['exec', 'deployment/frontend', '--', 'sh', '/scripts/ask', '20'];
    const answers = (await kubectl('upper', ask)).split('\n').filter(Boolean);
    expect([answers.length, new Set(answers).size]).toEqual([20, 4]);
  }, slow);
});

it('a pod with a volume comes back to what it wrote', { timeout: 300_000 }, async () => {
  for (const cluster of ['a', 'b']) {
    const folder = join(state, 'volumes', cluster);
    mkdirSync(folder, { recursive: true });
    const volumes = readFileSync(sample('sample-volumes-below.yaml'), 'utf8');
    await kubectl(cluster, ['apply', '-f', '-'], volumes.replaceAll('FOLDER', folder));
  }
  await kubectl('upper', ['apply', '-f', sample('sample-volumes.yaml')]);
  await isReady('statefulset/notes', '2');
  const place = ['get', 'pod', 'notes-0', '-o', 'jsonpath={.spec.nodeName}'];
  const before = await kubectl('upper', place);
  await kubectl('upper', ['delete', 'pod', 'notes-0']);
  await isReady('statefulset/notes', '2');
  expect(await kubectl('upper', place)).toBe(before);
  if (!isRoot) return;
  const notes = ['exec', 'notes-0', '--', 'cat', '/data/notes'];
  await eventually(async () => expect((await kubectl('upper', notes)).match(/started on/g)).toHaveLength(2));
});
