import { beforeEach, expect, test } from 'vitest';
import type { Client, ObjectName } from '../kube/client.ts';
import { KubeError, type KubeErrorCode } from '../kube/errors.ts';
import type { Resource } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import { join } from './join.ts';

/** A cluster that keeps what it is given, and refuses what it is told to. */
class FakeCluster {
  readonly objects = new Map<string, KubeObject & { data?: object }>();
  refused: (call: string) => boolean = () => false;
  code: KubeErrorCode = 'Forbidden';
  readonly client: Client;
  #uid = 0;

  constructor(name: string) {
    const keyOf = ({ plural }: Resource<KubeObject>, { namespace, name: of }: ObjectName) =>
      [plural, namespace, of].filter(Boolean).join('/');
    const put = (key: string, object: KubeObject) => {
      this.#uid += 1;
      const former = this.objects.get(key)?.metadata;
      const metadata = { ...former, ...object.metadata, uid: former?.uid ?? `${name}-${this.#uid}` };
      // The token controller is at once.
      const data = key.startsWith('secrets/') ? { data: { token: 'dG9rZW4=' } } : {};
      this.objects.set(key, { ...data, ...object, metadata });
    };
    const check = (call: string) => {
      if (this.refused(call)) throw new KubeError(this.code, `refused: ${call}`);
    };
    const whereOf = ({ metadata }: KubeObject) =>
      ({ namespace: metadata?.namespace, name: metadata?.name ?? '' }) as ObjectName;
    this.client = {
      transport: {
        connection: { server: new URL('https://lower'), credentials: async () => ({ tls: {} }) },
      },
      clusterUid: async () => name,
      get: async (resource: Resource<KubeObject>, where: ObjectName) => {
        const found = this.objects.get(keyOf(resource, where));
        if (!found) throw new KubeError('NotFound', 'there is none');
        return found;
      },
      list: async ({ plural }: Resource<KubeObject>, { labelSelector = '' } = {}) => {
        const [label = '', value] = labelSelector.split('=');
        const items = [...this.objects].flatMap(([key, object]) => {
          const isListed = !label || object.metadata?.labels?.[label] === value;
          return key.startsWith(`${plural}/`) && isListed ? [object] : [];
        });
        return { items, metadata: {} };
      },
      create: async (resource: Resource<KubeObject>, object: KubeObject) => {
        check(`create ${resource.plural}`);
        put(keyOf(resource, whereOf(object)), object);
      },
      apply: async (
        resource: Resource<KubeObject>,
        object: KubeObject,
        _: string,
        { dryRun = false } = {},
      ) => {
        check(`apply ${resource.plural}${dryRun ? ' dry' : ''}`);
        if (!dryRun) put(keyOf(resource, whereOf(object)), object);
      },
      delete: async (resource: Resource<KubeObject>, where: ObjectName) => {
        this.objects.delete(keyOf(resource, where));
      },
    } as unknown as Client;
  }

  names(): string[] {
    return [...this.objects.keys()].map((key) => key.replaceAll(/-[0-9a-f]{8}(-[0-9a-f]{6})?/g, '-#')).sort();
  }
}

let upper: FakeCluster;
let lower: FakeCluster;
beforeEach(() => {
  upper = new FakeCluster('upper');
  lower = new FakeCluster('lower');
});

const roles = [{ metadata: { name: 'isthmus-lower' }, rules: [] }];
const node = {
  metadata: { name: 'a', annotations: { 'isthmus.io/lower-cluster': 'lower' } },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
};

function tryToJoin(): Promise<void> {
  upper.objects.set('nodes/a', node);
  const clusters = { upper: upper.client, lower: lower.client };
  return join({ ...clusters, name: 'a', namespace: 's', settings: {}, roles, wait: 0, say: () => {} });
}

test('makes what it needs', async () => {
  await tryToJoin();
  expect(upper.names()).toEqual(['namespaces/s', 'nodes/a', 'secrets/s/a']);
  expect(lower.names()).toEqual([
    'clusterrolebindings/isthmus-a-#:isthmus-lower',
    'clusterroles/isthmus-lower',
    'namespaces/s',
    'secrets/s/isthmus-a-#',
    'serviceaccounts/s/isthmus-a-#',
  ]);
});

test('makes nothing below where the Secret above is refused', async () => {
  upper.refused = (call) => call.startsWith('apply secrets');
  await expect(tryToJoin()).rejects.toThrow('refused: apply secrets dry');
  expect(lower.names()).toEqual([]);
});

test('takes everything back that a first attempt has made', async () => {
  upper.refused = (call) => call === 'apply secrets';
  await expect(tryToJoin()).rejects.toThrow('refused: apply secrets');
  expect(lower.names()).toEqual(['namespaces/s']);
});

test('takes nothing back when no answer came: the token may be in use', async () => {
  upper.refused = (call) => call === 'apply secrets';
  upper.code = 'Unreachable';
  await expect(tryToJoin()).rejects.toThrow('refused: apply secrets');
  expect(lower.names()).toContain('secrets/s/isthmus-a-#');
});

test('takes the new token back, and leaves what is in use', async () => {
  await tryToJoin();
  const before = [...lower.objects.keys()].sort();
  upper.refused = (call) => call === 'apply secrets';
  await expect(tryToJoin()).rejects.toThrow('refused: apply secrets');
  expect([...lower.objects.keys()].sort()).toEqual(before);
});
