import { expect, test } from 'vitest';
import { Cache } from '../../kube/cache.ts';
import type { Service } from '../../kube/types.ts';
import { owner, raw } from '../../translate/test-objects.ts';
import { reconcileService } from './service.ts';
import type { ServicesView } from './services-view.ts';

/** What is asked of the copy of a Service that the selector leaves out here: whether `vk-b` may want it. */
async function isWantedByOther(
  metadata: object | undefined,
  namespace = 'shop',
  usedBy = ['vk-b shop', 'vk-b'],
) {
  const services = new Cache<Service>({});
  if (metadata)
    services.apply(raw({ metadata: { namespace, name: 'web', uid: 'u', ...metadata }, spec: {} }));
  let answer: boolean | undefined;
  const view = {
    owner,
    choice: { requirements: [{ key: 'share', operator: 'In', values: ['yes'] }], system: new Set() },
    upper: { services, exports: new Cache({}) },
    use: {
      isAny: true,
      has: () => true,
      isUsedBy: (node: string, where?: string) => usedBy.includes([node, where].filter(Boolean).join(' ')),
    },
    services: {
      bring: async (_: string, desired: unknown, isWantedBy: (node: string) => boolean) => {
        if (!desired) answer = isWantedBy('vk-b');
      },
    },
    isReachable: () => true,
  };
  await reconcileService(view as unknown as ServicesView, `${namespace}/web`);
  return answer;
}

test.each<[string, Parameters<typeof isWantedByOther>, boolean]>([
  ['a selector leaves out here', [{}], true],
  ['is of the system, and not named here', [{}, 'kube-system'], true],
  ['an annotation keeps above', [{ annotations: { 'isthmus.io/service': 'false' } }], false],
  ['is gone above', [undefined], false],
  ['the other has no pods to find', [{}, 'shop', ['vk-b']], false],
])('what %s may be wanted by another virtual node', async (_, given, expected) => {
  expect(await isWantedByOther(...given)).toBe(expected);
});
