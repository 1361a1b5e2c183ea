import { describe, expect, test } from 'vitest';
import yargs from 'yargs';
import { addMultischedulerFlags } from './multischeduler-flags.ts';

const parse = async (...args: string[]) =>
  addMultischedulerFlags(yargs(args).exitProcess(false).fail(false)).parseAsync();
const one = ['--clusters', 'clusters.yaml'];

test('a file of clusters is enough', async () => {
  expect(await parse(...one)).toMatchObject({
    address: '127.0.0.1:10290',
    strategy: 'least-allocated',
    offer: 'one',
    'stale-after': '15s',
  });
});

describe('one line says what is wrong', () => {
  const sources = 'give one of --clusters, --cluster-secrets and --config, for the lower clusters';
  test.each([
    ['nothing names clusters', [], sources],
    ['two places name clusters', [...one, '--cluster-secrets', 'isthmus-system'], sources],
    ['nowhere to listen', [...one, '--address', ''], '--address is empty; write it as HOST:PORT or :PORT'],
    ['no address', [...one, '--address', '10290'], '--address is "10290"; write it as HOST:PORT or :PORT'],
    ['no patience', [...one, '--stale-after', 'soon'], '--stale-after is "soon"; write it as 90s or 5m'],
    ['a strategy that is none', [...one, '--strategy', 'best'], 'Choices: "least-allocated", "best-fit"'],
    [
      'half of a certificate',
      [...one, '--tls-cert-file', 'tls.crt'],
      '--tls-cert-file and --tls-private-key-file go together',
    ],
    [
      'two certificates',
      [...one, '--tls-cert-file', 'tls.crt', '--tls-private-key-file', 'tls.key', '--cert-dir', 'certs'],
      '--cert-dir is for a certificate of our own; leave it out with --tls-cert-file',
    ],
  ])('%s', async (_name, args, line) => {
    await expect(parse(...args)).rejects.toThrow(line);
  });
});
