import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { eventually, openClusters } from '../clusters.ts';
import {
  type DeschedulerReplica,
  forgetTried,
  planOf,
  policyFile,
  runOnce,
  startDescheduler,
} from '../descheduler.ts';
import { workload } from '../manifests.ts';
import { find } from '../objects.ts';
import { openTwoParts, spread, type TwoParts } from '../two-parts.ts';
import { openWebhook } from '../webhook.ts';

const clusters = openClusters();
const folder = mkdtempSync(join(tmpdir(), 'isthmus-descheduler-'));
const policy = policyFile(folder, { LowerUnschedulable: { unschedulableSeconds: 1 } });
const quick = ['--descheduling-interval=1', '--policy-config-file', policy];
let parts: TwoParts;
let webhook: Awaited<ReturnType<typeof openWebhook>> | undefined;
const running: DeschedulerReplica[] = [];

beforeAll(async () => {
  parts = await openTwoParts('desched', 3);
  webhook = await openWebhook(clusters);
  await eventually(async () => {
    const { metadata, spec } = pod('tried', '1');
    const tried = await parts.above.create(
      pods,
      { metadata: metadata ?? {}, spec: spec ?? { containers: [] } },
      { dryRun: true },
    );
    expect(tried.metadata?.annotations?.['isthmus.io/webhook']).toBe('done');
  });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.kill()));
  await parts.run('uncordon', ...parts.nodeNames);
  await parts.clear();
  await forgetTried(clusters);
}, 120_000);
afterAll(async () => {
  await webhook?.close();
  await parts?.close();
  rmSync(folder, { recursive: true });
}, 120_000);

async function descheduler(...flags: string[]): Promise<DeschedulerReplica> {
  const one = await startDescheduler(clusters, '--clusters', parts.file, ...flags);
  running.push(one);
  return one;
}

/** A virtual pod for either of the two. */
function pod(name: string, cpu: string, metadata: Pod['metadata'] = {}): Pod {
  const labels = { 'virtual-pod': 'true', ...metadata.labels };
  return {
    metadata: { ...metadata, namespace: parts.namespace, name, labels },
    spec: spread(cpu, parts.nodeNames),
  };
}

/** Twelve cores are left on each node of the first part: 36 in all, and the upper scheduler sees the sum. */
async function fillFirst(): Promise<void> {
  await Promise.all(parts.parts[0].map((node) => parts.fill(node, `fill-${node}`, '20')));
}

const above = (name: string) => find(parts.above, pods, { namespace: parts.namespace, name });
const belowCondition = async (name: string) =>
  (await find(parts.below, pods, { namespace: parts.namespace, name }))?.status?.conditions?.find(
    ({ type }) => type === 'PodScheduled',
  )?.reason;

/** Makes something while only the first virtual node takes pods, and waits until it is stuck there. */
async function stuckOnFirst(create: () => Promise<unknown>, names: () => Promise<string[]>): Promise<void> {
  await fillFirst();
  await parts.run('cordon', parts.nodeNames[1]);
  await create();
  await eventually(async () => {
    const found = await names();
    expect(found).not.toEqual([]);
    for (const name of found) expect(await belowCondition(name)).toBe('Unschedulable');
  });
  await parts.run('uncordon', parts.nodeNames[1]);
}

const onTheirWay = () => parts.run('-n', 'isthmus-remaking', 'get', 'secrets', '-o', 'name');

const namesOf = async () =>
  (await parts.above.list(pods, { namespace: parts.namespace })).items.map(
    ({ metadata }) => metadata?.name ?? '',
  );

describe('a pod that its lower cluster cannot place', () => {
  it('of a Deployment is replaced by one that is kept from there, and runs', async () => {
    const deployment = workload('Deployment', 'web', spread('16', parts.nodeNames), { replicas: 2 });
    await stuckOnFirst(() => parts.apply(deployment), namesOf);
    const flags = ['--clusters', parts.file, '--policy-config-file', policy];
    const plan = await eventually(async () => {
      const lines = await planOf(clusters, ...flags);
      expect(lines).toHaveLength(2);
      return lines;
    });
    const [first, second] = parts.nodeNames;
    for (const line of plan)
      expect(line).toMatch(
        new RegExp(`^LowerUnschedulable: ${parts.namespace}/web-.* from ${first} to ${second}: `),
      );
    await descheduler(...quick);
    await eventually(async () => {
      const { items } = await parts.above.list(pods, { namespace: parts.namespace });
      expect(items.map(({ spec, status }) => [spec?.nodeName, status?.phase])).toEqual([
        [second, 'Running'],
        [second, 'Running'],
      ]);
      for (const { metadata } of items)
        expect(JSON.parse(metadata?.annotations?.['isthmus.io/avoids'] ?? '{}')).toHaveProperty(first);
    });
  });

  it('stays where it is when it has nowhere to go', async () => {
    await stuckOnFirst(() => parts.above.create(pods, pod('lonely', '33')), namesOf);
    const before = await above('lonely');
    const { log } = await descheduler(...quick, '--log-level=debug');
    await eventually(() => expect(log().split('a round is done').length).toBeGreaterThan(4));
    expect((await above('lonely'))?.metadata?.uid).toBe(before?.metadata?.uid);
    expect(log()).not.toContain('lonely');
  });

  it('of a Job stays where it is when its going would make the Job fail, and goes when not', async () => {
    const job = (name: string, backoffLimit: number) =>
      workload('Job', name, { ...spread('16', parts.nodeNames), restartPolicy: 'Never' }, { backoffLimit });
    const owned = (name: string) => async () =>
      (await namesOf()).filter((each) => each.startsWith(`${name}-`));
    const create = () => Promise.all([parts.apply(job('fragile', 0)), parts.apply(job('patient', 6))]);
    await stuckOnFirst(create, owned('fragile'));
    const before = await owned('fragile')();
    await descheduler(...quick);
    await eventually(async () => {
      const [name = ''] = await owned('patient')();
      const { spec, status } = (await above(name)) ?? {};
      expect([spec?.nodeName, status?.phase]).toEqual([parts.nodeNames[1], 'Running']);
    });
    expect(await owned('fragile')()).toEqual(before);
    expect(await parts.run('get', 'job', 'fragile', '-o', 'jsonpath={.status.failed}')).toBe('');
    await parts.run('delete', 'jobs', '--all', '--wait=false');
  });

  it('without an owner is made again with what it was, and is not lost by a kill in the middle', async () => {
    const solo = pod('solo', '16', {
      annotations: { note: 'keep' },
      labels: { app: 'solo' },
      // Holds the one that goes, as long as it takes to kill.
      finalizers: ['example.com/hold'],
    });
    await stuckOnFirst(() => parts.above.create(pods, solo), namesOf);
    const old = await above('solo');
    const first = await descheduler(...quick);
    await eventually(async () => expect((await above('solo'))?.metadata?.deletionTimestamp).toBeDefined());
    await first.kill();
    expect(await onTheirWay()).toBe(`secret/pod-again-${old?.metadata?.uid}\n`);
    await parts.run('patch', 'pod', 'solo', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
    await eventually(async () => expect(await above('solo')).toBeUndefined());
    await descheduler(...quick);
    await eventually(async () => {
      const made = await above('solo');
      expect(made?.status?.phase).toBe('Running');
      expect(made?.spec?.nodeName).toBe(parts.nodeNames[1]);
      expect(made?.metadata?.labels).toMatchObject({ app: 'solo', 'create-by-descheduler': 'true' });
      expect(made?.metadata?.annotations).toMatchObject({
        note: 'keep',
        'sigs.k8s.io/deschedule-count': '1',
        'isthmus.io/made-from': old?.metadata?.uid,
      });
    });
    expect(await onTheirWay()).toBe('');
  });

  it('without an owner is made again in one round alone, also with leader election', async () => {
    await stuckOnFirst(() => parts.above.create(pods, pod('once', '16')), namesOf);
    const flags = ['--clusters', parts.file, '--policy-config-file', policy, '--descheduling-interval=0'];
    await eventually(async () => {
      await runOnce(clusters, ...flags, '--leader-elect');
      expect((await above('once'))?.metadata?.labels).toHaveProperty('create-by-descheduler');
    });
    await eventually(async () => expect((await above('once'))?.status?.phase).toBe('Running'));
  });
});
