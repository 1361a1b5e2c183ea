import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority, issueCertificate } from '../../src/serving/authority.ts';
import { admit } from '../../src/webhook/admit.ts';
import { createHandler } from '../../src/webhook/handler.ts';
import { startWebhookServer, type WebhookServer } from '../../src/webhook/server.ts';
import { campaign, kind } from './parts/campaign.ts';
import { ended } from './parts/ended.ts';
import type { Ending } from './parts/line.ts';
import { Lines } from './parts/lines.ts';
import { malformed } from './parts/malformed.ts';
import { goodPods } from './parts/pods.ts';
import { type Envelope, envelopes, post } from './parts/post.ts';
import { quietLogger } from './parts/quiet-logger.ts';
import { damagedReview, giantReview, hostileReview, review } from './webhook/reviews.ts';

const settings = { keysAbove: new Set(['clusterID']), taintKey: 'virtual-kubelet.io/provider' };
const facts = {
  isVirtualNode: (name: string) => name.startsWith('vk-'),
  selectedNode: () => 'vk-a',
  tried: () => new Map([['vk-b', { times: 1, until: Date.now() + 3_600_000 }]]),
};
const good = JSON.stringify(review(goodPods[1]));
const { logger, lastError } = quietLogger();
let servers: WebhookServer[] = [];
let open: Lines;
let guarded: Lines;
let reviewed = 0;

beforeAll(async () => {
  const inAnHour = Date.now() + 3_600_000;
  const authority = await createAuthority('test', inAnHour);
  const pair = await issueCertificate(authority, ['127.0.0.1'], inAnHour);
  const start = (clientCa: string | undefined) => {
    const handle = createHandler({
      admit: (request) => {
        if (clientCa !== undefined) throw new Error('it came through without a certificate');
        reviewed += 1;
        return admit(request, facts, settings);
      },
      verifiesClients: clientCa !== undefined,
      logger,
    });
    return startWebhookServer({ host: '127.0.0.1', port: 0, clientCa, handle, logger }, pair);
  };
  const [first, second] = [await start(undefined), await start(authority.cert)];
  servers = [first, second];
  open = new Lines(first.port, {});
  guarded = new Lines(second.port, {});
});

afterAll(async () => {
  for (const lines of [open, guarded]) lines?.close();
  await Promise.all(servers.map((server) => server.close(0)));
});

/** Whether an answer to a review is one: of the same uid, with a patch of what we may change and of nothing else. */
function judged(ending: Ending): string {
  const how = ended(ending, lastError);
  if (how !== '200' || !ending.text.includes('AdmissionReview')) return how;
  const { response } = JSON.parse(Buffer.from(bodyOf(ending), 'latin1').toString()) as {
    response: { uid: string; allowed: boolean; patch?: string };
  };
  expect(response.uid).toBeTypeOf('string');
  if (!response.allowed) return 'refused';
  const text = Buffer.from(response.patch ?? '', 'base64').toString() || '[]';
  for (const { path } of JSON.parse(text) as { path: string }[])
    expect(path).toMatch(/^\/(metadata\/annotations|spec\/(nodeSelector|affinity|tolerations)$)/);
  return response.patch === undefined ? 'unchanged' : 'changed';
}

const bodyOf = ({ text }: Ending) => text.slice(text.indexOf('\r\n\r\n') + 4);
const send = async (body: string) => judged(await open.exchange(post('/mutate', body)));
const strange = async ({ path, headers, method }: Envelope) =>
  judged(await open.exchange(post(path, good, headers, method), { isCut: true }));

test('the webhook outlives whatever comes, and changes nothing that is not its own', {
  timeout: 600_000,
}, async () => {
  const kinds = [
    kind({ name: 'hostile reviews', share: 14_000, inputs: hostileReview, send }),
    kind({ name: 'damaged reviews', share: 6_000, inputs: damagedReview, send }),
    kind({
      name: 'reviews of unknown callers',
      share: 560,
      inputs: hostileReview,
      send: async (body) => ended(await guarded.exchange(post('/mutate', body)), lastError),
    }),
    kind({ name: 'strange requests', share: 1_500, inputs: envelopes(['/mutate']), send: strange }),
    kind({
      name: 'malformed HTTP',
      share: 1_500,
      inputs: malformed({ reads: '/healthz', takes: '/mutate' }),
      send: async (bytes) => ended(await open.exchange(bytes, { isCut: true }), lastError),
    }),
    kind({ name: 'giant reviews', share: 120, atOnce: 1, batch: 1, inputs: giantReview, send }),
  ];
  await campaign('webhook', kinds, async () => expect(await send(good)).toBe('changed'));
  expect(reviewed).toBeGreaterThan(0);
});
