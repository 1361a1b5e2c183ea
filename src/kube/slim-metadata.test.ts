import { expect, test } from 'vitest';
import { slimMetadata } from './slim-metadata.ts';
import type { KubeObject } from './types.ts';

const object = {
  metadata: {
    name: 'web',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '7',
    labels: { app: 'web' },
    annotations: { wanted: 'yes', 'kubectl.kubernetes.io/last-applied-configuration': 'secret' },
  },
} as unknown as KubeObject;

test('of metadata only what is asked for stays', () => {
  const identity = { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '7' };
  expect(slimMetadata(object)).toStrictEqual(identity);
  expect(slimMetadata(object, ['wanted', 'missing'])).toStrictEqual({
    ...identity,
    annotations: { wanted: 'yes' },
  });
});
