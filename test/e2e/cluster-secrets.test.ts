import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { LowerCluster } from '../../src/clusters/lower-cluster.ts';
import { ClusterSecrets } from '../../src/clusters/secrets.ts';
import type { Client } from '../../src/kube/client.ts';
import { EventRecorder } from '../../src/kube/event-recorder.ts';
import { events, namespaces, secrets } from '../../src/kube/resources.ts';
import { eventually, lowerCluster, openClusters } from '../clusters.ts';
import { clientOf } from '../objects.ts';

const clusters = openClusters();
const good = readFileSync(lowerCluster(clusters, 'b').providerKubeconfig, 'utf8');
const namespace = `e2e-cluster-secrets-${Date.now().toString(36)}`;
const stopping = new AbortController();
const logged: string[] = [];
let seen: ReadonlyMap<string, LowerCluster>[] = [];
let above: Client;
let running: Promise<void>;

beforeAll(async () => {
  above = clientOf(clusters.upper);
  await above.create(namespaces, { metadata: { name: namespace } });
  await put('first', { kubeconfig: good });
  const recorder = new EventRecorder(above, { component: 'isthmus', host: 'test' });
  const logger = pino({}, { write: (line) => void logged.push(line) });
  const source = new ClusterSecrets({ upper: above, namespace, recorder, logger });
  running = source.run((now) => seen.push(now), stopping.signal);
  await eventually(() => expect(seen.length).toBe(1));
});
beforeEach(() => {
  seen = seen.slice(-1);
});
afterAll(async () => {
  stopping.abort();
  await running;
  const { metadata } = await above.get(namespaces, { name: namespace });
  await above.delete(namespaces, { name: namespace }, { uid: metadata?.uid ?? '' });
  await above.transport.close();
});

/** Makes or changes a Secret with these texts. */
async function put(name: string, texts: Record<string, string>): Promise<void> {
  const data = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  const metadata = { name, namespace, labels: { 'isthmus.io/cluster': 'true' } };
  await above.apply(secrets, { metadata, data: Object.fromEntries(data) }, 'test');
}

async function remove(name: string): Promise<void> {
  const { metadata } = await above.get(secrets, { namespace, name });
  await above.delete(secrets, { namespace, name }, { uid: metadata?.uid ?? '' });
}

const names = () => seen.map((now) => [...now.keys()].join());

/** What kubectl describe shows of the Secret. */
async function told(name: string): Promise<string> {
  const fieldSelector = `involvedObject.name=${name},reason=ClusterRefused`;
  const { items } = await above.list(events, { namespace, fieldSelector });
  return items.map(({ message }) => message).join('\n');
}

it('brings the clusters that are there first, all at once', () => {
  expect(names()).toEqual(['first']);
  expect(seen[0]?.get('first')).toMatchObject({
    configuration: { nodeName: 'first' },
    kubeconfig: { from: `secret ${namespace}/first`, text: expect.stringContaining('"token"') },
  });
});

it('brings others as they come, change and go, and keeps those that stay', async () => {
  await put('second', { kubeconfig: good, configuration: 'zone: eu-1' });
  await eventually(() => expect(names()).toEqual(['first', 'first,second']));
  expect(seen[1]?.get('first')).toBe(seen[0]?.get('first'));
  await put('second', { kubeconfig: good, configuration: 'zone: eu-2' });
  await eventually(() => expect(seen.at(-1)?.get('second')?.configuration.zone).toBe('eu-2'));
  await put('second', { kubeconfig: good, configuration: '# the same\nzone: eu-2' });
  await remove('second');
  await eventually(() => expect(names()).toEqual(['first', 'first,second', 'first,second', 'first']));
});

it.each<[string, Record<string, string>, RegExp]>([
  ['no kubeconfig', {}, /the key kubeconfig is missing/],
  ['an unknown key', { kubeconfig: good, kubeconfg: 'x' }, /unknown key "kubeconfg"/],
  ['settings that are wrong', { kubeconfig: good, configuration: 'qps: fast' }, /qps: expected a number/],
  [
    'a virtual node of another',
    { kubeconfig: good, configuration: 'nodeName: first' },
    /that of the secret first/,
  ],
  [
    'a program to run',
    { kubeconfig: good.replace(/token: .*/, 'exec: { command: sh }') },
    /has exec: a kubeconfig in a Secret may not run programs/,
  ],
])('tells of a Secret with %s, and leaves the others alone', async (_, texts, expected) => {
  await put('wrong', texts);
  await eventually(async () => expect(await told('wrong')).toMatch(expected));
  expect(logged.map((line) => JSON.parse(line).message).join('\n')).toMatch(expected);
  expect(names()).toEqual(['first']);
  await remove('wrong');
});

it('keeps a cluster as it was while its Secret has a mistake', async () => {
  const before = seen.at(-1)?.get('first');
  await put('first', { kubeconfig: 'users: [{token: hunter2' });
  await eventually(async () => expect(await told('first')).toMatch(/not YAML/));
  expect(seen.at(-1)?.get('first')).toBe(before);
  await put('first', { kubeconfig: good, configuration: 'zone: a' });
  await eventually(() => expect(seen.at(-1)?.get('first')?.configuration.zone).toBe('a'));
  expect(`${logged.join('')}${await told('first')}`).not.toContain('hunter2');
});
