import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { type Authorities, advance, bundleOf, readAuthorities, writeAuthorities } from './authorities.ts';
import { issueCertificate } from './authority.ts';

const day = 86_400_000;
const start = Date.now();
const at = (have: Authorities | undefined, days: number) =>
  advance(have, { commonName: 'test', life: 90 * day, now: start + days * day });

/** Whether a client that trusts the bundle takes what the authority signs for this host. */
async function isTrusted(bundle: string, by: Authorities, host: string): Promise<string> {
  const server = createServer(
    await issueCertificate(by.current, ['127.0.0.1', 'web.shop.svc'], Date.now() + day),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect({
    host: '127.0.0.1',
    port,
    ca: bundle,
    servername: host === '127.0.0.1' ? '' : host,
  });
  const said = await Promise.race([
    once(socket, 'secureConnect').then(() => 'yes'),
    once(socket, 'error').then(([error]) => String(error)),
  ]).catch(String);
  socket.destroy();
  server.close();
  return said;
}

describe('advance', () => {
  test('makes them once, and leaves them while they are good', async () => {
    const made = await at(undefined, 0);
    expect(await at(made, 59)).toBe(made);
  });

  test('signs with the next when a third of its life is left, and trusts the previous one on', async () => {
    const made = await at(undefined, 0);
    const later = await at(made, 61);
    expect(later.current).toEqual(made.next);
    expect(later.previous).toBe(made.current.cert);
    expect(later.next).not.toEqual(made.next);
    expect(await at(later, 62)).toBe(later);
    expect((await at(later, 160)).current).toEqual(later.next);
  });

  test('begins anew when nobody looked for years', async () => {
    const made = await at(undefined, 0);
    const later = await at(made, 700);
    expect([made.current, made.next]).not.toContainEqual(later.current);
    expect(await at(later, 701)).toBe(later);
  });
});

describe('a client', () => {
  test('trusts what they sign, before the change and after it, with the bundle of either', async () => {
    const before = await at(undefined, 0);
    const after = await at(before, 61);
    for (const bundle of [bundleOf(before), bundleOf(after)])
      for (const by of [before, after]) expect(await isTrusted(bundle, by, 'web.shop.svc')).toBe('yes');
    expect(await isTrusted(bundleOf(after), after, '127.0.0.1')).toBe('yes');
  });

  test('does not trust other names, nor other authorities', async () => {
    const [one, other] = [await at(undefined, 0), await at(undefined, 0)];
    expect(await isTrusted(bundleOf(one), one, 'web.other.svc')).toMatch('does not match');
    expect(await isTrusted(bundleOf(one), other, 'web.shop.svc')).toMatch(/self-signed|verify|unable/);
  });
});

describe('in a Secret', () => {
  test('they come out as they went in', async () => {
    const first = await at(undefined, 0);
    expect(readAuthorities(writeAuthorities(first))).toEqual(first);
    const second = await at(first, 61);
    expect(readAuthorities(writeAuthorities(second))).toEqual(second);
  });

  test('what is something else is none', async () => {
    const [data, others] = [
      writeAuthorities(await at(undefined, 0)),
      writeAuthorities(await at(undefined, 0)),
    ];
    expect(readAuthorities(undefined)).toBeUndefined();
    expect(readAuthorities({ ...data, 'ca.key': others['ca.key'] ?? '' })).toBeUndefined();
    expect(readAuthorities({ ...data, 'next-ca.crt': 'bm9uc2Vuc2U=' })).toBeUndefined();
    expect(readAuthorities({ ...data, 'previous-ca.crt': 'bm9uc2Vuc2U=' })).toMatchObject({
      previous: undefined,
    });
  });
});
