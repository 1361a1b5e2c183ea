import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installWebhook, webhookName } from '../../hack/clusters/webhook.ts';
import { hasCode } from '../../src/kube/errors.ts';
import { mutatingWebhookConfigurations, persistentVolumeClaims, pods } from '../../src/kube/resources.ts';
import type { KubeObject, Pod, PodSpec } from '../../src/kube/types.ts';
import { eventually, openClusters } from '../clusters.ts';
import { podOn, podSpec, workload } from '../manifests.ts';
import { openStage, type Stage } from '../stage.ts';
import { leadTo, removeWebhook, startWebhook, type WebhookReplica } from '../webhook.ts';

interface Configuration extends KubeObject {
  webhooks: { name: string; clientConfig: { caBundle?: string } }[];
}

const clusters = openClusters();
const { upper } = clusters;
let stage: Stage;
let first: WebhookReplica | undefined;
let second: WebhookReplica | undefined;

beforeAll(async () => {
  stage = await openStage('webhook', 'b');
  // What other tests left still seems Ready for a while, and these pods may land on any virtual node.
  await stage.run('delete', 'nodes', '-l', `type=virtual-kubelet,kubernetes.io/hostname!=${stage.node}`);
  await installWebhook(upper);
  // So short that certificates are renewed every six seconds for as long as this file runs.
  first = await startWebhook(clusters, '--certificate-lifetime=9s');
  await leadTo(upper, first);
  await eventually(() => tryOut({}));
});

afterAll(async () => {
  await removeWebhook(upper);
  await Promise.all([first?.kill(), second?.kill()]);
  await stage?.close();
});

/** A virtual pod as the API server would make it; nothing is made. */
function tryOut(spec: Partial<PodSpec>, metadata: object = {}): Promise<Pod> {
  const { metadata: own, spec: full } = podOn('', 'tried', { nodeSelector: {}, tolerations: [], ...spec });
  const pod = { metadata: { namespace: stage.namespace, ...own, ...metadata }, spec: full } as Pod;
  return stage.above.create(pods, pod, { dryRun: true });
}

async function configuration(): Promise<Configuration> {
  return (await stage.above.get(mutatingWebhookConfigurations, { name: webhookName })) as Configuration;
}

async function caBundle(): Promise<string> {
  return Buffer.from((await configuration()).webhooks[0]?.clientConfig.caBundle ?? '', 'base64').toString();
}

/** The serial number of the certificate that a replica serves; throws when the bundle does not vouch for it. */
async function servedBy({ port }: WebhookReplica): Promise<string> {
  const socket = connect({ host: upper.address, port, ca: await caBundle() });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

const own = ['test', 'test1', 'test2', 'test3'].map((key) => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
}));
const lost = ['not-ready', 'unreachable'].map((name) => ({
  key: `node.kubernetes.io/${name}`,
  operator: 'Exists',
  effect: 'NoExecute',
}));

describe('a pod written for tensile-kube', () => {
  it('shows the annotation above and the restored fields below', async () => {
    // In the order in which the API server writes a map.
    const nodeSelector = { 'topology.kubernetes.io/zone': 'b-1', type: 'kwok' };
    await stage.create(podOn('', 'sample', { nodeSelector, tolerations: [...lost, ...own] }));
    await stage.reaches('sample', 'Running');
    const [{ metadata, spec }, below] = [await stage.podAbove('sample'), await stage.podBelow('sample')];
    expect(metadata?.annotations?.['clusterSelector']).toBe(
      JSON.stringify({ nodeSelector, tolerations: [...lost, ...own] }),
    );
    expect(spec?.nodeSelector).toEqual({ type: 'virtual-kubelet' });
    expect(spec?.nodeName).toBe(stage.node);
    expect(spec?.tolerations).toEqual(
      expect.arrayContaining([...own, ...lost, { key: 'virtual-kubelet.io/provider', operator: 'Exists' }]),
    );
    expect(below.spec?.nodeSelector).toEqual(nodeSelector);
    expect(below.spec?.tolerations).toEqual(expect.arrayContaining([...lost, ...own]));
    expect(JSON.stringify(below.spec?.tolerations)).not.toContain('virtual-kubelet.io');
    const node = await stage.runBelow(
      'get',
      'node',
      below.spec?.nodeName ?? '',
      '-o',
      'jsonpath={.metadata.labels}',
    );
    expect(JSON.parse(node)).toMatchObject(nodeSelector);
  });

  it('may belong to a Deployment, which leaves its name to the API server', async () => {
    const nodeAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          {
            matchExpressions: [
              { key: 'type', operator: 'In', values: ['kwok'] },
              { key: 'kubernetes.io/hostname', operator: 'In', values: [stage.node] },
            ],
            matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b-node-7'] }],
          },
        ],
      },
    };
    const template = podSpec('', { nodeSelector: {}, affinity: { nodeAffinity } as never, tolerations: [] });
    await stage.create(workload('Deployment', 'web', template, { replicas: 2 }));
    await stage.run('rollout', 'status', 'deployment/web', '--timeout=60s');
    const { items } = await stage.below.list(pods, { namespace: stage.namespace, labelSelector: 'app=web' });
    expect(items.map(({ spec }) => spec?.nodeName)).toEqual(['b-node-7', 'b-node-7']);
  });
});

describe('a pod written as docs/running.md has it', () => {
  it('goes where it went without a webhook', async () => {
    const clusterSelector = '{"nodeSelector": {"topology.kubernetes.io/zone": "b-2"}}';
    const nodeSelector = { type: 'virtual-kubelet', 'kubernetes.io/hostname': stage.node };
    await stage.create(podOn('', 'plain', { nodeSelector }));
    await stage.create(podOn('', 'divided', { nodeSelector }, { annotations: { clusterSelector } }));
    await Promise.all([stage.reaches('plain', 'Running'), stage.reaches('divided', 'Running')]);
    for (const name of ['plain', 'divided'])
      expect((await stage.podAbove(name)).spec?.nodeSelector).toEqual(nodeSelector);
    expect((await stage.podBelow('plain')).spec?.nodeSelector).toBeUndefined();
    expect((await stage.podBelow('divided')).spec?.nodeSelector).toEqual({
      'topology.kubernetes.io/zone': 'b-2',
    });
  });
});

describe('a new pod', () => {
  it('is left alone when its annotation says so', async () => {
    const annotations = { 'isthmus.io/webhook': 'false' };
    const { spec, metadata } = await tryOut({ nodeSelector: { disk: 'ssd' } }, { annotations });
    expect(spec?.nodeSelector).toEqual({ disk: 'ssd' });
    expect(metadata?.annotations).toEqual(annotations);
  });

  it('is refused with the reason where nothing could be carried', async () => {
    const error = await tryOut({}, { annotations: { clusterSelector: '{' } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(hasCode(error, 'Invalid')).toBe(true);
    expect(String(error)).toContain('isthmus: pod tried: the annotation clusterSelector');
  });

  it('follows its claim to the virtual node that was selected for it', async () => {
    const { namespace, node, above } = stage;
    const annotations = { 'volume.kubernetes.io/selected-node': node };
    await above.create(persistentVolumeClaims, {
      metadata: { name: 'data', namespace, annotations } as never,
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    } as KubeObject);
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    await eventually(async () => {
      const { spec } = await tryOut({ volumes });
      expect(spec?.nodeSelector).toEqual({ 'kubernetes.io/hostname': node });
    });
  });
});

describe('its own certificate', () => {
  it('is renewed while it serves, and no pod is refused meanwhile', async () => {
    const serials = new Set<string>();
    let tried = 0;
    while (serials.size < 3) {
      await tryOut({ nodeSelector: { disk: 'ssd' } });
      tried += 1;
      if (first) serials.add(await servedBy(first));
    }
    expect(tried).toBeGreaterThan(20);
  });

  it('is trusted again after somebody has changed the configuration', async () => {
    const before = await caBundle();
    const [webhook] = (await configuration()).webhooks;
    // Another that is a certificate all the same: the API server refuses what is none.
    const other = Buffer.from(before.split(/(?<=-----END CERTIFICATE-----\n)/)[1] ?? '').toString('base64');
    const webhooks = [{ name: webhook?.name, clientConfig: { caBundle: other } }];
    const type = 'strategic-merge';
    await stage.above.patch(mutatingWebhookConfigurations, { name: webhookName }, { webhooks }, { type });
    await eventually(async () => expect(await caBundle()).toBe(before), { within: 5_000 });
    await eventually(() => tryOut({}), { within: 5_000 });
  });
});

describe('a review', () => {
  it('takes less than 5 ms at the median once it is warm; its p99 is printed', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: await caBundle() });
    const { port = 0 } = first ?? {};
    const { spec, metadata } = podOn('', 'timed', { nodeSelector: { disk: 'ssd' }, tolerations: own });
    const body = JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: 'timed',
        kind: { group: '', version: 'v1', kind: 'Pod' },
        operation: 'CREATE',
        namespace: stage.namespace,
        object: { metadata, spec },
      },
    });
    const ask = async () => {
      const began = performance.now();
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const call = request({ host: upper.address, port, agent, path: '/mutate', method: 'POST', headers });
      call.end(body);
      const [response] = (await once(call, 'response')) as [IncomingMessage];
      for await (const _ of response);
      expect(response.statusCode).toBe(200);
      return performance.now() - began;
    };
    for (let warm = 0; warm < 500; warm++) await ask();
    // Other tests and six clusters run beside it on two cores, so its tail says more of them than of the webhook.
    const rounds: { p50: number; p99: number }[] = [];
    for (let round = 0; round < 3; round++) {
      const times: number[] = [];
      for (let asked = 0; asked < 1_000; asked++) times.push(await ask());
      times.sort((a, b) => a - b);
      rounds.push({ p50: times[500] ?? 0, p99: times[990] ?? 0 });
    }
    agent.destroy();
    const said = rounds.map(({ p50, p99 }) => `${p50.toFixed(2)} ms at p50, ${p99.toFixed(2)} ms at p99`);
    process.stdout.write(`webhook: a warm review takes ${said.join('; ')}\n`);
    expect(Math.min(...rounds.map(({ p50 }) => p50))).toBeLessThan(5);
  });
});

describe('two replicas', () => {
  it('are trusted alike, and either does the work alone', async () => {
    second = await startWebhook(clusters);
    await servedBy(second);
    if (first) await servedBy(first);
    await leadTo(upper, second);
    await eventually(async () => expect(second?.log()).toContain('new certificate'));
    expect(await first?.stop()).toBe(0);
    await eventually(() => tryOut({}), { within: 10_000 });
    const { spec } = await tryOut({ nodeSelector: { disk: 'ssd' } });
    expect(spec?.nodeSelector).toEqual({ type: 'virtual-kubelet' });
  });
});

describe('a dead webhook', () => {
  it('stops virtual pods, and nobody else', async () => {
    await second?.kill();
    const virtual = await tryOut({}).catch((thrown: unknown) => thrown);
    expect(String(virtual)).toContain('failed calling webhook "pods.webhook.isthmus.io"');
    for (const labels of [undefined, { 'virtual-pod': 'false' }, { app: 'web' }])
      expect(await tryOut({}, { labels })).toBeDefined();
    const system = { namespace: 'kube-system' };
    expect(await tryOut({}, system)).toBeDefined();
    second = await startWebhook(clusters);
    await leadTo(upper, second);
    await eventually(() => tryOut({}), { within: 10_000 });
  });
});
