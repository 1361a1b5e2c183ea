import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LocalMultischeduler, startMultischeduler } from '../../hack/clusters/multischeduler.ts';
import { Cache } from '../../src/kube/cache.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { eventually, openClusters } from '../clusters.ts';
import { type DeschedulerReplica, forgetTried, policyFile, startDescheduler } from '../descheduler.ts';
import { workload } from '../manifests.ts';
import { openTwoParts, spread, type TwoParts } from '../two-parts.ts';
import { openWebhook } from '../webhook.ts';

/** Two lower clusters of so many nodes each, of 32 cores, 6 of which belong to somebody else. */
const size = 40;
const large = 24;

const clusters = openClusters();
const folder = mkdtempSync(join(tmpdir(), 'isthmus-fragmentation-'));
const policy = policyFile(folder, {
  LowerUnschedulable: { unschedulableSeconds: 2 },
  Fragmentation: { pendingSeconds: 2 },
});
const limits = [
  '--max-pods-to-evict-per-node=100',
  '--max-pods-to-evict-per-owner=1000',
  '--max-pods-to-evict-per-minute=1000',
];
let parts: TwoParts;
let webhook: Awaited<ReturnType<typeof openWebhook>> | undefined;
let multischeduler: LocalMultischeduler | undefined;
let descheduler: DeschedulerReplica | undefined;

beforeAll(async () => {
  parts = await openTwoParts('frag', size);
  webhook = await openWebhook(clusters);
});
afterEach(async () => {
  await descheduler?.kill();
  await multischeduler?.stop();
  descheduler = undefined;
  multischeduler = undefined;
  await parts.clear();
  await forgetTried(clusters);
}, 180_000);
afterAll(async () => {
  await webhook?.close();
  await parts?.close();
  rmSync(folder, { recursive: true });
}, 120_000);

/** Each node below has 26 cores for us and a small pod of 4 on it: room for a large pod on none of them. */
async function fragment(count: number): Promise<void> {
  const open = new Set(parts.parts.flatMap((names) => names.slice(0, count / 2)));
  const nodes = parts.parts.flat();
  await Promise.all(nodes.map((node) => parts.fill(node, `native-${node}`, open.has(node) ? '6' : '30')));
  const constraint = {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { app: 'small' } },
  } as const;
  const template = { ...spread('4', parts.nodeNames), topologySpreadConstraints: [constraint] };
  await parts.apply(workload('Deployment', 'small', template, { replicas: count }));
  await eventually(
    async () => {
      const { items } = await parts.below.list(pods, {
        namespace: parts.namespace,
        labelSelector: 'app=small',
      });
      expect(new Set(items.map(({ spec }) => spec?.nodeName).filter(Boolean)).size).toBe(count);
    },
    { within: 120_000, every: 500 },
  );
}

function largePod(index: number): Pod {
  return {
    metadata: {
      namespace: parts.namespace,
      name: `large-${index}`,
      labels: { 'virtual-pod': 'true', size: 'large' },
    },
    spec: spread(`${large}`, parts.nodeNames),
  };
}

async function runningLarge(): Promise<number> {
  const { items } = await parts.above.list(pods, { namespace: parts.namespace, labelSelector: 'size=large' });
  return items.filter(({ status }) => status?.phase === 'Running').length;
}

const moves = () => (descheduler?.log().match(/"a pod is moved"/g) ?? []).length;

async function help(withMultischeduler: boolean, withDescheduler: boolean): Promise<void> {
  if (withMultischeduler) multischeduler = await startMultischeduler(clusters, ['--clusters', parts.file]);
  if (withDescheduler)
    descheduler = await startDescheduler(
      clusters,
      ...['--clusters', parts.file, '--policy-config-file', policy, '--descheduling-interval=1', ...limits],
    );
}

describe('clusters whose sum has room where no single node has', () => {
  it.each([
    ['no help', false, false],
    ['the multischeduler alone', true, false],
    ['the descheduler alone', false, true],
    ['both', true, true],
  ])(
    'with %s',
    async (name, withMultischeduler, withDescheduler) => {
      const wanted = 8;
      await fragment(16);
      await help(withMultischeduler, withDescheduler);
      await Promise.all(
        Array.from({ length: wanted }, (_, index) => parts.above.create(pods, largePod(index))),
      );
      if (withDescheduler) {
        await eventually(async () => expect(await runningLarge()).toBe(wanted), {
          within: 180_000,
          every: 500,
        });
        expect(moves()).toBeGreaterThan(0);
      } else {
        // All have been looked at, above or below.
        await eventually(
          async () => {
            const { items } = await parts.above.list(pods, {
              namespace: parts.namespace,
              labelSelector: 'size=large',
            });
            const stuck = items.filter(({ status }) =>
              status?.conditions?.some(({ reason }) => reason === 'Unschedulable'),
            );
            expect(stuck).toHaveLength(wanted);
          },
          { within: 60_000, every: 500 },
        );
      }
      const share = (1 - (await runningLarge()) / wanted) * 100;
      console.log(`${name}: ${share.toFixed(0)} % of the large pods pending, ${moves()} moves`);
      expect(share).toBe(withDescheduler ? 0 : 100);
    },
    300_000,
  );
});

it('keeps a Deployment above the minimum of its budget through 50 moves', async () => {
  const all = 2 * size - 10;
  const fewest = all - 3;
  await fragment(all);
  await parts.apply({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'small' },
    spec: { minAvailable: fewest, selector: { matchLabels: { app: 'small' } } },
  });
  await eventually(async () => {
    const allowed = await parts.run('get', 'pdb', 'small', '-o', 'jsonpath={.status.disruptionsAllowed}');
    expect(allowed).toBe('3');
  });
  // Every state that the API server goes through is looked at.
  const cache = new Cache<Pod>({});
  let least = Number.POSITIVE_INFINITY;
  const ready = new Set<string>();
  cache.subscribe((event) => {
    const { metadata, status } = event.object;
    const isReady =
      event.type !== 'deleted' &&
      !metadata?.deletionTimestamp &&
      status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
    if (isReady) ready.add(event.key);
    else ready.delete(event.key);
    if (started) least = Math.min(least, ready.size);
  });
  let started = false;
  const watching = new AbortController();
  const reflector = new Reflector(parts.above, pods, cache, {
    namespace: parts.namespace,
    labelSelector: 'app=small',
  });
  const running = reflector.run(watching.signal);
  await eventually(() => expect(ready.size).toBe(all));
  started = true;
  const wanted = 50;
  await help(true, true);
  await Promise.all(Array.from({ length: wanted }, (_, index) => parts.above.create(pods, largePod(index))));
  try {
    await eventually(
      async () => {
        expect(least).toBeGreaterThanOrEqual(fewest);
        expect(await runningLarge()).toBe(wanted);
      },
      { within: 420_000, every: 1_000 },
    );
  } finally {
    console.log(
      `${moves()} moves, ${await runningLarge()} of ${wanted} large pods run; of ${all} small ones at least ${least} were ready`,
    );
    watching.abort();
    await running;
  }
  expect(moves()).toBeGreaterThanOrEqual(50);
}, 600_000);
