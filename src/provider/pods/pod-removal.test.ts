import { expect, test } from 'vitest';
import { KubeError } from '../../kube/errors.ts';
import type { Pod } from '../../kube/types.ts';
import { deleteLower, removeUpper } from './pod-removal.ts';
import type { PodSync } from './pod-sync.ts';

const pod: Pod = {
  metadata: {
    namespace: 'shop',
    name: 'web',
    uid: 'one',
    annotations: { 'isthmus.io/lower-pod': 'one/below' },
  },
};

/** Both API servers answer a deletion so. */
function answering(code: 'Conflict' | 'NotFound' | 'ServerError'): PodSync {
  const client = {
    delete: async () => {
      throw new KubeError(code, 'refused');
    },
  };
  return { upper: client, lower: client } as unknown as PodSync;
}

test('a deletion that is refused as a conflict is tried again, for nothing need have changed', async () => {
  const sync = answering('Conflict');
  expect(await deleteLower(sync, pod, undefined)).toEqual({ requeueAfter: 1_000 });
  expect(await removeUpper(sync, pod)).toEqual({ requeueAfter: 1_000 });
});

test('a deletion of what has gone is done', async () => {
  const sync = answering('NotFound');
  expect(await deleteLower(sync, pod, undefined)).toBeUndefined();
  expect(await removeUpper(sync, pod)).toBeUndefined();
});

test('a deletion that fails fails the step', async () => {
  const sync = answering('ServerError');
  await expect(deleteLower(sync, pod, undefined)).rejects.toThrow('refused');
  await expect(removeUpper(sync, pod)).rejects.toThrow('refused');
});
