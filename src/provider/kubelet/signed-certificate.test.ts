import { X509Certificate } from 'node:crypto';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { Client } from '../../kube/client.ts';
import type { KeyPair } from '../../serving/keys.ts';
import { keepSigned } from './signed-certificate.ts';
import { TestAuthority } from './test-authority.ts';

const hour = 3_600_000;

/** Keeps a certificate until so many pauses are over; each pause moves the clock. */
async function keep(requests: (() => Promise<KeyPair>)[], pauses: number) {
  const stopping = new AbortController();
  const taken: KeyPair[] = [];
  const paused: number[] = [];
  const logged: string[] = [];
  let now = Date.now();
  await keepSigned(
    {
      upper: {} as Client,
      nodeName: 'vk',
      addresses: [],
      logger: pino({}, { write: (line: string) => void logged.push(line) }),
      onIssued: async (pair) => void taken.push(pair),
      now: () => now,
      pause: async (milliseconds) => {
        paused.push(milliseconds);
        now += milliseconds;
        if (paused.length === pauses) stopping.abort();
      },
      request: async () => (await requests.shift()?.()) ?? Promise.reject(new Error('too many')),
    },
    stopping.signal,
  );
  return { taken, paused, logged };
}

it('has it signed anew when two thirds of its life are over', async () => {
  const authority = await TestAuthority.create('ca');
  // From two hours ago until four hours from now: two of its six hours are left in two hours.
  const one = await authority.issue({ commonNames: ['one'], expires: 4 });
  const two = await authority.issue({ commonNames: ['two'], expires: 40 });
  const { taken, paused } = await keep([async () => one, async () => two], 3);
  expect(taken.map(({ cert }) => new X509Certificate(cert).subject)).toEqual(['CN=one', 'CN=two']);
  expect(paused[0]).toBeGreaterThan(1.99 * hour);
  expect(paused[0]).toBeLessThanOrEqual(2 * hour);
  // Two thirds of 42 hours, less the four that have passed: more than one pause may be.
  expect(paused[1]).toBe(24 * hour);
});

it('asks again after a while when it was refused', async () => {
  const pair = await (await TestAuthority.create('ca')).issue({ commonNames: ['one'], expires: 4 });
  const refused = async () => Promise.reject(new Error('request x is Denied'));
  const { taken, paused, logged } = await keep([refused, async () => pair], 2);
  expect(taken).toEqual([pair]);
  expect(paused[0]).toBe(hour / 4);
  expect(logged[0]).toContain('request x is Denied');
});
