import { expect, test } from 'vitest';
import type { Client } from './client.ts';
import { KubeError } from './errors.ts';
import { evict } from './eviction.ts';

const pod = { metadata: { namespace: 'shop', name: 'web-0', uid: 'u-1', resourceVersion: '7' } };

/** A cluster that answers evictions so, and what it was asked. */
function cluster(answer: () => object) {
  const asked: unknown[] = [];
  const createSubresource = async (_: unknown, __: unknown, body: unknown) => {
    asked.push(body);
    return answer();
  };
  return { client: { createSubresource } as unknown as Client, asked };
}

const refusing = (code: 'NotFound' | 'Conflict' | 'TooManyRequests' | 'Aborted' | 'Forbidden') =>
  cluster(() => {
    throw new KubeError(code, 'the budget needs 2');
  }).client;

test.each([
  [{}, { preconditions: { uid: 'u-1' } }],
  [{ isTrial: true }, { preconditions: { uid: 'u-1' }, dryRun: ['All'] }],
  [{ isUnchanged: true }, { preconditions: { uid: 'u-1', resourceVersion: '7' } }],
  [
    { isTrial: true, isUnchanged: true },
    { preconditions: { uid: 'u-1', resourceVersion: '7' }, dryRun: ['All'] },
  ],
] as const)('asks for the end of this very pod: %j', async (options, deleteOptions) => {
  const { client, asked } = cluster(() => ({}));
  expect(await evict(client, pod, options)).toEqual({ became: 'going' });
  expect(asked).toEqual([{ metadata: { namespace: 'shop', name: 'web-0' }, deleteOptions }]);
});

test.each([
  ['NotFound', { became: 'gone' }],
  ['Conflict', { became: 'gone' }],
  ['TooManyRequests', { became: 'held', because: 'the budget needs 2' }],
  ['Aborted', { became: 'unknown' }],
] as const)('%s says what became of it', async (code, answer) => {
  expect(await evict(refusing(code), pod)).toEqual(answer);
});

test('any other refusal is an error', async () => {
  await expect(evict(refusing('Forbidden'), pod)).rejects.toThrow('the budget needs 2');
});
