import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pods, secrets, tokenReviews } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { tokenRefreshAnnotation } from '../../src/translate/names.ts';
import { tokenSecretName } from '../../src/translate/service-account.ts';
import { eventually, lowerCluster, openClusters } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { clientOf, find } from '../objects.ts';
import { openStage, type Stage } from '../stage.ts';
import { claimsOf, viewOf, whoAmI } from '../tokens.ts';

const isRoot = process.getuid?.() === 0;
const podUid = 'authentication.kubernetes.io/pod-uid';
let stage: Stage;
beforeAll(async () => {
  if (isRoot) stage = await openStage('tokens', 'a');
});
afterAll(() => stage?.close());

async function runs(name: string, options: Parameters<typeof podOn>[2] = {}): Promise<string> {
  await stage.create(podOn(stage.node, name, options));
  return (await stage.reaches(name, 'Running')).metadata?.uid ?? '';
}

const secretOf = (uid: string) =>
  find(stage.below, secrets, { namespace: stage.namespace, name: tokenSecretName(uid) });

/** A volume with one token in the file `token`. */
function tokenVolume(audience: string | undefined) {
  const serviceAccountToken = { path: 'token', expirationSeconds: 600, ...(audience ? { audience } : {}) };
  return {
    volumes: [{ name: 'own', projected: { sources: [{ serviceAccountToken }] } }],
    container: { volumeMounts: [{ name: 'own', mountPath: '/own' }] },
  };
}
const ownToken = (pod: string) => stage.run('exec', pod, '--', 'cat', '/own/token');

describe.runIf(isRoot).concurrent('the token in a container', () => {
  it('is the upper pod to the upper API server, and to nobody once the pod is gone', async () => {
    const uid = await runs('actor');
    const view = await viewOf(stage, 'actor');
    expect(view).toMatchObject({ host: stage.upper.address, namespace: stage.namespace });
    const user = await whoAmI(view);
    expect(user?.username).toBe(`system:serviceaccount:${stage.namespace}:default`);
    expect(user?.extra).toMatchObject({
      [podUid]: [uid],
      'authentication.kubernetes.io/pod-name': ['actor'],
    });

    await stage.run('delete', 'pod', 'actor', '--wait=false');
    await stage.gone(stage.above, pods, 'actor');
    await eventually(async () => expect(await secretOf(uid)).toBeUndefined());
    // The API server remembers for ten seconds whom it knew (--authentication-token cache).
    await eventually(async () => expect(await whoAmI(view)).toBeUndefined());
  });

  it('is refreshed while the pod lives', async () => {
    const uid = await runs('lasting', tokenVolume(undefined));
    const before = await ownToken('lasting');
    expect(claimsOf(before).exp - claimsOf(before).iat).toBe(600);
    const refreshAt = async () =>
      Date.parse((await secretOf(uid))?.metadata?.annotations?.[tokenRefreshAnnotation] ?? '');
    expect((await refreshAt()) / 1_000 - claimsOf(before).iat).toBeCloseTo(480, -1);

    // The API gives no token that lives shorter than ten minutes, so the eight until its renewal are not waited
    // for: the time at which it is due is moved into the past, as it would be found after a night's outage.
    const past = { metadata: { annotations: { [tokenRefreshAnnotation]: '2020-01-01T00:00:00Z' } } };
    const began = performance.now();
    await stage.below.patch(secrets, { namespace: stage.namespace, name: tokenSecretName(uid) }, past);
    await eventually(async () => expect(await refreshAt()).toBeGreaterThan(Date.now()));
    const inSecret = performance.now() - began;
    const after = await eventually(
      async () => {
        const token = await ownToken('lasting');
        expect(token).not.toBe(before);
        return token;
      },
      { within: 100_000, every: 500 },
    );
    const inFile = performance.now() - began;
    console.log(`renewed below after ${inSecret.toFixed(0)} ms, in the file after ${inFile.toFixed(0)} ms`);
    const view = await viewOf(stage, 'lasting');
    expect((await whoAmI({ ...view, token: after }))?.extra?.[podUid]).toEqual([uid]);
  });

  it('is for the audience that the pod named, and for no other', async () => {
    const uid = await runs('guest', tokenVolume('vault'));
    const token = await ownToken('guest');
    expect(claimsOf(token).aud).toEqual(['vault']);
    const review = (audiences: string[]) =>
      stage.above.create(tokenReviews, { spec: { token, audiences } } as KubeObject);
    const status = { authenticated: true, audiences: ['vault'], user: { extra: { [podUid]: [uid] } } };
    expect(await review(['vault'])).toMatchObject({ status });
    expect(await review(['bank'])).not.toMatchObject({ status: { authenticated: true } });
    expect(await whoAmI({ ...(await viewOf(stage, 'guest')), token })).toBeUndefined();
  });

  it('is in no lower cluster in which the pod does not run', async () => {
    const uid = await runs('alone');
    expect(await secretOf(uid)).toBeDefined();
    const other = clientOf(lowerCluster(openClusters(), 'b'));
    const { items } = await other.list(secrets);
    await other.transport.close();
    expect(items.filter(({ metadata }) => metadata?.name === tokenSecretName(uid))).toEqual([]);
    expect(items.filter(({ metadata }) => metadata?.namespace === stage.namespace)).toEqual([]);
  });
});
