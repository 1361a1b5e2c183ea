import { afterEach, expect, it } from 'vitest';
import type { Pod } from '../../kube/types.ts';
import { ask, clientOf, closeAll, fakeUpper, startServer } from './test-servers.ts';
import type { PodPair } from './usage/node-pods.ts';

afterEach(closeAll);

const pod = (name: string, states: object[] | undefined): PodPair => {
  const statuses = states?.map((state) => ({ state }));
  const lower = { metadata: { name }, status: { containerStatuses: statuses } } as Pod;
  return { upper: { metadata: { namespace: 'shop', name } }, lower: states ? lower : undefined };
};

async function listed(
  path: string,
  pods: PodPair[],
): Promise<{ kind: string; apiVersion: string; names: string[] }> {
  const { client } = await fakeUpper(undefined);
  const lower = clientOf(new URL('http://127.0.0.1:1'), 'lower');
  const server = await startServer({ upper: client, lower, verifyClients: false, listPods: () => pods });
  const { status, body, headers } = await ask(server, path);
  expect([status, headers['content-type']]).toEqual([200, 'application/json']);
  const { kind, apiVersion, items } = JSON.parse(body);
  return { kind, apiVersion, names: items.map((item: Pod) => item.metadata?.name) };
}

const ending = pod('ending', [{ running: {} }]);
const pods = [
  {
    ...ending,
    upper: { metadata: { ...ending.upper.metadata, deletionTimestamp: '2026-01-02T03:04:05Z' } },
  },
  pod('pending', undefined),
  pod('waiting', [{ waiting: { reason: 'ImagePullBackOff' } }]),
  pod('half', [{ terminated: { exitCode: 0 } }, { running: {} }]),
  pod('over', [{ terminated: { exitCode: 0 } }]),
];

it('lists every pod of the node', async () => {
  expect(await listed('/pods', pods)).toEqual({
    kind: 'PodList',
    apiVersion: 'v1',
    names: ['ending', 'pending', 'waiting', 'half', 'over'],
  });
  expect((await listed('/pods', [])).names).toEqual([]);
});

it.each(['/runningpods/', '/runningpods'])('lists those that run: %s', async (path) => {
  expect((await listed(path, pods)).names).toEqual(['half']);
});

it('lists thousands', async () => {
  const many = Array.from({ length: 5_000 }, (_, index) => pod(`p${index}`, [{ running: {} }]));
  expect((await listed('/runningpods/', many)).names).toHaveLength(5_000);
});
