import { describe, expect, test } from 'vitest';
import { parseListenAddress } from './address.ts';

const parse = (text: string) => parseListenAddress('--metrics-addr', text);

describe('an address to listen on', () => {
  test.each([
    [':10255', { host: undefined, port: 10255 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
    ['[::1]:65535', { host: '::1', port: 65535 }],
    ['', undefined],
    ['0', undefined],
  ])('%j', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  test.each(['10255', ':', ':x', ':65536', '::1:80', 'http://a:80', 'a b:80', 'a:80/metrics', '[x]:80'])(
    '%j is none, and what is wanted is said',
    (text) => {
      expect(() => parse(text)).toThrow(
        expect.objectContaining({
          code: 'Configuration',
          message: `--metrics-addr is "${text}"; write it as HOST:PORT or :PORT`,
        }),
      );
    },
  );
});
