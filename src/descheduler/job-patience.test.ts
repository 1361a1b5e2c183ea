import { expect, test } from 'vitest';
import type { Client } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { Job, Pod } from '../kube/types.ts';
import { raw } from '../translate/test-objects.ts';
import { JobPatience } from './job-patience.ts';

const podOf = (kind: string, annotations: object = {}) =>
  raw<Pod>({
    metadata: {
      ...{ namespace: 'shop', name: 'work-x', annotations },
      ownerReferences: [{ controller: true, kind, name: 'work', uid: 'uid-work' }],
    },
  });
const patience = (job: object | Error) => {
  const get = async () => {
    if (job instanceof Error) throw job;
    return raw<Job>({ metadata: { name: 'work', uid: 'uid-work' }, ...job });
  };
  return new JobPatience({ get } as unknown as Client);
};

test.each<[string, object | Error, number, boolean]>([
  ['that bears no failure', { spec: { backoffLimit: 0 } }, 1, false],
  ['that would have none left for itself', { spec: { backoffLimit: 1 } }, 1, false],
  ['that bears six', { spec: { backoffLimit: 6 } }, 1, true],
  ['that bears six and has had five', { spec: { backoffLimit: 6 }, status: { failed: 5 } }, 1, false],
  ['of which many would go at once', { spec: { backoffLimit: 6 } }, 6, false],
  ['that nobody may read', new KubeError('Forbidden', 'no'), 1, false],
  ['that is gone', new KubeError('NotFound', 'no'), 1, false],
  ['that is another of the name', { metadata: { uid: 'other' }, spec: { backoffLimit: 6 } }, 1, false],
])('a pod of a Job %s', async (_, job, losses, expected) => {
  expect(await patience(job).bears(podOf('Job'), losses)).toBe(expected);
  expect(await patience(job).bears(podOf('ReplicaSet'), losses)).toBe(true);
});

test('a pod of an index that bears one failure', async () => {
  const job = { spec: { backoffLimit: 2_147_483_647, backoffLimitPerIndex: 2 } };
  const failed = (count: string) => podOf('Job', { 'batch.kubernetes.io/job-index-failure-count': count });
  expect(await patience(job).bears(failed('0'), 1)).toBe(true);
  expect(await patience(job).bears(failed('1'), 1)).toBe(false);
});

test('pods that went count before the controller counts them', async () => {
  const jobs = patience({ spec: { backoffLimit: 4 }, status: { failed: 1 } });
  const moved: boolean[] = [];
  for (let index = 0; index < 4; index += 1) {
    moved.push(await jobs.bears(podOf('Job'), 1));
    if (moved.at(-1)) jobs.lost(podOf('Job'));
  }
  expect(moved).toEqual([true, true, false, false]);
});
