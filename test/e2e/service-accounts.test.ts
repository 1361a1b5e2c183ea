import { describe, expect, it } from 'vitest';
import { secrets } from '../../src/kube/resources.ts';
import { upperUidOf } from '../../src/translate/marks.ts';
import { eventually } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { openStage, type Stage } from '../stage.ts';
import { accountFolder, viewOf, whoAmI } from '../tokens.ts';

const isRoot = process.getuid?.() === 0;
const podUid = 'authentication.kubernetes.io/pod-uid';

/** Opens a stage whose provider has these flags, runs one pod on it, and closes it. */
async function withPod(
  name: string,
  flags: string[],
  check: (stage: Stage, uids: { upper: string; lower: string }) => Promise<void>,
): Promise<void> {
  const stage = await openStage(name, 'a', { flags });
  try {
    await stage.create(podOn(stage.node, 'main'));
    const { metadata } = await stage.reaches('main', 'Running');
    const lower = await stage.podBelow('main');
    expect(upperUidOf(lower)).toBe(metadata?.uid);
    await check(stage, { upper: metadata?.uid ?? '', lower: lower.metadata?.uid ?? '' });
  } finally {
    await stage.close();
  }
}

/** The Secrets that we made below. */
async function copies(stage: Stage): Promise<(string | undefined)[]> {
  const { items } = await stage.below.list(secrets, { namespace: stage.namespace });
  return items.map(({ metadata }) => metadata?.name);
}

describe.runIf(isRoot)('--service-account-mode', () => {
  it('lower: the container is the lower pod to the lower API server', async () => {
    await withPod('sa-lower', ['--service-account-mode', 'lower'], async (stage, uids) => {
      const view = await viewOf(stage, 'main');
      // The service's address is not routed to where the test runs; the API server's own is the same door.
      const below = { ...view, host: stage.lower.address, port: '6443' };
      const user = await whoAmI(below);
      expect(user?.username).toBe(`system:serviceaccount:${stage.namespace}:default`);
      expect(user?.extra?.[podUid]).toEqual([uids.lower]);
      expect(view.host).not.toBe(stage.upper.address);
      expect(await copies(stage)).toEqual([]);
    });
  });

  it.each([['--service-account-mode=none'], ['--enable-serviceaccount=false']])(
    '%s: the container is nobody',
    async (flag) => {
      const name = flag.includes('none') ? 'sa-none' : 'sa-off';
      await withPod(name, [flag], async (stage) => {
        const look = stage.run('exec', 'main', '--', 'ls', accountFolder);
        await expect(look).rejects.toThrow('No such file or directory');
        expect(await copies(stage)).toEqual([]);
        const sources = [{ serviceAccountToken: { path: 'token' } }];
        await stage.create(podOn(stage.node, 'asks', { volumes: [{ name: 'own', projected: { sources } }] }));
        expect(await stage.event('asks', 'VolumeNotSupported')).toContain('--service-account-mode=none');
        await eventually(async () => {
          const { status } = await stage.podAbove('asks');
          expect(status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('VolumeNotSupported');
        });
      });
    },
  );

  it('upper: --upper-api-address is where the container finds the upper API server', async () => {
    await withPod('sa-address', ['--upper-api-address', 'api.example:7443'], async (stage, uids) => {
      const view = await viewOf(stage, 'main');
      expect(view).toMatchObject({ host: 'api.example', port: '7443' });
      const here = { ...view, host: stage.upper.address, port: '6443' };
      expect((await whoAmI(here))?.extra?.[podUid]).toEqual([uids.upper]);
    });
  });
});
