import { Readable } from 'node:stream';
import type { Client } from '../../../src/kube/client.ts';
import { parse, refusal } from '../../../src/kube/transport-answer.ts';
import type { KubeObject } from '../../../src/kube/types.ts';
import { headOf } from '../../../src/kube/watch-line.ts';
import { LowerHistory } from '../../../src/provider/pods/lower-history.ts';
import { readResourceMetrics, writeResourceMetrics } from '../../../src/translate/resource-metrics.ts';
import { readSummaries, summaryOf, usageOf } from '../../../src/translate/stats-summary.ts';
import { addUsage, noUsage } from '../../../src/translate/usage.ts';
import { bundlePatch, hostsOf } from '../../../src/webhook/configuration.ts';
import { type Border, textsLike } from './border.ts';

const never = () => false;
const like = (...values: unknown[]) =>
  textsLike(
    values.map((value) => JSON.stringify(value)),
    values,
  );
const labels = 'namespace="shop",pod="web",container="main"';
const metrics = [
  '# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time',
  '# TYPE container_cpu_usage_seconds_total counter',
  `container_cpu_usage_seconds_total{${labels}} 1.5 1700000000000`,
  `pod_memory_working_set_bytes{${labels}} 1e6 1700000000000`,
  `pod_cpu_usage_seconds_total{${labels}} 2`,
].join('\n');
const usage = { time: '2026-01-01T00:00:00Z', usageNanoCores: 5, usageCoreNanoSeconds: 7 };
const summary = {
  node: { nodeName: 'a' },
  pods: [
    {
      podRef: { name: 'web', namespace: 'shop', uid: 'l' },
      cpu: usage,
      memory: { time: usage.time, workingSetBytes: 5 },
    },
  ],
};
const status = { kind: 'Status', message: 'no', reason: 'NotFound', code: 404, details: { causes: [] } };
const webhooks = {
  metadata: { uid: 'u', resourceVersion: '1' },
  webhooks: [
    { name: 'a', clientConfig: { service: { namespace: 'a', name: 'b' } } },
    { name: 'b', clientConfig: { url: 'https://a:1/mutate', caBundle: 'eA==' } },
  ],
};

/** What lower kubelets, API servers and the objects of others say. */
export const answers: readonly Border[] = [
  {
    name: 'metrics of a lower kubelet',
    covers: ['translate/resource-metrics.ts'],
    inputs: textsLike([metrics]),
    mayThrow: never,
    read: (text) => {
      const read = readResourceMetrics([{ text, has: () => true }]);
      const { node } = addUsage(noUsage, read.usage, () => true, 5);
      return writeResourceMetrics(read, node, false).includes('NaN') ? 'no number' : 'read';
    },
  },
  {
    name: 'summary of a lower kubelet',
    covers: ['translate/stats-summary.ts'],
    inputs: like(summary),
    mayThrow: never,
    read: (text) => {
      const pods = readSummaries([{ text, upperUid: (pod) => (pod === 'shop/web' ? 'u' : undefined) }]);
      const { node } = addUsage(noUsage, usageOf(pods), () => true, 5);
      JSON.stringify(summaryOf('vk-a', pods, node, 0));
      return pods.length > 0 ? 'read' : 'nothing';
    },
  },
  {
    name: 'answers of an API server',
    covers: ['kube/transport-answer.ts', 'kube/reflector.ts'],
    inputs: like(status, {
      type: 'ADDED',
      object: {
        kind: 'Pod',
        apiVersion: 'v1',
        metadata: { name: 'a', namespace: 'b', uid: 'c', resourceVersion: '1' },
      },
    }),
    read: (text) => {
      const { code, message } = refusal(404, text, { method: 'GET', path: '/' });
      if (code !== 'NotFound' || typeof message !== 'string') throw new Error(`no refusal: ${code}`);
      headOf(text);
      parse(text, 'lower');
      return 'read';
    },
  },
  {
    name: 'history of a lower cluster',
    covers: ['provider/pods/lower-history.ts'],
    inputs: like(
      { type: 'DELETED', object: { metadata: { name: 'a', uid: 'c' } } },
      { type: 'ERROR', object: status },
    ),
    mayThrow: never,
    read: async (text) => {
      const stop = new AbortController();
      const lower = {
        watch: async () =>
          Readable.from([Buffer.from(text.replaceAll('\n', ' ')), Buffer.from('\n{"type":"BOOKMARK"}\n')]),
      };
      const history = new LowerHistory({
        lower: lower as unknown as Client,
        since: async () => '1',
        onGone: () => {},
        // It would try again after a while.
        onError: () => stop.abort(),
      });
      await history.run(stop.signal);
      return history.isKnown ? 'read' : 'refused';
    },
  },
  {
    name: 'MutatingWebhookConfiguration',
    covers: ['webhook/configuration.ts'],
    inputs: like(webhooks),
    mayThrow: never,
    read: (text) => {
      const configuration = parsed(text) as KubeObject;
      hostsOf(configuration);
      return bundlePatch(configuration, 'bundle') ? 'read' : 'nothing';
    },
  },
];

/** As an API server gives it: an object, whatever is in it. */
function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
