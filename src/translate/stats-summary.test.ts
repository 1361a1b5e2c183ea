import { describe, expect, it } from 'vitest';
import { readSummaries, summaryOf, usageOf } from './stats-summary.ts';

const time = '2026-01-02T03:04:05Z';
const stats = (name: string, more: object = {}) => ({
  podRef: { name, namespace: 'shop', uid: `below-${name}` },
  containers: [{ name: 'main' }],
  cpu: { time, usageNanoCores: 500, usageCoreNanoSeconds: 2_000_000_000 },
  memory: { time, usageBytes: 30, workingSetBytes: 20, rssBytes: 10 },
  ...more,
});
const summary = (...pods: object[]) =>
  JSON.stringify({ node: { nodeName: 'lower', fs: { usedBytes: 1 } }, pods });
const uids: Record<string, string> = { 'shop/web': 'above-web', 'shop/api': 'above-api' };
const upperUid = (pod: string) => uids[pod];

describe('the summaries of several nodes', () => {
  it('are those of our pods, with the uids they have above and all else as it was', () => {
    const nodes = [
      { text: summary(stats('web', { volume: [{ name: 'data' }] }), stats('stranger')), upperUid },
      { text: summary(stats('api')), upperUid },
    ];
    const pods = readSummaries(nodes);
    expect(pods).toEqual([
      {
        ...stats('web', { volume: [{ name: 'data' }] }),
        podRef: { name: 'web', namespace: 'shop', uid: 'above-web' },
      },
      { ...stats('api'), podRef: { name: 'api', namespace: 'shop', uid: 'above-api' } },
    ]);
  });

  it.each(['', 'no JSON', 'null', '[]', '{"pods":{}}', '{"pods":[{}]}', '{"pods":[null,5,{"podRef":null}]}'])(
    'are left out where a node answers %j',
    (text) => expect(readSummaries([{ text, upperUid }])).toEqual([]),
  );

  it.each([
    { podRef: { name: { toString: 1 }, namespace: 'shop' } },
    { podRef: { name: 'api', namespace: 'shop' }, cpu: 5 },
    { podRef: { name: 'api', namespace: 'shop' }, cpu: [] },
    { podRef: { name: 'api', namespace: 'shop' }, cpu: { time: { toString: 1 } } },
    { podRef: { name: 'api', namespace: 'shop' }, memory: { workingSetBytes: { valueOf: 1 } } },
  ])('are left out alone where %j is none', (odd) => {
    const pods = readSummaries([{ text: JSON.stringify({ pods: [odd, stats('web')] }), upperUid }]);
    expect([...usageOf(pods).keys()]).toEqual(['shop/web']);
  });

  it('become one node', () => {
    const pods = readSummaries([{ text: summary(stats('web'), stats('api')), upperUid }]);
    expect([...usageOf(pods)]).toEqual(
      ['shop/web', 'shop/api'].map((pod) => [
        pod,
        { cpuSeconds: 2, workingSetBytes: 20, timestamp: Date.parse(time) },
      ]),
    );
    const node = { cpuSeconds: 4.5, workingSetBytes: 40, timestamp: Date.parse(time) };
    expect(summaryOf('vk', pods, node, 0)).toEqual({
      node: {
        nodeName: 'vk',
        startTime: '1970-01-01T00:00:00.000Z',
        cpu: {
          time: '2026-01-02T03:04:05.000Z',
          usageNanoCores: 1_000,
          usageCoreNanoSeconds: 4_500_000_000,
        },
        memory: { time: '2026-01-02T03:04:05.000Z', usageBytes: 60, workingSetBytes: 40, rssBytes: 20 },
      },
      pods,
    });
  });

  it('take a pod that has no figures yet', () => {
    const pods = readSummaries([
      { text: summary({ podRef: { name: 'web', namespace: 'shop', uid: 'x' } }), upperUid },
    ]);
    expect([...usageOf(pods).values()]).toEqual([
      { cpuSeconds: undefined, workingSetBytes: undefined, timestamp: undefined },
    ]);
    const node = { cpuSeconds: 1, workingSetBytes: 1, timestamp: 0 };
    expect(summaryOf('vk', pods, node, 0).node.cpu.usageNanoCores).toBe(0);
  });
});
