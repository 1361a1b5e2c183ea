import { describe, expect, test } from 'vitest';
import yargs from 'yargs';
import { addDeschedulerFlags } from './descheduler-flags.ts';

const parse = async (...args: string[]) =>
  addDeschedulerFlags(yargs(args).exitProcess(false).fail(false)).parseAsync();
const one = ['--clusters', 'clusters.yaml'];

test('a file of clusters is enough', async () => {
  expect(await parse(...one)).toMatchObject({
    'descheduling-interval': '30s',
    'dry-run': false,
    tried: 'isthmus-system/isthmus-tried',
    'remaking-namespace': 'isthmus-remaking',
  });
});

describe('one line says what is wrong', () => {
  const sources = 'give one of --clusters, --cluster-secrets and --config, for the lower clusters';
  test.each([
    ['nothing names clusters', [], sources],
    ['two places name clusters', [...one, '--config', 'map.yaml'], sources],
    ['no interval', [...one, '--descheduling-interval', 'often'], '--descheduling-interval is "often"'],
    ['no time', [...one, '--avoid-for', '5d'], '--avoid-for is "5d"; write it as 90s or 5m'],
    ['no longest time', [...one, '--avoid-at-most', '-1'], '--avoid-at-most is "-1"'],
    ['no patience', [...one, '--stale-after', '15 s'], '--stale-after is "15 s"'],
    ['no pods at all', [...one, '--max-pods-to-evict-per-minute', '0'], 'must be a number above 0'],
    ['half a pod', [...one, '--max-pods-to-evict-per-node', '0.5'], 'must be a number above 0'],
    ['words for a number', [...one, '--max-pods-to-evict-per-owner', 'few'], 'must be a number above 0'],
    [
      'a name without a namespace',
      [...one, '--tried', 'isthmus-tried'],
      '--tried is "isthmus-tried"; write it as NAMESPACE/NAME',
    ],
    ['every namespace', [...one, '--remaking-namespace', ''], '--remaking-namespace is ""; name a namespace'],
    ['no selector', [...one, '--node-selector', 'zone in'], '--node-selector is "zone in"'],
    [
      'a lease that is too short',
      [...one, '--leader-elect-lease-duration', '1s'],
      '--leader-elect-lease-duration must be 2s or more',
    ],
  ])('%s', async (_name, args, line) => {
    await expect(parse(...args)).rejects.toThrow(line);
  });
});
