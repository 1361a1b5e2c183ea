import { describe, expect, test } from 'vitest';
import { upperPod } from '../test-objects.ts';
import { claimKeysOf, claimNamesOf, ephemeralClaimsOf, withClaims } from './claim-uses.ts';

const template = { volumeClaimTemplate: { spec: {} } };
const pod = upperPod({
  spec: {
    volumes: [
      { name: 'tmp', emptyDir: {} },
      { name: 'data', persistentVolumeClaim: { claimName: 'db', readOnly: true } },
      { name: 'again', persistentVolumeClaim: { claimName: 'db' } },
      { name: 'scratch', ephemeral: template },
    ],
  },
});

describe('the claims of a pod', () => {
  test('are those it names and those made for it, each once', () => {
    expect(claimNamesOf(pod)).toEqual(['db', 'web-0-scratch']);
    expect(claimKeysOf(pod)).toEqual(['shop/db', 'shop/web-0-scratch']);
    expect(ephemeralClaimsOf(pod)).toEqual(['web-0-scratch']);
  });

  test.each([[undefined], [null], [[]]])('of volumes %j there are none', (volumes) => {
    expect(claimNamesOf(upperPod({ spec: { volumes } }))).toEqual([]);
  });

  test('made for it are ordinary claims below', () => {
    const below = withClaims(pod.spec ?? { containers: [] }, 'web-0');
    expect(below.volumes).toEqual([
      ...(pod.spec?.volumes ?? []).slice(0, 3),
      { name: 'scratch', persistentVolumeClaim: { claimName: 'web-0-scratch' } },
    ]);
  });

  test('without any, the spec is the same object', () => {
    const spec = { containers: [], volumes: [{ name: 'tmp', emptyDir: {} }] };
    expect(withClaims(spec, 'web-0')).toBe(spec);
  });
});
