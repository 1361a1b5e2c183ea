import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesOf } from '../../hack/clusters/pki.ts';
import { freePorts } from '../../hack/clusters/plan.ts';
import type { RunningProgram } from '../../hack/clusters/programs.ts';
import type { Client } from '../../src/kube/client.ts';
import { configMaps, events, leases, namespaces, pods, secrets } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { routes } from '../../src/provider/kubelet/routes.ts';
import { marks } from '../../src/translate/marks.ts';
import { eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';
import { configMap, podOn, podSpec, secret } from '../manifests.ts';
import { clientOf } from '../objects.ts';
import { isthmus } from '../provider.ts';
import { kubeconfigAs, setRights } from './rights/account.ts';
import { allRights, nameOf, type Right } from './rights/rule.ts';

const clusters = openClusters();
const { upper } = clusters;
const b = lowerCluster(clusters, 'b');
const account = 'isthmus-rights';
const folder = mkdtempSync(join(tmpdir(), 'isthmus-rights-'));
const files = filesOf(clusters.directory, 'upper');
const stamp = Date.now().toString(36);
const kubeconfigs = { upper: join(folder, 'upper'), lower: join(folder, 'lower') };
const apiServer = {
  cert: readFileSync(files.key('kubelet-client.crt')),
  key: readFileSync(files.key('kubelet-client.key')),
};
const tokens = { upper: '', lower: '' };
let above: Client;
let below: Client;
let upperCluster: string;

beforeAll(async () => {
  above = clientOf(upper);
  below = clientOf(b);
  upperCluster = await above.clusterUid();
  await rights([]);
  tokens.upper = await kubeconfigAs(upper, account, kubeconfigs.upper);
  tokens.lower = await kubeconfigAs(b, account, kubeconfigs.lower);
});
afterAll(async () => {
  const roles = ['clusterrole', 'clusterrolebinding', 'role', 'rolebinding', 'serviceaccount'].join();
  for (const cluster of [upper, b])
    for (const space of ['isthmus-system', 'kube-node-lease', 'kube-system'])
      await kubectl(
        cluster,
        '-n',
        space,
        'delete',
        roles,
        account,
        `${account}-metrics`,
        '--ignore-not-found',
      );
  await Promise.all([above.transport.close(), below.transport.close()]);
  rmSync(folder, { recursive: true });
});

const rights = (without: readonly Right[]) =>
  Promise.all([
    setRights(upper, above, 'upper', account, without),
    setRights(b, below, 'lower', account, without),
  ]);

/** A provider that has not all of its rights, and what a user of it does and sees. */
interface Scene {
  readonly node: string;
  readonly namespace: string;
  readonly port: number;
  readonly program: RunningProgram;
  /** Runs kubectl in the namespace; what it says is seen. */
  user(...args: string[]): Promise<string>;
  /** The same below, as its administrator; what it says is not seen. */
  admin(...args: string[]): Promise<string>;
  create(...all: Pod[]): Promise<void>;
  running(name: string): Promise<void>;
  /** Asks the kubelet port; what it says is seen. */
  ask(
    path: string,
    headers?: Record<string, string>,
    method?: string,
  ): Promise<{ status: number; body: string }>;
  /** All that was seen: the log, the events and pods of the namespace, what was answered. */
  evidence(): Promise<string>;
}

async function open(name: string, before: (scene: Scene) => Promise<unknown>): Promise<Scene> {
  const node = `vk-rights-${name}`;
  const namespace = `e2e-rights-${name}-${stamp}`;
  const [port = 0] = await freePorts(1);
  const said: string[] = [];
  await above.create(namespaces, { metadata: { name: namespace } });
  await eventually(() => must(upper, namespace, 'get', 'serviceaccount', 'default'));
  const flags = ['--kubeconfig', kubeconfigs.upper, '--client-kubeconfig', kubeconfigs.lower];
  const scene: Omit<Scene, 'program'> = {
    node,
    namespace,
    port,
    async user(...args) {
      const { stdout, stderr } = await kubectl(upper, '-n', namespace, ...args);
      said.push(stdout, stderr);
      return stdout;
    },
    admin: (...args) => must(b, namespace, ...args),
    async create(...all) {
      for (const pod of all) await above.create(pods, pod);
    },
    running: (pod) =>
      eventually(async () => {
        const { status } = await below.get(pods, { namespace, name: pod });
        expect(status?.phase, await scene.evidence()).toBe('Running');
      }),
    async ask(path, headers = {}, method = 'GET') {
      // With the certificate of the API server, unless the caller says who it is.
      const identity = headers['authorization'] === undefined ? apiServer : {};
      const target = { host: upper.address, port, path, method, headers, ...identity };
      const call = request({ ...target, rejectUnauthorized: false, agent: false });
      call.end();
      const [response] = (await Promise.race([once(call, 'response'), once(call, 'upgrade')])) as [
        IncomingMessage,
      ];
      let body = '';
      for await (const chunk of response.setEncoding('utf8')) body += chunk;
      said.push(body);
      return { status: response.statusCode ?? 0, body };
    },
    async evidence() {
      const lists = await Promise.all([above.list(events, { namespace }), above.list(pods, { namespace })]);
      const messages = lists[0].items.map(({ reason, message }) => `${reason}: ${message}`);
      const log = readFileSync(join(clusters.directory, 'logs', `${node}.log`), 'utf8').replaceAll(
        '\\"',
        '"',
      );
      return [log, ...messages, JSON.stringify(lists[1].items).replaceAll('\\"', '"'), ...said].join('\n');
    },
  };
  await before(scene as Scene);
  const program = await clusters.run(
    node,
    [process.execPath, isthmus, 'provider', '--nodename', node, '--log-level', 'trace', ...flags],
    {
      KUBELET_PORT: String(port),
      VKUBELET_POD_IP: upper.address,
      APISERVER_CERT_LOCATION: files.key('nodes.crt'),
      APISERVER_KEY_LOCATION: files.key('nodes.key'),
    },
  );
  return { ...scene, program };
}

async function close({ program, namespace, node }: Scene): Promise<void> {
  program.kill('SIGKILL');
  await program.exited;
  await kubectl(upper, 'delete', 'namespace', namespace, '--wait=false');
  await kubectl(upper, '-n', namespace, 'delete', 'pods', '--all', '--force', '--grace-period=0');
  await kubectl(b, 'delete', 'namespace', namespace, '--wait=false', '--ignore-not-found');
  await kubectl(upper, 'delete', 'node', node, '--ignore-not-found');
}

async function must(cluster: typeof upper, namespace: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await kubectl(cluster, '-n', namespace, ...args);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}

/** Without a scheduler in between, and without a token unless it is about that. */
function pod({ node, namespace }: Scene, name: string, more: object = {}, container: object = {}): Pod {
  const made = podOn(node, name, { container, nodeName: node, ...more }, { namespace });
  return { ...made, spec: { automountServiceAccountToken: false, ...podSpec(node), ...made.spec } as never };
}

const envFrom = (kind: 'configMapRef' | 'secretRef', name: string) => ({ envFrom: [{ [kind]: { name } }] });

/** Makes a ConfigMap or Secret above. */
async function put(
  { namespace }: Scene,
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
interface Wave {
  readonly name: string;
  readonly without: readonly string[];
  /** Done before the provider starts. */
  readonly before?: (scene: Scene) => Promise<unknown>;
  readonly act?: (scene: Scene) => Promise<unknown>;
}

const everyCache = (verb: string, ...more: string[]) => [
  ...(['upper', 'lower'] as const).flatMap((side) =>
    ['nodes', 'pods', 'configmaps', 'secrets'].map((resource) => `${side}: ${verb} ${resource}`),
  ),
  ...more,
];

const waves: Wave[] = [
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
      await put(scene, 'configMap', 'settings');
      await put(scene, 'secret', 'password');
      await scene.create(
        pod(scene, 'plain'),
        pod(scene, 'one', {}, envFrom('configMapRef', 'settings')),
        pod(scene, 'two', {}, envFrom('secretRef', 'password')),
      );
      await eventually(async () =>
        expect(await scene.ask('/healthz', { authorization: `Bearer ${tokens.upper}` })).toMatchObject({
          status: 503,
        }),
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
    before: ({ node }) => above.create(leases, { metadata: { name: node, namespace: 'kube-node-lease' } }),
    async act(scene) {
      await scene.create(pod(scene, 'plain'), pod(scene, 'token', { automountServiceAccountToken: true }));
      await scene.running('plain');
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
    async act(scene) {
      await put(scene, 'configMap', 'settings');
      await put(scene, 'secret', 'password');
      await scene.create(
        pod(scene, 'plain'),
        pod(scene, 'one', {}, envFrom('configMapRef', 'settings')),
        pod(scene, 'two', {}, envFrom('secretRef', 'password')),
      );
    },
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
      await scene.user('patch', 'pod', 'gate', '--subresource=status', '-p', condition);
      await scene.user('patch', 'pod', 'size', '--subresource=resize', '-p', larger);
      await scene.user('debug', 'debug', '--image=none', '--container=eye', '--', 'sh');
      await scene.user('delete', 'pod', 'gone', '--wait=false');
      await scene.admin('delete', 'pod', 'lost', '--force', '--grace-period=0');
      await scene.user('patch', 'configmap', 'settings', '-p', '{"data": {"key": "b"}}');
      await scene.user('patch', 'secret', 'password', '-p', '{"stringData": {"key": "b"}}');
      await scene.user('logs', 'one');
      for (const verb of ['exec', 'attach', 'portForward'])
        await scene.ask(streamPath(verb, namespace, 'one'), spdy, 'POST');
      await repeatEvent(namespace, 'one');
    },
  },
  {
    name: 'streams',
    without: [
      'lower: get pods/exec',
      'lower: get pods/attach',
      'lower: get pods/portforward',
      'lower: get configmaps',
      'lower: get secrets',
      'lower: delete configmaps',
      'lower: delete secrets',
    ],
    async act(scene) {
      const { namespace } = scene;
      for (const name of ['settings', 'taken']) await put(scene, 'configMap', name);
      for (const name of ['password', 'held']) await put(scene, 'secret', name);
      await scene.create(
        pod(scene, 'one', {}, envFrom('configMapRef', 'settings')),
        pod(scene, 'two', {}, envFrom('secretRef', 'password')),
        pod(scene, 'three'),
      );
      await Promise.all(['one', 'two', 'three'].map(scene.running));
      await below.create(configMaps, { metadata: { namespace, name: 'taken' } });
      await below.create(secrets, { metadata: { namespace, name: 'held' } });
      await scene.create(
        pod(scene, 'four', {}, envFrom('configMapRef', 'taken')),
        pod(scene, 'five', {}, envFrom('secretRef', 'held')),
      );
      await scene.user('delete', 'pod', 'one', 'two', '--wait=false');
      for (const verb of ['exec', 'attach', 'portForward'])
        await scene.ask(streamPath(verb, namespace, 'three'), webSocket);
    },
  },
];

const gates = { readinessGates: [{ conditionType: 'example.com/ready' }] };
const condition = '{"status": {"conditions": [{"type": "example.com/ready", "status": "True"}]}}';
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

/** An event below that is above already: another replica wrote it. */
async function repeatEvent(namespace: string, name: string): Promise<void> {
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
  await above.create(events, event);
  await below.create(events, {
    ...event,
    involvedObject: { ...event.involvedObject, uid: metadata?.uid ?? '' },
  });
}

describe('without a right', () => {
  const all = new Map(allRights().map((right) => [nameOf(right), right]));

  it('the table has each of them, and no other', () => {
    expect(waves.flatMap(({ without }) => without).sort()).toEqual([...all.keys()].sort());
  });

  it.each(waves)(
    'the log, an event or the answer says which: $name',
    async ({ name, without, before, act }) => {
      const missing = without.flatMap((right) => all.get(right) ?? []);
      await rights(missing);
      const scene = await open(name, async (one) => before?.(one));
      try {
        await act?.(scene);
        const unseen = () =>
          scene
            .evidence()
            .then((seen) =>
              missing.filter(
                ({ side, verb, resource }) =>
                  !seen.includes(`cannot ${verb} resource "${resource}"`) ||
                  (without.length === 1 && !seen.includes(side)),
              ),
            );
        await eventually(async () => expect((await unseen()).map(nameOf)).toEqual([]), { within: 20_000 });
      } finally {
        await close(scene);
      }
    },
  );
});
