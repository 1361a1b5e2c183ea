import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFolder } from '../../src/cli/package-folder.ts';
import type { Client } from '../../src/kube/client.ts';
import { namespaces, secrets } from '../../src/kube/resources.ts';
import type { Secret } from '../../src/kube/types.ts';
import { eventually, kubectl, openClusters } from '../clusters.ts';
import { planOf } from '../descheduler.ts';
import { clientOf } from '../objects.ts';

const { upper, ...clusters } = openClusters();
const own = { ...upper, kubeconfig: upper.deschedulerKubeconfig };
const system = 'isthmus-system';
const remaking = 'isthmus-remaking';
const name = `descheduler-rights-${Date.now().toString(36)}`;
const forClusterSecrets = join(packageFolder(), 'deploy', 'rbac', 'upper-descheduler-cluster-secrets.yaml');
let admin: Client;
let account: Client;
let made: Secret;

beforeAll(async () => {
  [admin, account] = [clientOf(upper), clientOf(own)];
  made = await admin.create(secrets, { metadata: { namespace: system, name }, stringData: { key: 'one' } });
});
afterAll(async () => {
  await kubectl(upper, '-n', system, 'delete', 'secret', name, '--ignore-not-found');
  await kubectl(upper, 'delete', '-f', forClusterSecrets, '--ignore-not-found');
  await Promise.all([admin, account].map((client) => client.transport.close()));
});

const uidOf = ({ metadata }: Secret) => ({ uid: metadata?.uid ?? '' });

describe("the descheduler's account", () => {
  it.each<[string, (namespace: string) => Promise<unknown>]>([
    ['read', (namespace) => account.get(secrets, { namespace, name })],
    ['list', (namespace) => account.list(secrets, { namespace })],
    ['delete', (namespace) => account.delete(secrets, { namespace, name }, uidOf(made))],
    ['change', (namespace) => account.patch(secrets, { namespace, name }, { data: { key: 'dHdv' } })],
    ['make', (namespace) => account.create(secrets, { metadata: { namespace, name: `${name}-2` } })],
  ])('may not %s a Secret of isthmus-system, or of any other namespace', async (_verb, act) => {
    for (const namespace of [system, 'kube-system', 'default'])
      await expect(act(namespace)).rejects.toMatchObject({ code: 'Forbidden' });
    const now = await admin.get(secrets, { namespace: system, name });
    expect(now.metadata?.resourceVersion).toBe(made.metadata?.resourceVersion);
  });

  it('makes, lists and deletes those of pods on their way, and nothing more with them', async () => {
    const where = { namespace: remaking, name };
    const record = await account.create(secrets, { metadata: where });
    const { items } = await account.list(secrets, { namespace: remaking });
    expect(items.map(({ metadata }) => metadata?.name)).toContain(name);
    await expect(account.patch(secrets, where, { data: {} })).rejects.toMatchObject({ code: 'Forbidden' });
    await account.delete(secrets, where, uidOf(record));
    await expect(account.create(namespaces, { metadata: { name } })).rejects.toMatchObject({
      code: 'Forbidden',
    });
  });

  it('reads the Secrets of clusters where it is given that, and deletes none', async () => {
    const { exitCode, stderr } = await kubectl(upper, 'apply', '-f', forClusterSecrets);
    expect(exitCode, stderr).toBe(0);
    await eventually(() => account.list(secrets, { namespace: system }));
    await expect(account.delete(secrets, { namespace: system, name }, uidOf(made))).rejects.toMatchObject({
      code: 'Forbidden',
    });
    // Nobody joined a cluster so: there is nothing to move, and nothing that it may not do.
    expect(await planOf({ upper, ...clusters }, '--cluster-secrets', system)).toEqual([]);
  });
});
