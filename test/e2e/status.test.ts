import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { execute } from '../../hack/clusters/exec.ts';
import { eventually } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { isthmus } from '../provider.ts';
import { openStage, type Stage } from '../stage.ts';
import { statusOf } from '../status.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage('status', 'b');
});
afterAll(() => stage?.close());

it('shows capacity, use and pods of a node where all is well', async () => {
  const resources = { requests: { cpu: '2500m', memory: '1Gi' } };
  await stage.create(podOn(stage.node, 'one', { container: { resources } }), podOn(stage.node, 'two'));
  for (const name of ['one', 'two']) await stage.reaches(name, 'Running');
  const nodes = Number((await stage.runBelow('get', 'nodes', '-o', 'name')).trimEnd().split('\n').length);
  const { row, wrong } = await statusOf(stage);
  expect(row.split(/ {2,}/).map((cell) => cell.trim())).toEqual([
    stage.node,
    'yes',
    `2.5 of ${nodes * 32}.0 (0%)`,
    `1.0Gi of ${nodes * 256}.0Gi (0%)`,
    `2 of ${nodes * 110} (0%)`,
    '32.0 cpu, 256.0Gi',
    '2 Running',
  ]);
  expect(wrong).not.toContain(stage.node);
});

it('gives the reason of a pod that waits, and of a cordon', async () => {
  await stage.create(podOn(stage.node, 'waits', { volumes: [{ name: 'it', configMap: { name: 'none' } }] }));
  await stage.run('cordon', stage.node);
  await eventually(async () => {
    const { row, wrong } = await statusOf(stage);
    expect(row).toContain('2 Running, 1 CreateContainerConfigError');
    expect(wrong).toContain(
      `${stage.node}: 1 x CreateContainerConfigError, such as ${stage.namespace}/waits: configmap "none" not found`,
    );
    expect(wrong).toContain(`${stage.node}: cordoned`);
  });
});

describe('for programs', () => {
  const ours = (document: { nodes: { name: string }[] }) =>
    document.nodes.find(({ name }) => name === stage.node);

  it.each([
    ['json', (text: string) => JSON.parse(text)],
    ['yaml', (text: string) => parse(text)],
  ] as const)('-o %s has the same in base units', async (format, read) => {
    const args = ['status', '--kubeconfig', stage.upper.kubeconfig, '-o', format];
    const { exitCode, stdout, stderr } = await execute(isthmus, args);
    expect([exitCode, stderr]).toEqual([0, '']);
    const document = read(stdout);
    expect([document.apiVersion, document.kind]).toEqual(['isthmus.io/v1', 'Status']);
    expect(ours(document)).toEqual({
      name: stage.node,
      reachable: true,
      cpu: { used: 2.5, offered: 3200 },
      memory: { used: 2 ** 30, offered: 100 * 256 * 2 ** 30 },
      pods: { used: 3, offered: 11_000 },
      largestFreeNode: { cpu: 32, memory: 256 * 2 ** 30 },
      podStates: { Running: 2, CreateContainerConfigError: 1 },
      problems: [
        'cordoned: no new pods are placed here (kubectl uncordon)',
        `1 x CreateContainerConfigError, such as ${stage.namespace}/waits: configmap "none" not found`,
      ],
    });
  });
});

describe('--watch', () => {
  const watching = (...flags: string[]) => {
    const args = ['status', '--kubeconfig', stage.upper.kubeconfig, '--watch', ...flags];
    const child = spawn(isthmus, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const written = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      written.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      written.stderr += chunk;
    });
    return { child, written, ended: once(child, 'exit') };
  };

  it('of a table adds what changed, and ends well with Ctrl-C', async () => {
    const { child, written, ended } = watching();
    await eventually(() => expect(written.stdout).toContain('cordoned'));
    const first = written.stdout;
    expect(first).toMatch(/^NODE /);
    await stage.run('uncordon', stage.node);
    await eventually(() =>
      expect(written.stdout.slice(first.length)).toMatch(new RegExp(`^${stage.node} +yes `)),
    );
    expect(written.stdout.slice(first.length)).not.toContain('cordoned');
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(written.stderr).toBe('');
  });

  it('of json writes a line for each change, and ends well when nobody reads any more', async () => {
    const { child, written, ended } = watching('-o', 'json');
    const lines = () =>
      written.stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    const states = () =>
      lines()
        .at(-1)
        ?.nodes.find(({ name }: { name: string }) => name === stage.node)?.podStates;
    await eventually(() => expect(states()).toMatchObject({ Running: 2 }));
    await stage.create(podOn(stage.node, 'three'));
    await eventually(() => expect(states()).toMatchObject({ Running: 3 }));
    child.stdout.destroy();
    await stage.create(podOn(stage.node, 'four'));
    expect(await ended).toEqual([0, null]);
    expect(written.stderr).toBe('');
  });
});
