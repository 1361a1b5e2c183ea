import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { createAuthority } from '../serving/authority.ts';
import type { KeyPair } from '../serving/keys.ts';
import { GivenCertificate, readClientCa } from './given-certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'isthmus-files-'));
const files = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
const write = ({ cert, key }: KeyPair) => {
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
};
const newPair = () => createAuthority('test', Date.now() + 3_600_000);
const logger = pino({ level: 'silent' });
afterAll(() => rmSync(folder, { recursive: true }));

test('files that change are taken, and those that do not work are not', async () => {
  const [first, second] = [await newPair(), await newPair()];
  write(first);
  const source = new GivenCertificate(files, logger, 5);
  expect(await source.first()).toEqual(first);
  const [taken, refused]: KeyPair[][] = [[], []];
  source.follow((pair) => {
    const isWhole = pair.cert !== second.cert || pair.key === second.key;
    (isWhole ? taken : refused)?.push(pair);
    if (!isWhole) throw new Error('they do not belong together');
  });
  const stopping = new AbortController();
  const running = source.run(stopping.signal);
  writeFileSync(files.certFile, second.cert);
  await expect.poll(() => refused?.length).toBeGreaterThan(1);
  expect(taken).toEqual([first]);
  writeFileSync(files.certFile, 'half');
  writeFileSync(files.keyFile, second.key);
  writeFileSync(files.certFile, second.cert);
  await expect.poll(() => taken).toEqual([first, second]);
  stopping.abort();
  await running;
});

test('what is not there, or no certificate, is a mistake of the flags', async () => {
  const missing = new GivenCertificate({ ...files, certFile: join(folder, 'none') }, logger);
  await expect(missing.first()).rejects.toMatchObject({
    code: 'Configuration',
    message: /--tlscert.*ENOENT/,
  });
  const none = join(folder, 'nonsense');
  writeFileSync(none, 'nonsense');
  await expect(readClientCa(none)).rejects.toMatchObject({ message: /--CA names .*no PEM certificate/ });
});
