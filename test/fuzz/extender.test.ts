import { afterAll, beforeAll, expect, test } from 'vitest';
import { testCluster } from '../../src/clusters/placement/test-clusters.ts';
import { type ExtenderServer, startExtenderServer } from '../../src/multischeduler/server.ts';
import { testExtender } from '../../src/multischeduler/test-extender.ts';
import { giantQuestion } from './extender/giants.ts';
import { damagedQuestion, hostileQuestion, question } from './extender/questions.ts';
import { campaign, kind } from './parts/campaign.ts';
import { ended } from './parts/ended.ts';
import type { Ending } from './parts/line.ts';
import { Lines } from './parts/lines.ts';
import { malformed } from './parts/malformed.ts';
import { goodPods } from './parts/pods.ts';
import { type Envelope, envelopes, post } from './parts/post.ts';
import { quietLogger } from './parts/quiet-logger.ts';

const { logger, lastError } = quietLogger();
const good = JSON.stringify(question(goodPods[0]));
/** Each question takes so long that reservations of earlier ones end while others still count. */
let now = 0;
let server: ExtenderServer;
let lines: Lines;

beforeAll(async () => {
  const cores = Array<number>(200).fill(64);
  const { extender } = testExtender([testCluster('a', cores), testCluster('b', cores)], {
    now: () => (now += 20),
    offer: 'one',
  });
  server = await startExtenderServer({
    host: '127.0.0.1',
    port: 0,
    tls: undefined,
    verifiesClients: false,
    extender,
    unready: () => undefined,
    logger,
  });
  lines = new Lines(server.port, undefined);
});

afterAll(async () => {
  lines.close();
  await server.close();
});

/** Whether an answer says something of nodes that were asked for, and of no others. */
function judged(ending: Ending, asked: string): string {
  const how = ended(ending, lastError);
  if (how !== '200' || !ending.text.includes('application/json')) return how;
  const answer = JSON.parse(Buffer.from(bodyOf(ending), 'latin1').toString()) as object;
  const { NodeNames } = JSON.parse(asked) as { NodeNames: string[] };
  const named = Array.isArray(answer)
    ? answer.map(({ Host }: { Host: string }) => Host)
    : [
        ...(answer as { NodeNames: string[] }).NodeNames,
        ...Object.keys((answer as { FailedAndUnresolvableNodes: object }).FailedAndUnresolvableNodes),
      ];
  const known = new Set(NodeNames);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
  return Array.isArray(answer) ? 'ranked' : named.length > 0 ? 'filtered' : 'put off';
}

const bodyOf = ({ text }: Ending) => text.slice(text.indexOf('\r\n\r\n') + 4);
const send = async (body: string, index: number) =>
  judged(await lines.exchange(post(index % 2 === 0 ? '/filter' : '/prioritize', body)), body);
const strange = async ({ path, headers, method }: Envelope) =>
  judged(await lines.exchange(post(path, good, headers, method), { isCut: true }), good);
const well = async () => {
  const { text } = await lines.exchange(
    post(
      '/filter',
      JSON.stringify(
        question({
          ...goodPods[0],
          metadata: { ...(goodPods[0] as { metadata: object }).metadata, name: 'good' },
        }),
      ),
    ),
  );
  expect(JSON.parse(bodyOf({ text, status: 200 }))).toMatchObject({ NodeNames: ['vk-a', 'vk-b', 'plain'] });
};

test('the extender outlives whatever comes, and still fits the next pod', { timeout: 600_000 }, async () => {
  const kinds = [
    kind({ name: 'hostile questions', share: 14_000, inputs: hostileQuestion, send }),
    kind({ name: 'damaged questions', share: 4_000, inputs: damagedQuestion, send }),
    kind({
      name: 'strange requests',
      share: 1_500,
      inputs: envelopes(['/filter', '/prioritize']),
      send: strange,
    }),
    kind({
      name: 'malformed HTTP',
      share: 8_000,
      inputs: malformed({ reads: '/readyz', takes: '/filter' }),
      send: async (bytes) => ended(await lines.exchange(bytes, { isCut: true }), lastError),
    }),
    kind({ name: 'giant questions', share: 120, atOnce: 1, batch: 1, inputs: giantQuestion, send }),
  ];
  await campaign('extender', kinds, well);
});
