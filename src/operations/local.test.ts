import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { isLocal } from './local.ts';

test.each([
  ['127.0.0.1', 'localhost', true],
  ['127.8.9.10', '127.0.0.1:10255', true],
  ['::1', '[::1]:10255', true],
  ['::ffff:127.0.0.1', 'localhost:10255', true],
  ['10.0.0.1', 'localhost', false],
  ['::ffff:10.0.0.1', 'localhost', false],
  ['fe80::1', 'localhost', false],
  ['128.0.0.1', 'localhost', false],
  [undefined, 'localhost', false],
  ['127.0.0.1', undefined, false],
  ['127.0.0.1', 'localhost.evil.example', false],
  ['127.0.0.1', '10.0.0.1', false],
])('from %s to %s: %s', (remoteAddress, host, expected) => {
  const request = { socket: { remoteAddress }, headers: { host } } as IncomingMessage;
  expect(isLocal(request)).toBe(expected);
});
