import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../clusters.ts';
import { podOn } from '../manifests.ts';
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
