import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { kwokNode } from '../../hack/clusters/kwok.ts';
import { startMultischeduler } from '../../hack/clusters/multischeduler.ts';
import { namespaces, nodes } from '../../src/kube/resources.ts';
import type { Node } from '../../src/kube/types.ts';
import { eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';
import { clientOf } from '../objects.ts';
import { isReady } from '../provider.ts';
import { type Replica, startReplica } from '../replica.ts';
import { seedOfRun } from '../seed.ts';
import { offerAll } from './fill/offer.ts';
import { nodeOf, randomNumbers, randomPod } from './fill/random-pods.ts';
import { type Followed, follow, isBound, submitUntilFull } from './fill/submit.ts';

/**
 * Ten lower clusters, as ten parts of one: ten API servers would leave two cores nothing for schedulers. Each part has
 * a virtual node of its own, and the one kube-scheduler below places what the parts' node affinity lets it.
 */
const parts = 10;
/** `ISTHMUS_FILL_NODES=100` is what the figures in docs/scheduling.md are of; it takes its time. */
const nodesPerPart = Number(process.env['ISTHMUS_FILL_NODES'] ?? 8);
const seed = seedOfRun();
const size = { cpu: '4', memory: '16Gi', pods: '10' };
/** In milliseconds; two cores take what they need for thousands of pods. */
const timeout = 900_000 * Math.max(1, nodesPerPart / 25);
/** kube-scheduler tries again after ten seconds at most. */
const calm = 12_000;

const clusters = openClusters();
const b = lowerCluster(clusters, 'b');
const [above, below] = [clientOf(clusters.upper), clientOf(b)];
const folder = mkdtempSync(join(tmpdir(), 'isthmus-fill-'));
const file = join(folder, 'clusters.yaml');
const nodeNames = Array.from({ length: parts }, (_, part) => `vk-p${part}`);
let provider: Replica;

beforeAll(async () => {
  const lower = Array.from({ length: parts * nodesPerPart }, (_, index) => {
    const { labels, taints } = nodeOf(index % parts, Math.floor(index / parts));
    const { metadata, ...node } = kwokNode('fill', index, size) as Node;
    return {
      ...node,
      metadata: { ...metadata, labels: { ...metadata?.labels, ...labels } },
      spec: { taints },
    };
  });
  await Promise.all(lower.map((node) => below.create(nodes, node as Node)));
  const entries = nodeNames.map((nodeName, part) => ({
    name: `p${part}`,
    nodeName,
    kubeconfig: b.providerKubeconfig,
    nodeSelector: `part=p${part}`,
    labels: { fill: 'yes', rack: 'all' },
  }));
  writeFileSync(file, stringify({ clusters: entries }));
  provider = await startReplica(clusters, '--clusters', file);
  await eventually(
    async () => {
      for (const name of nodeNames) {
        const node = await above.get(nodes, { name });
        expect(isReady(node)).toBe(true);
        expect(node.status?.allocatable?.['cpu']).toBe(String(4 * nodesPerPart));
      }
    },
    { within: 120_000, every: 500 },
  );
}, 180_000);
afterAll(async () => {
  await provider?.stop();
  for (const name of nodeNames) await kubectl(clusters.upper, 'delete', 'node', name);
  await kubectl(b, 'delete', 'node', '-l', 'part', '--wait=false');
  rmSync(folder, { recursive: true });
}, 180_000);

interface Outcome {
  submitted: number;
  bound: number;
  placed: number;
  stuck: string[];
}

/** Submits the same pods until nothing fits, and looks at where they are when nothing changes any more. */
async function fill(
  namespace: string,
  portScheduler: string | undefined,
  act: (above: Followed, below: Followed, outcome: Outcome) => Promise<void>,
): Promise<void> {
  await Promise.all(
    [above, below].map((client) => client.create(namespaces, { metadata: { name: namespace } })),
  );
  const [up, down] = await Promise.all([follow(above, namespace), follow(below, namespace)]);
  try {
    const burst = Math.max(10, nodesPerPart / 2) * parts;
    const random = randomNumbers(seed);
    const nextPod = (name: string) => randomPod(name, random, portScheduler);
    const submitted = await submitUntilFull(above, namespace, up, nextPod, burst);
    await settled(() => `${up.all().filter(isBound).length} ${down.all().filter(isBound).length}`);
    const bound = new Set(
      up
        .all()
        .filter(isBound)
        .map(({ metadata }) => metadata?.name ?? ''),
    );
    const placed = down.all().filter((pod) => isBound(pod) && bound.has(pod.metadata?.name ?? ''));
    const names = new Set(placed.map(({ metadata }) => metadata?.name ?? ''));
    const stuck = [...bound].filter((name) => !names.has(name));
    await act(up, down, { submitted, bound: bound.size, placed: placed.length, stuck });
  } finally {
    await Promise.all([up.stop(), down.stop()]);
    await kubectl(clusters.upper, 'delete', 'namespace', namespace, '--wait=false');
    await kubectl(b, 'delete', 'namespace', namespace, '--wait=false');
    await eventually(
      async () => {
        const { stdout } = await kubectl(
          b,
          '-n',
          namespace,
          'get',
          'pods',
          '--no-headers',
          '--ignore-not-found',
        );
        expect(stdout).toBe('');
      },
      { within: timeout / 2, every: 1_000 },
    );
  }
}

async function settled(read: () => string): Promise<void> {
  let last = '';
  let since = Date.now();
  await eventually(
    () => {
      const now = read();
      if (now !== last) since = Date.now();
      last = now;
      if (Date.now() - since < calm) throw new Error(`still changing: ${now}`);
    },
    { within: timeout / 2, every: 500 },
  );
}

function report(how: string, { submitted, bound, placed }: Outcome): void {
  const share = ((100 * placed) / bound).toFixed(2);
  console.log(
    `seed ${seed}, ${how}: ${submitted} submitted, ${bound} bound, ${placed} placed below: ${share} %`,
  );
}

it('with the multischeduler, what is bound is placed below, and what is refused would not have fitted', {
  timeout,
}, async () => {
  const multischeduler = await startMultischeduler(clusters, ['--clusters', file]);
  const namespace = `fill-with-${Date.now().toString(36)}`;
  try {
    await fill(namespace, 'isthmus-scheduler', async (up, down, outcome) => {
      report('with the multischeduler', outcome);
      const refused = up.all().filter((pod) => !isBound(pod));
      const fitted = await offerAll(below, namespace, down, refused, parts);
      console.log(`${refused.length} refused everywhere, of which ${fitted.length} would have fitted`);
      expect(outcome.placed / outcome.bound, outcome.stuck.join(', ')).toBeGreaterThanOrEqual(0.999);
      expect(fitted).toEqual([]);
    });
  } finally {
    await multischeduler.stop();
  }
});

it('without it, pods are stuck below', { timeout }, async () => {
  await fill(`fill-without-${Date.now().toString(36)}`, undefined, async (_up, _down, outcome) => {
    report('without it', outcome);
    expect(outcome.stuck.length).toBeGreaterThan(0);
  });
});
