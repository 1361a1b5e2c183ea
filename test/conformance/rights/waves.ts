import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { leaderLease } from '../../../src/kube/election/leases.ts';
import {
  configMaps,
  endpointSlices,
  events,
  leases,
  nodes,
  pods,
  type Resource,
  secrets,
  services,
} from '../../../src/kube/resources.ts';
import type { KubeObject, Pod } from '../../../src/kube/types.ts';
import { marks } from '../../../src/translate/marks.ts';
import { eventually } from '../../clusters.ts';
import { configMap, podOn, podSpec, secret } from '../../manifests.ts';
import { type Scene, system } from './scene.ts';

/** Before the provider runs. */
type Setting = Pick<Scene, 'above' | 'node' | 'namespace' | 'kubeconfigs'>;

/** Without a scheduler in between, and without a token unless it is about that. */
export function pod(
  { node, namespace }: Setting,
  name: string,
  more: object = {},
  container: object = {},
): Pod {
  const made = podOn(node, name, { container, nodeName: node, ...more }, { namespace });
  return { ...made, spec: { automountServiceAccountToken: false, ...podSpec(node), ...made.spec } as never };
}

const envFrom = (kind: 'configMapRef' | 'secretRef', name: string) => ({ envFrom: [{ [kind]: { name } }] });

/** Makes a ConfigMap or Secret above. */
async function put(
  { above, namespace }: Setting,
  kind: 'configMap' | 'secret',
  name: string,
  value = 'a',
): Promise<void> {
  const object = kind === 'configMap' ? configMap(name, { key: value }) : secret(name, { key: value });
  await above.create(
    (kind === 'configMap' ? configMaps : secrets) as never,
    {
      ...object,
      metadata: { namespace, name },
    } as never,
  );
}

/** Some rights that are taken away together, for what fails for want of one does not hide the others. */
export interface Wave {
  readonly name: string;
  readonly without: readonly string[];
  /** Done before the provider starts. */
  readonly before?: (scene: Setting) => Promise<unknown>;
  readonly isFleet?: boolean;
  /** What `--enable-controllers` says; nothing by default. */
  readonly controllers?: string;
  /** Rights that would hide it. */
  readonly also?: readonly string[];
  readonly act?: (scene: Scene) => Promise<unknown>;
}

const everyCache = (verb: string, ...more: string[]) => [
  ...(['upper', 'lower'] as const).flatMap((side) =>
    ['nodes', 'pods', 'configmaps', 'secrets'].map((resource) => `${side}: ${verb} ${resource}`),
  ),
  ...more,
];

const everyServiceCache = (verb: string) =>
  (['upper', 'lower'] as const).flatMap((side) =>
    ['services', 'endpointslices'].map((resource) => `${side}: ${verb} ${resource}`),
  );

/** A Service without selector, and where it leads to: the namespace has them from the start. */
async function putService({ above, namespace }: Setting, name: string): Promise<void> {
  await above.create(services, { metadata: { namespace, name }, spec: { ports: [{ port: 80 }] } });
  await putSlice({ above, namespace }, name);
}

async function putSlice(
  { above, namespace }: Pick<Setting, 'above' | 'namespace'>,
  name: string,
  of = name,
): Promise<void> {
  await above.create(endpointSlices, {
    metadata: { namespace, name, labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['192.0.2.1'] }],
    ports: [{ port: 80 }],
  });
}

/** A pod that needs nothing, and one each that needs a ConfigMap and a Secret. */
async function createUsers(scene: Scene): Promise<void> {
  await put(scene, 'configMap', 'settings');
  await put(scene, 'secret', 'password');
  await scene.create(
    pod(scene, 'plain'),
    pod(scene, 'one', {}, envFrom('configMapRef', 'settings')),
    pod(scene, 'two', {}, envFrom('secretRef', 'password')),
  );
}

/** Waits until there is one below. */
const below = <T extends KubeObject>(scene: Scene, resource: Resource<T>, name: string) =>
  eventually(() => scene.below.get(resource, { namespace: scene.namespace, name }));

export const waves: readonly Wave[] = [
  { name: 'upper-uid', without: ['upper: get namespaces'] },
  { name: 'lower-uid', without: ['lower: get namespaces'] },
  { name: 'node', without: ['upper: get nodes'] },
  { name: 'lists', without: everyCache('list') },
  {
    name: 'watches',
    without: everyCache('watch', 'lower: watch events', 'upper: get leases in kube-node-lease'),
  },
  { name: 'register', without: ['upper: create nodes'] },
  {
    name: 'copies',
    without: [
      'upper: patch nodes/status',
      'upper: create leases in kube-node-lease',
      'upper: get configmaps',
      'upper: get secrets',
      'upper: patch pods/status',
      'upper: create tokenreviews',
      'lower: list events',
    ],
    async act(scene) {
      await createUsers(scene);
      await eventually(async () =>
        expect(
          await scene.ask('/healthz', { headers: { authorization: `Bearer ${scene.tokens.upper}` } }),
        ).toMatchObject({ status: 503 }),
      );
    },
  },
  {
    name: 'answers',
    without: [
      'upper: create events',
      'upper: create serviceaccounts/token',
      'upper: create subjectaccessreviews',
      'upper: delete pods',
      'upper: get pods',
      'upper: update leases in kube-node-lease',
    ],
    before: ({ above, node }) =>
      above.create(leases, { metadata: { name: node, namespace: 'kube-node-lease' } }),
    async act(scene) {
      await scene.create(
        pod(scene, 'plain', { terminationGracePeriodSeconds: 30 }),
        pod(scene, 'token', { automountServiceAccountToken: true }),
      );
      await scene.running('plain');
      const { below, upperCluster } = scene;
      const orphan = { ...marks({ upperCluster, virtualNode: scene.node }, 'nobody'), name: 'orphan' };
      await below.create(pods, {
        metadata: { ...orphan, namespace: scene.namespace },
        spec: podSpec('', { nodeSelector: {} }),
      });
      await scene.user('logs', 'plain');
      await scene.user('delete', 'pod', 'plain', '--wait=false');
    },
  },
  {
    name: 'make',
    without: ['lower: create pods', 'lower: create configmaps', 'lower: create secrets'],
    act: createUsers,
  },
  {
    name: 'space',
    without: ['lower: create namespaces'],
    act: (scene) => scene.create(pod(scene, 'plain')),
  },
  {
    name: 'life',
    without: [
      'upper: patch events',
      'lower: patch pods',
      'lower: delete pods',
      'lower: get pods',
      'lower: patch pods/status',
      'lower: patch pods/resize',
      'lower: patch pods/ephemeralcontainers',
      'lower: get pods/log',
      'lower: create pods/exec',
      'lower: create pods/attach',
      'lower: create pods/portforward',
      'lower: update configmaps',
      'lower: update secrets',
    ],
    async act(scene) {
      const { namespace } = scene;
      await put(scene, 'configMap', 'settings');
      await put(scene, 'secret', 'password');
      const names = ['label', 'gate', 'size', 'debug', 'gone', 'lost'];
      await scene.create(
        ...names.map((name) => pod(scene, name, name === 'gate' ? gates : {}, name === 'size' ? small : {})),
        pod(scene, 'one', {}, envFrom('configMapRef', 'settings')),
        pod(scene, 'two', {}, envFrom('secretRef', 'password')),
      );
      await Promise.all([...names, 'one', 'two'].map(scene.running));
      await scene.user('label', 'pod', 'label', 'a=b');
      await scene.user('patch', 'pod', 'gate', '--subresource=status', '-p', condition());
      await scene.user('patch', 'pod', 'size', '--subresource=resize', '-p', larger);
      await scene.user('debug', 'debug', '--image=none', '--container=eye', '--', 'sh');
      await scene.user('delete', 'pod', 'gone', '--wait=false');
      await scene.admin('delete', 'pod', 'lost', '--force', '--grace-period=0');
      await scene.user('patch', 'configmap', 'settings', '-p', '{"data": {"key": "b"}}');
      await scene.user('patch', 'secret', 'password', '-p', '{"stringData": {"key": "b"}}');
      await scene.user('logs', 'one');
      for (const verb of ['exec', 'attach', 'portForward'])
        await scene.ask(streamPath(verb, namespace, 'one'), {
          ...scene.apiServer,
          method: 'POST',
          headers: spdy,
        });
      await repeatEvent(scene, 'one');
    },
  },
  {
    name: 'streams',
    without: [
      'upper: get events',
      'lower: get pods/exec',
      'lower: get pods/attach',
      'lower: get pods/portforward',
      'lower: get configmaps',
      'lower: get secrets',
      'lower: delete configmaps',
      'lower: delete secrets',
    ],
    async act(scene) {
      const { below, namespace } = scene;
      for (const name of ['settings', 'taken']) await put(scene, 'configMap', name);
      for (const name of ['password', 'held']) await put(scene, 'secret', name);
      await scene.create(
        pod(scene, 'one', {}, envFrom('configMapRef', 'settings')),
        pod(scene, 'two', {}, envFrom('secretRef', 'password')),
        pod(scene, 'three'),
      );
      await Promise.all(['one', 'two', 'three'].map(scene.running));
      await repeatEvent(scene, 'three');
      await below.create(configMaps, { metadata: { namespace, name: 'taken' } });
      await below.create(secrets, { metadata: { namespace, name: 'held' } });
      await scene.create(
        pod(scene, 'four', {}, envFrom('configMapRef', 'taken')),
        pod(scene, 'five', {}, envFrom('secretRef', 'held')),
      );
      await scene.user('delete', 'pod', 'one', 'two', '--wait=false');
      for (const verb of ['exec', 'attach', 'portForward'])
        await scene.ask(streamPath(verb, namespace, 'three'), { ...scene.apiServer, headers: webSocket });
    },
  },
  { name: 'service-lists', without: everyServiceCache('list') },
  { name: 'service-watches', without: everyServiceCache('watch') },
  {
    name: 'service-make',
    without: ['lower: create services'],
    async act(scene) {
      await putService(scene, 'one');
      await scene.create(pod(scene, 'plain'));
    },
  },
  {
    name: 'slice-make',
    without: ['lower: create endpointslices'],
    async act(scene) {
      await putService(scene, 'one');
      await scene.create(pod(scene, 'plain'));
      await below(scene, services, 'one');
    },
  },
  {
    name: 'service-life',
    without: [
      'lower: update services',
      'lower: delete services',
      'lower: update endpointslices',
      'lower: delete endpointslices',
      'lower: get endpointslices',
    ],
    async act(scene) {
      for (const name of ['one', 'two']) await putService(scene, name);
      await putSlice(scene, 'goes', 'one');
      await scene.create(pod(scene, 'plain'));
      for (const name of ['one', 'two']) await below(scene, services, name);
      for (const name of ['one', 'two', 'goes']) await below(scene, endpointSlices, name);
      await scene.user('label', 'service', 'one', 'a=b');
      await scene.user('label', 'endpointslice', 'one', 'a=b');
      await scene.user('delete', 'service', 'two');
      await scene.user('delete', 'endpointslice', 'goes');
      const { namespace } = scene;
      await scene.below.create(endpointSlices, {
        metadata: { namespace, name: 'taken' },
        addressType: 'IPv4',
        endpoints: [],
      });
      await putSlice(scene, 'taken', 'one');
    },
  },
  {
    name: 'fleet-lists',
    isFleet: true,
    without: [`upper: list secrets in ${system}`, `upper: list leases in ${system}`],
    also: ['upper: list secrets'],
  },
  {
    // Who cannot list the others gives no sign of life.
    name: 'fleet-creates',
    isFleet: true,
    without: [`upper: create leases in ${system}`],
  },
  {
    name: 'fleet-watches',
    isFleet: true,
    without: [
      `upper: watch secrets in ${system}`,
      `upper: watch leases in ${system}`,
      `upper: update leases in ${system}`,
    ],
    also: ['upper: watch secrets'],
  },
  {
    name: 'fleet-leads',
    isFleet: true,
    without: [`upper: get leases in ${system}`, `upper: delete leases in ${system}`],
    before: (scene) => joinBySecret(scene, 'vk-rights-goes'),
    async act(scene) {
      const { above, node } = scene;
      const gone = { namespace: system, name: 'vk-rights-goes' };
      await eventually(() => above.get(nodes, gone));
      const { metadata } = await above.get(secrets, gone);
      await above.delete(secrets, gone, { uid: metadata?.uid ?? '' });
      // This one is led by a replica of which nobody knows whether it lives.
      const group = { namespace: system, name: 'provider' };
      await above.create(leases, leaderLease(group, node, 'stranger', new Date(), undefined));
      await joinBySecret(scene, node);
    },
  },
  {
    name: 'figures',
    without: ['lower: get nodes/proxy'],
    async act(scene) {
      await scene.create(pod(scene, 'plain'));
      await scene.running('plain');
      await scene.ask('/metrics/resource', scene.apiServer);
    },
  },
];

/** As isthmus join does it, with the credentials of the account. */
async function joinBySecret({ above, kubeconfigs }: Setting, name: string): Promise<void> {
  const kubeconfig = Buffer.from(readFileSync(kubeconfigs.lower)).toString('base64');
  const labels = { 'isthmus.io/cluster': 'true' };
  await above.create(secrets, { metadata: { name, namespace: system, labels }, data: { kubeconfig } });
}

const gates = { readinessGates: [{ conditionType: 'example.com/ready' }] };
/** kwok says True as soon as the pod runs; whoever is later is heard. */
const condition = () => {
  const lastTransitionTime = new Date(Date.now() + 2_000).toISOString().replace(/\.\d+/, '');
  return JSON.stringify({
    status: { conditions: [{ type: 'example.com/ready', status: 'False', lastTransitionTime }] },
  });
};
const small = { resources: { requests: { cpu: '5m' } } };
const larger = '{"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "6m"}}}]}}';
const spdy = {
  connection: 'Upgrade',
  upgrade: 'SPDY/3.1',
  'x-stream-protocol-version': 'v4.channel.k8s.io',
};
const webSocket = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol': 'v4.channel.k8s.io',
};

function streamPath(verb: string, namespace: string, name: string): string {
  const place = `/${verb}/${namespace}/${name}`;
  return verb === 'portForward' ? `${place}?port=80` : `${place}/main?command=ls&output=1`;
}

/** An event below that is above already: another replica wrote it when it was seen once. */
async function repeatEvent({ above, below, namespace }: Scene, name: string): Promise<void> {
  const { metadata } = await below.get(pods, { namespace, name });
  const now = new Date().toISOString().replace(/\.\d+/, '');
  const event = {
    metadata: { namespace, name: 'again' },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name },
    reason: 'Again',
    firstTimestamp: now,
    lastTimestamp: now,
    count: 2,
  };
  await above.create(events, { ...event, count: 1 });
  await below.create(events, {
    ...event,
    involvedObject: { ...event.involvedObject, uid: metadata?.uid ?? '' },
  });
}
