import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readKubeconfig } from '../../hack/clusters/kubeconfig.ts';
import { routes } from '../../src/provider/kubelet/routes.ts';
import { eventually, kubectl } from '../clusters.ts';
import { policyWaves } from './rights/policy-waves.ts';
import { allRights, nameOf } from './rights/rule.ts';
import { openPlace, openScene, type Place, type Question, type Scene } from './rights/scene.ts';
import { storageWaves } from './rights/storage-waves.ts';
import { pod, waves as podWaves } from './rights/waves.ts';

const waves = [...podWaves, ...storageWaves, ...policyWaves];

let place: Place;

beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place?.close());

describe('without a right', () => {
  const all = new Map(allRights().map((right) => [nameOf(right), right]));

  it('the table has each of them, and no other', () => {
    expect(waves.flatMap(({ without }) => without).sort()).toEqual([...all.keys()].sort());
  });

  it.each(waves)('the log, an event or the answer says which: $name', async (wave) => {
    const { name, without, also = [], act } = wave;
    const missing = without.flatMap((right) => all.get(right) ?? []);
    await place.setRights([...missing, ...also.flatMap((right) => all.get(right) ?? [])]);
    const scene = await openScene(place, name, wave);
    try {
      await act?.(scene);
      await eventually(async () => {
        const seen = await scene.evidence();
        const unseen = missing.filter(
          ({ verb, resource }) => !seen.includes(`cannot ${verb} resource "${resource}"`),
        );
        expect(unseen.map(nameOf), seen.slice(-20_000)).toEqual([]);
      });
    } finally {
      await scene.close();
    }
  });
});

describe('a client without rights', () => {
  let scene: Scene;
  let token: string;
  const identities: [string, number, () => Question][] = [
    ['nobody', 401, () => ({})],
    ['a token that is none', 401, () => bearer('eyJhbGciOiJub25lIn0.e30.')],
    ["the provider's own token below", 401, () => bearer(place.tokens.lower)],
    ['a certificate of another authority', 401, () => certificateIn(place.lower.kubeconfig)],
    ['a service account', 403, () => bearer(token)],
    ['a certificate of somebody else', 403, () => certificateIn(place.files.kubeconfigOf('scheduler'))],
  ];

  beforeAll(async () => {
    await place.setRights([]);
    scene = await openScene(place, 'stranger');
    token = (await scene.user('create', 'token', 'default')).trim();
    await scene.create(pod(scene, 'web'));
    await scene.running('web');
    // Until then certificates are nobody's: the client CA may still be on its way.
    await eventually(async () => expect((await scene.ask('/healthz', scene.apiServer)).status).toBe(200));
  });
  afterAll(() => scene?.close());

  const asked = routes.flatMap(({ path, methods }) =>
    [...Object.keys(methods), 'PUT'].map((one) => [one, path]),
  );
  it.each([...asked, ['GET', ''], ['POST', 'run'], ['DELETE', 'none']])(
    'is refused %s /%s',
    async (method, path) => {
      for (const [who, status, identity] of identities) {
        const answer = await scene.ask(`/${path}/${scene.namespace}/web/main`, { ...identity(), method });
        expect([who, answer.status]).toEqual([who, status]);
      }
    },
  );

  it('and by the API server, before anything comes here', async () => {
    const as = `--as=system:serviceaccount:${scene.namespace}:default`;
    for (const { path } of routes) {
      const raw = `/api/v1/nodes/${scene.node}/proxy/${path}/${scene.namespace}/web/main`;
      const { stderr } = await kubectl(place.upper, 'get', '--raw', raw, as);
      expect(stderr).toContain('cannot get resource "nodes/proxy"');
    }
  });
});

it('shows the credentials of a cluster to nobody', async () => {
  await place.setRights([]);
  const scene = await openScene(place, 'secrets');
  try {
    await waves.find(({ name }) => name === 'life')?.act?.(scene);
    for (const { path } of routes) await scene.ask(`/${path}/${scene.namespace}/one/main`, scene.apiServer);
    await scene.user('get', 'node', scene.node, '-o', 'yaml');
    await scene.metrics();
    await scene.user('logs', 'one');
    // The token counts no more: every call fails, and each failure is told.
    await kubectl(place.lower, '-n', 'isthmus-system', 'delete', 'serviceaccount', 'isthmus-rights');
    await scene.create(pod(scene, 'late'));
    await eventually(async () => {
      expect(
        (await scene.ask(`/containerLogs/${scene.namespace}/one/main`, scene.apiServer)).status,
      ).not.toBe(200);
      expect(await scene.evidence()).toMatch(/Unauthorized/);
    });
    const seen = await scene.evidence();
    for (const token of [place.tokens.lower, place.tokens.upper]) {
      for (const part of [token, btoa(token), token.split('.')[2] ?? token]) expect(seen).not.toContain(part);
    }
  } finally {
    await scene.close();
  }
});

function bearer(token: string): Question {
  return { headers: { authorization: `Bearer ${token}` } };
}

function certificateIn(kubeconfig: string): Question {
  const { certificate, key } = readKubeconfig(kubeconfig).client;
  return { cert: certificate, key };
}
