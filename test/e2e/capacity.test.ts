import { afterAll, beforeAll, expect, it } from 'vitest';
import { kwokNode } from '../../hack/clusters/kwok.ts';
import { parseQuantity } from '../../src/kube/quantity.ts';
import { nodes, pods } from '../../src/kube/resources.ts';
import type { Node } from '../../src/kube/types.ts';
import { eventually } from '../clusters.ts';
import { podOn, podSpec } from '../manifests.ts';
import { openStage, type Stage } from '../stage.ts';

const gpu = 'example.com/gpu';
const size = { cpu: '32', memory: '256Gi', pods: '110' };
let stage: Stage;
/** What the nodes that were there before add up to. */
let base: { nodes: number; cpu: number; pods: number };
const added = ['b-node-900', 'b-node-901'];

beforeAll(async () => {
  stage = await openStage('capacity', 'b', { namespaceBelow: true });
  const { items } = await stage.below.list(nodes);
  // Pods that an earlier test file deleted may still be going.
  await eventually(async () =>
    expect((await stage.below.list(pods)).items.filter(({ spec }) => spec?.nodeName)).toEqual([]),
  );
  const sum = (name: string) =>
    items.reduce((total, node) => total + Number(node.status?.allocatable?.[name]), 0);
  base = { nodes: items.length, cpu: sum('cpu'), pods: sum('pods') };
});
afterAll(async () => {
  for (const node of ['b-node-0', 'b-node-1']) await stage?.runBelow('uncordon', node);
  await stage?.runBelow('delete', 'node', ...added, '--ignore-not-found');
  await stage?.close();
});

const virtualNode = (): Promise<Node> => stage.above.get(nodes, { name: stage.node });

/** Waits until the virtual node offers this much more or less than the nodes that were there before. */
async function offers(change: { cpu: number; pods: number }, extended?: string): Promise<void> {
  await eventually(async () => {
    const { status } = await virtualNode();
    const { cpu, pods: count, [gpu]: gpus } = status?.allocatable ?? {};
    // The API server writes 11000 pods as 11k.
    const amount = (quantity: string | undefined) => Number(parseQuantity(quantity ?? '0')) / 1e9;
    expect({ cpu: amount(cpu) - base.cpu, pods: amount(count) - base.pods }).toEqual(change);
    expect(gpus).toBe(extended);
    expect(status?.capacity).toEqual(status?.allocatable);
  });
}

/** A node of ours that kwok leaves alone, so that we say whether it is Ready. */
async function addNode(name: string, allocatable: Record<string, string>): Promise<void> {
  const { metadata, status } = kwokNode('b', Number(name.split('-').at(-1)), allocatable) as Node;
  const { annotations: _kwok, ...rest } = metadata ?? {};
  await stage.below.create(nodes, { metadata: rest, ...(status ? { status } : {}) });
  await setReady(name, 'True');
}

async function setReady(name: string, status: 'True' | 'False'): Promise<void> {
  const condition = {
    type: 'Ready',
    status,
    reason: 'Test',
    message: '',
    lastHeartbeatTime: new Date().toISOString(),
  };
  await stage.below.patch(nodes, { name, subresource: 'status' }, { status: { conditions: [condition] } });
}

it('is the sum of what the nodes below have', async () => {
  await offers({ cpu: 0, pods: 0 });
  const { status } = await virtualNode();
  const memory = parseQuantity(status?.allocatable?.['memory'] ?? '');
  expect(memory).toBe(parseQuantity('256Gi') * BigInt(base.nodes));
  expect(status?.nodeInfo?.kubeletVersion).toMatch(/^v1\./);
});

it('leaves out cordoned nodes', async () => {
  await stage.runBelow('cordon', 'b-node-0', 'b-node-1');
  await offers({ cpu: -64, pods: -220 });
  await stage.runBelow('uncordon', 'b-node-0', 'b-node-1');
  await offers({ cpu: 0, pods: 0 });
});

it('follows a new node, with its extended resources, one that is not Ready, and one that is deleted', async () => {
  await addNode('b-node-900', { ...size, [gpu]: '4' });
  await offers({ cpu: 32, pods: 110 }, '4');
  await addNode('b-node-901', size);
  await offers({ cpu: 64, pods: 220 }, '4');
  await setReady('b-node-901', 'False');
  await offers({ cpu: 32, pods: 110 }, '4');
  await stage.runBelow('cordon', 'b-node-901');
  await stage.runBelow('delete', 'node', 'b-node-901');
  await stage.runBelow('delete', 'node', 'b-node-900');
  await offers({ cpu: 0, pods: 0 });
});

it('is less by what pods of the lower cluster request, and not by what ours do, also after a restart', async () => {
  const resources = { requests: { cpu: '1500m', memory: '1Gi' } };
  const spec = podSpec('', { container: { resources } });
  const { nodeSelector: _any, ...anywhere } = spec;
  await stage.createBelow({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'native' }, spec: anywhere });
  await offers({ cpu: -1.5, pods: -1 });
  await stage.create(podOn(stage.node, 'ours', { container: { resources } }));
  await stage.reaches('ours', 'Running');
  await stage.provider.kill();
  await stage.provider.start();
  await offers({ cpu: -1.5, pods: -1 });
  await stage.runBelow('delete', 'pod', 'native');
  await offers({ cpu: 0, pods: 0 });
});
