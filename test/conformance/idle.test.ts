import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalCluster } from '../../hack/clusters/open.ts';
import { Client } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import { nodes, pods } from '../../src/kube/resources.ts';
import { Transport } from '../../src/kube/transport.ts';
import { type AuditedWrite, describeWrite, ourWrites } from '../audit.ts';
import { eventually } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { openStage, type Stage } from '../stage.ts';

const count = 1_000;
/** How long nothing may be written; longer than the renewals of leases and the heartbeats of nodes, in milliseconds. */
const idle = 60_000;
/** The news of the last pods may come after them: idleness begins after so long without a write, in milliseconds. */
const quiet = 5_000;
/** The API servers write their logs in batches; in milliseconds. */
const logged = 2_000;

let stage: Stage;

beforeAll(async () => {
  stage = await openStage('idle', 'b');
});
afterAll(() => stage?.close(), 240_000);

const isLease = ({ objectRef }: AuditedWrite) => objectRef?.resource === 'leases';
const clusters = (): LocalCluster[] => [stage.upper, stage.lower];
const otherWrites = (since: number) =>
  clusters().flatMap((cluster) =>
    ourWrites(cluster, since)
      .filter((write) => !isLease(write))
      .map((write) => `${cluster.name} ${describeWrite(write)}`),
  );

/** What kubelets write of nodes on which nothing changes; kwok's renew their leases alone for ten minutes. */
async function heartbeats(cluster: LocalCluster): Promise<void> {
  const connection = loadConnection(cluster.name, cluster.kubeconfig);
  const kubelets = new Client(new Transport(connection, { userAgent: 'kubelet' }));
  const lastHeartbeatTime = new Date().toISOString();
  const { items } = await kubelets.list(nodes);
  await Promise.all(
    items.map(({ metadata, status }) => {
      const conditions = status?.conditions?.map((condition) => ({ ...condition, lastHeartbeatTime }));
      const where = { name: metadata?.name ?? '', subresource: 'status' };
      return kubelets.patch(nodes, where, { status: { conditions } });
    }),
  );
  await kubelets.transport.close();
}

it('with 1,000 pods writes nothing but leases', { timeout: 240_000 }, async () => {
  const { namespace, above } = stage;
  const names = Array.from({ length: count }, (_, index) => `p${index}`);
  const began = Date.now();
  await Promise.all(
    names.map((name) => {
      const { metadata, ...pod } = podOn(stage.node, name);
      return above.create(pods, { ...pod, metadata: { ...metadata, namespace } });
    }),
  );
  await eventually(
    async () => {
      const waiting = { namespace, fieldSelector: 'status.phase!=Running', limit: 1 };
      expect((await above.list(pods, waiting)).items).toEqual([]);
    },
    { within: 120_000, every: 500 },
  );
  // The log works: what is looked for below is found in it.
  const made = () =>
    ourWrites(stage.lower, began).filter(({ verb, objectRef: { resource, namespace: of } = {} }) => {
      return verb === 'create' && resource === 'pods' && of === namespace;
    });
  await eventually(() => expect(made().length).toBeGreaterThanOrEqual(count));

  await eventually(() => expect(otherWrites(Date.now() - quiet - logged)).toEqual([]), {
    within: 60_000,
    every: 1_000,
  });
  const since = Date.now();
  const beating = heartbeats(stage.lower);
  await sleep(idle + logged);
  await beating;
  expect(otherWrites(since)).toEqual([]);
  const leases = ourWrites(stage.upper, since).filter(isLease);
  expect(leases.length).toBeGreaterThanOrEqual(idle / 10_000 - 1);
  expect(leases.length).toBeLessThanOrEqual(idle / 10_000 + 1);
});
